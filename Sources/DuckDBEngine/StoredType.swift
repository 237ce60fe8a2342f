import LoonCore

/// A type as the engine prints it (`STRUCT(a INTEGER, "b c" BLOB[])[]`), and what makes values of it values of a
/// column's type where a cast would not, or not rightly.
indirect enum StoredType: Equatable {
    case simple(String)
    case list(StoredType)
    case map(key: StoredType, value: StoredType)
    case structure([Field])

    struct Field: Equatable {
        let name: String
        let type: StoredType
    }

    init(_ text: String) {
        let text = text.trimmingSpaces
        if text.hasSuffix("]"), let open = text.lastIndex(of: "[") {
            self = .list(StoredType(String(text[..<open])))
        } else if let inner = Self.inner(of: text, "STRUCT(") {
            self = .structure(
                Self.parts(of: inner).map { part in
                    let (name, rest) = Self.name(of: part)
                    return Field(name: name, type: StoredType(rest))
                })
        } else if let inner = Self.inner(of: text, "MAP("), case let parts = Self.parts(of: inner), parts.count == 2 {
            self = .map(key: StoredType(parts[0]), value: StoredType(parts[1]))
        } else {
            self = .simple(text)
        }
    }

    private static func inner(of text: String, _ head: String) -> String? {
        text.hasPrefix(head) && text.hasSuffix(")") ? String(text.dropFirst(head.count).dropLast()) : nil
    }

    /// The parts between the commas that stand in no parentheses and no quotes.
    private static func parts(of text: String) -> [String] {
        var (parts, part, depth): ([String], String, Int) = ([], "", 0)
        var quote: Character?
        for letter in text {
            if let open = quote {
                if letter == open { quote = nil }
            } else if letter == "\"" || letter == "'" {
                quote = letter
            } else if letter == "(" {
                depth += 1
            } else if letter == ")" {
                depth -= 1
            } else if letter == ",", depth == 0 {
                parts.append(part.trimmingSpaces)
                part = ""
                continue
            }
            part.append(letter)
        }
        return part.isEmpty ? parts : parts + [part.trimmingSpaces]
    }

    /// A field's name, which may be quoted, and what stands behind it.
    private static func name(of text: String) -> (name: String, rest: String) {
        guard text.hasPrefix("\"") else {
            let end = text.firstIndex(of: " ") ?? text.endIndex
            return (String(text[..<end]), String(text[end...]))
        }
        var (name, place) = ("", text.index(after: text.startIndex))
        while place < text.endIndex {
            let next = text.index(after: place)
            if text[place] == "\"" {
                guard next < text.endIndex, text[next] == "\"" else { return (name, String(text[next...])) }
                place = next
            }
            name.append(text[place])
            place = text.index(after: place)
        }
        return (name, "")
    }

    // MARK: Values

    private static let wholeNumbers: [String: Int] = [
        "TINYINT": 1, "UTINYINT": 1, "SMALLINT": 2, "USMALLINT": 2, "INTEGER": 4, "UINTEGER": 4, "BIGINT": 8,
        "UBIGINT": 8, "HUGEINT": 16, "UHUGEINT": 16,
    ]

    /// The value of `source` for a column's type, as an expression.
    func value(_ source: String, as type: HiveType, depth: Int = 0) -> String {
        let wanted = EngineText.type(type)
        let item = "v\(depth)"
        switch (self, type) {
        // Impala and old Hive write strings without saying that they are such; a cast would write bytes as \x41, and
        // read \x41 as one byte.
        case (.simple("BLOB"), .string), (.simple("BLOB"), .varchar), (.simple("BLOB"), .char):
            return "try(decode(\(source)))"
        case (.simple("VARCHAR"), .binary): return "encode(\(source))"
        // DuckDB 1.5.5 asks a Bloom filter with the text of a BLOB in place of its bytes: what is computed is compared
        // by itself.
        case (.simple("BLOB"), .binary): return depth == 0 ? "\(source) || ''::BLOB" : source
        // A union of Avro's: what stands in it, whichever branch it is of.
        case (.simple(let name), _) where name.hasPrefix("UNION("):
            return "CAST(CAST(\(source) AS VARCHAR) AS \(wanted))"
        case (.simple(let name), _):
            guard name != wanted else { return source }
            // And it asks of a column what ORDER BY … LIMIT has found of a narrower number's bytes, unless the cast is
            // within something else.
            let isNarrower = Self.wholeNumbers[wanted].map { $0 < Self.wholeNumbers[name] ?? 0 } ?? false
            return isNarrower ? "coalesce(CAST(\(source) AS \(wanted)), NULL)" : "CAST(\(source) AS \(wanted))"
        case (.list(let own), .array(let element)) where own.needsMore(than: element):
            return "list_transform(\(source), lambda \(item): \(own.value(item, as: element, depth: depth + 1)))"
        case (.map(let ownKey, let own), .map(let key, let element))
        where ownKey.needsMore(than: key) || own.needsMore(than: element):
            let pair =
                "struct_pack(k := \(ownKey.value("\(item).key", as: key, depth: depth + 1)), "
                + "v := \(own.value("\(item).value", as: element, depth: depth + 1)))"
            return "map_from_entries(list_transform(map_entries(\(source)), lambda \(item): \(pair)))"
        case (.structure(let own), .structure(let fields)) where needsMore(than: type):
            let members = fields.map { field in
                let found = own.first { CatalogName($0.name) == CatalogName(field.name) }
                let value =
                    found.map {
                        $0.type.value("(\(source)).\(EngineText.name($0.name))", as: field.type, depth: depth + 1)
                    }
                    ?? "CAST(NULL AS \(EngineText.type(field.type)))"
                return "\(EngineText.name(field.name)) := \(value)"
            }
            return "CASE WHEN \(source) IS NOT NULL THEN struct_pack(\(members.joined(separator: ", "))) END"
        default: return "CAST(\(source) AS \(wanted))"
        }
    }

    /// Whether a cast would fail, or make something else of bytes and texts.
    private func needsMore(than type: HiveType) -> Bool {
        switch (self, type) {
        case (.simple("BLOB"), .string), (.simple("BLOB"), .varchar), (.simple("BLOB"), .char),
            (.simple("VARCHAR"), .binary):
            return true
        case (.list(let own), .array(let element)): return own.needsMore(than: element)
        case (.map(let ownKey, let own), .map(let key, let element)):
            return ownKey.needsMore(than: key) || own.needsMore(than: element)
        case (.structure(let own), .structure(let fields)):
            var hasMatch = false
            for field in fields {
                guard let found = own.first(where: { CatalogName($0.name) == CatalogName(field.name) }) else {
                    continue
                }
                hasMatch = true
                if found.type.needsMore(than: field.type) { return true }
            }
            // The engine casts no structure to one that it has no field of.
            return !hasMatch
        default: return false
        }
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
