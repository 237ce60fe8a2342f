import Foundation
import Logging
import LoonCore
import MetaStore
import ObjectStore

/// Gives staged files their places: all of them or none, also if the daemon is killed in between. Until the publication is stored nothing has
/// happened; from then on it is carried out to its end, by this run of the daemon or the next.
struct Publisher {
    let context: ServiceContext

    /// `files` are staged and synced. Returns when readers see them.
    func publish(
        _ publication: Publication, table: ExternalTable, isNew: Bool, partitions: [TablePartition], task: TaskID?, cancellation: Cancellation
    ) throws {
        let targets = try publication.moves.map { try ObjectKey($0.target) }
        // What may still fail for lack of space is done before.
        for target in targets { try context.objects.makeFolder(of: target) }
        let context = context
        let key = Lake.Key(table)
        let replaced = try publication.replaced.compactMap { try context.objects.stat(try ObjectKey($0))?.path }
        // Known once it is stored; nothing is removed before.
        let number = NumberBox()
        try context.lake.publishing(key, replaced: replaced) {
            if let number = number.value { Self.remove(publication.replaced, number, context) }
        } _: {
            try cancellation.pass()
            number.value = try context.store.decide(publication, table: table, isNew: isNew, partitions: partitions, task: task)
            try Self.moveDecided(publication, context)
        }
    }

    /// What is decided is not taken back for a disk that fails for a moment.
    private static func moveDecided(_ publication: Publication, _ context: ServiceContext) throws {
        for attempt in 1...Limits.publishAttemptsMax {
            do { return try move(publication, context) } catch {
                context.log.error("table.publish", metadata: ["table": "\(publication.schema).\(publication.table)", "error": "\(error)"])
                guard attempt < Limits.publishAttemptsMax else { break }
                Thread.sleep(forTimeInterval: 1)
            }
        }
        throw QueryError(
            .storage, "The write is decided, and its files could not be moved to their places; they are when the daemon starts next: do not repeat it"
        )
    }

    private static func move(_ publication: Publication, _ context: ServiceContext) throws {
        var keys: [ObjectKey] = []
        for move in publication.moves {
            let key = try ObjectKey(move.target)
            try context.objects.move(staged: move.staged, to: key)
            keys.append(key)
        }
        try context.objects.syncFolders(of: keys)
    }

    /// The last step: what was replaced goes, and then the publication.
    private static func remove(_ replaced: [String], _ number: Int64, _ context: ServiceContext) {
        do {
            try removeFiles(replaced, context)
            try context.store.carriedOut(number)
        } catch {
            // It stays stored, and is tried again at the next start.
            context.log.error("table.publish", metadata: ["publication": "\(number)", "error": "\(error)"])
        }
    }

    private static func removeFiles(_ places: [String], _ context: ServiceContext) throws {
        let keys = try places.map { try ObjectKey($0) }
        for key in keys { try context.objects.remove(key) }
        // On disk before anything says so: else a power cut brings them back for good.
        try context.objects.syncFolders(of: keys)
    }

    /// At a start, before anything is read: carries out what was decided.
    func recover() throws {
        for (number, _, publication) in try context.store.publications() {
            for move in publication.moves {
                let key = try ObjectKey(move.target)
                // It was moved, and somebody has removed it since.
                guard try context.objects.canMove(staged: move.staged, to: key) else {
                    context.log.warning("table.missing", metadata: ["object": "\(key)"])
                    continue
                }
                try context.objects.move(staged: move.staged, to: key)
            }
            try context.objects.syncFolders(of: try publication.moves.map { try ObjectKey($0.target) })
            try Self.removeFiles(publication.replaced, context)
            context.log.info(
                "table.recovered", metadata: ["table": "\(publication.schema).\(publication.table)", "files": "\(publication.moves.count)"])
            try context.store.carriedOut(number)
        }
    }

    /// The staged folders that `recover` still needs.
    static func stagedFolders(_ publications: [Publication]) -> Set<String> {
        Set(publications.flatMap(\.moves).compactMap { $0.staged.split(separator: "/").first.map(String.init) })
    }
}

/// Set and read on one thread at a time, in the order of the lock of `Lake.publishing`.
private final class NumberBox: @unchecked Sendable { var value: Int64? }
