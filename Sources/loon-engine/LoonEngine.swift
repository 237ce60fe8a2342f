import ArgumentParser
import CSandbox
import DuckDBEngine
import Foundation
import LoonCore
import QueryEngine
import SQLDialect

/// The process that engines live in. `loond` starts it once; it opens the engine, and is forked for each worker: a copy
/// of a process that has one thread and has never seen a statement is ready in a millisecond.
@main struct LoonEngine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loon-engine", abstract: "The engine's processes of loond, which starts them itself.",
        version: ServiceVersion.text)

    @Option(help: "The engine's library.") var library: String
    @Flag(help: "Try another version of the library than the one that Loon is made for.") var anyVersion = false

    func run() throws {
        let ends = csandbox_become_parent()
        guard ends >= 0 else { throw ExitCode.failure }
        let parent = WorkerParent(control: CSANDBOX_SOCKET, ends: ends)
        do throws(QueryError) {
            try DuckDBLibrary.load(library, anyVersion: anyVersion)
            // The engine's extensions lie beside its library.
            let folder = URL(fileURLWithPath: library).deletingLastPathComponent().path
            let instance = try DuckDBInstance(extensions: folder, macros: FunctionCatalog.macros())
            guard parent.tell(.ready(version: ServiceVersion.text)) else {
                throw QueryError(.startUp, "loon-engine is started by loond, and by nobody else")
            }
            parent.serve(instance)
        } catch {
            guard parent.tell(.failed(error)) else { throw ValidationError(error.message) }
        }
    }
}
