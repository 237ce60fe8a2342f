import Crypto
import Foundation
import LoonCore
import LoonLake
import MetaStore
import ObjectStore
import QueryEngine
import SQLFrontend
import Synchronization

/// The functions whose value is another one each time, as the engine lists them; asked for once.
final class VolatileFunctions: Sendable {
    private let known = Mutex<Set<String>?>(nil)
    /// Functions of today's date or of chance that the engine's own list leaves out.
    private static let others: Set<String> = [
        "age", "reservoir_quantile", "current_localtimestamp", "current_localtime", "loon_presto_own_random",
        "loon_presto_own_random_direct", "loon_presto_shuffle",
    ]

    func functions(of engine: any QueryEngine) throws -> Set<String> {
        try known.withLock { known in
            if let known { return known }
            let functions = try engine.volatileFunctions().union(Self.others)
            known = functions
            return functions
        }
    }
}

/// Says whether two queries must have the same result: the same text for the engine, over the same tables and the same
/// files.
struct ResultReuse {
    let context: TaskContext

    /// A file that was written just now may be written again with the same size within the clock's grain.
    private static let settledMilliseconds: Int64 = 2_000

    /// A number that two queries share only if their results are the same; `nil` where that cannot be known, and for
    /// those that read no table.
    ///
    /// The text holds what the session's variables and functions said, `now()` among them.
    func fingerprint(_ planned: PlannedQuery, _ submission: Submission, format: ResultFormat) throws -> String? {
        let query = planned.query
        let parsed = try ParsedStatement(Array(submission.command.utf8), mode: LexicalMode(submission))
        guard submission.kind == .select, !parsed.dependsOnMoment else { return nil }
        guard !query.tables.isEmpty, query.valueTables.isEmpty, query.results.isEmpty, let functions = planned.functions
        else { return nil }
        guard functions.isDisjoint(with: try context.changeable.functions(of: context.lake.engine)) else { return nil }
        let latest = context.clock.now() - Self.settledMilliseconds
        guard planned.files.allSatisfy({ $0.modified < latest }) else { return nil }
        var hash = SHA256()
        func add(_ text: String) {
            // Each with its length, so that no two lists of texts run together alike.
            hash.update(data: Array("\(text.utf8.count):".utf8))
            hash.update(data: Array(text.utf8))
        }
        add(context.release)
        add(format.rawValue)
        add(query.sql)
        add(query.schema ?? "")
        add("\(submission.timeZoneOffsetMinutes)")
        for view in query.views { for text in [view.schema, view.name, view.sql] + view.columns { add(text) } }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        for binding in query.tables {
            add(String(decoding: try encoder.encode(binding.table), as: UTF8.self))
            for values in binding.partitions { for value in values { add(value.map { "=" + $0 } ?? "") } }
        }
        for file in planned.files {
            add(file.path)
            add("\(file.size) \(file.modified)")
        }
        return Hex.text(Array(hash.finalize().prefix(16)))
    }

    /// The earlier task whose result a submission may have.
    func source(
        _ planned: PlannedQuery, _ submission: Submission, _ hints: StatementHints, _ cluster: Cluster
    ) throws -> TaskID? {
        guard let seconds = hints.reuseSecondsMax, seconds > 0,
            let fingerprint = try fingerprint(planned, submission, format: hints.resultFormat ?? .csv),
            let found = try context.store.reusable(
                fingerprint: fingerprint, since: context.clock.now() - Int64(seconds) * 1_000)
        else { return nil }
        let limits = ResultLimits(rowsMax: cluster.settings.resultRowsMax, bytesMax: cluster.settings.resultBytesMax)
        guard (try? limits.check(rows: found.rows)) != nil, (try? limits.check(bytes: found.bytes)) != nil else {
            return nil
        }
        // The files may have been removed by hand.
        let file = try ObjectKey(found.resultFile)
        let description = try file.parent.child(ResultDescription.name, isFolder: false)
        return try context.objects.stat(file) == nil || context.objects.stat(description) == nil ? nil : found.task
    }
}
