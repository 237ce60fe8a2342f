import Foundation
import LoonCore

/// One end of the stream between the daemon and a worker. Frames are read by one thread, and written by any.
///
/// `@unchecked`: what is read is confined to the reading thread; writes are within `writing`.
package final class FrameSocket: @unchecked Sendable {
    /// The other side is gone.
    package struct Ended: Error {
        package init() {}
    }

    private static let headerBytes = 5
    private static let bufferBytes = 256 * 1024

    private let descriptor: Int32
    private let writing = NSLock()
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferBytes, alignment: 16)
    /// The bytes that were received and not yet read.
    private var received = 0..<0

    /// Takes the descriptor, and closes it in the end.
    package init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        buffer.deallocate()
        close(descriptor)
    }

    /// Ends both directions: whoever waits for the socket gets `Ended`.
    package func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    // MARK: Writing

    package func send(_ kind: FrameKind, _ payload: [UInt8] = []) throws {
        try payload.withUnsafeBytes { bytes in
            try send(kind, UnsafeRawBufferPointer(start: nil, count: 0), bytes)
        }
    }

    /// The payload is a number and the bytes.
    package func send(_ kind: FrameKind, _ number: Int, _ bytes: UnsafeRawBufferPointer) throws {
        try withUnsafeBytes(of: UInt64(truncatingIfNeeded: number).littleEndian) { head in
            try send(kind, head, bytes)
        }
    }

    /// The same where nobody else is writing; else nothing is sent.
    package func sendIfFree(_ kind: FrameKind, _ payload: [UInt8]) throws {
        guard writing.try() else { return }
        defer { writing.unlock() }
        try payload.withUnsafeBytes { bytes in
            try write(kind, UnsafeRawBufferPointer(start: nil, count: 0), bytes)
        }
    }

    private func send(_ kind: FrameKind, _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer)
        throws
    {
        writing.lock()
        defer { writing.unlock() }
        try write(kind, head, body)
    }

    private func write(_ kind: FrameKind, _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer)
        throws
    {
        let length = UInt32(truncatingIfNeeded: head.count + body.count).littleEndian
        try withUnsafeTemporaryAllocation(byteCount: Self.headerBytes + head.count, alignment: 8) { start in
            start.storeBytes(of: length, as: UInt32.self)
            start[4] = kind.rawValue
            if let base = head.baseAddress {
                UnsafeMutableRawBufferPointer(rebasing: start[Self.headerBytes...]).copyMemory(
                    from: UnsafeRawBufferPointer(start: base, count: head.count))
            }
            try withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
                _ = pieces.initialize(
                    fromContentsOf: [
                        iovec(iov_base: start.baseAddress, iov_len: start.count),
                        iovec(iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count),
                    ])
                var rest = start.count + body.count
                while rest > 0 {
                    let count = writev(descriptor, pieces.baseAddress, 2)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw Ended() }
                    rest -= count
                    var passed = count
                    for index in 0..<2 {
                        let part = min(passed, pieces[index].iov_len)
                        pieces[index].iov_base = pieces[index].iov_base.map { $0 + part }
                        pieces[index].iov_len -= part
                        passed -= part
                    }
                }
            }
        }
    }

    // MARK: Reading

    /// Calls `body` with the next frame, whose bytes are valid during the call alone.
    package func next<Value>(_ body: (FrameKind, UnsafeRawBufferPointer) throws -> Value) throws -> Value {
        try fill(Self.headerBytes)
        let length = Int(
            UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: received.lowerBound, as: UInt32.self)))
        guard let kind = FrameKind(rawValue: buffer[received.lowerBound + 4]), length <= kind.bytesMax else {
            throw MalformedFrame()
        }
        received = received.lowerBound + Self.headerBytes..<received.upperBound
        try fill(length)
        let payload = UnsafeRawBufferPointer(rebasing: buffer[received.lowerBound..<received.lowerBound + length])
        defer {
            received = received.lowerBound + length..<received.upperBound
            // A large one comes seldom.
            if received.isEmpty, buffer.count > 4 * Self.bufferBytes {
                buffer.deallocate()
                buffer = .allocate(byteCount: Self.bufferBytes, alignment: 16)
                received = 0..<0
            }
        }
        return try body(kind, payload)
    }

    /// Whether a whole frame's first bytes have come, or the other side is gone, within the time.
    package func waitForBytes(milliseconds: Int32) -> Bool {
        guard received.isEmpty else { return true }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }

    /// Waits until `count` bytes are there. The buffer grows as they come, and not by what is claimed.
    private func fill(_ count: Int) throws {
        while received.count < count {
            if received.isEmpty { received = 0..<0 }
            if received.upperBound == buffer.count {
                if received.lowerBound > buffer.count / 2 {
                    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[received]))
                } else {
                    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 16)
                    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[received]))
                    buffer.deallocate()
                    buffer = larger
                }
                received = 0..<received.count
            }
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[received.upperBound...])
            let read = recv(descriptor, room.baseAddress, room.count, 0)
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { throw Ended() }
            received = received.lowerBound..<received.upperBound + read
        }
    }
}

extension FrameValue {
    /// The value that a frame's payload is.
    package init(payload: UnsafeRawBufferPointer) throws(MalformedFrame) { try self.init(frameBytes: Array(payload)) }
}
