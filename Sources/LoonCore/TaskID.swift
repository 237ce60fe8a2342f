/// The name of a task: `q` + yyyyMMddHHmm in the service's time zone + region code + 8 hex digits of the instance +
/// 7-digit counter, such as `q202611221454hz5f29c2130000001`.
package struct TaskID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// An id that was stored or typed. `nil` where the text does not have the form.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 30, bytes.count <= 40, bytes[0] == UInt8(ascii: "q") else { return nil }
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard bytes[1..<13].allSatisfy(isDigit), bytes.suffix(7).allSatisfy(isDigit) else { return nil }
        guard
            bytes.dropFirst(13).dropLast(7).allSatisfy({
                isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
            })
        else { return nil }
        description = text
    }

    fileprivate init(minute: String, region: String, instance: String, counter: Int) {
        let digits = String(counter)
        description = "q" + minute + region + instance + String(repeating: "0", count: 7 - digits.count) + digits
    }

    /// The day of submission, as the result's path has it: `yyyy/MM/dd`.
    package var datePath: String {
        let digits = Array(description.utf8.dropFirst().prefix(8)).map { String(UnicodeScalar($0)) }
        return digits[0..<4].joined() + "/" + digits[4..<6].joined() + "/" + digits[6..<8].joined()
    }
}

/// Hands out task ids that are never used twice: not after a restart (the caller stores `state` with each task), not
/// when the clock is set back (the minute never goes back), not when the counter is through (the next round begins in a
/// later minute).
package struct TaskIDSequence: Sendable {
    /// The state that must be stored with each id.
    package struct State: Sendable, Equatable {
        /// Minutes since 1970 of the newest id.
        package var minute: Int64
        /// The newest counter, 0 before the first.
        package var counter: Int
        package init(minute: Int64 = 0, counter: Int = 0) {
            self.minute = minute
            self.counter = counter
        }
    }

    package private(set) var state: State
    private let region: String
    private let instance: String
    private let offsetMinutes: Int
    /// The highest counter; the next round begins at 1.
    package static let counterMax = 9_999_999

    /// `instance` is 8 lower-case hex digits, `region` the letters of the region code, `offsetMinutes` the service's
    /// time zone.
    package init(state: State, region: String, instance: String, offsetMinutes: Int) {
        self.state = state
        self.region = region
        self.instance = instance
        self.offsetMinutes = offsetMinutes
    }

    /// The next id at `now`, in milliseconds since 1970.
    package mutating func next(now: Int64) -> TaskID {
        state.minute = max(state.minute, CivilTime.floorDivide(now, by: 60_000).quotient)
        if state.counter >= Self.counterMax {
            state.counter = 0
            state.minute += 1
        }
        state.counter += 1
        let minute = CivilTime(milliseconds: state.minute * 60_000, offsetMinutes: offsetMinutes).compactMinute
        return TaskID(minute: minute, region: region, instance: instance, counter: state.counter)
    }
}
