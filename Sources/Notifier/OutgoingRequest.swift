import LoonCore

/// A POST to an endpoint, and how its answer is read.
struct OutgoingRequest: Sendable {
    let url: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    let reader: AnswerReader
}

/// The outcome of one try.
enum DeliveryOutcome: Sendable, Equatable {
    case delivered(messageID: String)
    /// Worth another try; the endpoint is not well.
    case failed(String)
    /// Worth another try; it is this message that the endpoint cannot deliver now.
    case postponed(String)
    /// Not worth one: the request itself is refused.
    case refused(String)
}

/// How the answer of a product is read. What is no answer of its protocol counts as a failure of the moment.
enum AnswerReader: Sendable {
    /// RocketMQ and MNS: the message's id, and the digest of the body as the broker received it, which must be this
    /// one.
    case vendor(bodyMD5: String)
    /// Any 2xx; whatever the body says. The event's id stands for the message's.
    case webhook(eventID: String)
    /// `{"routed":true}`
    case rabbitMQ(eventID: String)

    func outcome(status: Int, body: [UInt8]) -> DeliveryOutcome {
        switch status {
        case 200...299:
            switch self {
            case .vendor(let bodyMD5): return VendorAnswer.sent(status, body, bodyMD5: bodyMD5)
            case .webhook(let eventID): return .delivered(messageID: eventID)
            case .rabbitMQ(let eventID): return RabbitMQRequest.outcome(body, eventID: eventID)
            }
        case 408, 429, 500...599: return .failed("HTTP \(status)" + reason(body))
        // No answer of HTTP's.
        case ..<100, 600...: return .failed("HTTP \(status)")
        default: return .refused("HTTP \(status)" + reason(body))
        }
    }

    private func reason(_ body: [UInt8]) -> String {
        switch self {
        case .vendor: VendorAnswer.reason(body)
        case .rabbitMQ: RabbitMQRequest.reason(body)
        case .webhook: ""
        }
    }
}
