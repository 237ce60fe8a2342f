import LoonCore
import Testing

@Suite struct TaskIDTests {
    private func sequence(_ state: TaskIDSequence.State = .init()) -> TaskIDSequence {
        TaskIDSequence(state: state, region: "hz", instance: "5f29c213", offsetMinutes: 480)
    }
    // 2026-11-22 06:54 UTC, 14:54 at +08:00
    private let minute: Int64 = 29_922_654

    @Test func hasTheOriginalsShape() {
        var ids = sequence()
        #expect(ids.next(now: 1_795_330_440_000).description == "q202611221454hz5f29c2130000001")
        #expect(ids.next(now: 1_795_330_440_000).datePath == "2026/11/22")
    }

    @Test func neverGoesBackWithTheClock() {
        var ids = sequence()
        let later = ids.next(now: 1_795_330_440_000)
        let earlier = ids.next(now: 1_795_000_000_000)
        #expect(later.description < earlier.description)
        #expect(earlier.description.hasPrefix("q202611221454"))
    }

    @Test func continuesAfterARestart() {
        var first = sequence()
        _ = first.next(now: 1_795_330_440_000)
        var second = sequence(first.state)
        #expect(second.next(now: 0).description == "q202611221454hz5f29c2130000002")
    }

    @Test func beginsANewMinuteWhenTheCounterIsThrough() {
        var ids = sequence(.init(minute: minute, counter: 9_999_999))
        let id = ids.next(now: 0)
        #expect(id.description.hasSuffix("0000001"))
        #expect(ids.state.minute == minute + 1)
    }

    @Test(arguments: [
        "", "q", "x202611221454hz5f29c2130000001", "q20261122145hz5f29c2130000001a", "q202611221454HZ5f29c2130000001",
        "q202611221454hz5f29c213000000x",
    ])
    func rejects(_ text: String) { #expect(TaskID(text) == nil) }

    @Test func readsItsOwn() { #expect(TaskID("q201903271454hze921092f0064543")?.datePath == "2019/03/27") }
}
