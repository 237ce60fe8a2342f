import Crypto
import LoonCore
import NIOCore
import Testing

@testable import MySQLProtocol

/// Reads as a transcript: what the client sends, what the server does.
@Suite struct ConnectionStateMachineTests {
    private static let nonce = Nonce(bytes: Array(1...20))

    private func machine(isLocal: Bool = false, requiresSecureTransport: Bool = false) throws -> ConnectionStateMachine
    {
        var machine = ConnectionStateMachine(
            .init(
                nonce: Self.nonce, host: "h", publicPEM: "PEM", offersTLS: true, isLocal: isLocal, isUnixSocket: false,
                requiresSecureTransport: requiresSecureTransport))
        machine.greeted()
        return machine
    }

    private func login(plugin: String, answer: [UInt8], sequence: UInt8 = 1) -> Packet {
        var payload = ByteBuffer()
        let claimed = Capabilities.server(offersTLS: true).subtracting([.connectAttributes, .tls])
        payload.writeInteger(UInt32(truncatingIfNeeded: claimed.rawValue), endianness: .little)
        payload.writeBytes([0, 0, 0, 1, 45] + [UInt8](repeating: 0, count: 23))
        payload.writeNullTerminatedString("user")
        payload.writeLengthEncoded(UInt64(answer.count))
        payload.writeBytes(answer)
        payload.writeNullTerminatedString("")
        payload.writeNullTerminatedString(plugin)
        return Packet(sequence: sequence, payload: payload, isTooLarge: false)
    }

    private func packet(_ sequence: UInt8, _ bytes: [UInt8]) -> Packet {
        Packet(sequence: sequence, payload: ByteBuffer(bytes: bytes), isTooLarge: false)
    }

    private func nativeAnswer(_ password: String) -> [UInt8] {
        let single = Array(Insecure.SHA1.hash(data: Array(password.utf8)))
        let mask = Insecure.SHA1.hash(data: Self.nonce.bytes + Scramble.doubleSHA1(Array(password.utf8)))
        return zip(single, mask).map { $0 ^ $1 }
    }

    private func sha2Answer(_ password: String) -> [UInt8] {
        let single = Array(SHA256.hash(data: Array(password.utf8)))
        let mask = SHA256.hash(data: Scramble.doubleSHA256(Array(password.utf8)) + Self.nonce.bytes)
        return zip(single, mask).map { $0 ^ $1 }
    }

    @Test func nativePasswordWithASwitch() throws {
        var machine = try machine()
        #expect(machine.received(login(plugin: "caching_sha2_password", answer: sha2Answer("pw"))) == "look up user")
        #expect(machine.found(.native(doubleSHA1: Scramble.doubleSHA1(Array("pw".utf8)))) == "send fe")
        #expect(machine.received(packet(3, nativeAnswer("pw"))) == "open user")
        #expect(machine.opened(nil) == "send 00")
        #expect(machine.received(packet(0, [3] + Array("select 1".utf8))) == "query select 1")
        #expect(machine.received(packet(0, [0x0E])) == "nothing")
        #expect(machine.received(packet(0, [3, 65])) == "nothing")
        #expect(machine.received(packet(0, [0x0E])) == "nothing")
        #expect(machine.finished(.answered) == "nothing")
        // What was sent ahead is taken one by one, each in its turn.
        #expect(machine.nextWaiting()?.transcript == "acknowledge")
        #expect(machine.nextWaiting()?.transcript == "query A")
        #expect(machine.nextWaiting()?.transcript == nil)
        #expect(machine.finished(.answered) == "nothing")
        #expect(machine.nextWaiting()?.transcript == "acknowledge")
        #expect(machine.nextWaiting()?.transcript == nil)
        #expect(machine.received(packet(0, [0x7F])) == "send ff")
        #expect(machine.received(packet(0, [1])) == "close")
        #expect(machine.received(packet(0, [3])) == "nothing")
    }

    @Test func wrongNativePassword() throws {
        var machine = try machine()
        _ = machine.received(login(plugin: "mysql_native_password", answer: nativeAnswer("wrong")))
        #expect(machine.found(.native(doubleSHA1: Scramble.doubleSHA1(Array("pw".utf8)))) == "refuse 1045")
        #expect(machine.received(packet(0, [3])) == "nothing")
    }

