import LoonCore
import MetaStore
import ObjectStore
import QueryEngine

/// One place where a query's texts read a table.
struct TableScan {
    /// The number of the text.
    let text: Int
    let scan: Examination.Scan
    /// How the table's name there is replaced by another; `nil` where it cannot be.
    let edit: ((String) -> QueryText.Edit)?
}

/// Finds the files of a query's tables, of which nothing is read here but what decides how text is read.
struct ScanFiles {
    let context: LakeContext
    /// The account whose query it is.
    let account: AccountIdentity
    /// Stops what is looked through here.
    let cancellation: Cancellation
    /// Names in lower case of which the query reads columns, and perhaps others; `nil` for all.
    let words: Set<String>?
    /// Names in lower case of columns that have two types among the query's tables; `nil` where any may.
    let mixedColumns: Set<String>?
    /// Whether texts are compared by some other rule than their bytes somewhere.
    let isCollated: Bool

    /// A table, or those of its partitions that some of the query's scans read, with the files.
    struct Listed {
        let table: ExternalTable
        /// The engine's name for it.
        let name: String
        let partitions: [TablePartition]
        let files: [TableFiles.File]
        /// `TableBinding.ranges`
        var ranges: [String: ClosedRange<Int64>] = [:]

        /// Sparse files may claim any size.
        var bytes: Int64 { files.reduce(0) { $0.addingSaturated($1.summary.size) } }
    }

    /// The files of a table, once for all its scans that read the same partitions.
    struct Found {
        var listed: [Listed] = []
        /// Stored bytes of each file, once for each scan that it is handed to.
        var bytes: Int64 = 0
        /// With the numbers of the texts.
        var edits: [(text: Int, edit: QueryText.Edit)] = []
    }

    func list(_ table: ExternalTable, _ scans: [TableScan]) throws -> Found {
        guard table.isPartitioned else {
            var listed = try list(table, name: table.name, partitions: [])
            listed.ranges = ranges(of: table, scans)
            return Found(listed: [listed], bytes: listed.bytes.multipliedSaturated(by: scans.count))
        }
        let all =
            try PartitionProjection(table)?.partitions(
                ScanPredicate.said(by: scans.map(\.scan.predicate)), now: context.clock.now())
            ?? context.store.partitions(of: table)
        let mixed = mixedColumns ?? Set(table.partitionColumns.map { $0.name.lowercased() })
        var known: [(predicate: ScanPredicate, conditions: [ScanCondition], selection: [Int])] = []
        var (united, isCrowded): (Set<Int>, Bool) = ([], false)
        var groups: [(selection: [Int], scans: [TableScan])] = []
        for scan in scans {
            let selection: [Int]
            if let same = known.first(where: {
                $0.predicate == scan.scan.predicate && $0.conditions == scan.scan.conditions
            }) {
                selection = same.selection
            } else {
                let said = PartitionPruning(
                    columns: table.partitionColumns, predicate: scan.scan.predicate, mixed: mixed,
                    isCollated: isCollated
                ).select(all)
                selection =
                    isCollated
                    ? said
                    : tried(scan.scan.conditions, on: said, of: all, table)
                if known.count < Limits.scanSelectionsMax {
                    known.append((scan.scan.predicate, scan.scan.conditions, selection))
                }
            }
            united.formUnion(selection)
            if let group = groups.firstIndex(where: { $0.selection == selection }) {
                groups[group].scans.append(scan)
            } else if groups.count < Limits.scanSelectionsMax {
                groups.append((selection, [scan]))
            } else {
                isCrowded = true
            }
        }
        if isCrowded || groups.dropFirst().contains(where: { $0.scans.contains { $0.edit == nil } }) {
            groups = [(united.sorted(), scans)]
        }
        var found = Found()
        for (number, group) in groups.enumerated() {
            // No table of the catalog has a control character in its name.
            let name = number == 0 ? table.name : "\(table.name)\u{1}\(number)"
            var listed = try list(table, name: name, partitions: group.selection.map { all[$0] })
            listed.ranges = ranges(of: table, group.scans)
            found.listed.append(listed)
            found.bytes = found.bytes.addingSaturated(listed.bytes.multipliedSaturated(by: group.scans.count))
            if number > 0 { found.edits += group.scans.compactMap { scan in scan.edit.map { (scan.text, $0(name)) } } }
        }
        return found
    }

