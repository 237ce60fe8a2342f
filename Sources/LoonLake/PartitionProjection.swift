import Foundation
import LoonCore
import ObjectStore

/// Partitions that are computed from a table's properties and registered nowhere, as Athena's
/// (https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html).
struct PartitionProjection {
    private enum Values {
        case list([String])
        /// From and to, both included; the step, and the digits that a number is filled up to.
        case numbers(ClosedRange<Int64>, step: Int64, digits: Int)
        case times(from: String, to: String, format: String, step: Int, unit: Calendar.Component)
        /// A query says them.
        case injected
    }

    private let table: ExternalTable
    private let values: [Values]
    private let template: String?

    /// `nil` for a table without projection. Throws where its properties do not say what the partitions are.
    init?(_ table: ExternalTable) throws(QueryError) {
        guard table.properties["projection.enabled"]?.lowercased() == "true", table.isPartitioned else { return nil }
        self.table = table
        template = table.properties["storage.location.template"]
        var values: [Values] = []
        for column in table.partitionColumns { values.append(try Self.values(of: column, table.properties)) }
        self.values = values
        guard let template else { return }
        for column in table.partitionColumns
        where !template.lowercased().contains("${\(column.name.lowercased())}") {
            throw Self.wrong("storage.location.template", template, "it names each partition column as ${column}")
        }
    }

    private static func wrong(_ key: String, _ value: String?, _ what: String) -> QueryError {
        QueryError(.notSupported, "The property \(key) = '\(value ?? "")' cannot be used: \(what)")
    }

