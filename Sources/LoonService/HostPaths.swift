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
            for (path, shown) in replacements { text = text.replacing(path, with: shown) }
        }
        // Where something lies in memory: 0x55d0c4a3e2b0.
        if text.contains("0x") { text = text.replacing(/0x[0-9a-f]{8,16}\b/, with: "0x…") }
        return text
    }
}
