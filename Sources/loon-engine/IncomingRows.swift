import Foundation
import LoonCore

/// Rows of value tables between the thread that receives them and the one that gives them to the engine: a few pieces
/// at a time. Rows that nobody wants are dropped.
///
/// `@unchecked`: everything mutable is guarded by `condition`.
final class IncomingRows: @unchecked Sendable {
    private static let piecesMax = 4

    private let condition = NSCondition()
    /// An empty piece is a table's end.
    private var pieces: [[[SQLValue]]] = []
    private var piece: ArraySlice<[SQLValue]> = []
    private var isOver = false

    func append(_ rows: [[SQLValue]]) { if !rows.isEmpty { add(rows) } }

    func endTable() { add([]) }

    /// Nothing more is wanted, or comes.
    func endAll() {
        condition.withLock {
            isOver = true
            pieces = []
            condition.broadcast()
        }
    }

    /// The table's next row; `nil` at its end.
    func next() -> [SQLValue]? {
        if let row = piece.popFirst() { return row }
        return condition.withLock {
            while pieces.isEmpty, !isOver { condition.wait() }
            guard !pieces.isEmpty else { return nil }
            piece = pieces.removeFirst()[...]
            condition.broadcast()
            return piece.popFirst()
        }
    }

    private func add(_ rows: [[SQLValue]]) {
        condition.withLock {
            while pieces.count >= Self.piecesMax, !isOver { condition.wait() }
            guard !isOver else { return }
            pieces.append(rows)
            condition.broadcast()
        }
    }
}
