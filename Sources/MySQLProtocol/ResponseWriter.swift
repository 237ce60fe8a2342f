import Dispatch
package import LoonCore
import NIOCore
import Synchronization

/// The answer to one command, written by whoever works on it: exactly one of `ok`, `fail` and `finish` ends it.
///
/// Batches may be written from any thread but an event loop. At most `Limits.rowBuffersInFlight` buffers wait for the socket; the
/// writer then blocks, and so pulls no more rows from the engine than the client takes.
///
/// `@unchecked`: the buffer and the sequence id belong to the one thread that writes the answer; it passes to another only by
/// a hand-over that orders memory (a queue). `isOpen` and the end are atomic.
package final class ResponseWriter: @unchecked Sendable {
    private let channel: any Channel
    private let deprecatesEOF: Bool
    private let sessionStatus: @Sendable () -> UInt16
    /// The session's flags as they are now: the statement itself may have changed them.
    private var status: UInt16 { sessionStatus() }
    private let onEnd: @Sendable () -> Void
    private let places = DispatchSemaphore(value: Limits.rowBuffersInFlight)
    private let broken = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)
    private var out = TextBuffer(capacity: 1024)
    private var sequence: UInt8

    /// `onEnd` is called on the channel's event loop after the socket has taken everything.
    init(
        channel: any Channel, capabilities: Capabilities, status: @escaping @Sendable () -> UInt16, sequence: UInt8,
        onEnd: @escaping @Sendable () -> Void
    ) {
        self.channel = channel
        deprecatesEOF = capabilities.contains(.deprecateEOF)
        sessionStatus = status
        self.sequence = sequence
        self.onEnd = onEnd
    }

    /// False once the client is gone or does not read any more: there is no use in going on.
    package var isOpen: Bool { !broken.load(ordering: .relaxed) }

    // MARK: Whole answers

    package func ok(affectedRows: UInt64 = 0, warnings: Int = 0, info: String = "") {
        append(
            ServerPackets.ok(
                affectedRows: affectedRows, status: status, warnings: UInt16(clamping: warnings), info: info))
        end()
    }

    /// May also come after rows: the client then reads the error in place of the next row.
    package func fail(_ error: QueryError) {
        append(ServerPackets.error(error))
        end()
    }

    /// A whole result of rows that the daemon itself made, which its maker has bounded: nothing waits for the client.
    package func rows(_ columns: [ResultColumn], _ rows: [[SQLValue]], warnings: Int = 0) {
        begin(columns)
        for row in rows { write(row) }
        finish(warnings: warnings)
    }

    // MARK: Streams of rows

    package func begin(_ columns: [ResultColumn]) {
        var count = ByteBuffer()
        count.writeLengthEncoded(UInt64(columns.count))
        append(count)
        for column in columns { append(ColumnDefinition(column).payload) }
        if !deprecatesEOF { append(ServerPackets.eof(status: status)) }
    }

    /// Throws where a row is too large to send.
    package func write(_ batch: RecordBatch) throws(QueryError) {
        for row in 0..<batch.rowCount {
            let start = openPacket()
            for column in batch.columns {
                if column.isNull(row) {
                    out.append(0xFB)
                } else {
                    let cell = out.count
                    out.append(0)
                    column.appendText(row: row, to: &out)
                    patchLength(at: cell)
                }
                guard out.count - start <= Limits.rowBytesMax else {
                    out.truncate(to: start)
                    throw QueryError(.resultTooLarge, "A row has more than \(Limits.rowBytesMax) bytes")
                }
            }
            closePacket(at: start)
            if out.count >= Limits.rowBufferBytes { flush() }
        }
    }

    private func write(_ row: [SQLValue]) {
        let start = openPacket()
        for value in row {
            let cell = out.count
            switch value {
            case .null:
                out.append(0xFB)
                continue
            case .integer(let number):
                out.append(0)
                out.append(decimal: number)
            case .text(let text):
                out.append(0)
                out.append(text)
            }
            patchLength(at: cell)
        }
        closePacket(at: start)
    }

    /// Hands over what is ready, so that a client sees the columns while the first rows are still computed.
    package func flush() {
        guard out.count > 0 else { return }
        let buffer = ByteBuffer(bytes: out.bytes)
        out.removeAll()
        guard isOpen else { return }
        guard places.wait(timeout: .now() + .seconds(Limits.writeStallSecondsMax)) == .success else {
            broken.store(true, ordering: .relaxed)
            channel.close(promise: nil)
            return
        }
        channel.writeAndFlush(buffer).whenComplete { result in
            if case .failure = result { self.broken.store(true, ordering: .relaxed) }
            self.places.signal()
        }
    }

    package func finish(warnings: Int = 0) {
        let warnings = UInt16(clamping: warnings)
        append(
            deprecatesEOF
                ? ServerPackets.ok(status: status, warnings: warnings, header: 0xFE)
                : ServerPackets.eof(status: status, warnings: warnings))
        end()
    }

    private func end() {
        let (first, _) = ended.compareExchange(expected: false, desired: true, ordering: .relaxed)
        precondition(first, "an answer ends once")
        let buffer = ByteBuffer(bytes: out.bytes)
        out.removeAll()
        let eventLoop = channel.eventLoop
        if eventLoop.inEventLoop { writeLast(buffer) } else { eventLoop.execute { self.writeLast(buffer) } }
    }

    /// On the event loop. The command is over when the socket has taken everything, so that a client that does not read gets no further.
    private func writeLast(_ buffer: ByteBuffer) {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: .seconds(Int64(Limits.writeStallSecondsMax))) { channel.close(promise: nil) }
        channel.writeAndFlush(buffer).whenComplete { _ in
            timer.cancel()
            self.onEnd()
        }
    }

    // MARK: Packets

    private func append(_ payload: ByteBuffer) {
        let start = openPacket()
        payload.withUnsafeReadableBytes { out.append($0.bindMemory(to: UInt8.self)) }
        closePacket(at: start)
    }

    /// Leaves room for a packet's header.
    private func openPacket() -> Int {
        let start = out.count
        for _ in 0..<4 { out.append(0) }
        return start
    }

    private func closePacket(at start: Int) {
        let length = out.count - start - 4
        if length >= PacketDecoder.continuedLength { return splitPacket(at: start) }
        out.set(UInt8(truncatingIfNeeded: length), at: start)
        out.set(UInt8(truncatingIfNeeded: length >> 8), at: start + 1)
        out.set(UInt8(truncatingIfNeeded: length >> 16), at: start + 2)
        out.set(sequence, at: start + 3)
        sequence &+= 1
    }

    /// A payload that takes several packets is taken out and written again in pieces.
    private func splitPacket(at start: Int) {
        let payload = ByteBuffer(bytes: UnsafeBufferPointer(rebasing: out.bytes[(start + 4)...]))
        out.truncate(to: start)
        var packets = ByteBuffer()
        sequence = packets.writePackets(payload, sequence: sequence)
        packets.withUnsafeReadableBytes { out.append($0.bindMemory(to: UInt8.self)) }
    }

    /// Writes the length of the cell whose first byte was left free at `cell`, moving the cell where the length takes more.
    private func patchLength(at cell: Int) {
        let length = out.count - cell - 1
        guard length >= 0xFB else { return out.set(UInt8(length), at: cell) }
        let (marker, bytes): (UInt8, Int) = length < 0x1_0000 ? (0xFC, 2) : length < 0x100_0000 ? (0xFD, 3) : (0xFE, 8)
        out.insertGap(bytes, at: cell + 1)
        out.set(marker, at: cell)
        for place in 0..<bytes { out.set(UInt8(truncatingIfNeeded: length >> (8 * place)), at: cell + 1 + place) }
    }
}
