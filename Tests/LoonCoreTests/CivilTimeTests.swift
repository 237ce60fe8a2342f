import LoonCore
import Testing

@Suite struct CivilTimeTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01 00:00:00"), (-1, "1969-12-31 23:59:59"), (951_782_400_000, "2000-02-29 00:00:00"),
        (-62_135_596_800_000, "0001-01-01 00:00:00"), (253_402_300_799_000, "9999-12-31 23:59:59"),
    ])
    func prints(_ milliseconds: Int64, _ text: String) {
        #expect(CivilTime(milliseconds: milliseconds).dateTime == text)
    }

    @Test func appliesTheOffset() {
        #expect(CivilTime(milliseconds: 0, offsetMinutes: 480).dateTime == "1970-01-01 08:00:00")
        #expect(CivilTime(milliseconds: 0, offsetMinutes: -30).dateTime == "1969-12-31 23:30:00")
        #expect(CivilTime(milliseconds: 1_234).rfc3339UTC == "1970-01-01T00:00:01.234Z")
    }

    /// From the year -1 to 10,001, over both ways of computing.
    @Test func everyDayFollowsTheOneBefore() {
        var (year, month, day) = (-1, 1, 1)
        for days in CivilTime.days(year: -1, month: 1, day: 1)..<CivilTime.days(year: 10_001, month: 1, day: 1) {
            let date = CivilTime.date(daysSinceEpoch: days)
            guard date == (year, month, day) else {
                Issue.record("day \(days) is \(date), not \((year, month, day))")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
    }

    @Test func theEndsOfTheRangeAreNoTrap() {
        for value in [Int64.min, .max] {
            _ = CivilTime(milliseconds: value, offsetMinutes: 840).dateTime
            _ = CivilTime.date(daysSinceEpoch: value / 86_400)
        }
    }
}
