import Foundation
import LoonCore

/// Space on the data directory's disk that is kept for who has to make room there: rows are removed by writing.
package struct DiskReserve {
    private let path: String

    package init(_ dataDirectory: String) { path = dataDirectory + "/reserve" }

    /// Takes the space, if it is not taken yet and there is room for much more. A disk that has none is no error.
    package func fill() {
        guard size < Limits.reserveBytes,
            FreeSpace.freeBytes(of: path) ?? 0 > Limits.reserveBytes * 8
        else { return }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if posix_fallocate(descriptor, 0, off_t(Limits.reserveBytes)) != 0 { unlink(path) }
    }

    /// Gives the space up. False where there was none.
    package func release() -> Bool { size > 0 && unlink(path) == 0 }

    private var size: Int64 { (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64) ?? 0 }
}
