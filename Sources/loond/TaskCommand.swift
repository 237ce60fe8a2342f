import ArgumentParser
import Foundation
import LoonService

/// `loond tasks …`
struct TaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks", abstract: "Look at the tasks of a data directory and remove old ones.",
        subcommands: [Export.self, Purge.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every task as a line of JSON, oldest first, with the columns of show full query_task.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            try await reporting {
                try TaskCommands(try common.load()).export { try FileHandle.standardOutput.write(contentsOf: $0) }
            }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Remove tasks that have ended, with their results and the messages that still wait; those that "
                + "wait or run stay.",
            discussion: "With both options a task is removed only if it is both: older, and none of the newest.")
        @OptionGroup var common: CommonOptions
        @Option(help: "Remove those submitted more than this many days ago; 0 for all.") var olderThanDays: Int?
        @Option(help: "Keep the newest, this many, and remove the others.") var keep: Int?

        func validate() throws {
            guard olderThanDays != nil || keep != nil else {
                throw ValidationError("Say which: --older-than-days or --keep.")
            }
            guard olderThanDays ?? 0 >= 0, keep ?? 0 >= 0 else { throw ValidationError("The number is not negative.") }
        }

        func run() async throws {
            try await reporting {
                let count = try TaskCommands(try common.load()).purge(olderThanDays: olderThanDays, keep: keep)
                print("\(count) tasks were removed.")
            }
        }
    }
}

/// `loond backup FILE`
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Copy the metadata (accounts, catalog, tasks, waiting messages) to a file, while the daemon may "
            + "run. The object store is not in it."
    )
    @OptionGroup var common: CommonOptions
    @Argument(help: "The file to make.") var file: String

    func run() async throws {
        try await reporting {
            try TaskCommands(try common.load()).backUp(to: file)
            print(
                "The copy is there; to restore it, stop the daemon and put it in the place of loon.sqlite, "
                    + "without the files loon.sqlite-wal and -shm."
            )
        }
    }
}
