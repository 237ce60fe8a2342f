import Foundation
import LoonCore

/// Tries conditions of a WHERE on rows of values. The engine's tree of a condition is written as text, and that text
/// must be read as the same tree again: printing is not the parser's inverse for everything.
struct RowConditions {
    let connection: DuckDBConnection
    private static let template = "SELECT n FROM loon_rows WHERE true"
    private static let head = "SELECT n FROM loon_rows WHERE "

    /// A column's name that no column of a table has.
    private static func own(_ name: String) -> String { EngineText.name("\u{1}" + name) }

    /// The numbers of the rows, ascending, for which all conditions are true; `nil` where the engine reads what it
    /// prints otherwise. Throws where a value is none that a condition takes.
    func select(_ conditions: [ScanCondition], columns: [TableColumn], rows: [[String?]]) throws -> [Int]? {
        var texts: [String] = []
        for condition in conditions {
            guard let text = try text(of: condition) else { return nil }
            texts.append(text)
        }
        let casts = columns.enumerated().map {
            "CAST(\(Self.own("v\($0)")) AS \(EngineText.type($1.type))) AS \(EngineText.name($1.name))"
        }
        let values = rows.enumerated().map { number, row in
            "(" + (["\(number)"] + row.map { $0.map(EngineText.literal) ?? "NULL" }).joined(separator: ", ") + ")"
        }
        let number = Self.own("n")
        let names = [number] + columns.indices.map { Self.own("v\($0)") }
        let found = try connection.text(
            of: """
                WITH loon_rows AS (SELECT \(([number] + casts).joined(separator: ", ")) FROM (VALUES \
                \(values.joined(separator: ", "))) AS v(\(names.joined(separator: ", ")))) \
                SELECT coalesce(string_agg(\(number), ',' ORDER BY \(number)), '') FROM loon_rows WHERE \
                \(texts.joined(separator: " AND "))
                """)
        return found.split(separator: ",").compactMap { Int($0) }
    }

    private func text(of condition: ScanCondition) throws -> String? {
        let filter = try JSONSerialization.jsonObject(with: Data(condition.tree))
        guard var root = try tree(Self.template), var statements = root["statements"] as? [[String: Any]],
            var node = statements.first?["node"] as? [String: Any]
        else { return nil }
        node["where_clause"] = filter
        statements[0]["node"] = node
        root["statements"] = statements
        let json = String(decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
        let text = try connection.text(of: "SELECT json_deserialize_sql(\(EngineText.literal(json))::JSON)")
        guard text.hasPrefix(Self.head), let again = try tree(text), Self.areEqual(root, again) else { return nil }
        return "(" + text.dropFirst(Self.head.count) + ")"
    }

    private func tree(_ sql: String) throws -> [String: Any]? {
        try JSONSerialization.jsonObject(with: Data(try connection.serialize(sql))) as? [String: Any]
    }

    /// Without the places of the nodes in their texts.
    private static func areEqual(_ one: Any, _ other: Any) -> Bool {
        var pending: [(Any, Any)] = [(one, other)]
        while let (one, other) = pending.popLast() {
            if let one = one as? [String: Any] {
                guard let other = other as? [String: Any], one.count == other.count else { return false }
                for (key, value) in one where key != "query_location" {
                    guard let twin = other[key] else { return false }
                    pending.append((value, twin))
                }
            } else if let one = one as? [Any] {
                guard let other = other as? [Any], one.count == other.count else { return false }
                pending += zip(one, other).map { ($0, $1) }
            } else if let one = one as? String {
                guard let other = other as? String, one.utf8.elementsEqual(other.utf8) else { return false }
            } else {
                guard let one = one as? NSObject, let other = other as? NSObject, one == other else { return false }
            }
        }
        return true
    }
}
