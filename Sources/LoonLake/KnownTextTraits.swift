import LoonCore
import ObjectStore
import QueryEngine
import Synchronization

/// The traits of text files, which an engine's process looks through once, and again when they have changed.
final class KnownTextTraits: Sendable {
    private struct Known {
        let rules: QuoteRules?
        let size: Int64
        let modified: Int64
        let traits: TextTraits
    }
    private let known = Mutex<[UTF8Key: Known]>([:])

    /// The traits of a table's files, in their order. Throws where a file is no text, where a compressed one is cut
    /// off, and where a line is longer than the engine reads: it passes over the last one without a word.
    func traits(
        of files: [ObjectSummary], of table: ExternalTable, quotes rules: QuoteRules? = nil,
        for account: AccountIdentity, by engine: any QueryEngine, cancellation: Cancellation
    ) throws -> [TextTraits] {
        var found = known.withLock { known in
            files.map { file -> TextTraits? in
                guard let known = known[UTF8Key(file.path)], known.size == file.size,
                    known.modified == file.modified, known.rules == rules
                else { return nil }
                return known.traits
            }
        }
        let missing = found.indices.filter { found[$0] == nil }
        if !missing.isEmpty {
            let traits = try engine.textTraits(
                of: missing.map { .object(files[$0].key) }, in: table.location, quotes: rules, for: account,
                cancellation: cancellation)
            known.withLock { known in
                if known.count + missing.count > Limits.filesPerScanMax { known.removeAll() }
                for (index, traits) in zip(missing, traits) {
                    let file = files[index]
                    known[UTF8Key(file.path)] = Known(
                        rules: rules, size: file.size, modified: file.modified, traits: traits)
                }
            }
            for (index, traits) in zip(missing, traits) { found[index] = traits }
        }
        return try zip(found, files).map { try whole($0 ?? TextTraits(), $1) }
    }

    private func whole(_ traits: TextTraits, _ file: ObjectSummary) throws(QueryError) -> TextTraits {
        guard !traits.isCutOff else {
            throw QueryError(
                .malformedData,
                "The compressed file '\(file.key)' is cut off or damaged: what is in it cannot be told; write it again")
        }
        guard traits.longestLine <= Limits.textLineBytesMax || traits.firstByte == UInt8(ascii: "[") else {
            throw QueryError(
                .malformedData,
                "A line of the file '\(file.key)' has \(traits.longestLine) bytes, and \(Limits.textLineBytesMax) are "
                    + "read at most; write it in more lines, or as Parquet")
        }
        return traits
    }
}
