import LoonCore
import ObjectStore
import QueryEngine

/// Files of text that are written anew for one query, since the engine would read them wrongly. Confined to the thread
/// that plans the query.
final class RewrittenFiles {
    private let context: LakeContext
    private let account: AccountIdentity
    private let cancellation: Cancellation
    /// The folder that they lie in; `nil` while there are none.
    private(set) var folder: TemporaryFiles?
    private var count = 0
    /// The files that are made, by their sources and the way.
    private var known: [UTF8Key: FileSource] = [:]
    private var rewritings: [TextRewriting] = []

    init(context: LakeContext, account: AccountIdentity, cancellation: Cancellation) {
        self.context = context
        self.account = account
        self.cancellation = cancellation
    }

    /// Writes the files of a table that were asked for.
    func make(for table: ExternalTable) throws {
        guard !rewritings.isEmpty, let folder else { return }
        defer { rewritings = [] }
        try context.engine.rewrite(
            rewritings, in: table.location, folder: context.objects.source(staged: folder.folder), for: account,
            cancellation: cancellation)
    }

    /// The file that delimited text is read from. With `rules` some file of the table has fields that the engine's
    /// reader would read wrongly, and quotes are doubled in all.
    func text(_ file: ObjectSummary, _ traits: TextTraits, _ layout: TextLayout, _ rules: QuoteRules?) throws
        -> FileSource
    {
        // Quoted line breaks may be of any kind.
        let keepsLineEnds = layout.quote != nil
        let isOtherText = layout.encoding != nil || traits.isNotUTF8 || (traits.hasMixedLines && !keepsLineEnds)
        let isOdd = rules.map { traits.hasOddQuotes || traits.hasBackslash || ($0.escape ?? 0x5C) != 0x5C } ?? false
        guard isOtherText || isOdd || layout.footerLines > 0 else { return .object(file.key) }
        try requirePlain(
            file, layout.encoding,
            isOdd
                ? "has text behind a closing quote" : layout.footerLines > 0 ? "has footer lines" : nil)
        let way =
            "\(layout.encoding ?? "") \(layout.delimiter) \(layout.quote ?? "") \(isOdd) \(layout.footerLines)"
        return try made("\(way) \(file.path)", of: file) { rewriting in
            rewriting.encoding = isOtherText ? layout.encoding ?? "UTF-8" : nil
            rewriting.keepsLineEnds = keepsLineEnds
            rewriting.footerLines = layout.footerLines
            rewriting.quotes = isOdd ? rules : nil
        }
    }

    /// The file that JSON is read from: an object a line.
    func json(_ file: ObjectSummary, _ traits: TextTraits, encoding: String?) throws -> FileSource {
        let isArray = traits.firstByte == UInt8(ascii: "[")
        let isOtherText = encoding != nil || traits.isNotUTF8
        guard isArray || isOtherText else { return .object(file.key) }
        try requirePlain(file, encoding, isArray ? "is one array" : nil)
        return try made("json \(encoding ?? "") \(file.path)", of: file) { rewriting in
            rewriting.encoding = isOtherText ? encoding ?? "UTF-8" : nil
            rewriting.isArray = isArray
        }
    }

    private func requirePlain(_ file: ObjectSummary, _ encoding: String?, _ fault: String?) throws(QueryError) {
        guard TextTraits.isCompressed(file.path) else { return }
        let what =
            encoding.map { "is text in \($0)" } ?? fault
            ?? "has line ends that are not all alike, or bytes that are not UTF-8"
        throw QueryError(.notSupported, "The compressed file '\(file.key)' \(what); unpack it to read it")
    }

    private func made(_ way: String, of file: ObjectSummary, _ fill: (inout TextRewriting) -> Void) throws
        -> FileSource
    {
        if let made = known[UTF8Key(way)] { return made }
        let objects = context.objects
        let folder =
            try folder ?? TemporaryFiles(folder: try objects.makeStagingFolder()) { objects.discard(staged: $0) }
        self.folder = folder
        count += 1
        var rewriting = TextRewriting(.object(file.key), to: objects.source(staged: folder.path(count)))
        fill(&rewriting)
        rewritings.append(rewriting)
        known[UTF8Key(way)] = rewriting.target
        return rewriting.target
    }
}
