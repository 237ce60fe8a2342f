import LoonCore

/// Which columns the inner joins of a SELECT hold equal: `USING (…)`, and `a.x = b.y` in ON and WHERE.
struct JoinEqualities {
    private typealias Column = (qualifier: [CatalogName], name: String)

    private var pairs: [(Column, Column)] = []
    /// Equal in all tables that have them.
    private var shared: Set<String> = []
    private var areInner = true

    init(filter: [String: Any]) { add(condition: filter) }

    mutating func add(join node: [String: Any]) {
        // An outer join's condition does not hold in each row.
        guard node["join_type"] as? String == "INNER" else { return areInner = false }
        shared.formUnion((node["using_columns"] as? [String] ?? []).map { $0.lowercased() })
        if let condition = node["condition"] as? [String: Any] { add(condition: condition) }
    }

    private mutating func add(condition root: [String: Any]) {
        var pending = [root]
        while let node = pending.popLast() {
            switch node["type"] as? String {
            case "CONJUNCTION_AND": pending += node["children"] as? [[String: Any]] ?? []
            case "COMPARE_EQUAL":
                if let left = Self.column(node["left"]), let right = Self.column(node["right"]) {
                    pairs += [(left, right), (right, left)]
                }
            default: continue
            }
        }
    }

    private static func column(_ node: Any?) -> Column? {
        guard let node = node as? [String: Any], node["type"] as? String == "COLUMN_REF",
            let names = node["column_names"] as? [String],
            let name = names.last, names.count > 1
        else { return nil }
        return (names.dropLast().map { CatalogName($0) }, name.lowercased())
    }

    /// Predicates on `source` that follow from the other tables' predicates. The table is not itself in `sources` more
    /// than once: through one equality, not through chains.
    func inherited(
        by source: ScanFilters.Source, from sources: [ScanFilters.Source], predicates: (Int) -> ScanPredicate
    ) -> [ScanPredicate] {
        guard areInner else { return [] }
        var found: [ScanPredicate] = []
        for other in sources where other.place != source.place {
            func inherit(_ own: String, _ theirs: String) {
                guard let place = other.place, let texts = predicates(place).required(theirs) else { return }
                found.append(.isIn(column: own, texts.map { .text($0) }))
            }
            // In more tables it may be another two that have it in common.
            if sources.count == 2 { for name in shared { inherit(name, name) } }
            for (own, theirs) in pairs
            where source.names.contains(own.qualifier) && other.names.contains(theirs.qualifier) {
                inherit(own.name, theirs.name)
            }
        }
        return found
    }
}
