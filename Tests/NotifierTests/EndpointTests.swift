import LoonCore
import Testing

@testable import Notifier

@Suite struct EndpointTests {
    private let rules = EndpointRules.standard(region: "cn-hangzhou")

    @Test func keepsTheCaseOfTheInstance() throws {
        let endpoint = try Endpoint("HTTP://MQ_INST_1_BagJ6yLU.cn-hangzhou.mq-internal.aliyuncs.com:8080/")
        #expect((endpoint.instanceID, endpoint.port, endpoint.scheme) == ("MQ_INST_1_BagJ6yLU", 8080, .http))
        #expect(endpoint.url == "http://MQ_INST_1_BagJ6yLU.cn-hangzhou.mq-internal.aliyuncs.com:8080")
        #expect(try rules.addresses(for: endpoint) == [.public, .private])
        #expect(try Endpoint("https://h").port == 443)
        #expect(try Endpoint("http://h:000080").url == "http://h:80")
        #expect(throws: QueryError.self) { try Endpoint("http://[127.0.0.1]:80") }
    }

    @Test(arguments: [
        "http://1.mqrest.cn-hangzhou.aliyuncs.com.evil.com", "http://mqrest.cn-hangzhou.aliyuncs.com",
        "http://1.mqrest.cn-beijing.aliyuncs.com",
        "http://localhost", "http://[::1]", "http://127.0.0.2", "http://0", "http://0x7f000001", "http://evil",
    ])
    func isNotAllowed(_ text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(throws: QueryError.self) { try rules.addresses(for: endpoint) }
    }

    @Test(
        arguments: [
            ([127, 0, 0, 1], AddressClass.loopback), ([127, 255, 0, 1], .loopback), ([10, 1, 2, 3], .private),
            ([172, 16, 0, 1], .private),
            ([172, 32, 0, 1], .public), ([192, 168, 1, 1], .private), ([100, 64, 0, 1], .private),
            ([100, 100, 100, 200], .reserved),
            ([0x20, 0x02, 0xA9, 0xFE, 0xA9, 0xFE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], .reserved),
            ([0x20, 0x01, 0, 0] + Array(repeating: 9, count: 12), .reserved),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 169, 254, 169, 254], .reserved),
            ([169, 254, 169, 254], .reserved), ([0, 0, 0, 0], .reserved), ([224, 0, 0, 1], .reserved),
            ([255, 255, 255, 255], .reserved),
            ([8, 8, 8, 8], .public),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1], .loopback),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], .loopback),
            ([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], .reserved),
            ([0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], .private),
            ([0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 169, 254, 169, 254], .reserved), ([1], .reserved),
        ] as [([UInt8], AddressClass)])
    func judges(_ address: [UInt8], _ expected: AddressClass) { #expect(AddressClass(address: address) == expected) }
}
