import Foundation

/// A policy in the vendor's language (https://www.alibabacloud.com/help/en/ram/user-guide/policy-structure-and-syntax),
/// or a role's trust policy, whose statements have principals in place of resources.
package struct PolicyDocument: Sendable {
    package enum Effect: String, Sendable { case allow = "Allow", deny = "Deny" }

    /// One statement of a document.
    package struct Statement: Sendable {
        package let effect: Effect
        let actions: [String]
        /// Every action but these is meant.
        let isNotAction: Bool
        let resources: [String]
        /// By kind: RAM, Service, Federated.
        let principals: [String: [String]]
        let conditions: [PolicyCondition]
    }

    package let statements: [Statement]

    init(statements: [Statement]) { self.statements = statements }

    /// A fault of a document, for whoever wrote it.
    package struct Fault: Error, Sendable, CustomStringConvertible { package let description: String }

    /// Reads JSON. What the evaluation would not understand is an error: to pass over a condition would allow what it
    /// forbids.
    package init(json: [UInt8], isTrustPolicy: Bool) throws(Fault) {
        guard let document = (try? JSONSerialization.jsonObject(with: Data(json))) as? [String: Any] else {
            throw Fault(description: "it is not JSON")
        }
        if let key = RepeatedKey.first(in: json) { throw Fault(description: "it says '\(key)' twice in one object") }
        guard document["Version"] as? String == "1" else { throw Fault(description: "its Version is not \"1\"") }
        let list = (document["Statement"] as? [Any]) ?? (document["Statement"] as? [String: Any]).map { [$0] } ?? []
        guard !list.isEmpty else { throw Fault(description: "it has no Statement") }
        var statements: [Statement] = []
        for (index, item) in list.enumerated() { statements.append(try Self.statement(item, index + 1, isTrustPolicy)) }
        self.statements = statements
    }

    private static func statement(_ item: Any, _ number: Int, _ isTrustPolicy: Bool) throws(Fault) -> Statement {
        func fault(_ text: String) -> Fault { Fault(description: "its statement \(number) \(text)") }
        guard let object = item as? [String: Any] else { throw fault("is not an object") }
        guard let effect = (object["Effect"] as? String).flatMap(Effect.init) else {
            throw fault("has no Effect of Allow or Deny")
        }
        let known: Set = ["Effect", "Action", "NotAction", "Resource", "Principal", "Condition", "Sid"]
        if let stray = object.keys.filter({ !known.contains($0) }).min() {
            throw fault("has '\(stray)', which is not understood")
        }
        guard (object["Action"] == nil) != (object["NotAction"] == nil) else {
            throw fault("has Action and NotAction, or neither")
        }
        guard let actions = texts(object["Action"] ?? object["NotAction"]), !actions.isEmpty else {
            throw fault("has an Action that is no text")
        }
        var resources: [String] = []
        var principals: [String: [String]] = [:]
        if isTrustPolicy {
            guard let entries = object["Principal"] as? [String: Any], !entries.isEmpty else {
                throw fault("has no Principal")
            }
            for (kind, names) in entries {
                guard ["RAM", "Service", "Federated"].contains(kind), let names = texts(names) else {
                    throw fault("has a Principal that is not of RAM, Service or Federated")
                }
                principals[kind] = names
            }
        } else {
            guard object["Principal"] == nil else { throw fault("has a Principal, which only a trust policy has") }
            guard let found = texts(object["Resource"]), !found.isEmpty else { throw fault("has no Resource") }
            resources = found
        }
        var conditions: [PolicyCondition] = []
        if let entries = object["Condition"] {
            guard let operators = entries as? [String: Any] else {
                throw fault("has a Condition that is not an object")
            }
            for (name, keys) in operators.sorted(by: { $0.key < $1.key }) {
                guard let keys = keys as? [String: Any] else {
                    throw fault("has a Condition '\(name)' that is not an object")
                }
                for (key, values) in keys.sorted(by: { $0.key < $1.key }) {
                    guard let values = texts(values),
                        let condition = PolicyCondition(operator: name, key: key, values: values)
                    else {
                        throw fault("has a condition '\(name)' of '\(key)' that is not understood")
                    }
                    conditions.append(condition)
                }
            }
        }
        return Statement(
            effect: effect, actions: actions, isNotAction: object["NotAction"] != nil, resources: resources,
            principals: principals,
            conditions: conditions)
    }

    /// A text, or a list of them; numbers and truths count as the texts that JSON writes.
    private static func texts(_ value: Any?) -> [String]? {
        func text(_ value: Any) -> String? {
            if let text = value as? String { return text }
            guard let number = value as? NSNumber else { return nil }
            // "c" is how Foundation marks a truth.
            return String(cString: number.objCType) == "c" ? (number.boolValue ? "true" : "false") : number.stringValue
        }
        guard let value else { return nil }
        guard let list = value as? [Any] else { return text(value).map { [$0] } }
        let texts = list.compactMap(text)
        return texts.count == list.count ? texts : nil
    }
}

extension PolicyDocument.Statement {
    func covers(action: String) -> Bool {
        let isNamed = actions.contains { Wildcard.matches($0.lowercased(), action.lowercased()) }
        return isNamed != isNotAction
    }

    func covers(resource: String) -> Bool { resources.contains { Wildcard.matches($0, resource) } }

    /// An unknown circumstance neither grants anything nor lifts a denial.
    func holds(in context: [String: String]) -> Bool {
        conditions.allSatisfy { $0.holds(in: context, unknown: effect == .deny) }
    }
}

/// `*` for any text, `?` for one character.
enum Wildcard {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.unicodeScalars), Array(text.unicodeScalars))
        var (place, index) = (0, 0)
        // Where to go on after the last star, if what follows it does not fit.
        var retry: (place: Int, index: Int)?
        while index < text.count {
            if place < pattern.count, pattern[place] == "*" {
                retry = (place + 1, index)
                place += 1
            } else if place < pattern.count, pattern[place] == "?" || pattern[place] == text[index] {
                place += 1
                index += 1
            } else if let last = retry {
                retry = (last.place, last.index + 1)
                (place, index) = (last.place, last.index + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
