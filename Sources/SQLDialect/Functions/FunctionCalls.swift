import LoonCore
import SQLFrontend

/// Calls that are written in another form: what to write in the places of some of their tokens.
struct FunctionCalls {
    let lexer: Lexer
    var texts: [Int: String] = [:]

    init(_ lexer: Lexer, timeZoneOffsetMinutes: Int) {
        self.lexer = lexer
        for index in lexer.tokens.indices.dropLast(2)
        where lexer.isSymbol(lexer.tokens[index + 1], "(") && lexer.tokens[index].kind == .word {
            switch lexer.text(lexer.tokens[index]).lowercased() {
            case "concat" where lexer.mode.dialect != .duckdb: concatenate(index)
            case "if": completeIf(index)
            case "any_match", "all_match", "none_match": match(index)
            case "reduce": reduce(index)
            case "zip_with": zipWith(index)
            case "map_filter", "transform_keys", "transform_values": entries(index)
            case "array" where lexer.mode.dialect != .duckdb: arrayType(index)
            case "reverse" where lexer.mode.dialect == .presto: reverse(index)
            case "normalize": normalize(index)
            case "format_datetime": datetime(index, function: "strftime", opening: "(CAST((", comma: ") AS TIMESTAMP),")
            case "parse_datetime": datetime(index, function: "strptime", opening: "(", comma: ",")
            case "extract" where lexer.mode.dialect == .presto && Self.prestoParts[word(index + 2)] != nil:
                texts[index + 2] = Self.prestoParts[word(index + 2)]
            case "from_unixtime" where lexer.mode.dialect == .mysql && lexer.arguments(ofCallAt: index).count == 2:
                format(
                    index, function: "strftime", opening: "(loon_from_unixtime(\(timeZoneOffsetMinutes),",
                    comma: "),")
            case let name where Self.zoned[name] != nil:
                // The engine's functions know nothing of the session.
                guard !lexer.isSymbol(lexer.tokens[index + 2], ")") else { break }
                texts[index] = " \(Self.zoned[name] ?? name)"
                texts[index + 1] = "(\(timeZoneOffsetMinutes),"
            case "extract" where lexer.isKeyword(lexer.tokens[index + 2], "epoch"): epoch(index, timeZoneOffsetMinutes)
            case "extract" where lexer.mode.dialect == .mysql && Self.mysqlParts.contains(word(index + 2)): part(index)
            case "date_part", "datepart": epochPart(index, timeZoneOffsetMinutes)
            case "date_add", "date_sub", "adddate", "subdate": addDays(index)
            case "convert": convert(index)
            case "cast" where lexer.mode.dialect != .duckdb: cast(index)
            case "trim" where lexer.mode.dialect != .duckdb: trim(index)
            case "timestampdiff": unit(index)
            case "timestampadd": addUnits(index)
            case "format" where lexer.tokens[index + 2].kind == .string && lexer.mode.dialect == .mysql:
                // The engine's own, whose format has braces.
                if lexer.value(lexer.tokens[index + 2]).contains(UInt8(ascii: "{")) { texts[index] = " format" }
            case "substr" where place(of: "from", from: index + 2, to: lexer.tokens.count - 1) != nil:
                substringFrom(index)
            case "time_format":
                format(index, function: "strftime", opening: "(DATE '1970-01-01' + CAST((", comma: ") AS TIME),")
            case "group_concat": separator(index)
            case "date_format": format(index, function: "strftime", opening: "(CAST((", comma: ") AS TIMESTAMP),")
            case "str_to_date":
                format(index, function: "try_strptime", opening: "(", comma: ",")
                castToParts(index)
            case "date_parse":
                // An error in Presto where the text does not fit.
                let isPresto = lexer.mode.dialect == .presto
                format(index, function: isPresto ? "strptime" : "try_strptime", opening: "(", comma: ",")
            default: break
            }
        }
    }

