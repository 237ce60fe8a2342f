package import LoonCore

/// The kind of place that an IP address is.
package enum AddressClass: String, Sendable, CaseIterable {
    case loopback
    /// RFC 1918, RFC 6598 (shared) and RFC 4193 (unique local).
    case `private`
    case `public`
    /// Never a broker: unspecified, link-local (clouds' metadata services among them), multicast, broadcast.
    case reserved

    /// `bytes` are the 4 or 16 bytes of an address in network order. An IPv4 address inside of an IPv6 one is judged as
    /// itself.
    package init(address bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = Self.ofIPv4(bytes)
        case 16:
            if bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
                self = Self.ofIPv4(Array(bytes[12...]))
            } else if bytes[0..<12] == [0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] {  // RFC 6052: NAT64
                self = Self.ofIPv4(Array(bytes[12...]))
            } else if bytes[0..<12].allSatisfy({ $0 == 0 }) {
                self = bytes[12..<15].allSatisfy({ $0 == 0 }) && bytes[15] == 1 ? .loopback : .reserved
            } else if bytes[0] == 0x20, bytes[1] == 0x02 {  // RFC 3056: 6to4
                self = Self.ofIPv4(Array(bytes[2..<6]))
            } else if bytes[0..<4] == [0x20, 0x01, 0, 0] || bytes[0..<6] == [0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01]
                || bytes[0..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0]
            {  // RFC 4380 (Teredo), RFC 8215 (local translation), RFC 2765: what they lead to is not seen in them.
                self = .reserved
            } else if Self.metadataServices.contains(bytes) {
                self = .reserved
            } else if bytes[0] == 0xFF || (bytes[0] == 0xFE && bytes[1] & 0x80 == 0x80) {  // link-local, site-local
                self = .reserved
            } else if bytes[0] & 0xFE == 0xFC {
                self = .private
            } else {
                self = .public
            }
        default: self = .reserved
        }
    }

    /// Of AWS (fd00:ec2::254) and Google (fd20:ce::254), which lie among the unique local addresses.
    private static let metadataServices: Set<[UInt8]> = [
        [0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
        [0xFD, 0x20, 0x00, 0xCE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
    ]

    private static func ofIPv4(_ bytes: [UInt8]) -> AddressClass {
        switch (bytes[0], bytes[1]) {
        case (127, _): .loopback
        case (0, _), (169, 254), (224..., _): .reserved
        // The metadata services of Alibaba Cloud, Azure and Oracle.
        case (100, 100) where bytes[2] == 100 && bytes[3] == 200: .reserved
        case (168, 63) where bytes[2] == 129 && bytes[3] == 16: .reserved
        case (192, 0) where bytes[2] == 0: .reserved
        case (10, _), (172, 16...31), (192, 168), (100, 64...127): .private
        default: .public
        }
    }
}

/// One kind of endpoint that messages may be posted to.
package struct EndpointRule: Sendable, Equatable {
    /// `nil` for both.
    package let scheme: Endpoint.Scheme?
    /// A host's name or address; a leading `*.` stands for one label or more.
    package let host: String
    /// `nil` for any.
    package let port: Int?
    /// Classes that the host's addresses must be of.
    package let addresses: Set<AddressClass>

    package init(scheme: Endpoint.Scheme?, host: String, port: Int?, addresses: Set<AddressClass>) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.addresses = addresses
    }

    func allows(_ endpoint: Endpoint) -> Bool {
        if let scheme, scheme != endpoint.scheme { return false }
        if let port, port != endpoint.port { return false }
        let name = endpoint.host.lowercased()
        let pattern = host.lowercased()
        guard pattern.hasPrefix("*.") else { return name == pattern }
        return name.hasSuffix(pattern.dropFirst()) && name.utf8.count > pattern.utf8.count - 1
    }
}

/// The list of rules. What no rule allows is refused.
package struct EndpointRules: Sendable, Equatable {
    package let rules: [EndpointRule]

    package init(_ rules: [EndpointRule]) { self.rules = rules }

    /// This machine under its local names, and the vendor's hosts of one region.
    package static func standard(region: String) -> EndpointRules {
        let vendor = [
            "*.mqrest.\(region).aliyuncs.com", "*.mqrest.\(region)-internal.aliyuncs.com",
            "*.\(region).mq-internal.aliyuncs.com",
            "*.mns.\(region).aliyuncs.com", "*.mns.\(region)-internal.aliyuncs.com",
        ]
        return EndpointRules(
            ["*.localhost", "127.0.0.1"].map { EndpointRule(scheme: nil, host: $0, port: nil, addresses: [.loopback]) }
                + vendor.map { EndpointRule(scheme: nil, host: $0, port: nil, addresses: [.public, .private]) })
    }

    /// The classes that the addresses of `endpoint` may be of: checked again on the socket, so that DNS cannot lie.
    /// Throws where no rule allows it.
    package func addresses(for endpoint: Endpoint) throws(QueryError) -> Set<AddressClass> {
        let matching = rules.filter { $0.allows(endpoint) }
        guard !matching.isEmpty else {
            throw QueryError(
                .hintValue,
                "mq-endpoint '\(endpoint.url)' is not allowed; an administrator can allow it with a rule of "
                    + "notify.allow in the configuration"
            )
        }
        return matching.reduce(into: Set<AddressClass>()) { $0.formUnion($1.addresses) }.subtracting([.reserved])
    }
}
