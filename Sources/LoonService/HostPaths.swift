import Foundation
import LoonCore

/// Facts of this host that no error tells a client, a task's row or a message: the folders of the daemon, and what an
/// engine or a library says of its own memory.
struct HostPaths: Sendable {
    /// Longest first: one may lie in another.
    private let replacements: [(path: String, shown: String)]

    init(_ configuration: Configuration, root: String) {
        let data = URL(fileURLWithPath: configuration.dataDirectory).standardizedFileURL.path
        var known = [
            (root + "/", "oss://"), (data + "/staging/", "staging/"), (data + "/", ""),
            (configuration.dataDirectory + "/", ""),
        ]
        if let spill = configuration.spillDirectory { known.append((spill + "/", "spill/")) }
        known.append((URL(fileURLWithPath: configuration.library).deletingLastPathComponent().path + "/", ""))
        replacements = known.filter { $0.0.count > 1 }.sorted { $0.0.count > $1.0.count }
    }

    /// The error as others than the operator see it; `detail` stays for the log.
    func hidden(in error: QueryError) -> QueryError {
        let text = hidden(in: error.message)
        return text == error.message ? error : QueryError(error.code, text, detail: error.detail ?? error.message)
    }

    private func hidden(in message: String) -> String {
        var text = message
        if let trace = text.range(of: "Stack Trace:") { text = String(text[..<trace.lowerBound]) }
        if text.utf8.contains(UInt8(ascii: "/")) {
            for (path, shown) in replacements { text = Self.replacing(path, with: shown, in: text) }
        }
        // Where something lies in memory: 0x55d0c4a3e2b0.
        if text.contains("0x") { text = text.replacing(/0x[0-9a-f]{8,16}\b/, with: "0x…") }
        return text
    }

    /// Only where the path begins: `/data/` is none in `oss://lake/data/x`.
    private static func replacing(_ path: String, with shown: String, in text: String) -> String {
        guard text.contains(path) else { return text }
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: path) {
            let before = (result + rest[..<range.lowerBound]).unicodeScalars.last
            let isWithin = before.map { $0.properties.isAlphabetic || "0123456789/._-~:".unicodeScalars.contains($0) }
            result += rest[..<range.lowerBound] + (isWithin == true ? path : shown)
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
