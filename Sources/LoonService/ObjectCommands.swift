package import Foundation
package import LoonCore
import ObjectStore

/// `loond oss …`: the object store from the shell, with the daemon running or not.
package struct ObjectCommands {
    private let objects: LocalObjectStore

    package init(configuration: Configuration) throws(QueryError) {
        let directory = try DataDirectory(configuration.dataDirectory)
        objects = try LocalObjectStore(root: directory.path + "/oss", staging: directory.path + "/staging")
    }

    // MARK: Buckets

    private func bucket(_ url: String) throws(QueryError) -> String {
        let place = try ObjectKey(url)
        guard place.key.isEmpty else { throw QueryError(.location, "'\(url)' is not a bucket; write oss://bucket") }
        return place.bucket
    }

    private func existing(_ url: String) throws(QueryError) -> ObjectKey {
        let place = try ObjectKey(url)
        guard objects.bucketExists(place.bucket) else {
            throw QueryError(.missingObject, "The bucket '\(place.bucket)' does not exist")
        }
        return place
    }

    /// Makes a bucket; one that exists is no error.
    package func makeBucket(_ url: String) throws(QueryError) { try objects.makeBucket(try bucket(url)) }

    /// Removes a bucket that is empty.
    package func removeBucket(_ url: String) throws(QueryError) { try objects.removeBucket(try bucket(url)) }

    // MARK: Listings

    /// A line for each bucket, or for each object below a place: its bytes, its time and its name. Without `recursive`
    /// folders are not looked into.
    package func list(_ url: String?, recursive: Bool) throws(QueryError) -> [String] {
        guard let url else { return try objects.buckets().map { "oss://\($0)/" } }
        let place = try existing(url)
        guard place.isFolder else { return try objects.stat(place).map { [line($0)] } ?? [] }
        let folders = recursive ? [] : try objects.folders(place).map { "-\t-\t\($0)" }
        return folders + (try objects.list(place, recursive: recursive).map(line))
    }

    private func line(_ object: ObjectSummary) -> String {
        "\(object.size)\t\(CivilTime(milliseconds: object.modified).rfc3339UTC)\t\(object.key)"
    }

    /// The properties of an object, a line each.
    package func stat(_ url: String) throws(QueryError) -> [String] {
        guard let object = try objects.stat(try existing(url)) else {
            throw QueryError(.missingObject, "The object '\(url)' does not exist")
        }
        return [
            "key: \(object.key)", "size: \(object.size)",
            "modified: \(CivilTime(milliseconds: object.modified).rfc3339UTC)",
        ]
    }

    /// The objects below a place and their bytes, together.
    package func usage(_ url: String) throws(QueryError) -> String {
        let place = try existing(url)
        let found =
            place.isFolder ? try objects.list(place, recursive: true) : try objects.stat(place).map { [$0] } ?? []
        return "\(found.reduce(Int64(0)) { $0 + $1.size })\t\(found.count) objects\t\(place)"
    }

    // MARK: Bytes

    /// Copies a file in, an object out, or an object to another place. `-` is standard input and output. A target that
    /// ends in a slash takes the source's name. With `recursive` a folder is copied with all that is in it. `progress`
    /// is told how many bytes of how many are through.
    package func copy(
        _ source: String, to target: String, recursive: Bool, forbidOverwrite: Bool,
        progress: @escaping (Int64, Int64) -> Void
    ) throws(QueryError) {
        let isOut = source.hasPrefix("oss://")
        guard isOut || target.hasPrefix("oss://") else {
            throw QueryError(.location, "One of the two is an object; write oss://bucket/key")
        }
        guard recursive else {
            return try copyOne(source, to: target, forbidOverwrite: forbidOverwrite) { progress($0, $1) }
        }
        let files =
            try isOut
            ? objects.list(try folder(source), recursive: true).map { ($0.key.description, $0.size) }
            : localFiles(source)
        let base = isOut ? try folder(source).description : (source.hasSuffix("/") ? source : source + "/")
        let total = files.reduce(Int64(0)) { $0 + $1.1 }
        var done: Int64 = 0
        for (path, size) in files {
            let place = (target.hasSuffix("/") ? target : target + "/") + path.dropFirst(base.count)
            if !target.hasPrefix("oss://") { try makeFolder(of: place) }
            let before = done
            try copyOne(path, to: place, forbidOverwrite: forbidOverwrite) { part, _ in progress(before + part, total) }
            done += size
        }
    }

    private func folder(_ url: String) throws(QueryError) -> ObjectKey {
        try existing(url.hasSuffix("/") ? url : url + "/")
    }

    private func localFiles(_ folder: String) throws(QueryError) -> [(String, Int64)] {
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        guard let paths = FileManager.default.enumerator(atPath: base) else {
            throw QueryError(.missingObject, "There is no folder '\(folder)'")
        }
        var files: [(String, Int64)] = []
        for case let path as String in paths {
            let attributes = try? FileManager.default.attributesOfItem(atPath: base + path)
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { continue }
            files.append((base + path, (attributes?[.size] as? NSNumber)?.int64Value ?? 0))
        }
        return files.sorted { $0.0 < $1.0 }
    }

    private func makeFolder(of path: String) throws(QueryError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw QueryError(.storage, "The folder '\(folder.path)' cannot be made")
        }
    }

    private func copyOne(_ source: String, to target: String, forbidOverwrite: Bool, progress: (Int64, Int64) -> Void)
        throws(QueryError)
    {
        let name = source == "-" ? "" : source.split(separator: "/").last.map(String.init) ?? ""
        let place = target.hasSuffix("/") ? target + name : target
        if place.hasPrefix("oss://") {
            let from = source.hasPrefix("oss://") ? try object(source).path : source
            try objects.put(
                file: from == "-" ? "/dev/stdin" : from, at: try ObjectKey(place), forbidOverwrite: forbidOverwrite,
                progress: progress)
        } else {
            let object = try object(source)
            guard place != "-" else { return try read(source) { FileHandle.standardOutput.write($0) } }
            guard !forbidOverwrite || !FileManager.default.fileExists(atPath: place) else {
                throw QueryError(.location, "The file '\(place)' exists already")
            }
            try objects.copy(object, toFile: place, progress: progress)
        }
    }

    private func object(_ url: String) throws(QueryError) -> ObjectSummary {
        guard let object = try objects.stat(try existing(url)) else {
            throw QueryError(.missingObject, "The object '\(url)' does not exist")
        }
        return object
    }

    /// Hands over an object's bytes, piece by piece.
    package func read(_ url: String, _ body: (Data) -> Void) throws(QueryError) {
        let object = try object(url)
        var place: Int64 = 0
        while place < object.size {
            let data = try objects.read(object.key, range: place..<min(object.size, place + 1_048_576))
            guard !data.isEmpty else { break }
            body(data)
            place += Int64(data.count)
        }
    }

    // MARK: Removal

    /// Removes an object, or with `recursive` everything below a place. Returns how many.
    package func remove(_ url: String, recursive: Bool) throws(QueryError) -> Int {
        guard recursive else {
            let object = try object(url)
            try objects.remove(object.key)
            return 1
        }
        let place = try folder(url)
        let found = try objects.list(place, recursive: true)
        for object in found { try objects.remove(object.key) }
        if !place.key.isEmpty { try objects.removeFolder(place) }
        return found.count
    }
}
