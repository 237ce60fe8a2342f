import Foundation
package import LoonCore

/// A statement as the engine's parser reads it (`json_serialize_sql`,
/// https://duckdb.org/docs/stable/data/json/sql_to_and_from_json).
package struct StatementTree {
    let statements: [Any]
    /// The parser's JSON, from which the tree was made.
    let serialized: [UInt8]

    /// `serialized` is the parser's JSON. Throws a syntax error where the parser found one.
    package init(serialized: [UInt8]) throws(QueryError) {
        guard let tree = (try? JSONSerialization.jsonObject(with: Data(serialized))) as? [String: Any] else {
            throw QueryError(.syntax, "The statement nests too deep to be checked; break long chains of operators up")
        }
        if tree["error"] as? Bool == true {
            let text = tree["error_message"] as? String ?? "the statement cannot be read"
            if tree["error_type"] as? String == "not implemented" {
                throw QueryError(.notSupported, "Only SELECT, WITH and VALUES can be run")
            }
            throw QueryError(.syntax, "You have an error in your SQL syntax: \(text)")
        }
        guard let statements = tree["statements"] as? [Any], statements.count == 1 else {
            throw QueryError(.syntax, "You have an error in your SQL syntax: one statement at a time")
        }
        self.statements = statements
        self.serialized = serialized
    }
}
