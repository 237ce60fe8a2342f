import AccessControl
package import LoonCore
import MetaStore
import ObjectStore
package import QueryEngine
package import SQLDialect
package import SQLFrontend

/// A query whose rows are to become a table's: INSERT, INSERT OVERWRITE, CREATE TABLE … AS.
package struct TableWrite {
    let statement: Statement
    /// The query inside, in the engine's dialect.
    let engineText: String
    /// The session's schema, and what the statement's text depends on.
    let schema: String?
    let dialect: DialectContext
    let account: AccountIdentity
    /// The task that it is, if it is one.
    let task: TaskID?
    /// `insert-overwrite-ignore-conflict`: a partition's folder that holds files and is not registered is overwritten
    /// too.
    let ignoresConflict: Bool

    package init(
        statement: Statement, engineText: String, schema: String?, dialect: DialectContext, account: AccountIdentity,
        task: TaskID?, ignoresConflict: Bool
    ) {
        self.statement = statement
        self.engineText = engineText
        self.schema = schema
        self.dialect = dialect
        self.account = account
        self.task = task
        self.ignoresConflict = ignoresConflict
    }
}

/// Writes tables: the engine writes files into the staging folder, the publisher gives them their places.
package struct TableWriter {
    let context: LakeContext
    let engine: any QueryEngine
    /// Throws where a query would read more bytes than it may.
    let checkScan: (Int64) throws -> Void

    package init(
        context: LakeContext, engine: any QueryEngine, checkScan: @escaping (Int64) throws -> Void
    ) {
        self.context = context
        self.engine = engine
        self.checkScan = checkScan
    }

    package struct Outcome {
        package let rowCount: Int64
        package let scannedBytes: Int64
        package let profile: QueryProfile
    }

    /// Where rows go, as far as it is known before there are any.
    private struct Target {
        let table: ExternalTable
        let isNew: Bool
        var isOverwrite = false
        var ifNotExists = false
        /// Values by partition column; those that the rows say are missing.
        var fixed: [String: String?] = [:]
        /// The columns that the query has, in its order.
        var given: [TableColumn]

        var dynamicColumns: [TableColumn] { table.partitionColumns.filter { fixed[$0.name.lowercased()] == nil } }
        /// `nil` where rows decide.
        var partition: TablePartition? {
            guard table.isPartitioned, dynamicColumns.isEmpty else { return nil }
            return TablePartition(values: table.partitionColumns.map { (fixed[$0.name.lowercased()] ?? nil) })
        }
    }

    /// Finds what can be found before anything is run, and throws what stands against it.
    package func check(_ write: TableWrite) throws {
        let target = try target(write, columns: nil)
        let planned = try context.planner.plan(
            write.engineText, schema: write.schema, dialect: write.dialect, for: .description,
            viewer: .init(account: write.account, systemTables: NoSystemTables(), cancellation: Cancellation()))
        let count = try planned.withFilesHeld { try context.engine.describe($0, cancellation: Cancellation()) }.count
        guard target.isNew || count == target.given.count else {
            throw QueryError(
                .columnCount,
                "Column count doesn't match value count: the table takes \(target.given.count) and the query "
                    + "has \(count)"
            )
        }
    }

    /// Blocks until the rows are in the table, for every reader.
    package func run(_ write: TableWrite, cancellation: Cancellation) throws -> Outcome {
        if case .createTableAs(let statement, _) = write.statement, statement.ifNotExists,
            let schema = statement.name.schema ?? write.schema,
            try context.store.table(schema: schema, name: statement.name.table) != nil
        {
            return Outcome(rowCount: 0, scannedBytes: 0, profile: QueryProfile())
        }
        let draft = try target(write, columns: nil)
        let lock = try context.locks.writing(
            TableLocks.Key(draft.table), partition: draft.partition?.name(draft.table.partitionColumns),
            cancellation: cancellation)
        defer { withExtendedLifetime(lock) {} }
        try Publisher(context: context).settle(TableLocks.Key(draft.table))
        let planned = try context.planner.plan(
            write.engineText, schema: write.schema, dialect: write.dialect, for: .profiledRun,
            viewer: .init(account: write.account, systemTables: NoSystemTables(), cancellation: cancellation))
        try checkScan(planned.scannedBytes)
        try context.accounts.charge(planned.scannedBytes, to: write.account, now: context.clock.now())
        // Again, with what may have changed while it waited.
        let columns =
            draft.isNew
            ? try planned.withFilesHeld { try context.engine.describe($0, cancellation: cancellation) } : nil
        let target = try target(write, columns: columns)
        if target.ifNotExists, let partition = target.partition,
            try context.store.partitions(of: target.table).contains(where: { $0.hasValues(of: partition) })
        {
            return Outcome(rowCount: 0, scannedBytes: 0, profile: QueryProfile())
        }
        let staged = try context.objects.makeStagingFolder()
        do {
            let export = try exportTarget(target, folder: staged)
            let profile = try planned.withFilesHeld { try engine.export($0, to: export, cancellation: cancellation) }
            do { try publish(staged, target, rowCount: profile.rowCount, write, cancellation) } catch let waits
                as PublicationWaits where write.task == nil
            {
                throw QueryError(
                    .storage,
                    "The write is decided, and its files get their places as soon as the disk takes them: do not "
                        + "repeat it", detail: waits.cause)
            }
            context.objects.discard(staged: staged)
            return Outcome(rowCount: profile.rowCount, scannedBytes: planned.scannedBytes, profile: profile)
        } catch {
            // A decided publication needs its staged files.
            if !Publisher.stagedFolders(context.openPublications.all).contains(Self.name(staged)) {
                context.objects.discard(staged: staged)
            }
            throw error
        }
    }

    private static func name(_ staged: String) -> String {
        staged.split(separator: "/").last.map(String.init) ?? staged
    }

    // MARK: Where to

    /// `columns` are those of the query, for a table that is made of them.
    private func target(_ write: TableWrite, columns: [ResultColumn]?) throws -> Target {
        switch write.statement {
        case .insert(let insert): return try target(insert, schema: write.schema, account: write.account)
        case .createTableAs(let statement, let partitionNames):
            let definitions = TableDefinitions(context: context, schema: write.schema, account: write.account)
            let table = try definitions.table(statement, columns: columns, partitionedBy: partitionNames)
            guard try statement.ifNotExists || context.store.table(schema: table.schema, name: table.name) == nil else {
                throw QueryError(.tableExists, "Table '\(table.name)' already exists")
            }
            try checkWritable(table)
            if columns != nil, try !context.objects.list(try ObjectKey(table.location), recursive: true).isEmpty {
                throw QueryError(
                    .location, "The location '\(table.location)' holds files already; name an empty folder")
            }
            return Target(table: table, isNew: true, given: table.allColumns)
        default: throw QueryError(.internalFault, "A statement that writes no table was to write one")
        }
    }

    private func target(_ insert: Insert, schema: String?, account: AccountIdentity) throws -> Target {
        guard let schema = insert.table.schema ?? schema else {
            throw QueryError(.noDatabaseSelected, "No database selected")
        }
        try context.accounts.rights(of: account).require(.insert, schema: schema, table: insert.table.table)
        guard let table = try context.store.table(schema: schema, name: insert.table.table) else {
            throw QueryError(.unknownTable, "Table '\(schema).\(insert.table.table)' doesn't exist")
        }
        try checkWritable(table)
        var fixed: [String: String?] = [:]
        for term in insert.partition {
            guard let column = table.partitionColumns.first(where: { $0.name.lowercased() == term.column.lowercased() })
            else {
                throw QueryError(
                    .unknownColumn, "The table \(table.schema).\(table.name) has no partition column '\(term.column)'")
            }
            if case .fixed(let value) = term.value {
                fixed[column.name.lowercased()] = .some(try PartitionValue.checked(value, column))
            }
        }
        var target = Target(
            table: table, isNew: false, isOverwrite: insert.isOverwrite, ifNotExists: insert.ifNotExists, fixed: fixed,
            given: [])
        if let names = insert.columns {
            let known = table.columns + target.dynamicColumns
            target.given = try names.map { name in
                guard let column = known.first(where: { $0.name.lowercased() == name.lowercased() }) else {
                    throw QueryError(.unknownColumn, "Unknown column '\(name)' in 'field list'")
                }
                return column
            }
            guard Set(target.given.map { $0.name.lowercased() }).count == names.count else {
                throw QueryError(.duplicateColumn, "A column is named twice")
            }
            for column in target.dynamicColumns where !target.given.contains(column) {
                throw QueryError(.columnCount, "The partition column '\(column.name)' needs a value")
            }
        } else {
            target.given = table.columns + target.dynamicColumns
        }
        return target
    }

    private func checkWritable(_ table: ExternalTable) throws(QueryError) {
        guard table.properties["projection.enabled"]?.lowercased() != "true" else {
            throw QueryError(
                .notSupported,
                "The partitions of \(table.schema).\(table.name) are a projection, which is not written to; write "
                    + "through a table that registers its partitions")
        }
        let name = "\(table.schema).\(table.name)"
        guard table.view == nil else {
            throw QueryError(
                .notWritable, "The target table \(name) of the INSERT is not insertable-into: it is a view")
        }
        guard table.location.hasSuffix("/") else {
            throw QueryError(
                .notWritable, "The table \(name) is one file; only a table whose LOCATION is a folder takes rows")
        }
        switch table.format {
        case .json, .parquet: return
        case .text(let layout) where layout.serDe != .regex && layout.encoding == nil && layout.headerLines <= 1: return
        case .text:
            throw QueryError(
                .notWritable,
                "The table \(name) is of text that Loon only reads (RegexSerDe, another encoding, several header lines)"
            )
        case .avro, .orc, .rcFile:
            throw QueryError(
                .notWritable, "Loon does not write \(table.format.storedAs); TEXTFILE, JSON and PARQUET it does")
        }
    }

    private func exportTarget(_ target: Target, folder: String) throws -> ExportTarget {
        let columns = target.table.columns + target.dynamicColumns
        let sources = columns.map { column in
            target.given.firstIndex { $0.name.lowercased() == column.name.lowercased() }
        }
        return ExportTarget(
            folder: context.objects.source(staged: folder), columns: columns, sources: sources,
            partitionCount: target.dynamicColumns.count,
            format: target.table.format,
            compression: target.table.properties["compression.type"]?.lowercased()
                ?? target.table.properties["parquet.compression"]?.lowercased(),
            fileBytesMax: Limits.tableFileBytesMax)
    }

    // MARK: Publishing

    private func publish(
        _ staged: String, _ target: Target, rowCount: Int64, _ write: TableWrite, _ cancellation: Cancellation
    ) throws {
        let table = target.table
        let files = TableFiles(context: context)
        let stem = write.task?.description ?? "i\(context.clock.now())-\(Self.name(staged).prefix(8).lowercased())"
        var moves: [Publication.Move] = []
        var partitions: [TablePartition] = target.partition.map { [$0] } ?? []
        // An empty result leaves a file without rows, which nobody needs.
        for (number, file) in (rowCount == 0 ? [] : try context.objects.syncStaged(staged)).enumerated() {
            var folder = try ObjectKey(table.location)
            if table.isPartitioned {
                let partition = try target.partition ?? dynamicPartition(of: file.path, target)
                if !partitions.contains(where: { $0.hasValues(of: partition) }) { partitions.append(partition) }
                folder = try files.folder(of: try registered(partition, in: table) ?? partition, in: table)
            }
            let ending =
                file.path.split(separator: "/").last?.split(separator: ".").dropFirst().joined(separator: ".") ?? ""
            let name = "\(stem)-\(number).\(Self.fileExtension(table, written: ending))"
            moves.append(
                .init(
                    staged: "\(Self.name(staged))/\(file.path)",
                    target: try folder.child(name, isFolder: false).description))
        }
        let replaced = target.isOverwrite ? try self.replaced(by: partitions, target, write) : []
        let publication = Publication(
            schema: table.schema, table: table.name, moves: moves, replaced: replaced, rowCount: rowCount)
        try Publisher(context: context).publish(
            publication, table: table, isNew: target.isNew, partitions: partitions, task: write.task,
            cancellation: cancellation)
    }

    /// The engine calls all text csv.
    private static func fileExtension(_ table: ExternalTable, written: String) -> String {
        let compression = written.hasSuffix(".gz") ? ".gz" : written.hasSuffix(".zst") ? ".zst" : ""
        return table.format.fileExtension + (table.format == .parquet ? "" : compression)
    }

    private func registered(_ partition: TablePartition, in table: ExternalTable) throws -> TablePartition? {
        guard try context.store.table(schema: table.schema, name: table.name) != nil else { return nil }
        return try context.store.partitions(of: table).first { $0.hasValues(of: partition) }
    }

    /// The engine has named the folders of the dynamic columns; the fixed ones come first or between.
    private func dynamicPartition(of path: String, _ target: Target) throws -> TablePartition {
        let folders = path.split(separator: "/").dropLast().joined(separator: "/")
        guard let dynamic = TablePartition(name: folders, columns: target.dynamicColumns) else {
            throw QueryError(.internalFault, "The engine wrote a partition that cannot be read", detail: path)
        }
        let values = Dictionary(zip(target.dynamicColumns.map { $0.name.lowercased() }, dynamic.values)) { first, _ in
            first
        }
        return TablePartition(
            values: try target.table.partitionColumns.map { column in
                let name = column.name.lowercased()
                let value = target.fixed[name] ?? values[name] ?? nil
                return try PartitionValue.checked(value, column)
            })
    }

    private func replaced(by partitions: [TablePartition], _ target: Target, _ write: TableWrite) throws -> [String] {
        let table = target.table
        let files = TableFiles(context: context)
        guard table.isPartitioned else { return try files.list(table, partitions: []).map(\.summary.key.description) }
        var replaced: [String] = []
        for partition in partitions {
            if let known = try registered(partition, in: table) {
                replaced += try files.list(table, partitions: [known]).map(\.summary.key.description)
                continue
            }
            let old = try files.list(table, partitions: [partition]).map(\.summary.key.description)
            guard old.isEmpty || write.ignoresConflict else {
                throw QueryError(
                    .location,
                    "The folder of the partition \(partition.name(table.partitionColumns)) holds files and is "
                        + "not registered; MSCK REPAIR TABLE registers it, "
                        + "or the hint insert-overwrite-ignore-conflict=true overwrites it")
            }
            replaced += old
        }
        return replaced
    }
}
