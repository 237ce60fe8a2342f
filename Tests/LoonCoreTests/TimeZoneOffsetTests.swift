import LoonCore
import Testing

@Suite struct TimeZoneOffsetTests {
    @Test(arguments: [("+08:00", 480), ("-13:59", -839), ("+14:00", 840), ("+0:00", 0)])
    func offsets(_ text: String, _ minutes: Int) { #expect(TimeZoneOffset.minutes(text) == minutes) }

    @Test(arguments: ["8", "+14:01", "-14:00", "+08:60", "UTC", "+8", ""])
    func noOffsets(_ text: String) { #expect(TimeZoneOffset.minutes(text) == nil) }
}
