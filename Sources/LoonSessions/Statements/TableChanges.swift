import AccessControl
import LoonCore
import LoonLake
import MetaStore
import MySQLProtocol
import ObjectStore
import SQLFrontend

/// ALTER TABLE; MSCK REPAIR is in an extension.
struct TableChanges {
    let caller: StatementContext
    let response: ResponseWriter
    let cancellation: Cancellation
    var context: SessionContext { caller.services }

    init(_ caller: StatementContext, response: ResponseWriter, cancellation: Cancellation) {
        self.caller = caller
        self.response = response
        self.cancellation = cancellation
    }

    var definitions: TableDefinitions {
        TableDefinitions(context: context.lake, schema: caller.schema, account: caller.account)
    }

    func alter(_ name: TableName, _ change: TableChange) throws {
        let isRename = if case .rename = change { true } else { false }
        // Under another name others may use it, and its owner's rights with it: whoever moves it may do so already.
        let table = try definitions.existing(
            name, mayBeView: isRename, for: isRename ? [.alter, .drop, .select] : .alter)
        if case .rename(let new) = change {
            if table.view == nil { try definitions.rights.require(.insert, schema: table.schema, table: table.name) }
            try definitions.rights.require([.create, .insert], schema: new.schema ?? table.schema, table: new.table)
        }
        // Nobody writes the table meanwhile.
        let lock = try context.lake.locks.writing(TableLocks.Key(table), partition: nil, cancellation: cancellation)
        defer { withExtendedLifetime(lock) {} }
        try Publisher(context: context.lake).settle(TableLocks.Key(table))
        switch change {
        case .addPartitions(let clauses, let ifNotExists): try add(clauses, to: table, ifNotExists: ifNotExists)
        case .dropPartitions(let partitions, _): try drop(partitions, of: table)
        default: try update(table, change)
        }
        response.ok(warnings: caller.diagnostics.count)
    }

    private func update(_ table: ExternalTable, _ change: TableChange) throws {
        let definitions = definitions
        if case .setProperties(let properties) = change {
            try TableProperties.check(properties)
            caller.diagnostics.warnOfProperties(TableProperties.unknown(properties))
        }
        let changed = try context.store.updateTable(schema: table.schema, name: table.name) { table in
            try Self.changed(table, change, definitions)
        }
        guard changed != nil else {
            throw QueryError(.unknownTable, "Table '\(table.schema).\(table.name)' doesn't exist")
        }
    }

