package import LoonCore

/// A broker's address as a hint gives it: `scheme://host[:port]`, and for a webhook a path. The host keeps its case:
/// RocketMQ's instance ids are case-sensitive.
package struct Endpoint: Sendable, Equatable {
    package enum Scheme: String, Sendable { case http, https }

    package let scheme: Scheme
    /// Without the brackets of an IPv6 address.
    package let host: String
    package let port: Int
    /// With the query; '' where there is none.
    package let path: String
    private let authority: String

    /// `scheme://host[:port]`, as it is requested.
    package var url: String { "\(scheme.rawValue)://\(authority)" }

    /// Throws a refusal that says what is wrong: user-info and a fragment are never part of an endpoint, a path and a
    /// query where `allowsPath` says so.
    package init(_ text: String, allowsPath: Bool = false) throws(QueryError) {
        func refusal(_ reason: String) -> QueryError {
            QueryError(
                .hintValue, "mq-endpoint '\(text.prefix(200))' cannot be used: \(reason); write http://host:port")
        }
        guard let separator = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased())
        else {
            throw refusal("it begins with http:// or https://")
        }
        var rest = text[separator.upperBound...]
        var path = ""
        if allowsPath, let start = rest.firstIndex(where: { "/?".contains($0) }) {
            path = (rest[start] == "?" ? "/" : "") + rest[start...]
            rest = rest[..<start]
            // Only the characters of a URL (RFC 3986), and no byte that would end the request's line.
            guard path.utf8.count <= 2_048,
                path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"#\"<>\\^`{|}".utf8.contains($0) })
            else {
                throw refusal("its path cannot be read")
            }
        } else if rest.hasSuffix("/") {
            rest = rest.dropLast()
        }
        if rest.contains("@") { throw refusal("it names a user") }
        if rest.contains(where: { "/?#\\".contains($0) }) { throw refusal("it has a path or a query") }
        var host = rest
        var portText: Substring?
        if rest.hasPrefix("["), let close = rest.firstIndex(of: "]") {
            host = rest[rest.index(after: rest.startIndex)..<close]
            let tail = rest[rest.index(after: close)...]
            guard tail.isEmpty || tail.hasPrefix(":") else { throw refusal("its host cannot be read") }
            portText = tail.isEmpty ? nil : tail.dropFirst()
            guard host.contains(":"), host.utf8.allSatisfy(Self.isAddressByte) else {
                throw refusal("its host cannot be read")
            }
        } else {
            if let colon = rest.firstIndex(of: ":") {
                host = rest[..<colon]
                portText = rest[rest.index(after: colon)...]
            }
            guard !host.isEmpty, host.utf8.count <= 253, host.utf8.allSatisfy(Self.isHostByte), !host.hasPrefix("."),
                !host.contains("..")
            else { throw refusal("its host cannot be read") }
        }
        var port = scheme == .http ? 80 : 443
        if let portText {
            guard portText.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(portText),
                (1...65_535).contains(number)
            else { throw refusal("its port is a number from 1 to 65535") }
            port = number
        }
        self.scheme = scheme
        self.host = String(host)
        self.port = port
        self.path = path
        // One way to write it: lanes and rules go by it.
        let name = rest.hasPrefix("[") ? "[\(host)]" : String(host)
        authority = portText == nil ? name : "\(name):\(port)"
    }

    /// RocketMQ's instance: the label of the host that begins with `MQ_INST_`.
    package var instanceID: String? {
        host.split(separator: ".").first { $0.uppercased().hasPrefix("MQ_INST_") }.map(String.init)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") || UnicodeScalar(byte).properties.isASCIIHexDigit
    }
}
