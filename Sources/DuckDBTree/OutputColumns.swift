import LoonCore

/// Which of a SELECT's output columns are columns of its tables, so that what is said of the output outside (by a WHERE
/// around a sub-query, a CTE or a view) is said of the tables' rows. `nil` for a SELECT whose output depends on rows
/// that such a WHERE would leave out.
struct OutputColumns {
    /// The column that each of the select list's items is; no path for another expression.
    private var items: [String: (qualifier: [CatalogName], column: String)?] = [:]
    /// The table whose columns `*` means: `nil` without one, an empty name for all.
    private var star: CatalogName?
    private var isStarFirst = false

    /// `names`: what the first columns are called outside.
    init?(of node: [String: Any], names: [String]) {
        guard Self.handsRowsOn(node), let list = node["select_list"] as? [[String: Any]] else { return nil }
        let grouped = Self.groupedColumns(node, list)
        for (number, item) in list.enumerated() {
            if item["type"] as? String == "STAR" {
                // The second's columns get other names, and so does what stands behind a list of names.
                guard star == nil, names.isEmpty, grouped == nil, Self.isPlain(star: item) else { return nil }
                star = CatalogName(item["relation_name"] as? String ?? "")
                isStarFirst = number == 0
                continue
            }
            let path = Self.path(item)
            guard let name = number < names.count ? names[number] : Self.name(item) else { continue }
            // The engine gives the second of two equal names another one.
            guard items[name.lowercased()] == nil else { return nil }
            let isHandedOn =
                grouped.map { $0.contains { $0.map { CatalogName($0) } == path.map { CatalogName($0) } } } ?? true
            let column = path.last.map { (path.dropLast().map { CatalogName($0) }, $0) }
            // Behind `*` it may have got another name.
            items[name.lowercased()] = .some(isHandedOn && star == nil ? column : nil)
        }
    }

    /// The name of the column, of the table with `names`, that is the output column `name`; `nil` where there is none.
    /// `isOwn` tells whether a column without a qualifier is the table's, which one that a join makes of two may not
    /// be.
    func source(of name: String, in names: [[CatalogName]], isAlone: Bool, isOwn: (String) -> Bool) -> String? {
        if let item = items[name.lowercased()] {
            guard let (qualifier, column) = item else { return nil }
            return (qualifier.isEmpty ? isOwn(column.lowercased()) : names.contains(qualifier)) ? column : nil
        }
        // An item before it may have made a `dt_1` of the table's `dt`.
        guard let star, isStarFirst || name.last?.isNumber == false else { return nil }
        return star.text.isEmpty ? (isAlone ? name : nil) : names.contains([star]) ? name : nil
    }

    /// The names of all output columns; `nil` where they are not all told by the text.
    static func names(of node: [String: Any]) -> [String]? {
        guard let list = node["select_list"] as? [[String: Any]] else { return nil }
        guard isOneColumnEach(list) else { return nil }
        let names = list.compactMap { $0["type"] as? String == "STAR" ? nil : name($0) }
        return names.count == list.count ? names : nil
    }

    private static func name(_ item: [String: Any]) -> String? {
        if let alias = item["alias"] as? String, !alias.isEmpty { return alias }
        return (item["column_names"] as? [String])?.last
    }

    /// Empty for what is no column.
    private static func path(_ item: [String: Any]) -> [String] {
        guard item["type"] as? String == "COLUMN_REF" else { return [] }
        return item["column_names"] as? [String] ?? []
    }

    /// Whether leaving rows out before is the same as leaving their like out afterwards: not for a LIMIT, a DISTINCT
    /// ON, a sample or a window.
    private static func handsRowsOn(_ node: [String: Any]) -> Bool {
        for modifier in node["modifiers"] as? [[String: Any]] ?? [] {
            switch modifier["type"] as? String {
            case "ORDER_MODIFIER": continue
            case "DISTINCT_MODIFIER" where (modifier["distinct_on_targets"] as? [Any] ?? []).isEmpty: continue
            default: return false
            }
        }
        guard (node["group_sets"] as? [Any] ?? []).count <= 1, !(node["sample"] is [String: Any]),
            !(node["qualify"] is [String: Any])
        else { return false }
        return isOneColumnEach(node["select_list"] as? [[String: Any]] ?? [])
    }

    /// Whether each item but `*` is one column, which comes of one row or group: no window, no COLUMNS(…), no struct
    /// that is spread out.
    private static func isOneColumnEach(_ list: [[String: Any]]) -> Bool {
        var pending: [Any] = list.filter { $0["type"] as? String != "STAR" }
        while let next = pending.popLast() {
            if let list = next as? [Any] { pending += list }
            guard let expression = next as? [String: Any] else { continue }
            if expression["class"] as? String == "WINDOW" || expression["type"] as? String == "STAR" { return false }
            if ["unnest", "unlist"].contains((expression["function_name"] as? String)?.lowercased()) { return false }
            pending += expression.values
        }
        return true
    }

    private static func isPlain(star: [String: Any]) -> Bool {
        let hasChanges = ["exclude_list", "qualified_exclude_list", "replace_list", "rename_list"].contains { key in
            if let list = star[key] as? [Any] { return !list.isEmpty }
            if let map = star[key] as? [String: Any] { return !map.isEmpty }
            return false
        }
        return !hasChanges && star["columns"] as? Bool != true && !(star["expr"] is [String: Any])
    }

    /// The columns that make the groups: `nil` where rows are not grouped, or by all columns.
    private static func groupedColumns(_ node: [String: Any], _ list: [[String: Any]]) -> [[String]]? {
        guard let groups = node["group_expressions"] as? [[String: Any]], !groups.isEmpty else { return nil }
        return groups.compactMap { group in
            let position = (group["value"] as? [String: Any])?["value"] as? Int
            if let position { return position > 0 && position <= list.count ? path(list[position - 1]) : nil }
            let path = path(group)
            return path.isEmpty ? nil : path
        }
    }
}
