import LoonCore

/// The types of Hive's columns, nested ones with their angle brackets.
extension StatementParser {
    /// A type that ends where it is read to.
    mutating func columnType() throws(QueryError) -> HiveType {
        let type = try hiveType(depth: 0)
        guard !pendingAngle else { throw cursor.unexpected("a '>' too many") }
        return type
    }

    private mutating func hiveType(depth: Int) throws(QueryError) -> HiveType {
        guard depth < 16 else { throw cursor.unexpected("types nest at most 16 levels") }
        let word = cursor.token
        let name = try cursor.name().lowercased()
        switch name {
        case "boolean": return .boolean
        case "tinyint": return .tinyint
        case "smallint": return .smallint
        case "int", "integer": return .int
        case "bigint": return .bigint
        case "float": return .float
        case "double":
            _ = cursor.take("precision")
            return .double
        case "string": return .string
        case "binary": return .binary
        case "date": return .date
        case "timestamp", "datetime": return .timestamp
        case "decimal", "numeric": return try decimal()
        case "varchar", "char":
            try cursor.expect(symbol: "(")
            let length = try cursor.integer(1...65_535)
            try cursor.expect(symbol: ")")
            return name == "char" ? .char(length) : .varchar(length)
        case "array":
            try cursor.expect(symbol: "<")
            let element = try hiveType(depth: depth + 1)
            try closeAngle()
            return .array(element)
        case "map":
            try cursor.expect(symbol: "<")
            let key = try hiveType(depth: depth + 1)
            try cursor.expect(symbol: ",")
            let value = try hiveType(depth: depth + 1)
            try closeAngle()
            return .map(key: key, value: value)
        case "struct": return try structure(depth: depth)
        case "uniontype", "interval":
            throw QueryError(.notSupported, "The column type \(name.uppercased()) is not supported")
        default: throw cursor.lexer.error(at: word.range.lowerBound, hint: "'\(name)' is not a column type")
        }
    }

    private mutating func decimal() throws(QueryError) -> HiveType {
        guard cursor.take(symbol: "(") else { return .decimal(precision: 10, scale: 0) }
        let precision = try cursor.integer(1...38)
        let scale = cursor.take(symbol: ",") ? try cursor.integer(0...precision) : 0
        try cursor.expect(symbol: ")")
        return .decimal(precision: precision, scale: scale)
    }

    private mutating func structure(depth: Int) throws(QueryError) -> HiveType {
        var fields: [HiveType.Field] = []
        try cursor.expect(symbol: "<")
        repeat {
            let name = try cursor.name()
            try cursor.expect(symbol: ":")
            fields.append(.init(name: name, type: try hiveType(depth: depth + 1)))
            if cursor.take("comment") { _ = try cursor.string() }
        } while !pendingAngle && cursor.take(symbol: ",")
        try closeAngle()
        return .structure(fields)
    }

    /// One `>`: two that stand together are one token, of which the second half is left for the enclosing type.
    private mutating func closeAngle() throws(QueryError) {
        if pendingAngle {
            pendingAngle = false
        } else if cursor.take(symbol: ">>") {
            pendingAngle = true
        } else {
            try cursor.expect(symbol: ">")
        }
    }
}