    @Test func sha2FastPath() throws {
        var machine = try machine()
        _ = machine.received(login(plugin: "caching_sha2_password", answer: sha2Answer("pw")))
        #expect(machine.found(.cachingSHA2(doubleSHA256: Scramble.doubleSHA256(Array("pw".utf8)))) == "open user")
        #expect(machine.opened(nil) == "send 01")
    }

    @Test func sha2InTheClearOnTheSameMachineOnly() throws {
        var local = try machine(isLocal: true)
        _ = local.received(login(plugin: "caching_sha2_password", answer: sha2Answer("pw")))
        #expect(local.found(.cachingSHA2(doubleSHA256: nil)) == "send 01")
        #expect(local.received(packet(3, Array("pw".utf8) + [0])) == "verify user pw")
        #expect(local.verified(true) == "open user")
        var remote = try machine()
        _ = remote.received(login(plugin: "caching_sha2_password", answer: sha2Answer("pw")))
        _ = remote.found(.cachingSHA2(doubleSHA256: nil))
        #expect(remote.received(packet(3, Array("pw".utf8) + [0])) == "refuse 1045")
    }

    @Test func sha2UnderTheServersKey() throws {
        var machine = try machine()
        _ = machine.received(login(plugin: "caching_sha2_password", answer: sha2Answer("pw")))
        #expect(machine.found(.cachingSHA2(doubleSHA256: nil)) == "send 01")
        #expect(machine.received(packet(3, [2])) == "send 01")
        #expect(machine.received(packet(5, [UInt8](repeating: 1, count: 256))) == "decrypt user")
        #expect(machine.verified(false) == "refuse 1045")
    }

    @Test func anEmptyPasswordIsNeverRight() throws {
        for credentials in [
            StoredCredentials.native(doubleSHA1: []), .cachingSHA2(doubleSHA256: nil), .cachingSHA2(doubleSHA256: []),
        ] {
            var machine = try machine()
            _ = machine.received(login(plugin: credentials.plugin.rawValue, answer: []))
            #expect(machine.found(credentials) == "refuse 1045")
        }
    }

    @Test func packetsOutOfTurnEndTheConnection() throws {
        var early = try machine()
        _ = early.received(login(plugin: "x", answer: [1]))
        #expect(early.received(packet(2, [1])) == "refuse 1156")
        var wrongNumber = try machine()
        #expect(wrongNumber.received(packet(5, [1])) == "refuse 1156")
    }

    @Test func drainingWaitsForTheRunningCommand() throws {
        var machine = try machine()
        _ = machine.received(login(plugin: "mysql_native_password", answer: nativeAnswer("pw")))
        _ = machine.found(.native(doubleSHA1: Scramble.doubleSHA1(Array("pw".utf8))))
        _ = machine.opened(nil)
        _ = machine.received(packet(0, [3, 65]))
        #expect(machine.drain() == "nothing")
        #expect(machine.finished(.answered) == "refuse 1053")
    }

    private func ready() throws -> ConnectionStateMachine {
        var machine = try machine()
        _ = machine.received(login(plugin: "mysql_native_password", answer: nativeAnswer("pw")))
        _ = machine.found(.native(doubleSHA1: Scramble.doubleSHA1(Array("pw".utf8))))
        _ = machine.opened(nil)
        return machine
    }

