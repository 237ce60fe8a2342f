package import LoonCore

/// Where the messages wait, as the pump needs it. Called on the pump's thread; completions on any thread.
package protocol Outbox: Sendable {
    /// The lanes that have messages, in the order of their names, from behind `place` on.
    func lanes(after place: String?, limit: Int) throws(QueryError) -> [String]
    /// The clock was set back: what is due beyond `limit` is due now.
    func clockWentBack(now: Int64, dueAtMost limit: Int64) throws(QueryError)
    /// The messages of a lane that are due at `now`, oldest first, but those in `excluded`; and when the next one
    /// behind them is due.
    func dueMessages(
        lane: String, now: Int64, excluding excluded: Set<Int64>, limit: Int
    ) throws(QueryError) -> (messages: [OutboxMessage], nextDue: Int64?)
    /// The daemon's up-time, in milliseconds: messages age by it, and not while nobody could send them.
    var upTime: Int64 { get }
    /// The up-time at which the oldest message was made that nobody has given up.
    func oldestMessage() throws(QueryError) -> Int64?
    /// Gives up messages that were made before the up-time `created` and tried at least once, but those in `excluded`.
    /// Returns how many; there may be more where it is not 0.
    func giveUpMessages(before created: Int64, reason: String, excluding excluded: Set<Int64>, now: Int64)
        throws(QueryError) -> Int
    /// The lanes with messages that were made before the up-time `created` and never tried: at most `limit`.
    func overdueLanes(before created: Int64, limit: Int) throws(QueryError) -> Set<String>
    /// Notes that these messages are being posted.
    func markSending(_ numbers: [Int64])
    func recordDelivery(
        _ message: OutboxMessage, messageID: String, now: Int64,
        completion: @escaping @Sendable (Result<Void, QueryError>) -> Void)
    /// `retryAt` is `nil` where the message is given up.
    func recordFailure(
        _ message: OutboxMessage, reason: String, retryAt: Int64?, now: Int64,
        completion: @escaping @Sendable (Result<Void, QueryError>) -> Void)
}
