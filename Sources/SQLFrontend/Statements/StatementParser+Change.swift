import LoonCore

/// ALTER TABLE and INSERT.
extension StatementParser {
    mutating func alter() throws(QueryError) -> Statement {
        cursor.advance()
        guard cursor.take("table") else {
            guard cursor.token.kind == .word else { throw cursor.unexpected() }
            return .unsupported(kind: "ALTER " + cursor.lexer.text(cursor.token).uppercased())
        }
        let name = try cursor.tableName()
        return try ending(.alterTable(name, try tableChange()))
    }

    private mutating func tableChange() throws(QueryError) -> TableChange {
        if cursor.take("add", "columns") { return .addColumns(try columns()) }
        if cursor.take("replace", "columns") { return .replaceColumns(try columns()) }
        if cursor.take("change") {
            _ = cursor.take("column")
            return .changeColumn(try cursor.name(), to: try column())
        }
        if cursor.take("rename") {
            try cursor.expect("to")
            return .rename(to: try cursor.tableName())
        }
        if cursor.take("set", "tblproperties") { return .setProperties(try cursor.properties()) }
        if cursor.take("unset", "tblproperties") {
            _ = try cursor.ifExists()
            return .unsetProperties(try names())
        }
        if cursor.take("set", "location") { return .setLocation(try cursor.string()) }
        if cursor.take("add") {
            let ifNotExists = try cursor.ifNotExists()
            guard cursor.isAt("partition") else { throw cursor.unexpected("COLUMNS or PARTITION is expected") }
            var partitions: [PartitionClause] = []
            while cursor.take("partition") {
                let terms = try partitionTerms(mayBeDynamic: false)
                partitions.append(
                    PartitionClause(terms: terms, location: cursor.take("location") ? try cursor.string() : nil))
                _ = cursor.take(symbol: ",")
            }
            return .addPartitions(partitions, ifNotExists: ifNotExists)
        }
        if cursor.take("drop") {
            let ifExists = try cursor.ifExists()
            var partitions: [[PartitionTerm]] = []
            repeat {
                try cursor.expect("partition")
                partitions.append(try partitionTerms(mayBeDynamic: false))
            } while cursor.take(symbol: ",")
            _ = cursor.take("purge")
            return .dropPartitions(partitions, ifExists: ifExists)
        }
        guard cursor.token.kind == .word else { throw cursor.unexpected() }
        let words =
            "\(cursor.lexer.text(cursor.token)) \(cursor.next.kind == .word ? cursor.lexer.text(cursor.next) : "")"
            .uppercased()
        throw QueryError(.notSupported, "ALTER TABLE … \(words) is not supported")
    }

    private mutating func names() throws(QueryError) -> [String] {
        var names: [String] = []
        try cursor.expect(symbol: "(")
        repeat {
            names.append((cursor.token.kind == .string ? try cursor.string() : try cursor.name()).lowercased())
        } while cursor.take(symbol: ",")
        try cursor.expect(symbol: ")")
        return names
    }

    /// `(column = value, …)`; in INSERT also `(column, …)`.
    private mutating func partitionTerms(mayBeDynamic: Bool) throws(QueryError) -> [PartitionTerm] {
        var terms: [PartitionTerm] = []
        try cursor.expect(symbol: "(")
        repeat {
            let column = try cursor.name()
            if cursor.take(symbol: "=") {
                terms.append(PartitionTerm(column: column, value: .fixed(try partitionValue())))
            } else if mayBeDynamic {
                terms.append(PartitionTerm(column: column, value: .dynamic))
            } else {
                throw cursor.unexpected("'=' is expected: partitions are named by their values")
            }
        } while cursor.take(symbol: ",")
        try cursor.expect(symbol: ")")
        return terms
    }

    private mutating func partitionValue() throws(QueryError) -> String? {
        if cursor.take("null") { return nil }
        _ = cursor.take("date") || cursor.take("timestamp")
        if cursor.token.kind == .string {
            let text = try cursor.string()
            return text == TablePartition.nullName ? nil : text
        }
        let sign = cursor.take(symbol: "-") ? "-" : ""
        if cursor.token.kind == .number || (sign.isEmpty && (cursor.isAt("true") || cursor.isAt("false"))) {
            defer { cursor.advance() }
            return sign + cursor.lexer.text(cursor.token)
        }
        throw cursor.unexpected("a literal is expected")
    }

    // MARK: INSERT

    /// `INSERT INTO | OVERWRITE [TABLE] t [PARTITION (…) [IF NOT EXISTS]] [(column, …)] query`
    mutating func insert() throws(QueryError) -> Statement {
        cursor.advance()
        let isOverwrite = cursor.take("overwrite")
        if cursor.isAt("directory") || cursor.isAt("local") { return .unsupported(kind: "INSERT OVERWRITE DIRECTORY") }
        if !isOverwrite { _ = cursor.take("into") }
        _ = cursor.take("table")
        let name = try cursor.tableName()
        var insert = Insert(table: name, isOverwrite: isOverwrite)
        if cursor.take("partition") {
            insert.partition = try partitionTerms(mayBeDynamic: true)
            insert.ifNotExists = try cursor.ifNotExists()
        }
        if cursor.isAt(symbol: "("), !isQuery(cursor.next) {
            var columns: [String] = []
            try cursor.expect(symbol: "(")
            repeat { columns.append(try cursor.name()) } while cursor.take(symbol: ",")
            try cursor.expect(symbol: ")")
            insert.columns = columns
        }
        try innerQuery()
        return .insert(insert)
    }

    private func isQuery(_ token: Token) -> Bool {
        cursor.lexer.isKeyword(token, "select") || cursor.lexer.isKeyword(token, "with")
            || cursor.lexer.isKeyword(token, "values")
            || cursor.lexer.isSymbol(token, "(")
    }
}
