import Foundation
import Logging
import LoonCore
package import MetaStore
import ObjectStore

/// Gives staged files their places: all of them or none, also if the daemon is killed in between. Until the publication
/// is stored nothing has happened. From then on it is carried out, or, where its files cannot be moved and nobody was
/// told yet, taken back. What cannot be done at once waits (`OpenPublications`), hidden from readers, and is tried
/// again until it is done: by `retry` while the daemon runs, by `recover` at a start, and before the next write of the
/// table.
package struct Publisher {
    let context: LakeContext

    package init(context: LakeContext) { self.context = context }

    private var open: OpenPublications { context.openPublications }

    /// `files` are staged and synced. Returns when readers see them.
    func publish(
        _ publication: Publication, table: ExternalTable, isNew: Bool, partitions: [TablePartition], task: TaskID?,
        cancellation: Cancellation
    ) throws {
        let targets = try publication.moves.map { try ObjectKey($0.target) }
        // Steps that may fail for lack of space come before the decision.
        for target in targets { try context.objects.makeFolder(of: target) }
        let replaced = try publication.replaced.compactMap { try context.objects.stat(try ObjectKey($0))?.path }
        // Known once it is stored; nothing is removed before.
        let number = NumberBox()
        try context.locks.publishing(TableLocks.Key(table), replaced: replaced) {
            if let number = number.value {
                removeReplaced(OpenPublication(number: number, publication: publication, isUndone: false))
            }
        } _: {
            try cancellation.pass()
            let decision = try context.store.decide(
                publication, table: table, isNew: isNew, partitions: partitions, task: task)
            do { try moveDecided(publication) } catch { try takeBack(decision, publication, error) }
            number.value = decision.number
        }
    }

    private typealias OpenPublication = MetaStore.OpenPublication

    /// A disk may fail for a moment.
    private func moveDecided(_ publication: Publication) throws {
        for attempt in 1... {
            do { return try move(publication) } catch {
                log(publication, error)
                guard attempt < Limits.publishAttemptsMax else { throw error }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }

    /// Throws what the statement is told: that nothing was written, or, where not even that can be stored, that the
    /// write is still to come.
    private func takeBack(_ decision: MetaStore.Decision, _ publication: Publication, _ cause: any Error) throws {
        do { try context.store.undo(decision) } catch {
            log(publication, error)
            wait(for: OpenPublication(number: decision.number, publication: publication, isUndone: false))
            throw QueryError(
                .writeWaits,
                "The write is decided, and its files get their places as soon as the disk takes them: do not repeat it",
                detail: "\(cause)")
        }
        let undone = OpenPublication(number: decision.number, publication: publication, isUndone: true)
        do { try cleanUp(undone) } catch {
            log(publication, error)
            wait(for: undone)
        }
        let reason = (cause as? QueryError)?.message ?? "the object store does not take them"
        throw QueryError(
            .storage, "The files could not be given their places, and nothing was written: \(reason)",
            detail: "\(cause)")
    }

    // MARK: Steps, each of which may be repeated

    private func move(_ publication: Publication) throws {
        var keys: [ObjectKey] = []
        for move in publication.moves {
            let key = try ObjectKey(move.target)
            try context.objects.move(staged: move.staged, to: key)
            keys.append(key)
        }
        try context.objects.syncFolders(of: keys)
    }

    /// The last step of a write: what was replaced goes, and then the publication.
    private func removeReplaced(_ open: OpenPublication) {
        do {
            try remove(open.publication.replaced)
            try context.store.carriedOut(open.number)
        } catch {
            log(open.publication, error)
            wait(for: open)
        }
    }

    /// The last step of a write that was taken back.
    private func cleanUp(_ open: OpenPublication) throws {
        try remove(open.publication.moves.map(\.target))
        try context.store.cleanedUp(open.number)
    }

    private func remove(_ places: [String]) throws {
        let keys = try places.map { try ObjectKey($0) }
        for key in keys { try context.objects.remove(key) }
        // On disk before anything says so: else a power cut brings them back for good.
        try context.objects.syncFolders(of: keys)
    }

    private func log(_ publication: Publication, _ error: any Error) {
        context.log.error(
            "table.publish", metadata: ["table": "\(publication.schema).\(publication.table)", "error": "\(error)"])
    }

    // MARK: Open publications

    /// Registers it to be tried again; meanwhile readers see the table as it was before the write, or, once its files
    /// are in their places, as it is after it.
    private func wait(for open: OpenPublication) {
        let publication = open.publication
        let hidden = open.isUndone || !isMoved(publication) ? publication.moves.map(\.target) : publication.replaced
        self.open.add(open)
        context.locks.hide(hidden.compactMap { context.objects.path(of: $0) }, for: open.number)
    }

    private func isMoved(_ publication: Publication) -> Bool {
        publication.moves.allSatisfy { !context.objects.isStaged($0.staged) }
    }

    /// Tries what waits again, of the tables that `key` overlaps or of all. Throws where something of it still cannot
    /// be done.
    package func settle(_ key: TableLocks.Key? = nil) throws {
        try open.settling {
            for waiting in open.all where try key.map({ try self.key(of: waiting.publication).overlaps($0) }) ?? true {
                do { try finish(waiting) } catch {
                    log(waiting.publication, error)
                    throw QueryError(
                        .storage,
                        "An earlier write of the table "
                            + "\(waiting.publication.schema).\(waiting.publication.table) waits for the disk; "
                            + "make room or let loond write there, and try again",
                        detail: "\(error)")
                }
            }
        }
    }

    /// Now and then, while the daemon runs.
    package func retry() { if !open.all.isEmpty { try? settle() } }

    private func finish(_ waiting: OpenPublication) throws {
        let publication = waiting.publication
        let replaced = publication.replaced.compactMap { context.objects.path(of: $0) }
        try context.locks.publishing(try key(of: publication), replaced: waiting.isUndone ? [] : replaced) {
            if !waiting.isUndone { removeReplaced(waiting) }
        } _: {
            if waiting.isUndone { try cleanUp(waiting) } else { try move(publication) }
            open.remove(waiting.number)
            context.locks.show(waiting.number)
        }
        context.log.info(
            "table.recovered",
            metadata: ["table": "\(publication.schema).\(publication.table)", "files": "\(publication.moves.count)"])
    }

    private func key(of publication: Publication) throws -> TableLocks.Key {
        if let table = try context.store.table(schema: publication.schema, name: publication.table) {
            return TableLocks.Key(table)
        }
        return TableLocks.Key(
            schema: publication.schema, name: publication.table, location: publication.moves.first?.target ?? "")
    }

    /// At a start, before anything is read: carries out what was decided, and cleans up what was taken back. What
    /// cannot be done now waits.
    package func recover() throws {
        for open in try context.store.publications() {
            do {
                // A file that was moved may have been removed since.
                let moves = try open.publication.moves.filter { move in
                    let key = try ObjectKey(move.target)
                    guard try open.isUndone || context.objects.canMove(staged: move.staged, to: key) else {
                        context.log.warning("table.missing", metadata: ["object": "\(key)"])
                        return false
                    }
                    return true
                }
                try finish(
                    OpenPublication(
                        number: open.number, publication: open.publication.with(moves), isUndone: open.isUndone))
            } catch {
                log(open.publication, error)
                wait(for: open)
            }
        }
    }

    /// The staged folders that open publications still need.
    package static func stagedFolders(_ open: [MetaStore.OpenPublication]) -> Set<String> {
        Set(
            open.filter { !$0.isUndone }.flatMap(\.publication.moves).compactMap {
                $0.staged.split(separator: "/").first.map(String.init)
            })
    }
}

/// Set and read on one thread at a time, in the order of the lock of `TableLocks.publishing`.
private final class NumberBox: @unchecked Sendable { var value: Int64? }

extension Publication {
    fileprivate func with(_ moves: [Move]) -> Publication {
        Publication(schema: schema, table: table, moves: moves, replaced: replaced, rowCount: rowCount)
    }
}
