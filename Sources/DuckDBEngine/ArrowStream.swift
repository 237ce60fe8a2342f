import CDuckDB
import LoonCore

/// A result's rows as batches in Arrow's layout.
struct ArrowStream {
    let columns: [ResultColumn]
    /// Whether the type is, or holds, one whose values Arrow makes something else of. The numbers are the C API's
    /// DUCKDB_TYPE_….
    private static func isMisread(_ type: duckdb_logical_type?) -> Bool {
        func child(_ child: duckdb_logical_type?) -> Bool {
            var child = child
            defer { cduckdb_destroy_logical_type(&child) }
            return isMisread(child)
        }
        switch cduckdb_get_type_id(type) {
        case 29, 30, 32, 35: return true  // BIT, TIME_TZ, UHUGEINT, BIGNUM
        case 24: return child(cduckdb_list_type_child_type(type))
        case 25:
            return (0..<cduckdb_struct_type_child_count(type)).contains {
                child(cduckdb_struct_type_child_type(type, $0))
            }
        case 26: return child(cduckdb_map_type_key_type(type)) || child(cduckdb_map_type_value_type(type))
        default: return false
        }
    }

    /// For each column the types that its buffers have, which an ENUM's index differs in.
    private let layouts: [ArrowLayout]
    /// Added to moments with a time zone, in microseconds: what is shown is the session's time.
    private let shift: Int64

    /// `timeZoneOffsetMinutes` is the zone that moments with a time zone are shown in, minutes east of UTC.
    init(_ result: inout duckdb_result, timeZoneOffsetMinutes: Int = 0) throws(QueryError) {
        shift = Int64(timeZoneOffsetMinutes) * 60_000_000
        var options: duckdb_arrow_options? = cduckdb_result_get_arrow_options(&result)
        defer { cduckdb_destroy_arrow_options(&options) }
        let count = cduckdb_column_count(&result)
        var types: [duckdb_logical_type?] = (0..<count).map { cduckdb_column_logical_type(&result, $0) }
        defer { for index in types.indices { cduckdb_destroy_logical_type(&types[index]) } }
        var names: [UnsafePointer<CChar>?] = (0..<count).map { cduckdb_column_name(&result, $0) }
        layouts = try Self.layouts(options, &types, &names)
        columns = layouts.map(\.column)
    }

    /// The columns that types and names of the engine's come to.
    static func columns(
        _ options: duckdb_arrow_options?, _ types: inout [duckdb_logical_type?], _ names: inout [UnsafePointer<CChar>?]
    ) throws(QueryError) -> [ResultColumn] {
        try layouts(options, &types, &names).map(\.column)
    }

    private static func layouts(
        _ options: duckdb_arrow_options?, _ types: inout [duckdb_logical_type?], _ names: inout [UnsafePointer<CChar>?]
    ) throws(QueryError) -> [ArrowLayout] {
        for (index, type) in types.enumerated() where isMisread(type) {
            throw ArrowLayout.notSupported(names[index].map { String(cString: $0) } ?? "")
        }
        var schema = ArrowSchema()
        defer { cduckdb_release_schema(&schema) }
        try check(cduckdb_to_arrow_schema(options, &types, &names, idx_t(types.count), &schema))
        var layouts: [ArrowLayout] = []
        for index in 0..<Int(schema.n_children) {
            guard let child = schema.children?[index] else {
                throw QueryError(.engine, "The engine described no column \(index)")
            }
            layouts.append(try ArrowLayout(child.pointee))
        }
        return layouts
    }

    /// Hands over every batch and returns the number of rows. The caller checks the result for an error afterwards.
    func forEach(of result: duckdb_result, _ body: (RecordBatch) throws -> Void) throws -> Int64 {
        var result = result
        var options: duckdb_arrow_options? = cduckdb_result_get_arrow_options(&result)
        defer { cduckdb_destroy_arrow_options(&options) }
        var rows: Int64 = 0
        while let fetched = cduckdb_fetch_chunk(result) {
            var chunk: duckdb_data_chunk? = fetched
            defer { cduckdb_destroy_data_chunk(&chunk) }
            var array = ArrowArray()
            try Self.check(cduckdb_data_chunk_to_arrow(options, chunk, &array))
            defer { cduckdb_release_array(&array) }
            guard array.length > 0 else { continue }
            var views: [ColumnView] = []
            for (index, layout) in layouts.enumerated() {
                guard index < Int(array.n_children), let child = array.children?[index] else {
                    throw QueryError(.engine, "A column is missing")
                }
                views.append(layout.view(child.pointee, shift))
            }
            rows += array.length
            try body(RecordBatch(rowCount: Int(array.length), columns: views))
        }
        return rows
    }

