import LoonCore
import MySQLRows
import NIOCore

/// The first byte of a command (https://dev.mysql.com/doc/dev/mysql-server/latest/my__command_8h.html).
enum CommandCode: UInt8 {
    case quit = 0x01
    case initDB = 0x02
    case query = 0x03
    case fieldList = 0x04
    case statistics = 0x09
    case processKill = 0x0C
    case debug = 0x0D
    case ping = 0x0E
    case changeUser = 0x11
    case stmtPrepare = 0x16
    case stmtExecute = 0x17
    case stmtSendLongData = 0x18
    case stmtClose = 0x19
    case stmtReset = 0x1A
    case setOption = 0x1B
    case stmtFetch = 0x1C
    case resetConnection = 0x1F
}

extension ConnectionStateMachine {
    mutating func command(_ packet: Packet) -> Action {
        guard packet.sequence == 0 || packet.payload.readableBytes >= PacketBuffer.continuedLength || packet.isTooLarge
        else {
            return fail(QueryError(.packetsOutOfOrder, "Got packets out of order"), after: packet.sequence)
        }
        if packet.isTooLarge {
            return fail(
                QueryError(
                    .packetTooLarge, "Got a packet bigger than 'max_allowed_packet' (\(Limits.commandBytesMax) bytes)"),
                after: packet.sequence
            )
        }
        var payload = packet.payload
        guard let code = payload.readInteger(as: UInt8.self).flatMap(CommandCode.init) else {
            return fail(QueryError(.unknownCommand, "Unknown command"), after: packet.sequence)
        }
        do { return try command(code, &payload, sequence: packet.sequence &+ 1) } catch {
            return fail(error, after: packet.sequence)
        }
    }

    private mutating func command(_ code: CommandCode, _ payload: inout ByteBuffer, sequence: UInt8) throws(QueryError)
        -> Action
    {
        var rest: [UInt8] { Array(payload.readableBytesView) }
        switch code {
        case .quit:
            state = .closed
            return .close
        case .ping: return .acknowledge(sequence: sequence)
        case .query: return execute(.query(rest, isMulti: allowsMultiStatements), sequence)
        case .initDB: return execute(.useDatabase(String(decoding: rest, as: UTF8.self)), sequence)
        case .fieldList:
            guard let table = payload.readNullTerminated(orRest: true) else { throw Self.malformed }
            return execute(.listFields(table: String(decoding: table, as: UTF8.self)), sequence)
        case .statistics: return execute(.statistics, sequence)
        case .debug: return execute(.debug, sequence)
        case .processKill:
            guard let id = payload.readInteger(endianness: .little, as: UInt32.self) else { throw Self.malformed }
            return execute(.kill(id), sequence)
        case .setOption:
            guard let option = payload.readInteger(endianness: .little, as: UInt16.self), option <= 1 else {
                throw QueryError(.unknownCommand, "Unknown command")
            }
            allowsMultiStatements = option == 0
            return .terminate(sequence: sequence)
        case .resetConnection:
            statements = [:]
            allowsMultiStatements = capabilities.contains(.multiStatements)
            return execute(.resetConnection, sequence)
        case .changeUser:
            let response = try HandshakeResponse(changeUser: payload, capabilities: capabilities)
            self.sequence = sequence
            statements = [:]
            return lookUp(response)
        case .stmtPrepare, .stmtExecute, .stmtSendLongData, .stmtClose, .stmtReset, .stmtFetch:
            return try statement(code, &payload, sequence)
        }
    }

    // MARK: Prepared statements

