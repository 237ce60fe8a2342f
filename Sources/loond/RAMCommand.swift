import ArgumentParser
import LoonService

/// `loond ram …`
struct RAMCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ram", abstract: "Explain which roles messages may be sent in.",
        subcommands: [Check.self, Roles.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Say whether a role may do something, and which statement decides. Exits with 0 if it may, "
                + "with 1 if not."
        )
        @OptionGroup var common: CommonOptions
        @Option(help: "The role.") var role = "AliyunOpenAnalyticsAccessingMQRole"
        @Option(help: "The action, such as mq:PUB, mns:SendMessage or mns:PublishMessage.") var action = "mq:PUB"
        @Option(help: "The resource, such as acs:mq:cn-hangzhou:1000000000000000:MQ_INST_1%dla_hangzhou_topic.")
        var resource = "*"
        @Flag(help: "As over https.") var secure = false
        @Option(help: "A circumstance that conditions ask for, as key=value, such as acs:SourceIp=10.0.0.1.")
        var circumstance: [String] = []

        func validate() throws {
            guard circumstance.allSatisfy({ $0.contains("=") }) else {
                throw ValidationError("A circumstance is written key=value.")
            }
        }

        func run() async throws {
            try await reporting {
                let pairs = circumstance.map {
                    $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                }
                let (isAllowed, reason) = RoleCommands(try common.load()).check(
                    role: role, action: action, resource: resource, isSecure: secure,
                    circumstances: Dictionary(pairs.map { ($0[0], $0[1]) }) { $1 })
                print((isAllowed ? "allowed: " : "denied: ") + reason)
                if !isAllowed { throw ExitCode(1) }
            }
        }
    }

    struct Roles: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the roles, and whether messages may be sent in them.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await reporting { for line in RoleCommands(try common.load()).list() { print(line) } }
        }
    }
}
