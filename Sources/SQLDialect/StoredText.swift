/// A query's text as an earlier version has stored it with a task: words with letters beyond ASCII or a dollar stand in
/// it bare, which the engine's parser no longer gets (`StatementGate.requirePlain`).
package enum StoredText {
    /// The same text with such words in quotes.
    package static func plain(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 || $0 == UInt8(ascii: "$") }) else { return text }
        var out: [UInt8] = []
        var word: [UInt8] = []
        var quote: UInt8?
        func isNameByte(_ byte: UInt8) -> Bool {
            byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        func endWord() {
            let isPlain = word.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "$") }
            out += isPlain ? word : [UInt8(ascii: "\"")] + word + [UInt8(ascii: "\"")]
            word = []
        }
        for byte in text.utf8 {
            if quote == nil, isNameByte(byte) {
                word.append(byte)
                continue
            }
            endWord()
            out.append(byte)
            if byte == quote {
                quote = nil
            } else if quote == nil, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            }
        }
        endWord()
        return String(decoding: out, as: UTF8.self)
    }
}
