import LoonCore
import MySQLProtocol
import Synchronization
import SystemTables

/// The functions whose value is the session's.
extension Session {
    func function(_ name: String) -> SQLValue {
        switch name {
        case "database", "schema": .optional(state.withLock(\.schema))
        case "version": .text(SystemVariables.version)
        case "user", "session_user", "system_user": .text("\(login.user)@\(login.host)")
        case "current_user": .text("\(login.user)@%")
        case "connection_id": .integer(Int64(login.connectionID))
        case "row_count": .integer(-1)
        default: .integer(0)  // last_insert_id, found_rows
        }
    }
}
