import NIOHTTP1
import Notifier

/// MNS's queues, topics and subscriptions: made, listed, described, removed.
struct AdministrationRoute {
    private let route: BrokerRoute
    private var path: [String] { route.path }

    private static let nameMax = 120
    private static let listMax = 1_000

    init(_ route: BrokerRoute) { self.route = route }

    func perform(on broker: inout Broker, now: Int64) -> BrokerReply {
        switch (path.first, path.count) {
        case ("queues", 1): return list(broker.queues.keys, of: "Queue")
        case ("topics", 1): return list(broker.mnsTopics.keys, of: "Topic")
        case ("queues", 2): return queue(path[1], &broker, now)
        case ("topics", 2): return topic(path[1], &broker, now)
        case ("topics", 3) where path[2] == "subscriptions":
            guard let topic = broker.mnsTopics[path[1]] else { return missing("Topic") }
            return list(topic.subscriptions.keys, of: "Subscription")
        case ("topics", 4) where path[2] == "subscriptions": return subscription(path[3], of: path[1], &broker, now)
        default: return route.unknown
        }
    }

    // MARK: Answers

    private func missing(_ kind: String) -> BrokerReply {
        failure(.notFound, "\(kind)NotExist", "The \(kind.lowercased()) name you provided is not exist.")
    }

    private func failure(_ status: HTTPResponseStatus, _ code: String, _ text: String) -> BrokerReply {
        .failure(status, code, text, .mns)
    }

    private func url(_ path: String) -> String { "http://\(route.header("host") ?? "localhost")/\(path)" }

    /// 201 with the place where it is new, 204 where it was there already.
    private func made(_ path: String, isNew: Bool) -> BrokerReply {
        BrokerReply(isNew ? .created : .noContent, headers: [("Location", url(path))])
    }

