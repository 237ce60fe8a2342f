import Dispatch
import Foundation
package import LoonCore
import MySQLRows
import NIOCore
import Synchronization

/// The answer to one command, written by whoever works on it: exactly one of the ending calls ends it, and what comes
/// after that is dropped.
///
/// Batches may be written from any thread but an event loop. At most `Limits.rowBuffersInFlight` buffers wait for the
/// socket; the writer then blocks, and so pulls no more rows from the engine than the client takes.
///
/// `@unchecked`: everything mutable is guarded by `lock`, so that a statement that is killed can be answered while its
/// worker is still busy.
package final class ResponseWriter: @unchecked Sendable {
    /// The properties that decide the answer's form.
    struct Shape: Sendable {
        enum Purpose: Sendable {
            case rows(RowFormat)
            /// COM_STMT_EXECUTE that asked for a cursor.
            case cursor
            /// COM_STMT_PREPARE
            case prepare(UInt32)
        }
        let purpose: Purpose
        let deprecatesEOF: Bool
        let takesProgress: Bool
        /// Of the first packet.
        let sequence: UInt8
    }

    /// The state that the answer leaves behind for the connection.
    enum Outcome: Sendable {
        case answered
        case prepared(parameterCount: Int)
        case cursor(RowSpool)
    }

    private let channel: any Channel
    private let shape: Shape
    private let sessionStatus: @Sendable () -> ServerStatus
    private let spoolDirectory: String
    private let onEnd: @Sendable (Outcome) -> Void

    /// Made when the first buffer is full: most answers are smaller.
    private lazy var places = DispatchSemaphore(value: Limits.rowBuffersInFlight)
    private let broken = Atomic<Bool>(false)
    private let abandoned = Atomic<Bool>(false)
    private let lock = NSLock()
    private var packets: PacketBuffer
    /// Of the next frame, on a compressed connection.
    private var frameSequence: UInt8?
    private var encoder: RowEncoder?
    private var spool: RowSpool?
    private var spooledRows = 0
    private var hasBegun = false
    private var hasEnded = false
    private var next: (@Sendable () -> Void)?
    private var answered: (@Sendable () -> Void)?
    private var failing: (@Sendable () -> Void)?

    /// `onEnd` is called on the channel's event loop after the socket has taken everything.
    init(
        channel: any Channel, shape: Shape, frameSequence: UInt8?, spoolDirectory: String,
        status: @escaping @Sendable () -> ServerStatus,
        onEnd: @escaping @Sendable (Outcome) -> Void
    ) {
        self.channel = channel
        self.shape = shape
        self.frameSequence = frameSequence
        self.spoolDirectory = spoolDirectory
        sessionStatus = status
        self.onEnd = onEnd
        packets = PacketBuffer(sequence: shape.sequence)
    }

    /// False once there is no use in going on: the client is gone, does not read any more, or was told already that the
    /// statement was killed.
    package var isOpen: Bool { !broken.load(ordering: .relaxed) && !abandoned.load(ordering: .relaxed) }

    /// Whether the answer has ended.
    package var hasAnswered: Bool { lock.withLock { hasEnded } }

    /// Calls `body` when the answer ends, before the client can have read it.
    package func whenAnswered(_ body: @escaping @Sendable () -> Void) { lock.withLock { answered = body } }

    /// Makes the next ending call but `fail` end only one of several results: `body` is then called to write the next
    /// one.
    package func followed(by body: @escaping @Sendable () -> Void) { lock.withLock { next = body } }

    // MARK: Whole answers

    package func ok(affectedRows: UInt64 = 0, warnings: Int = 0, info: String = "") {
        end { writer in
            writer.append(
                ServerPackets.ok(
                    affectedRows: affectedRows, status: writer.status, warnings: UInt16(clamping: warnings), info: info)
            )
        }
    }

    /// May also come after rows: the client then reads the error in place of the next row. Nothing follows.
    package func fail(_ error: QueryError) {
        end { writer in
            writer.failing?()
            writer.next = nil
            writer.dropSpool()
            writer.append(ServerPackets.error(error))
        }
    }

    /// Calls `body` if the next `fail` is what ends the answer, before the client can have read it.
    package func whenFailing(_ body: @escaping @Sendable () -> Void) { lock.withLock { failing = body } }

    /// Between two of several results: hands over what there is, and waits until the socket has room for more. On a
    /// thread that may wait.
    package func makeRoom() throws { try lock.withLock { try send() } }

    /// Ends the answer for a worker that is busy elsewhere. False where it has ended already.
    package func takeOver(_ error: QueryError) -> Bool {
        // A worker that waits for the socket lets go of the lock when it sees this.
        abandoned.store(true, ordering: .relaxed)
        let isFirst = lock.withLock { !hasEnded }
        fail(error)
        return isFirst
    }

    /// A whole result of rows that the daemon itself made, which its maker has bounded: nothing waits for the client.
    package func rows(_ columns: [ResultColumn], _ rows: [[SQLValue]], warnings: Int = 0) {
        end { (writer) throws(QueryError) in
            writer.begin(columns, to: writer.shape.format)
            if let encoder = writer.encoder {
                for row in rows {
                    let start = writer.packets.open()
                    encoder.write(row, to: &writer.packets)
                    writer.packets.close(at: start)
                }
                writer.spooledRows += rows.count
            }
            try writer.finishRows(warnings)
        }
    }

    /// The answer to COM_STATISTICS: a packet of bare text.
    package func text(_ text: String) { end { $0.packets.append(packet: text.utf8) } }

    /// The answer to COM_FIELD_LIST: columns without their count, each with a default value.
    package func fieldList(_ columns: [ResultColumn], table: String) {
        end { writer in
            for column in columns {
                ColumnDefinition(column, table: table).write(to: &writer.packets, withDefault: true)
            }
            writer.appendTerminator(writer.status)
        }
    }

    /// The answer to COM_STMT_PREPARE. `columns` is empty where they are known only at execution.
    package func prepared(parameterCount: Int, columns: [ResultColumn]) {
        guard case .prepare(let id) = shape.purpose else { return ok() }
        end(.prepared(parameterCount: parameterCount)) { writer in
            writer.append(
                ServerPackets.prepared(id: id, columns: columns.count, parameters: parameterCount, warnings: 0))
            for _ in 0..<parameterCount { ColumnDefinition.parameter.write(to: &writer.packets) }
            if parameterCount > 0, !writer.shape.deprecatesEOF {
                writer.append(ServerPackets.eof(status: writer.status))
            }
            for column in columns { ColumnDefinition(column).write(to: &writer.packets) }
            if !columns.isEmpty, !writer.shape.deprecatesEOF { writer.append(ServerPackets.eof(status: writer.status)) }
        }
    }

    /// The answer to COM_STMT_FETCH: at most `count` rows.
    package func fetch(_ spool: RowSpool, rows count: Int) {
        end { (writer) throws(QueryError) in
            // Fewer than asked for are no end: the client fetches again.
            var fetched = 0
            while fetched < count, writer.packets.out.count < Limits.cursorMemoryBytesMax, let row = try spool.next() {
                writer.append(row)
                fetched += 1
            }
            writer.appendTerminator(writer.status.union(spool.isEmpty ? [.cursorExists, .lastRowSent] : .cursorExists))
        }
    }

    // MARK: Streams of rows

    package func begin(_ columns: [ResultColumn]) {
        lock.withLock { if !hasEnded { begin(columns, to: shape.format) } }
    }

    /// The form that an engine's rows are to have.
    package enum RowForm: Sendable {
        /// Packets with room for their numbers.
        case text, binary
        /// Rows of the binary protocol behind their lengths, in four bytes.
        case spooled
    }

    package var rowForm: RowForm {
        switch shape.purpose {
        case .rows(.text), .prepare: .text
        case .rows(.binary): .binary
        case .cursor: .spooled
        }
    }

    /// Hands on rows as `rowForm` has them, `count` of them. Throws where the bytes are not that, or where there is no
    /// use in going on.
    package func write(_ rows: UnsafeRawBufferPointer, count: Int) throws {
        try lock.withLock {
            guard !hasEnded else { throw Self.interrupted }
            guard packets.append(encoded: rows) else {
                throw QueryError(.engine, "The engine's rows are not as the protocol has them")
            }
            spooledRows += count
            if packets.out.count >= Limits.rowBufferBytes { try send() }
        }
    }

    package func finish(warnings: Int = 0) { end { (writer) throws(QueryError) in try writer.finishRows(warnings) } }

    /// Tells how far the statement is, to a client that wants to know and has not been sent anything yet.
    /// False where it is too late for that.
    package func progress(_ fraction: Double, stage: String) -> Bool {
        // The lock's holder writes rows.
        guard takesProgress, lock.try() else { return false }
        defer { lock.unlock() }
        guard !hasEnded, !hasBegun, packets.out.count == 0 else { return false }
        append(ServerPackets.progress(fraction: fraction, stage: stage))
        channel.writeAndFlush(takeBuffer(), promise: nil)
        return true
    }

    /// Whether the client asked for progress reports.
    package var takesProgress: Bool { shape.takesProgress }

    // MARK: Within the lock

    private static var interrupted: QueryError { QueryError(.interrupted, "Query execution was interrupted") }

    /// The session's flags as they are now: the statement itself may have changed them.
    private var status: ServerStatus { next == nil ? sessionStatus() : sessionStatus().union(.moreResults) }

    private func append(_ payload: ByteBuffer) { packets.append(packet: payload.readableBytesView) }

    private func appendTerminator(_ status: ServerStatus, warnings: UInt16 = 0) {
        append(ServerPackets.terminator(deprecatesEOF: shape.deprecatesEOF, status: status, warnings: warnings))
    }

    private func begin(_ columns: [ResultColumn], to format: RowFormat) {
        encoder = RowEncoder(format: format, columns: columns)
        hasBegun = true
        if case .cursor = shape.purpose {
            spool = RowSpool(directory: spoolDirectory)
            packets.isSpooling = true
            return
        }
        appendDefinitions(columns)
        if !shape.deprecatesEOF { append(ServerPackets.eof(status: status)) }
    }

    private func appendDefinitions(_ columns: [ResultColumn]) {
        var count = ByteBuffer()
        count.writeLengthEncoded(UInt64(columns.count))
        append(count)
        for column in columns { ColumnDefinition(column).write(to: &packets) }
    }

    private func finishRows(_ warnings: Int) throws(QueryError) {
        let warnings = UInt16(clamping: warnings)
        guard spool != nil else { return appendTerminator(status, warnings: warnings) }
        try send()
        packets.isSpooling = false
        appendDefinitions(encoder?.columns ?? [])
        // The only terminator: the rows come when they are fetched.
        appendTerminator(status.union(.cursorExists), warnings: warnings)
    }

    /// Hands over what is ready.
    private func send() throws(QueryError) {
        guard packets.out.count > 0 else { return }
        // Packets that are counted are never thrown away: after them comes at least the error.
        guard isOpen else { throw Self.interrupted }
        if let spool, packets.isSpooling {
            try spool.append(packets.out.bytes, rows: spooledRows)
            spooledRows = 0
            packets.out.removeAll()
            return
        }
        let deadline = DispatchTime.now() + .seconds(Limits.writeStallSecondsMax)
        while places.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            guard isOpen else { throw Self.interrupted }
            guard DispatchTime.now() < deadline else {
                broken.store(true, ordering: .relaxed)
                channel.close(promise: nil)
                throw Self.interrupted
            }
        }
        let places = places
        channel.writeAndFlush(takeBuffer()).whenComplete { result in
            if case .failure = result { self.broken.store(true, ordering: .relaxed) }
            places.signal()
        }
    }

    private func takeBuffer() -> ByteBuffer {
        defer { packets.out.removeAll() }
        guard var sequence = frameSequence else { return ByteBuffer(bytes: packets.out.bytes) }
        defer { frameSequence = sequence }
        return Compression.frame(packets.out.bytes, sequence: &sequence)
    }

    /// A cursor that failed leaves nothing: its rows are no packets.
    private func dropSpool() {
        guard spool != nil else { return }
        packets.out.removeAll()
        packets.isSpooling = false
        spool = nil
    }

    // MARK: The end

    private func end(_ outcome: Outcome = .answered, _ body: (ResponseWriter) throws(QueryError) -> Void) {
        lock.lock()
        guard !hasEnded else { return lock.unlock() }
        var outcome = outcome
        do throws(QueryError) { try body(self) } catch {
            next = nil
            dropSpool()
            append(ServerPackets.error(error))
        }
        if let continuation = next {
            next = nil
            encoder = nil
            lock.unlock()
            return continuation()
        }
        if let spool { outcome = .cursor(spool) }
        hasEnded = true
        let buffer = takeBuffer()
        let answered = answered
        self.answered = nil
        lock.unlock()
        answered?()
        let eventLoop = channel.eventLoop
        if eventLoop.inEventLoop {
            writeLast(buffer, outcome)
        } else {
            eventLoop.execute { [outcome] in self.writeLast(buffer, outcome) }
        }
    }

    /// On the event loop. The command is over when the socket has taken everything, so that a client that does not read
    /// gets no further.
    private func writeLast(_ buffer: ByteBuffer, _ outcome: Outcome) {
        let written = channel.writeAndFlush(buffer)
        let stall = StallTimer()
        written.whenComplete { _ in
            stall.timer?.cancel()
            stall.isOver = true
            self.onEnd(outcome)
        }
        // Most sockets have taken it by now.
        guard !stall.isOver else { return }
        let channel = channel
        stall.timer = channel.eventLoop.scheduleTask(in: .seconds(Int64(Limits.writeStallSecondsMax))) {
            channel.close(promise: nil)
        }
    }
}

/// Confined to the event loop.
private final class StallTimer: @unchecked Sendable {
    var isOver = false
    var timer: Scheduled<Void>?
}

extension ResponseWriter.Shape {
    var format: RowFormat {
        switch purpose {
        case .rows(let format): format
        case .cursor: .binary
        case .prepare: .text
        }
    }
}
