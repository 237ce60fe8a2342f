import Foundation
package import Logging
package import LoonCore
import Synchronization

/// Where log lines go: standard error, or a file that is opened again on demand, for logrotate.
package final class LogOutput: Sendable {
    private let path: String?
    private let descriptor: Mutex<Int32>

    package init(path: String?) throws(QueryError) {
        self.path = path
        descriptor = Mutex(try path.map(Self.open) ?? STDERR_FILENO)
    }

    /// Opens the file anew; where that fails, the old one stays in use.
    package func reopen() throws(QueryError) {
        guard let path else { return }
        let fresh = try Self.open(path)
        let old = descriptor.withLock { current in
            defer { current = fresh }
            return current
        }
        close(old)
    }

    func write(_ line: String) {
        var line = line
        line.withUTF8 { bytes in
            descriptor.withLock { descriptor in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let written = Foundation.write(
                        descriptor, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)).baseAddress, rest.count)
                    if written < 0 && errno == EINTR { continue }
                    // A log that cannot be written must not stop the service.
                    guard written > 0 else { return }
                    rest = rest.dropFirst(written)
                }
            }
        }
    }

    private static func open(_ path: String) throws(QueryError) -> Int32 {
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw QueryError(.startUp, "The log file '\(path)' cannot be opened: \(String(cString: strerror(errno)))")
        }
        return descriptor
    }
}

/// One line an event: `<RFC 3339 time> <level> event=<name> key=value …`. A value that is not plain is quoted and
/// escaped, so that nothing a client sends can look like another value or line.
package struct EventLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let output: LogOutput
    private let clock: WallClock

    package init(output: LogOutput, level: Logger.Level, clock: WallClock) {
        self.output = output
        logLevel = level
        self.clock = clock
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let time = CivilTime(milliseconds: clock.now()).rfc3339UTC
        var line = "\(time) \(event.level) event=\(Self.escaped("\(event.message)"))"
        let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        for (key, value) in pairs { line += " \(key)=\(Self.escaped("\(value)"))" }
        output.write(line + "\n")
    }

    static func escaped(_ value: String) -> String {
        let isPlain =
            !value.isEmpty
            && value.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                    && $0 != UInt8(ascii: "\\")
            }
        if isPlain { return value }
        var result = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                || [0x2028, 0x2029].contains(scalar.value)
                || scalar.properties.generalCategory == .format:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
