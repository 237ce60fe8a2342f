package import LoonCore

/// The hints of a statement as they are written: keys in one spelling (lower case, `_` for `-`), values as texts.
/// `StatementHints` says what they mean.
///
/// Syntax: `/*+ key=value, key2=value2 */` before the statement, in one comment or several; values may hold `:` and
/// `/`, and may be quoted.
package struct Hints: Sendable, Equatable {
    package private(set) var values: [String: String] = [:]

    /// Every key that means something here, in the spelling of `values`.
    package static let known: Set<String> = [
        "run_async", "mq_notify_by", "mq_topic", "mq_queue", "mq_producer_id", "mq_endpoint", "mq_model",
        "mq_delayed_by",
        "mq_instance_id", "mq_routing_key", "mq_mode", "notify_on", "insert_overwrite_ignore_conflict",
        "max_running_time_sec", "cluster", "engine",
        "priority", "client_token",
        "result_format",
        "result_reuse_max_age_sec", "max_scan_bytes", "label",
    ]

    /// Hints of the original service that change nothing here: taken without a warning.
    private static let passedOver: Set<String> = [
        "join_distribution_type", "jdbc_scan_splits", "jdbc_split_column", "orc_bloomfilters_enabled",
    ]

    package init() {}

    package var isEmpty: Bool { values.isEmpty }

    package init(values: [String: String]) { self.values = values }

    package subscript(key: String) -> String? { values[key] }

    /// The spelling that keys are compared in.
    package static func normalized(_ key: String) -> String {
        String(key.lowercased().map { $0 == "-" ? "_" : $0 })
    }

    /// Puts these hints over the session's: the statement's win.
    package func over(session: [String: String]) -> Hints {
        Hints(values: session.merging(values) { _, own in own })
    }

    /// Reads what stands between `/*+` and `*/`. What is not `key=value` belongs to someone else's hints and is passed
    /// over, unless it is the name of a hint of ours.
    package mutating func add(comment: String) throws(QueryError) {
        for piece in try Self.split(comment) {
            let (key, value) = Self.keyAndValue(piece)
            let name = Self.normalized(key)
            guard let value else {
                // `notify-on=start,finish`, of which the second word looks like a hint of its own.
                if name == "finish", values["notify_on"]?.lowercased() == "start" {
                    values["notify_on"] = "start,finish"
                    continue
                }
                if Self.known.contains(name) {
                    throw QueryError(.hintValue, "The hint '\(key)' has no value; write \(key)=…")
                }
                continue
            }
            // MySQL's own: SET_VAR(sort_buffer_size = 16M).
            guard !key.contains("(") else { continue }
            values[name] = value
            if values.count > Limits.hintsMax {
                throw QueryError(.hintValue, "A statement takes at most \(Limits.hintsMax) hints")
            }
        }
    }

    /// Splits at the commas that stand outside of quotes.
    private static func split(_ comment: String) throws(QueryError) -> [Substring] {
        var pieces: [Substring] = []
        var start = comment.startIndex
        var quote: Character?
        for index in comment.indices {
            let character = comment[index]
            if let open = quote {
                if character == open { quote = nil }
            } else if (character == "'" || character == "\""), opensValue(comment[start..<index]) {
                quote = character
            } else if character == "," {
                pieces.append(comment[start..<index])
                start = comment.index(after: index)
            }
        }
        guard quote == nil else {
            throw QueryError(.hintValue, "A hint has a quote that is not closed: \(comment[start...].prefix(80))")
        }
        pieces.append(comment[start...])
        return pieces
    }

    /// A quote opens only where a value begins: `it's` is not one.
    private static func opensValue(_ piece: Substring) -> Bool {
        guard let equals = piece.firstIndex(of: "=") else { return false }
        return piece[piece.index(after: equals)...].allSatisfy(\.isWhitespace)
    }

    private static func keyAndValue(_ piece: Substring) -> (key: String, value: String?) {
        guard let equals = piece.firstIndex(of: "=") else { return otherForm(piece) ?? (trimmed(piece), nil) }
        var value = trimmed(piece[piece.index(after: equals)...])
        if let first = value.first, first == "'" || first == "\"", value.count >= 2, value.last == first {
            value = String(value.dropFirst().dropLast())
        }
        return (trimmed(piece[..<equals]), value)
    }

    /// `run_async:true` and `run_async(true)`, of a hint of ours.
    private static func otherForm(_ piece: Substring) -> (key: String, value: String?)? {
        let text = trimmed(piece)
        guard let mark = text.firstIndex(where: { $0 == ":" || $0 == "(" }) else { return nil }
        let key = trimmed(text[..<mark])
        var value = trimmed(text[text.index(after: mark)...])
        guard known.contains(normalized(key)) else { return nil }
        if text[mark] == "(" {
            guard value.last == ")" else { return nil }
            value = trimmed(value.dropLast())
        }
        return (key, value)
    }

    private static func trimmed(_ text: Substring) -> String {
        let head = text.drop(while: \.isWhitespace)
        guard let last = head.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(head[...last])
    }

    /// Keys that mean nothing here, in their order.
    package var unknownKeys: [String] {
        values.keys.filter { !Self.known.contains($0) && !Self.passedOver.contains($0) }.sorted()
    }
}
