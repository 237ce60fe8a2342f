package import Foundation
package import LoonCore

/// The object store of one machine: the object `oss://bucket/key` is the plain file `<root>/<bucket>/<key>`, so that
/// any tool can read files and drop them there. Nothing leaves the root, by `..` or by a symbolic link.
///
/// Writing is atomic: an object is staged in a folder beside the root, on the same file system, synced and renamed;
/// then its folder is synced.
///
/// Every method blocks on the disk; none is to be called from an event loop.
package struct LocalObjectStore: ObjectStorage {
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

    /// Removes a bucket; one that holds anything stays, and is an error.
    package func removeBucket(_ name: String) throws(QueryError) {
        let bucket = try ObjectKey(bucket: name, key: "").bucket
        guard bucketExists(bucket) else { throw QueryError(.missingObject, "The bucket '\(bucket)' does not exist") }
        guard try list(try ObjectKey(bucket: bucket, key: ""), recursive: true).isEmpty else {
            throw QueryError(
                .location,
                "The bucket '\(bucket)' is not empty; remove its objects first: loond oss rm -r oss://\(bucket)/")
        }
        try retire(root + "/" + bucket)
        try Posix.syncFolder(root)
    }

    package func bucketExists(_ name: String) -> Bool { Posix.kind(root + "/" + name) == .folder }

    package func buckets() throws(QueryError) -> [String] {
        try Posix.entries(root).filter(\.isFolder).map(\.name).sorted()
    }

    // MARK: Reading

    /// The object, or `nil` where there is none.
    package func stat(_ key: ObjectKey) throws(QueryError) -> ObjectSummary? {
        guard !key.isFolder, let path = try resolve(key), Posix.kind(path) == .file else { return nil }
        guard let (size, modified) = Posix.sizeAndTime(path) else { return nil }
        return ObjectSummary(key: key, size: size, modified: modified, path: path)
    }

    /// The objects below a folder in UTF-8 order, those of its sub-folders only if `recursive`. A folder that does not
    /// exist has none.
    package func list(_ folder: ObjectKey, recursive: Bool) throws(QueryError) -> [ObjectSummary] {
        guard folder.isFolder, let path = try resolve(folder), Posix.kind(path) == .folder else { return [] }
        var found: [ObjectSummary] = []
        var pending = [(path: path, key: folder)]
        while let next = pending.popLast() {
            // Links are not followed: they might leave the root.
            for entry in try Posix.entries(next.path) {
                let childPath = next.path + "/" + entry.name
                if entry.isFolder {
                    if recursive { pending.append((childPath, try next.key.child(entry.name, isFolder: true))) }
                } else {
                    let key = try next.key.child(entry.name, isFolder: false)
                    found.append(ObjectSummary(key: key, size: entry.size, modified: entry.modified, path: childPath))
                }
            }
        }
        return found.sorted { $0.key.precedes($1.key) }
    }

    /// The folders directly below a folder, by name.
    package func folders(_ folder: ObjectKey) throws(QueryError) -> [ObjectKey] {
        guard folder.isFolder, let path = try resolve(folder), Posix.kind(path) == .folder else { return [] }
        var found: [ObjectKey] = []
        for entry in try Posix.entries(path) where entry.isFolder {
            found.append(try folder.child(entry.name, isFolder: true))
        }
        return found.sorted { $0.precedes($1) }
    }

    package func read(_ key: ObjectKey) throws(QueryError) -> Data {
        guard let object = try stat(key) else { throw QueryError(.missingObject, "The object '\(key)' does not exist") }
        do { return try Data(contentsOf: URL(fileURLWithPath: object.path)) } catch {
            throw QueryError(.storage, "The object '\(key)' cannot be read", detail: "\(error)")
        }
    }

    /// The bytes of a range, as far as the object has them (OSS's `Range: bytes=…`).
    package func read(_ key: ObjectKey, range: Range<Int64>) throws(QueryError) -> Data {
        guard let object = try stat(key) else { throw QueryError(.missingObject, "The object '\(key)' does not exist") }
        guard range.lowerBound >= 0 else { throw QueryError(.location, "A range begins at 0 or behind it") }
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: object.path))
            defer { try? file.close() }
            try file.seek(toOffset: UInt64(range.lowerBound))
            return try file.read(upToCount: Int(clamping: range.upperBound - range.lowerBound)) ?? Data()
        } catch { throw QueryError(.storage, "The object '\(key)' cannot be read", detail: "\(error)") }
    }

    /// `keysMax` is 1 to 1,000; folders count as keys.
    package func page(
        bucket: String, prefix: String = "", delimiter: String? = nil, marker: String = "", keysMax: Int = 100
    ) throws(QueryError) -> ObjectPage {
        guard bucketExists(bucket) else { throw QueryError(.missingObject, "The bucket '\(bucket)' does not exist") }
        guard delimiter == nil || delimiter == "/" else {
            throw QueryError(.notSupported, "A listing's delimiter is '/'")
        }
        guard (1...1_000).contains(keysMax) else { throw QueryError(.location, "A page has 1 to 1000 keys") }
        // Only the folder that the prefix ends in can hold such keys.
        let base = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
        var names: [String] = []
        // By bytes: letters that look alike are two keys.
        var folders: [[UInt8]: String] = [:]
        for object in try list(try ObjectKey(bucket: bucket, key: base), recursive: true)
        where object.key.key.utf8.starts(with: prefix.utf8) {
            let rest = object.key.key.utf8.dropFirst(prefix.utf8.count)
            if delimiter != nil, let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
                let folder = String(object.key.key[...slash])
                folders[Array(folder.utf8)] = folder
            } else {
                names.append(object.key.key)
            }
        }
        let all = (names.map { ($0, false) } + folders.values.map { ($0, true) }).filter {
            marker.utf8.lexicographicallyPrecedes($0.0.utf8)
        }
        .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        let page = all.prefix(keysMax)
        return ObjectPage(
            keys: page.filter { !$0.1 }.map(\.0), commonPrefixes: page.filter(\.1).map(\.0),
            nextMarker: all.count > keysMax ? page.last?.0 : nil)
    }

    // MARK: Writing

    /// Puts a local file's bytes, or those of a pipe, at `key`, in place of what was there. `progress` is told how many
    /// bytes of how many are through.
    package func put(
        file path: String, at key: ObjectKey, forbidOverwrite: Bool = false,
        progress: (Int64, Int64) -> Void = { _, _ in }
    ) throws(QueryError) {
        guard Posix.kind(path) != .folder, Posix.kind(path) != .missing else {
            throw QueryError(.missingObject, "There is no file '\(path)'")
        }
        let staged = staging + "/" + UUID().uuidString
        defer { Posix.remove(staged) }
        try Posix.copy(path, to: staged, progress: progress)
        try publish(staged: staged, at: key, forbidOverwrite: forbidOverwrite)
    }

    /// Copies an object into a file outside of the store.
    package func copy(_ object: ObjectSummary, toFile path: String, progress: (Int64, Int64) -> Void) throws(QueryError)
    {
        try Posix.copy(object.path, to: path, progress: progress)
    }

    /// Moves a staged file or folder to `key`, atomically and durably, replacing what an earlier attempt left there.
    package func publish(staged: String, at key: ObjectKey, forbidOverwrite: Bool) throws(QueryError) {
        guard bucketExists(key.bucket) else {
            throw QueryError(.missingObject, "The bucket '\(key.bucket)' does not exist")
        }
        let isFolder = Posix.kind(staged) == .folder
        guard isFolder == key.isFolder, !key.key.isEmpty else {
            throw QueryError(.location, "'\(key)' cannot be written")
        }
        let target = root + "/" + key.bucket + "/" + (isFolder ? String(key.key.dropLast()) : key.key)
        let parent = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.startIndex))
        try checkParents(of: key)
        try Posix.makeFolders(parent)
        if isFolder {
            for entry in try Posix.entries(staged) { try Posix.sync(staged + "/" + entry.name) }
            try Posix.syncFolder(staged)
            if Posix.kind(target) == .folder { try retire(target) }
        } else {
            if Posix.kind(target) == .folder {
                throw QueryError(.location, "'\(key)' is a folder; a key cannot be both")
            }
            try Posix.sync(staged)
        }
        if forbidOverwrite {
            // In one step: the link is not made where something is.
            guard try Posix.linkNew(staged, at: target) else {
                throw QueryError(.location, "The object '\(key)' exists already")
            }
            return try Posix.syncFolder(parent)
        }
        try Posix.rename(staged, to: target)
        try Posix.syncFolder(parent)
    }

    /// A new, empty folder for output that is not whole yet.
    package func makeStagingFolder() throws(QueryError) -> String {
        let path = staging + "/" + UUID().uuidString
        // Its name need not last: whatever is there at a start is removed.
        if try Posix.makeFolder(path) { return path }
        try Posix.makeFolders(path)
        return path
    }

    package func source(staged path: String) -> FileSource { .staged(String(path.dropFirst(staging.count + 1))) }

    /// Removes a staged folder that will not be published.
    package func discard(staged: String) { Posix.remove(staged) }

    /// Removes what an earlier run of the daemon left half-done, but for the folders `kept`.
    package func sweepStaging(except kept: Set<String>) throws(QueryError) {
        for entry in try Posix.entries(staging) where !kept.contains(entry.name) {
            Posix.remove(staging + "/" + entry.name)
        }
    }

    // MARK: Tables' files

    /// Syncs every file below a staged folder, and the folder's own name; returns their paths from there on, in UTF-8
    /// order, with their sizes.
    package func syncStaged(_ folder: String) throws(QueryError) -> [(path: String, size: Int64)] {
        var found: [(path: String, size: Int64)] = []
        var pending = [""]
        while let next = pending.popLast() {
            for entry in try Posix.entries(folder + "/" + next) {
                if entry.isFolder {
                    pending.append(next + entry.name + "/")
                } else {
                    // An engine's process wrote it: a file that has another name would change under that.
                    guard entry.links == 1 else {
                        throw QueryError(.storage, "A file of the write has another name elsewhere")
                    }
                    try Posix.sync(folder + "/" + next + entry.name)
                    found.append((next + entry.name, entry.size))
                }
            }
            try Posix.syncFolder(folder + "/" + next)
        }
        try Posix.syncFolder(staging)
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    /// Makes the folder that an object is to lie in.
    package func makeFolder(of key: ObjectKey) throws(QueryError) {
        guard bucketExists(key.bucket) else {
            throw QueryError(.missingObject, "The bucket '\(key.bucket)' does not exist")
        }
        try checkParents(of: key)
        try Posix.makeFolders(parent(of: key))
    }

    /// Moves a staged, synced file to its place, where nothing may be. Says nothing if it is there already: the step
    /// may be repeated.
    package func move(staged path: String, to key: ObjectKey) throws(QueryError) {
        let source = staging + "/" + path
        let target = root + "/" + key.bucket + "/" + key.key
        if Posix.kind(source) == .file {
            try Posix.makeFolders(parent(of: key))
            try Posix.rename(source, to: target)
        } else if Posix.kind(target) != .file {
            throw QueryError(.storage, "The staged file of '\(key)' is gone")
        }
    }

    /// Whether a staged file is there, or was moved already.
    package func canMove(staged path: String, to key: ObjectKey) throws(QueryError) -> Bool {
        if Posix.kind(staging + "/" + path) == .file { return true }
        return try stat(key) != nil
    }

    /// Whether a staged file waits for its place.
    package func isStaged(_ path: String) -> Bool { Posix.kind(staging + "/" + path) == .file }

    /// Makes the moves into the folders of `keys` durable.
    package func syncFolders(of keys: [ObjectKey]) throws(QueryError) {
        for folder in Set(keys.map { parent(of: $0) }) where Posix.kind(folder) == .folder {
            try Posix.syncFolder(folder)
        }
    }

    /// Removes an object; one that does not exist is no error.
    package func remove(_ key: ObjectKey) throws(QueryError) {
        guard !key.isFolder, let path = try resolve(key), Posix.kind(path) == .file else { return }
        try Posix.removeFile(path)
    }

    private func parent(of key: ObjectKey) -> String {
        let target = root + "/" + key.bucket + "/" + key.key
        return String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.startIndex))
    }

    /// Removes a folder with all that is in it, at once; one that does not exist is no error.
    package func removeFolder(_ folder: ObjectKey) throws(QueryError) {
        guard folder.isFolder, !folder.key.isEmpty, let path = try resolve(folder), Posix.kind(path) == .folder else {
            return
        }
        try retire(path)
    }

    /// Takes a folder out of sight in one step before its files are removed.
    private func retire(_ folder: String) throws(QueryError) {
        let aside = staging + "/" + UUID().uuidString
        do throws(QueryError) { try Posix.rename(folder, to: aside) } catch {
            // Another process removes the same.
            guard Posix.kind(folder) == .missing else { throw error }
            return
        }
        Posix.remove(aside)
    }

    // MARK: Paths

    /// The path of a key, or `nil` where nothing is there. Throws where a link on the way leads out of the root.
    private func resolve(_ key: ObjectKey) throws(QueryError) -> String? {
        let path =
            root + "/" + key.bucket
            + (key.key.isEmpty ? "" : "/" + (key.isFolder ? String(key.key.dropLast()) : key.key))
        guard let real = try Posix.realPathIfPresent(path) else { return nil }
        guard real == path else { throw QueryError(.location, "'\(key)' leads through a link; links are not followed") }
        return real
    }

    /// Nothing on the way to `key` is a file or a link.
    private func checkParents(of key: ObjectKey) throws(QueryError) {
        var path = root + "/" + key.bucket
        for part in key.key.split(separator: "/").dropLast() {
            path += "/" + part
            switch Posix.kind(path) {
            case .folder, .missing: continue
            case .file, .other:
                throw QueryError(.location, "'\(key)' lies below an object; a key cannot be both a file and a folder")
            }
        }
    }
}
