import Foundation
import Logging
package import LoonCore
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
        let replaced = try publication.replaced.compactMap { try context.objects.stat(try ObjectKey($0))?.key }
        // Known once it is stored; nothing is removed before.
        let number = NumberBox()
        try context.locks.publishing(TableLocks.Key(table), replaced: replaced) {
            if let number = number.value {
                removeReplaced(OpenPublication(number: number, publication: publication))
            }
        } _: {
            try cancellation.decideRun()
            let decision = try context.store.decide(
                publication, table: table, isNew: isNew, partitions: partitions, task: task)
            do { try moveDecided(publication) } catch { try takeBack(decision, publication, error) }
            noteMoved(decision.number, publication)
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
            wait(for: OpenPublication(number: decision.number, publication: publication))
            throw PublicationWaits(
                number: decision.number, rowCount: publication.rowCount, cause: "\(cause)")
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

    /// Where something is to be removed, that may come much later: until then others may replace what was moved.
    private func noteMoved(_ number: Int64, _ publication: Publication) {
        guard !publication.replaced.isEmpty else { return }
        do { try context.store.moved(number) } catch { log(publication, error) }
    }

    /// The last step of a write: what was replaced goes, and then the publication.
    private func removeReplaced(_ open: OpenPublication) {
        do {
            try remove(open.publication.replaced)
            try context.store.carriedOut(open.number)
        } catch {
            log(open.publication, error)
            wait(for: open, isMoved: true)
            return
        }
        context.locks.show(open.number)
        self.open.remove(open.number)
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

    /// Registers it to be tried again. Meanwhile readers see the table as it was before the write, or, once its files
    /// are in their places, as it is after it.
    private func wait(for open: OpenPublication, isMoved: Bool = false) {
        let hidden = isMoved ? open.publication.replaced : open.publication.moves.map(\.target)
        context.locks.hide(hidden.compactMap { try? ObjectKey($0) }, for: open.number)
        self.open.add(open, isMoved: isMoved)
    }

    /// Tries again what waits of the tables that `key` overlaps. Throws where something of it still stands in the way
    /// of another write: files that were replaced and cannot be removed do not, they are hidden.
    package func settle(_ key: TableLocks.Key) throws {
        for entry in open.waiting where try self.key(of: entry.publication.publication).overlaps(key) {
            let publication = entry.publication.publication
            do { try open.inTurn(entry.publication.number, finish) } catch {
                log(publication, error)
                throw QueryError(
                    .storage,
                    "An earlier write of the table \(publication.schema).\(publication.table) waits for the disk; "
                        + "make room or let loond write there, and try again",
                    detail: "\(error)")
            }
        }
    }

    /// Runs `body`, which takes the table out of the catalog, while nothing of it is being published.
    package func withdraw<Value>(_ table: ExternalTable, _ body: () throws -> Value) throws -> Value {
        let key = TableLocks.Key(table)
        try settle(key)
        var result: Result<Value, any Error>?
        try context.locks.publishing(key, replaced: []) {
        } _: {
            // A write may have begun to wait before this had its turn.
            let isFree = try open.waiting.allSatisfy {
                try $0.isMoved || !self.key(of: $0.publication.publication).overlaps(key)
            }
            guard isFree else { throw QueryError(.tableChanged, "The table is being written; drop it again") }
            result = Result { try body() }
        }
        guard let result else { throw QueryError(.internalFault, "A table was not withdrawn") }
        return try result.get()
    }

    /// Tries again all that waits: now and then, while the daemon runs.
    package func retry() {
        for entry in open.waiting {
            do { try open.inTurn(entry.publication.number, finish) } catch {
                log(entry.publication.publication, error)
            }
        }
    }

    private func finish(_ entry: OpenPublications.Entry) throws {
        let waiting = entry.publication
        let publication = waiting.publication
        if entry.isMoved { return removeReplaced(waiting) }
        let replaced = publication.replaced.compactMap { try? ObjectKey($0) }
        try context.locks.publishing(try key(of: publication), replaced: waiting.isUndone ? [] : replaced) {
            if !waiting.isUndone { removeReplaced(waiting) }
        } _: {
            if waiting.isUndone {
                try cleanUp(waiting)
            } else {
                try move(publication.with(try possible(publication)))
                noteMoved(waiting.number, publication)
            }
            context.locks.show(waiting.number)
            open.remove(waiting.number)
        }
        context.log.info(
            "table.recovered",
            metadata: ["table": "\(publication.schema).\(publication.table)", "files": "\(publication.moves.count)"])
    }

    /// The moves that can be made or were made. A file that was moved may have been removed since.
    private func possible(_ publication: Publication) throws -> [Publication.Move] {
        try publication.moves.filter { move in
            let key = try ObjectKey(move.target)
            if try context.objects.canMove(staged: move.staged, to: key) { return true }
            context.log.warning("table.missing", metadata: ["object": "\(key)"])
            return false
        }
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
        for stored in try context.store.publications() {
            do {
                let publication = stored.publication
                // Nothing of it is left: what it was to replace is all that there is of the table.
                if !stored.isUndone, !stored.isMoved, !publication.moves.isEmpty, try possible(publication).isEmpty {
                    log(publication, QueryError(.storage, "The files of a decided write are gone; nothing is replaced"))
                    try context.store.cleanedUp(stored.number)
                    continue
                }
                try finish(OpenPublications.Entry(publication: stored, isMoved: stored.isMoved))
            } catch {
                log(stored.publication, error)
                wait(for: stored, isMoved: stored.isMoved)
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
