import GRDB

/// The tables of the metadata file. A migration that has shipped is never changed; the next one changes what it made.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: accounts, catalog, tasks, outbox") { database in
            try database.execute(
                sql: """
                    CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

                    CREATE TABLE account (
                        name TEXT PRIMARY KEY,
                        is_admin INTEGER NOT NULL,
                        plugin TEXT NOT NULL,          -- caching_sha2_password | mysql_native_password
                        password_hash TEXT NOT NULL,
                        created INTEGER NOT NULL       -- here and below: milliseconds since 1970
                    ) WITHOUT ROWID;

                    CREATE TABLE catalog_schema (
                        name TEXT PRIMARY KEY COLLATE NOCASE,
                        definition TEXT NOT NULL       -- JSON of SchemaDefinition
                    ) WITHOUT ROWID;
                    CREATE TABLE catalog_table (
                        schema TEXT NOT NULL COLLATE NOCASE REFERENCES catalog_schema (name),
                        name TEXT NOT NULL COLLATE NOCASE,
                        definition TEXT NOT NULL,      -- JSON of ExternalTable
                        PRIMARY KEY (schema, name)
                    ) WITHOUT ROWID;

                    CREATE TABLE task_sequence (minute INTEGER NOT NULL, counter INTEGER NOT NULL);
                    INSERT INTO task_sequence VALUES (0, 0);
                    CREATE TABLE task (
                        n INTEGER PRIMARY KEY AUTOINCREMENT,   -- order of submission
                        id TEXT NOT NULL UNIQUE,
                        status TEXT NOT NULL,
                        kind TEXT NOT NULL,
                        command TEXT NOT NULL,
                        table_schema TEXT NOT NULL,
                        session_schema TEXT,
                        engine_text TEXT NOT NULL,
                        sql_mode TEXT NOT NULL,
                        time_zone INTEGER NOT NULL,            -- minutes east of UTC
                        now INTEGER NOT NULL,
                        account TEXT NOT NULL,
                        connection_id INTEGER NOT NULL,
                        hints TEXT NOT NULL,                   -- JSON object
                        target TEXT,                           -- JSON of NotificationTarget
                        created INTEGER NOT NULL,
                        updated INTEGER NOT NULL,
                        started INTEGER,
                        engine_query_id TEXT,
                        message TEXT NOT NULL DEFAULT '',
                        row_count INTEGER,
                        scanned_row_count INTEGER,
                        scanned_data_bytes INTEGER,
                        elapse_time INTEGER,                   -- milliseconds, as all durations
                        result_bytes INTEGER,
                        result_file TEXT,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        suspect INTEGER NOT NULL DEFAULT 0,    -- 1: it was running when a daemon died; it runs alone
                        lone_deaths INTEGER NOT NULL DEFAULT 0, -- how much it is suspected (Limits.loneDeathWeight)
                        mq_status TEXT,
                        mq_error_msg TEXT,
                        mq_message_id TEXT,
                        mq_total_time INTEGER,
                        mq_attempts INTEGER NOT NULL DEFAULT 0
                    );
                    CREATE INDEX task_by_account ON task (account, n);
                    -- Partial, with the very conditions of the queries that use them: they stay as small as what
                    -- is unfinished.
                    CREATE INDEX task_queued ON task (suspect DESC, n) WHERE status = 'QUEUED';
                    CREATE INDEX task_running ON task (n) WHERE status = 'RUNNING';

                    CREATE TABLE outbox (
                        n INTEGER PRIMARY KEY AUTOINCREMENT,
                        task INTEGER NOT NULL REFERENCES task (n),
                        target TEXT NOT NULL,
                        body BLOB NOT NULL,
                        tag TEXT NOT NULL,
                        attempts INTEGER NOT NULL DEFAULT 0,
                        created INTEGER NOT NULL,
                        due INTEGER NOT NULL
                    );
                    CREATE INDEX outbox_due ON outbox (due, n);
                    CREATE INDEX outbox_by_task ON outbox (task);
                    """)
        }
        migrator.registerMigration("2: partitions, publications") { database in
            try database.execute(
                sql: """
                    ALTER TABLE task ADD COLUMN malformed_count INTEGER;
                    CREATE TABLE catalog_partition (
                        schema TEXT NOT NULL COLLATE NOCASE,
                        table_name TEXT NOT NULL COLLATE NOCASE,
                        name TEXT NOT NULL,            -- y=2018/m=12
                        location TEXT,                 -- where it lies elsewhere than below its table
                        PRIMARY KEY (schema, table_name, name)
                    ) WITHOUT ROWID;
                    -- Writes that are decided and not yet carried out.
                    CREATE TABLE publication (
                        n INTEGER PRIMARY KEY AUTOINCREMENT,
                        task TEXT,                     -- the id of the task whose rows they are, if it is one
                        definition TEXT NOT NULL,      -- JSON of Publication
                        is_done INTEGER NOT NULL DEFAULT 0 -- 1: carried out, and kept until its task has ended
                    );
                    CREATE INDEX publication_by_task ON publication (task);
                    """)
        }
        migrator.registerMigration("3: clusters, tokens, reuse, retention") { database in
            try database.execute(
                sql: """
                    ALTER TABLE task ADD COLUMN cluster TEXT NOT NULL DEFAULT 'public';
                    ALTER TABLE task ADD COLUMN engine TEXT NOT NULL DEFAULT 'duckdb';
                    ALTER TABLE task ADD COLUMN priority INTEGER NOT NULL DEFAULT 5;
                    ALTER TABLE task ADD COLUMN client_token TEXT;
                    ALTER TABLE task ADD COLUMN label TEXT;
                    ALTER TABLE task ADD COLUMN peak_memory_bytes INTEGER;
                    ALTER TABLE task ADD COLUMN fingerprint TEXT;  -- what the result was computed from
                    ALTER TABLE task ADD COLUMN reused_from TEXT;  -- the id of the task that computed the result
                    DROP INDEX task_queued;
                    DROP INDEX task_running;
                    CREATE INDEX task_queued ON task (cluster, priority, account, n) WHERE status = 'QUEUED';
                    CREATE INDEX task_suspect ON task (n) WHERE status = 'QUEUED' AND suspect = 1;
                    CREATE INDEX task_by_status ON task (status, n);
                    DROP INDEX task_by_account;
                    CREATE INDEX task_by_account ON task (account, created);
                    CREATE INDEX task_by_creation ON task (created);
                    CREATE INDEX task_by_label ON task (label COLLATE NOCASE) WHERE label IS NOT NULL;
                    CREATE UNIQUE INDEX task_by_token ON task (account, client_token) WHERE client_token IS NOT NULL;
                    CREATE INDEX task_by_fingerprint ON task (fingerprint, n) WHERE fingerprint IS NOT NULL;
                    CREATE INDEX task_by_source ON task (reused_from) WHERE reused_from IS NOT NULL;
                    -- Results of tasks that are no longer kept, until their files are removed.
                    CREATE TABLE removal (
                        task TEXT PRIMARY KEY,
                        result_file TEXT               -- as the task had it; NULL where it had not ended well
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("4: lanes, events") { database in
            try database.execute(
                sql: """
                    ALTER TABLE task ADD COLUMN mq_sequence INTEGER NOT NULL DEFAULT 0; -- of its latest message
                    UPDATE task SET mq_sequence = 1 WHERE mq_status IS NOT NULL;
                    -- Messages of one lane go to one endpoint.
                    ALTER TABLE outbox ADD COLUMN lane TEXT NOT NULL DEFAULT '';
                    ALTER TABLE outbox ADD COLUMN sequence INTEGER NOT NULL DEFAULT 1;
                    ALTER TABLE outbox ADD COLUMN is_final INTEGER NOT NULL DEFAULT 1;
                    -- 1: kept for RESEND QUERY_TASK MESSAGE alone.
                    ALTER TABLE outbox ADD COLUMN is_given_up INTEGER NOT NULL DEFAULT 0;
                    UPDATE outbox SET lane = lower(coalesce(target ->> '$.endpoint', ''));
                    DROP INDEX outbox_due;
                    CREATE INDEX outbox_by_lane ON outbox (lane, due, n) WHERE is_given_up = 0;
                    CREATE INDEX outbox_by_age ON outbox (created) WHERE is_given_up = 0;
                    """)
        }
        migrator.registerMigration("5: privileges, limits of accounts") { database in
            try database.execute(
                sql: """
                    CREATE TABLE account_grant (
                        account TEXT NOT NULL,
                        schema TEXT NOT NULL COLLATE NOCASE,       -- '' for every one
                        table_name TEXT NOT NULL COLLATE NOCASE,   -- '' for every one
                        privileges INTEGER NOT NULL,               -- LoonCore.Privileges
                        PRIMARY KEY (account, schema, table_name)
                    ) WITHOUT ROWID;
                    -- Before there were privileges every account had all of them, and administrators handed out
                    -- accounts.
                    INSERT INTO account_grant SELECT name, '', '', CASE is_admin WHEN 1 THEN 511 ELSE 255 END FROM
                    account;
                    ALTER TABLE account DROP COLUMN is_admin;
                    ALTER TABLE account ADD COLUMN password_set INTEGER NOT NULL DEFAULT 0;
                    UPDATE account SET password_set = created;
                    ALTER TABLE account ADD COLUMN password_days INTEGER;          -- NULL: it does not expire
                    ALTER TABLE account ADD COLUMN is_locked INTEGER NOT NULL DEFAULT 0;
                    -- 0: no limit
                    ALTER TABLE account ADD COLUMN connections_max INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE account ADD COLUMN running_max INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE account ADD COLUMN queued_max INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE account ADD COLUMN scanned_bytes_max INTEGER NOT NULL DEFAULT 0;
                    CREATE TABLE account_usage (account TEXT PRIMARY KEY, day INTEGER NOT NULL, scanned_bytes
                    INTEGER NOT NULL) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("6: identities of accounts, ages of messages, writes taken back") { database in
            try database.execute(
                sql: """
                    -- LoonCore.AccountIdentity: 0 for whoever was there before there were numbers.
                    ALTER TABLE account ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
                    ALTER TABLE task ADD COLUMN account_number INTEGER NOT NULL DEFAULT 0;
                    CREATE TABLE account_sequence (last INTEGER NOT NULL);
                    INSERT INTO account_sequence VALUES (0);
                    DROP INDEX task_by_token;
                    CREATE UNIQUE INDEX task_by_token ON task (account, account_number, client_token) WHERE
                    client_token IS NOT NULL;
                    -- The daemon's up-time at which a message was made, in milliseconds: it ages while somebody
                    -- could have sent it.
                    ALTER TABLE outbox ADD COLUMN up_created INTEGER NOT NULL DEFAULT 0;
                    DROP INDEX outbox_by_age;
                    CREATE INDEX outbox_by_age ON outbox (up_created) WHERE is_given_up = 0 AND attempts > 0;
                    CREATE INDEX outbox_untried ON outbox (up_created) WHERE is_given_up = 0 AND attempts = 0;
                    -- 1: the write was taken back; what it has moved to its place is still to be removed.
                    ALTER TABLE publication ADD COLUMN is_undone INTEGER NOT NULL DEFAULT 0;
                    -- 1: its files have their places; what it replaces is still to be removed.
                    ALTER TABLE publication ADD COLUMN is_moved INTEGER NOT NULL DEFAULT 0;
                    """)
        }
        migrator.registerMigration("7: dialects, values of the session") { database in
            try database.execute(
                sql: """
                    ALTER TABLE task ADD COLUMN dialect TEXT NOT NULL DEFAULT 'mysql';
                    -- JSON of SessionValues; NULL for tasks of an earlier version, which run engine_text.
                    ALTER TABLE task ADD COLUMN session_values TEXT;
                    """)
        }
        migrator.registerMigration("8: engines in processes of their own") { database in
            // Nothing is suspected of a daemon's death any more; suspect and lone_deaths are not read.
            try database.execute(sql: "DROP INDEX IF EXISTS task_suspect")
        }
        return migrator
    }
}
