import Foundation
import LoonCore

/// The daemon's folder: everything in it is the daemon's own and nobody else's (0700, files 0600).
struct DataDirectory {
    let path: String

    init(_ path: String) throws(QueryError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw QueryError(
                .startUp,
                "The data directory '\(path)' cannot be made: \(error.localizedDescription); name another with "
                    + "--data-dir"
            )
        }
        // Files that the process makes from here on are its owner's alone, those of SQLite and the engine included.
        umask(0o077)
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
    }

    /// Keeps a second daemon out for as long as the descriptor is open, which is until the process ends.
    func lock() throws(QueryError) {
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw QueryError(.startUp, "The data directory '\(path)' cannot be written; check its owner and mode")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw QueryError(
                .startUp,
                "The data directory '\(path)' is in use by another loond; stop that one, or name another with "
                    + "--data-dir"
            )
        }
    }

    /// Whether a daemon works on it now.
    var isInUse: Bool {
        let descriptor = open(path + "/lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    /// A file of the directory, `nil` where there is none.
    func read(_ name: String) -> String? { try? String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    /// Writes a file that only the owner can read: whole and on disk when this returns, or not at all.
    func write(_ text: String, to name: String) throws(QueryError) {
        let place = path + "/" + name
        let failure = QueryError(.startUp, "The file '\(place)' cannot be written")
        let descriptor = open(place + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(text.utf8))
            try file.synchronize()
        } catch { throw failure }
        guard rename(place + ".new", place) == 0 else { throw failure }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure }
    }
}
