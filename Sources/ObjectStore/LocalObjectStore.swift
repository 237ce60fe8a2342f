package import Foundation
package import LoonCore

/// The object store of one machine: the object `oss://bucket/key` is the plain file `<root>/<bucket>/<key>`, so that any tool can read files
/// and drop them there. Nothing leaves the root, by `..` or by a symbolic link.
///
/// Writing is atomic: an object is staged in a folder beside the root, on the same file system, synced and renamed; then its folder is synced.
///
/// Every method blocks on the disk; none is to be called from an event loop.
package struct LocalObjectStore: Sendable {
    /// The folder of the buckets, without a trailing slash, free of symbolic links.
    package let root: String
    /// The folder of what is not whole yet. Nothing in it survives a start.
    package let staging: String

    /// Makes both folders where they are missing (mode 0700).
    package init(root: String, staging: String) throws(QueryError) {
        for folder in [root, staging] { try Posix.makeFolders(folder) }
        self.root = try Posix.realPath(root)
        self.staging = try Posix.realPath(staging)
    }

    // MARK: Buckets

    package func makeBucket(_ name: String) throws(QueryError) {
        let bucket = try ObjectKey(bucket: name, key: "")
        try Posix.makeFolders(root + "/" + bucket.bucket)
        try Posix.syncFolder(root)
    }

    package func bucketExists(_ name: String) -> Bool { Posix.kind(root + "/" + name) == .folder }

    package func buckets() throws(QueryError) -> [String] {
        try Posix.list(root).filter { Posix.kind(root + "/" + $0) == .folder }.sorted()
    }

    // MARK: Reading

    /// The object, or `nil` where there is none.
    package func stat(_ key: ObjectKey) throws(QueryError) -> ObjectSummary? {
        guard !key.isFolder, let path = try resolve(key), Posix.kind(path) == .file else { return nil }
        guard let (size, modified) = Posix.sizeAndTime(path) else { return nil }
        return ObjectSummary(key: key, size: size, modified: modified, path: path)
    }

    /// The objects below a folder in UTF-8 order, those of its sub-folders only if `recursive`. A folder that does not exist has none.
    package func list(_ folder: ObjectKey, recursive: Bool) throws(QueryError) -> [ObjectSummary] {
        guard folder.isFolder, let path = try resolve(folder), Posix.kind(path) == .folder else { return [] }
        var found: [ObjectSummary] = []
        var pending = [(path: path, key: folder.key)]
        while let next = pending.popLast() {
            for name in try Posix.list(next.path) {
                let childPath = next.path + "/" + name
                switch Posix.kind(childPath) {
                case .file:
                    // It may have gone meanwhile.
                    guard let (size, modified) = Posix.sizeAndTime(childPath) else { continue }
                    let key = try ObjectKey(bucket: folder.bucket, key: next.key + name)
                    found.append(ObjectSummary(key: key, size: size, modified: modified, path: childPath))
                case .folder where recursive: pending.append((childPath, next.key + name + "/"))
                // Links are not followed: they might leave the root.
                case .folder, .other, .missing: continue
                }
            }
        }
        return found.sorted { $0.key.key.utf8.lexicographicallyPrecedes($1.key.key.utf8) }
    }

    package func read(_ key: ObjectKey) throws(QueryError) -> Data {
        guard let object = try stat(key) else { throw QueryError(.missingObject, "The object '\(key)' does not exist") }
        do { return try Data(contentsOf: URL(fileURLWithPath: object.path)) } catch {
            throw QueryError(.storage, "The object '\(key)' cannot be read", detail: "\(error)")
        }
    }

    // MARK: Writing

    /// Puts a local file's bytes at `key`, in place of what was there.
    package func put(file path: String, at key: ObjectKey) throws(QueryError) {
        guard Posix.kind(path) == .file else { throw QueryError(.missingObject, "There is no file '\(path)'") }
        let staged = staging + "/" + UUID().uuidString
        defer { Posix.remove(staged) }
        do { try FileManager.default.copyItem(atPath: path, toPath: staged) } catch {
            throw QueryError(.storage, "'\(path)' cannot be copied into the object store", detail: "\(error)")
        }
        try publish(staged: staged, at: key)
    }

    /// Moves a staged file or folder to `key`, atomically and durably, replacing what an earlier attempt left there.
    package func publish(staged: String, at key: ObjectKey) throws(QueryError) {
        guard bucketExists(key.bucket) else { throw QueryError(.missingObject, "The bucket '\(key.bucket)' does not exist") }
        let isFolder = Posix.kind(staged) == .folder
        guard isFolder == key.isFolder, !key.key.isEmpty else { throw QueryError(.location, "'\(key)' cannot be written") }
        let target = root + "/" + key.bucket + "/" + (isFolder ? String(key.key.dropLast()) : key.key)
        let parent = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.startIndex))
        try checkParents(of: key)
        try Posix.makeFolders(parent)
        if isFolder {
            for name in try Posix.list(staged) { try Posix.sync(staged + "/" + name) }
            try Posix.syncFolder(staged)
            if Posix.kind(target) == .folder { try retire(target) }
        } else {
            if Posix.kind(target) == .folder { throw QueryError(.location, "'\(key)' is a folder; a key cannot be both") }
            try Posix.sync(staged)
        }
        try Posix.rename(staged, to: target)
        try Posix.syncFolder(parent)
    }

    /// A new, empty folder for output that is not whole yet.
    package func makeStagingFolder() throws(QueryError) -> String {
        let path = staging + "/" + UUID().uuidString
        try Posix.makeFolders(path)
        return path
    }

    /// Removes a staged folder that will not be published.
    package func discard(staged: String) { Posix.remove(staged) }

    /// Removes what an earlier run of the daemon left half-done.
    package func sweepStaging() throws(QueryError) {
        for name in try Posix.list(staging) { Posix.remove(staging + "/" + name) }
    }

    /// Removes a folder with all that is in it, at once; one that does not exist is no error.
    package func removeFolder(_ folder: ObjectKey) throws(QueryError) {
        guard folder.isFolder, !folder.key.isEmpty, let path = try resolve(folder), Posix.kind(path) == .folder else { return }
        try retire(path)
    }

    /// Takes a folder out of sight in one step before its files are removed.
    private func retire(_ folder: String) throws(QueryError) {
        let aside = staging + "/" + UUID().uuidString
        try Posix.rename(folder, to: aside)
        Posix.remove(aside)
    }

    // MARK: Paths

    /// The path of a key, or `nil` where nothing is there. Throws where a link on the way leads out of the root.
    private func resolve(_ key: ObjectKey) throws(QueryError) -> String? {
        let path = root + "/" + key.bucket + (key.key.isEmpty ? "" : "/" + (key.isFolder ? String(key.key.dropLast()) : key.key))
        guard let real = try Posix.realPathIfPresent(path) else { return nil }
        guard real.hasPrefix(root + "/" + key.bucket + "/") || real == root + "/" + key.bucket else {
            throw QueryError(.location, "'\(key)' leads out of its bucket")
        }
        return real
    }

    /// Nothing on the way to `key` is a file or a link.
    private func checkParents(of key: ObjectKey) throws(QueryError) {
        var path = root + "/" + key.bucket
        for part in key.key.split(separator: "/").dropLast() {
            path += "/" + part
            switch Posix.kind(path) {
            case .folder, .missing: continue
            case .file, .other: throw QueryError(.location, "'\(key)' lies below an object; a key cannot be both a file and a folder")
            }
        }
    }
}
