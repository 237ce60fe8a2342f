import LoonCore

extension StatementParser {
    // MARK: Accounts

    /// `CREATE | ALTER USER [IF …] user [IDENTIFIED [WITH plugin] BY 'password'], … [REQUIRE NONE] [WITH limit n …]
    /// [PASSWORD EXPIRE …] [ACCOUNT LOCK | UNLOCK]`
    mutating func user(isNew: Bool) throws(QueryError) -> Statement {
        let isConditional = isNew ? try cursor.ifNotExists() : try cursor.ifExists()
        var changes: [AccountChange] = []
        repeat {
            var change = AccountChange(name: try account(isNew: isNew))
            if cursor.take("identified") { try identification(&change) }
            guard !isNew || change.password != nil else {
                throw cursor.unexpected(
                    "IDENTIFIED BY 'password' is expected: there are no accounts without a password")
            }
            changes.append(change)
        } while cursor.take(symbol: ",")
        if cursor.take("require"), !cursor.take("none") {
            throw QueryError(
                .notSupported, "REQUIRE is not supported for one account; listen.require-secure-transport holds for all"
            )
        }
        var options = AccountChange(name: nil)
        if cursor.take("with") {
            repeat { try limit(&options) } while !cursor.isAtEnd && !cursor.isAt("password") && !cursor.isAt("account")
        }
        while !cursor.isAtEnd { try option(&options) }
        for index in changes.indices { changes[index].take(options) }
        return try ending(
            .account(isNew ? .create(changes, ifNotExists: isConditional) : .alter(changes, ifExists: isConditional)))
    }

    private mutating func identification(_ change: inout AccountChange) throws(QueryError) {
        if cursor.take("with") {
            let plugin = (cursor.token.kind == .string ? try cursor.string() : try cursor.name()).lowercased()
            guard ["caching_sha2_password", "mysql_native_password"].contains(plugin) else {
                throw QueryError(
                    .notSupported,
                    "The authentication plugin is not supported; caching_sha2_password and mysql_native_password are")
            }
            change.plugin = plugin
            guard cursor.isAt("by") else {
                throw QueryError(.notSupported, "IDENTIFIED WITH … AS is not supported; write BY and the password")
            }
        }
        try cursor.expect("by")
        change.password = Secret(try cursor.string())
        // The password that is replaced: who is logged in has proved it.
        if cursor.take("replace") { _ = try cursor.string() }
    }

    private mutating func limit(_ options: inout AccountChange) throws(QueryError) {
        let range = 0...Int(Int64.max)
        if cursor.take("max_user_connections") {
            options.connectionsMax = Int64(try cursor.integer(range))
        } else if cursor.take("max_running_tasks") {
            options.runningMax = Int64(try cursor.integer(range))
        } else if cursor.take("max_queued_tasks") {
            options.queuedMax = Int64(try cursor.integer(range))
        } else if cursor.take("max_scan_bytes_per_day") {
            options.scannedBytesADayMax = Int64(try cursor.integer(range))
        } else {
            throw cursor.unexpected(
                "MAX_USER_CONNECTIONS, MAX_RUNNING_TASKS, MAX_QUEUED_TASKS or MAX_SCAN_BYTES_PER_DAY is expected")
        }
    }

    private mutating func option(_ options: inout AccountChange) throws(QueryError) {
        if cursor.take("password", "expire") {
            if cursor.take("interval") {
                options.expiry = .days(try cursor.integer(1...65_535))
                try cursor.expect("day")
            } else {
                options.expiry = cursor.take("never") || cursor.take("default") ? .never : .now
            }
        } else if cursor.take("account", "lock") {
            options.isLocked = true
        } else {
            guard cursor.take("account", "unlock") else {
                throw cursor.unexpected("WITH, PASSWORD EXPIRE, ACCOUNT LOCK or ACCOUNT UNLOCK is expected")
            }
            options.isLocked = false
        }
    }

    /// `DROP USER [IF EXISTS] user, …`
    mutating func dropUser() throws(QueryError) -> Statement {
        let ifExists = try cursor.ifExists()
        return try ending(.account(.drop(try accounts(), ifExists: ifExists)))
    }

    /// `SET PASSWORD [FOR user] = 'password'`
    mutating func setPassword() throws(QueryError) -> Statement {
        try cursor.expect("password")
        var change = AccountChange(name: cursor.take("for") ? try account() : nil)
        try cursor.expect(symbol: "=")
        change.password = Secret(try cursor.string())
        if cursor.take("replace") { _ = try cursor.string() }
        return try ending(.account(.alter([change], ifExists: false)))
    }

    // MARK: Privileges

