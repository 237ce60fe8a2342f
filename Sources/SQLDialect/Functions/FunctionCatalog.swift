package import LoonCore

/// The functions of `FunctionTable`, by name: what the rewriter writes for a call, what the engine has to be given as
/// macros, and what the gate lets through.
package struct FunctionCatalog: Sendable {
    /// The engine's words for a call.
    private struct Macro {
        let engineName: String
        let definition: String
        /// The same with the parameters as often as the table names them, for arguments that call nothing; `nil` where
        /// that is once.
        let direct: String?
        var directName: String { engineName + "_direct" }
    }
    /// A function with another name in the engine, or with a macro for each number of its arguments.
    private struct Function {
        var macros: [Int: Macro] = [:]
        var alias: String?
        /// Whether other numbers of arguments are refused: the engine's function of the name takes them, and answers
        /// something else.
        var isClosed = false
        /// Hints for calls that are refused, as the engine's function of the name answers something else: by the number
        /// of arguments, -1 for any.
        var refusals: [Int: String] = [:]
    }
    private let functions: [String: Function]

    /// A name that several dialects have means the dialect's own; one that it has not means another's.
    package static func of(_ dialect: SourceDialect) -> FunctionCatalog {
        switch dialect {
        case .mysql: mysql
        case .presto: presto
        case .duckdb: duckDB
        }
    }
    private static let (duckDB, mysql, presto) = (made(for: .duckdb), made(for: .mysql), made(for: .presto))

    private static func made(for dialect: SourceDialect) -> FunctionCatalog {
        let common = [("presto", FunctionTable.presto), ("mysql", FunctionTable.mysql)]
        switch dialect {
        case .duckdb: return FunctionCatalog(common)
        case .mysql: return FunctionCatalog(common, own: ("mysql", FunctionTable.mysqlOwn))
        case .presto: return FunctionCatalog(common, own: ("presto", FunctionTable.prestoOwn))
        }
    }

    /// `name(a) AS …, (a, b) AS …`, for CREATE MACRO: the macros of all dialects, as a statement may read views of
    /// several. Made anew with each call: a process that is copied keeps nothing of them.
    package static func macros() -> [String] {
        var all: [String: [Int: String]] = [:]
        for dialect in SourceDialect.allCases {
            all.merge(made(for: dialect).definitions) { $0.merging($1) { first, _ in first } }
        }
        return all.map { name, definitions in
            name + definitions.sorted { $0.key < $1.key }.map(\.value).joined(separator: ", ")
        }.sorted()
    }
    /// In lower case.
    package static let macroNames = Set(macros().map { String($0.prefix { $0 != "(" }) })

    private init(_ tables: [(dialect: String, lines: String)], own: (dialect: String, lines: String)? = nil) {
        var functions: [String: Function] = own == nil ? [:] : Self.extremes
        let own = own.map { (dialect: $0.dialect + "_own", lines: $0.lines) }
        for (dialect, text) in tables + [own].compactMap(\.self) {
            for line in text.split(separator: "\n") {
                let line = String(line.drop { $0 == " " })
                if let mark = line.firstRange(of: " ! ") {
                    let call = line[..<mark.lowerBound]
                    let count = call.contains("(") ? call.count { $0 == "," } + 1 : -1
                    functions[String(call.prefix { $0 != "(" }), default: Function()].refusals[count] = String(
                        line[mark.upperBound...])
                    continue
                }
                if let arrow = line.firstRange(of: " -> "), line.firstRange(of: " = ") == nil {
                    functions[String(line[..<arrow.lowerBound])] = Function(alias: String(line[arrow.upperBound...]))
                    continue
                }
                guard let equals = line.firstRange(of: " = "), let open = line.firstIndex(of: "("),
                    let close = line[..<equals.lowerBound].lastIndex(of: ")")
                else { continue }
                let name = String(line[..<open])
                let parameters = line[line.index(after: open)..<close].split(separator: ",").map {
                    String($0.drop { $0 == " " })
                }
                let body = String(line[equals.upperBound...])
                let (head, once) = ("(\(parameters.joined(separator: ", "))) AS ", Self.namingOnce(parameters, body))
                functions[name, default: Function()].macros[parameters.count] = Macro(
                    engineName: "loon_\(dialect)_\(name)", definition: head + once,
                    direct: once == body ? nil : head + body)
            }
        }
        self.functions = functions
    }

    /// The engine's name for a call of a function; `nil` where it is the engine's own. `name` is in lower case.
    /// `callsNothing`: no argument has a call in it, and may be bound more than once.
    func engineName(of name: String, argumentCount: Int, callsNothing: Bool = false) -> String? {
        guard let function = functions[name] else { return nil }
        guard let macro = function.macros[argumentCount] else { return function.alias }
        return callsNothing && macro.direct != nil ? macro.directName : macro.engineName
    }

    /// The hint for a call that is refused; `nil` where it is taken. `name` is in lower case.
    func refusal(of name: String, argumentCount: Int) -> String? {
        functions[name].flatMap { $0.refusals[argumentCount] ?? $0.refusals[-1] }
    }

    /// The least and the greatest number of arguments of a function that takes no other; `nil` of the others. `name` is
    /// in lower case.
    func argumentBounds(of name: String) -> (least: Int, greatest: Int)? {
        guard let function = functions[name], function.isClosed, let least = function.macros.keys.min(),
            let greatest = function.macros.keys.max()
        else { return nil }
        return (least, greatest)
    }

    /// Definitions by the macro's name and its number of arguments.
    private var definitions: [String: [Int: String]] {
        functions.values.reduce(into: [:]) { found, function in
            for (count, macro) in function.macros {
                found[macro.engineName, default: [:]][count] = macro.definition
                if let direct = macro.direct { found[macro.directName, default: [:]][count] = direct }
            }
        }
    }

    /// GREATEST and LEAST are NULL where an argument is; the engine's pass it over. Of a few arguments, that call
    /// nothing, the engine's do most.
    private static let extremes = [("greatest", ">"), ("least", "<")].reduce(into: [String: Function]()) { all, entry in
        let (name, sign) = entry
        var function = Function(isClosed: true)
        for count in 2...16 {
            let parameters = (1...count).map { "a\($0)" }
            let list = parameters.joined(separator: ", ")
            let nulls = parameters.map { $0 + " IS NULL" }.joined(separator: " OR ")
            function.macros[count] = Macro(
                engineName: "loon_all_\(name)",
                definition:
                    "(\(list)) AS list_reduce([\(list)], (loon_x, loon_y) -> CASE WHEN loon_x IS NULL OR loon_y "
                    + "IS NULL THEN NULL WHEN loon_x \(sign) loon_y THEN loon_x ELSE loon_y END)",
                direct: count > 4 ? nil : "(\(list)) AS CASE WHEN \(nulls) THEN NULL ELSE \(name)(\(list)) END")
        }
        all[name] = function
    }

    /// A macro's parameter is written out wherever its body names it: one that is named twice would be bound twice, and
    /// nested calls double each time. Those go through a list of one structure, which takes longer for each row.
    private static func namingOnce(_ parameters: [String], _ body: String) -> String {
        let pieces = pieces(of: body)
        var counts: [Substring: Int] = [:]
        for piece in pieces where piece.isWord { counts[piece.text, default: 0] += 1 }
        guard parameters.contains(where: { counts[$0[...], default: 0] > 1 }) else { return body }
        // All of them: a sub-query may stand in a list, and not in a lambda.
        let known = Set(parameters.map { $0[...] })
        let inner = pieces.map { $0.isWord && known.contains($0.text) ? "loon_v.p_\($0.text)" : String($0.text) }
        let fields = parameters.map { "'p_\($0)': \($0)" }.joined(separator: ", ")
        return "list_extract(list_transform([{\(fields)}], loon_v -> \(inner.joined())), 1)"
    }

    /// By bytes, as asking Unicode of each character of the table takes a tenth of a second.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "_"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...:
            true
        default: false
        }
    }

    /// The pieces of a body: names, texts in quotes, and all else.
    private static func pieces(of body: String) -> [(text: Substring, isWord: Bool)] {
        var pieces: [(Substring, Bool)] = []
        let bytes = body.utf8
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let first = bytes[place]
            var end = bytes.index(after: place)
            if first == UInt8(ascii: "'") {
                end = bytes[end...].firstIndex(of: UInt8(ascii: "'")).map(bytes.index(after:)) ?? bytes.endIndex
            } else if isName(first) {
                end = bytes[end...].firstIndex { !isName($0) } ?? bytes.endIndex
            }
            pieces.append((body[place..<end], isName(first)))
            place = end
        }
        return pieces
    }
}