    /// The `candidates` for which what a query says of partition columns (LIKE, functions, arithmetic) is true, by
    /// the engine itself. All where it cannot say, or stops at a value: the query will say so, if it reads it.
    private func tried(
        _ given: [ScanCondition], on candidates: [Int], of partitions: [TablePartition], _ table: ExternalTable
    ) -> [Int] {
        let names = Set(table.partitionColumns.map { $0.name.lowercased() })
        let conditions = given.filter { $0.columns.isSubset(of: names) }
        guard !conditions.isEmpty, (2...Limits.triedPartitionsMax).contains(candidates.count),
            let found = try? context.engine.rows(
                candidates.map { partitions[$0].values }, of: table.partitionColumns, matching: conditions,
                for: account)
        else { return candidates }
        return found.map { candidates[$0] }
    }

    /// The ranges that every scan's predicate keeps to, of columns that have one type in the query.
    private func ranges(of table: ExternalTable, _ scans: [TableScan]) -> [String: ClosedRange<Int64>] {
        guard case .parquet = table.format, let mixed = mixedColumns else { return [:] }
        let predicate = ScanPredicate.said(by: scans.map(\.scan.predicate))
        guard predicate != .unknown else { return [:] }
        let pairs = table.columns.compactMap { column -> (String, ClosedRange<Int64>)? in
            let name = column.name.lowercased()
            return mixed.contains(name) ? nil : predicate.range(of: name).map { (name, $0) }
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private func list(_ table: ExternalTable, name: String, partitions: [TablePartition]) throws -> Listed {
        var files = try TableFiles(context: context).list(table, partitions: partitions)
        // Values that follow each other make fewer cases for the engine to tell apart.
        if table.isPartitioned { files.sort { $0.partition < $1.partition } }
        return Listed(table: table, name: name, partitions: partitions, files: files)
    }

    /// Bindings for a query that reads no row.
    func bindingsUnread(_ listed: [Listed]) -> [TableBinding] {
        listed.map { binding($0, files: $0.files.map { .object($0.summary.key) }, false) }
    }

    /// Makes the engine's bindings. The engine reads UTF-8 with line ends that are all alike: other files are written
    /// anew first, for this query.
    func bindings(_ listed: [Listed]) throws -> ([TableBinding], TemporaryFiles?) {
        let rewritten = RewrittenFiles(context: context, account: account, cancellation: cancellation)
        let bindings = try listed.map { listed in
            let (files, table) = (listed.files.map(\.summary), listed.table)
            switch table.format {
            case .text(let layout):
                let rules = QuoteRules(layout)
                let traits = try context.textTraits.traits(
                    of: files, of: table, quotes: rules, for: account, by: context.engine, cancellation: cancellation)
                // Files that the reader would read wrongly are written anew with doubled quotes, and so are those
                // beside them that have escapes: the reader knows one of the two.
                let isOdd = traits.contains(where: \.hasOddQuotes)
                // OpenCSVSerde's reader knows one of backslash and doubled quote; the other's loses empty lines.
                let needsCare =
                    layout.serDe == .openCSV
                    ? !isOdd && (layout.escape != "\\" || traits.contains(where: \.hasBackslash))
                    : traits.contains(where: \.hasOddLines)
                let sources = try zip(files, traits).map { file, traits in
                    try rewritten.text(file, traits, layout, isOdd ? rules : nil)
                }
                try rewritten.make(for: table)
                return binding(listed, files: sources, needsCare)
            case .json:
                let encoding = table.properties["serialization.encoding"]
                let traits = try context.textTraits.traits(
                    of: files, of: table, for: account, by: context.engine, cancellation: cancellation)
                let sources = try zip(files, traits).map { try rewritten.json($0, $1, encoding: encoding) }
                try rewritten.make(for: table)
                return binding(listed, files: sources, false)
            default: return binding(listed, files: files.map { .object($0.key) }, false)
            }
        }
        return (bindings, rewritten.folder)
    }

    private func binding(_ listed: Listed, files: [FileSource], _ needsCare: Bool) -> TableBinding {
        TableBinding(
            table: listed.table, name: listed.name,
            files: zip(files, listed.files).map {
                .init($0, partition: $1.partition, size: $1.summary.size, modified: $1.summary.modified)
            },
            partitions: listed.partitions.map(\.values), needsCare: needsCare, columnsRead: words,
            ranges: listed.ranges)
    }
}

extension Int64 {
    fileprivate func multipliedSaturated(by factor: Int) -> Int64 {
        let (product, isOver) = multipliedReportingOverflow(by: Int64(factor))
        return isOver ? .max : product
    }

    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? .max : sum
    }
}
