import Foundation
import LoonCore

/// Reads off the engine's tree what the SELECTs say about the rows of the tables, CTEs and sub-queries in their FROM:
/// by their WHERE, and by what is said outside of the columns that they hand on (`OutputColumns`).
///
/// A table's row that makes such a predicate false is in no row of the result, and leaving it out adds none: also where
/// the table stands on the inner side of an outer join, because none of the predicates is true for the NULLs that take
/// its place. (IS NULL would be, and counts only where the table stands alone.)
struct ScanFilters {
    /// By the place where the table stands in FROM.
    private(set) var predicates: [Int: ScanPredicate] = [:]
    /// With what is said of columns that inner joins hold equal to the table's. True where both are of one type: '05'
    /// is 5 as a number alone.
    private(set) var joined: [Int: ScanPredicate] = [:]
    /// Other parts of the WHERE, of tables whose rows are not made up by an outer join.
    private(set) var conditions: [Int: [ScanCondition]] = [:]

    struct Source {
        /// `nil` for a sub-query.
        let place: Int?
        let names: [[CatalogName]]
    }

    /// Predicates on a query's rows by those who read it.
    struct Outside {
        var predicate = ScanPredicate.unknown
        /// The names that its columns have there, as far as they are said.
        var names: [String] = []
        /// Whether a UNION above has looked for all names.
        var hasAllNames = false
    }

    /// Returns what is said of the sub-queries in FROM, by their names.
    /// `commonNames`: the names of WITH in scope.
    mutating func add(select node: [String: Any], _ outside: Outside, commonNames: Set<CatalogName>) -> [CatalogName:
        ScanPredicate]
    {
        guard let from = node["from_table"] as? [String: Any] else { return [:] }
        let filter = node["where_clause"] as? [String: Any]
        let output = outside.predicate == .unknown ? nil : OutputColumns(of: node, names: outside.names)
        guard filter != nil || output != nil else { return [:] }
        var equalities = JoinEqualities(filter: filter ?? [:])
        let (sources, isAlone) = Self.sources(in: from, &equalities)
        let merging = Self.mergedColumns(in: from)
        let merged = merging.columns
        // An item that is no source (a function, a table under other columns' names) may be the first, and of any type.
        let areFirsts = merging.areFirsts && merging.leaves == sources.count
        let hasTablesAlone =
            merging.leaves == sources.count && sources.allSatisfy { $0.place != nil }
            && !sources.contains { $0.names.contains { $0.last.map(commonNames.contains) ?? false } }
        var found: [CatalogName: ScanPredicate] = [:]
        for (number, source) in sources.enumerated() {
            var parts: [ScanPredicate] = []
            if let filter {
                let reader = Reader(
                    source: source.names, mayBeNull: isAlone, merged: merged, isFirst: number == 0 && areFirsts,
                    hasTablesAlone: hasTablesAlone)
                parts.append(reader.predicate(filter, depth: 0))
            }
            if let output {
                let isFirst = number == 0 && areFirsts
                parts.append(
                    outside.predicate.renamed(mayBeNull: isAlone) { name in
                        output.source(of: name, in: source.names, isAlone: isAlone) {
                            isFirst || !(merged?.contains($0) ?? true)
                        }
                    })
            }
            let predicate = parts.count == 1 ? parts[0] : .all(parts)
            guard let place = source.place else {
                // The engine takes two of one name while no column is qualified by it.
                let name = source.names[0][0]
                found[name] = found[name] == nil ? predicate.handedOn : .unknown
                continue
            }
            predicates[place] = predicate
            if let filter, isAlone || Self.areInner(joinsIn: from), !(parts.first ?? .unknown).isUnderstood {
                conditions[place] = ScanConditions.conditions(in: filter, names: source.names, isAlone: isAlone)
            }
        }
        for source in sources {
            guard let place = source.place else { continue }
            let own = predicates[place] ?? .unknown
            let inherited = equalities.inherited(by: source, from: sources) { predicates[$0] ?? .unknown }
            joined[place] = inherited.isEmpty ? own : .all([own] + inherited)
        }
        return found
    }

