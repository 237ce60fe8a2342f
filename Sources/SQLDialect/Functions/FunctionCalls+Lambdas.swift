import SQLFrontend

/// Presto's functions of lambdas that the engine has not: macros take no lambda, so that the call is written around it.
/// https://prestodb.io/docs/current/functions/lambda.html
extension FunctionCalls {
    /// A lambda's parameters, by name, and its arrow.
    private func lambda(at start: Int, before end: Int) -> (parameters: [String: Int], arrow: Int)? {
        if lexer.isSymbol(lexer.tokens[start], "(") {
            var parameters: [String: Int] = [:]
            var place = start + 1
            while place < end, !lexer.isSymbol(lexer.tokens[place], ")") {
                guard lexer.tokens[place].kind == .word || lexer.tokens[place].kind == .quotedName else { return nil }
                parameters[word(place)] = parameters.count
                place += lexer.isSymbol(lexer.tokens[place + 1], ",") ? 2 : 1
            }
            guard lexer.isSymbol(lexer.tokens[place + 1], "->") else { return nil }
            return (parameters, place + 1)
        }
        guard lexer.isSymbol(lexer.tokens[start + 1], "->") else { return nil }
        return ([word(start): 0], start + 1)
    }

    /// Has the lambda take one parameter, and `values` of it in the places of those that it had.
    private mutating func rewrite(
        _ lambda: (parameters: [String: Int], arrow: Int), from start: Int, to end: Int, as name: String,
        _ values: [String]
    ) {
        for place in start..<lambda.arrow { texts[place] = place == start ? " \(name)" : " " }
        for place in lambda.arrow + 1..<end where !lexer.isSymbol(lexer.tokens[place - 1], ".") {
            let kind = lexer.tokens[place].kind
            guard kind == .word || kind == .quotedName, let number = lambda.parameters[word(place)],
                number < values.count, !lexer.isSymbol(lexer.tokens[place + 1], "(")
            else { continue }
            texts[place] = " \(values[number])"
        }
    }

    /// `reduce(a, i, (s, x) -> …, s -> …)`: the first element is where it begins.
    mutating func reduce(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 3,
            lambda(at: commas[1] + 1, before: commas[2]) != nil, lambda(at: commas[2] + 1, before: end) != nil
        else { return }
        texts[index] = " list_extract(list_transform([list_reduce(loon_presto__seeded"
        texts[commas[1]] = "),"
        texts[commas[2]] = ")],"
        texts[end] = "), 1)"
    }

    /// `zip_with(a, b, (x, y) -> …)`
    mutating func zipWith(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 2,
            let lambda = lambda(at: commas[1] + 1, before: end), lambda.parameters.count == 2
        else { return }
        let name = "loon_e\(index)"
        texts[index] = " list_transform(list_zip"
        texts[commas[1]] = "),"
        rewrite(
            lambda, from: commas[1] + 1, to: end, as: name,
            ["struct_extract_at(\(name), 1)", "struct_extract_at(\(name), 2)"])
    }

    /// `map_filter(m, (k, v) -> …)`, `transform_keys(m, …)` and `transform_values(m, …)`.
    mutating func entries(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 1,
            let lambda = lambda(at: commas[0] + 1, before: end), lambda.parameters.count == 2
        else { return }
        let (name, function) = ("loon_e\(index)", word(index))
        texts[index] =
            " map_from_entries(list_\(function == "map_filter" ? "filter" : "transform")(map_entries"
        texts[commas[0]] = "),"
        rewrite(lambda, from: commas[0] + 1, to: end, as: name, ["\(name).key", "\(name).value"])
        switch function {
        case "transform_keys":
            texts[lambda.arrow] = "-> struct_pack(key := "
            texts[end] = ", value := \(name).value)))"
        case "transform_values":
            texts[lambda.arrow] = "-> struct_pack(key := \(name).key, value := "
            texts[end] = ")))"
        default: texts[end] = "))"
        }
    }

