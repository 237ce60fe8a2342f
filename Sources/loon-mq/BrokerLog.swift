import Foundation
import Logging
import LoonCore

/// One line an event on standard error, in the daemon's form.
enum BrokerLog {
    /// For the lifecycle library, whose own lines say nothing here.
    static let quiet: any LogHandler = SwiftLogNoOpLogHandler()

    /// `fields` are made of names and numbers alone.
    static func write(_ event: String, _ fields: String) {
        let line = "\(CivilTime(milliseconds: BrokerClock.now()).rfc3339UTC) info event=\(event) \(fields)\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}

enum BrokerClock {
    /// Milliseconds since 1970.
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