    /// Whether rows of either side may be left out of a join that are left out afterwards in any case. Of other joins
    /// it matters which rows meet, or one side is not seen.
    static func hasAllRows(join node: [String: Any]) -> Bool {
        ["REGULAR", "CROSS", "NATURAL"].contains(node["ref_type"] as? String ?? "")
            && ["INNER", "LEFT", "RIGHT", "OUTER", "FULL"].contains(node["join_type"] as? String ?? "")
    }

    private static func areInner(joinsIn from: [String: Any]) -> Bool {
        var pending = [from]
        while let next = pending.popLast() {
            guard next["type"] as? String == "JOIN" else { continue }
            guard hasAllRows(join: next), next["join_type"] as? String == "INNER" else { return false }
            for side in ["left", "right"] { if let child = next[side] as? [String: Any] { pending.append(child) } }
        }
        return true
    }

    /// The columns that USING makes one of, in lower case, `nil` for all, which NATURAL may; and whether they are those
    /// of the first table, as outer joins but LEFT do not have it; and how many tables, sub-queries and the like FROM
    /// has.
    private static func mergedColumns(in from: [String: Any]) -> (columns: Set<String>?, areFirsts: Bool, leaves: Int) {
        var merged: Set<String>? = []
        var areFirsts = true
        var leaves = 0
        var pending = [from]
        while let next = pending.popLast() {
            guard next["type"] as? String == "JOIN" else {
                leaves += 1
                continue
            }
            if next["ref_type"] as? String == "NATURAL" { merged = nil }
            if !["INNER", "LEFT"].contains(next["join_type"] as? String ?? "") { areFirsts = false }
            merged?.formUnion((next["using_columns"] as? [String] ?? []).map { $0.lowercased() })
            for side in ["left", "right"] { if let child = next[side] as? [String: Any] { pending.append(child) } }
        }
        return (merged, areFirsts, leaves)
    }

    /// The tables and sub-queries of FROM that WHERE speaks of, and whether there is nothing but one of them.
    private static func sources(in from: [String: Any], _ equalities: inout JoinEqualities) -> ([Source], isAlone: Bool)
    {
        var sources: [Source] = []
        var isAlone = true
        var pending = [from]
        while let next = pending.popLast() {
            let alias = next["alias"] as? String ?? ""
            let isSampled = next["sample"] is [String: Any]
            switch next["type"] as? String {
            case "BASE_TABLE":
                guard let place = next["query_location"] as? Int, let table = next["table_name"] as? String else {
                    continue
                }
                let schema = next["schema_name"] as? String ?? ""
                // Columns under other names, or some of the rows: what WHERE says is not about the table's own.
                guard (next["column_name_alias"] as? [Any] ?? []).isEmpty, !isSampled else { continue }
                let own = [[CatalogName(table)], [CatalogName(schema), CatalogName(table)]]
                sources.append(Source(place: place, names: alias.isEmpty ? own : [[CatalogName(alias)]]))
            case "SUBQUERY" where !isSampled: sources.append(Source(place: nil, names: [[CatalogName(alias)]]))
            case "JOIN":
                isAlone = false
                equalities.add(join: next)
                guard hasAllRows(join: next) else { continue }
                // The left one is looked at first.
                for side in ["right", "left"] { if let child = next[side] as? [String: Any] { pending.append(child) } }
            default: isAlone = false
            }
        }
        return (sources, isAlone)
    }

    private struct Reader {
        let source: [[CatalogName]]
        let mayBeNull: Bool
        /// Columns that joins make one of; `nil` for all. They are the first source's, if `isFirst`; the others may
        /// have other types.
        let merged: Set<String>?
        let isFirst: Bool
        let hasTablesAlone: Bool

        /// Turns a comparison with `node`'s column into a predicate.
        private func said(_ predicate: ScanPredicate, _ node: [String: Any]) -> ScanPredicate {
            guard !isFirst, let names = node["column_names"] as? [String], names.count == 1,
                merged?.contains(names[0].lowercased()) ?? true
            else {
                return predicate
            }
            return hasTablesAlone ? .ofOneType(predicate) : .unknown
        }