    /// `array(integer)`, a type: `integer[]`. A sub-query in an array is one of the engine's too.
    mutating func arrayType(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.isEmpty, lexer.tokens[index + 2].kind == .word,
            !["select", "with", "values", "from", "table"].contains(word(index + 2))
        else { return }
        texts[index] = " "
        texts[index + 1] = " "
        texts[end] = "[]"
    }

    /// `reverse` of what is an array by its look: the engine has another function for those.
    mutating func reverse(_ index: Int) {
        let arrays: Set<String> = [
            "array", "split", "sequence", "transform", "filter", "flatten", "slice", "shuffle", "map_keys",
            "map_values",
            "regexp_split", "regexp_extract_all", "array_agg", "array_sort", "array_distinct", "array_union",
            "array_except",
            "array_intersect", "array_remove", "zip_with", "reverse",
        ]
        let opener = lexer.tokens[index + 3]
        guard lexer.isSymbol(opener, "(") || lexer.isSymbol(opener, "["), arrays.contains(word(index + 2)) else {
            return
        }
        // The inner call decides for the outer one.
        if word(index + 2) == "reverse", texts[index + 2] == nil {
            reverse(index + 2)
            guard texts[index + 2] != nil else { return }
        }
        texts[index] = " list_reverse"
    }

    /// `normalize(s, NFC)`: the form is a word, and the engine has the one.
    mutating func normalize(_ index: Int) {
        guard let (commas, end) = arguments(of: index), commas.count == 1, end == commas[0] + 2, word(end - 1) == "nfc"
        else { return }
        texts[index] = " loon_presto_normalize"
        texts[commas[0]] = " "
        texts[end - 1] = " "
    }

    /// Functions of a format of Joda's, which must be a literal: the engine's letters are C's.
    mutating func datetime(_ index: Int, function: String, opening: String, comma: String) {
        guard let (commas, end) = arguments(of: index), commas.count == 1, end == commas[0] + 2,
            lexer.tokens[end - 1].kind == .string,
            let format = JodaFormat.translated(String(decoding: lexer.value(lexer.tokens[end - 1]), as: UTF8.self))
        else { return }
        texts[index] = " " + function
        texts[index + 1] = opening
        texts[commas[0]] = comma
        texts[end - 1] = "'" + format.replacing("'", with: "''") + "'"
    }
}

/// Joda's formats of times (https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html) in C's
/// letters.
enum JodaFormat {
    private static let letters: [String: String] = [
        "yyyy": "%Y", "y": "%Y", "YYYY": "%Y", "yy": "%y", "YY": "%y", "xxxx": "%G", "M": "%-m", "MM": "%m",
        "MMM": "%b", "MMMM": "%B", "d": "%-d", "dd": "%d", "D": "%-j", "DDD": "%j", "H": "%-H", "HH": "%H",
        "h": "%-I", "hh": "%I", "m": "%-M", "mm": "%M", "s": "%-S", "ss": "%S", "SSS": "%g", "a": "%p", "E": "%a",
        "EE": "%a", "EEE": "%a", "EEEE": "%A", "e": "%u", "ww": "%V",
    ]

    /// `nil` where a letter means something that C has none for.
    static func translated(_ format: String) -> String? {
        var result = ""
        var rest = format[...]
        while let first = rest.first {
            if first == "'" {
                rest = rest.dropFirst()
                guard let end = rest.firstIndex(of: "'") else { return nil }
                // Two of them are one.
                result += end == rest.startIndex ? "'" : rest[..<end].replacing("%", with: "%%")
                rest = rest[rest.index(after: end)...]
            } else if first.isASCII, first.isLetter {
                let run = rest.prefix { $0 == first }
                guard let letter = letters[String(run)] else { return nil }
                result += letter
                rest = rest.dropFirst(run.count)
            } else {
                result += first == "%" ? "%%" : String(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
