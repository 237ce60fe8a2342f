import Foundation
import LoonCore

/// Turns text of another encoding into UTF-8, by iconv, in a file of its own: the engine reads nothing else.
enum TextTranscoder {
    private static func open(_ encoding: String) -> iconv_t? {
        guard !encoding.utf8.contains(0), !encoding.contains("/"), let converter = iconv_open("UTF-8", encoding),
            converter != iconv_t(bitPattern: -1)
        else { return nil }
        return converter
    }

    /// Writes the text of the file at `source` to `target`, with line feeds for all line ends unless `keepsLineEnds`.
    /// What is none of the encoding becomes U+FFFD, as in Java.
    static func transcode(
        _ source: String, from encoding: String, to target: String, keepsLineEnds: Bool = false,
        cancellation: Cancellation?
    ) throws {
        guard let converter = open(encoding) else {
            throw QueryError(.notSupported, "The encoding '\(encoding)' is not known")
        }
        defer { iconv_close(converter) }
        guard let input = FileHandle(forReadingAtPath: source) else {
            throw QueryError(.missingObject, "A file of the table is gone")
        }
        defer { try? input.close() }
        guard FileManager.default.createFile(atPath: target, contents: nil, attributes: [.posixPermissions: 0o600]),
            let output = FileHandle(forWritingAtPath: target)
        else { throw QueryError(.storage, "The staging folder does not take a file") }
        defer { try? output.close() }
        var rest: [CChar] = []
        var lines = LineEnds()
        while let data = try input.read(upToCount: 1 << 20), !data.isEmpty {
            if let reason = cancellation?.reason { throw reason }
            rest += data.map { CChar(bitPattern: $0) }
            let (text, used) = convert(rest, converter)
            do { try output.write(contentsOf: keepsLineEnds ? text : lines.unified(text)) } catch {
                throw QueryError(.storage, "The staging folder does not take a file's text", detail: "\(error)")
            }
            rest.removeFirst(used)
        }
        // Half a character at the end.
        if !rest.isEmpty { try output.write(contentsOf: Data("\u{FFFD}".utf8)) }
    }

    /// The text of the bytes, and how many of them it was made of: all but a character that has only begun.
    private static func convert(_ bytes: [CChar], _ converter: iconv_t) -> (Data, used: Int) {
        var input = bytes
        var result = Data()
        let capacity = bytes.count * 4 + 16
        var output = [CChar](repeating: 0, count: capacity)
        var used = 0
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                var from = source.baseAddress
                var left = source.count
                while left > 0 {
                    var to = target.baseAddress
                    var room = capacity
                    let status = iconv(converter, &from, &left, &to, &room)
                    let failure = errno
                    result.append(contentsOf: UnsafeRawBufferPointer(start: target.baseAddress, count: capacity - room))
                    guard status == Int(bitPattern: UInt.max) || status == -1 else { break }
                    if failure == EINVAL { break }
                    if failure == EILSEQ {
                        result.append(contentsOf: "\u{FFFD}".utf8)
                        from = from?.advanced(by: 1)
                        left -= 1
                    }
                }
                used = source.count - left
            }
        }
        return (result, used)
    }
}

/// Makes line feeds of carriage returns, alone or with a line feed behind them, which all end a line where Hadoop
/// reads.
private struct LineEnds {
    private var endsInReturn = false

    mutating func unified(_ text: Data) -> Data {
        guard endsInReturn || text.contains(0x0D) else { return text }
        var result = Data(capacity: text.count)
        for byte in text {
            defer { endsInReturn = byte == 0x0D }
            if byte == 0x0A, endsInReturn { continue }
            result.append(byte == 0x0D ? 0x0A : byte)
        }
        return result
    }
}
