import AccessControl
import LoonCore
import MetaStore
import ObjectStore
import QueryEngine
import SQLFrontend

/// A query that is ready to run.
struct PlannedQuery: Sendable {
    let query: EngineQuery
    /// Stored bytes of each file handed to a scan, once a scan.
    let scannedBytes: Int64
    /// Keeps the files in their places while the query runs.
    let lease: ReadLease
    /// Texts that were written anew, for this query alone.
    let transcoded: TemporaryFiles?

    /// The schema of the first table that the query names.
    let firstSchema: String?
    /// The functions that the query and its views call; `nil` where its rows are taken by chance.
    let functions: Set<String>?
    /// The files of its tables.
    let files: [ObjectSummary]

    /// Runs the query by `body`, with its files kept where they are meanwhile.
    func held<Value>(_ body: (EngineQuery) throws -> Value) rethrows -> Value {
        defer { withExtendedLifetime((lease, transcoded)) {} }
        return try body(query)
    }
}

/// Turns a user's query into one for the engine: past the gate, with the tables and views that it names and their files.
struct QueryPlanner: Sendable {
    let context: ServiceContext

    /// What the query names, views looked through.
    private struct Names {
        /// A table with what each of its scans looks for.
        struct Scanned {
            let table: ExternalTable
            var predicates: [ScanPredicate]
        }
        var tables: [Scanned] = []
        var views: [ViewBinding] = []
        var valueTables: [ValueTable] = []
        var results: [StoredResult] = []
        /// What views come to when they are written out, by their places in `views`.
        var expandedCounts: [Int] = []
        /// The same of the text that was looked at last.
        var lastCount = 0
        var firstSchema: String?
        var functions: Set<String>? = []
        /// Of the statement and of the views in it; `nil` for all.
        var words: Set<String>? = []
    }

    /// Whose eyes a query sees with.
    struct Viewer {
        let account: String
        /// Without one there are no tables of the system's.
        var session: Session?
    }

    /// `sql` is in the engine's dialect. Blocks on the engine's parser, the metadata and the disk.
    func plan(_ sql: String, schema: String?, dialect: DialectContext, isProfiled: Bool, viewer: Viewer) throws -> PlannedQuery {
        for _ in 0..<3 {
            do {
                return try planOnce(sql, schema: schema, dialect: dialect, isProfiled: isProfiled, viewer: viewer)
            } catch let error as QueryError where error.code == .tableChanged { continue }
        }
        throw QueryError(.tableChanged, "The query's tables are being changed; run it again")
    }

    private func planOnce(_ sql: String, schema: String?, dialect: DialectContext, isProfiled: Bool, viewer: Viewer) throws -> PlannedQuery {
        var names = Names()
        let examination = try collect(sql, schema: schema, dialect, viewer, depth: 0, into: &names)
        let bounded = try Self.edited(sql, try Self.edits(of: examination, in: sql))
        let scanned = names.tables
        let (listed, lease) = try context.lake.reading(Set(scanned.map { Lake.Key($0.table) })) {
            var bindings: [Listed] = []
            var bytes: Int64 = 0
            for item in scanned {
                // As it was when the names were read.
                guard try context.store.table(schema: item.table.schema, name: item.table.name) == item.table else {
                    throw QueryError(.tableChanged, "The table \(item.table.schema).\(item.table.name) was changed meanwhile; run the query again")
                }
                let (binding, size) = try bind(item.table, item.predicates)
                bindings.append(binding)
                // Sparse files may claim any size.
                let product = size.multipliedReportingOverflow(by: Int64(item.predicates.count))
                let sum = bytes.addingReportingOverflow(product.partialValue)
                bytes = product.overflow || sum.overflow ? .max : sum.partialValue
            }
            return (bindings, bytes)
        }
        let (bindings, transcoded) = try rewritten(listed.0, words: names.words)
        let engineSchema = schema.map { SystemSchema.engineName($0) ?? $0 }
        return PlannedQuery(
            query: EngineQuery(
                sql: bounded, schema: engineSchema, tables: bindings, views: names.views, valueTables: names.valueTables, results: names.results,
                isProfiled: isProfiled),
            scannedBytes: listed.1, lease: lease, transcoded: transcoded, firstSchema: names.firstSchema, functions: names.functions,
            files: listed.0.flatMap { $0.files.map(\.summary) })
    }

