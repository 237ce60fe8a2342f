import Foundation
import LoonCore
import ObjectStore

/// Files of text that are written anew for one query, since the engine would read them wrongly. Confined to the thread
/// that plans the query.
final class RewrittenFiles {
    private let context: LakeContext
    /// The folder that they lie in; `nil` while there are none.
    private(set) var folder: TemporaryFiles?
    private var count = 0
    /// The files that were made, by their sources and the way.
    private var known: [UTF8Key: FileSource] = [:]

    init(context: LakeContext) { self.context = context }

    /// The file that delimited text is read from. With `rules` some file of the table has fields that the engine's
    /// reader would read wrongly, and quotes are doubled in all.
    func text(
        _ file: ObjectSummary, _ traits: TextTraits.Traits, _ layout: TextLayout, _ rules: QuoteRules?
    ) throws -> FileSource {
        // Quoted line breaks may be of any kind.
        let keepsLineEnds = layout.quote != nil
        let isOtherText = layout.encoding != nil || traits.isNotUTF8 || (traits.hasMixedLines && !keepsLineEnds)
        let isOdd = rules.map { traits.hasOddQuotes || traits.hasBackslash || ($0.escape ?? 0x5C) != 0x5C } ?? false
        guard isOtherText || isOdd || layout.footerLines > 0 else { return .object(file.key) }
        try requirePlain(
            file, layout.encoding,
            isOdd
                ? "has text behind a closing quote" : layout.footerLines > 0 ? "has footer lines" : nil)
        let way =
            "\(layout.encoding ?? "") \(layout.delimiter) \(layout.quote ?? "") \(isOdd) \(layout.footerLines)"
        return try made("\(way) \(file.path)") { path in
            var source = file.path
            if isOtherText {
                source = isOdd || layout.footerLines > 0 ? path + ".utf8" : path
                try TextTranscoder.transcode(
                    file.path, from: layout.encoding ?? "UTF-8", to: source, keepsLineEnds: keepsLineEnds,
                    cancellation: nil)
            }
            guard isOdd || layout.footerLines > 0 else { return }
            var data = try Data(contentsOf: URL(fileURLWithPath: source), options: .alwaysMapped)
            data = data.prefix(Self.length(of: data, withoutLines: layout.footerLines))
            try write(to: path) { write in
                guard isOdd, let rules else { return try write(data) }
                try data.withUnsafeBytes { try QuotedText.rewrite($0.bindMemory(to: UInt8.self), rules, to: write) }
            }
        }
    }

    /// The bytes of a text before its last lines; a line end at the end of all ends the last.
    static func length(of text: Data, withoutLines count: Int) -> Int {
        var end = text.count
        for _ in 0..<count {
            let body = text.prefix(end).last == 0x0A ? text.prefix(end - 1) : text.prefix(end)
            guard let start = body.lastIndex(of: 0x0A) else { return 0 }
            end = start + 1
        }
        return end
    }

    /// The file that JSON is read from: an object a line.
    func json(_ file: ObjectSummary, _ traits: TextTraits.Traits, encoding: String?) throws -> FileSource {
        let isArray = traits.firstByte == UInt8(ascii: "[")
        let isOtherText = encoding != nil || traits.isNotUTF8
        guard isArray || isOtherText else { return .object(file.key) }
        try requirePlain(file, encoding, isArray ? "is one array" : nil)
        return try made("json \(encoding ?? "") \(file.path)") { path in
            var source = file.path
            if isOtherText {
                source = isArray ? path + ".utf8" : path
                try TextTranscoder.transcode(file.path, from: encoding ?? "UTF-8", to: source, cancellation: nil)
            }
            guard isArray else { return }
            let data = try Data(contentsOf: URL(fileURLWithPath: source), options: .alwaysMapped)
            try write(to: path) { write in
                try data.withUnsafeBytes { try JSONArrays.writeLines($0.bindMemory(to: UInt8.self), to: write) }
            }
        }
    }

    private func requirePlain(_ file: ObjectSummary, _ encoding: String?, _ fault: String?) throws(QueryError) {
        guard CompressedText.isCompressed(file.path) else { return }
        let what =
            encoding.map { "is text in \($0)" } ?? fault
            ?? "has line ends that are not all alike, or bytes that are not UTF-8"
        throw QueryError(.notSupported, "The compressed file '\(file.key)' \(what); unpack it to read it")
    }

    private func made(_ source: String, _ make: (String) throws -> Void) throws -> FileSource {
        if let made = known[UTF8Key(source)] { return made }
        let objects = context.objects
        let folder =
            try folder ?? TemporaryFiles(folder: try objects.makeStagingFolder()) { objects.discard(staged: $0) }
        self.folder = folder
        count += 1
        let path = folder.path(count)
        try make(path)
        let made = objects.source(staged: path)
        known[UTF8Key(source)] = made
        return made
    }

    /// Makes a file of the pieces that `body` hands over.
    private func write(to path: String, _ body: ((Data) throws -> Void) throws -> Void) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw QueryError(.storage, "The staging folder does not take a file") }
        defer { try? file.close() }
        try body { piece in
            do { try file.write(contentsOf: piece) } catch {
                throw QueryError(.storage, "The staging folder does not take a file's text", detail: "\(error)")
            }
        }
    }
}

/// JSON files that are one array, or several: their elements a line each, as the engine reads them.
enum JSONArrays {
    /// Writes the elements of the arrays of a text, and what stands beside them, a line each, a megabyte at a time.
    /// Line breaks within an element become spaces, which JSON takes for the same.
    static func writeLines(_ text: UnsafeBufferPointer<UInt8>, to write: (Data) throws -> Void) rethrows {
        var out = Data()
        var depth = 0
        var isText = false
        var isEscaped = false
        // The outermost mark opened an array, and no object that stands beside them.
        var isArray = false
        for byte in text {
            if out.count >= Limits.rewrittenPieceBytes {
                try write(out)
                out.removeAll(keepingCapacity: true)
            }
            if isText {
                out.append(byte == 0x0A || byte == 0x0D ? 0x20 : byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                if depth == 1 { isArray = byte == UInt8(ascii: "[") }
                // The array itself goes.
                if depth == 1, isArray { continue }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth == 0, isArray {
                    out.append(0x0A)
                    continue
                }
            case UInt8(ascii: ",") where depth == 1 && isArray:
                out.append(0x0A)
                continue
            case UInt8(ascii: "\""): isText = true
            case 0x0A, 0x0D:
                out.append(depth == 0 ? 0x0A : 0x20)
                continue
            default: break
            }
            out.append(byte)
        }
        try write(out)
    }
}
