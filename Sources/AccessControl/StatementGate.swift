import Foundation
package import LoonCore

/// The first wall (design: invariant 7): what a query names is read off the tree that the engine's own parser made of the very text that will
/// run, and what the gate does not know it refuses.
package struct StatementGate: Sendable {
    /// A table that a query names, and that is none of its own WITH.
    package struct TableReference: Sendable {
        /// `nil` where the session's schema is meant.
        package let schema: String?
        package let table: String
        /// Where the statement names it, in bytes: once for each scan.
        package var places: [Int]
        /// What the statement says about its rows: one predicate for each scan.
        package var predicates: [ScanPredicate]
        /// The same, with what is said of columns that are joined with its own: true where those have one type.
        package var joined: [ScanPredicate]
    }

    /// What a statement names.
    package struct Examination: Sendable {
        /// In the order of their places.
        package let tables: [TableReference]
        /// Every text in the statement in lower case, and so every column that it can mean; `nil` where it means columns without naming them (`*`).
        package let words: Set<String>?
        /// The functions that it calls, in lower case.
        package let functions: Set<String>
        /// Whether it takes some of the rows by chance.
        package let isSampled: Bool
        /// Where it calls a function that is to be called by another name, which keeps a bound: in bytes, with the names.
        package let bounded: [(place: Int, name: String, instead: String)]
    }

    /// Names that mean a function where no column has them.
    private static let columnFunctions: Set<String> = [
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "session_user", "user", "current_role",
        "current_catalog", "current_schema", "current_database",
    ]

    /// Functions that exist and reach past the query: files, settings, other statements, time, the engine's own catalog. Refused by name; what is on no list
    /// is said not to exist.
    private static let refusedFunctions: Set<String> = [
        "getenv", "getvariable", "current_setting", "set_config", "pg_sleep", "sleep_ms", "query", "query_table", "read_text", "read_blob", "glob",
        "pg_get_viewdef", "pg_get_constraintdef", "format_type", "get_block_size", "write_log", "nextval", "currval", "txid_current",
        "in_search_path", "current_query", "current_schemas", "json_serialize_plan", "json_serialize_sql", "json_deserialize_sql",
        "json_execute_serialized_sql", "current_connection_id", "current_query_id", "current_transaction_id", "setseed", "stats",
    ]

    package init() {}

    /// Reads the JSON that `json_serialize_sql` made of a statement, and returns the tables in the order of their places. Throws a syntax
    /// error where the engine found one, and a refusal where the query reaches for what it may not.
    package func examine(serialized: [UInt8]) throws(QueryError) -> Examination {
        guard let tree = (try? JSONSerialization.jsonObject(with: Data(serialized))) as? [String: Any] else {
            throw QueryError(.syntax, "The statement nests too deep to be checked; break long chains of operators up")
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
        var walk = Walk()
        try walk.run(statements)
        return Examination(
            tables: walk.tables, words: walk.words, functions: walk.functions.union(walk.columns.intersection(Self.columnFunctions)),
            isSampled: walk.isSampled, bounded: walk.bounded)
    }

    private struct Walk {
        private struct Key: Hashable {
            let schema: CatalogName?
            let table: CatalogName
        }

        private var found: [Key: TableReference] = [:]
        private var filters = ScanFilters()
        /// `nil` where all columns are meant.
        private(set) var words: Set<String>? = []
        private var names: Set<String> = []
        private(set) var columns: Set<String> = []
        private(set) var functions: Set<String> = []
        private(set) var isSampled = false
        private(set) var bounded: [(place: Int, name: String, instead: String)] = []
        /// What is still to be looked at, each with the names of WITH that are in scope there. A list instead of recursion: a tree's depth is the
        /// sender's choice.
        private var pending: [(value: Any, scope: Set<CatalogName>)] = []

        /// In the order of their places.
        var tables: [TableReference] { found.values.sorted { ($0.places.min() ?? 0) < ($1.places.min() ?? 0) } }

        mutating func run(_ root: Any) throws(QueryError) {
            pending = [(root, [])]
            while let (value, scope) = pending.popLast() {
                if let list = value as? [Any] {
                    pending += list.map { ($0, scope) }
                } else if let text = value as? String {
                    words?.insert(text.lowercased())
                } else if let node = value as? [String: Any] {
                    try examine(node, scope)
                    descend(into: node, scope)
                }
            }
            if !names.isDisjoint(with: columns) { words = nil }
        }

        /// A name of WITH is in scope in what follows it and in the body; in its own definition only on the recursive side.
        private mutating func descend(into node: [String: Any], _ scope: Set<CatalogName>) {
            var inner = scope
            if let map = node["cte_map"] as? [String: Any] {
                for entry in map["map"] as? [[String: Any]] ?? [] {
                    pending.append((entry["value"] as Any, inner))
                    if let name = entry["key"] as? String { inner.insert(CatalogName(name)) }
                }
            }
            for (key, value) in node where key != "cte_map" {
                // The function in FROM itself is none of the expressions; it makes its rows one after the other.
                if node["type"] as? String == "TABLE_FUNCTION", key == "function", let function = value as? [String: Any] {
                    pending.append((function["children"] as Any, inner))
                    continue
                }

                var scope = inner
                if let name = node["cte_name"] as? String, key == "right" || key == "child" { scope.insert(CatalogName(name)) }
                pending.append((value, scope))
            }
        }

        private mutating func examine(_ node: [String: Any], _ scope: Set<CatalogName>) throws(QueryError) {
            if node["sample"] is [String: Any] { isSampled = true }
            if let function = (node["function_name"] as? String)?.lowercased() { functions.insert(function) }
            if let id = node["id"] as? String, node.keys.contains("type_info") { try checkType(id, node["type_info"]) }
            guard let type = node["type"] as? String else { return }
            try checkKind(node, type)
            if Self.meansAllColumns(type, node) { words = nil }
            if type == "COLUMN_REF", let name = (node["column_names"] as? [String])?.last { columns.insert(name.lowercased()) }
            if type == "SELECT_NODE" {
                filters.add(select: node)
            } else if type == "BASE_TABLE" {
                try examineTable(node, scope)
            } else if type == "TABLE_FUNCTION" {
                let function = ((node["function"] as? [String: Any])?["function_name"] as? String ?? "").lowercased()
                guard AllowedSyntax.tableFunctions.contains(function) else {
                    throw QueryError(
                        .accessDenied, "Access denied: the table function '\(function)' cannot be used; create a table and select from it")
                }
            } else if let function = (node["function_name"] as? String)?.lowercased() {
                try examine(function: function, node)
            }
        }

        /// What is not known is refused: a later engine may have more.
        private func checkKind(_ node: [String: Any], _ type: String) throws(QueryError) {
            guard let kind = node["class"] as? String else {
                guard AllowedSyntax.nodes.contains(type) else { throw QueryError(.notSupported, "\(type) is not supported in a query") }
                return
            }
            guard AllowedSyntax.expressions.contains(kind) else { throw QueryError(.notSupported, "\(kind) is not supported in a query") }
        }

        private func checkType(_ id: String, _ details: Any?) throws(QueryError) {
            let details = details as? [String: Any]
            let name = (details?["name"] as? String ?? details?["alias"] as? String ?? "").lowercased()
            guard AllowedSyntax.types.contains(id), AllowedSyntax.namedTypes.contains(name) else {
                throw QueryError(.notSupported, "The type \((name.isEmpty ? id : name).uppercased()) is not supported")
            }
        }

        private mutating func examine(function: String, _ node: [String: Any]) throws(QueryError) {
            guard !refusedFunctions.contains(function) else {
                throw QueryError(.accessDenied, "Access denied: the function '\(function)' cannot be used")
            }
            if let instead = AllowedSyntax.bounded[function] {
                guard let place = node["query_location"] as? Int, (node["schema"] as? String ?? "").isEmpty else {
                    throw QueryError(.notSupported, "The function '\(function)' is called by its name alone, without a schema")
                }
                return bounded.append((place, function, instead))
            }
            if AllowedSyntax.aggregatesByName.contains(function), let second = (node["children"] as? [[String: Any]])?.dropFirst().first {
                let name = (second["value"] as? [String: Any])?["value"] as? String
                guard let name, AllowedSyntax.allows(function: name.lowercased()) else {
                    throw QueryError(.unknownFunction, "FUNCTION \(name ?? "") does not exist; \(function) takes the name of an aggregate, in quotes")
                }
            }
            if AllowedSyntax.formats.contains(function) { return try checkFormat(node, function) }
            guard AllowedSyntax.allows(function: function) else { throw QueryError(.unknownFunction, "FUNCTION \(function) does not exist") }
        }

        /// A format is a constant with widths of at most 4 digits.
        private func checkFormat(_ node: [String: Any], _ function: String) throws(QueryError) {
            let first = (node["children"] as? [[String: Any]])?.first
            var digits = 0
            var isWide = false
            let text = (first?["value"] as? [String: Any])?["value"] as? String
            for byte in (text ?? "").utf8 {
                digits = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? digits + 1 : 0
                // A width that an argument gives: %*d, {:{}}.
                if digits > 4 || byte == UInt8(ascii: "*") { isWide = true }
            }
            guard let text, !isWide, text.wholeMatch(of: /(?s).*\{[^}]*\{.*/) == nil || text.contains("{{") else {
                throw QueryError(.notSupported, "The function '\(function)' takes a constant format, with widths of at most 4 digits that stand in it")
            }
        }

        /// `*`, COLUMNS(…), a join over whatever names are common, and columns by their order.
        private static func meansAllColumns(_ type: String, _ node: [String: Any]) -> Bool {
            switch type {
            case "STAR": true
            case "JOIN": node["ref_type"] as? String != "REGULAR" && node["ref_type"] as? String != "CROSS"
            default: !(node["column_name_alias"] as? [Any] ?? []).isEmpty
            }
        }

        private mutating func examineTable(_ node: [String: Any], _ scope: Set<CatalogName>) throws(QueryError) {
            // A table's name in the place of a column means the whole row.
            names.insert(((node["alias"] as? String).flatMap { $0.isEmpty ? nil : $0 } ?? node["table_name"] as? String ?? "").lowercased())
            guard let table = node["table_name"] as? String else { throw QueryError(.engine, "A table of the statement has no name") }
            let schema = (node["schema_name"] as? String).flatMap { $0.isEmpty ? nil : $0 }
            if let catalog = node["catalog_name"] as? String, !catalog.isEmpty {
                throw QueryError(.unknownDatabase, "Unknown database '\(catalog).\(schema ?? "")'; a table is named schema.table")
            }
            if schema == nil, scope.contains(CatalogName(table)) { return }
            let place = node["query_location"] as? Int ?? .max
            let key = Key(schema: schema.map(CatalogName.init), table: CatalogName(table))
            var reference = found[key] ?? TableReference(schema: schema, table: table, places: [], predicates: [], joined: [])
            reference.places.append(place)
            reference.predicates.append(filters.predicates[place] ?? .unknown)
            reference.joined.append(filters.joined[place] ?? .unknown)
            found[key] = reference
        }
    }
}
