import AccessControl
import LoonCore
import MetaStore
import MySQLProtocol
import SQLDialect
import SQLFrontend
import SystemTables

/// SHOW of schemas, tables and their columns.
extension ShowHandler {
    func tables(_ name: String?, full: Bool) throws -> Answer {
        let schema = try schemaInUse(name)
        let columns = texts("Tables_in_\(schema)") + (full ? texts("Table_type") : [])
        if SystemSchema.names.contains(schema) {
            return (
                columns,
                SystemCatalog.tables(of: schema).map {
                    full ? [.text($0.name), .text($0.tableType)] : [.text($0.name)]
                }
            )
        }
        let rights = caller.rights
        func isSeen(_ table: String) -> Bool { rights.sees(schema: schema, table: table) }
        guard full else {
            return (columns, try context.store.tableNames(schema: schema).filter(isSeen).map { [.text($0)] })
        }
        return (
            columns,
            try context.store.tableKinds(schema: schema).filter { isSeen($0.name) }.map {
                [.text($0.name), .text($0.isView ? "VIEW" : "BASE TABLE")]
            }
        )
    }

    func columns(_ name: TableName, full: Bool, isHive: Bool) throws -> Answer {
        let names =
            full
            ? ["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"]
            : ["Field", "Type", "Null", "Key", "Default", "Extra"]
        func row(_ field: String, _ type: String, isText: Bool, isNullable: Bool, _ comment: String) -> [SQLValue] {
            let rest: [SQLValue] = [.text(isNullable ? "YES" : "NO"), .text(""), .null, .text("")]
            let head: [SQLValue] = [.text(field), .text(type)]
            guard full else { return head + rest }
            return head + [isText ? .text("utf8mb4_0900_ai_ci") : .null] + rest + [.text("select"), .text(comment)]
        }
        let columns = names.map { ResultColumn(name: $0, type: .text) }
        if let table = try systemTable(name) {
            return (
                columns, table.columns.map { row($0.name, $0.type, isText: $0.isText, isNullable: $0.isNullable, "") }
            )
        }
        let table = try table(name)
        return (
            columns,
            table.allColumns.map { column in
                let type = MySQLColumnType(column.type)
                return row(
                    column.name, isHive ? column.type.ddl : type.columnType, isText: type.characters != nil,
                    isNullable: true, column.comment ?? "")
            }
        )
    }

    /// A table's name as it was declared, and its columns as a result has them.
    func columns(of name: TableName) throws -> (table: String, columns: [ResultColumn]) {
        if let table = try systemTable(name) { return (table.name, table.resultColumns) }
        let table = try table(name)
        return (
            table.name, table.allColumns.map { ResultColumn(name: $0.name, type: MySQLColumnType($0.type).resultType) }
        )
    }

    func tableStatus(_ name: String?) throws -> Answer {
        let schema = try schemaInUse(name)
        let columns =
            texts("Name", "Engine")
            + [
                "Version", "Row_format", "Rows", "Avg_row_length", "Data_length", "Max_data_length", "Index_length",
                "Data_free", "Auto_increment",
            ].map {
                ResultColumn(name: $0, type: $0 == "Row_format" ? .text : .int64)
            } + texts("Create_time", "Update_time", "Check_time", "Collation", "Checksum", "Create_options", "Comment")
        func row(_ name: String, engine: SQLValue, comment: String) -> [SQLValue] {
            [.text(name), engine] + Array(repeating: .null, count: 12) + [
                .text("utf8mb4_0900_ai_ci"), .null, .text(""), .text(comment),
            ]
        }
        if SystemSchema.names.contains(schema) {
            return (columns, SystemCatalog.tables(of: schema).map { row($0.name, engine: .null, comment: "") })
        }
        return (
            columns,
            try context.store.tables(schema: schema).filter { caller.rights.sees(schema: schema, table: $0.name) }.map {
                table in
                // Views look as they do in MySQL.
                table.view == nil
                    ? row(table.name, engine: .text(StorageEngine.name), comment: table.comment ?? "")
                    : row(table.name, engine: .null, comment: "VIEW")
            }
        )
    }

    func createTable(_ name: TableName) throws -> Answer {
        if let table = try systemTable(name) {
            let columns = table.columns.map { "  `\($0.name)` \($0.type)\($0.isNullable ? "" : " NOT NULL")" }
            return (
                texts("Table", "Create Table"),
                [
                    [
                        .text(table.name),
                        .text("CREATE TEMPORARY TABLE `\(table.name)` (\n\(columns.joined(separator: ",\n"))\n)"),
                    ]
                ]
            )
        }
        let table = try table(name)
        guard table.view == nil else {
            try requireText(of: table)
            return (
                texts("View", "Create View", "character_set_client", "collation_connection"),
                [
                    [
                        .text(table.name), .text(DefinitionText.createView(table)), .text("utf8mb4"),
                        .text("utf8mb4_0900_ai_ci"),
                    ]
                ]
            )
        }
        return (texts("Table", "Create Table"), [[.text(table.name), .text(DefinitionText.createTable(table))]])
    }

    func partitions(_ name: TableName) throws -> Answer {
        let table = try table(name)
        guard table.isPartitioned else {
            throw QueryError(.wrongObject, "The table \(table.schema).\(table.name) is not partitioned")
        }
        let names = try context.store.partitions(of: table).map { $0.name(table.partitionColumns) }
        return (texts("Result"), names.map { [.text($0)] })
    }

    /// DESCRIBE FORMATTED: what Hive's says that is known here.
    func description(_ name: TableName) throws -> Answer {
        let table = try table(name)
        func row(_ name: String, _ type: String = "", _ comment: String = "") -> [SQLValue] {
            [.text(name), .text(type), .text(comment)]
        }
        func list(_ columns: [TableColumn]) -> [[SQLValue]] {
            columns.map { row($0.name, $0.type.ddl, $0.comment ?? "") }
        }
        var rows = [row("# col_name", "data_type", "comment")] + list(table.columns)
        if table.isPartitioned {
            rows +=
                [row("# Partition Information"), row("# col_name", "data_type", "comment")]
                + list(table.partitionColumns)
        }
        rows += [row("# Detailed Table Information"), row("Database:", table.schema), row("Owner:", table.creator)]
        if let view = table.view {
            try requireText(of: table)
            rows += [row("Table Type:", "VIRTUAL_VIEW"), row("View Original Text:", view.statement)]
        } else {
            rows += [
                row("Location:", table.location), row("Table Type:", "EXTERNAL_TABLE"),
                row("Format:", table.format.storedAs),
            ]
            if table.isPartitioned {
                rows.append(row("Partitions:", String(try context.store.partitions(of: table).count)))
            }
        }
        if let comment = table.comment { rows.append(row("Comment:", comment)) }
        rows += table.properties.sorted { $0.key < $1.key }.map { row("Table Parameters:", $0.key, $0.value) }
        return (texts("col_name", "data_type", "comment"), rows)
    }

    func createSchema(_ name: String) throws -> Answer {
        let columns = texts("Database", "Create Database")
        if SystemSchema.names.contains(name.lowercased()) {
            return (columns, [[.text(name.lowercased()), .text("CREATE DATABASE `\(name.lowercased())`")]])
        }
        try caller.rights.requireSight(schema: name)
        guard let schema = try context.store.schema(name) else {
            throw QueryError(.unknownDatabase, "Unknown database '\(name)'")
        }
        return (columns, [[.text(schema.name), .text(DefinitionText.createSchema(schema))]])
    }
}