    private mutating func statement(
        _ code: CommandCode, _ payload: inout ByteBuffer, _ sequence: UInt8
    ) throws(QueryError) -> Action {
        if code == .stmtPrepare {
            guard statements.count < Limits.preparedStatementsMax else {
                throw QueryError(
                    .tooManyStatements,
                    "Can't create more than max_prepared_stmt_count statements (current value: "
                        + "\(Limits.preparedStatementsMax))"
                )
            }
            repeat {
                lastStatementID = lastStatementID &+ 1
            } while lastStatementID == 0 || statements[lastStatementID] != nil
            return execute(
                .prepare(id: lastStatementID, Array(payload.readableBytesView)), sequence, .prepare(lastStatementID),
                statement: lastStatementID)
        }
        let hasNoAnswer = code == .stmtClose || code == .stmtSendLongData
        guard let id = payload.readInteger(endianness: .little, as: UInt32.self) else {
            // Not even an error.
            if hasNoAnswer { return .none }
            throw Self.malformed
        }
        if code == .stmtClose { return statements.removeValue(forKey: id) == nil ? .none : .closeStatement(id) }
        if code == .stmtSendLongData {
            addLongData(&payload, to: id)
            return .none
        }
        guard var statement = statements[id] else {
            throw QueryError(
                .unknownStatement, "Unknown prepared statement handler (\(id)) given to \(Self.function(of: code))")
        }
        switch code {
        case .stmtReset:
            statement.longData = [:]
            statement.longDataError = nil
            statement.cursor = nil
            statements[id] = statement
            return .acknowledge(sequence: sequence)
        case .stmtFetch:
            guard let rows = payload.readInteger(endianness: .little, as: UInt32.self) else { throw Self.malformed }
            guard let cursor = statement.cursor else {
                throw QueryError(.noCursor, "The statement (\(id)) has no open cursor.")
            }
            return execute(.fetch(cursor, rows: Int(rows)), sequence, .rows(.binary), statement: id)
        default: return try executePrepared(id, statement, &payload, sequence)
        }
    }

    private mutating func executePrepared(
        _ id: UInt32, _ statement: PreparedStatement, _ payload: inout ByteBuffer, _ sequence: UInt8
    ) throws(QueryError) -> Action {
        var statement = statement
        // The long data is used up and the cursor closed, whatever comes of the statement.
        defer {
            statement.longData = [:]
            statement.longDataError = nil
            statement.cursor = nil
            statements[id] = statement
        }
        guard let cursorType = payload.readInteger(as: UInt8.self), payload.readInteger(as: UInt32.self) != nil else {
            throw Self.malformed
        }
        if let error = statement.longDataError { throw error }
        guard cursorType <= 1 else {
            throw QueryError(.notSupported, "The cursor type \(cursorType) is not supported; CURSOR_TYPE_READ_ONLY is")
        }
        let parameters = try ParameterDecoder.read(&payload, for: &statement)
        return execute(
            .executePrepared(id: id, parameters: parameters), sequence, cursorType == 1 ? .cursor : .rows(.binary),
            statement: id)
    }

    private mutating func addLongData(_ payload: inout ByteBuffer, to id: UInt32) {
        guard let place = payload.readInteger(endianness: .little, as: UInt16.self), var statement = statements[id]
        else { return }
        statements[id] = nil  // so that the bytes are added to in place
        defer { statements[id] = statement }
        guard Int(place) < statement.parameterCount else {
            statement.longDataError = QueryError(.wrongArguments, "Incorrect arguments to mysqld_stmt_send_long_data")
            return
        }
        // Of all statements of the connection.
        let held = statements.values.reduce(statement.longData.values.reduce(0) { $0 + $1.count }) { sum, other in
            other.longData.values.reduce(sum) { $0 + $1.count }
        }
        guard held + payload.readableBytes <= Limits.commandBytesMax else {
            statement.longData = [:]
            statement.longDataError = QueryError(
                .packetTooLarge,
                "The parameters sent by mysql_stmt_send_long_data() have more than \(Limits.commandBytesMax) bytes")
            return
        }
        statement.longData[Int(place), default: []].append(contentsOf: payload.readableBytesView)
    }

    private static func function(of code: CommandCode) -> String {
        switch code {
        case .stmtReset: "mysqld_stmt_reset"
        case .stmtFetch: "mysqld_stmt_fetch"
        default: "mysqld_stmt_execute"
        }
    }

    // MARK: Actions

    private static var malformed: QueryError { QueryError(.malformedCommand, "Malformed communication packet") }

    private mutating func execute(
        _ command: Command, _ sequence: UInt8, _ purpose: ResponseWriter.Shape.Purpose = .rows(.text),
        statement: UInt32 = 0
    ) -> Action {
        state = .executing(statement: statement)
        return .execute(
            command,
            ResponseWriter.Shape(
                purpose: purpose, deprecatesEOF: capabilities.contains(.deprecateEOF),
                takesProgress: capabilities.contains(.progress),
                sequence: sequence))
    }

    private func fail(_ error: QueryError, after sequence: UInt8) -> Action {
        var packets = ByteBuffer()
        _ = packets.writePackets(ServerPackets.error(error), sequence: sequence &+ 1)
        return .send(packets)
    }
}