    private static func changed(_ table: ExternalTable, _ change: TableChange, _ definitions: TableDefinitions) throws
        -> ExternalTable
    {
        var table = table
        switch change {
        case .addColumns(let columns): table.columns += columns
        case .replaceColumns(let columns): table.columns = columns
        case .changeColumn(let name, let column):
            guard let index = table.columns.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) else {
                let isPartition = table.partitionColumns.contains { $0.name.lowercased() == name.lowercased() }
                throw QueryError(
                    isPartition ? .notSupported : .unknownColumn,
                    isPartition
                        ? "The partition column '\(name)' cannot be changed"
                        : "Unknown column '\(name)' in '\(table.name)'")
            }
            table.columns[index] = TableColumn(
                name: column.name, type: column.type, comment: column.comment ?? table.columns[index].comment)
        case .rename(let name):
            // The files stay where they are: the place must lie under the new schema too.
            let schema = try definitions.schema(of: TableName(schema: name.schema ?? table.schema, table: name.table))
            if table.view == nil { _ = try definitions.place(ObjectKey(table.location), in: schema) }
            table.schema = schema.name
            table.name = name.table
        case .setProperties(let properties):
            table.properties.merge(properties) { $1 }
            try TableDefinitions.checkProjection(of: table)
            try finish(&table)
        case .unsetProperties(let names):
            for name in names { table.properties[name] = nil }
            if case .text(var layout) = table.format, names.contains("skip.header.line.count") {
                layout.headerLines = 0
                table.format = .text(layout)
            }
            try finish(&table)
        case .setLocation(let text):
            let schema = try definitions.schema(of: TableName(schema: table.schema, table: table.name))
            let place = try definitions.location(text, of: table.name, in: schema)
            guard place.isFolder || !table.isPartitioned else {
                throw QueryError(.location, "The LOCATION of a partitioned table is a folder; end it with a slash")
            }
            table.location = place.description
        case .addPartitions, .dropPartitions: break
        }
        var names: Set<String> = []
        for column in table.allColumns where !names.insert(column.name.lowercased()).inserted {
            throw QueryError(.duplicateColumn, "Duplicate column name '\(column.name)'")
        }
        guard table.allColumns.count <= Limits.columnsMax else {
            throw QueryError(.syntax, "A table has at most \(Limits.columnsMax) columns")
        }
        return table
    }

    private static func finish(_ table: inout ExternalTable) throws {
        if case .text(let layout) = table.format {
            table.format = .text(try TextProperties.apply(table.properties, to: layout))
        }
    }

    // MARK: Partitions

    private func add(_ clauses: [PartitionClause], to table: ExternalTable, ifNotExists: Bool) throws {
        let definitions = definitions
        let partitions = try clauses.map { clause in
            var location: String?
            if let text = clause.location {
                let schema = try definitions.schema(of: TableName(schema: table.schema, table: table.name))
                let place = try definitions.location(
                    text.hasSuffix("/") ? text : text + "/", of: table.name, in: schema)
                location = place.description
            }
            return TablePartition(values: try values(clause.terms, of: table), location: location)
        }
        try checkPlaces(partitions, of: table)
        _ = try context.store.addPartitions(partitions, to: table, existing: ifNotExists ? .move : .refuse)
    }

    /// Two partitions over one folder would overwrite each other.
    private func checkPlaces(_ partitions: [TablePartition], of table: ExternalTable) throws {
        let files = TableFiles(context: context.lake)
        let all = try context.store.partitions(of: table) + partitions
        for (index, partition) in partitions.enumerated() {
            let place = try files.folder(of: partition, in: table)
            for (number, other) in all.enumerated()
            where !other.hasValues(of: partition) && (number < all.count - partitions.count + index) {
                guard partition.location != nil || other.location != nil else { continue }
                let taken = try files.folder(of: other, in: table)
                guard !taken.contains(place), !place.contains(taken) else {
                    throw QueryError(
                        .location, "The partition \(other.name(table.partitionColumns)) lies at '\(taken)' already")
                }
            }
        }
    }

    /// A value for every partition column.
    private func values(_ terms: [PartitionTerm], of table: ExternalTable) throws -> [String?] {
        guard table.isPartitioned else {
            throw QueryError(.wrongObject, "The table \(table.schema).\(table.name) is not partitioned")
        }
        guard terms.count == table.partitionColumns.count else {
            let names = table.partitionColumns.map(\.name).joined(separator: ", ")
            throw QueryError(
                .missingPartition,
                "A partition of \(table.schema).\(table.name) is named by all of its columns: \(names)")
        }
        return try table.partitionColumns.map { column in
            guard let term = terms.first(where: { $0.column.lowercased() == column.name.lowercased() }),
                case .fixed(let value) = term.value
            else {
                throw QueryError(.missingPartition, "The partition column '\(column.name)' has no value")
            }
            return try PartitionValue.checked(value, column)
        }
    }

    /// Drops what matches all the named values: a partition, or those below one. A missing one is no error, as in the
    /// original.
    private func drop(_ specifications: [[PartitionTerm]], of table: ExternalTable) throws {
        guard table.isPartitioned else {
            throw QueryError(.wrongObject, "The table \(table.schema).\(table.name) is not partitioned")
        }
        let all = try context.store.partitions(of: table)
        var names: [String] = []
        for terms in specifications {
            var wanted: [(index: Int, value: String?)] = []
            for term in terms {
                guard
                    let index = table.partitionColumns.firstIndex(where: {
                        $0.name.lowercased() == term.column.lowercased()
                    }),
                    case .fixed(let value) = term.value
                else {
                    throw QueryError(
                        .unknownColumn,
                        "The table \(table.schema).\(table.name) has no partition column '\(term.column)'")
                }
                wanted.append((index, try PartitionValue.checked(value, table.partitionColumns[index])))
            }
            names += all.filter { partition in
                // An earlier version has registered h=07 of an INT as it stands.
                let values = PartitionValue.canonical(partition.values, table.partitionColumns)
                return wanted.allSatisfy { TablePartition.isSame(values[$0.index], $0.value) }
            }.map {
                $0.name(table.partitionColumns)
            }
        }
        _ = try context.store.dropPartitions(names, of: table)
    }
}
