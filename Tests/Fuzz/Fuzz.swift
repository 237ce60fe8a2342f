import AccessControl
import LoonCore
import NIOCore

@testable import LoonService
@testable import MySQLProtocol
@testable import Notifier
@testable import SQLDialect
@testable import SQLFrontend

/// What libFuzzer calls with each input (https://llvm.org/docs/LibFuzzer.html). The first byte chooses what the rest is
/// shown to.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start[0] % 9 {
    case 0: connection(bytes, isReady: false)
    case 1: connection(bytes, isReady: true)
    case 2: decompression(bytes)
    case 3: statement(bytes, mode: LexicalMode())
    case 4: statement(bytes, mode: LexicalMode(ansiQuotes: true, noBackslashEscapes: true))
    case 5: _ = try? PolicyDocument(json: bytes, isTrustPolicy: bytes.count % 2 == 0)
    case 6: broker(bytes)
    case 7: configuration(bytes)
    default: endpoint(bytes)
    }
    return 0
}

/// A broker's and STS's answers, in their products' readers.
private func broker(_ bytes: [UInt8]) {
    for reader in [AnswerReader.vendor(bodyMD5: "AB"), .rabbitMQ(eventID: "e"), .webhook(eventID: "e")] {
        for status in [201, 403, 503] { _ = reader.outcome(status: status, body: bytes) }
    }
    _ = SecurityTokenService.outcome(status: 200, body: bytes)
}

private func configuration(_ bytes: [UInt8]) {
    var configuration = Configuration()
    try? ConfigurationFile.read(text: String(decoding: bytes, as: UTF8.self), of: "fuzz.yaml", into: &configuration)
}

/// What an account may write as mq-endpoint, with the rules that it must pass.
private func endpoint(_ bytes: [UInt8]) {
    guard let endpoint = try? Endpoint(String(decoding: bytes, as: UTF8.self), allowsPath: true) else { return }
    guard let again = try? Endpoint(endpoint.url + endpoint.path, allowsPath: true) else {
        preconditionFailure("what was read is read again")
    }
    precondition(again == endpoint, "and means the same")
    _ = try? EndpointRules.standard(region: "cn-hangzhou").addresses(for: endpoint)
}

/// A peer's bytes, cut into packets, go through the state machine, which is answered as the backend would.
private func connection(_ bytes: [UInt8], isReady: Bool) {
    let nonce = Nonce(bytes: Array(1...20))
    var machine = ConnectionStateMachine(
        .init(
            nonce: nonce, host: "fuzz", publicPEM: "PEM", offersTLS: true, isLocal: true, isUnixSocket: false,
            requiresSecureTransport: false))
    machine.greeted()
    if isReady { logIn(&machine, nonce) }
    var decoder = PacketDecoder()
    var buffer = ByteBuffer(bytes: bytes)
    while let packet = decoder.next(&buffer, bytesMax: 1 << 20) {
        var action = machine.received(packet)
        for _ in 0..<8 {
            switch action {
            case .lookUp:
                action = machine.found(
                    packet.payload.readableBytes % 2 == 0 ? .native(doubleSHA1: []) : .cachingSHA2(doubleSHA256: nil))
            case .verify: action = machine.verified(true)
            case .open: action = machine.opened(nil)
            case .execute(.prepare(_, let text), _):
                action = machine.finished(.prepared(parameterCount: text.count { $0 == UInt8(ascii: "?") }))
            case .execute(.executePrepared, let shape):
                if case .cursor = shape.purpose {
                    action = machine.finished(.cursor(RowSpool(directory: "/nonexistent")))
                } else {
                    action = machine.finished(.answered)
                }
            case .execute: action = machine.finished(.answered)
            default: action = machine.nextWaiting() ?? .none
            }
            if case .none = action { break }
        }
    }
}

private func logIn(_ machine: inout ConnectionStateMachine, _ nonce: Nonce) {
    var payload = ByteBuffer()
    payload.writeInteger(
        UInt32(truncatingIfNeeded: Capabilities.server(offersTLS: false).rawValue), endianness: .little)
    payload.writeBytes([0, 0, 0, 1, 45] + [UInt8](repeating: 0, count: 23))
    payload.writeNullTerminatedString("fuzz")
    payload.writeLengthEncoded(UInt64(1))
    payload.writeBytes([1])
    payload.writeNullTerminatedString("")
    payload.writeNullTerminatedString("caching_sha2_password")
    _ = machine.received(Packet(sequence: 1, payload: payload, isTooLarge: false))
    _ = machine.found(.cachingSHA2(doubleSHA256: nil))
    _ = machine.received(Packet(sequence: 3, payload: ByteBuffer(bytes: [112, 0]), isTooLarge: false))
    _ = machine.verified(true)
    _ = machine.opened(nil)
}

private func decompression(_ bytes: [UInt8]) {
    var decompressor = Decompressor()
    var out = ByteBuffer()
    let cut = bytes.count / 2
    _ =
        decompressor.read(ByteBuffer(bytes: bytes[..<cut]), into: &out)
        && decompressor.read(ByteBuffer(bytes: bytes[cut...]), into: &out)
    var sequence: UInt8 = 0
    let frames = bytes.withUnsafeBufferPointer { Compression.frame($0, sequence: &sequence) }
    var again = Decompressor()
    var restored = ByteBuffer()
    precondition(
        again.read(frames, into: &restored) && restored.readableBytesView.elementsEqual(bytes),
        "what was compressed comes back")
}

/// The lexer, the parser, the evaluator and the rewriter.
private func statement(_ bytes: [UInt8], mode: LexicalMode) {
    let context = DialectContext(
        now: 1_795_330_440_000, timeZoneOffsetMinutes: 480,
        variable: { name, _ in name.count % 2 == 0 ? .text("value") : nil },
        userVariable: { _ in .text("it's") }, function: { _ in .integer(1) })
    var start: Int? = 0
    var statements = 0
    while let place = start, statements < 16 {
        statements += 1
        guard let parsed = try? ParsedStatement(bytes, from: place, mode: mode, isMulti: true) else { return }
        start = parsed.next
        _ = try? ParsedStatement(bytes, from: place, mode: mode, isMulti: true, parameters: parsed.probe)
        _ = parsed.text
        _ = try? parsed.engineText(context)
        guard case .query(let select?) = parsed.statement else { continue }
        let columns = [ResultColumn(name: "table_name", type: .text), ResultColumn(name: "n", type: .int64)]
        guard var query = try? LocalQuery(select, columns: columns, context: context) else { continue }
        try? query.add([.text("orders"), .integer(1)])
        try? query.add([.null, .integer(-1)])
        _ = query.finish()
    }
}
