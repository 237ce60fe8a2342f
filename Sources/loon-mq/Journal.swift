import Foundation
import Synchronization

/// The changes of a broker in a file, a line of JSON each: written before they are answered, read at the start. A
/// process that is killed loses nothing; a machine that loses its power may.
final class Journal: Sendable {
    private let file: Mutex<FileHandle>

    /// Opens the file and hands on what it has. A last line that was not written to its end is cut off.
    init(path: String, _ replay: (Broker.Change) -> Void) throws {
        if !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            else {
                throw CocoaError(.fileWriteNoPermission)
            }
        }
        let content = try Data(contentsOf: URL(fileURLWithPath: path))
        let whole =
            content.lastIndex(of: UInt8(ascii: "\n")).map { content.distance(from: content.startIndex, to: $0) + 1 }
            ?? 0
        let decoder = JSONDecoder()
        for line in content.prefix(whole).split(separator: UInt8(ascii: "\n")) {
            replay(try decoder.decode(Broker.Change.self, from: line))
        }
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.truncate(atOffset: UInt64(whole))
        try handle.seekToEnd()
        file = Mutex(handle)
    }

    func write(_ changes: [Broker.Change]) throws {
        guard !changes.isEmpty else { return }
        let encoder = JSONEncoder()
        var lines = Data()
        for change in changes {
            lines += try encoder.encode(change)
            lines.append(UInt8(ascii: "\n"))
        }
        try file.withLock { file in
            let start = try file.offset()
            do { try file.write(contentsOf: lines) } catch {
                // A torn line would make the whole file unreadable.
                try file.truncate(atOffset: start)
                throw error
            }
        }
    }
}
