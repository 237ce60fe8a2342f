import AccessControl
import Crypto
import Logging
package import LoonCore
import MetaStore
package import ObjectStore
package import QueryEngine
package import SQLDialect
import SQLFrontend

/// A query that is ready to run.
package struct PlannedQuery: Sendable {
    package let query: EngineQuery
    /// Stored bytes of each file handed to a scan, once a scan.
    package let scannedBytes: Int64
    /// Keeps the files in their places while the query runs.
    let lease: ReadLease
    /// Texts that were written anew, for this query alone.
    let transcoded: TemporaryFiles?

    /// The schema of the first table that the query names.
    package let firstSchema: String?
    /// The functions that the query and its views call; `nil` where its rows are taken by chance.
    package let functions: Set<String>?
    /// The files of its tables.
    package let files: [ObjectSummary]

    /// Runs the query by `body`, with its files kept where they are meanwhile.
    package func withFilesHeld<Value>(_ body: (EngineQuery) throws -> Value) rethrows -> Value {
        defer { withExtendedLifetime((lease, transcoded)) {} }
        return try body(query)
    }
}

/// Turns a user's query into one for the engine: past the gate, with the tables and views that it names and their
/// files.
package struct QueryPlanner: Sendable {
    let context: LakeContext

    /// The tables and views that the query names, views looked through.
    private struct Names {
        var tables: [ExternalTable] = []
        /// The views' texts, each behind those of the views that it names, and the statement's last.
        var texts: [QueryText] = []
        var valueTables: [ValueTable] = []
        var results: [StoredResult] = []
        var firstSchema: String?
        var functions: Set<String>? = []
        /// The words of the statement and of the views in it, which may name columns; `nil` where any may be read.
        var words: Set<String>? = []
    }

    /// The account whose rights a query has, and the hand that stops what is done for it.
    package struct Viewer {
        package let account: AccountIdentity
        let systemTables: any SystemTableSource
        let cancellation: Cancellation

        package init(account: AccountIdentity, systemTables: any SystemTableSource, cancellation: Cancellation) {
            self.account = account
            self.systemTables = systemTables
            self.cancellation = cancellation
        }
    }

    /// The plan's purpose: rows, with a profile or without, or what can be said of the query without reading any.
    package enum Purpose {
        case run, profiledRun, description
    }

    /// `sql` is in the engine's dialect. Blocks on the engine's parser, the metadata and the disk. The files of text of
    /// a query that is to run are looked through, which takes a while at first.
    package func plan(_ sql: String, schema: String?, dialect: DialectContext, for purpose: Purpose, viewer: Viewer)
        throws -> PlannedQuery
    {
        for _ in 0..<3 {
            do {
                return try planOnce(sql, schema: schema, dialect: dialect, for: purpose, viewer: viewer)
            } catch let error as QueryError where error.code == .tableChanged { continue }
        }
        throw QueryError(.tableChanged, "The query's tables are being changed; run it again")
    }

    private func planOnce(
        _ sql: String, schema: String?, dialect: DialectContext, for purpose: Purpose, viewer: Viewer
    ) throws -> PlannedQuery {
        var names = Names()
        try collect(sql, schema: schema, view: nil, dialect, viewer, depth: 0, into: &names)
        let scans = try scans(of: names)
        // Views may hand on columns of any type.
        let mixed = names.texts.count > 1 ? nil : Self.mixedColumns(of: names.tables)
        let isCollated = names.texts.contains { $0.examination.isCollated }
        let files = ScanFiles(
            context: context, account: viewer.account, cancellation: viewer.cancellation, words: names.words,
            mixedColumns: isCollated ? nil : mixed, isCollated: isCollated)
        let (found, lease) = try context.locks.reading(Set(names.tables.map { TableLocks.Key($0) })) {
            try zip(names.tables, scans).map { table, scans in
                // As it was when the names were read.
                guard try context.store.table(schema: table.schema, name: table.name) == table else {
                    throw QueryError(
                        .tableChanged,
                        "The table \(table.schema).\(table.name) was changed meanwhile; run the query again")
                }
                return try files.list(table, scans)
            }
        }
        let listed = found.flatMap(\.listed)
        let (bindings, transcoded) =
            purpose == .description ? (files.bindingsUnread(listed), nil) : try files.bindings(listed)
        var edits = Array(repeating: [QueryText.Edit](), count: names.texts.count)
        for (text, edit) in found.flatMap(\.edits) { edits[text].append(edit) }
        let texts = try zip(names.texts, edits).map { try engineText(of: $0, $1) }
        let views = zip(names.texts, texts).compactMap { text, sql in
            text.view.map { (table, view) in
                ViewBinding(
                    schema: table.schema, name: table.name, columns: table.columns.map(\.name),
                    queryColumns: view.queryColumns, sql: sql)
            }
        }
        let engineSchema = schema.map { SystemSchema.engineName($0) ?? $0 }
        return PlannedQuery(
            query: EngineQuery(
                sql: texts.last ?? sql, schema: engineSchema, tables: bindings, views: views,
                valueTables: names.valueTables, results: names.results,
                isProfiled: purpose == .profiledRun, timeZoneOffsetMinutes: dialect.timeZoneOffsetMinutes,
                account: viewer.account),
            scannedBytes: found.reduce(0) { $0.addingSaturated($1.bytes) }, lease: lease, transcoded: transcoded,
            firstSchema: names.firstSchema,
            functions: names.functions, files: listed.flatMap { $0.files.map(\.summary) })
    }

    /// The text that runs, which the engine's parser has read and which is, but for the edits, what the gate has seen.
    private func engineText(of text: QueryText, _ edits: [QueryText.Edit]) throws -> String {
        let edits = try text.complete(edits)
        let edited = text.edited(edits)
        guard !edits.isEmpty, try !context.examinations.isConfirmed(edited, of: text, edits, by: context.engine) else {
            return edited
        }
        // Nobody knows a text that comes here: it is a fault of the rewriting, or an attack on it.
        context.log.error(
            "gate.mismatch", metadata: ["sql_sha256": "\(Hex.text(Array(SHA256.hash(data: Array(text.sql.utf8)))))"])
        throw QueryError(
            .notSupported,
            "The statement cannot be checked as it is written; write it otherwise, with names in backticks")
    }

    /// Names in lower case of columns that have two types among the tables.
    private static func mixedColumns(of tables: [ExternalTable]) -> Set<String> {
        guard tables.count > 1 else { return [] }
        var types: [String: HiveType] = [:]
        var mixed: Set<String> = []
        for column in tables.flatMap(\.allColumns) {
            if types.updateValue(column.type, forKey: column.name.lowercased()).map({ $0 != column.type }) ?? false {
                mixed.insert(column.name.lowercased())
            }
        }
        return mixed
    }

    /// The predicate of each scan of each table, with the predicates on the views in whose texts it stands.
    private func scans(of names: Names) throws -> [[TableScan]] {
        var scans = Array(repeating: [TableScan](), count: names.tables.count)
        var said = Array(repeating: [ScanPredicate](), count: names.texts.count)
        let hasPartitions = names.tables.contains(where: \.isPartitioned)
        // Texts that name a view stand behind it.
        for (number, text) in names.texts.enumerated().reversed() {
            var references = text.examination.tables
            let outside = ScanPredicate.said(by: said[number])
            if hasPartitions, let view = text.view, outside != .unknown {
                let columns = Dictionary(
                    zip(view.table.columns.map { $0.name.lowercased() }, view.definition.queryColumns)
                ) { first, _ in first }
                let inner = outside.renamed(mayBeNull: true) { columns[$0.lowercased()] }
                references = try context.examinations.examination(
                    of: text.sql, outside: inner, for: text.account, by: context.engine
                ).tables
            }
            for (reference, target) in zip(references, text.targets) {
                switch target {
                case .table(let table):
                    scans[table] += reference.scans.map {
                        TableScan(text: number, scan: $0, edit: text.renaming(reference, $0))
                    }
                case .view(let view): said[view] += reference.scans.map(\.predicate.handedOn)
                case .other: continue
                }
            }
        }
        return scans
    }

    // MARK: Names

    /// Adds the text and what it names, at any depth. Returns the text's number.
    @discardableResult
    private func collect(
        _ sql: String, schema: String?, view: QueryText.View?, _ dialect: DialectContext, _ viewer: Viewer, depth: Int,
        into names: inout Names
    ) throws -> Int {
        let engineSchema = schema.map { SystemSchema.engineName($0) ?? $0 }
        let (examination, tree) = try context.examinations.examination(
            of: sql, for: viewer.account, by: context.engine)
        let references = examination.tables
        let rights = context.accounts.rights(of: viewer.account)
        if let words = examination.words { names.words?.formUnion(words) } else { names.words = nil }
        if examination.isSampled { names.functions = nil } else { names.functions?.formUnion(examination.functions) }
        var targets: [QueryText.Target] = []
        for reference in references {
            if let name = (reference.schema ?? engineSchema).flatMap(SystemSchema.name(ofEngineName:)) {
                // Named with its schema in one place and without it in another: for both.
                let scans = references.filter { $0.table.lowercased() == reference.table.lowercased() }.flatMap(\.scans)
                let table = try viewer.systemTables.valueTable(
                    schema: name, name: reference.table, predicates: scans.map(\.joined))
                if !names.valueTables.contains(where: { $0.schema == table.schema && $0.name == table.name }) {
                    names.valueTables.append(table)
                }
                targets.append(.other)
                continue
            }
            if (reference.schema ?? schema)?.lowercased() == StoredResults.schema {
                if !names.results.contains(where: { $0.name.lowercased() == reference.table.lowercased() }) {
                    names.results.append(
                        try StoredResults(context: context).result(reference.table, account: viewer.account))
                }
                targets.append(.other)
                continue
            }
            let table = try table(reference, schema: schema, rights)
            names.firstSchema = names.firstSchema ?? table.schema
            if let view = table.view {
                targets.append(.view(try number(ofView: table, view, dialect, viewer, depth: depth, in: &names)))
            } else if let index = names.tables.firstIndex(where: { $0.isSame(as: table) }) {
                targets.append(.table(index))
            } else {
                targets.append(.table(names.tables.count))
                names.tables.append(table)
            }
        }
        let text = QueryText(
            sql: sql, account: viewer.account, schema: schema, view: view, examination: examination, tree: tree,
            targets: targets,
            expandedCount: zip(references, targets).reduce(0) { count, item in
                if case .view(let number) = item.1 {
                    return count + item.0.scans.count * names.texts[number].expandedCount
                }
                return count + item.0.scans.count
            })
        guard text.expandedCount <= Limits.expandedTablesMax else {
            throw QueryError(
                .notSupported,
                "With its views written out the query names \(text.expandedCount) tables, and "
                    + "\(Limits.expandedTablesMax) are the limit"
            )
        }
        names.texts.append(text)
        return names.texts.count - 1
    }

    /// The number of the view's text, which is added where it is not there yet.
    private func number(
        ofView table: ExternalTable, _ view: ViewDefinition, _ dialect: DialectContext, _ viewer: Viewer, depth: Int,
        in names: inout Names
    ) throws -> Int {
        if let known = names.texts.firstIndex(where: { $0.view.map { $0.table.isSame(as: table) } ?? false }) {
            return known
        }
        guard depth < Limits.viewDepthMax else {
            throw QueryError(
                .notSupported, "Views stand more than \(Limits.viewDepthMax) deep in each other, or in themselves")
        }
        let mode = LexicalMode(sqlMode: view.sqlMode, dialect: view.dialect)
        let sql = try ParsedStatement(Array(view.statement.utf8), mode: mode).engineText(dialect)
        // With its owner's eyes: whoever may read the view sees through it what the owner may read.
        let inner = Viewer(
            account: table.owner, systemTables: NoSystemTables(), cancellation: viewer.cancellation)
        guard context.accounts.exists(table.owner) else {
            throw QueryError(
                .noDefiner,
                "The user specified as a definer ('\(table.creator)'@'%') of the view "
                    + "\(table.schema).\(table.name) does not exist"
            )
        }
        do {
            return try collect(
                sql, schema: view.schema, view: (table, view), dialect, inner, depth: depth + 1, into: &names)
        } catch let error as QueryError {
            guard mayKnow(table, viewer) || error.code == .tableChanged else {
                // An account that may only read the view is not told the names below it.
                throw QueryError(
                    .invalidView,
                    "View '\(table.schema).\(table.name)' references invalid table(s) or column(s) or "
                        + "function(s) or definer/invoker of view lack rights to use them",
                    detail: error.message)
            }
            throw QueryError(
                error.code, "The view \(table.schema).\(table.name): \(error.message)", detail: error.detail)
        }
    }

    private func mayKnow(_ view: ExternalTable, _ viewer: Viewer) -> Bool {
        view.owner == viewer.account
            || context.accounts.rights(of: viewer.account).privileges(schema: view.schema, table: view.name).contains(
                .show)
    }

    /// Throws where a plan would show what is below a view to somebody who may only read it.
    package func requireTexts(ofViewsIn planned: PlannedQuery, _ viewer: Viewer) throws {
        for view in planned.query.views {
            guard let table = try context.store.table(schema: view.schema, name: view.name), mayKnow(table, viewer)
            else {
                throw QueryError(.hiddenView, "EXPLAIN/SHOW can not be issued; lacking privileges for underlying table")
            }
        }
    }

    private func table(_ reference: Examination.TableReference, schema: String?, _ rights: AccountRights) throws
        -> ExternalTable
    {
        guard let place = reference.schema ?? schema else {
            throw QueryError(
                .noDatabaseSelected, "No database selected; write schema.\(reference.table) or USE a schema")
        }
        try rights.require(.select, schema: place, table: reference.table)
        if let table = try context.store.table(schema: place, name: reference.table) { return table }
        if try context.store.schema(place) == nil { throw QueryError(.unknownDatabase, "Unknown database '\(place)'") }
        let seen = try context.store.tableNames(schema: place).filter { rights.sees(schema: place, table: $0) }
        let suggestion = NameSuggestion.text(reference.table, among: seen)
        throw QueryError(.unknownTable, "Table '\(place).\(reference.table)' doesn't exist\(suggestion)")
    }
}