    /// The engine reads UTF-8 with line ends that are all alike: other files are written anew first, for this query.
    private func rewritten(_ listed: [Listed], words: Set<String>?) throws -> ([TableBinding], TemporaryFiles?) {
        var temporary: TemporaryFiles?
        var number = 0
        let bindings = try listed.map { listed in
            guard case .text(let layout) = listed.table.format else {
                return try binding(listed, files: listed.files.map(\.summary.path), false, words)
            }
            var needsCare = layout.serDe == .openCSV && layout.escape != "\\"
            let paths = try listed.files.map { file in
                let traits = try context.textTraits.traits(of: file.summary)
                // OpenCSVSerde's reader knows one of backslash and doubled quote; the other's loses empty lines.
                if layout.serDe == .openCSV ? traits.hasBackslash : traits.hasOddLines { needsCare = true }
                // Quoted line breaks may be of any kind.
                guard layout.encoding != nil || (traits.mustBeRewritten && layout.quote == nil) else { return file.summary.path }
                guard !TextTraits.isCompressed(file.summary.path) else {
                    throw QueryError(.notSupported, "Compressed text in \(layout.encoding ?? "") cannot be read; unpack it")
                }
                let objects = context.objects
                let folder = try temporary ?? TemporaryFiles(folder: try objects.makeStagingFolder()) { objects.discard(staged: $0) }
                temporary = folder
                number += 1
                try TextTranscoder.transcode(
                    file.summary.path, from: layout.encoding ?? "UTF-8", to: folder.path(number), cancellation: nil)
                return folder.path(number)
            }
            return try binding(listed, files: paths, needsCare, words)
        }
        return (bindings, temporary)
    }

    // MARK: Names

    /// Returns what the gate found in the text.
    private func collect(
        _ sql: String, schema: String?, _ dialect: DialectContext, _ viewer: Viewer, depth: Int, into names: inout Names
    ) throws -> StatementGate.Examination {
        let engineSchema = schema.map { SystemSchema.engineName($0) ?? $0 }
        let examination = try context.examinations.examination(of: sql, by: context.engine)
        let references = examination.tables
        let rights = context.accounts.rights(of: viewer.account)
        if let words = examination.words { names.words?.formUnion(words) } else { names.words = nil }
        if examination.isSampled { names.functions = nil } else { names.functions?.formUnion(examination.functions) }
        for reference in references {
            if let name = (reference.schema ?? engineSchema).flatMap(SystemSchema.name(ofEngineName:)) {
                // Named with its schema in one place and without it in another: for both.
                let joined = references.filter { $0.table.lowercased() == reference.table.lowercased() }.flatMap(\.joined)
                let table = try valueTable(name, reference.table, joined, viewer.session)
                if !names.valueTables.contains(where: { $0.schema == table.schema && $0.name == table.name }) { names.valueTables.append(table) }
                continue
            }
            if (reference.schema ?? schema)?.lowercased() == StoredResults.schema {
                if !names.results.contains(where: { $0.name.lowercased() == reference.table.lowercased() }) {
                    names.results.append(try StoredResults(context: context).result(reference.table, account: viewer.account))
                }
                continue
            }
            let table = try table(reference, schema: schema, rights)
            names.firstSchema = names.firstSchema ?? table.schema
            if let view = table.view {
                try add(table, view, dialect, viewer, depth: depth, into: &names)
            } else if let index = names.tables.firstIndex(where: { $0.table.isSame(as: table) }) {
                names.tables[index].predicates += reference.predicates
            } else {
                names.tables.append(.init(table: table, predicates: reference.predicates))
            }
        }
        var count = 0
        for reference in references {
            let view = names.views.firstIndex {
                $0.name.lowercased() == reference.table.lowercased() && $0.schema.lowercased() == (reference.schema ?? schema)?.lowercased()
            }
            count += reference.places.count * (view.flatMap { names.expandedCounts.indices.contains($0) ? names.expandedCounts[$0] : nil } ?? 1)
        }
        guard count <= Limits.expandedTablesMax else {
            throw QueryError(.notSupported, "With its views written out the query names \(count) tables, and \(Limits.expandedTablesMax) are the limit")
        }
        names.lastCount = count
        return examination
    }

