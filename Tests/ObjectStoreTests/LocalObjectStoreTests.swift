import Foundation
import LoonCore
import ObjectStore
import Testing

@Suite struct LocalObjectStoreTests {
    private func store() throws -> (LocalObjectStore, String) {
        let folder = NSTemporaryDirectory() + "loon-" + UUID().uuidString
        let store = try LocalObjectStore(root: folder + "/oss", staging: folder + "/staging")
        try store.makeBucket("bucket")
        return (store, folder)
    }

    @Test(arguments: [
        "oss://bucket/../x", "oss://bucket/a//b", "oss://bucket/./a", "oss://bucket//a", "oss://bucket/a\\b", "oss://Bucket/a", "oss://bu/a",
        "oss://-bucket/a",
        "oss://bucket/a\u{0}b", "http://bucket/a", "/etc/passwd", "oss://", "oss://../a", "oss://bucket/a/..", "oss://bucket/../",
        "oss://bucket/a\u{600}/../b", "oss://bucket/a/\u{600}\\b",
    ])
    func refusesAsAKey(_ url: String) { #expect(throws: QueryError.self) { try ObjectKey(url) } }

    @Test func noGeneratedKeyLeavesTheRoot() throws {
        let (store, folder) = try store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var generator = SystemRandomNumberGenerator()
        let pieces = ["..", ".", "", "a", "b", "/", "\\", "\u{0}", "%2e", "ü", "..\u{200B}", "~", "*", " ", "oss:"]
        for _ in 0..<5_000 {
            let key = (0..<Int.random(in: 1...6, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }
                .joined(separator: Bool.random(using: &generator) ? "/" : "")
            guard let place = try? ObjectKey(bucket: "bucket", key: key) else { continue }
            let path = URL(fileURLWithPath: store.root + "/bucket/" + place.key).standardizedFileURL.path
            #expect(path.hasPrefix(store.root + "/bucket"), "\(key.debugDescription)")
        }
    }

    @Test func linksAreNotFollowed() throws {
        let (store, folder) = try store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createSymbolicLink(atPath: store.root + "/bucket/out", withDestinationPath: "/etc")
        #expect(throws: QueryError.self) { try store.stat(try ObjectKey("oss://bucket/out/passwd")) }
        #expect(throws: QueryError.self) { try store.list(try ObjectKey("oss://bucket/out/"), recursive: true) }
        #expect(try store.list(try ObjectKey("oss://bucket/"), recursive: true).isEmpty)
    }

    @Test func aFolderIsPublishedWholeAndReplaced() throws {
        let (store, folder) = try store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let place = try ObjectKey("oss://bucket/results/one/")
        for text in ["first", "second"] {
            let staged = try store.makeStagingFolder()
            try Data(text.utf8).write(to: URL(fileURLWithPath: staged + "/result.csv"))
            try store.publish(staged: staged, at: place)
            #expect(try store.read(try ObjectKey("oss://bucket/results/one/result.csv")) == Data(text.utf8))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.staging).isEmpty)
    }

    @Test func containmentIsByWholeSegments() throws {
        let schema = try ObjectKey("oss://bucket/a/b/")
        #expect(schema.contains(try ObjectKey("oss://bucket/a/b/c")))
        #expect(schema.contains(try ObjectKey("oss://bucket/a/b/")))
        #expect(!schema.contains(try ObjectKey("oss://bucket/a/bc/")))
        #expect(!schema.contains(try ObjectKey("oss://bucket2/a/b/c")))
        #expect(!schema.contains(try ObjectKey("oss://bucket/a/")))
    }
}
