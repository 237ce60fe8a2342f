/// A place in the object store: `oss://bucket/key`.
///
/// Buckets follow OSS's rule (3 to 63 of a–z, 0–9 and -, letters or digits at the ends), keys too (1 to 1,023 bytes of
/// UTF-8). As a key is also a path of a directory below the root, no part of it may be empty, `.` or `..`, hold a NUL
/// or be longer than a file's name.
package struct ObjectKey: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    /// Without a leading slash. Ends in one where it names a folder; empty for the bucket itself.
    package let key: String

    package var isFolder: Bool { key.isEmpty || key.utf8.last == UInt8(ascii: "/") }
    package var description: String { "oss://\(bucket)/\(key)" }

    package init(bucket: String, key: String) throws(QueryError) {
        guard Self.isBucketName(bucket) else {
            throw QueryError(
                .location,
                "'\(bucket)' is not a bucket's name: 3 to 63 of a-z, 0-9 and -, with a letter or digit at both ends")
        }
        guard key.utf8.count <= 1_023 else { throw QueryError(.location, "A key has at most 1023 bytes") }
        // By bytes, as the file system reads it: a `Character` may be a slash with marks around it.
        let bytes = Array(key.utf8)
        let body = bytes.last == UInt8(ascii: "/") ? bytes.dropLast() : bytes[...]
        for part in body.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) where !bytes.isEmpty {
            guard Self.isPart(part) else {
                throw QueryError(
                    .location,
                    "'oss://\(bucket)/\(key)' is not a key: no part of it may be empty, '.', '..' or hold a backslash")
            }
        }
        self.bucket = bucket
        self.key = key
    }

    private init(checkedBucket: String, key: String) {
        bucket = checkedBucket
        self.key = key
    }

    private static func isPart(_ part: some Collection<UInt8>) -> Bool {
        let isDots = part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8)
        return !part.isEmpty && !isDots && part.count <= 255 && !part.contains(0) && !part.contains(UInt8(ascii: "\\"))
    }

    /// The key of an object or folder in this folder.
    package func child(_ name: String, isFolder: Bool) throws(QueryError) -> ObjectKey {
        let key = key + name + (isFolder ? "/" : "")
        guard Self.isPart(Array(name.utf8)), !name.utf8.contains(UInt8(ascii: "/")), key.utf8.count <= 1_023 else {
            throw QueryError(
                .location,
                "'oss://\(bucket)/\(key)' is not a key: no part of it may be empty, '.', '..' or hold a backslash")
        }
        return ObjectKey(checkedBucket: bucket, key: key)
    }

    /// The folder that it lies in.
    package var parent: ObjectKey {
        let end = key.dropLast(isFolder ? 1 : 0).utf8.lastIndex(of: UInt8(ascii: "/"))
        return ObjectKey(checkedBucket: bucket, key: end.map { String(key[...$0]) } ?? "")
    }

    /// By bytes: keys that Unicode holds to be alike are two.
    package static func == (left: ObjectKey, right: ObjectKey) -> Bool {
        left.bucket == right.bucket && left.key.utf8.elementsEqual(right.key.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var key = key
        key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Whether it comes before another, byte by byte, as listings have it.
    package func precedes(_ other: ObjectKey) -> Bool {
        guard bucket == other.bucket else { return bucket < other.bucket }
        var (one, two) = (key, other.key)
        return one.withUTF8 { one in
            two.withUTF8 { two in
                let common = min(one.count, two.count)
                var place = 0
                while place < common, one[place] == two[place] { place += 1 }
                return place == common ? one.count < two.count : one[place] < two[place]
            }
        }
    }

    /// Reads `oss://bucket/key`.
    package init(_ url: String) throws(QueryError) {
        guard url.lowercased().hasPrefix("oss://") else {
            throw QueryError(.location, "'\(url)' is not a location; write oss://bucket/folder/")
        }
        let rest = url.dropFirst(6)
        let slash = rest.firstIndex(of: "/")
        let key = slash.map { String(rest[rest.index(after: $0)...]) } ?? ""
        try self.init(bucket: String(rest[..<(slash ?? rest.endIndex)]), key: key)
    }

    /// Whether `other` is this place or lies below it, by whole path segments.
    package func contains(_ other: ObjectKey) -> Bool {
        guard bucket == other.bucket else { return false }
        if key.utf8.elementsEqual(other.key.utf8) || key.isEmpty { return true }
        return other.key.utf8.starts(with: (isFolder ? key : key + "/").utf8)
    }

    private static func isBucketName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        let isEnd: (UInt8) -> Bool = {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
        guard (3...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isEnd(first) && isEnd(last) && bytes.allSatisfy { isEnd($0) || $0 == UInt8(ascii: "-") }
    }
}