    /// Functions between a count of seconds since 1970 and a time, which is the session's: their names with the zone as
    /// the first argument.
    private static let zoned = [
        "from_unixtime": "loon_from_unixtime", "to_timestamp": "loon_from_unixtime",
        "unix_timestamp": "loon_unix_timestamp", "epoch": "loon_epoch", "to_unixtime": "loon_epoch",
    ]

    /// `EXTRACT(EPOCH FROM t)`
    private mutating func epoch(_ index: Int, _ offsetMinutes: Int) {
        guard lexer.isKeyword(lexer.tokens[index + 3], "from") else { return }
        texts[index] = " loon_epoch"
        texts[index + 2] = "\(offsetMinutes)"
        texts[index + 3] = ","
    }

    private static let mysqlParts: Set<String> = [
        "year_month", "day_hour", "day_minute", "day_second", "hour_minute", "hour_second", "minute_second", "year",
        "quarter", "month", "day",
    ]

    /// `EXTRACT(YEAR_MONTH FROM t)`, and parts of a text.
    private mutating func part(_ index: Int) {
        guard lexer.isKeyword(lexer.tokens[index + 3], "from"),
            word(index + 2).contains("_") || lexer.tokens[index + 4].kind == .string
        else { return }
        texts[index] = " loon_mysql__part"
        texts[index + 2] = "'\(word(index + 2))'"
        texts[index + 3] = ","
    }

    /// `DATE_PART('epoch', t)`
    private mutating func epochPart(_ index: Int, _ offsetMinutes: Int) {
        guard lexer.tokens[index + 2].kind == .string,
            String(decoding: lexer.value(lexer.tokens[index + 2]), as: UTF8.self).lowercased() == "epoch"
        else { return }
        texts[index] = " loon_epoch"
        texts[index + 2] = "\(offsetMinutes)"
    }

    /// The commas between the arguments of the call at `index`, and its closing parenthesis.
    func arguments(of index: Int) -> (commas: [Int], end: Int)? {
        var depth = 0
        var commas: [Int] = []
        for place in (index + 1)..<lexer.tokens.count {
            let token = lexer.tokens[place]
            if lexer.opens(token) { depth += 1 }
            if lexer.closes(token) { depth -= 1 }
            if depth == 1, lexer.isSymbol(token, ",") { commas.append(place) }
            if depth == 0 { return (commas, place) }
        }
        return nil
    }

    /// The word within the call's own parentheses, if it stands there.
    private func place(of word: StaticString, from start: Int, to end: Int) -> Int? {
        var depth = 0
        for place in start..<end {
            if lexer.opens(lexer.tokens[place]) { depth += 1 }
            if lexer.closes(lexer.tokens[place]) { depth -= 1 }
            if depth == 0, lexer.isKeyword(lexer.tokens[place], word) { return place }
        }
        return nil
    }

    /// `CAST('1.9' AS SIGNED)` takes the whole number that a text begins with; `CAST(x AS CHAR(n))` cuts it.
    private mutating func cast(_ index: Int) {
        guard let (_, end) = arguments(of: index), let place = place(of: "as", from: index + 2, to: end) else { return }
        let type = lexer.text(lexer.tokens[place + 1]).lowercased()
        if type == "signed", end == place + 2 || lexer.isKeyword(lexer.tokens[place + 2], "integer") {
            texts[index] = " loon_mysql__signed" + (lexer.arguments(ofCallAt: index).callNothing ? "_direct" : "")
            for token in place..<end { texts[token] = " " }
        } else if let length = textLength(at: place + 1, before: end) {
            texts[index] = " loon_left(CAST"
            texts[place + 1] = " VARCHAR"
            for token in place + 2..<end { texts[token] = " " }
            texts[end] = "), \(length))"
        } else if ["decimal", "dec", "numeric"].contains(type), end == place + 2 {
            texts[place + 1] = lexer.mode.dialect == .mysql ? " DECIMAL(10, 0)" : " DECIMAL(38, 0)"
        } else if lexer.mode.dialect == .presto, type == "varchar", end == place + 2,
            ["json_extract", "json_parse", "json_array_get"].contains(word(index + 2))
        {
            // A text in JSON is itself, without its quotes.
            texts[index] = " loon_presto__json_text"
            for token in place..<end { texts[token] = " " }
        }
    }

