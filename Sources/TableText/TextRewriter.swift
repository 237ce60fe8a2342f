package import Foundation
package import LoonCore

/// Writes texts anew that the engine would read wrongly.
package enum TextRewriter {
    /// Makes the file at `target` of the one at `source`.
    package static func run(
        _ rewriting: TextRewriting, from source: String, to target: String, cancellation: Cancellation
    ) throws {
        let isMore = rewriting.quotes != nil || rewriting.footerLines > 0 || rewriting.isArray
        var source = source
        if let encoding = rewriting.encoding {
            let text = isMore ? target + ".utf8" : target
            try TextTranscoder.transcode(
                source, from: encoding, to: text, keepsLineEnds: rewriting.keepsLineEnds, cancellation: cancellation)
            source = text
        }
        guard isMore else { return }
        var data = try Data(contentsOf: URL(fileURLWithPath: source), options: .alwaysMapped)
        data = data.prefix(Self.length(of: data, withoutLines: rewriting.footerLines))
        try make(target) { put in
            func write(_ piece: Data) throws {
                if let reason = cancellation.reason { throw reason }
                try put(piece)
            }
            if let rules = rewriting.quotes {
                try data.withUnsafeBytes { try QuotedText.rewrite($0.bindMemory(to: UInt8.self), rules, to: write) }
            } else if rewriting.isArray {
                try data.withUnsafeBytes { try JSONArrays.writeLines($0.bindMemory(to: UInt8.self), to: write) }
            } else {
                try write(data)
            }
        }
    }

    /// The bytes of a text before its last lines; a line end at the end of all ends the last.
    package static func length(of text: Data, withoutLines count: Int) -> Int {
        var end = text.count
        for _ in 0..<count {
            let body = text.prefix(end).last == 0x0A ? text.prefix(end - 1) : text.prefix(end)
            guard let start = body.lastIndex(of: 0x0A) else { return 0 }
            end = start + 1
        }
        return end
    }

    /// Makes a file of the pieces that `body` hands over.
    private static func make(_ path: String, _ body: ((Data) throws -> Void) throws -> Void) throws {
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
