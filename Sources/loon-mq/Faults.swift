/// Faults that the broker is told to make, for tests of those who talk to it: `PUT
/// /faults?kind=error&status=503&times=10`, and `DELETE /faults`.
struct Faults: Sendable {
    enum Kind: String, Sendable {
        /// Waits `ms` before it does what was asked.
        case latency
        /// Answers `status`, with a `Retry-After` of `retry-after` seconds, and does nothing.
        case error
        /// Does what was asked, and answers with bytes that are no XML.
        case garbage
        /// Does what was asked, and closes the connection without an answer.
        case drop
        /// Does what was asked, and reports another digest.
        case digest
    }

    struct Fault: Sendable {
        let kind: Kind
        let milliseconds: Int64
        let status: Int
        let retryAfter: Int?
        fileprivate var times: Int
    }

    private var faults: [Fault] = []

    /// `nil` where the query makes no sense.
    mutating func add(_ query: [String: String]) -> Bool {
        guard let kind = query["kind"].flatMap(Kind.init) else { return false }
        faults.append(
            Fault(
                kind: kind, milliseconds: min(max(query["ms"].flatMap(Int64.init) ?? 1_000, 0), 600_000),
                status: min(max(query["status"].flatMap(Int.init) ?? 503, 400), 599),
                retryAfter: query["retry-after"].flatMap(Int.init),
                times: max(query["times"].flatMap(Int.init) ?? .max, 1)))
        return true
    }

    mutating func clear() { faults = [] }

    /// The fault of the next request.
    mutating func next() -> Fault? {
        guard !faults.isEmpty else { return nil }
        faults[0].times -= 1
        let fault = faults[0]
        if fault.times <= 0 { faults.removeFirst() }
        return fault
    }
}
