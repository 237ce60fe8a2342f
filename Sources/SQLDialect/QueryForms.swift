import LoonCore
import SQLFrontend

/// Forms of queries that the engine writes in another way, told by their tokens: rows of VALUES without parentheses,
/// UNNEST of maps and of several arrays, aliases that are words of the engine's, and others of Presto's and MySQL's.
struct QueryForms {
    let lexer: Lexer
    /// By the place of the token that each replaces.
    var texts: [Int: String] = [:]
    /// By the place of the token that each stands before.
    private(set) var inserts: [Int: String] = [:]
    /// A form that the engine reads in another way, and that is not written otherwise.
    var fault: QueryError?

    init(_ lexer: Lexer) {
        self.lexer = lexer
        for index in lexer.tokens.indices.dropLast() {
            if lexer.mode.dialect == .mysql, lexer.tokens[index].kind == .string { number(index) }
            guard lexer.tokens[index].kind == .word else { continue }
            guard index == 0 || !lexer.isSymbol(lexer.tokens[index - 1], ".") else { continue }
            let word = lexer.text(lexer.tokens[index]).lowercased()
            switch word {
            case "values": values(index)
            case "table" where index == 0: texts[index] = "SELECT * FROM"
            case "unnest" where lexer.mode.dialect != .duckdb: unnest(index)
            case "tablesample": sample(index)
            case "ignore", "respect": nulls(index, word)
            case "within": withinGroup(index)
            case "at" where lexer.mode.dialect == .presto && isWord(index + 1, ["time"]) && isWord(index + 2, ["zone"]):
                fault = QueryError(
                    .notSupported,
                    "AT TIME ZONE takes a moment with a zone alone, and is not supported in Presto's dialect; SET "
                        + "sql_dialect = 'duckdb' has DuckDB's")
            case "x" where lexer.mode.dialect == .presto: writeMySQL(index, word)
            default: if lexer.mode.dialect == .mysql { writeMySQL(index, word) }
            }
            if Self.aliases.contains(word), isAlias(index, word) { inserts[index] = " AS" }
        }
        if lexer.mode.dialect == .mysql { bitOperators() }
    }

    func isWord(_ index: Int, _ words: Set<String>) -> Bool {
        lexer.tokens.indices.contains(index) && lexer.tokens[index].kind == .word
            && words.contains(lexer.text(lexer.tokens[index]).lowercased())
    }

    func isSymbol(_ index: Int, _ symbol: StaticString) -> Bool {
        lexer.tokens.indices.contains(index) && lexer.isSymbol(lexer.tokens[index], symbol)
    }

    /// The place of the parenthesis that closes the one at `index`.
    func closing(_ index: Int) -> Int? {
        var depth = 0
        for place in index..<lexer.tokens.count {
            if lexer.opens(lexer.tokens[place]) { depth += 1 }
            if lexer.closes(lexer.tokens[place]) { depth -= 1 }
            if depth == 0 { return place }
        }
        return nil
    }

    // MARK: VALUES

    private static let behindValues: Set<String> = [
        "order", "limit", "offset", "fetch", "union", "intersect", "except", "on",
    ]

    /// `VALUES 1, 2` → `VALUES (1), (2)`; MySQL's `VALUES ROW(1), ROW(2)` too.
    private mutating func values(_ index: Int) {
        let begins =
            index == 0 || isSymbol(index - 1, "(") || isSymbol(index - 1, ")") || isSymbol(index - 1, ";")
            || lexer.tokens[index - 1].kind == .quotedName
            || isWord(index - 1, ["all", "any", "union", "intersect", "except"])
            || lexer.tokens[index - 1].kind == .word
                && !isWord(index - 1, ["select", "by", "and", "or", "where", "on", "as", "not", "having"])
        guard begins, !isSymbol(index + 1, ","), !isSymbol(index + 1, ")"), !isSymbol(index + 1, ".") else { return }
        var (start, depth, place) = (index + 1, 0, index + 1)
        var rows: [Range<Int>] = []
        while true {
            let token = lexer.tokens[place]
            let isOver =
                token.kind == .end || isSymbol(place, ";") || depth == 0 && lexer.closes(token)
                || depth == 0 && isWord(place, Self.behindValues)
            if isOver || depth == 0 && isSymbol(place, ",") {
                rows.append(start..<place)
                start = place + 1
            }
            if isOver { break }
            if lexer.opens(token) { depth += 1 }
            if lexer.closes(token) { depth -= 1 }
            place += 1
        }
        guard rows.allSatisfy({ !$0.isEmpty }) else { return }
        for row in rows {
            if isWord(row.lowerBound, ["row"]), isSymbol(row.lowerBound + 1, "("),
                closing(row.lowerBound + 1) == row.upperBound - 1
            {
                texts[row.lowerBound] = " "
            } else if !isSymbol(row.lowerBound, "(") || closing(row.lowerBound) != row.upperBound - 1 {
                inserts[row.lowerBound, default: ""] += " ("
                inserts[row.upperBound] = ")" + (inserts[row.upperBound] ?? "")
            }
        }
    }

