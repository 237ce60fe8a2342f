import DuckDBEngine
import Foundation
import LoonCore
import LoonTasks
import ObjectStore
import QueryEngine
import SQLDialect

/// Makes the clusters of a configuration, each with an engine of its own, of the kind that `engine` of its settings
/// names.
struct EngineFactory {
    private let configuration: Configuration
    private let objects: LocalObjectStore
    /// The folder for what outgrows the engines' memory.
    private let spill: String
    private let instance: String

    /// `instance` tells the folders of several daemons apart.
    init(_ configuration: Configuration, _ directory: DataDirectory, _ objects: LocalObjectStore, instance: String)
        throws(QueryError)
    {
        spill = URL(fileURLWithPath: configuration.spillDirectory ?? directory.path + "/spill").standardizedFileURL.path
        guard !(spill + "/").hasPrefix(objects.root + "/"), !(spill + "/").hasPrefix(objects.staging + "/") else {
            throw QueryError(
                .wrongVariableValue, "engine.spill-dir '\(spill)' lies in the object store; name a folder elsewhere")
        }
        self.configuration = configuration
        self.objects = objects
        self.instance = instance
    }

    func clusters(_ queries: QueryCounter) throws -> Clusters {
        let clusters = try configuration.clusters.map { name, settings in
            Cluster(name: name, settings: settings, engine: try engine(of: name, settings), queries: queries)
        }
        return Clusters(standard: clusters[0], others: Array(clusters.dropFirst()))
    }

    private func engine(of cluster: String, _ settings: ClusterSettings) throws -> any QueryEngine {
        switch settings.engine {
        case "duckdb": return try duckDB(cluster, settings)
        default:
            throw QueryError(
                .wrongVariableValue, "The cluster '\(cluster)' has the unknown engine '\(settings.engine)'")
        }
    }

    private func duckDB(_ cluster: String, _ settings: ClusterSettings) throws -> any QueryEngine {
        let folder = "\(spill)/\(instance)-\(cluster)"
        // Spilled data of an engine that was killed.
        try? FileManager.default.removeItem(atPath: folder)
        try? FileManager.default.createDirectory(atPath: spill, withIntermediateDirectories: true)
        return try DuckDBEngine(
            root: objects.root,
            options: .init(
                threads: settings.threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : settings.threads,
                memoryLimit: settings.memory, spillDirectory: folder, spillLimit: settings.spill,
                stagingDirectory: objects.staging, extensions: Self.extensions(beside: configuration.library),
                macros: FunctionCatalog.macros))
    }

    /// The engine's extensions lie beside its library.
    private static func extensions(beside library: String) -> [String] {
        let folder = URL(fileURLWithPath: library).deletingLastPathComponent()
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "duckdb_extension" }.map(\.path).sorted()
    }
}
