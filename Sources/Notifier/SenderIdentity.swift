package import LoonCore

/// As whom the daemon sends: its keys, what it may do with them, and where to.
package struct SenderIdentity: Sendable {
    /// For the vendor's products.
    package var key: AccessKey?
    /// Where the keys of the roles are borrowed; `nil`: `key` itself signs, where `authorize` lets it.
    package var tokenService: SecurityTokenService?
    /// Throws where the role that the message is to be sent in may not send it.
    package var authorize: @Sendable (NotificationTarget) throws(QueryError) -> Void
    package var webhookSecret: WebhookSecret?
    package var rabbitMQ: BrokerLogin?
    package var rules: EndpointRules

    package init(
        key: AccessKey?, rules: EndpointRules,
        authorize: @escaping @Sendable (NotificationTarget) throws(QueryError) -> Void = { _ throws(QueryError) in }
    ) {
        self.key = key
        self.rules = rules
        self.authorize = authorize
    }

    /// Throws, with what is to be set, where nothing can be sent to that product.
    package func check(_ product: NotificationTarget.Product) throws(QueryError) {
        func missing(_ what: String) -> QueryError { QueryError(.hintValue, "No message can be sent: \(what)") }
        switch product {
        case .ons, .mns:
            if key == nil {
                throw missing(
                    "the daemon has no access key; set notify.access-key-id and notify.access-key-secret-file")
            }
        case .webhook:
            if webhookSecret == nil {
                throw missing("the daemon has no secret to sign webhooks with; set notify.webhook-secret-file")
            }
        case .rabbitmq:
            if rabbitMQ == nil {
                throw missing(
                    "the daemon has no user of RabbitMQ; set notify.rabbitmq-endpoint, notify.rabbitmq-user "
                        + "and notify.rabbitmq-password-file"
                )
            }
        }
    }

    /// The endpoint of a target, and what its addresses may be.
    func endpoint(of target: NotificationTarget) throws(QueryError) -> (Endpoint, Set<AddressClass>) {
        let endpoint = try Endpoint(target.endpoint, allowsPath: target.product == .webhook)
        return (endpoint, try rules.addresses(for: endpoint))
    }

    /// The request for a message. `credentials` for the vendor's products.
    func request(for message: OutboxMessage, endpoint: Endpoint, credentials: Credentials?, now: Int64) throws
        -> OutgoingRequest
    {
        try check(message.target.product)
        switch message.target.product {
        case .ons, .mns:
            guard let credentials = credentials ?? key.map({ Credentials(key: $0, token: nil) }) else {
                throw Self.unset
            }
            return VendorRequest.request(for: message, endpoint: endpoint, credentials: credentials, now: now)
        case .webhook:
            guard let webhookSecret else { throw Self.unset }
            return WebhookRequest.request(for: message, endpoint: endpoint, secret: webhookSecret, now: now)
        case .rabbitmq:
            guard let rabbitMQ else { throw Self.unset }
            guard rabbitMQ.endpoint == endpoint else {
                throw QueryError(
                    .hintValue,
                    "mq-endpoint '\(endpoint.url)' is not notify.rabbitmq-endpoint, and the daemon has a login "
                        + "for that alone"
                )
            }
            return try RabbitMQRequest.request(for: message, endpoint: endpoint, login: rabbitMQ)
        }
    }

    private static var unset: QueryError { QueryError(.hintValue, "No message can be sent: a key is missing") }
}
