/// The type of a result's column, as the engines hand it over in Arrow's terms.
package indirect enum ColumnType: Sendable, Equatable {
    case null, boolean
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float32, float64
    /// `precision` 1...38, `scale` 0...precision.
    case decimal(precision: Int, scale: Int)
    case text, binary
    /// Days since 1970-01-01.
    case date
    /// Microseconds of the day.
    case time
    case timestamp(TimeUnit)
    /// Months, days and nanoseconds.
    case interval
    case list(ColumnType)
    case structure([ResultColumn])
    case map(key: ColumnType, value: ColumnType)

    package enum TimeUnit: Sendable { case second, millisecond, microsecond, nanosecond }
}

/// A column of a result: the name that the client sees, and its type.
package struct ResultColumn: Sendable, Equatable {
    package let name: String
    package let type: ColumnType

    package init(name: String, type: ColumnType) {
        self.name = name
        self.type = type
    }
}
