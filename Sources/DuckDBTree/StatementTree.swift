import Foundation
package import LoonCore

/// A statement as the engine's parser reads it (`json_serialize_sql`,
/// https://duckdb.org/docs/stable/data/json/sql_to_and_from_json).
package struct StatementTree {
    let statements: [Any]

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
    }

    /// The change that an edit of a text makes to the nodes at its place.
    package enum Replacement: Sendable, Equatable, Hashable {
        /// A function gets another name. Both are in lower case.
        case function(from: String, to: String)
        /// A table gets another name and its old one as its alias, where it has none.
        case table(schema: String, name: String, alias: String)
        /// A table without a schema gets one.
        case schema(String)
    }

    /// Whether `edited` is this tree with the replacements made, each at every node that carries its place (in bytes;
    /// the parser copies what CASE compares and a named window orders by), and each made. Where other nodes stand in
    /// the texts is left out of account.
    package func equals(_ edited: StatementTree, with replacements: [Int: Replacement]) -> Bool {
        // A list instead of recursion: a tree's depth is the sender's choice.
        var pending: [(walked: Any, edited: Any)] = [(statements, edited.statements)]
        var made: Set<Int> = []
        while let (walked, edited) = pending.popLast() {
            // Most are texts, and a cast that fails costs more than one that does not.
            if let text = walked as? String {
                // By bytes: Unicode holds more texts to be alike than the engine does.
                guard let other = edited as? String, text.utf8.elementsEqual(other.utf8) else { return false }
            } else if let node = walked as? [String: Any] {
                guard let other = edited as? [String: Any], node.count == other.count else { return false }
                let place = node["query_location"] as? Int
                let changed = place.flatMap { replacements[$0] }.flatMap { Self.values(of: node, after: $0) }
                if let place, changed != nil { made.insert(place) }
                for (key, value) in node where key != "query_location" {
                    guard let twin = other[key] else { return false }
                    if let text = changed?[key] {
                        guard twin as? String == text else { return false }
                    } else {
                        pending.append((value, twin))
                    }
                }
                guard (place != nil || node["query_location"] != nil) == (other["query_location"] != nil) else {
                    return false
                }
            } else if let list = walked as? [Any] {
                guard let other = edited as? [Any], list.count == other.count else { return false }
                pending += zip(list, other).map { ($0, $1) }
            } else {
                guard let value = walked as? NSObject, let other = edited as? NSObject, value == other else {
                    return false
                }
            }
        }
        return made.count == replacements.count
    }

    /// New values of some of the node's texts, by their keys; `nil` where the replacement is not this node's.
    private static func values(of node: [String: Any], after replacement: Replacement) -> [String: String]? {
        switch replacement {
        case .function(let name, let instead):
            guard (node["function_name"] as? String)?.lowercased() == name else { return nil }
            return ["function_name": instead]
        case .table(let schema, let name, let alias):
            guard node["type"] as? String == "BASE_TABLE" else { return nil }
            let own = node["alias"] as? String ?? ""
            return ["schema_name": schema, "table_name": name, "alias": own.isEmpty ? alias : own]
        case .schema(let schema):
            guard node["type"] as? String == "BASE_TABLE" else { return nil }
            return ["schema_name": schema]
        }
    }
}
