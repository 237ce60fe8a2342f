/// Dates and times of the proleptic Gregorian calendar without a calendar library: what task ids, rows and logs print.
///
/// The day arithmetic of distant years is the one of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
@usableFromInline package struct CivilTime: Sendable, Equatable {
    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    package let millisecond: Int

    /// The civil time at an instant. `milliseconds` are since 1970-01-01 UTC, `offsetMinutes` east of UTC.
    package init(milliseconds: Int64, offsetMinutes: Int = 0) {
        let local = milliseconds &+ Int64(offsetMinutes) * 60_000
        let (days, rest) = Self.floorDivide(local, by: 86_400_000)
        (year, month, day) = Self.date(daysSinceEpoch: days)
        hour = Int(rest / 3_600_000)
        minute = Int(rest / 60_000 % 60)
        second = Int(rest / 1_000 % 60)
        millisecond = Int(rest % 1_000)
    }

    /// Year, month and day of a count of days since 1970-01-01.
    @inlinable @inline(__always)
    package static func date(daysSinceEpoch: Int64) -> (year: Int, month: Int, day: Int) {
        // The years of four digits, in half the width: printing a column of times is mostly this.
        if daysSinceEpoch >= -719_468, daysSinceEpoch < 2_932_897 {
            return date(daysSinceMarchOfYear0: UInt32(daysSinceEpoch + 719_468))
        }
        return distantDate(daysSinceEpoch: daysSinceEpoch)
    }

    @usableFromInline
    static func distantDate(daysSinceEpoch: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch &+ 719_468
        let (era, dayOfEra) = floorDivide(shifted, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
    }

    /// Cassio Neri and Lorenz Schneider, "Euclidean affine functions and their application to calendar algorithms"
    /// (2022), figure 12: multiplications stand for the divisions by a year's and a month's days. Years count from
    /// March, and the last two months belong to the next.
    @inlinable @inline(__always)
    static func date(daysSinceMarchOfYear0 days: UInt32) -> (year: Int, month: Int, day: Int) {
        let (century, rest) = (4 &* days &+ 3).quotientAndRemainder(dividingBy: 146_097)
        let product = 2_939_745 &* UInt64(rest | 3)
        let dayOfYear = UInt32(truncatingIfNeeded: product) / 2_939_745 / 4
        let monthAndDay = 2_141 &* dayOfYear &+ 197_913
        let isNextYear = dayOfYear >= 306
        let year = Int(100 &* century &+ UInt32(truncatingIfNeeded: product >> 32)) &+ (isNextYear ? 1 : 0)
        let month = Int(monthAndDay >> 16) &- (isNextYear ? 12 : 0)
        return (year, month, Int((monthAndDay & 0xFFFF) / 2_141) &+ 1)
    }

    /// Days since 1970-01-01 of a date; the inverse of `date(daysSinceEpoch:)`.
    package static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = Int64(month <= 2 ? year - 1 : year)
        let (era, yearOfEra) = floorDivide(shifted, by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + Int64(dayOfYear) - 719_468
    }

    /// Microseconds since 1970 of `yyyy-MM-dd[ HH:mm:ss[.ffffff]]`; `nil` where the text is none.
    package static func microseconds(parsing text: String) -> Int64? {
        let halves = text.split(separator: " ", maxSplits: 1)
        guard let first = halves.first else { return nil }
        func number(_ text: Substring) -> Int? { text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(text) : nil }
        let date = first.split(separator: "-", omittingEmptySubsequences: false).compactMap(number)
        guard date.count == 3, (0...9_999).contains(date[0]), (1...12).contains(date[1]), (1...31).contains(date[2])
        else { return nil }
        let day = days(year: date[0], month: date[1], day: date[2]) * 86_400_000_000
        guard halves.count == 2 else { return day }
        let clock = halves[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = clock[0].split(separator: ":", omittingEmptySubsequences: false).compactMap(number).map(Int64.init)
        guard parts.count == 3, (0...838).contains(parts[0]), (0...59).contains(parts[1]), (0...59).contains(parts[2])
        else { return nil }
        let seconds = parts[0] * 3_600 + parts[1] * 60 + parts[2]
        guard clock.count == 2 else { return day + seconds * 1_000_000 }
        let digits = clock[1].prefix(6)
        guard number(digits) != nil || digits.isEmpty else { return nil }
        guard let fraction = Int64(digits + String(repeating: "0", count: 6 - digits.count)) else { return nil }
        return day + seconds * 1_000_000 + fraction
    }

    /// The quotient rounded down and the remainder, which is never negative. `divisor` is positive.
    @inlinable @inline(__always)
    package static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = value % divisor
        return remainder < 0 ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
    }

    /// `yyyyMMddHHmm`, as a task id begins.
    package var compactMinute: String { pad(year, 4) + pad(month) + pad(day) + pad(hour) + pad(minute) }
    /// `yyyyMMdd_HHmmss`, as an engine query id begins.
    package var compactSecond: String {
        pad(year, 4) + pad(month) + pad(day) + "_" + pad(hour) + pad(minute) + pad(second)
    }
    /// `yyyy-MM-dd HH:mm:ss`.
    package var dateTime: String { date + " " + time }
    /// `yyyy-MM-dd`.
    package var date: String { pad(year, 4) + "-" + pad(month) + "-" + pad(day) }
    /// `HH:mm:ss`.
    package var time: String { pad(hour) + ":" + pad(minute) + ":" + pad(second) }
    /// RFC 3339 with milliseconds; true only of a time made with offset 0.
    package var rfc3339UTC: String { date + "T" + time + "." + pad(millisecond, 3) + "Z" }

    private func pad(_ value: Int, _ width: Int = 2) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