    // MARK: UNNEST

    /// UNNEST of several arrays puts them side by side; UNNEST of a map gives two columns.
    private mutating func unnest(_ index: Int) {
        guard isSymbol(index + 1, "("), let end = closing(index + 1), end > index + 2 else { return }
        var (depth, commas) = (0, [Int]())
        for place in index + 1..<end {
            if lexer.opens(lexer.tokens[place]) { depth += 1 }
            if lexer.closes(lexer.tokens[place]) { depth -= 1 }
            if depth == 1, isSymbol(place, ",") { commas.append(place) }
        }
        let names = columns(behind: end)
        if !commas.isEmpty, names != nil {
            texts[index] = " (SELECT unnest"
            for comma in commas { texts[comma] = "), unnest(" }
            texts[end] = "))"
        } else if names == 2 {
            texts[index] = " (SELECT unnest(map_keys(loon_m)), unnest(map_values(loon_m)) FROM (SELECT "
            texts[index + 1] = " "
            texts[end] = " AS loon_m) loon_q)"
        }
    }

    /// How many columns the alias of a table names: `… AS t(a, b)` 2; `nil` where there is none.
    private func columns(behind end: Int) -> Int? {
        var place = end + 1
        if isWord(place, ["as"]) { place += 1 }
        guard lexer.tokens.indices.contains(place + 1),
            [.word, .quotedName].contains(lexer.tokens[place].kind), isSymbol(place + 1, "("),
            let close = closing(place + 1)
        else { return nil }
        return lexer.tokens[place + 1..<close].count { lexer.isSymbol($0, ",") } + 1
    }

    // MARK: Other clauses

    /// `TABLESAMPLE BERNOULLI (10)` is in percent.
    private mutating func sample(_ index: Int) {
        guard isWord(index + 1, ["bernoulli", "system"]), isSymbol(index + 2, "("),
            lexer.tokens[index + 3].kind == .number, isSymbol(index + 4, ")")
        else { return }
        texts[index + 4] = " PERCENT)"
    }

    /// `first_value(x) IGNORE NULLS OVER (…)`: the engine has it within the parentheses.
    private mutating func nulls(_ index: Int, _ word: String) {
        guard isSymbol(index - 1, ")"), isWord(index + 1, ["nulls"]), isWord(index + 2, ["over"]) else { return }
        texts[index - 1] = " \(word.uppercased()) NULLS)"
        texts[index] = " "
        texts[index + 1] = " "
    }

    /// `listagg(x, ',') WITHIN GROUP (ORDER BY y)` → `string_agg(x, ',' ORDER BY y)`
    private mutating func withinGroup(_ index: Int) {
        guard isSymbol(index - 1, ")"), isWord(index + 1, ["group"]), isSymbol(index + 2, "("),
            let end = closing(index + 2)
        else { return }
        var (depth, place) = (0, index - 1)
        repeat {
            if lexer.closes(lexer.tokens[place]) { depth += 1 }
            if lexer.opens(lexer.tokens[place]) { depth -= 1 }
            place -= 1
        } while depth > 0 && place >= 0
        guard place >= 0, isWord(place, ["listagg", "string_agg"]), end > index + 2 else { return }
        texts[place] = " string_agg"
        for token in index - 1...index + 2 { texts[token] = " " }
    }

    // MARK: Aliases

