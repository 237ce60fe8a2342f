import LoonCore
import MySQLProtocol

/// The functions whose value is the session's.
enum SessionFunctions {
    static func value(_ name: String, login: Login, schema: String?) -> SQLValue {
        switch name {
        case "database", "schema": .optional(schema)
        case "version": .text(SystemVariables.version)
        case "user", "session_user", "system_user": .text("\(login.user)@\(login.host)")
        case "current_user": .text("\(login.user)@%")
        case "connection_id": .integer(Int64(login.connectionID))
        case "row_count": .integer(-1)
        default: .integer(0)  // last_insert_id, found_rows
        }
    }
}
