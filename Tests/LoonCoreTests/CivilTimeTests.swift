import LoonCore
import Testing

@Suite struct CivilTimeTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01 00:00:00"), (-1, "1969-12-31 23:59:59"), (951_782_400_000, "2000-02-29 00:00:00"),
        (-62_135_596_800_000, "0001-01-01 00:00:00"), (253_402_300_799_000, "9999-12-31 23:59:59"),
    ])
    func prints(_ milliseconds: Int64, _ text: String) { #expect(CivilTime(milliseconds: milliseconds).dateTime == text) }

    @Test func appliesTheOffset() {
        #expect(CivilTime(milliseconds: 0, offsetMinutes: 480).dateTime == "1970-01-01 08:00:00")
        #expect(CivilTime(milliseconds: 0, offsetMinutes: -30).dateTime == "1969-12-31 23:30:00")
        #expect(CivilTime(milliseconds: 1_234).rfc3339UTC == "1970-01-01T00:00:01.234Z")
    }

    @Test func theEndsOfTheRangeAreNoTrap() {
        for value in [Int64.min, .max] {
            _ = CivilTime(milliseconds: value, offsetMinutes: 840).dateTime
            _ = CivilTime.date(daysSinceEpoch: value / 86_400)
        }
    }
}
