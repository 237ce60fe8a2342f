import Testing

@testable import LoonTasks

@Suite struct ClusterStateMachineTests {
    private func actions(_ machine: inout ClusterStateMachine) -> [ClusterStateMachine.Action] {
        var actions: [ClusterStateMachine.Action] = []
        while let action = machine.next(startable: .max) { actions.append(action) }
        return actions
    }

    @Test func neitherTakesTheLastPlaceOfTheOther() {
        var machine = ClusterStateMachine(placesMax: 3, queriesMax: 9, tasksMax: 9, waitingMax: 9)
        for _ in 0..<4 { #expect(machine.querySubmitted() == .accepted) }
        #expect(actions(&machine) == [.startQuery, .startQuery])
        machine.taskMayWait()
        #expect(actions(&machine) == [.claimTask])
        machine.claimed(true)
        #expect(actions(&machine) == [], "no place is left")
        machine.queryEnded()
        #expect(actions(&machine) == [.startQuery], "they take turns")
        machine.queryEnded()
        #expect(actions(&machine) == [.claimTask])
        machine.claimed(false)
        #expect(actions(&machine) == [.startQuery], "no task waited, and the place is a query's")
    }

    @Test func oneAloneIsSharedInTurns() {
        var machine = ClusterStateMachine(placesMax: 1, queriesMax: 4, tasksMax: 4, waitingMax: 9)
        for _ in 0..<3 { _ = machine.querySubmitted() }
        machine.taskMayWait()
        var order: [ClusterStateMachine.Action] = []
        for _ in 0..<5 {
            let next = actions(&machine)
            order += next
            switch next.first {
            case .claimTask:
                machine.claimed(true)
                machine.taskEnded()
            case .startQuery: machine.queryEnded()
            case nil: break
            }
        }
        #expect(order == [.startQuery, .claimTask, .startQuery, .claimTask, .startQuery])
    }

    @Test func whatIsTooManyIsRefused() {
        var machine = ClusterStateMachine(placesMax: 2, queriesMax: 1, tasksMax: 1, waitingMax: 1)
        #expect(machine.querySubmitted() == .accepted)
        #expect(actions(&machine) == [.startQuery])
        #expect(machine.querySubmitted() == .accepted)
        #expect(machine.querySubmitted() == .refuse)
        var narrow = ClusterStateMachine(placesMax: 2, queriesMax: 1, tasksMax: 1, waitingMax: 0)
        #expect(narrow.querySubmitted() == .accepted, "it need not wait")
    }

    @Test func oneClaimAtATimeUntilThereIsNone() {
        var machine = ClusterStateMachine(placesMax: 5, queriesMax: 1, tasksMax: 2, waitingMax: 1)
        machine.taskMayWait()
        #expect(actions(&machine) == [.claimTask])
        machine.taskMayWait()
        #expect(actions(&machine) == [])
        machine.claimed(true)
        #expect(actions(&machine) == [.claimTask])
        machine.claimed(true)
        #expect(actions(&machine) == [], "both places are taken")
        machine.taskEnded()
        #expect(actions(&machine) == [.claimTask])
        machine.claimFailed()
        #expect(actions(&machine) == [], "until somebody asks")
        machine.taskMayWait()
        #expect(actions(&machine) == [.claimTask])
        machine.claimed(false)
        #expect(actions(&machine) == [] && !machine.isIdle)
        machine.taskEnded()
        #expect(actions(&machine) == [.claimTask])
        machine.claimed(false)
        #expect(machine.isIdle)
    }

    @Test func nothingBeginsAfterAStopButWhatWaited() {
        var machine = ClusterStateMachine(placesMax: 3, queriesMax: 1, tasksMax: 1, waitingMax: 1)
        _ = machine.querySubmitted()
        #expect(actions(&machine) == [.startQuery])
        _ = machine.querySubmitted()
        machine.stop()
        machine.taskMayWait()
        #expect(actions(&machine) == [])
        #expect(machine.querySubmitted() == .stopping)
        machine.queryEnded()
        #expect(actions(&machine) == [.startQuery])
        machine.queryEnded()
        #expect(machine.isIdle)
    }
}
