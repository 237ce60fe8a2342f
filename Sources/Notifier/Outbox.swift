package import LoonCore

/// Where the messages wait, as the pump needs it. Called on the pump's thread; completions on any thread.
package protocol Outbox: Sendable {
    /// The messages due at `now`, oldest first, but those in `excluded`.
    func dueMessages(now: Int64, excluding excluded: Set<Int64>, limit: Int) throws(QueryError) -> [OutboxMessage]
    /// When the next message is due that is not in `excluded`.
    func nextDue(excluding excluded: Set<Int64>) throws(QueryError) -> Int64?
    /// These are being posted.
    func markSending(_ numbers: [Int64])
    func recordDelivery(
        _ message: OutboxMessage, messageID: String, now: Int64, completion: @escaping @Sendable (Result<Void, QueryError>) -> Void)
    /// `retryAt` is `nil` where the message is given up.
    func recordFailure(
        _ message: OutboxMessage, reason: String, retryAt: Int64?, completion: @escaping @Sendable (Result<Void, QueryError>) -> Void)
}
