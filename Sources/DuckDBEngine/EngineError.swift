import LoonCore

/// The engine's messages in the project's terms. They begin with the name of their kind, as `Binder Error: …`.
enum EngineError {
    static func make(_ message: String) -> QueryError {
        let kinds: [(String, QueryError.Code)] = [
            ("Parser Error: ", .syntax), ("Binder Error: ", .unknownColumn), ("Catalog Error: ", .unknownTable),
            ("Conversion Error: ", .malformedData), ("Invalid Input Error: ", .malformedData),
            ("Out of Range Error: ", .valueOutOfRange),
            ("Out of Memory Error: ", .outOfMemory), ("INTERRUPT Error: ", .interrupted), ("IO Error: ", .storage),
            ("Permission Error: ", .accessDenied), ("Not implemented Error: ", .notSupported),
        ]
        for (prefix, code) in kinds where message.hasPrefix(prefix) {
            let text = readable(String(message.dropFirst(prefix.count)))
            if let better = refined(text, message) { return better }
            switch code {
            case .unknownColumn where !text.contains("not found") && !text.contains("does not have a column"):
                return QueryError(.engine, text, detail: message)
            case .unknownTable where !text.hasPrefix("Table"): return QueryError(.engine, text, detail: message)
            case .storage, .accessDenied:
                return QueryError(code, "A file of the query's tables cannot be read", detail: message)
            default: return QueryError(code, text, detail: message)
            }
        }
        let text = readable(message)
        if message.hasPrefix("Invalid Error: "), text.contains("encoding") {
            return QueryError(
                .notSupported,
                "A Parquet file has an encoding that the embedded engine does not read; write the column anew, with a "
                    + "dictionary or PLAIN: \(text.dropFirst("Invalid Error: ".count))", detail: message)
        }
        return QueryError(.engine, text, detail: message)
    }

    /// Whether an assertion of the engine's has failed, which may have broken the instance
    /// (https://github.com/duckdb/duckdb/blob/v1.5.5/src/main/valid_checker.cpp): by the engine's own word, at the
    /// beginning of its message, as what follows may be a user's text.
    static func isFailureOfItsOwn(_ error: QueryError) -> Bool {
        guard let detail = error.detail else { return false }
        return detail.hasPrefix("FATAL Error") || detail.hasPrefix("INTERNAL Error")
    }

    /// Objects by their places in the store.
    static func withoutPaths(_ text: String, root: String) -> String { text.replacing(root + "/", with: "oss://") }

    /// Messages that MySQL has numbers for of their own.
    private static func refined(_ text: String, _ message: String) -> QueryError? {
        if let match = text.firstMatch(of: /Function with name "?([^" ]+)"? does not exist/) {
            return QueryError(.unknownFunction, "FUNCTION \(match.1) does not exist", detail: message)
        }
        if let match = text.firstMatch(
            of: /Referenced column "([^"]+)" (?:was )?not found|does not have a column named "([^"]+)"/)
        {
            // The engine names columns of the query's own tables.
            let name = String(match.1 ?? match.2 ?? "")
            let candidates =
                text.firstMatch(of: /Candidate bindings: :? ?(.*)/).map {
                    $0.1.matches(of: /"([^"]+)"/).map { String($0.1) }
                } ?? []
            let suggestion = NameSuggestion.text(name, among: candidates)
            return QueryError(.unknownColumn, "Unknown column '\(name)' in 'field list'\(suggestion)", detail: message)
        }
        if let match = text.firstMatch(of: /Ambiguous reference to column name "([^"]+)"/) {
            return QueryError(.ambiguousColumn, "Column '\(match.1)' in field list is ambiguous", detail: message)
        }
        if text.hasPrefix("The limit of a function") { return QueryError(.limitExceeded, text, detail: message) }
        if text.contains("must appear in the GROUP BY clause") { return QueryError(.notGrouped, text, detail: message) }
        return nil
    }

    /// Leaves out what only a user of DuckDB could use: advice on its functions, other tables' names, the place in
    /// rewritten text. A value may be any size, and is told by its beginning.
    private static func readable(_ message: String) -> String {
        var lines: [Substring] = []
        let beginning = String(decoding: message.utf8.prefix(2 * Limits.errorMessageBytesMax), as: UTF8.self)
        for line in beginning.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("LINE ") || line.hasPrefix("  file = ") || line.hasPrefix("Did you mean")
                || line.hasPrefix("Possible fixes:")
                || line.hasPrefix("Possible solutions:") || line.hasPrefix("This limit was set by")
                || line.hasPrefix("Stack Trace:")
                || line.hasPrefix("This error signals an assertion failure")
            {
                break
            }
            lines.append(line)
        }
        let text = lines.joined(separator: " ").replacing(/"loon_\d+"\.|loon_\d+\./, with: "")
            .replacing(/loon_(?:mysql|presto|all)_+(?:own_)?(\w+?)(?:_direct)?\b/) { String($0.1) }
        return text.replacing(/\s+/, with: " ").replacing(/\S{256,}/) { $0.0.prefix(128) + "…" }
            .trimmingPrefix(" ").description
    }
}