    @Test func tlsComesBeforeTheLogin() throws {
        var machine = try machine(requiresSecureTransport: true)
        let request =
            [UInt8](withUnsafeBytes(of: UInt32(0x0000_0A00).littleEndian) { Array($0) })
            + [UInt8](repeating: 0, count: 28)
        #expect(machine.received(packet(1, request)) == "TLS")
        #expect(
            machine.received(login(plugin: "mysql_native_password", answer: nativeAnswer("pw"), sequence: 2))
                == "look up user")
        // A second request is none.
        var twice = try self.machine()
        _ = twice.received(packet(1, request))
        #expect(twice.received(packet(2, request)) == "refuse 1043")
        var plain = try self.machine(requiresSecureTransport: true)
        #expect(plain.received(login(plugin: "x", answer: [1])) == "refuse 3159")
    }

    @Test func preparedStatementsKeepTheirTypes() throws {
        var machine = try ready()
        #expect(machine.received(packet(0, [0x16] + Array("select ?".utf8))) == "prepare 1 select ?")
        #expect(machine.finished(.prepared(parameterCount: 1)) == "nothing")
        let head: [UInt8] = [0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        #expect(machine.received(packet(0, head + [1, 0x01, 0x80, 0xFF])) == "execute 1 [unsigned(255)]")
        _ = machine.finished(.answered)
        // The types are those of the last time.
        #expect(machine.received(packet(0, head + [0, 0x07])) == "execute 1 [unsigned(7)]")
        _ = machine.finished(.answered)
        #expect(machine.received(packet(0, [0x18, 1, 0, 0, 0, 0, 0, 65, 66])) == "nothing")
        #expect(machine.received(packet(0, head + [0])) == "execute 1 [text([65, 66])]")
        _ = machine.finished(.answered)
        // Used up: the value must come again.
        #expect(machine.received(packet(0, head + [0])) == "send ff")
        #expect(machine.received(packet(0, [0x1A, 1, 0, 0, 0])) == "acknowledge")
        #expect(machine.received(packet(0, [0x1C, 1, 0, 0, 0, 1, 0, 0, 0])) == "send ff")
        #expect(machine.received(packet(0, [0x19, 1, 0, 0, 0])) == "close statement 1")
        #expect(machine.received(packet(0, [0x19, 1, 0, 0, 0])) == "nothing")
        #expect(machine.received(packet(0, head + [0, 0x07])) == "send ff")
    }

    @Test func malformedCommandsAreErrors() throws {
        var machine = try ready()
        for bytes: [UInt8] in [
            [0x17], [0x17, 9, 0, 0, 0, 0, 1, 0, 0, 0], [0x1C, 1], [0x1A], [0x0C, 1], [0x1B, 9, 9], [0x11, 65], [],
        ] {
            #expect(machine.received(packet(0, bytes)) == "send ff", "\(bytes)")
        }
        #expect(machine.received(packet(0, [0x18, 9])) == "nothing")
    }

    @Test func anotherUserOnTheSameConnection() throws {
        var machine = try ready()
        let answer = nativeAnswer("pw2")
        let change =
            [0x11] + Array("other\0".utf8) + [UInt8(answer.count)] + answer + Array("db\0".utf8) + [45, 0]
            + Array("mysql_native_password\0".utf8)
        #expect(machine.received(packet(0, change)) == "look up other")
        #expect(machine.found(.native(doubleSHA1: Scramble.doubleSHA1(Array("pw2".utf8)))) == "open other")
        #expect(machine.opened(nil) == "send 00")
    }

    @Test func tooManyCommandsAheadPauseReading() throws {
        var machine = try machine()
        _ = machine.received(login(plugin: "mysql_native_password", answer: nativeAnswer("pw")))
        _ = machine.found(.native(doubleSHA1: Scramble.doubleSHA1(Array("pw".utf8))))
        _ = machine.opened(nil)
        _ = machine.received(packet(0, [3, 65]))
        let actions = (0..<Limits.pipelinedCommandsMax).map { _ in machine.received(packet(0, [3, 66])).transcript }
        #expect(actions.last == "pause" && Set(actions.dropLast()) == ["nothing"])
    }
}

extension ConnectionStateMachine.Action {
    fileprivate var transcript: String {
        func first(_ buffer: ByteBuffer) -> String {
            let byte = buffer.getInteger(at: 4, as: UInt8.self) ?? 0
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return switch self {
        case .none: "nothing"
        case .send(let packets): "send \(first(packets))"
        case .refuse(_, let error): "refuse \(ErrorNumber(error.code).number)"
        case .lookUp(let user): "look up \(user)"
        case .verify(let user, .clear(let password)): "verify \(user) \(String(decoding: password, as: UTF8.self))"
        case .verify(let user, .encrypted): "decrypt \(user)"
        case .open(let user, _, _, _): "open \(user)"
        case .startTLS: "TLS"
        case .terminate: "terminate"
        case .closeStatement(let id): "close statement \(id)"
        case .execute(.prepare(let id, let text), _): "prepare \(id) \(String(decoding: text, as: UTF8.self))"
        case .execute(.executePrepared(let id, let parameters), _):
            "execute \(id) \(parameters.map { "\($0)".split(separator: ".").last ?? "" })".replacing("\"", with: "")
        case .execute(.query(let text, _), _): "query \(String(decoding: text, as: UTF8.self))"
        case .execute(.useDatabase(let name), _): "use \(name)"
        case .execute: "execute"
        case .acknowledge: "acknowledge"
        case .pauseReading: "pause"
        case .close: "close"
        }
    }

    fileprivate static func == (action: Self, transcript: String) -> Bool { action.transcript == transcript }
}