    /// Words that the engine takes for an alias behind AS alone (https://duckdb.org/docs/stable/sql/keywords_and_identifiers),
    /// but for those that go on with what stands before them.
    private static let aliases: Set<String> = Set(
        """
        abort absolute access action add admin after aggregate also alter always assertion assignment attach \
        attribute backward before begin bit boolean cache call called cascade catalog centuries century chain char \
        character characteristics checkpoint class close cluster comment comments commit committed compression \
        configuration connection constraints content continue conversion copy cost csv current cursor cycle data \
        database date day days deallocate dec decade decades decimal declare defaults deferred definer delete \
        delimiter depends dictionary disable discard document domain double drop each enable encoding encrypted enum \
        error event execute explain export extension extensions external family float force forward function \
        functions generated global granted handler header hold hour hours identity immediate immutable implicit \
        import include increment index indexes inherit inline input insert install instead int integer invoker \
        isolation json key label language large leakproof level listen load local location locked logged macro \
        mapping match matched maxvalue merge method microsecond microseconds millennium millisecond milliseconds \
        minute minutes minvalue mode month months move name names new next none notify numeric object off oids old \
        operator option options out overlay owned owner parallel parser partial partition partitioned password plans \
        policy position pragma prepare preserve prior privileges procedure program publication quarter quarters \
        quote range read real reassign ref refresh reindex relative release rename replace replica reset restart \
        restrict returns revoke role rollback rule sample savepoint schema schemas scope scroll search second \
        seconds secret security sequence sequences server session share simple skip smallint snapshot sorted source \
        sql stable standalone start statement statistics stdin stdout storage stored strict strip subscription \
        system tables tablespace target temp template temporary text time timestamp transaction trigger trim \
        truncate trusted type types unencrypted unlisten update use user vacuum valid validate validator value \
        variable verbose version view views virtual volatile week weeks whitespace work wrapper write xml year years \
        yes
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    static let units: Set<String> = [
        "year", "years", "quarter", "quarters", "month", "months", "week", "weeks", "day", "days", "hour", "hours",
        "minute", "minutes", "second", "seconds", "millisecond", "milliseconds", "microsecond", "microseconds",
        "century", "centuries", "decade", "decades", "millennium",
    ]

    /// Words that no alias stands behind.
    static let operators: Set<String> = [
        "all", "and", "any", "as", "asc", "asymmetric", "at", "between", "both", "by", "case", "cast", "collate",
        "cross",
        "cube", "desc", "distinct", "div", "else", "escape", "except", "exists", "filter", "for", "from", "full",
        "glob",
        "group", "having", "ilike", "in", "inner", "intersect", "interval", "into", "is", "join", "lateral", "leading",
        "left", "like", "limit", "mod", "natural", "not", "offset", "on", "or", "order", "outer", "over", "partition",
        "qualify", "regexp", "right", "rlike", "rows", "select", "set", "similar", "some", "symmetric", "then", "to",
        "trailing", "union", "using", "signed", "unsigned", "values", "when", "where", "window", "with", "within",
        "xor", "unbounded",
        "current",
        "sql_no_cache", "sql_calc_found_rows", "sql_buffer_result", "sql_small_result", "sql_big_result",
        "high_priority", "straight_join", "distinctrow", "binary", "character", "charset", "share", "update", "respect",
        "ignore", "nulls",
    ]

    static let clauses: Set<String> = [
        "from", "where", "group", "having", "order", "limit", "offset", "fetch", "union", "intersect", "except",
        "window",
        "qualify",
    ]

    /// Whether an operand may end at the token.
    func isOperand(_ index: Int) -> Bool {
        guard lexer.tokens.indices.contains(index) else { return false }
        switch lexer.tokens[index].kind {
        case .number, .string, .quotedName, .userVariable, .systemVariable: return true
        case .word: return isSymbol(index - 1, ".") || !isWord(index, Self.operators)
        case .symbol: return isSymbol(index, ")") || isSymbol(index, "]")
        default: return false
        }
    }

    /// Whether the word names what stands before it.
    private func isAlias(_ index: Int, _ word: String) -> Bool {
        guard index > 0 else { return false }
        let next = lexer.tokens[index + 1]
        let ends =
            next.kind == .end || isSymbol(index + 1, ",") || isSymbol(index + 1, ")") || isSymbol(index + 1, ";")
            || isWord(index + 1, Self.clauses)
        guard ends else { return false }
        guard isOperand(index - 1), !isInType(index), !isBehindDistinctOn(index) else { return false }
        return !Self.units.contains(word) || !isUnit(index)
    }

    /// `DISTINCT ON (a) b`: what stands there is a column.
    private func isBehindDistinctOn(_ index: Int) -> Bool {
        guard isSymbol(index - 1, ")") else { return false }
        var (depth, place) = (0, index - 1)
        repeat {
            if lexer.closes(lexer.tokens[place]) { depth += 1 }
            if lexer.opens(lexer.tokens[place]) { depth -= 1 }
            place -= 1
        } while depth > 0 && place > 0
        return isWord(place, ["on"]) && isWord(place - 1, ["distinct"])
    }

    /// Whether it stands among the fields of a type: `ROW(a double, b int)`.
    private func isInType(_ index: Int) -> Bool {
        var (depth, place) = (0, index - 1)
        while place > 0 {
            if lexer.closes(lexer.tokens[place]) { depth += 1 }
            if lexer.opens(lexer.tokens[place]) { depth -= 1 }
            if depth < 0 { return isWord(place - 1, ["row", "struct", "map", "array", "union"]) }
            place -= 1
        }
        return false
    }

    /// Whether it is the unit of an interval that stands before it.
    private func isUnit(_ index: Int) -> Bool {
        var (depth, place) = (0, index - 1)
        while place >= 0 {
            if lexer.closes(lexer.tokens[place]) { depth += 1 }
            if lexer.opens(lexer.tokens[place]) { depth -= 1 }
            if depth < 0 || depth == 0 && isSymbol(place, ",") || depth == 0 && isWord(place, ["select", "from"]) {
                return false
            }
            if depth == 0, isWord(place, ["interval"]) {
                // The word is this interval's unit, unless it has one already.
                return !(place + 1..<index).contains { isWord($0, Self.units) && !isSymbol($0 - 1, ".") }
            }
            place -= 1
        }
        return false
    }
}
