import LoonCore

/// The columns of `show query_task` as SQL over the table `task`.
struct TaskColumns: Sendable {
    /// How many of them `show query_task` has; `full` adds the rest.
    static let shortCount = 27
    /// The columns that the row of a running task is completed with: 0 to 100, bytes, and a number of the kernel's.
    static let (progress, memory, process) = ("progress", "memory_bytes", "engine_process")

    private struct Column {
        let name: String
        let type: ColumnType
        let expression: String
        /// The column of milliseconds that a time is made of.
        var moment: String?
        /// Of words in capital letters.
        var isWord = false
        /// A number that is computed: compared with a text it is to be a number all the same, as a column's is.
        var isComputed: Bool { type == .int64 && expression != name && moment == nil }
        /// Compared as it is, without regard to what letters are alike: names that an index knows.
        var isExact = false
    }

    private let columns: [Column]
    private let offsetMinutes: Int
    let shortList: String
    let fullList: String
    let names: [ResultColumn]
    private let indexByName: [String: Int]

    /// `keepDays`: after how many days a task expires; `nil` for never.
    init(offsetMinutes: Int, keepDays: Int?) {
        func text(_ name: String, _ expression: String? = nil) -> Column {
            Column(name: name, type: .text, expression: expression ?? name)
        }
        func exact(_ name: String, _ expression: String? = nil) -> Column {
            Column(name: name, type: .text, expression: expression ?? name, isExact: true)
        }
        func word(_ name: String, _ expression: String? = nil) -> Column {
            Column(name: name, type: .text, expression: expression ?? name, isWord: true)
        }
        func number(_ name: String, _ expression: String? = nil) -> Column {
            Column(name: name, type: .int64, expression: expression ?? name)
        }
        func time(_ name: String, _ moment: String) -> Column {
            let expression = "strftime('%Y-%m-%d %H:%M:%S', (\(moment)) / 1000 + \(offsetMinutes * 60), 'unixepoch')"
            return Column(name: name, type: .text, expression: expression, moment: moment)
        }
        columns = [
            exact("id"), text("mpp_query_id", "engine_query_id"), word("status"), word("task_name", "kind"),
            text("table_schema"), text("command"),
            exact("creator_id", "account"), time("create_time", "created"), time("update_time", "updated"),
            number("connection_id"), text("message"),
            number("row_count"), number("elapse_time"), number("scanned_row_count"), number("scanned_data_bytes"),
            text("result_file_oss_file", "result_file"), number("cancellable_task", "status IN ('QUEUED', 'RUNNING')"),
            text("mq_product", "target ->> '$.product'"), text("mq_model", "target ->> '$.model'"),
            text("mq_topic", "target ->> '$.topic'"),
            text("mq_queue", "target ->> '$.queue'"), text("mq_producer_id", "target ->> '$.producerID'"),
            text("mq_endpoint", "target ->> '$.endpoint'"), word("mq_status"), text("mq_error_msg"),
            text("mq_message_id"), number("mq_total_time"),
            // Columns that `full` adds.
            text("cluster"), text("engine"), number("priority"),
            number(Self.progress, "CASE status WHEN 'SUCCESS' THEN 100 WHEN 'QUEUED' THEN 0 END"),
            number("queue_time", "max(started - created, 0)"), number("attempts"), number("result_bytes"),
            keepDays.map { time("expire_time", "created + \($0 * 86_400_000)") } ?? text("expire_time", "NULL"),
            exact("client_token"),
            number("mq_attempts"), text("label"), number("malformed_count"), number("peak_memory_bytes"),
            exact("result_reused_from", "reused_from"),
            number(Self.memory, "NULL"), number(Self.process, "NULL"),
        ]
        self.offsetMinutes = offsetMinutes
        shortList = columns.prefix(Self.shortCount).map(\.expression).joined(separator: ", ")
        fullList = columns.map(\.expression).joined(separator: ", ")
        names = columns.map { ResultColumn(name: $0.name, type: $0.type) }
        indexByName = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.name, $0) })
    }

    private func column(_ name: String, _ progress: [TaskID: Int]) throws(QueryError) -> Column {
        guard let index = indexByName[name] else {
            throw QueryError(.unknownColumn, "Unknown column '\(name)' in 'query_task'")
        }
        guard name == Self.progress else { return columns[index] }
        // Of those that run the file does not know it. Ids are of letters and digits.
        let running = progress.map { "WHEN '\($0.key)' THEN \($0.value) " }.joined()
        let known = running.isEmpty ? "0" : "CASE id \(running)ELSE 0 END"
        return Column(
            name: name, type: .int64,
            expression: "CASE status WHEN 'SUCCESS' THEN 100 WHEN 'QUEUED' THEN 0 WHEN 'RUNNING' THEN \(known) END")
    }

    func index(of name: String) -> Int? { indexByName[name] }

    /// SQL that rows are ordered by. A time that is all that orders them may be ordered by the moment, which an index
    /// knows. Without any they come as they were submitted.
    func order(_ items: [RowSelection.Order], ofOneAccount: Bool, _ progress: [TaskID: Int]) throws(QueryError)
        -> String
    {
        if items.isEmpty { return ofOneAccount ? "created, n" : "n" }
        var terms: [String] = []
        for item in items {
            let column = try column(item.column, progress)
            terms.append(
                (items.count == 1 ? column.moment : nil) ?? column.expression
                    + (column.isExact || column.type != .text ? "" : " COLLATE NOCASE"))
            terms[terms.count - 1] += item.descending ? " DESC" : " ASC"
        }
        return (terms + [items.last?.descending == true ? "n DESC" : "n"]).joined(separator: ", ")
    }

    // MARK: Conditions

    /// Turns a condition into SQL with bound values; names become SQL only through the columns.
    struct Compiler {
        private let columns: TaskColumns
        private let progress: [TaskID: Int]
        private(set) var arguments: [SQLValue] = []

        /// `progress` of the tasks that run, from 0 to 100.
        init(_ columns: TaskColumns, progress: [TaskID: Int] = [:]) {
            self.columns = columns
            self.progress = progress
        }

        mutating func compile(_ predicate: RowPredicate?) throws(QueryError) -> String {
            guard let predicate else { return "TRUE" }
            switch predicate {
            case .compare(let name, let comparison, let value): return try compare(try column(name), comparison, value)
            case .isIn(let name, let values):
                let column = try column(name)
                var parts: [String] = []
                if column.moment == nil {
                    for value in values { parts.append(bind(value, column)) }
                    return "(\(collated(column)) IN (\(parts.joined(separator: ", "))))"
                }
                for value in values { parts.append(try compare(column, .equal, value)) }
                return "(\(parts.joined(separator: " OR ")))"
            case .between(let name, let low, let high):
                let column = try column(name)
                return "(\(try compare(column, .greaterOrEqual, low)) AND \(try compare(column, .lessOrEqual, high)))"
            case .like(let name, let pattern):
                let column = try column(name)
                guard pattern.utf8.count <= Limits.likePatternBytesMax else {
                    throw QueryError(.syntax, "A pattern has at most \(Limits.likePatternBytesMax) bytes")
                }
                return "(\(column.expression) LIKE \(bind(.text(pattern), nil)) ESCAPE '\\')"
            case .isNull(let name): return "(\(try column(name).expression) IS NULL)"
            case .not(let inner): return "(NOT \(try compile(inner)))"
            case .all(let parts): return try compile(parts, " AND ")
            case .any(let parts): return try compile(parts, " OR ")
            }
        }

        private func column(_ name: String) throws(QueryError) -> Column { try columns.column(name, progress) }

        private mutating func compile(_ parts: [RowPredicate], _ word: String) throws(QueryError) -> String {
            guard !parts.isEmpty else { return "TRUE" }
            var compiled: [String] = []
            for part in parts { compiled.append(try compile(part)) }
            return "(" + compiled.joined(separator: word) + ")"
        }

        private mutating func compare(_ column: Column, _ comparison: RowPredicate.Comparison, _ value: SQLValue)
            throws(QueryError) -> String
        {
            if let moment = column.moment, !value.isNull {
                let time = try columns.milliseconds(value)
                // A time is shown, and compared, to the second.
                let (begun, over) = ("\(moment) >= \(time)", "\(moment) >= \(time + 1_000)")
                let (before, within) = ("\(moment) < \(time)", "\(moment) < \(time + 1_000)")
                switch comparison {
                case .less: return "(\(before))"
                case .greaterOrEqual: return "(\(begun))"
                case .lessOrEqual: return "(\(within))"
                case .greater: return "(\(over))"
                case .equal, .nullSafeEqual: return "(\(begun) AND \(within))"
                case .notEqual: return "(\(before) OR \(over))"
                }
            }
            let symbol = comparison == .nullSafeEqual ? "IS" : comparison.rawValue
            return "(\(collated(column)) \(symbol) \(bind(value, column)))"
        }

        /// Text compares as MySQL's does, without regard to case, but for what is a name.
        private func collated(_ column: Column) -> String {
            if column.isComputed { return "CAST(\(column.expression) AS INTEGER)" }
            let isLoose = column.type == .text && !column.isExact && !column.isWord && column.moment == nil
            return isLoose ? column.expression + " COLLATE NOCASE" : column.expression
        }

        private mutating func bind(_ value: SQLValue, _ column: Column?) -> String {
            if column?.isWord == true, case .text(let text) = value {
                arguments.append(.text(text.uppercased()))
            } else {
                arguments.append(value)
            }
            return "?"
        }
    }

    /// The moment that a time in the service's zone is, or with a `Z` in UTC, to the second.
    private func milliseconds(_ value: SQLValue) throws(QueryError) -> Int64 {
        let wrong = QueryError(
            .malformedData,
            "Incorrect DATETIME value: '\(value.textValue.prefix(80))'; write yyyy-MM-dd or yyyy-MM-dd HH:mm:ss")
        guard case .text(let text) = value else { throw wrong }
        let isUTC = text.hasSuffix("Z")
        let plain = text.replacing("T", with: " ", maxReplacements: 1)
        guard let microseconds = CivilTime.microseconds(parsing: isUTC ? String(plain.dropLast()) : plain) else {
            throw wrong
        }
        let seconds = CivilTime.floorDivide(microseconds, by: 1_000_000).quotient
        return seconds * 1_000 - (isUTC ? 0 : Int64(offsetMinutes) * 60_000)
    }
}
