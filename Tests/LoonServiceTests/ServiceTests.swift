import LoonCore
import Testing

@testable import LoonService

@Suite struct SchedulerStateMachineTests {
    @Test func queriesTakePlacesInTheirOrder() {
        var machine = SchedulerStateMachine(queriesMax: 1, waitingMax: 1, tasksMax: 1)
        #expect([machine.querySubmitted(), machine.querySubmitted(), machine.querySubmitted()] == [.start, .wait, .refuse])
        #expect(machine.queryEnded() == true)
        #expect(machine.queryEnded() == false)
        #expect(machine.querySubmitted() == .start)
    }

    @Test func tasksAreClaimedOneByOneWhileThereArePlaces() {
        var machine = SchedulerStateMachine(queriesMax: 1, waitingMax: 1, tasksMax: 2)
        #expect(machine.taskMayWait() == true)
        #expect(machine.taskMayWait() == false, "one claim at a time")
        #expect(machine.claimed(true) == true, "a second place is free, and there may be more")
        #expect(machine.claimed(true) == false, "both places are taken")
        #expect(machine.taskMayWait() == false)
        #expect(machine.taskEnded() == true)
        #expect(machine.claimed(false) == false)
        #expect(machine.taskMayWait() == true, "a task that came later is looked for")
    }

    @Test func aTaskThatComesDuringAnEmptyClaimIsNotForgotten() {
        var machine = SchedulerStateMachine(queriesMax: 1, waitingMax: 1, tasksMax: 1)
        #expect(machine.taskMayWait() == true)
        #expect(machine.taskMayWait() == false)
        #expect(machine.claimed(false) == true, "the file is asked again")
    }

    @Test func aClaimThatFailsIsMadeAgain() {
        var machine = SchedulerStateMachine(queriesMax: 1, waitingMax: 1, tasksMax: 2)
        _ = machine.taskMayWait()
        _ = machine.claimed(true)
        _ = machine.taskEnded()
        machine.claimFailed()
        #expect(machine.isIdle)
        #expect(machine.taskMayWait() == true)
    }

    @Test func nothingStartsAfterTheStop() {
        var machine = SchedulerStateMachine(queriesMax: 1, waitingMax: 1, tasksMax: 1)
        _ = machine.taskMayWait()
        _ = machine.claimed(true)
        machine.stop()
        #expect(machine.querySubmitted() == .stopping && machine.taskEnded() == false && machine.isIdle)
    }
}

@Suite struct TextTests {
    @Test func logValuesCannotLookLikeAnythingElse() {
        #expect(EventLogHandler.escaped("plain-1.2/x:y") == "plain-1.2/x:y")
        #expect(EventLogHandler.escaped("") == "\"\"")
        #expect(EventLogHandler.escaped("a b=\"c\"\n\u{2028}\u{202E}\\") == "\"a b=\\\"c\\\"\\n\\u{2028}\\u{202e}\\\\\"")
    }

    @Test(arguments: [("+08:00", 480), ("-13:59", -839), ("+14:00", 840), ("+0:00", 0)])
    func offsets(_ text: String, _ minutes: Int) { #expect(TimeZoneOffset.minutes(text) == minutes) }

    @Test(arguments: ["8", "+14:01", "-14:00", "+08:60", "UTC", "+8", ""])
    func noOffsets(_ text: String) { #expect(TimeZoneOffset.minutes(text) == nil) }
}
