import ArgumentParser
import Foundation
import LoonCore
import LoonService

@main
struct Loond: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loond", abstract: "Asynchronous SQL over an object store, for MySQL clients.",
        subcommands: [
            Serve.self, Initialize.self, CheckConfig.self, Account.self, ObjectStoreCommand.self, TaskCommand.self,
            RAMCommand.self, Backup.self, Version.self,
        ])

    /// Exits 0, 1 where the command failed, 2 where its arguments were wrong (the library's own code for those is 64).
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            exit(withError: ExitCode(2))
        }
    }
}

/// The options of every command that touches a data directory.
struct CommonOptions: ParsableArguments {
    @Option(help: "The configuration file (YAML).") var config: String?
    @Option(help: "The folder that holds everything the daemon owns.") var dataDir: String?

    func load(_ more: [String: String?] = [:]) throws -> Configuration {
        var flags = more.compactMapValues { $0 }
        flags["data-dir"] = dataDir
        return try Settings.load(file: config, environment: ProcessInfo.processInfo.environment, flags: flags)
    }
}

/// Prints a failure as one line and exits with 1; wrong arguments exit with 2 before.
func reporting(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let error as QueryError {
        FileHandle.standardError.write(Data("loond: \(error.message)\n".utf8))
        throw ExitCode(1)
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the daemon until SIGTERM.")
    @OptionGroup var common: CommonOptions
    @Option(help: "The address to listen on.") var host: String?
    @Option(help: "The port to listen on; 0 picks a free one.") var port: String?
    @Option(help: "The Unix socket to listen on.") var socket: String?
    @Option(help: "The engine's library.") var libduckdb: String?

    func run() async throws {
        try await reporting {
            let flags = [
                "listen.host": host, "listen.port": port, "listen.socket": socket, "engine.library": libduckdb,
            ]
            try await Daemon(try common.load(flags)).runUntilSignal()
        }
    }
}

struct Initialize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make new metadata in a data directory that has none, and the account root.",
        discussion:
            "A first start does the same by itself. Where metadata was lost this gives up its accounts, tables "
            + "and tasks; objects stay."
    )
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting {
            print(
                "The data directory is ready; the password of 'root' is in "
                    + "'\(try Initialization.run(try common.load()))'."
            )
        }
    }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say whether the configuration can be used.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting {
            _ = try common.load()
            print("The configuration is good.")
        }
    }
}

struct Account: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Administer accounts.", subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an account; its password is read from standard input.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "The account's name.") var name: String
        @Flag(help: "Read the password from standard input, up to the end of the line.") var passwordStdin = false
        @Flag(help: "Let the account do everything, and hand it on: ALL ON *.* WITH GRANT OPTION.") var admin = false
        @Option(help: "A right, such as 'SELECT, SHOW ON sales.*'; may be given several times. Without, it has none.")
        var grant: [String] = []
        @Flag(help: "Use mysql_native_password, for clients that know nothing newer.") var nativePassword = false

        func validate() throws {
            guard passwordStdin else {
                throw ValidationError("Give the password on standard input and say --password-stdin.")
            }
        }

        func run() async throws {
            try await reporting {
                let password = readLine(strippingNewline: true) ?? ""
                try Accounts.create(
                    name, password: password, isAdmin: admin, usesNativePassword: nativePassword, grants: grant,
                    configuration: try common.load())
                print("The account '\(name)' is there.")
            }
        }
    }
}

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")
    func run() { print("loond \(ServiceVersion.text)") }
}
