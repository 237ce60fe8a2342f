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
        if let reason = cancellation.reason { throw reason }
        let context = context
        let key = Lake.Key(table)
        let replaced = try publication.replaced.compactMap { try context.objects.stat(try ObjectKey($0))?.path }
        // Known once it is stored; nothing is removed before.
        let number = NumberBox()
        try context.lake.publishing(key, replaced: replaced) {
            if let number = number.value { Self.remove(publication.replaced, number, context) }
        } _: {
            number.value = try context.store.decide(publication, table: table, isNew: isNew, partitions: partitions, task: task)
            try Self.move(publication, context)
        }
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
            for place in replaced { try context.objects.remove(try ObjectKey(place)) }
            try context.store.carriedOut(number)
        } catch {
            // It stays stored, and is tried again at the next start.
            context.log.error("table.publish", metadata: ["publication": "\(number)", "error": "\(error)"])
        }
    }

    /// At a start, before anything is read: carries out what was decided.
    func recover() throws {
        for (number, _, publication) in try context.store.publications() {
            try Self.move(publication, context)
            for place in publication.replaced { try context.objects.remove(try ObjectKey(place)) }
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
