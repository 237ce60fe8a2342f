import Foundation
package import LoonCore
import MetaStore

/// The metadata file of a data directory.
extension DataDirectory {
    static let metadataFile = "loon.sqlite"
    static let passwordKeyFile = "password-key.pem"

    /// Opens the metadata, or makes it in a new directory. Where a daemon has worked before, and its metadata is gone,
    /// that is an error: accounts, tables and tasks would be lost without a word.
    func openStore(_ configuration: Configuration, migrates: Bool = true) throws(QueryError) -> MetaStore {
        try openStore(configuration, migrates: migrates, mayCreate: !hasServed(configuration))
    }

    private func openStore(_ configuration: Configuration, migrates: Bool, mayCreate: Bool) throws(QueryError)
        -> MetaStore
    {
        let file = path + "/" + Self.metadataFile
        if !mayCreate, size(of: file) == 0 { throw missing }
        let store = try MetaStore(
            path: file, region: configuration.regionCode, offsetMinutes: configuration.timeZoneOffsetMinutes,
            keepDays: configuration.keepDays == 0 ? nil : configuration.keepDays, migrates: migrates,
            mayCreate: mayCreate)
        guard let store else { throw missing }
        return store
    }

    private func size(of file: String) -> Int64 {
        (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int64) ?? 0
    }

    private var missing: QueryError {
        QueryError(
            .startUp,
            "The data directory '\(path)' has no metadata (\(Self.metadataFile) is missing or empty), and a "
                + "daemon has worked on it: put back a copy that "
                + "`loond backup` or an upgrade (\(Self.metadataFile).before-…) has made, or give up accounts, "
                + "tables and tasks with `loond init`; objects stay"
        )
    }

    /// Whether the keys of an earlier start are there, or results of tasks.
    private func hasServed(_ configuration: Configuration) -> Bool {
        let files = [Self.passwordKeyFile, Accounts.rootPasswordFile, "oss/" + configuration.resultBucket]
        return files.contains { FileManager.default.fileExists(atPath: path + "/" + $0) }
    }
}

/// `loond init`
package enum Initialization {
    /// Makes new metadata, and the account `root`, in a directory that has none, whatever else is in it. Returns the
    /// file with root's password.
    package static func run(_ configuration: Configuration) throws(QueryError) -> String {
        let directory = try DataDirectory(configuration.dataDirectory)
        try directory.lock()
        let file = directory.path + "/" + DataDirectory.metadataFile
        guard !FileManager.default.fileExists(atPath: file) else {
            throw QueryError(
                .startUp,
                "There is metadata already: '\(file)'; move it away first, with "
                    + "\(DataDirectory.metadataFile)-wal and -shm"
            )
        }
        let store = try MetaStore.make(configuration, at: file)
        guard let password = try Accounts.createRootIfNeeded(in: store, directory: directory) else {
            throw QueryError(.internalFault, "New metadata has accounts already")
        }
        try store.close()
        return password
    }
}

extension MetaStore {
    fileprivate static func make(_ configuration: Configuration, at file: String) throws(QueryError) -> MetaStore {
        let store = try MetaStore(
            path: file, region: configuration.regionCode, offsetMinutes: configuration.timeZoneOffsetMinutes,
            mayCreate: true)
        guard let store else { throw QueryError(.internalFault, "The metadata was not made") }
        return store
    }
}