    private static func values(of column: TableColumn, _ properties: [String: String]) throws(QueryError) -> Values {
        let prefix = "projection.\(column.name.lowercased())."
        func text(_ key: String) -> String? { properties[prefix + key] }
        func parts(_ key: String, _ what: String) throws(QueryError) -> [String] {
            guard let text = text(key), !text.isEmpty else { throw wrong(prefix + key, nil, what) }
            return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        func count(_ key: String, _ usual: Int) throws(QueryError) -> Int {
            guard let text = text(key) else { return usual }
            guard let count = Int(text), (1...1_000_000).contains(count) else {
                throw wrong(prefix + key, text, "it is a whole number above 0")
            }
            return count
        }
        switch text("type")?.lowercased() {
        case "enum": return .list(try parts("values", "it lists the values, separated by commas"))
        case "integer":
            let range = try parts("range", "it is the least and the greatest number, separated by a comma")
            guard range.count == 2, let low = Int64(range[0]), let high = Int64(range[1]), low <= high else {
                throw wrong(prefix + "range", text("range"), "it is the least and the greatest number")
            }
            return .numbers(low...high, step: Int64(try count("interval", 1)), digits: try count("digits", 1))
        case "date":
            let range = try parts("range", "it is the first and the last time, separated by a comma")
            guard range.count == 2 else { throw wrong(prefix + "range", text("range"), "it is two times") }
            guard let format = text("format") else { throw wrong(prefix + "format", nil, "such as yyyy-MM-dd") }
            let units: [String: Calendar.Component] = [
                "year": .year, "month": .month, "week": .weekOfYear, "day": .day, "hour": .hour, "minute": .minute,
                "second": .second,
            ]
            let usual =
                format.contains("d") || format.contains("H") ? "days" : format.contains("M") ? "months" : "years"
            let name = (text("interval.unit") ?? usual).lowercased()
            guard let unit = units[name.hasSuffix("s") ? String(name.dropLast()) : name] else {
                throw wrong(
                    prefix + "interval.unit", name, "it is seconds, minutes, hours, days, weeks, months or years")
            }
            return .times(
                from: range[0], to: range[1], format: format, step: try count("interval", 1), unit: unit)
        case "injected": return .injected
        default:
            throw wrong(prefix + "type", text("type"), "it is enum, integer, date or injected")
        }
    }

    /// The partitions that a query may read: those whose values its predicate does not rule out. `now` is in
    /// milliseconds since 1970.
    func partitions(_ predicate: ScanPredicate, now: Int64) throws -> [TablePartition] {
        var rows: [[String]] = [[]]
        for (column, values) in zip(table.partitionColumns, values) {
            let texts = try texts(of: column, values, predicate, now)
            guard rows.count.multipliedReportingOverflow(by: texts.count).partialValue <= Limits.partitionsMax,
                !rows.count.multipliedReportingOverflow(by: texts.count).overflow
            else {
                throw QueryError(
                    .resultTooLarge,
                    "The projection of \(table.schema).\(table.name) has more than \(Limits.partitionsMax) partitions; "
                        + "name values of '\(column.name)' in the WHERE")
            }
            rows = rows.flatMap { row in texts.map { row + [$0] } }
        }
        return try rows.map { row in
            var values: [String?] = []
            for (column, text) in zip(table.partitionColumns, row) {
                values.append(try PartitionValue.checked(text, column))
            }
            return TablePartition(values: values, location: try place(of: row).description)
        }
    }

    /// The folder of a partition, which lies in the table's.
    private func place(of row: [String]) throws(QueryError) -> ObjectKey {
        let base = try ObjectKey(table.location)
        var text = template ?? ""
        if template == nil {
            let names = zip(table.partitionColumns, row).map {
                "\(TablePartition.escaped($0.name.lowercased()))=\(TablePartition.escaped($1))"
            }
            text = "oss://\(base.bucket)/\(base.key)\(names.joined(separator: "/"))/"
        }
        for (column, value) in zip(table.partitionColumns, row) {
            while let range = text.range(of: "${\(column.name)}", options: .caseInsensitive) {
                text.replaceSubrange(range, with: value)
            }
        }
        if !text.hasSuffix("/") { text += "/" }
        let place = try ObjectKey(text)
        guard base.contains(place) else {
            throw Self.wrong("storage.location.template", template, "'\(place)' does not lie in '\(base)'")
        }
        return place
    }

    // MARK: Values

    private func texts(of column: TableColumn, _ values: Values, _ predicate: ScanPredicate, _ now: Int64) throws
        -> [String]
    {
        let name = column.name.lowercased()
        let asked = predicate.required(name)
        let range = predicate.range(of: name)
        switch values {
        case .injected:
            if let asked { return asked.sorted() }
            if let range, range.lowerBound == range.upperBound { return ["\(range.lowerBound)"] }
            throw QueryError(
                .notSupported,
                "The partition column '\(column.name)' is injected: the WHERE must say \(column.name) = '…' or IN (…)")
        case .list(let texts): return texts.filter { asked?.contains($0) ?? true }
        case .numbers(let all, let step, let digits):
            let wanted = range.map { all.overlaps($0) ? all.clamped(to: $0) : nil } ?? all
            guard let wanted else { return [] }
            let skipped = (wanted.lowerBound - all.lowerBound + step - 1) / step * step
            guard (wanted.upperBound - wanted.lowerBound) / step <= Int64(Limits.partitionsMax) else {
                throw QueryError(.resultTooLarge, "The projection of '\(column.name)' has too many values")
            }
            return stride(from: all.lowerBound + skipped, through: wanted.upperBound, by: Int64.Stride(step)).map {
                let text = String($0.magnitude)
                return ($0 < 0 ? "-" : "") + String(repeating: "0", count: max(0, digits - text.count)) + text
            }.filter { asked?.contains($0) ?? true }
        case .times(let from, let to, let format, let step, let unit):
            return try times(from, to, format, step, unit, now).filter { asked?.contains($0) ?? true }
        }
    }

    private func times(
        _ from: String, _ to: String, _ format: String, _ step: Int, _ unit: Calendar.Component, _ now: Int64
    ) throws -> [String] {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = format
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
        let last = try Self.moment(to, formatter, calendar, now)
        var (texts, number): ([String], Int) = ([], 0)
        let first = try Self.moment(from, formatter, calendar, now)
        while let next = calendar.date(byAdding: unit, value: number * step, to: first), next <= last {
            let text = formatter.string(from: next)
            if texts.last != text { texts.append(text) }
            number += 1
            guard texts.count <= Limits.partitionsMax else {
                throw QueryError(.resultTooLarge, "The projection's range '\(from),\(to)' has too many times")
            }
        }
        return texts
    }

    /// A time of the format, or `NOW` with a distance: `NOW-3YEARS`, `NOW+1DAY`.
    private static func moment(_ text: String, _ formatter: DateFormatter, _ calendar: Calendar, _ now: Int64) throws
        -> Date
    {
        if let date = formatter.date(from: text) { return date }
        let parts = text.uppercased().wholeMatch(of: /NOW\s*(?:([+-])\s*([0-9]{1,6})\s*([A-Z]+?)S?)?/)
        let today = Date(timeIntervalSince1970: Double(now) / 1_000)
        guard let parts else { throw wrong("projection….range", text, "it is NOW, NOW-3YEARS or a time of the format") }
        guard let sign = parts.1, let count = parts.2.flatMap({ Int($0) }), let unit = parts.3 else { return today }
        let units: [Substring: Calendar.Component] = [
            "YEAR": .year, "MONTH": .month, "WEEK": .weekOfYear, "DAY": .day, "HOUR": .hour, "MINUTE": .minute,
            "SECOND": .second,
        ]
        guard let component = units[unit],
            let date = calendar.date(byAdding: component, value: sign == "-" ? -count : count, to: today)
        else {
            throw wrong("projection….range", text, "its unit is YEARS, MONTHS, WEEKS, DAYS, HOURS, MINUTES or SECONDS")
        }
        return date
    }
}
