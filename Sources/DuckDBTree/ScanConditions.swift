import Foundation
import LoonCore

/// The parts of a WHERE that say something of one table's columns alone, as trees: the engine itself can try them on
/// the values of a partition. For what `ScanFilters.Reader` understands there is no need to.
///
/// Each part must be true for a row of the result, so that a row for which one is false or NULL may be left out. That
/// holds of tables that stand alone or in inner joins: the missing side of an outer join is NULL, of which such a part
/// may be true.
enum ScanConditions {
    private static let countMax = 8
    private static let nodesMax = 200

    /// `names`: those that a column's qualifier may be. A column without one counts where the table stands alone.
    static func conditions(in filter: [String: Any], names: [[CatalogName]], isAlone: Bool) -> [ScanCondition] {
        var conditions: [ScanCondition] = []
        var pending: [Any] = [filter]
        while let next = pending.popLast(), conditions.count < countMax {
            guard let node = next as? [String: Any] else { continue }
            if node["type"] as? String == "CONJUNCTION_AND" {
                pending += node["children"] as? [Any] ?? []
                continue
            }
            var copy = Copy(names: names, isAlone: isAlone)
            guard let tree = copy.expression(node, depth: 0), !copy.columns.isEmpty,
                let json = try? JSONSerialization.data(withJSONObject: tree)
            else { continue }
            conditions.append(ScanCondition(columns: copy.columns, tree: Array(json)))
        }
        return conditions
    }

    /// Copies an expression, with bare names for the table's columns; `nil` where it has anything else than those,
    /// constants, and what gives the same for the same values.
    private struct Copy {
        let names: [[CatalogName]]
        let isAlone: Bool
        var columns: Set<String> = []
        private var count = 0

        init(names: [[CatalogName]], isAlone: Bool) {
            self.names = names
            self.isAlone = isAlone
        }

        mutating func expression(_ node: [String: Any], depth: Int) -> [String: Any]? {
            count += 1
            guard depth < 32, count <= ScanConditions.nodesMax, let kind = node["class"] as? String else { return nil }
            switch kind {
            case "COLUMN_REF": return column(node)
            case "CONSTANT":
                // Printed, a DOUBLE may become another.
                let type = ((node["value"] as? [String: Any])?["type"] as? [String: Any])?["id"] as? String
                return ["DOUBLE", "FLOAT", nil].contains(type) ? nil : node
            case "FUNCTION":
                guard let name = (node["function_name"] as? String)?.lowercased(),
                    ScanConditions.isSteady(name), AllowedSyntax.bounded[name] == nil,
                    node["distinct"] as? Bool == false, (node["schema"] as? String ?? "").isEmpty,
                    (node["catalog"] as? String ?? "").isEmpty, node["filter"] is NSNull
                else { return nil }
            case "OPERATOR", "COMPARISON", "CONJUNCTION", "BETWEEN", "CAST", "CASE": break
            default: return nil
            }
            var copy = node
            for (key, value) in node {
                guard let copied = child(value, depth: depth + 1) else { return nil }
                copy[key] = copied
            }
            return copy
        }

        private mutating func child(_ value: Any, depth: Int) -> Any? {
            if let node = value as? [String: Any] {
                if node["class"] != nil { return expression(node, depth: depth) }
                // The branches of CASE; a type or the order of a call's rows otherwise.
                guard node["when_expr"] != nil else { return node }
                var copy = node
                for (key, part) in node {
                    guard let copied = child(part, depth: depth + 1) else { return nil }
                    copy[key] = copied
                }
                return copy
            }
            guard let list = value as? [Any] else { return value }
            var copy: [Any] = []
            for item in list {
                guard let copied = child(item, depth: depth) else { return nil }
                copy.append(copied)
            }
            return copy
        }

        private mutating func column(_ node: [String: Any]) -> [String: Any]? {
            guard let parts = node["column_names"] as? [String], let name = parts.last else { return nil }
            let qualifier = parts.dropLast().map { CatalogName($0) }
            guard qualifier.isEmpty ? isAlone : names.contains(qualifier) else { return nil }
            columns.insert(name.lowercased())
            var copy = node
            copy["column_names"] = [name]
            return copy
        }
    }

    /// Macros of the table of functions are, but for those of chance.
    private static func isSteady(_ name: String) -> Bool {
        let isMacro = ["loon_mysql_", "loon_presto_", "loon_all_"].contains { name.hasPrefix($0) }
        return functions.contains(name) || isMacro && !name.contains("random") && !name.contains("shuffle")
    }

    /// Functions and operators that give the same for the same values, wherever they are called.
    private static let functions = Set(
        """
        ~~ !~~ ~~* !~~* ~ !~ like_escape not_like_escape ilike_escape not_ilike_escape regexp_matches regexp_full_match
        || + - * / // % abs floor ceil ceiling round trunc mod loon_div greatest least nullif ifnull coalesce concat
        lower upper lcase ucase trim ltrim rtrim substr substring left right loon_left loon_right length strlen
        starts_with ends_with contains prefix suffix instr loon_instr strpos position split_part regexp_extract
        year month day loon_year loon_month loon_day quarter loon_quarter week weekofyear dayofweek
        loon_dayofweek loon_weekday dayofyear loon_dayofyear dayofmonth date_part date_trunc strftime strptime
        try_strptime date_diff last_day make_date loon_day_add loon_day_sub loon_date_add loon_date_sub
        loon_date_add_days loon_date_sub_days to_days to_weeks to_months to_years to_hours to_minutes to_seconds
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