    /// `GRANT privilege, … ON level TO user, … [WITH GRANT OPTION]`
    mutating func grant() throws(QueryError) -> Statement {
        var privileges = try privileges()
        let place = try grantPlace()
        try cursor.expect("to")
        let names = try accounts()
        if cursor.take("with") {
            try cursor.expect("grant")
            try cursor.expect("option")
            privileges.insert(.grantOption)
        }
        return try ending(.account(.grant(privileges, place, to: names)))
    }

    /// `REVOKE privilege, … ON level FROM user, …`, `REVOKE ALL [PRIVILEGES], GRANT OPTION FROM user, …`
    mutating func revoke() throws(QueryError) -> Statement {
        let privileges = try privileges()
        if privileges == .administrator, cursor.take("from") {
            return try ending(.account(.revokeEverything(from: try accounts())))
        }
        let place = try grantPlace()
        try cursor.expect("from")
        return try ending(.account(.revoke(privileges, place, from: try accounts())))
    }

    private mutating func privileges() throws(QueryError) -> Privileges {
        var privileges: Privileges = []
        repeat { privileges.formUnion(try privilege()) } while cursor.take(symbol: ",")
        return privileges
    }

    private mutating func privilege() throws(QueryError) -> Privileges {
        if cursor.take("all") {
            _ = cursor.take("privileges")
            return .all
        }
        if cursor.take("grant", "option") { return .grantOption }
        if cursor.take("usage") { return [] }
        // MySQL's names for what is one privilege here.
        if cursor.take("create", "view") { return .create }
        if cursor.take("show", "view") || cursor.take("show", "databases") { return .show }
        guard cursor.token.kind == .word else { throw cursor.unexpected("a privilege is expected") }
        let word = cursor.lexer.text(cursor.token).uppercased()
        guard let known = Privileges.named.first(where: { $0.name == word }) else {
            let names = Privileges.named.map(\.name).joined(separator: ", ")
            throw cursor.unexpected(
                "a privilege is expected, one of \(names), ALL, USAGE and GRANT OPTION; there are no roles")
        }
        cursor.advance()
        guard !cursor.isAt(symbol: "(") else {
            throw QueryError(.notSupported, "Privileges on columns are not supported; grant on a view that has them")
        }
        return known.privilege
    }

    private mutating func grantPlace() throws(QueryError) -> GrantPlace {
        try cursor.expect("on")
        if cursor.isAt("table"), !cursor.lexer.isSymbol(cursor.next, ".") { cursor.advance() }
        if cursor.take(symbol: "*") {
            guard cursor.take(symbol: ".") else { return .schema(nil) }
            try cursor.expect(symbol: "*")
            return .everything
        }
        let first = try grantName()
        guard cursor.take(symbol: ".") else { return .table(TableName(schema: nil, table: first)) }
        if cursor.take(symbol: "*") { return .schema(first) }
        return .table(TableName(schema: first, table: try cursor.name()))
    }

    /// A schema's name. MySQL takes `%` and `_` there for patterns; here a name is a name.
    private mutating func grantName() throws(QueryError) -> String {
        let name = try cursor.name()
        guard !name.contains("%") else {
            throw QueryError(.notSupported, "GRANT takes names of schemas and no patterns, not '\(name)'")
        }
        var plain = ""
        var isEscaped = false
        for character in name {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                plain.append(character)
                isEscaped = false
            }
        }
        return plain
    }

    // MARK: Names

    private mutating func accounts() throws(QueryError) -> [String] {
        var names: [String] = []
        repeat {
            guard let name = try account() else { throw cursor.unexpected("the name of an account is expected") }
            names.append(name)
        } while cursor.take(symbol: ",")
        return names
    }

    /// `'user'@'%'`, `user`, and `CURRENT_USER[()]` or `USER()`, which are `nil`. An account that is new has the name
    /// as it stands.
    mutating func account(isNew: Bool = false) throws(QueryError) -> String? {
        if !isNew, cursor.isAt("current_user") || (cursor.isAt("user") && cursor.lexer.isSymbol(cursor.next, "(")) {
            cursor.advance()
            if cursor.take(symbol: "(") { try cursor.expect(symbol: ")") }
            return nil
        }
        let name = cursor.token.kind == .string ? try cursor.string() : try cursor.name()
        if cursor.token.kind == .userVariable {
            let host = Self.userVariableName(cursor.lexer.text(cursor.token))
            guard host == "@%" else {
                throw QueryError(.notSupported, "Accounts are not tied to hosts; write '\(name)', or '\(name)'@'%'")
            }
            cursor.advance()
        }
        return name
    }
}

extension AccountChange {
    /// Takes the options behind the list of accounts, which hold for each.
    fileprivate mutating func take(_ options: AccountChange) {
        isLocked = options.isLocked
        expiry = options.expiry
        connectionsMax = options.connectionsMax
        runningMax = options.runningMax
        queuedMax = options.queuedMax
        scannedBytesADayMax = options.scannedBytesADayMax
    }
}
