import LoonCore
import MySQLRows

/// A column definition of a result set
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_column_definition.html).
/// The lengths and flags are those that MySQL gives columns of these types.
struct ColumnDefinition {
    let name: String
    let table: String
    let type: FieldType
    let collation: UInt16
    /// Display width, in bytes.
    let length: UInt32
    let flags: UInt16
    let decimals: UInt8

    enum FieldType: UInt8 {
        case tiny = 1
        case short = 2
        case long = 3
        case float = 4
        case double = 5
        case null = 6
        case longLong = 8
        case date = 10
        case time = 11
        case dateTime = 12
        case newDecimal = 246
        case blob = 252
        case varString = 253
    }

    private static let unsignedFlag: UInt16 = 0x20
    private static let binaryFlag: UInt16 = 0x80
    private static let blobFlag: UInt16 = 0x10
    /// Text of no declared length is announced as the longest VARCHAR of Hive's, 65,535 characters of up to four bytes:
    /// ODBC makes buffers of the length, and JDBC shows LONGTEXT as a file.
    private static let longText: UInt32 = 65_535 * 4

    /// A parameter of a prepared statement, whose type is the client's choice.
    static var parameter: ColumnDefinition { ColumnDefinition(ResultColumn(name: "?", type: .text)) }

    init(_ column: ResultColumn, table: String = "") {
        name = column.name
        self.table = table
        let binary = Collation.binary
        (type, collation, length, flags, decimals) =
            switch column.type {
            case .null: (.null, binary, 0, Self.binaryFlag, 0)
            case .boolean: (.tiny, binary, 1, 0, 0)
            case .int8: (.tiny, binary, 4, 0, 0)
            case .int16: (.short, binary, 6, 0, 0)
            case .int32: (.long, binary, 11, 0, 0)
            case .int64: (.longLong, binary, 20, 0, 0)
            case .uint8: (.tiny, binary, 3, Self.unsignedFlag, 0)
            case .uint16: (.short, binary, 5, Self.unsignedFlag, 0)
            case .uint32: (.long, binary, 10, Self.unsignedFlag, 0)
            case .uint64: (.longLong, binary, 20, Self.unsignedFlag, 0)
            case .float32: (.float, binary, 12, 0, 31)
            case .float64: (.double, binary, 22, 0, 31)
            case .decimal(let precision, let scale):
                (.newDecimal, binary, UInt32(precision + (scale > 0 ? 2 : 1)), 0, UInt8(scale))
            case .text, .interval, .list, .structure, .map: (.varString, Collation.utf8mb4, Self.longText, 0, 0)
            case .binary: (.blob, binary, .max, Self.binaryFlag | Self.blobFlag, 0)
            case .date: (.date, binary, 10, Self.binaryFlag, 0)
            case .time: (.time, binary, 17, Self.binaryFlag, 6)
            case .timestamp(.second): (.dateTime, binary, 19, Self.binaryFlag, 0)
            case .timestamp: (.dateTime, binary, 26, Self.binaryFlag, 6)
            }
    }

    /// `withDefault`: as COM_FIELD_LIST answers, with the column's default value, which is NULL.
    func write(to packets: inout PacketBuffer, withDefault: Bool = false) {
        let start = packets.open()
        packets.append("def")
        packets.append("")  // schema
        packets.append(table)
        packets.append(table)  // original table
        packets.append(name)
        packets.append(table.isEmpty ? "" : name)  // original name
        packets.out.append(12)  // bytes of what follows
        packets.out.append(littleEndian: collation)
        packets.out.append(littleEndian: length)
        packets.out.append(type.rawValue)
        packets.out.append(littleEndian: flags)
        packets.out.append(decimals)
        packets.out.append(littleEndian: UInt16(0))
        if withDefault { packets.out.append(0xFB) }
        packets.close(at: start)
    }
}
