/// Dates and times of the proleptic Gregorian calendar without a calendar library: what task ids, rows and logs print.
///
/// The day arithmetic is the one of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
package struct CivilTime: Sendable, Equatable {
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
    package static func date(daysSinceEpoch: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch &+ 719_468
        let (era, dayOfEra) = floorDivide(shifted, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, day)
    }

    /// The quotient rounded down and the remainder, which is never negative. `divisor` is positive.
    package static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = value % divisor
        return remainder < 0 ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
    }

    /// `yyyyMMddHHmm`, as a task id begins.
    package var compactMinute: String { pad(year, 4) + pad(month) + pad(day) + pad(hour) + pad(minute) }
    /// `yyyyMMdd_HHmmss`, as an engine query id begins.
    package var compactSecond: String { pad(year, 4) + pad(month) + pad(day) + "_" + pad(hour) + pad(minute) + pad(second) }
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
