/// Names and strings in the engine's dialect.
enum EngineText {
    static func literal(_ text: String) -> String { quoted(text, by: "'") }
    static func name(_ name: String) -> String { quoted(name, by: "\"") }

    private static func quoted(_ text: String, by quote: Character) -> String {
        var result = String(quote)
        for character in text {
            if character == quote { result.append(quote) }
            result.append(character)
        }
        result.append(quote)
        return result
    }
}