    /// The length of `CHAR(n)`, with or without a character set behind it.
    private func textLength(at place: Int, before end: Int) -> String? {
        guard ["char", "varchar", "nchar", "character"].contains(word(place)), place + 3 < end,
            lexer.isSymbol(lexer.tokens[place + 1], "("), lexer.tokens[place + 2].kind == .number,
            lexer.isSymbol(lexer.tokens[place + 3], ")")
        else { return nil }
        let isAll = end == place + 4
        let hasCharacterSet =
            end == place + 7 && lexer.isKeyword(lexer.tokens[place + 4], "character")
            || end == place + 6 && lexer.isKeyword(lexer.tokens[place + 4], "charset")
        return isAll || hasCharacterSet ? lexer.text(lexer.tokens[place + 2]) : nil
    }

    /// `TRIM([BOTH | LEADING | TRAILING] x FROM s)` takes off the whole of `x`; the engine's own takes off its letters.
    private mutating func trim(_ index: Int) {
        guard let (_, end) = arguments(of: index), let from = place(of: "from", from: index + 2, to: end) else {
            return
        }
        let word = lexer.text(lexer.tokens[index + 2]).lowercased()
        let hasSide = ["both", "leading", "trailing"].contains(word)
        // Without a text it is spaces.
        guard from > (hasSide ? index + 3 : index + 2) else { return }
        let isDirect = (hasSide ? word : "both") == "both" && lexer.arguments(ofCallAt: index).callNothing
        texts[index] = " loon_mysql__trim_\(hasSide ? word : "both")" + (isDirect ? "_direct" : "")
        if hasSide { texts[index + 2] = " " }
        texts[from] = ","
    }

    /// `TIMESTAMPDIFF(DAY, a, b)`: the unit is a word.
    private mutating func unit(_ index: Int) {
        let word = lexer.text(lexer.tokens[index + 2]).lowercased()
        let unit = word.hasPrefix("sql_tsi_") ? String(word.dropFirst(8)) : word
        let known = ["microsecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"]
        if known.contains(unit) { texts[index + 2] = "'\(unit)'" }
    }

    /// `GROUP_CONCAT(x ORDER BY y SEPARATOR ';')` → `group_concat(x, ';' ORDER BY y)`
    private mutating func separator(_ index: Int) {
        guard let (_, end) = arguments(of: index), let place = place(of: "separator", from: index + 2, to: end),
            end == place + 2, lexer.tokens[place + 1].kind == .string
        else { return }
        let value = String(decoding: lexer.value(lexer.tokens[place + 1]), as: UTF8.self)
        // By scalars, as the engine reads it.
        let text =
            "'" + String(String.UnicodeScalarView(value.unicodeScalars.flatMap { $0 == "'" ? [$0, $0] : [$0] })) + "'"
        texts[place + 1] = " "
        if let order = self.place(of: "order", from: index + 2, to: place) {
            texts[order] = ", \(text) ORDER"
            texts[place] = " "
        } else {
            texts[place] = ", \(text)"
        }
    }

    func word(_ index: Int) -> String { lexer.text(lexer.tokens[index]).lowercased() }

    /// Presto's parts of a date, where the engine's mean another thing: its week begins on Monday, the 1st day.
    private static let prestoParts = [
        "dow": "isodow", "day_of_week": "isodow", "day_of_year": "doy", "day_of_month": "day", "yow": "isoyear",
        "year_of_week": "isoyear",
    ]

    /// `if(c, a)` is NULL otherwise.
    private mutating func completeIf(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 1 else { return }
        texts[end] = ", NULL)"
    }

    /// `any_match(a, x -> …)`: macros take no lambda.
    private mutating func match(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 1 else { return }
        let name = word(index).split(separator: "_").first ?? "any"
        texts[index] = " loon_presto__\(name)(list_transform"
        texts[end] = "))"
    }

