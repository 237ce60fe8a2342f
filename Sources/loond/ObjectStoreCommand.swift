import ArgumentParser
import Foundation
import LoonService

/// `loond oss …`
struct ObjectStoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oss", abstract: "Look into the object store and change it.",
        subcommands: [Make.self, RemoveBucket.self, List.self, Copy.self, Cat.self, Stat.self, Remove.self, Usage.self])

    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "mb", abstract: "Make a bucket.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "oss://bucket") var bucket: String
        func run() async throws {
            try await reporting { try ObjectCommands(configuration: try common.load()).makeBucket(bucket) }
        }
    }

    struct RemoveBucket: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rb", abstract: "Remove an empty bucket.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "oss://bucket") var bucket: String
        func run() async throws {
            try await reporting { try ObjectCommands(configuration: try common.load()).removeBucket(bucket) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "List buckets, or the objects below a place: bytes, time and name, with tabs between.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "oss://bucket/folder/") var place: String?
        @Flag(name: .shortAndLong, help: "With everything in the folders below.") var recursive = false
        func run() async throws {
            try await reporting {
                for line in try ObjectCommands(configuration: try common.load()).list(place, recursive: recursive) {
                    print(line)
                }
            }
        }
    }

    struct Copy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cp", abstract: "Copy a file in, an object out, or an object to another place.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "A file, oss://bucket/key, or - for standard input.") var source: String
        @Argument(
            help: "oss://bucket/key, a file, or - for standard output; a slash at the end keeps the source's name.")
        var target: String
        @Flag(name: .shortAndLong, help: "Copy a folder with everything in it.") var recursive = false
        @Flag(help: "Fail where the target exists.") var forbidOverwrite = false

        func run() async throws {
            try await reporting {
                var meter = Meter()
                try ObjectCommands(configuration: try common.load())
                    .copy(source, to: target, recursive: recursive, forbidOverwrite: forbidOverwrite) {
                        meter.show($0, of: $1)
                    }
                meter.end()
            }
        }
    }

    struct Cat: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "cat", abstract: "Print an object.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "oss://bucket/key") var object: String
        func run() async throws {
            try await reporting {
                try ObjectCommands(configuration: try common.load()).read(object) {
                    FileHandle.standardOutput.write($0)
                }
            }
        }
    }

    struct Stat: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "stat", abstract: "Say what is known of an object.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "oss://bucket/key") var object: String
        func run() async throws {
            try await reporting {
                for line in try ObjectCommands(configuration: try common.load()).stat(object) { print(line) }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove an object.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "oss://bucket/key") var object: String
        @Flag(name: .shortAndLong, help: "Remove everything below a place.") var recursive = false
        func run() async throws {
            try await reporting {
                let count = try ObjectCommands(configuration: try common.load()).remove(object, recursive: recursive)
                print("\(count) \(count == 1 ? "object" : "objects") removed.")
            }
        }
    }

    struct Usage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "du", abstract: "Add up the objects below a place.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "oss://bucket/folder/") var place: String
        func run() async throws {
            try await reporting { print(try ObjectCommands(configuration: try common.load()).usage(place)) }
        }
    }
}

/// How far a long copy is, on a terminal.
private struct Meter {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let started = Date()
    private var shown = Date()
    private var hasShown = false

    mutating func show(_ done: Int64, of total: Int64) {
        let now = Date()
        // Short copies need none.
        guard isTerminal, now.timeIntervalSince(started) > 1, now.timeIntervalSince(shown) > 0.2 else { return }
        shown = now
        hasShown = true
        let percent = total > 0 ? " of \(total >> 20) MiB, \(done * 100 / total) %" : ""
        FileHandle.standardError.write(Data("\r\(done >> 20) MiB\(percent)   ".utf8))
    }

    func end() { if hasShown { FileHandle.standardError.write(Data("\n".utf8)) } }
}
