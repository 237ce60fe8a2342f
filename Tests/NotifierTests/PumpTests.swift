import LoonCore
import Testing

@testable import Notifier

@Suite struct PumpTests {
    @Test func backsOffWithJitterUntilTheMessageIsTooOld() {
        let policy = RetryPolicy(baseMilliseconds: 100, capMilliseconds: 1_000, giveUpMilliseconds: 10_000)
        #expect(policy.retryAt(now: 0, created: 0, attempts: 1, random: 0.5) == 50)
        #expect(policy.retryAt(now: 0, created: 0, attempts: 3, random: 0.5) == 200)
        #expect(policy.retryAt(now: 0, created: 0, attempts: 10, random: 0.999) == 999)
        #expect(policy.retryAt(now: 0, created: 0, attempts: 1_000_000, random: 0) == 1)
        #expect(policy.retryAt(now: 10_000, created: 0, attempts: 1, random: 0) == nil)
    }

    @Test func aMessageStaysInHandUntilItsOutcomeIsDurable() {
        var pump = PumpStateMachine()
        #expect(pump.capacity() == Limits.messagesInFlight)
        pump.started(7)
        #expect(pump.inHand == [7] && pump.capacity() == Limits.messagesInFlight - 1)
        pump.posted(7)
        #expect(pump.inHand == [7] && !pump.isIdle)
        pump.recorded(7, isDurable: true, now: 0)
        #expect(pump.inHand.isEmpty && pump.isIdle)
    }

    @Test func anOutcomeThatCannotBeStoredIsLeftAloneForAWhile() {
        var pump = PumpStateMachine()
        pump.started(7)
        pump.posted(7)
        pump.recorded(7, isDurable: false, now: 1_000)
        #expect(pump.inHand == [7] && pump.sleep(now: 1_000, nextDue: nil) == 5_000)
        let (early, due) = (pump.release(now: 5_999), pump.release(now: 6_000))
        #expect(early.isEmpty && due == [7] && pump.inHand == [7], "the outcome is stored again, the message not posted again")
        pump.recorded(7, isDurable: true, now: 6_000)
        #expect(pump.inHand.isEmpty)
    }

    @Test func sleepsUntilTheNextIsDue() {
        let pump = PumpStateMachine()
        #expect(pump.sleep(now: 100, nextDue: 350) == 250)
        #expect(pump.sleep(now: 100, nextDue: 50) == 0)
        #expect(pump.sleep(now: 100, nextDue: nil) == 60_000)
    }

    @Test func readsTheBrokersAnswer() {
        let body = Array("<Message><MessageId>M1</MessageId><MessageBodyMD5>ab</MessageBodyMD5></Message>".utf8)
        #expect(BrokerAnswer.outcome(status: 201, body: body, bodyMD5: "AB") == .delivered(messageID: "M1"))
        let refusal = Array("<Error><Code>TopicNotExist</Code><Message>gone</Message></Error>".utf8)
        #expect(BrokerAnswer.outcome(status: 404, body: refusal, bodyMD5: "") == .refused("HTTP 404 TopicNotExist: gone"))
        #expect(BrokerAnswer.outcome(status: 503, body: [], bodyMD5: "") == .failed("HTTP 503"))
    }
}