    private func isName(_ name: String) -> Bool {
        name.utf8.count <= Self.nameMax && name.first?.isASCII == true && name.first != "-" && name.first != "_"
            && name.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "-_".unicodeScalars.contains($0))
            }
    }

    private struct Queues: Encodable {
        struct Item: Encodable { let QueueURL: String }
        let Queue: [Item]
        let NextMarker: String?
    }
    private struct Topics: Encodable {
        struct Item: Encodable { let TopicURL: String }
        let Topic: [Item]
        let NextMarker: String?
    }
    private struct Subscriptions: Encodable {
        struct Item: Encodable { let SubscriptionURL: String }
        let Subscription: [Item]
        let NextMarker: String?
    }

    private func list(_ names: some Sequence<String>, of kind: String) -> BrokerReply {
        let prefix = route.header("x-mns-prefix") ?? ""
        let marker = route.header("x-mns-marker") ?? ""
        let most = min(max(route.header("x-mns-ret-number").flatMap(Int.init) ?? Self.listMax, 1), Self.listMax)
        let found = names.filter { $0.hasPrefix(prefix) && $0 > marker }.sorted()
        let page = found.prefix(most)
        let next = found.count > most ? page.last : nil
        switch kind {
        case "Queue":
            return BrokerReply(
                .ok, Queues(Queue: page.map { .init(QueueURL: url("queues/\($0)")) }, NextMarker: next), root: "Queues")
        case "Topic":
            return BrokerReply(
                .ok, Topics(Topic: page.map { .init(TopicURL: url("topics/\($0)")) }, NextMarker: next), root: "Topics")
        default:
            let items = page.map { Subscriptions.Item(SubscriptionURL: url("topics/\(path[1])/subscriptions/\($0)")) }
            return BrokerReply(.ok, Subscriptions(Subscription: items, NextMarker: next), root: "Subscriptions")
        }
    }

    // MARK: Queues

    private struct QueueRequest: Decodable {
        let DelaySeconds: Int?
        let MaximumMessageSize: Int?
        let MessageRetentionPeriod: Int?
        let VisibilityTimeout: Int?
        let PollingWaitSeconds: Int?
        let LoggingEnabled: String?

        /// `nil` where a value is out of its range.
        func applied(to attributes: QueueAttributes) -> QueueAttributes? {
            var changed = attributes
            func take(_ value: Int?, _ range: ClosedRange<Int>, _ place: WritableKeyPath<QueueAttributes, Int>) -> Bool
            {
                guard let value else { return true }
                changed[keyPath: place] = value
                return range.contains(value)
            }
            if let LoggingEnabled { changed.loggingEnabled = LoggingEnabled.lowercased() == "true" }
            let isGood =
                take(DelaySeconds, 0...604_800, \.delaySeconds)
                && take(MaximumMessageSize, 1_024...65_536, \.maximumMessageSize)
                && take(MessageRetentionPeriod, 60...604_800, \.messageRetentionPeriod)
                && take(VisibilityTimeout, 1...43_200, \.visibilityTimeout)
                && take(PollingWaitSeconds, 0...30, \.pollingWaitSeconds)
            return isGood ? changed : nil
        }
    }

    private struct QueueDescription: Encodable {
        let QueueName: String
        let ActiveMessages: Int
        let InactiveMessages: Int
        let DelayMessages: Int
        let CreateTime: Int64
        let LastModifyTime: Int64
        let DelaySeconds: Int
        let MaximumMessageSize: Int
        let MessageRetentionPeriod: Int
        let VisibilityTimeout: Int
        let PollingWaitSeconds: Int
        let LoggingEnabled: String
    }

    private func queue(_ name: String, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        let known = broker.queues[name]
        switch route.method {
        case "PUT":
            guard isName(name) else {
                return failure(.badRequest, "InvalidQueueName", "The queue name you provided is invalid.")
            }
            guard let request: QueueRequest = route.decode() else { return route.malformed }
            let isChange = route.query["metaoverride"] != nil
            if isChange, known == nil { return missing("Queue") }
            guard
                var attributes = request.applied(
                    to: isChange ? known?.attributes ?? QueueAttributes(since: now) : QueueAttributes(since: now))
            else {
                return failure(.badRequest, "InvalidArgument", "An attribute of the queue is out of its range.")
            }
            if let known, !isChange {
                guard known.attributes.isLike(attributes) else {
                    return failure(.conflict, "QueueAlreadyExist", "The queue you want to create is already exist.")
                }
                return made("queues/\(name)", isNew: false)
            }
            attributes.modified = now
            broker.make(.queue(name, attributes))
            return made("queues/\(name)", isNew: !isChange)
        case "GET":
            guard let known else { return missing("Queue") }
            let (counts, attributes) = (known.mailbox.counts(now: now), known.attributes)
            return BrokerReply(
                .ok,
                QueueDescription(
                    QueueName: name, ActiveMessages: counts.active, InactiveMessages: counts.inactive,
                    DelayMessages: counts.delayed,
                    CreateTime: attributes.created / 1_000, LastModifyTime: attributes.modified / 1_000,
                    DelaySeconds: attributes.delaySeconds,
                    MaximumMessageSize: attributes.maximumMessageSize,
                    MessageRetentionPeriod: attributes.messageRetentionPeriod,
                    VisibilityTimeout: attributes.visibilityTimeout, PollingWaitSeconds: attributes.pollingWaitSeconds,
                    LoggingEnabled: attributes.loggingEnabled ? "True" : "False"), root: "Queue")
        case "DELETE":
            broker.make(.queue(name, nil))
            return .empty
        default: return route.unknown
        }
    }

    // MARK: Topics

    private struct TopicRequest: Decodable {
        let MaximumMessageSize: Int?
        let LoggingEnabled: String?
    }

    private struct TopicDescription: Encodable {
        let TopicName: String
        let MessageCount: Int
        let CreateTime: Int64
        let LastModifyTime: Int64
        let MaximumMessageSize: Int
        let MessageRetentionPeriod: Int
        let LoggingEnabled: String
    }

    private func topic(_ name: String, _ broker: inout Broker, _ now: Int64) -> BrokerReply {
        let known = broker.mnsTopics[name]
        switch route.method {
        case "PUT":
            guard isName(name) else {
                return failure(.badRequest, "InvalidTopicName", "The topic name you provided is invalid.")
            }
            guard let request: TopicRequest = route.decode() else { return route.malformed }
            let isChange = route.query["metaoverride"] != nil
            if isChange, known == nil { return missing("Topic") }
            var attributes = known?.attributes ?? TopicAttributes(since: now)
            attributes.maximumMessageSize = request.MaximumMessageSize ?? attributes.maximumMessageSize
            guard (1_024...65_536).contains(attributes.maximumMessageSize) else {
                return failure(.badRequest, "InvalidArgument", "An attribute of the topic is out of its range.")
            }
            attributes.loggingEnabled =
                request.LoggingEnabled.map { $0.lowercased() == "true" } ?? attributes.loggingEnabled
            if let known, !isChange {
                guard known.attributes == attributes else {
                    return failure(.conflict, "TopicAlreadyExist", "The topic you want to create is already exist.")
                }
                return made("topics/\(name)", isNew: false)
            }
            attributes.modified = now
            broker.make(.topic(name, attributes))
            return made("topics/\(name)", isNew: !isChange)
        case "GET":
            guard let attributes = known?.attributes else { return missing("Topic") }
            return BrokerReply(
                .ok,
                TopicDescription(
                    TopicName: name, MessageCount: 0, CreateTime: attributes.created / 1_000,
                    LastModifyTime: attributes.modified / 1_000,
                    MaximumMessageSize: attributes.maximumMessageSize, MessageRetentionPeriod: 86_400,
                    LoggingEnabled: attributes.loggingEnabled ? "True" : "False"), root: "Topic")
        case "DELETE":
            broker.make(.topic(name, nil))
            return .empty
        default: return route.unknown
        }
    }

    // MARK: Subscriptions

    private struct SubscriptionRequest: Decodable {
        let Endpoint: String?
        let FilterTag: String?
        let NotifyStrategy: String?
        let NotifyContentFormat: String?
    }

    private struct SubscriptionDescription: Encodable {
        let SubscriptionName: String
        let Subscriber = "loon"
        let TopicOwner = "loon"
        let TopicName: String
        let Endpoint: String
        let NotifyStrategy: String
        let NotifyContentFormat: String
        let FilterTag: String
        let CreateTime: Int64
        let LastModifyTime: Int64
    }

    private func subscription(_ name: String, of topicName: String, _ broker: inout Broker, _ now: Int64) -> BrokerReply
    {
        guard let topic = broker.mnsTopics[topicName] else { return missing("Topic") }
        let known = topic.subscriptions[name]
        let place = "topics/\(topicName)/subscriptions/\(name)"
        switch route.method {
        case "PUT":
            guard isName(name) else {
                return failure(.badRequest, "InvalidSubscriptionName", "The subscription name you provided is invalid.")
            }
            guard let request: SubscriptionRequest = route.decode() else { return route.malformed }
            if route.query["metaoverride"] != nil {
                guard var changed = known else { return missing("Subscription") }
                changed.strategy = request.NotifyStrategy ?? changed.strategy
                changed.modified = now
                broker.make(.subscription(topic: topicName, name: name, changed))
                return .empty
            }
            let made = Subscription(
                endpoint: request.Endpoint ?? "", filterTag: request.FilterTag.flatMap { $0.isEmpty ? nil : $0 },
                strategy: request.NotifyStrategy ?? "BACKOFF_RETRY",
                format: request.NotifyContentFormat.flatMap(Subscription.Format.init) ?? .xml, created: now,
                modified: now)
            guard made.queue != nil else {
                return failure(
                    .badRequest, "EndpointInvalid",
                    "The endpoint is acs:mns:{region}:{account}:queues/{name}; other kinds are not served here.")
            }
            if let known {
                guard known.endpoint == made.endpoint, known.filterTag == made.filterTag, known.format == made.format
                else {
                    return failure(
                        .conflict, "SubscriptionAlreadyExist", "The subscription you want to create is already exist.")
                }
                return self.made(place, isNew: false)
            }
            guard topic.subscriptions.count < 100 else {
                return failure(.badRequest, "SubscriptionsExceed", "A topic has at most 100 subscriptions.")
            }
            broker.make(.subscription(topic: topicName, name: name, made))
            return self.made(place, isNew: true)
        case "GET":
            guard let known else { return missing("Subscription") }
            return BrokerReply(
                .ok,
                SubscriptionDescription(
                    SubscriptionName: name, TopicName: topicName, Endpoint: known.endpoint,
                    NotifyStrategy: known.strategy,
                    NotifyContentFormat: known.format.rawValue, FilterTag: known.filterTag ?? "",
                    CreateTime: known.created / 1_000,
                    LastModifyTime: known.modified / 1_000), root: "Subscription")
        case "DELETE":
            broker.make(.subscription(topic: topicName, name: name, nil))
            return .empty
        default: return route.unknown
        }
    }
}
