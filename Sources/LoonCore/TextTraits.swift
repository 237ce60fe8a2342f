/// Traits of a text file that an engine's CSV reader would get wrong.
package struct TextTraits: Sendable, Equatable {
    /// Empty lines, or carriage returns: to be read line by line.
    package var hasOddLines = false
    package var hasBackslash = false
    /// Line ends that are not all alike: no reader of the engine's gets that right.
    package var hasMixedLines = false
    /// Bytes that are not UTF-8: a reader of the engine's fails on them.
    package var isNotUTF8 = false
    /// Text behind a closing quote, by the rules that were asked for.
    package var hasOddQuotes = false
    /// Bytes of the longest line, line ends aside.
    package var longestLine = 0
    /// The first byte that is no space: `[` where JSON is one array.
    package var firstByte: UInt8 = 0
    /// A compressed file that is cut off or damaged: nothing else is known of it.
    package var isCutOff = false

    package init() {}

    /// Whether a file of this name is read as a compressed one.
    package static func isCompressed(_ name: String) -> Bool { name.hasSuffix(".gz") || name.hasSuffix(".zst") }
}

/// The rules by which quoted text is split: bytes of a table's layout.
package struct QuoteRules: Hashable, Sendable {
    package let quote: UInt8
    /// The escape, where it is not the quote itself.
    package let escape: UInt8?
    package let delimiter: UInt8

    package init(quote: UInt8, escape: UInt8?, delimiter: UInt8) {
        self.quote = quote
        self.escape = escape
        self.delimiter = delimiter
    }

    /// `nil` where quotes mean nothing, or are no single byte.
    package init?(_ layout: TextLayout) {
        guard layout.serDe == .openCSV, let quote = layout.quote, quote.utf8.count == 1, let byte = quote.utf8.first,
            layout.delimiter.utf8.count == 1, let mark = layout.delimiter.utf8.first
        else { return nil }
        self.quote = byte
        escape = layout.escape.flatMap { $0 == quote || $0.utf8.count != 1 ? nil : $0.utf8.first }
        delimiter = mark
    }
}

/// A text that is written anew for one query, as the engine would read it wrongly.
package struct TextRewriting: Sendable {
    package let source: FileSource
    /// A file that is made, in a staged folder.
    package let target: FileSource
    /// The encoding that the text is in, where it has to become UTF-8.
    package var encoding: String?
    /// Line ends stay, and do not become line feeds.
    package var keepsLineEnds = false
    /// Lines at the end that are left out.
    package var footerLines = 0
    /// Every field gets quotes, doubled within.
    package var quotes: QuoteRules?
    /// The elements of arrays of JSON become lines.
    package var isArray = false

    package init(_ source: FileSource, to target: FileSource) {
        self.source = source
        self.target = target
    }
}
