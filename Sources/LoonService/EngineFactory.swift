import EngineWorkers
import Foundation
import Logging
import LoonCore
import LoonTasks
import ObjectStore
import QueryEngine

/// Makes the clusters of a configuration, each with an engine of its own, of the kind that `engine` of its settings
/// names. All of them have one `loon-engine`.
struct EngineFactory {
    private let configuration: Configuration
    private let objects: LocalObjectStore
    /// The folder for what outgrows the engines' memory.
    private let spill: String
    private let instance: String
    private let parent: WorkerParentProcess

    /// `instance` tells the folders of several daemons apart.
    init(
        _ configuration: Configuration, _ directory: DataDirectory, _ objects: LocalObjectStore, instance: String,
        _ parent: WorkerParentProcess
    ) throws(QueryError) {
        spill = URL(fileURLWithPath: configuration.spillDirectory ?? directory.path + "/spill").standardizedFileURL.path
        guard !(spill + "/").hasPrefix(objects.root + "/"), !(spill + "/").hasPrefix(objects.staging + "/") else {
            throw QueryError(
                .wrongVariableValue, "engine.spill-dir '\(spill)' lies in the object store; name a folder elsewhere")
        }
        self.configuration = configuration
        self.objects = objects
        self.instance = instance
        self.parent = parent
    }

    /// The path of `loon-engine`.
    static func program(_ configuration: Configuration) -> String {
        if let program = configuration.engineProgram { return program }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "loond"
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("loon-engine").path
    }

    func clusters() throws -> Clusters {
        let clusters = try configuration.clusters.map { name, settings in
            Cluster(name: name, settings: settings, engine: try engine(of: name, settings))
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
        // Spilled data of workers that were killed.
        try? FileManager.default.removeItem(atPath: folder)
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw QueryError(
                .storage,
                "The folder '\(folder)' for what outgrows the memory cannot be made; see engine.spill-dir")
        }
        return WorkerEngine(
            parent,
            .init(
                root: objects.root, staging: objects.staging,
                threads: settings.threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : settings.threads,
                memoryBytes: settings.memory.flatMap(ByteSize.bytes) ?? Self.machineMemory / 10 * 8,
                runningMax: settings.runningMax, spill: folder, spillLimit: settings.spill,
                isolatesQueries: configuration.isolation == .query,
                landlockMax: configuration.sandbox == .off ? 0 : configuration.landlockMax))
    }

    private static var machineMemory: Int64 { Int64(clamping: ProcessInfo.processInfo.physicalMemory) }
}

/// A size as the configuration has it, such as `4GiB`.
enum ByteSize {
    /// `nil` where the text is none, or too large to count.
    static func bytes(_ text: String) -> Int64? {
        guard let match = text.wholeMatch(of: /([0-9]{1,12}) ?([KMGT])(i?)B/), let number = Int64(match.1),
            let power = ["K", "M", "G", "T"].firstIndex(of: match.2)
        else { return nil }
        let unit: Int64 = match.3 == "i" ? 1_024 : 1_000
        var bytes = number
        for _ in 0...power {
            let (product, isOver) = bytes.multipliedReportingOverflow(by: unit)
            guard !isOver else { return nil }
            bytes = product
        }
        return bytes
    }
}