        func predicate(_ node: [String: Any], depth: Int) -> ScanPredicate {
            guard depth < 64, let type = node["type"] as? String else { return .unknown }
            func children() -> [ScanPredicate] {
                (node["children"] as? [[String: Any]] ?? []).map { predicate($0, depth: depth + 1) }
            }
            switch type {
            case "CONJUNCTION_AND": return .all(children())
            case "CONJUNCTION_OR": return .any(children())
            case "OPERATOR_NOT":
                let inner = children()
                return inner.count == 1 ? .not(inner[0]) : .unknown
            case "COMPARE_IN", "COMPARE_NOT_IN":
                guard let operands = node["children"] as? [[String: Any]], let first = operands.first,
                    let column = column(first)
                else {
                    return .unknown
                }
                let constants = operands.dropFirst().compactMap(constant)
                // Of constants of two kinds the engine makes one, and of the column's values too.
                guard constants.count == operands.count - 1, constants.allSatisfy({ $0.isLike(constants[0]) }) else {
                    return .unknown
                }
                let inList = said(.isIn(column: column, constants), first)
                return type == "COMPARE_IN" ? inList : .not(inList)
            case "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL":
                guard let operand = (node["children"] as? [[String: Any]])?.first, let column = column(operand) else {
                    return .unknown
                }
                // In a join the NULLs of an outer join's missing side count too, and below NOT each is the other.
                guard mayBeNull else { return .unknown }
                return type == "OPERATOR_IS_NULL" ? .isNull(column: column) : .not(.isNull(column: column))
            case "COMPARE_BETWEEN", "COMPARE_NOT_BETWEEN":
                guard let input = operand(node, "input"), let column = column(input),
                    let low = operand(node, "lower").flatMap(constant),
                    let high = operand(node, "upper").flatMap(constant)
                else { return .unknown }
                let inside = said(
                    .all([.compare(column: column, .greaterOrEqual, low), .compare(column: column, .lessOrEqual, high)]
                    ), input)
                return type == "COMPARE_BETWEEN" ? inside : .not(inside)
            default: return comparison(node, type)
            }
        }

        private func comparison(_ node: [String: Any], _ type: String) -> ScanPredicate {
            let comparison: ScanPredicate.Comparison
            switch type {
            case "COMPARE_EQUAL": comparison = .equal
            case "COMPARE_NOTEQUAL": comparison = .notEqual
            case "COMPARE_LESSTHAN": comparison = .less
            case "COMPARE_LESSTHANOREQUALTO": comparison = .lessOrEqual
            case "COMPARE_GREATERTHAN": comparison = .greater
            case "COMPARE_GREATERTHANOREQUALTO": comparison = .greaterOrEqual
            default: return .unknown
            }
            guard let left = operand(node, "left"), let right = operand(node, "right") else { return .unknown }
            if let column = column(left), let constant = constant(right) {
                return said(.compare(column: column, comparison, constant), left)
            }
            if let column = column(right), let constant = constant(left) {
                return said(.compare(column: column, comparison.flipped, constant), right)
            }
            return .unknown
        }

        private func operand(_ node: [String: Any], _ key: String) -> [String: Any]? { node[key] as? [String: Any] }

        /// A column that is, or may be, the source's.
        private func column(_ node: [String: Any]) -> String? {
            guard node["type"] as? String == "COLUMN_REF", let names = node["column_names"] as? [String],
                let column = names.last
            else { return nil }
            let qualifier = names.dropLast().map { CatalogName($0) }
            return qualifier.isEmpty || source.contains(qualifier) ? column : nil
        }

        private func constant(_ node: [String: Any]) -> ScanPredicate.Constant? {
            if node["type"] as? String == "OPERATOR_CAST", let child = operand(node, "child"),
                let type = operand(node, "cast_type")?["id"] as? String
            {
                guard case .text(let text) = constant(child) else { return nil }
                switch type {
                case "DATE": return .date(text)
                case "VARCHAR": return .text(text)
                case "INTEGER", "BIGINT": return Int64(text).map { .integer($0) }
                default: return nil
                }
            }
            guard node["type"] as? String == "VALUE_CONSTANT", let value = operand(node, "value"),
                value["is_null"] as? Bool == false,
                let type = operand(value, "type")?["id"] as? String
            else { return nil }
            switch type {
            case "TINYINT", "SMALLINT", "INTEGER", "BIGINT": return (value["value"] as? Int).map { .integer(Int64($0)) }
            case "VARCHAR": return (value["value"] as? String).map { .text($0) }
            case "BOOLEAN": return (value["value"] as? Bool).map { .boolean($0) }
            default: return nil
            }
        }
    }
}