    /// CONCAT of NULL is NULL, and the engine's is not: `concat(a, b)` → `((a) || (b))`. Presto's takes arrays too.
    private mutating func concatenate(_ index: Int) {
        guard let (commas, end) = arguments(of: index), end > index + 2 else { return }
        texts[index] = " "
        if lexer.mode.dialect == .presto {
            texts[index + 1] = "(("
            for comma in commas { texts[comma] = ") || (" }
            texts[end] = "))"
            return
        }
        texts[index + 1] = "((CAST(("
        for comma in commas { texts[comma] = ") AS VARCHAR)) || (CAST((" }
        texts[end] = ") AS VARCHAR)))"
    }

    /// `DATE_ADD(d, INTERVAL n DAY)` is `d + INTERVAL n DAY`. A text that is a day is one.
    private mutating func addDays(_ index: Int) {
        if let (commas, end) = arguments(of: index), commas.count == 1, ["adddate", "subdate"].contains(word(index)),
            !lexer.isKeyword(lexer.tokens[commas[0] + 1], "interval")
        {
            // A number is one of days.
            texts[index] = word(index) == "adddate" ? " loon_date_add_days" : " loon_date_sub_days"
            texts[commas[0]] = ", to_days(CAST(("
            texts[end] = ") AS INTEGER)))"
            return asDay(index + 2, before: commas[0])
        }
        guard let (commas, end) = arguments(of: index), commas.count == 1, end > commas[0] + 2,
            ["day", "week", "month", "quarter", "year", "year_month"].contains(word(end - 1)),
            lexer.isKeyword(lexer.tokens[commas[0] + 1], "interval")
        else { return }
        let isPlus = ["date_add", "adddate"].contains(lexer.text(lexer.tokens[index]).lowercased())
        guard !lexer.isKeyword(lexer.tokens[index + 2], "null") else { return }
        if commas[0] == index + 3, lexer.tokens[index + 2].kind == .string {
            asDay(index + 2, before: commas[0])
            guard texts[index + 2] != nil else { return }
        }
        texts[index] = isPlus ? " loon_date_add_days" : " loon_date_sub_days"
    }

    /// A text that is a day, and all of an argument, is written as one.
    private mutating func asDay(_ index: Int, before end: Int) {
        guard end == index + 1, lexer.tokens[index].kind == .string else { return }
        let text = String(decoding: lexer.value(lexer.tokens[index]), as: UTF8.self)
        guard text.wholeMatch(of: /[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}/) != nil else { return }
        texts[index] = " DATE '\(text)'"
    }

    /// `TIMESTAMPADD(DAY, n, d)`: days leave a day a day.
    private mutating func addUnits(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 2 else { return }
        unit(index)
        let isDays = ["'day'", "'week'", "'month'", "'quarter'", "'year'"].contains(texts[index + 2])
        texts[index] = isDays ? " loon_mysql__add_days" : " loon_mysql__add_time"
        if isDays { asDay(commas[1] + 1, before: end) }
    }

    /// `SUBSTR(s FROM n)`: the engine has that of SUBSTRING alone.
    private mutating func substringFrom(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.isEmpty,
            place(of: "from", from: index + 2, to: end) != nil
        else { return }
        texts[index] = " substring"
    }

    /// STR_TO_DATE gives a DATE, or a TIME, where the format has the letters of one only.
    private mutating func castToParts(_ index: Int) {
        guard texts[index] != nil, let (_, end) = arguments(of: index) else { return }
        let format = String(decoding: lexer.value(lexer.tokens[end - 1]), as: UTF8.self)
        let letters = Set(zip(format, format.dropFirst()).filter { $0.0 == "%" }.map(\.1))
        let (hasTime, hasDay) = (
            !letters.isDisjoint(with: "HhIiklprSsTf"), !letters.isDisjoint(with: "YyMmbcdejaWvVxX")
        )
        guard hasTime != hasDay else { return }
        texts[index] = " CAST(try_strptime"
        texts[end] = ") AS \(hasTime ? "TIME" : "DATE"))"
    }

