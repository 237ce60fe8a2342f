import Foundation
import GRDB
import LoonCore
import MetaStore
import Testing

/// Files of earlier versions, made by undoing what the migrations did. `test_upgrades.py` opens real ones.
extension MetaStoreTests {
    @Test func aNewerFileIsRefusedAndAnOlderOneCopiedFirst() throws {
        try store().close()
        let database = try DatabaseQueue(path: path)
        try database.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99: of tomorrow')") }
        #expect { try store() } throws: { "\($0)".contains("newer loond") }
        try database.write {
            try $0.execute(
                sql:
                    "DELETE FROM grdb_migrations WHERE identifier LIKE '99%' OR identifier LIKE '3%' OR "
                    + "identifier LIKE '6%' OR identifier LIKE '7%' OR identifier LIKE '8%'"
            )
        }
        try database.write { database in
            for index in [
                "by_status", "by_creation", "by_label", "by_token", "by_fingerprint", "by_source", "queued",
            ] {
                try database.execute(sql: "DROP INDEX task_\(index)")
            }
            for column in [
                "cluster", "engine", "priority", "client_token", "label", "peak_memory_bytes", "fingerprint",
                "reused_from",
            ] {
                try database.execute(sql: "ALTER TABLE task DROP COLUMN \(column)")
            }
            try Self.withoutIdentities(database)
            try database.execute(
                sql: "DROP TABLE removal; CREATE INDEX task_queued ON task (n); CREATE INDEX task_running ON task (n)")
        }
        try database.close()
        try store().close()
        #expect(FileManager.default.fileExists(atPath: path + ".before-5"))
        let log = try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int64
        #expect(log ?? 0 == 0, "a file that was closed is whole by itself")
    }

    /// Takes back what the sixth migration and those behind it have made.
    private static func withoutIdentities(_ database: Database) throws {
        try database.execute(
            sql: """
                DROP TABLE account_sequence; DROP INDEX IF EXISTS task_by_token; DROP INDEX outbox_by_age; DROP
                INDEX outbox_untried;
                ALTER TABLE account DROP COLUMN number; ALTER TABLE task DROP COLUMN account_number; ALTER TABLE
                outbox DROP COLUMN up_created;
                ALTER TABLE publication DROP COLUMN is_undone;
                ALTER TABLE publication DROP COLUMN is_moved; CREATE INDEX outbox_by_age ON outbox (created) WHERE
                is_given_up = 0;
                ALTER TABLE task DROP COLUMN dialect; ALTER TABLE task DROP COLUMN session_values;
                """)
    }

    @Test func accountsFromBeforeThereWerePrivilegesKeepThem() throws {
        try store().close()
        let database = try DatabaseQueue(path: path)
        try database.write { database in
            try Self.withoutIdentities(database)
            try database.execute(
                sql: "CREATE UNIQUE INDEX task_by_token ON task (account, client_token) WHERE client_token IS NOT NULL")
            try database.execute(
                sql:
                    "DELETE FROM grdb_migrations WHERE identifier LIKE '5%' OR identifier LIKE '6%' OR "
                    + "identifier LIKE '7%'; DROP TABLE account_grant; DROP TABLE account_usage"
            )
            for column in [
                "password_set", "password_days", "is_locked", "connections_max", "running_max", "queued_max",
                "scanned_bytes_max",
            ] { try database.execute(sql: "ALTER TABLE account DROP COLUMN \(column)") }
            try database.execute(sql: "ALTER TABLE account ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0")
            for (name, isAdmin) in [("chief", 1), ("user", 0)] {
                try database.execute(
                    sql:
                        "INSERT INTO account (name, is_admin, plugin, password_hash, created) VALUES (?, ?, "
                        + "'p', 'h', 7)",
                    arguments: [name, isAdmin])
            }
        }
        try database.close()
        let store = try store()
        #expect(try store.account("chief")?.grants == [.everything: .administrator])
        #expect(try store.account("user")?.grants == [.everything: .all])
        #expect(try store.account("user")?.passwordSet == 7)
    }
}
