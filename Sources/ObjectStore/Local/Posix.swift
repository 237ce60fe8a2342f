import Foundation
import LoonCore

/// The file system's calls, with errors in the project's terms.
enum Posix {
    enum Kind { case file, folder, other, missing }

    /// The kind of file at `path`; a link is `other`.
    static func kind(_ path: String) -> Kind {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .missing }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// Bytes, and milliseconds since 1970.
    static func sizeAndTime(_ path: String) -> (Int64, Int64)? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return (Int64(status.st_size), milliseconds(status))
    }

    /// The entries of a folder, in no order; links and the like are left out.
    static func entries(_ folder: String) throws(QueryError) -> [Entry] {
        guard let directory = opendir(folder) else { throw failure("list", folder) }
        defer { closedir(directory) }
        let descriptor = dirfd(directory)
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw failure("list", folder) }
                return entries
            }
            // The name is a C string at the entry's end.
            let name = UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name) ?? 0)
                .assumingMemoryBound(to: CChar.self)
            if name[0] == 0x2E, name[1] == 0 || (name[1] == 0x2E && name[2] == 0) { continue }
            var status = stat()
            // The file may have gone meanwhile.
            guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                guard errno == ENOENT else { throw failure("look at", folder) }
                continue
            }
            let kind = status.st_mode & S_IFMT
            guard kind == S_IFREG || kind == S_IFDIR else { continue }
            guard let text = String(validatingCString: name) else {
                throw QueryError(.location, "A file's name is not UTF-8: '\(String(cString: name))'; rename it")
            }
            entries.append(
                Entry(
                    name: text, isFolder: kind == S_IFDIR, size: Int64(status.st_size), modified: milliseconds(status),
                    links: Int(status.st_nlink)))
        }
    }

    struct Entry {
        let name: String
        let isFolder: Bool
        let size: Int64
        /// Milliseconds since 1970.
        let modified: Int64
        /// Names of the file.
        let links: Int
    }

    private static func milliseconds(_ status: stat) -> Int64 {
        Int64(status.st_mtim.tv_sec) * 1_000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    }

    /// Makes a folder and those above it that are missing. Each is on disk with its name when this returns: a file in a
    /// folder whose own entry is lost in a power cut is lost with it.
    static func makeFolders(_ path: String) throws(QueryError) {
        var missing: [String] = []
        var place = path
        while !place.isEmpty, kind(place) == .missing {
            missing.append(place)
            place = String(place.prefix(upTo: place.lastIndex(of: "/") ?? place.startIndex))
        }
        for folder in missing.reversed() {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure("make the folder of", folder) }
            let parent = String(folder.prefix(upTo: folder.lastIndex(of: "/") ?? folder.startIndex))
            try syncFolder(parent.isEmpty ? "/" : parent)
        }
    }

    /// Makes a folder in one that is there; false where that is not.
    static func makeFolder(_ path: String) throws(QueryError) -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        guard errno == ENOENT else { throw failure("make the folder of", path) }
        return false
    }

    static func realPath(_ path: String) throws(QueryError) -> String {
        guard let real = try realPathIfPresent(path) else { throw failure("resolve", path) }
        return real
    }

    /// `nil` where nothing is there; what is there and cannot be looked at is an error.
    static func realPathIfPresent(_ path: String) throws(QueryError) -> String? {
        guard let resolved = realpath(path, nil) else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("look at", path)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    static func rename(_ path: String, to target: String) throws(QueryError) {
        guard Foundation.rename(path, target) == 0 else { throw failure("rename", target) }
    }

    /// Gives a file a second name; false where something has that name.
    static func linkNew(_ path: String, at target: String) throws(QueryError) -> Bool {
        if link(path, target) == 0 { return true }
        guard errno == EEXIST else { throw failure("link", target) }
        return false
    }

    /// An empty file, open for writing; one that is there is emptied.
    static func create(_ path: String) throws(QueryError) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", path) }
        return descriptor
    }

    static func write(_ bytes: UnsafeRawPointer, _ count: Int, to descriptor: Int32, _ path: String) throws(QueryError)
    {
        var written = 0
        while written < count {
            let part = Foundation.write(descriptor, bytes + written, count - written)
            if part < 0, errno == EINTR { continue }
            guard part > 0 else { throw failure("write", path) }
            written += part
        }
    }

    /// Copies a file's bytes, or a pipe's until it ends, a megabyte at a time.
    static func copy(_ path: String, to target: String, progress: (Int64, Int64) -> Void) throws(QueryError) {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw failure("read", path) }
        defer { close(source) }
        let descriptor = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", target) }
        defer { close(descriptor) }
        var status = stat()
        let total = fstat(source, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : 0
        let size = 1 << 20
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        defer { buffer.deallocate() }
        var done: Int64 = 0
        while true {
            let count = read(source, buffer, size)
            if count == 0 { return }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("read", path) }
            try write(buffer, count, to: descriptor, target)
            done += Int64(count)
            progress(done, total)
        }
    }

    static func sync(_ path: String) throws(QueryError) { try sync(path, flags: O_RDONLY | O_NOFOLLOW) }
    static func syncFolder(_ path: String) throws(QueryError) { try sync(path, flags: O_RDONLY | O_DIRECTORY) }

    private static func sync(_ path: String, flags: Int32) throws(QueryError) {
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    /// Removes a file; one that is not there is no error.
    static func removeFile(_ path: String) throws(QueryError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }

    /// Removes a file or a folder with all that is in it; what is not there is no error.
    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    private static func failure(_ what: String, _ path: String) -> QueryError {
        let reason = errno == ENOSPC ? "the disk is full" : String(cString: strerror(errno))
        return QueryError(.storage, "The object store cannot \(what) a file: \(reason)", detail: path)
    }
}
