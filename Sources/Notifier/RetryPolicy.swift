/// When a message that could not be posted is tried again: exponential back-off with full jitter, until it is too old
/// or was tried too often.
package struct RetryPolicy: Sendable, Equatable {
    /// The most that the first wait lasts, doubled for each further one.
    package let baseMilliseconds: Int64
    /// The most that any wait lasts.
    package let capMilliseconds: Int64
    /// Age of the message, in the daemon's up-time, after which it is given up.
    package let giveUpMilliseconds: Int64
    /// Tries after which it is given up; 0 for no bound.
    package let attemptsMax: Int

    package init(baseMilliseconds: Int64, capMilliseconds: Int64, giveUpMilliseconds: Int64, attemptsMax: Int = 0) {
        self.baseMilliseconds = baseMilliseconds
        self.capMilliseconds = capMilliseconds
        self.giveUpMilliseconds = giveUpMilliseconds
        self.attemptsMax = attemptsMax
    }

    /// When the next try is due; `nil` where there is none. `attempts` are those that failed, the last included;
    /// `random` is in 0..<1; the peer may have asked for `retryAfter` milliseconds of peace.
    func retryAt(now: Int64, age: Int64, attempts: Int, retryAfter: Int64? = nil, random: Double) -> Int64? {
        guard age < giveUpMilliseconds, attemptsMax == 0 || attempts < attemptsMax else { return nil }
        return now + max(backOff(failures: attempts, capMilliseconds: capMilliseconds, random: random), retryAfter ?? 0)
    }

    /// Milliseconds to wait after that many failures in a row.
    func backOff(failures: Int, capMilliseconds: Int64, random: Double) -> Int64 {
        let doubled = baseMilliseconds.multipliedReportingOverflow(by: 1 << Int64(min(max(failures, 1) - 1, 30)))
        let most = doubled.overflow ? capMilliseconds : min(doubled.partialValue, capMilliseconds)
        return max(1, Int64(Double(most) * random))
    }
}
