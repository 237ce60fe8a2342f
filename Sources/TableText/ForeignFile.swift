import Foundation
import LoonCore

/// Files that a table of text or JSON cannot be read from, told by their names and first bytes: read as text they would
/// be rows of rubbish.
enum ForeignFile {
    /// The ends of names by which Hadoop's codecs and others compress.
    private static let suffixes: [(suffix: String, what: String)] = [
        (".bz2", "bzip2"), (".deflate", "deflate"), (".snappy", "Snappy"), (".lz4", "LZ4"),
        (".lzo", "LZO"), (".lzo_deflate", "LZO"), (".lzop", "LZO"), (".xz", "xz"), (".zip", "zip"), (".7z", "7-Zip"),
    ]
    /// The ends that mean something else as well.
    private static let unsureSuffixes: [(suffix: String, what: String)] = [
        (".lzma", "LZMA"), (".br", "Brotli"), (".z", "compress"),
    ]

    /// Magic numbers of compressed files, and of formats that are no text.
    private static let magics: [(bytes: [UInt8], what: String, isFormat: Bool)] = [
        (Array("BZh".utf8), "bzip2", false), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz", false),
        ([0x04, 0x22, 0x4D, 0x18], "LZ4", false), ([0x02, 0x21, 0x4C, 0x18], "LZ4", false),
        ([0x50, 0x4B, 0x03, 0x04], "zip", false), ([0x1F, 0x9D], "compress", false),
        ([0xFF, 0x06, 0x00, 0x00, 0x73, 0x4E, 0x61, 0x50], "Snappy", false),
        ([0x89, 0x4C, 0x5A, 0x4F], "LZO", false), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7-Zip", false),
        (Array("PAR1".utf8), "Parquet", true), ([0x4F, 0x62, 0x6A, 0x01], "Avro", true),
        (Array("ORC".utf8), "ORC", true),
        (Array("RCF".utf8) + [0x01], "RCFILE", true), (Array("SEQ".utf8) + [0x06], "SEQUENCEFILE", true),
    ]

    /// Throws, by name, where the file is none that is read. `start` are its first bytes; `name` is for messages.
    static func check(_ path: String, start: UnsafeBufferPointer<UInt8>, name: String) throws(QueryError) {
        let lower = path.lowercased()
        if let known = suffixes.first(where: { lower.hasSuffix($0.suffix) }) { throw compressed(name, known.what) }
        if let known = unsureSuffixes.first(where: { lower.hasSuffix($0.suffix) }),
            start.prefix(1_024).contains(0) || String(validating: start.prefix(1_024), as: UTF8.self) == nil
        {
            throw compressed(name, known.what)
        }
        if TextTraits.isCompressed(path) { return }
        if start.starts(with: [0x1F, 0x8B]) { throw misnamed(name, "gzip", ".gz") }
        if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { throw misnamed(name, "Zstandard", ".zst") }
        if CompressedText.isDeflated(start) { throw compressed(name, "deflate") }
        guard let magic = magics.first(where: { start.starts(with: $0.bytes) && isCertain($0.bytes, start) }) else {
            return
        }
        guard magic.isFormat else { throw compressed(name, magic.what) }
        throw QueryError(
            .malformedData,
            "The file '\(name)' is \(magic.what), and no text; declare the table STORED AS \(magic.what.uppercased()), "
                + "or move the file elsewhere")
    }

    /// Marks of letters may begin a text, and the delimiters of Hive's text follow them. No text has a NUL.
    private static func isCertain(_ magic: [UInt8], _ start: UnsafeBufferPointer<UInt8>) -> Bool {
        if magic == Array("BZh".utf8) {
            return start.count >= 10 && start[4..<10].elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
        }
        return magic[0] >= 0x80 || start.prefix(1_024).contains(0)
    }

    private static func compressed(_ name: String, _ what: String) -> QueryError {
        QueryError(
            .notSupported,
            "The file '\(name)' is compressed by \(what), which is not read; gzip (.gz) and Zstandard (.zst) are")
    }

    private static func misnamed(_ name: String, _ what: String, _ suffix: String) -> QueryError {
        QueryError(
            .notSupported,
            "The file '\(name)' is compressed by \(what), and its name does not say so; give it a name that ends in "
                + "\(suffix)")
    }
}
