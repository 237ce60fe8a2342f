import AccessControl
import DuckDBEngine
import DuckDBTree
import Foundation
package import LoonCore
import QueryEngine
import SQLDialect
import SQLFrontend
import Testing

/// An engine in this process, as the trees of everybody's statements come from it.
extension DuckDBEngine: StatementTreeSource {
    package func parse(_ sql: String, of account: AccountIdentity) throws -> [UInt8] { try parse(sql) }
}

let nobody = AccountIdentity(name: "", number: 0)

/// Each of the walls alone (SECURITY.md).
@Suite struct WallTests {
    private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Counts batches.
    final class Rows: BatchSink {
        var count = 0
        let looksAtColumnsFirst = false
        func look(at columns: [ResultColumn]) throws {}
        func begin(_ columns: [ResultColumn]) throws {}
        func write(_ batch: RecordBatch) throws { count += 1 }
    }

    /// An engine over a store with one file, and the folder that both are in.
    static func engine() throws -> (engine: DuckDBEngine, folder: String) {
        try DuckDBLibrary.load(
            ProcessInfo.processInfo.environment["LOON_ENGINE_LIBRARY"] ?? Self.project + "/.deps/libduckdb.so",
            anyVersion: false)
        let folder = FileManager.default.temporaryDirectory.path + "/walls-" + UUID().uuidString
        for name in ["oss/lake", "staging", "spill", "outside"] {
            try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
        }
        for name in ["oss/lake/a.csv", "outside/a.csv"] {
            try Data("1,PLANTED\n".utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
        let engine = try DuckDBEngine(
            try DuckDBInstance(extensions: "", macros: FunctionCatalog.macros()),
            .init(
                root: folder + "/oss", staging: folder + "/staging", readable: [folder + "/oss/"],
                writable: [folder + "/staging/"], spill: folder + "/spill/x", spillLimit: nil, readsAvro: false))
        return (engine, folder)
    }

    private func run(_ sql: String, on engine: DuckDBEngine) throws -> Int {
        let rows = Rows()
        _ = try engine.run(
            EngineQuery(sql: sql, schema: nil, tables: [], isProfiled: false, account: nobody),
            cancellation: Cancellation(), sink: rows)
        return rows.count
    }

    /// Second and third wall: the engine is handed what a user sends, as if the gate had let it pass.
    @Test func withoutTheGateNothingIsWrittenAndNothingOutsideIsRead() throws {
        let (engine, folder) = try Self.engine()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // So that the refusals below are not for want of files.
        #expect(try run("SELECT * FROM read_csv('\(folder)/oss/lake/a.csv')", on: engine) == 1)
        for sql in [
            "ATTACH '\(folder)/oss/x.db' AS x", "ATTACH ':memory:' AS x", "DETACH memory",
            "COPY (SELECT 1) TO '\(folder)/oss/lake/b.csv'",
            "COPY (SELECT 1) TO '\(folder)/staging/b.csv'", "EXPORT DATABASE '\(folder)/staging/e'", "INSTALL httpfs",
            "LOAD httpfs",
            "LOAD '\(folder)/oss/x.duckdb_extension'", "SET enable_external_access = true",
            "SET lock_configuration = false", "SET threads = 8",
            "SET allowed_directories = ['/']", "RESET ALL", "PRAGMA database_list", "PRAGMA enable_profiling",
            "CALL pragma_version()", "CHECKPOINT", "VACUUM",
            "CREATE TABLE x (a INT)", "CREATE TABLE x AS SELECT 1 AS a", "CREATE VIEW x AS SELECT 1",
            "CREATE MACRO f() AS 1", "CREATE SEQUENCE s", "CREATE TYPE t AS ENUM ('a')",
            "CREATE SECRET s (TYPE s3)", "DROP SCHEMA main CASCADE", "BEGIN", "COMMIT", "PREPARE p AS SELECT 1",
            "EXECUTE p", "INSERT INTO x VALUES (1)", "UPDATE x SET a = 1",
            "DELETE FROM x", "USE memory", "SELECT 1; SELECT 2", "SELECT 1; ATTACH ':memory:' AS x", "", ";",
            "EXPLAIN SELECT 1", "DESCRIBE SELECT 1",
        ] { #expect(throws: (any Error).self, "\(sql)") { try run(sql, on: engine) } }
        for sql in [
            "SELECT * FROM '\(folder)/outside/a.csv'", "SELECT * FROM read_csv('\(folder)/outside/a.csv')",
            "SELECT * FROM read_text('\(folder)/outside/a.csv')",
            "SELECT * FROM read_blob('/etc/passwd')", "SELECT * FROM read_json('/proc/self/environ')",
            "SELECT * FROM glob('/etc/*')",
            "SELECT * FROM read_text('\(folder)/oss/../outside/a.csv')", "SELECT * FROM read_parquet('/etc/passwd')",
            "SELECT * FROM sniff_csv('/etc/passwd')",
            "SELECT * FROM read_text('http://127.0.0.1:1/')", "SELECT * FROM read_text('s3://x/y')",
            "SELECT * FROM which_secret('/etc/passwd', 's3')",
            "SELECT content FROM read_text(['\(folder)/oss/lake/a.csv', '/etc/passwd'])",
        ] {
            let rows = try? run(sql, on: engine)
            #expect(rows ?? 0 == 0, "\(sql)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/oss").sorted() == ["lake"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/oss/lake") == ["a.csv"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/staging") == [])
        #expect(try run("SELECT 1", on: engine) == 1)
    }

    /// First wall: whatever the engine would do, the corpus is refused, or names what the attacker may not use, or is
    /// bound.
    @Test func withoutTheSandboxTheCorpusIsRefused() throws {
        let (engine, folder) = try Self.engine()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let corpus = try String(contentsOfFile: Self.project + "/Tests/System/attacks.txt", encoding: .utf8)
        let rights = AccountRights(account: "attacker", grants: [.schema("mine"): .all])
        let dialect = DialectContext(
            now: 0, timeZoneOffsetMinutes: 0, variable: { _, _ in .null }, function: { _ in .null })
        var queries = 0
        for line in corpus.split(separator: "\n") where !line.hasPrefix("# ") {
            guard let parsed = try? ParsedStatement(Array(line.utf8), mode: LexicalMode()),
                case .query(let local) = parsed.statement, local == nil,
                let sql = try? parsed.engineText(dialect), let tree = try? engine.parse(sql),
                let found = try? StatementGate(macros: FunctionCatalog.macroNames).examine(
                    StatementTree(serialized: tree))
            else { continue }
            queries += 1
            let isDenied = found.tables.contains { !rights.sees(schema: $0.schema ?? "", table: $0.table) }
            #expect(isDenied || !found.bounded.isEmpty, "\(line)")
        }
        #expect(queries > 40, "the others are refused before: \(queries)")
    }
}
