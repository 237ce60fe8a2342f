package import LoonCore

/// The first wall (docs/invariants.md, 7): what a query names is read off the tree that the engine's own parser made of
/// the very text that will run, and what the gate does not know it refuses.
package struct StatementGate: Sendable {
    /// Names that mean a function where no column has them.
    private static let columnFunctions: Set<String> = [
        "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user",
        "session_user", "user", "current_role",
        "current_catalog", "current_schema", "current_database",
    ]

    /// Functions that exist and reach past the query: files, settings, other statements, time, the engine's own
    /// catalog. Refused by name; what is on no list is said not to exist.
    private static let refusedFunctions: Set<String> = [
        "getenv", "getvariable", "current_setting", "set_config", "pg_sleep", "sleep_ms", "query", "query_table",
        "read_text", "read_blob", "glob",
        "pg_get_viewdef", "pg_get_constraintdef", "format_type", "get_block_size", "write_log", "nextval", "currval",
        "txid_current",
        "in_search_path", "current_query", "current_schemas", "json_serialize_plan", "json_serialize_sql",
        "json_deserialize_sql",
        "json_execute_serialized_sql", "current_connection_id", "current_query_id", "current_transaction_id", "setseed",
        "stats",
    ]

    /// Macros that the engine has been given, in lower case.
    private let macros: Set<String>

    package init(macros: Set<String>) { self.macros = macros }

    /// The engine's parser replaces some spaces beyond ASCII before it reads a text, and its places then count bytes of
    /// a shorter one. It looks for them outside of quotes, and for quotes by rules of its own, to which `a$b$` opens
    /// one. So the text that it gets has nothing but ASCII outside of quotes, and no dollar and no comment.
    package static func requirePlain(_ sql: String) throws(QueryError) {
        var quote: UInt8?
        var last: UInt8 = 0
        for byte in sql.utf8 {
            defer { last = byte }
            if let open = quote {
                if byte == open { quote = nil }
                continue
            }
            let isComment =
                byte == UInt8(ascii: "-") && last == byte || byte == UInt8(ascii: "*") && last == UInt8(ascii: "/")
            guard byte < 0x80, byte != UInt8(ascii: "$"), !isComment else {
                throw QueryError(
                    .notSupported,
                    "The statement has a character outside of quotes that cannot be checked; write names in backticks")
            }
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") { quote = byte }
        }
        guard quote == nil else {
            throw QueryError(.syntax, "You have an error in your SQL syntax: a quote is not closed")
        }
    }

    /// Reads the tree that the engine's parser made of a statement, and returns the tables in the order of their
    /// places. Refuses where the query reaches for what it may not. `outside`: what is said of the query's rows by
    /// whoever reads it as a view, by its columns' names.
    package func examine(_ tree: StatementTree, outside: ScanPredicate = .unknown) throws(QueryError) -> Examination {
        var walk = Walk(macros: macros)
        try walk.run(tree.statements, outside)
        return Examination(
            tables: walk.tables, words: walk.words,
            functions: walk.functions.union(walk.columns.intersection(Self.columnFunctions)),
            isSampled: walk.isSampled, bounded: walk.bounded, qualifiers: walk.qualifiers, isCollated: walk.isCollated)
    }

    private struct Walk {
        private struct Key: Hashable {
            let schema: CatalogName?
            let table: CatalogName
        }

        private let macros: Set<String>
        private var found: [Key: Examination.TableReference] = [:]
        private var filters = ScanFilters()
        /// `nil` where all columns are meant.
        private(set) var words: Set<String>? = []
        private var names: Set<String> = []
        private(set) var columns: Set<String> = []
        private(set) var functions: Set<String> = []
        private(set) var isSampled = false
        private(set) var isCollated = false
        private(set) var bounded: [Examination.BoundedCall] = []
        private(set) var qualifiers: Set<String> = []

        /// Predicates on a node by the nodes around it.
        private enum Surroundings {
            case nothing
            /// A query, or what holds one.
            case query(ScanFilters.Outside)
            /// An item of FROM, with the predicates on the sub-queries there.
            case from([CatalogName: ScanPredicate])
            /// The definition of a name of WITH, by its number.
            case common(Int)
        }
        private struct Pending {
            let value: Any
            /// The names of WITH that are in scope, each with its number.
            let scope: [CatalogName: Int]
            var surroundings = Surroundings.nothing
        }
        /// A list instead of recursion: a tree's depth is the sender's choice. What is pending last is looked at first,
        /// and so a definition of WITH after all that can name it.
        private var pending: [Pending] = []
        /// For each name of WITH the predicates of the places that name it.
        private var said: [[ScanPredicate]] = []

        init(macros: Set<String>) { self.macros = macros }

        /// In the order of their places.
        var tables: [Examination.TableReference] {
            let ordered = found.values.map {
                Examination.TableReference(
                    schema: $0.schema, table: $0.table, scans: $0.scans.sorted { $0.place < $1.place })
            }
            return ordered.sorted { ($0.scans.first?.place ?? 0) < ($1.scans.first?.place ?? 0) }
        }

        mutating func run(_ statements: [Any], _ outside: ScanPredicate) throws(QueryError) {
            pending = statements.map { Pending(value: $0, scope: [:], surroundings: .query(.init(predicate: outside))) }
            while let next = pending.popLast() {
                if let list = next.value as? [Any] {
                    pending += list.map { Pending(value: $0, scope: next.scope) }
                } else if let text = next.value as? String {
                    words?.insert(text.lowercased())
                } else if let node = next.value as? [String: Any] {
                    try examine(node, next.scope)
                    descend(into: node, next.scope, next.surroundings)
                }
            }
            if !names.isDisjoint(with: columns) { words = nil }
        }

        /// A name of WITH is in scope in what follows it and in the body; in its own definition only on the recursive
        /// side.
        private mutating func descend(
            into node: [String: Any], _ scope: [CatalogName: Int], _ surroundings: Surroundings
        ) {
            var inner = scope
            if let map = node["cte_map"] as? [String: Any] {
                for entry in map["map"] as? [[String: Any]] ?? [] {
                    pending.append(
                        Pending(value: entry["value"] as Any, scope: inner, surroundings: .common(said.count)))
                    if let name = entry["key"] as? String { inner[CatalogName(name)] = said.count }
                    said.append([])
                }
            }
            let handedOn = handedOn(by: node, inner, surroundings)
            for (key, value) in node where key != "cte_map" {
                // The function in FROM itself is none of the expressions; it makes its rows one after the other.
                if node["type"] as? String == "TABLE_FUNCTION", key == "function",
                    let function = value as? [String: Any]
                {
                    pending.append(Pending(value: function["children"] as Any, scope: inner))
                    continue
                }
                var scope = inner
                if let name = node["cte_name"] as? String, key == "right" || key == "child" {
                    scope[CatalogName(name)] = said.count
                    said.append([])
                }
                pending.append(Pending(value: value, scope: scope, surroundings: handedOn[key] ?? .nothing))
            }
        }

        /// Predicates on the node's own parts, by their keys.
        private mutating func handedOn(
            by node: [String: Any], _ scope: [CatalogName: Int], _ surroundings: Surroundings
        ) -> [String: Surroundings] {
            switch (node["type"] as? String, surroundings) {
            case ("SELECT_NODE", .query(let outside)):
                return ["from_table": .from(filters.add(select: node, outside, commonNames: Set(scope.keys)))]
            case ("SELECT_NODE", _):
                return ["from_table": .from(filters.add(select: node, .init(), commonNames: Set(scope.keys)))]
            case ("SET_OPERATION_NODE", .query(let outside)): return Self.handedOn(bySetOperation: node, outside)
            case ("JOIN", .from) where ScanFilters.hasAllRows(join: node):
                return ["left": surroundings, "right": surroundings]
            case ("SUBQUERY", .from(let said)) where !(node["sample"] is [String: Any]):
                let predicate = said[CatalogName(node["alias"] as? String ?? "")] ?? .unknown
                return [
                    "subquery": .query(.init(predicate: predicate, names: node["column_name_alias"] as? [String] ?? []))
                ]
            case (nil, .query): return ["node": surroundings]
            case (nil, .common(let number)):
                return [
                    "query": .query(
                        .init(predicate: .said(by: said[number]), names: node["aliases"] as? [String] ?? []))
                ]
            default: return [:]
            }
        }

        /// A UNION's columns have the names of its first SELECT, and types that suit all of its SELECTs.
        private static func handedOn(bySetOperation node: [String: Any], _ outside: ScanFilters.Outside) -> [String:
            Surroundings]
        {
            let modifiers = node["modifiers"] as? [[String: Any]] ?? []
            guard outside.predicate != .unknown,
                modifiers.allSatisfy({ ["ORDER_MODIFIER", "DISTINCT_MODIFIER"].contains($0["type"] as? String) })
            else {
                return [:]
            }
            var inner = outside
            if case .ofTexts = outside.predicate {} else { inner.predicate = .ofTexts(outside.predicate).handedOn }
            switch node["setop_type"] as? String {
            case "UNION_BY_NAME" where outside.names.isEmpty: return ["left": .query(inner), "right": .query(inner)]
            case "UNION":
                guard !outside.hasAllNames else { return ["left": .query(inner), "right": .query(inner)] }
                var first = node["left"] as? [String: Any] ?? [:]
                while let left = first["left"] as? [String: Any] { first = left }
                // Behind `*` it is not known here which columns the second SELECT's are.
                guard let names = OutputColumns.names(of: first) else {
                    let isFirst = (node["left"] as? [String: Any])?["type"] as? String == "SELECT_NODE"
                    return isFirst && outside.names.isEmpty ? ["left": .query(inner)] : [:]
                }
                inner.names = outside.names + names.dropFirst(outside.names.count)
                inner.hasAllNames = true
                return ["left": .query(inner), "right": .query(inner)]
            default: return [:]
            }
        }

        private mutating func examine(_ node: [String: Any], _ scope: [CatalogName: Int]) throws(QueryError) {
            if node["sample"] is [String: Any] { isSampled = true }
            if node["class"] as? String == "COLLATE" { isCollated = true }
            if let function = (node["function_name"] as? String)?.lowercased() { functions.insert(function) }
            if let id = node["id"] as? String, node.keys.contains("type_info") { try checkType(id, node["type_info"]) }
            guard let type = node["type"] as? String else { return }
            try checkKind(node, type)
            if Self.meansAllColumns(type, node) { words = nil }
            if type == "COLUMN_REF", let path = node["column_names"] as? [String], let name = path.last {
                columns.insert(name.lowercased())
                if path.count > 1 { qualifiers.insert(path[0].lowercased()) }
            }
            if type == "BASE_TABLE" {
                try examineTable(node, scope)
            } else if type == "TABLE_FUNCTION" {
                let function = ((node["function"] as? [String: Any])?["function_name"] as? String ?? "").lowercased()
                guard AllowedSyntax.tableFunctions.contains(function) else {
                    throw QueryError(
                        .accessDenied,
                        "Access denied: the table function '\(function)' cannot be used; create a table and "
                            + "select from it"
                    )
                }
            } else if let function = (node["function_name"] as? String)?.lowercased() {
                try examine(function: function, node)
            }
        }

        /// Unknown classes and nodes are refused: a later engine may have more.
        private func checkKind(_ node: [String: Any], _ type: String) throws(QueryError) {
            guard let kind = node["class"] as? String else {
                guard AllowedSyntax.nodes.contains(type) else {
                    throw QueryError(.notSupported, "\(type) is not supported in a query")
                }
                return
            }
            guard AllowedSyntax.expressions.contains(kind) else {
                throw QueryError(.notSupported, "\(kind) is not supported in a query")
            }
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
                    throw QueryError(
                        .notSupported, "The function '\(function)' is called by its name alone, without a schema")
                }
                return bounded.contains { $0.place == place }
                    ? () : bounded.append(.init(place: place, name: function, instead: instead))
            }
            if AllowedSyntax.aggregatesByName.contains(function),
                let second = (node["children"] as? [[String: Any]])?.dropFirst().first
            {
                let name = (second["value"] as? [String: Any])?["value"] as? String
                guard let name, AllowedSyntax.allows(function: name.lowercased()) else {
                    throw QueryError(
                        .unknownFunction,
                        "FUNCTION \(name ?? "") does not exist; \(function) takes the name of an aggregate, in quotes")
                }
            }
            if AllowedSyntax.formats.contains(function) { return try checkFormat(node, function) }
            guard AllowedSyntax.allows(function: function) || macros.contains(function) else {
                throw QueryError(.unknownFunction, "FUNCTION \(function) does not exist")
            }
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
                throw QueryError(
                    .notSupported,
                    "The function '\(function)' takes a constant format, with widths of at most 4 digits that "
                        + "stand in it"
                )
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

        private mutating func examineTable(_ node: [String: Any], _ scope: [CatalogName: Int]) throws(QueryError) {
            // A table's name in the place of a column means the whole row.
            names.insert(
                ((node["alias"] as? String).flatMap { $0.isEmpty ? nil : $0 } ?? node["table_name"] as? String ?? "")
                    .lowercased())
            guard let table = node["table_name"] as? String else {
                throw QueryError(.engine, "A table of the statement has no name")
            }
            let schema = (node["schema_name"] as? String).flatMap { $0.isEmpty ? nil : $0 }
            if let catalog = node["catalog_name"] as? String, !catalog.isEmpty {
                throw QueryError(
                    .unknownDatabase, "Unknown database '\(catalog).\(schema ?? "")'; a table is named schema.table")
            }
            let place = node["query_location"] as? Int
            let predicate = place.flatMap { filters.predicates[$0] } ?? .unknown
            if schema == nil, let number = scope[CatalogName(table)] { return said[number].append(predicate.handedOn) }
            let key = Key(schema: schema.map(CatalogName.init), table: CatalogName(table))
            var reference = found[key] ?? Examination.TableReference(schema: schema, table: table, scans: [])
            // The engine's parser copies what CASE compares and a named window orders by.
            if reference.scans.contains(where: { $0.place == place }) { return }
            reference.scans.append(
                Examination.Scan(
                    place: place ?? .max, hasAlias: !(node["alias"] as? String ?? "").isEmpty, predicate: predicate,
                    joined: place.flatMap { filters.joined[$0] } ?? .unknown,
                    conditions: place.flatMap { filters.conditions[$0] } ?? []))
            found[key] = reference
        }
    }
}
