import ArgumentParser
import Foundation
import Logging
import LoonCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Notifier
import ServiceLifecycle
import UnixSignals

@main
struct LoonMQ: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loon-mq",
        abstract: "A broker for development: RocketMQ's and MNS's HTTP protocols, messages in memory or in a file.",
        discussion:
            "Topics and queues are made when they are first named. The secret is read from "
            + "LOON_MQ_ACCESS_KEY_SECRET or a file."
    )

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 picks a free one.") var port = 8080
    @Option(help: "The access key that requests must be signed with.") var accessKeyId = "loon"
    @Option(help: "A file with the access key's secret.") var accessKeySecretFile: String?
    @Option(help: "A file where messages outlive the process.") var data: String?
    @Option(help: "A role that AssumeRole knows; may be given several times. Without it, any.") var role: [String] = []
    @Option(help: "Seconds that AssumeRole lends keys for, whatever it is asked for.") var tokenSeconds: Int?
    @Flag(help: "Let PUT /faults?kind=latency|error|garbage|drop|digest ask for faults, without a signature.")
    var faults = false

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("A port is a number from 0 to 65535.") }
        guard tokenSeconds.map({ (1...43_200).contains($0) }) ?? true else {
            throw ValidationError("Keys are lent for 1 to 43200 seconds.")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment["LOON_MQ_ACCESS_KEY_SECRET"]
        let file = accessKeySecretFile.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        guard let secret = (environment ?? file)?.trimmingCharacters(in: .whitespacesAndNewlines), !secret.isEmpty
        else {
            fail("there is no secret; set LOON_MQ_ACCESS_KEY_SECRET, or name a file with --access-key-secret-file")
            throw ExitCode(1)
        }
        let broker: SharedBroker
        do {
            broker = try SharedBroker(
                file: data, tokens: TokenDesk(roles: role.isEmpty ? nil : Set(role), seconds: tokenSeconds))
        } catch {
            fail("the file '\(data ?? "")' cannot be used: \(error)")
            throw ExitCode(1)
        }
        let service = BrokerService(
            host: host, port: port, key: AccessKey(id: accessKeyId, secret: Secret(secret)), broker: broker,
            takesFaults: faults)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service)], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: .init(label: "loon-mq") { _ in
                    BrokerLog.quiet
                }))
        do { try await group.run() } catch let error as IOError where error.errnoCode == EADDRINUSE {
            fail("port \(port) of \(host) is in use; choose another with --port (0 picks a free one)")
            throw ExitCode(1)
        }
    }

    private func fail(_ reason: String) { FileHandle.standardError.write(Data("loon-mq: \(reason)\n".utf8)) }
}

/// Listens until it is asked to stop.
struct BrokerService: Service {
    let host: String
    let port: Int
    let key: AccessKey
    let broker: SharedBroker
    let takesFaults: Bool

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let (broker, key, takesFaults) = (broker, key, takesFaults)
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(
                        NIOHTTPServerRequestAggregator(maxContentLength: BrokerHandler.bodyBytesMax))
                    try pipeline.addHandler(BrokerHandler(broker: broker, key: key, takesFaults: takesFaults))
                }
            }
            .bind(host: host, port: port).get()
        BrokerLog.write("broker.ready", "host=\(host) port=\(listener.localAddress?.port ?? 0)")
        try? await gracefulShutdown()
        try await listener.close()
        try await group.shutdownGracefully()
        BrokerLog.write("broker.stopped", "")
    }
}
