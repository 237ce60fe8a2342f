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
        "oss://bucket/../x", "oss://bucket/a//b", "oss://bucket/./a", "oss://bucket//a", "oss://bucket/a\\b",
        "oss://Bucket/a", "oss://bu/a",
        "oss://-bucket/a",
        "oss://bucket/a\u{0}b", "http://bucket/a", "/etc/passwd", "oss://", "oss://../a", "oss://bucket/a/..",
        "oss://bucket/../",
        "oss://bucket/a\u{600}/../b", "oss://bucket/a/\u{600}\\b",
    ])
    func refusesAsAKey(_ url: String) { #expect(throws: QueryError.self) { try ObjectKey(url) } }

    @Test func noGeneratedKeyLeavesTheRoot() throws {
        let (store, folder) = try store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var generator = SystemRandomNumberGenerator()
        let pieces = ["..", ".", "", "a", "b", "/", "\\", "\u{0}", "%2e", "ü", "..\u{200B}", "~", "*", " ", "oss:"]
        for _ in 0..<5_000 {
            let key = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }
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

    /// Pages of listings against a model: generated keys, every prefix, delimiter, marker and size.
    @Test func pagesAreThoseOfAModel() throws {
        let (store, folder) = try store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var generator = SystemRandomNumberGenerator()
        let pieces = ["a", "b", "ä", "中", "a b", "A", "z%", "~", "é", "e\u{301}"]
        let file = folder + "/file"
        try Data("x".utf8).write(to: URL(fileURLWithPath: file))
        var keys: Set<[UInt8]> = []
        for _ in 0..<120 {
            let key = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? "a"
            }.joined(
                separator: "/")
            // A key cannot be both a file and a folder; the store says so.
            if (try? store.put(file: file, at: try ObjectKey(bucket: "bucket", key: key))) != nil {
                keys.insert(Array(key.utf8))
            }
        }
        let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
        for _ in 0..<300 {
            let prefix =
                sorted.randomElement(using: &generator).map {
                    Array($0.prefix(Int.random(in: 0...$0.count, using: &generator)))
                } ?? []
            guard let text = String(validating: prefix, as: UTF8.self) else { continue }
            let hasDelimiter = Bool.random(using: &generator)
            var expected: Set<[UInt8]> = []
            for key in sorted where key.starts(with: prefix) {
                let slash = hasDelimiter ? key.dropFirst(prefix.count).firstIndex(of: UInt8(ascii: "/")) : nil
                expected.insert(slash.map { Array(key[...$0]) } ?? key)
            }
            var found: [[UInt8]] = []
            var marker: String? = ""
            let size = Int.random(in: 1...20, using: &generator)
            while let from = marker {
                let page = try store.page(
                    bucket: "bucket", prefix: text, delimiter: hasDelimiter ? "/" : nil, marker: from, keysMax: size)
                #expect(page.keys.count + page.commonPrefixes.count <= size)
                found += (page.keys + page.commonPrefixes).map { Array($0.utf8) }.sorted {
                    $0.lexicographicallyPrecedes($1)
                }
                marker = page.nextMarker
            }
            #expect(found == expected.sorted { $0.lexicographicallyPrecedes($1) })
        }
    }

    @Test func overwritingIsForbiddenWhereItIsAskedFor() throws {
        let (store, folder) = try store()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = try ObjectKey("oss://bucket/a/b.txt")
        for text in ["first", "second"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/file"))
            if text == "first" { try store.put(file: folder + "/file", at: key, forbidOverwrite: true) }
        }
        #expect(throws: QueryError.self) { try store.put(file: folder + "/file", at: key, forbidOverwrite: true) }
        #expect(try store.read(key) == Data("first".utf8))
        #expect(try store.read(key, range: 1..<3) == Data("ir".utf8))
        #expect(try store.read(key, range: 4..<100) == Data("t".utf8))
        #expect(try store.read(key, range: 100..<200).isEmpty)
        #expect(throws: QueryError.self) { try store.removeBucket("bucket") }
        try store.remove(key)
        try store.remove(key)
        try store.removeBucket("bucket")
        #expect(!store.bucketExists("bucket"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.staging).isEmpty)
    }
}