    private func add(
        _ table: ExternalTable, _ view: ViewDefinition, _ dialect: DialectContext, _ viewer: Viewer, depth: Int, into names: inout Names
    ) throws {
        guard !names.views.contains(where: { $0.schema == table.schema && $0.name == table.name }) else { return }
        guard depth < Limits.viewDepthMax else {
            throw QueryError(.notSupported, "Views stand more than \(Limits.viewDepthMax) deep in each other, or in themselves")
        }
        let mode = LexicalMode(sqlMode: view.sqlMode)
        let sql = try ParsedStatement(Array(view.statement.utf8), mode: mode).engineText(dialect)
        let examination: StatementGate.Examination
        // With its owner's eyes: whoever may read the view sees through it what the owner may read.
        let inner = Viewer(account: table.creator)
        guard context.accounts.record(of: table.creator) != nil else {
            throw QueryError(.noDefiner, "The user specified as a definer ('\(table.creator)'@'%') of the view \(table.schema).\(table.name) does not exist")
        }
        do { examination = try collect(sql, schema: view.schema, dialect, inner, depth: depth + 1, into: &names) } catch let error as QueryError {
            guard mayKnow(table, viewer) || error.code == .tableChanged else {
                // What is below the view is not named to whoever may only read it.
                throw QueryError(
                    .invalidView,
                    "View '\(table.schema).\(table.name)' references invalid table(s) or column(s) or function(s) or definer/invoker of view lack rights to use them",
                    detail: error.message)
            }
            throw QueryError(error.code, "The view \(table.schema).\(table.name): \(error.message)", detail: error.detail)
        }
        // The engine would look for unqualified names in the schema of whoever asks.
        var edits = try Self.edits(of: examination, in: sql)
        let bytes = Array(sql.utf8)
        for place in examination.tables.filter({ $0.schema == nil }).flatMap(\.places) {
            guard place < bytes.count, bytes[place] != UInt8(ascii: "'") else {
                throw QueryError(.notSupported, "The view \(table.schema).\(table.name) names a table in single quotes; write its name without")
            }
            edits.append((place..<place, "\(Self.quoted(view.schema ?? ""))."))
        }
        names.expandedCounts.append(names.lastCount)
        names.views.append(
            ViewBinding(
                schema: table.schema, name: table.name, columns: table.columns.map(\.name), queryColumns: view.queryColumns,
                sql: try Self.edited(sql, edits)))
    }

    /// What is to stand in the places of the functions that need a bound.
    private static func edits(of examination: StatementGate.Examination, in sql: String) throws(QueryError) -> [(Range<Int>, String)] {
        guard !examination.bounded.isEmpty else { return [] }
        let bytes = Array(sql.utf8)
        var edits: [(Range<Int>, String)] = []
        for (place, name, instead) in examination.bounded {
            let isQuoted = place < bytes.count && bytes[place] == UInt8(ascii: "\"")
            let end = place + name.utf8.count + (isQuoted ? 2 : 0)
            let isThere =
                end <= bytes.count
                && String(decoding: bytes[(isQuoted ? place + 1 : place)..<(isQuoted ? end - 1 : end)], as: UTF8.self).lowercased() == name
            guard isThere else { throw QueryError(.notSupported, "The function '\(name)' is to be called as \(name)(…)") }
            edits.append((place..<end, instead))
        }
        return edits
    }