    private static func check(_ error: duckdb_error_data?) throws(QueryError) {
        guard error != nil else { return }
        var error = error
        defer { cduckdb_destroy_error_data(&error) }
        guard cduckdb_error_data_has_error(error) else { return }
        throw EngineError.make(String(cString: cduckdb_error_data_message(error)))
    }
}

/// A column's type with those of its children, read off an ArrowSchema
/// (https://arrow.apache.org/docs/format/CDataInterface.html#format-strings).
private struct ArrowLayout {
    let column: ResultColumn
    /// The type of the values buffer: the index's, where the column is an ENUM.
    private let stored: ColumnType
    /// Whether it is a moment, in microseconds, that has a time zone.
    private let isZoned: Bool
    private let children: [ArrowLayout]
    private let dictionary: [ArrowLayout]

    init(_ schema: ArrowSchema) throws(QueryError) {
        var children: [ArrowLayout] = []
        for index in 0..<Int(schema.n_children) {
            if let child = schema.children?[index] { children.append(try ArrowLayout(child.pointee)) }
        }
        self.children = children
        let name = schema.name.map { String(cString: $0) } ?? ""
        let format = schema.format.map { String(cString: $0) } ?? ""
        stored = try Self.type(format, name: name, children)
        isZoned = format.hasPrefix("tsu:") && format.utf8.count > 4
        dictionary =
            try schema.dictionary.map { pointer throws(QueryError) in [try ArrowLayout(pointer.pointee)] } ?? []
        column = ResultColumn(name: name, type: dictionary.first?.column.type ?? stored)
    }

    private static func type(_ format: String, name: String, _ children: [ArrowLayout]) throws(QueryError) -> ColumnType
    {
        let fixed: [String: ColumnType] = [
            "n": .null, "b": .boolean, "c": .int8, "C": .uint8, "s": .int16, "S": .uint16, "i": .int32, "I": .uint32,
            "l": .int64, "L": .uint64,
            "f": .float32, "g": .float64, "u": .text, "z": .binary, "tdD": .date, "ttu": .time, "tin": .interval,
        ]
        if let type = fixed[format] { return type }
        if format.hasPrefix("ts"), let unit = format.dropFirst(2).first {
            switch unit {
            case "s": return .timestamp(.second)
            case "m": return .timestamp(.millisecond)
            case "u": return .timestamp(.microsecond)
            case "n": return .timestamp(.nanosecond)
            default: break
            }
        }
        if format.hasPrefix("d:") {
            let numbers = format.dropFirst(2).split(separator: ",").compactMap { Int($0) }
            if numbers.count == 2 || (numbers.count == 3 && numbers[2] == 128) {
                return .decimal(precision: numbers[0], scale: numbers[1])
            }
        }
        if format == "+l", let element = children.first { return .list(element.column.type) }
        if format == "+s" { return .structure(children.map(\.column)) }
        if format == "+m", let entry = children.first, case .structure(let fields) = entry.column.type,
            fields.count == 2
        {
            return .map(key: fields[0].type, value: fields[1].type)
        }
        throw notSupported(name)
    }

    static func notSupported(_ column: String) -> QueryError {
        QueryError(.notSupported, "The type of the column '\(column)' cannot be shown; cast it to VARCHAR")
    }

    /// The engine's array belongs to the caller, so that its values may be changed in their places.
    func view(_ array: ArrowArray, _ shift: Int64) -> ColumnView {
        func buffer(_ index: Int) -> UnsafeRawPointer? { index < Int(array.n_buffers) ? array.buffers?[index] : nil }
        var views: [ColumnView] = []
        for (index, layout) in children.enumerated() {
            if index < Int(array.n_children), let child = array.children?[index] {
                views.append(layout.view(child.pointee, shift))
            }
        }
        // A map's entries are one structure of key and value.
        if case .map = stored, let entries = views.first { views = entries.children }
        var words: [ColumnView] = []
        if let layout = dictionary.first, let pointer = array.dictionary {
            words = [layout.view(pointer.pointee, shift)]
        }
        if isZoned, shift != 0, let values = buffer(1) {
            let moments = UnsafeMutableRawPointer(mutating: values).assumingMemoryBound(to: Int64.self)
            // The engine's infinities stay what they are.
            for index in Int(array.offset)..<Int(array.offset + array.length)
            where moments[index].magnitude < Int64.max.magnitude {
                moments[index] = moments[index].addingReportingOverflow(shift).partialValue
            }
        }
        let hasNulls = array.null_count != 0
        return ColumnView(
            type: stored, length: Int(array.length), offset: Int(array.offset),
            validity: hasNulls ? buffer(0)?.assumingMemoryBound(to: UInt8.self) : nil, values: buffer(1),
            data: buffer(2)?.assumingMemoryBound(to: UInt8.self), children: views, dictionary: words)
    }
}
