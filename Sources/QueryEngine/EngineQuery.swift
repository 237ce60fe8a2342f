package import LoonCore

/// One statement for an engine.
package struct EngineQuery: Sendable {
    /// In the engine's dialect; exactly one SELECT.
    package let sql: String
    /// The schema that unqualified names mean; `nil` for none.
    package let schema: String?
    /// The only tables that exist for this statement, and those that hold the daemon's own rows.
    package let tables: [TableBinding]
    /// A view that others name comes before them.
    package let views: [ViewBinding]
    package let valueTables: [ValueTable]
    package let results: [StoredResult]
    /// Whether the profile is wanted: it costs some time.
    package let isProfiled: Bool
    /// The zone that moments with a time zone are shown in, minutes east of UTC.
    package let timeZoneOffsetMinutes: Int
    /// The account that the statement is run for: no other's ever comes to the process that runs it.
    package let account: AccountIdentity

    package init(
        sql: String, schema: String?, tables: [TableBinding], views: [ViewBinding] = [], valueTables: [ValueTable] = [],
        results: [StoredResult] = [],
        isProfiled: Bool, timeZoneOffsetMinutes: Int = 0, account: AccountIdentity
    ) {
        self.account = account
        self.timeZoneOffsetMinutes = timeZoneOffsetMinutes
        self.sql = sql
        self.schema = schema
        self.tables = tables
        self.views = views
        self.valueTables = valueTables
        self.results = results
        self.isProfiled = isProfiled
    }
}

/// A table with the files that it is read from.
package struct TableBinding: Sendable {
    /// A file, and the partition that it belongs to: an index into `partitions`, 0 where there are none.
    package struct File: Sendable {
        package let source: FileSource
        package let partition: Int
        /// Stored bytes, and milliseconds since 1970: what is known of its content holds while they are the same.
        package let size: Int64
        package let modified: Int64
        package init(_ source: FileSource, partition: Int, size: Int64 = 0, modified: Int64 = 0) {
            self.source = source
            self.partition = partition
            self.size = size
            self.modified = modified
        }
    }

    package let table: ExternalTable
    /// The query's name for it: more than one name where its scans read different files.
    package let name: String
    /// In the order of their partitions. Empty for a table without files, which has no rows.
    package let files: [File]
    /// The values of the partition columns, partition by partition.
    package let partitions: [[String?]]
    /// Whether some text file has what the engine's CSV reader gets wrong: an empty line or a carriage return, for
    /// OpenCSVSerde a backslash.
    package let needsCare: Bool
    /// Names in lower case of which the query reads columns, and perhaps others; `nil` for all. What no name is of is
    /// not computed.
    package let columnsRead: Set<String>?
    /// The whole numbers that a column, by its name in lower case, lies between in each row that the query has a use
    /// for.
    package let ranges: [String: ClosedRange<Int64>]

    package init(
        table: ExternalTable, name: String? = nil, files: [File], partitions: [[String?]] = [], needsCare: Bool = false,
        columnsRead: Set<String>? = nil, ranges: [String: ClosedRange<Int64>] = [:]
    ) {
        self.ranges = ranges
        self.table = table
        self.name = name ?? table.name
        self.files = files
        self.partitions = partitions
        self.needsCare = needsCare
        self.columnsRead = columnsRead
    }
}

extension TableBinding {
    /// Whether the query may read a column of the table.
    package func reads(_ column: TableColumn) -> Bool { columnsRead?.contains(column.name.lowercased()) ?? true }
}

/// A view of the catalog, in the engine's dialect, with every table in it named by its schema.
package struct ViewBinding: Sendable {
    package let schema: String
    package let name: String
    package let columns: [String]
    /// The query's columns that these are, in the same order.
    package let queryColumns: [String]
    package let sql: String

    package init(schema: String, name: String, columns: [String], queryColumns: [String], sql: String) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.queryColumns = queryColumns
        self.sql = sql
    }
}

/// Where and how the rows of a query are to be written as a table's files.
package struct ExportTarget: Sendable {
    /// An empty, staged folder for the files; those of partitions come into folders named as Hive names them.
    package let folder: FileSource
    /// The last `partitionCount` of them are in the folders' names only.
    package let columns: [TableColumn]
    /// For each column the number of the query's column that it is cast from; `nil` for NULL.
    package let sources: [Int?]
    package let partitionCount: Int
    package let format: TableFormat
    /// `gzip`, `zstd`, `snappy`, `none`; `nil` for the format's own choice.
    package let compression: String?
    /// About where a file ends and the next begins.
    package let fileBytesMax: Int64

    package init(
        folder: FileSource, columns: [TableColumn], sources: [Int?], partitionCount: Int, format: TableFormat,
        compression: String?, fileBytesMax: Int64
    ) {
        self.folder = folder
        self.columns = columns
        self.sources = sources
        self.partitionCount = partitionCount
        self.format = format
        self.compression = compression
        self.fileBytesMax = fileBytesMax
    }
}

/// A table of rows that the daemon makes. Its text compares without regard to case.
package struct ValueTable: Sendable {
    package let schema: String
    package let name: String
    /// Text, whole numbers, doubles and timestamps.
    package let columns: [ResultColumn]
    /// Calls its argument with each row.
    package let forEachRow: @Sendable (([SQLValue]) throws -> Void) throws -> Void

    package init(
        schema: String, name: String, columns: [ResultColumn],
        forEachRow: @escaping @Sendable (([SQLValue]) throws -> Void) throws -> Void
    ) {
        self.schema = schema
        self.name = name
        self.columns = columns
        self.forEachRow = forEachRow
    }
}

/// Measures of a run.
package struct QueryProfile: Sendable {
    package var rowCount: Int64 = 0
    /// Rows that the readers handed on; `nil` where the run was not profiled.
    package var scannedRowCount: Int64?
    /// Fields of text and JSON that did not fit their column's type and were read as NULL, and rows that were dropped
    /// for one.
    package var malformedCount: Int64 = 0
    /// The most that the engine's buffers held meanwhile, for this query and those beside it; `nil` where the run was
    /// not profiled.
    package var peakMemoryBytes: Int64?

    package init(rowCount: Int64 = 0, scannedRowCount: Int64? = nil, malformedCount: Int64 = 0) {
        self.rowCount = rowCount
        self.scannedRowCount = scannedRowCount
        self.malformedCount = malformedCount
    }
}
