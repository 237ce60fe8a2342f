import LoonCore
import NIOCore

/// A prepared statement as the protocol knows it; what it says, the session knows.
struct PreparedStatement {
    let parameterCount: Int
    /// The types of the last execution that sent any: clients leave them out afterwards.
    var types: [ParameterType] = []
    /// Values that came by COM_STMT_SEND_LONG_DATA, by the parameter's place.
    var longData: [Int: [UInt8]] = [:]
    /// Told with the next execution: SEND_LONG_DATA itself has no answer.
    var longDataError: QueryError?
    var cursor: RowSpool?
}

/// The type of a parameter: a field type, and the flag byte's 0x80.
struct ParameterType: Sendable, Equatable {
    let code: UInt8
    let isUnsigned: Bool
}

/// Reads the values of COM_STMT_EXECUTE
/// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_execute.html,
/// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html).
enum ParameterDecoder {
    /// `buffer` stands behind the iteration count. Remembers the types in `statement`.
    static func read(_ buffer: inout ByteBuffer, for statement: inout PreparedStatement) throws(QueryError)
        -> [ParameterValue]
    {
        let malformed = QueryError(.malformedCommand, "Malformed communication packet")
        let count = statement.parameterCount
        guard count > 0 else { return [] }
        guard let nulls = buffer.readBytes(length: (count + 7) / 8), let isBound = buffer.readInteger(as: UInt8.self),
            isBound <= 1
        else {
            throw malformed
        }
        if isBound == 1 {
            var types: [ParameterType] = []
            types.reserveCapacity(count)
            for _ in 0..<count {
                guard let code = buffer.readInteger(as: UInt8.self), let flags = buffer.readInteger(as: UInt8.self)
                else { throw malformed }
                types.append(ParameterType(code: code, isUnsigned: flags & 0x80 != 0))
            }
            statement.types = types
        }
        guard statement.types.count == count else {
            throw QueryError(.wrongArguments, "Incorrect arguments to mysqld_stmt_execute")
        }
        var values: [ParameterValue] = []
        values.reserveCapacity(count)
        for place in 0..<count {
            if let bytes = statement.longData[place] {
                values.append(.text(bytes))
            } else if nulls[place >> 3] & (1 << UInt8(place & 7)) != 0 {
                values.append(.null)
            } else {
                guard let value = try value(&buffer, statement.types[place]) else { throw malformed }
                values.append(value)
            }
        }
        return values
    }

    private static func value(_ buffer: inout ByteBuffer, _ type: ParameterType) throws(QueryError) -> ParameterValue? {
        switch type.code {
        case 0x06: return .null
        case 0x01: return integer(buffer.readInteger(as: UInt8.self), type, Int8.init(bitPattern:))
        case 0x02, 0x0D:
            return integer(buffer.readInteger(endianness: .little, as: UInt16.self), type, Int16.init(bitPattern:))
        case 0x03, 0x09:
            return integer(buffer.readInteger(endianness: .little, as: UInt32.self), type, Int32.init(bitPattern:))
        case 0x08:
            return integer(buffer.readInteger(endianness: .little, as: UInt64.self), type, Int64.init(bitPattern:))
        case 0x04:
            return buffer.readInteger(endianness: .little, as: UInt32.self).map {
                .real(Double(Float(bitPattern: $0).description) ?? .nan)
            }
        case 0x05: return buffer.readInteger(endianness: .little, as: UInt64.self).map { .real(Double(bitPattern: $0)) }
        case 0x07, 0x0A, 0x0C: return dateTime(&buffer)
        case 0x0B: return time(&buffer)
        case 0x00, 0xF6: return buffer.readLengthEncodedBytes().map(ParameterValue.decimal)
        // VARCHAR, BIT, JSON, ENUM, SET, the BLOBs, VAR_STRING, STRING, GEOMETRY
        case 0x0F, 0x10, 0xF5, 0xF7...0xFF: return buffer.readLengthEncodedBytes().map(ParameterValue.text)
        default: throw QueryError(.notSupported, "A parameter of the type \(type.code) is not supported")
        }
    }

    private static func integer<Raw: FixedWidthInteger & UnsignedInteger, Signed: FixedWidthInteger & SignedInteger>(
        _ raw: Raw?, _ type: ParameterType, _ signed: (Raw) -> Signed
    ) -> ParameterValue? {
        raw.map { type.isUnsigned ? .unsigned(UInt64($0)) : .integer(Int64(signed($0))) }
    }

    /// Length 0, 4, 7 or 11: nothing, a date, with a time, with microseconds.
    private static func dateTime(_ buffer: inout ByteBuffer) -> ParameterValue? {
        guard let length = buffer.readInteger(as: UInt8.self), [0, 4, 7, 11].contains(length),
            var part = buffer.readSlice(length: Int(length))
        else {
            return nil
        }
        let year = Int(part.readInteger(endianness: .little, as: UInt16.self) ?? 0)
        let month = byte(&part), day = byte(&part)
        var text = TextBuffer(capacity: 64)
        text.append(padded: year, width: 4)
        text.append("-")
        text.append(padded: month, width: 2)
        text.append("-")
        text.append(padded: day, width: 2)
        guard length > 4 else { return .text(Array(text.bytes)) }
        text.append(" ")
        appendTime(&part, hours: byte(&part), to: &text)
        return .text(Array(text.bytes))
    }

    /// Length 0, 8 or 12: nothing, sign with days and time, with microseconds.
    private static func time(_ buffer: inout ByteBuffer) -> ParameterValue? {
        guard let length = buffer.readInteger(as: UInt8.self), [0, 8, 12].contains(length),
            var part = buffer.readSlice(length: Int(length))
        else {
            return nil
        }
        let isNegative = byte(&part) == 1
        let days = Int(part.readInteger(endianness: .little, as: UInt32.self) ?? 0)
        var text = TextBuffer(capacity: 64)
        if isNegative { text.append("-") }
        appendTime(&part, hours: days * 24 + byte(&part), to: &text)
        return .text(Array(text.bytes))
    }

    private static func appendTime(_ part: inout ByteBuffer, hours: Int, to text: inout TextBuffer) {
        text.append(padded: hours, width: max(2, String(hours).utf8.count))
        text.append(":")
        text.append(padded: byte(&part), width: 2)
        text.append(":")
        text.append(padded: byte(&part), width: 2)
        if let fraction = part.readInteger(endianness: .little, as: UInt32.self) {
            text.append(".")
            text.append(padded: Int(fraction), width: 6)
        }
    }

    private static func byte(_ part: inout ByteBuffer) -> Int { Int(part.readInteger(as: UInt8.self) ?? 0) }
}
