import Dispatch
import Foundation
import LoonCore
import NIOCore
import Synchronization

/// The rows of an open cursor: computed to the end when the statement is executed, so that no place of the engine waits
/// for a client that fetches when it likes. The first bytes are kept in memory, the rest in a file without a name.
///
/// `@unchecked`: written by the thread that answers COM_STMT_EXECUTE, and read by those that answer COM_STMT_FETCH, one
/// after the other.
package final class RowSpool: @unchecked Sendable {
    private let directory: String
    private var memory = ByteBuffer()
    private var file: FileHandle?
    private var fileBytes = 0
    private var readBytes = 0
    private var rows = 0

    /// Bytes in the files of all cursors.
    private static let allFileBytes = Atomic<Int>(0)

    init(directory: String) { self.directory = directory }

    deinit {
        guard let file else { return }
        Self.allFileBytes.wrappingSubtract(fileBytes, ordering: .relaxed)
        // A large file takes its time to go, and this may be the event loop.
        let descriptor = file.fileDescriptor
        DispatchQueue.global(qos: .utility).async { close(descriptor) }
    }

    /// Adds row payloads, each after its length in four bytes.
    func append(_ payloads: UnsafeBufferPointer<UInt8>, rows count: Int) throws(QueryError) {
        rows += count
        if file == nil, memory.writerIndex + payloads.count <= Limits.cursorMemoryBytesMax {
            memory.writeBytes(payloads)
            return
        }
        guard fileBytes + payloads.count <= Limits.cursorFileBytesMax else {
            throw QueryError(
                .resultTooLarge,
                "The result of the cursor has more than \(Limits.cursorFileBytesMax) bytes; read it without a cursor")
        }
        guard Self.allFileBytes.load(ordering: .relaxed) + payloads.count <= Limits.cursorFilesBytesMax else {
            throw QueryError(
                .outOfMemory,
                "The open cursors hold \(Limits.cursorFilesBytesMax) bytes on the disk already; close some, or "
                    + "read without a cursor"
            )
        }
        let file: FileHandle
        if let open = self.file { file = open } else { file = try open() }
        self.file = file
        do {
            try file.seekToEnd()
            try file.write(contentsOf: Data(payloads))
        } catch {
            throw QueryError(.storage, "The cursor's rows cannot be stored; is the disk full?", detail: "\(error)")
        }
        fileBytes += payloads.count
        Self.allFileBytes.wrappingAdd(payloads.count, ordering: .relaxed)
    }

    /// No row is left.
    var isEmpty: Bool { rows == 0 }

    /// The next row's payload.
    func next() throws(QueryError) -> ByteBuffer? {
        guard rows > 0 else { return nil }
        let length = memory.getInteger(at: memory.readerIndex, endianness: .little, as: UInt32.self).map(Int.init)
        if length.map({ $0 + 4 > memory.readableBytes }) ?? true { try refill() }
        guard let length = memory.readInteger(endianness: .little, as: UInt32.self),
            let row = memory.readSlice(length: Int(length))
        else {
            throw QueryError(.storage, "The cursor's rows cannot be read")
        }
        rows -= 1
        return row
    }

    /// Reads on until a whole row is in memory.
    private func refill() throws(QueryError) {
        guard let file else { return }
        memory.discardReadBytes()
        do {
            try file.seek(toOffset: UInt64(readBytes))
            // First what fits, then what the row at its end still lacks.
            var wanted = Limits.cursorMemoryBytesMax
            while wanted > 0, let data = try file.read(upToCount: wanted), !data.isEmpty {
                memory.writeBytes(data)
                readBytes += data.count
                guard let length = memory.getInteger(at: memory.readerIndex, endianness: .little, as: UInt32.self)
                else { break }
                wanted = Int(length) + 4 - memory.readableBytes
            }
        } catch { throw QueryError(.storage, "The cursor's rows cannot be read", detail: "\(error)") }
    }

    private func open() throws(QueryError) -> FileHandle {
        let path = directory + "/cursor-\(UInt64.random(in: .min ... .max))"
        try? FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw QueryError(.storage, "The cursor's rows cannot be stored: no file can be made for them")
        }
        // The file has no name from here on, and goes with its descriptor.
        unlink(path)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    }
}
