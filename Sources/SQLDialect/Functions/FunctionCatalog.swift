/// The functions of `FunctionTable`, by name: what the rewriter writes for a call, what the engine has to be given as
/// macros, and what the gate lets through.
package struct FunctionCatalog: Sendable {
    /// A function with another name in the engine, or with words for each number of its arguments.
    private struct Function {
        /// `nil` where the engine has a function of that name.
        var macros: [Int: String] = [:]
        var engineName: String
    }
    private let functions: [String: Function]

    package static let standard = FunctionCatalog([("presto", FunctionTable.presto), ("mysql", FunctionTable.mysql)])

    /// Of later tables a name and number of arguments win.
    private init(_ tables: [(dialect: String, lines: String)]) {
        var functions: [String: Function] = [:]
        for (dialect, text) in tables {
            for line in text.split(separator: "\n") {
                let line = String(line.drop { $0 == " " })
                if let arrow = line.firstRange(of: " -> "), line.firstRange(of: " = ") == nil {
                    functions[String(line[..<arrow.lowerBound])] = Function(
                        engineName: String(line[arrow.upperBound...]))
                    continue
                }
                guard let equals = line.firstRange(of: " = "), let open = line.firstIndex(of: "("),
                    let close = line[..<equals.lowerBound].lastIndex(of: ")")
                else { continue }
                let name = String(line[..<open])
                let parameters = line[line.index(after: open)..<close].split(separator: ",").map {
                    String($0.drop { $0 == " " })
                }
                var function = functions[name] ?? Function(engineName: "loon_\(dialect)_\(name)")
                function.macros[parameters.count] =
                    "(\(parameters.joined(separator: ", "))) AS "
                    + Self.namingOnce(parameters, String(line[equals.upperBound...]))
                functions[name] = function
            }
        }
        self.functions = functions
    }

    /// The engine's name for a call of a function; `nil` where it is the engine's own. `name` is in lower case.
    func engineName(of name: String, argumentCount: Int) -> String? {
        guard let function = functions[name] else { return nil }
        return function.macros.isEmpty || function.macros[argumentCount] != nil ? function.engineName : nil
    }

    /// `name(a, b) AS …, (a) AS …`, for CREATE MACRO.
    package var macros: [String] {
        functions.values.filter { !$0.macros.isEmpty }.map { function in
            function.engineName
                + function.macros.sorted { $0.key < $1.key }.map(\.value).joined(separator: ", ")
        }.sorted()
    }

    /// The macros' names, in lower case.
    package var macroNames: Set<String> {
        Set(functions.values.filter { !$0.macros.isEmpty }.map(\.engineName))
    }

    /// A macro's parameter is written out wherever its body names it: one that is named twice would be bound twice, and
    /// nested calls double each time. Those go through a list of one structure.
    private static func namingOnce(_ parameters: [String], _ body: String) -> String {
        let repeated = parameters.filter { count(of: $0, in: body) > 1 }
        guard !repeated.isEmpty else { return body }
        var inner = body
        for parameter in repeated { inner = replacing(parameter, in: inner, with: "loon_v.p_\(parameter)") }
        let fields = repeated.map { "'p_\($0)': \($0)" }.joined(separator: ", ")
        return "list_extract(list_transform([{\(fields)}], loon_v -> \(inner)), 1)"
    }

    private static func isName(_ character: Character) -> Bool {
        character == "_" || character.isLetter || character.isNumber
    }

    /// The pieces of a body: names, texts in quotes, and all else.
    private static func pieces(of body: String) -> [(text: Substring, isWord: Bool)] {
        var pieces: [(Substring, Bool)] = []
        var rest = body[...]
        while let first = rest.first {
            var end = rest.index(after: rest.startIndex)
            if first == "'" {
                end = rest[end...].firstIndex(of: "'").map { rest.index(after: $0) } ?? rest.endIndex
            } else if isName(first) {
                end = rest.firstIndex { !isName($0) } ?? rest.endIndex
            }
            pieces.append((rest[..<end], isName(first)))
            rest = rest[end...]
        }
        return pieces
    }

    private static func count(of parameter: String, in body: String) -> Int {
        pieces(of: body).count { $0.isWord && $0.text == parameter }
    }

    private static func replacing(_ parameter: String, in body: String, with other: String) -> String {
        pieces(of: body).map { $0.isWord && $0.text == parameter ? other : String($0.text) }.joined()
    }
}
