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

    /// Makes a bucket; one that exists is no error.
    package func makeBucket(_ url: String) throws(QueryError) {
        let place = try ObjectKey(url)
        guard place.key.isEmpty else { throw QueryError(.location, "'\(url)' is not a bucket; write oss://bucket") }
        try objects.makeBucket(place.bucket)
    }

    /// Copies a file in, or an object out. A target that ends in a slash takes the source's name.
    package func copy(_ source: String, to target: String) throws(QueryError) {
        if target.hasPrefix("oss://") {
            let name = URL(fileURLWithPath: source).lastPathComponent
            try objects.put(file: source, at: try ObjectKey(target.hasSuffix("/") ? target + name : target))
        } else {
            let key = try ObjectKey(source)
            let data = try objects.read(key)
            let name = key.key.split(separator: "/").last.map(String.init) ?? key.bucket
            let path = target.hasSuffix("/") ? target + name : target
            do { try data.write(to: URL(fileURLWithPath: path)) } catch { throw QueryError(.storage, "The file '\(path)' cannot be written") }
        }
    }

    /// A line for each bucket, or for each object below a place: its bytes, its time and its name.
    package func list(_ url: String?) throws(QueryError) -> [String] {
        guard let url else { return try objects.buckets().map { "oss://\($0)/" } }
        let place = try ObjectKey(url)
        guard objects.bucketExists(place.bucket) else { throw QueryError(.missingObject, "The bucket '\(place.bucket)' does not exist") }
        let found = place.isFolder ? try objects.list(place, recursive: true) : try objects.stat(place).map { [$0] } ?? []
        return found.map { "\($0.size)\t\(CivilTime(milliseconds: $0.modified).rfc3339UTC)\t\($0.key)" }
    }

    package func read(_ url: String) throws(QueryError) -> Data { try objects.read(try ObjectKey(url)) }
}
