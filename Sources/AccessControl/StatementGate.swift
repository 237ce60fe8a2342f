import Foundation
package import LoonCore

/// The first wall (design: invariant 7): what a query names is read off the tree that the engine's own parser made of the very text that will
/// run, and what the gate does not know it refuses.
package struct StatementGate: Sendable {
    /// A table that a query names.
    package struct TableReference: Sendable, Hashable {
        /// Lower case; `nil` where the session's schema is meant.
        package let schema: String?
        package let table: String
    }

    /// How a query uses a table.
    package struct TableUse: Sendable {
        /// Where the statement first names it, in bytes.
        package var place: Int
        /// The times that it is scanned.
        package var scans: Int
    }

    /// What a query may reach for.
    package struct Findings: Sendable {
        /// Each table with how it is used.
        package var tables: [TableReference: TableUse] = [:]
        /// Names that stand for a query's own parts.
        package var commonTables: Set<String> = []
    }

    /// Functions in FROM that make rows of their arguments alone.
    private static let tableFunctions: Set<String> = ["unnest", "range", "generate_series"]
    /// Scalar functions that reach past the query: files, settings, other statements, time.
    private static let refusedFunctions: Set<String> = [
        "getenv", "getvariable", "current_setting", "set_config", "pg_sleep", "sleep_ms", "query", "query_table", "read_text", "read_blob", "glob",
        "write_log", "nextval", "currval", "txid_current", "in_search_path", "current_query", "current_schemas",
    ]
    private static let refusedReferences: Set<String> = ["SHOW_REF", "COLUMN_DATA", "DELIM_GET", "BOUND_TABLE_REF"]

    package init() {}

    /// Reads the JSON that `json_serialize_sql` made of a statement. Throws a syntax error where the engine found one, and a refusal where the
    /// query reaches for what it may not.
    package func examine(serialized: [UInt8]) throws(QueryError) -> Findings {
        guard let tree = (try? JSONSerialization.jsonObject(with: Data(serialized))) as? [String: Any] else {
            throw QueryError(.engine, "The statement is too deep to be checked")
        }
        if tree["error"] as? Bool == true {
            let text = tree["error_message"] as? String ?? "the statement cannot be read"
            if tree["error_type"] as? String == "not implemented" {
                throw QueryError(.notSupported, "Only SELECT, WITH and VALUES can be run")
            }
            throw QueryError(.syntax, "You have an error in your SQL syntax: \(text)")
        }
        guard let statements = tree["statements"] as? [Any], statements.count == 1 else {
            throw QueryError(.syntax, "You have an error in your SQL syntax: one statement at a time")
        }
        var findings = Findings()
        try walk(statements, &findings)
        return findings
    }

    private func walk(_ root: Any, _ findings: inout Findings) throws(QueryError) {
        // A list instead of recursion: a tree's depth is the sender's choice.
        var pending: [Any] = [root]
        while let value = pending.popLast() {
            if let list = value as? [Any] {
                pending += list
            } else if let node = value as? [String: Any] {
                try examine(node, &findings)
                pending += node.values
            }
        }
    }

    private func examine(_ node: [String: Any], _ findings: inout Findings) throws(QueryError) {
        if let map = node["cte_map"] as? [String: Any], let entries = map["map"] as? [[String: Any]] {
            for entry in entries { if let name = entry["key"] as? String { findings.commonTables.insert(name.lowercased()) } }
        }
        if let name = node["cte_name"] as? String { findings.commonTables.insert(name.lowercased()) }
        guard let type = node["type"] as? String else { return }
        if type == "BASE_TABLE", let table = node["table_name"] as? String {
            if let catalog = node["catalog_name"] as? String, !catalog.isEmpty {
                throw QueryError(
                    .unknownDatabase, "Unknown database '\(catalog).\(node["schema_name"] as? String ?? "")'; a table is named schema.table")
            }
            let schema = (node["schema_name"] as? String).flatMap { $0.isEmpty ? nil : $0.lowercased() }
            let place = node["query_location"] as? Int ?? .max
            var use = findings.tables[TableReference(schema: schema, table: table.lowercased())] ?? TableUse(place: place, scans: 0)
            use.place = min(use.place, place)
            use.scans += 1
            findings.tables[TableReference(schema: schema, table: table.lowercased())] = use
        } else if type == "TABLE_FUNCTION" {
            let function = ((node["function"] as? [String: Any])?["function_name"] as? String ?? "").lowercased()
            guard Self.tableFunctions.contains(function) else {
                throw QueryError(.accessDenied, "Access denied: the table function '\(function)' cannot be used; create a table and select from it")
            }
        } else if Self.refusedReferences.contains(type) {
            throw QueryError(.notSupported, "\(type) cannot stand in FROM")
        } else if let function = (node["function_name"] as? String)?.lowercased(), Self.refusedFunctions.contains(function) {
            throw QueryError(.accessDenied, "Access denied: the function '\(function)' cannot be used")
        }
    }
}
