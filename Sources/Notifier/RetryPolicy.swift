/// When a message that could not be posted is tried again: exponential back-off with full jitter, until it is too old.
package struct RetryPolicy: Sendable, Equatable {
    /// The most that the first wait lasts, doubled for each further one.
    package let baseMilliseconds: Int64
    /// The most that any wait lasts.
    package let capMilliseconds: Int64
    /// Age of the message after which it is given up.
    package let giveUpMilliseconds: Int64

    package init(baseMilliseconds: Int64, capMilliseconds: Int64, giveUpMilliseconds: Int64) {
        self.baseMilliseconds = baseMilliseconds
        self.capMilliseconds = capMilliseconds
        self.giveUpMilliseconds = giveUpMilliseconds
    }

    /// When the next try is due; `nil` where there is none. `attempts` are those that failed, the last included; `random` is in 0..<1.
    package func retryAt(now: Int64, created: Int64, attempts: Int, random: Double) -> Int64? {
        guard now - created < giveUpMilliseconds else { return nil }
        let doubled = baseMilliseconds.multipliedReportingOverflow(by: 1 << Int64(min(attempts - 1, 30)))
        let most = doubled.overflow ? capMilliseconds : min(doubled.partialValue, capMilliseconds)
        return now + max(1, Int64(Double(most) * random))
    }
}