    private static func edited(_ sql: String, _ edits: [(Range<Int>, String)]) throws -> String {
        guard !edits.isEmpty else { return sql }
        var bytes = Array(sql.utf8)
        for (range, text) in edits.sorted(by: { $0.0.lowerBound > $1.0.lowerBound }) { bytes.replaceSubrange(range, with: Array(text.utf8)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func mayKnow(_ view: ExternalTable, _ viewer: Viewer) -> Bool {
        view.creator == viewer.account || context.accounts.rights(of: viewer.account).privileges(schema: view.schema, table: view.name).contains(.show)
    }

    /// Throws where a plan would show what is below a view to somebody who may only read it.
    func requireTexts(ofViewsIn planned: PlannedQuery, _ viewer: Viewer) throws {
        for view in planned.query.views {
            guard let table = try context.store.table(schema: view.schema, name: view.name), mayKnow(table, viewer) else {
                throw QueryError(.hiddenView, "EXPLAIN/SHOW can not be issued; lacking privileges for underlying table")
            }
        }
    }

    /// By scalars, as the engine reads it.
    private static func quoted(_ name: String) -> String {
        "\"" + String(String.UnicodeScalarView(name.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] })) + "\""
    }

    /// One of the system's tables, for a query that the daemon cannot answer alone.
    private func valueTable(_ schema: String, _ name: String, _ predicates: [ScanPredicate], _ session: Session?) throws -> ValueTable {
        guard let table = SystemTables.table(schema: schema, name: name) else { throw SystemTables.missing(schema: schema, name: name) }
        guard let session else {
            throw QueryError(
                .notSupported,
                "\(schema).\(table.name) says what a session sees: it can be read by a SELECT, not by a task, a view or what writes a table")
        }
        return ValueTable(schema: SystemSchema.engineName(schema) ?? schema, name: table.name, columns: table.resultColumns) { body in
            try SystemTableReader(session: session).forEachRow(of: table, SystemTableScope(predicates), body)
        }
    }

    private func table(_ reference: StatementGate.TableReference, schema: String?, _ rights: AccountRights) throws -> ExternalTable {
        guard let place = reference.schema ?? schema else {
            throw QueryError(.noDatabaseSelected, "No database selected; write schema.\(reference.table) or USE a schema")
        }
        try rights.require(.select, schema: place, table: reference.table)
        if let table = try context.store.table(schema: place, name: reference.table) { return table }
        if try context.store.schema(place) == nil { throw QueryError(.unknownDatabase, "Unknown database '\(place)'") }
        let seen = try context.store.tableNames(schema: place).filter { rights.sees(schema: place, table: $0) }
        let suggestion = NameSuggestion.text(reference.table, among: seen)
        throw QueryError(.unknownTable, "Table '\(place).\(reference.table)' doesn't exist\(suggestion)")
    }

    // MARK: Files

    /// A table with its files, of which nothing was read yet.
    private struct Listed {
        let table: ExternalTable
        let partitions: [TablePartition]
        let files: [TableFiles.File]
    }

    private func bind(_ table: ExternalTable, _ predicates: [ScanPredicate]) throws -> (Listed, bytes: Int64) {
        var partitions: [TablePartition] = []
        if table.isPartitioned {
            let all = try context.store.partitions(of: table)
            partitions = PartitionPruning(columns: table.partitionColumns, predicates: predicates).select(all)
        }
        var files = try TableFiles(context: context).list(table, partitions: partitions)
        let bytes = files.reduce(Int64(0)) { sum, file in
            let (next, isOver) = sum.addingReportingOverflow(file.summary.size)
            return isOver ? .max : next
        }
        // Values that follow each other make fewer cases for the engine to tell apart.
        if table.isPartitioned { files.sort { $0.partition < $1.partition } }
        return (Listed(table: table, partitions: partitions, files: files), bytes)
    }

    private func binding(_ listed: Listed, files: [String], _ needsCare: Bool, _ words: Set<String>?) throws -> TableBinding {
        TableBinding(
            table: listed.table, files: zip(files, listed.files).map { .init(path: $0, partition: $1.partition) },
            partitions: listed.partitions.map(\.values), needsCare: needsCare, columnsRead: words)
    }
}
