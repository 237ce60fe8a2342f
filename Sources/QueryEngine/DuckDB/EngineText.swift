/// Names and strings in the engine's dialect.
enum EngineText {
    static func literal(_ text: String) -> String { quoted(text, by: "'") }
    static func name(_ name: String) -> String { quoted(name, by: "\"") }

    /// By scalars, as the engine reads them: a `Character` may be a quote with marks around it, and would not be found equal to one.
    private static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
        var result = String.UnicodeScalarView()
        result.append(quote)
        for scalar in text.unicodeScalars {
            if scalar == quote { result.append(quote) }
            result.append(scalar)
        }
        result.append(quote)
        return String(result)
    }
}
