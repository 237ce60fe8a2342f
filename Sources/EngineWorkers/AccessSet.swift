import Foundation
import LoonCore
import QueryEngine

/// A worker's key: an account, and exactly what it may touch. A query goes to a worker with its key, or to a new one.
struct AccessSet: Hashable {
    let account: AccountIdentity
    /// Folders, which end in a slash, and files.
    let readable: [String]
    /// Folders.
    let writable: [String]
    /// Whether it has to have what reads Avro files.
    let readsAvro: Bool
    /// The folders and files themselves, whatever their names: the kernel's wall holds to them.
    private let identities: [FileIdentity]

    private struct FileIdentity: Hashable {
        let device: UInt64
        let number: UInt64
    }

    init(account: AccountIdentity, readable: Set<String> = [], writable: [String] = [], readsAvro: Bool = false) {
        self.account = account
        self.readsAvro = readsAvro
        // A file of a folder that is read is read.
        let folders = readable.filter { $0.hasSuffix("/") }
        self.readable = readable.filter { path in
            !folders.contains { $0 != path && path.hasPrefix($0) }
        }.sorted()
        self.writable = writable
        identities = (self.readable + writable).map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return FileIdentity(device: 0, number: 0) }
            return FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
        }
    }

    /// The places of the query's tables and results: a table's location, where it holds all of its files; else the
    /// files, or, of many, their folders.
    init(_ query: EngineQuery, _ places: StorePlaces, writable: [String] = []) {
        var readable: Set<String> = []
        for binding in query.tables {
            readable.formUnion(places.readable(binding.files.map(\.source), in: binding.table.location))
        }
        readable.formUnion(places.paths(of: query.results.map(\.source)))
        self.init(
            account: query.account, readable: readable, writable: writable,
            readsAvro: query.tables.contains { $0.table.format == .avro })
    }
}

extension StorePlaces {
    /// The folder that it lies in.
    func folder(of source: FileSource) -> String {
        let path = path(of: source)
        return path.lastIndex(of: "/").map { String(path[...$0]) } ?? path
    }

    /// A table's location, where files lie in it; of others the files themselves.
    func readable(_ files: [FileSource], in location: String) -> Set<String> {
        guard let folder = (try? ObjectKey(location)).map({ path(of: .object($0)) }) else { return paths(of: files) }
        let others = files.filter { !path(of: $0).hasPrefix(folder) }
        return others.count == files.count ? paths(of: files) : paths(of: others).union([folder])
    }

    /// The files, or, of many, the folders that they lie in.
    func paths(of sources: [FileSource]) -> Set<String> {
        sources.count <= Limits.workerFilesMax
            ? Set(sources.map { path(of: $0) }) : Set(sources.map { folder(of: $0) })
    }
}