    /// `CONVERT(a, UNSIGNED INTEGER)` and `CONVERT(a USING utf8mb4)` are casts.
    private mutating func convert(_ index: Int) {
        guard let (commas, end) = arguments(of: index) else { return }
        if let comma = commas.last {
            texts[index] = " CAST"
            texts[comma] = " AS"
            if let length = textLength(at: comma + 1, before: end) {
                texts[index] = " loon_left(CAST"
                texts[comma + 1] = " VARCHAR"
                for token in comma + 2..<end { texts[token] = " " }
                texts[end] = "), \(length))"
                return
            }
            let isSigned = lexer.isKeyword(lexer.tokens[comma + 1], "signed")
            if isSigned || lexer.isKeyword(lexer.tokens[comma + 1], "unsigned") {
                texts[comma + 1] = isSigned ? " BIGINT" : " UBIGINT"
            }
            if end == comma + 3, lexer.isKeyword(lexer.tokens[comma + 2], "integer") { texts[comma + 2] = " " }
        } else if end >= index + 4, lexer.isKeyword(lexer.tokens[end - 2], "using") {
            texts[index] = " CAST"
            texts[end - 2] = " AS"
            texts[end - 1] = " VARCHAR"
        }
    }

    /// Functions of a format, which must be a literal: the engine's letters are C's.
    private mutating func format(_ index: Int, function: String, opening: String, comma: String) {
        guard let (commas, end) = arguments(of: index), commas.count == 1, end == commas[0] + 2,
            lexer.tokens[end - 1].kind == .string
        else { return }
        guard let format = Self.translated(String(decoding: lexer.value(lexer.tokens[end - 1]), as: UTF8.self)) else {
            return
        }
        texts[index] = " " + function
        texts[index + 1] = opening
        texts[commas[0]] = comma
        texts[end - 1] =
            "'" + String(String.UnicodeScalarView(format.unicodeScalars.flatMap { $0 == "'" ? [$0, $0] : [$0] })) + "'"
    }

    /// https://dev.mysql.com/doc/refman/8.0/en/date-and-time-functions.html#function_date-format in C's letters.
    /// `nil` where one means something that C has no letter for: weeks that are not ISO's, ordinal numbers.
    private static func translated(_ format: String) -> String? {
        var letters: [Unicode.Scalar: String] = [
            "M": "%B", "i": "%M", "W": "%A", "c": "%-m", "e": "%-d", "k": "%-H", "l": "%-I", "h": "%I", "s": "%S",
            "T": "%H:%M:%S",
            "r": "%I:%M:%S %p", "v": "%V", "x": "%G", "%": "%%",
        ]
        for letter in "abdfHIjmpSwYy".unicodeScalars { letters[letter] = "%" + String(Character(letter)) }
        var result = ""
        var isLetter = false
        for scalar in format.unicodeScalars {
            if isLetter {
                if "uUVXD".unicodeScalars.contains(scalar) { return nil }
                // Any other letter is itself.
                result += letters[scalar] ?? String(Character(scalar))
                isLetter = false
            } else if scalar == "%" {
                isLetter = true
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Lexer {
    func opens(_ token: Token) -> Bool { isSymbol(token, "(") || isSymbol(token, "[") || isSymbol(token, "{") }
    func closes(_ token: Token) -> Bool { isSymbol(token, ")") || isSymbol(token, "]") || isSymbol(token, "}") }

    /// How many arguments a call has, by its commas, and whether there is no parenthesis in any.
    func arguments(ofCallAt index: Int) -> (count: Int, callNothing: Bool) {
        if index + 2 < tokens.count, isSymbol(tokens[index + 2], ")") { return (0, true) }
        var (depth, count, deepest) = (0, 1, 0)
        for token in tokens[(index + 1)...] {
            if opens(token) { depth += 1 }
            if closes(token) { depth -= 1 }
            deepest = max(deepest, depth)
            if depth == 1, isSymbol(token, ",") { count += 1 }
            if depth == 0 { break }
        }
        return (count, deepest == 1)
    }
}
