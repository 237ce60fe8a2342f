BEGIN TRANSACTION;
CREATE TABLE account (
    name TEXT PRIMARY KEY,
    plugin TEXT NOT NULL,          -- caching_sha2_password | mysql_native_password
    password_hash TEXT NOT NULL,
    created INTEGER NOT NULL       -- here and below: milliseconds since 1970
, password_set INTEGER NOT NULL DEFAULT 0, password_days INTEGER, is_locked INTEGER NOT NULL DEFAULT 0, connections_max INTEGER NOT NULL DEFAULT 0, running_max INTEGER NOT NULL DEFAULT 0, queued_max INTEGER NOT NULL DEFAULT 0, scanned_bytes_max INTEGER NOT NULL DEFAULT 0, number INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
INSERT INTO "account" VALUES('alice','caching_sha2_password','scrypt$16384$8$1$NEamaNlOJ2WuFJAK7SFemQ==$W83JciCeNWxepi9k+QOJRDif7u3HENnWgGbQiXNPSg0=',1795836294869,1795836294869,NULL,0,0,0,0,0,2);
INSERT INTO "account" VALUES('bob','caching_sha2_password','scrypt$16384$8$1$CBxC6S8Tua+spJEnoE/ZTA==$q9ldIfhlvQfrAVT5zYi3yjXPfiFGHHcfI0nh077dj2I=',1795836294935,1795836294935,NULL,1,0,0,0,0,3);
INSERT INTO "account" VALUES('root','caching_sha2_password','scrypt$16384$8$1$lZlCbq2xKgwizWtQeZJJ1w==$qM68I2eWrJhDQxRMR/YJqXGC4kNYzJIlkT58tJYcEYU=',1795836294338,1795836294338,NULL,0,0,0,0,0,1);
CREATE TABLE account_grant (
    account TEXT NOT NULL,
    schema TEXT NOT NULL COLLATE NOCASE,       -- '' for every one
    table_name TEXT NOT NULL COLLATE NOCASE,   -- '' for every one
    privileges INTEGER NOT NULL,               -- LoonCore.Privileges
    PRIMARY KEY (account, schema, table_name)
) WITHOUT ROWID;
INSERT INTO "account_grant" VALUES('alice','s','',17);
INSERT INTO "account_grant" VALUES('root','','',511);
CREATE TABLE account_sequence (last INTEGER NOT NULL);
INSERT INTO "account_sequence" VALUES(3);
CREATE TABLE account_usage (account TEXT PRIMARY KEY, day INTEGER NOT NULL, scanned_bytes
INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE catalog_partition (
    schema TEXT NOT NULL COLLATE NOCASE,
    table_name TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,            -- y=2018/m=12
    location TEXT,                 -- where it lies elsewhere than below its table
    PRIMARY KEY (schema, table_name, name)
) WITHOUT ROWID;
INSERT INTO "catalog_partition" VALUES('s','p','d=__HIVE_DEFAULT_PARTITION__/n=8',NULL);
INSERT INTO "catalog_partition" VALUES('s','p','d=x/n=7',NULL);
CREATE TABLE catalog_schema (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    definition TEXT NOT NULL       -- JSON of SchemaDefinition
) WITHOUT ROWID;
INSERT INTO "catalog_schema" VALUES('s','{"creator":"root","location":"oss://lake/s/","name":"s"}');
CREATE TABLE catalog_table (
    schema TEXT NOT NULL COLLATE NOCASE REFERENCES catalog_schema (name),
    name TEXT NOT NULL COLLATE NOCASE,
    definition TEXT NOT NULL,      -- JSON of ExternalTable
    PRIMARY KEY (schema, name)
) WITHOUT ROWID;
INSERT INTO "catalog_table" VALUES('s','j','{"columns":[{"name":"a","type":{"int":{}}},{"name":"n","type":{"structure":{"_0":[{"name":"x","type":{"array":{"_0":{"double":{}}}}}]}}}],"creator":"root","creatorNumber":1,"format":{"json":{}},"location":"oss://lake/s/j/","name":"j","partitionColumns":[],"properties":{"loon.malformed":"fail"},"schema":"s"}');
INSERT INTO "catalog_table" VALUES('s','mine','{"columns":[{"name":"total","type":{"decimal":{"precision":38,"scale":0}}}],"creator":"alice","creatorNumber":2,"format":{"json":{}},"location":"","name":"mine","partitionColumns":[],"properties":{},"schema":"s","view":{"dialect":"mysql","queryColumns":["total"],"schema":"s","sqlMode":"ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION","statement":"select sum(a) as total from s.t"}}');
INSERT INTO "catalog_table" VALUES('s','p','{"columns":[{"name":"a","type":{"int":{}}}],"creator":"root","creatorNumber":1,"format":{"text":{"_0":{"collectionDelimiter":"\u0002","delimiter":",","footerLines":0,"headerLines":0,"mapKeyDelimiter":"\u0003","nullText":"\\N","serDe":"lazySimple"}}},"location":"oss://lake/s/p/","name":"p","partitionColumns":[{"name":"d","type":{"string":{}}},{"name":"n","type":{"int":{}}}],"properties":{},"schema":"s"}');
INSERT INTO "catalog_table" VALUES('s','q','{"columns":[{"name":"a","type":{"int":{}}},{"name":"c","type":{"decimal":{"precision":9,"scale":2}}}],"creator":"root","creatorNumber":1,"format":{"parquet":{}},"location":"oss://lake/s/q/","name":"q","partitionColumns":[],"properties":{},"schema":"s"}');
INSERT INTO "catalog_table" VALUES('s','t','{"columns":[{"comment":"number","name":"a","type":{"int":{}}},{"name":"b","type":{"string":{}}}],"creator":"root","creatorNumber":1,"format":{"text":{"_0":{"collectionDelimiter":"\u0002","delimiter":",","footerLines":0,"headerLines":0,"mapKeyDelimiter":"\u0003","nullText":"\\N","serDe":"lazySimple"}}},"location":"oss://lake/s/t/","name":"t","partitionColumns":[],"properties":{},"schema":"s"}');
INSERT INTO "catalog_table" VALUES('s','v','{"columns":[{"name":"number","type":{"int":{}}},{"name":"letter","type":{"string":{}}}],"creator":"root","creatorNumber":1,"format":{"json":{}},"location":"","name":"v","partitionColumns":[],"properties":{},"schema":"s","view":{"dialect":"mysql","queryColumns":["a","b"],"schema":"s","sqlMode":"ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION","statement":"select a, b from t where b <> \"it''s\""}}');
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('1: accounts, catalog, tasks, outbox');
INSERT INTO "grdb_migrations" VALUES('2: partitions, publications');
INSERT INTO "grdb_migrations" VALUES('3: clusters, tokens, reuse, retention');
INSERT INTO "grdb_migrations" VALUES('4: lanes, events');
INSERT INTO "grdb_migrations" VALUES('5: privileges, limits of accounts');
INSERT INTO "grdb_migrations" VALUES('6: identities of accounts, ages of messages, writes taken back');
INSERT INTO "grdb_migrations" VALUES('7: dialects, values of the session');
CREATE TABLE outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    task INTEGER NOT NULL REFERENCES task (n),
    target TEXT NOT NULL,
    body BLOB NOT NULL,
    tag TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    due INTEGER NOT NULL
, lane TEXT NOT NULL DEFAULT '', sequence INTEGER NOT NULL DEFAULT 1, is_final INTEGER NOT NULL DEFAULT 1, is_given_up INTEGER NOT NULL DEFAULT 0, up_created INTEGER NOT NULL DEFAULT 0);
INSERT INTO "outbox" VALUES(1,1,'{"endpoint":"http://MQ_INST_1_test.localhost:65431","instanceID":"MQ_INST_1_test","model":"queue","producerID":"GID_test","product":"ons","topic":"dla_topic"}',X'7B2264617461223A7B2263616E63656C6C61626C655F7461736B223A302C22636F6D6D616E64223A222F2A2B2072756E5F6173796E633D747275652C206D712D6E6F746966792D62793D6F6E732C206D712D746F7069633D646C615F746F7069632C206D712D70726F64756365722D69643D4749445F746573742C206D712D656E64706F696E743D687474703A2F2F4D515F494E53545F315F746573742E6C6F63616C686F73743A36353433312C206C6162656C3D646F6E652C20636C69656E742D746F6B656E3D6669727374202A2F2073656C656374202A2066726F6D20732E76206F72646572206279206E756D626572222C22636F6E6E656374696F6E5F6964223A31312C226372656174655F74696D65223A22323032362D31312D32382031313A32343A3535222C2263726561746F725F6964223A22726F6F74222C22656C617073655F74696D65223A35312C226964223A2271323032363131323831313234687A616366336633343030303030303031222C226D657373616765223A22222C226D70705F71756572795F6964223A2232303236313132385F3033323435355F30303030335F3733703464222C226D715F656E64706F696E74223A22687474703A2F2F4D515F494E53545F315F746573742E6C6F63616C686F73743A3635343331222C226D715F6572726F725F6D7367223A6E756C6C2C226D715F6D6573736167655F6964223A6E756C6C2C226D715F6D6F64656C223A227175657565222C226D715F70726F64756365725F6964223A224749445F74657374222C226D715F70726F64756374223A226F6E73222C226D715F7175657565223A6E756C6C2C226D715F737461747573223A2257414954494E47222C226D715F746F706963223A22646C615F746F706963222C226D715F746F74616C5F74696D65223A6E756C6C2C22726573756C745F66696C655F6F73735F66696C65223A226F73733A2F2F616C6979756E2D6F612D71756572792D726573756C74732D313030303030303030303030303030302D6F73732D636E2D68616E677A686F752F444C415F526573756C742F323032362F31312F32382F71323032363131323831313234687A6163663366333430303030303030312F726573756C742E637376222C22726F775F636F756E74223A322C227363616E6E65645F646174615F6279746573223A31362C227363616E6E65645F726F775F636F756E74223A322C22737461747573223A2253554343455353222C227461626C655F736368656D61223A2273222C227461736B5F6E616D65223A2253454C454354222C227570646174655F74696D65223A22323032362D31312D32382031313A32343A3535227D2C2264617461636F6E74656E7474797065223A226170706C69636174696F6E2F6A736F6E222C226964223A2271323032363131323831313234687A6163663366333430303030303030312E31222C2273657175656E6365223A2230303030303030303031222C22736F75726365223A222F6C6F6F6E2F6163663366333430222C227370656376657273696F6E223A22312E30222C227375626A656374223A2271323032363131323831313234687A616366336633343030303030303031222C2274696D65223A22323032362D31312D32385430333A32343A35352E3136385A222C2274797065223A226C6F6F6E2E7461736B2E73756363657373227D','SUCCESS',6,1795836295168,1795836301006,'http://localhost:65431',1,1,0,1346);
CREATE TABLE publication (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    task TEXT,                     -- the id of the task whose rows they are, if it is one
    definition TEXT NOT NULL,      -- JSON of Publication
    is_done INTEGER NOT NULL DEFAULT 0 -- 1: carried out, and kept until its task has ended
, is_undone INTEGER NOT NULL DEFAULT 0, is_moved INTEGER NOT NULL DEFAULT 0);
INSERT INTO "publication" VALUES(3,'q202611281124hzacf3f3400000003','{"moves":[{"staged":"7DE7FC9A-C653-42C6-AC30-75E31939A185/data_0.parquet","target":"oss://lake/s/q/q202611281124hzacf3f3400000003-0.parquet"}],"replaced":[],"rowCount":1,"schema":"s","table":"q"}',0,0,0);
CREATE TABLE removal (
    task TEXT PRIMARY KEY,
    result_file TEXT               -- as the task had it; NULL where it had not ended well
) WITHOUT ROWID;
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "setting" VALUES('instance','acf3f340');
INSERT INTO "setting" VALUES('up_time','89');
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
, malformed_count INTEGER, cluster TEXT NOT NULL DEFAULT 'public', engine TEXT NOT NULL DEFAULT 'duckdb', priority INTEGER NOT NULL DEFAULT 5, client_token TEXT, label TEXT, peak_memory_bytes INTEGER, fingerprint TEXT, reused_from TEXT, mq_sequence INTEGER NOT NULL DEFAULT 0, account_number INTEGER NOT NULL DEFAULT 0, dialect TEXT NOT NULL DEFAULT 'mysql', session_values TEXT);
INSERT INTO "task" VALUES(1,'q202611281124hzacf3f3400000001','SUCCESS','SELECT','/*+ run_async=true, mq-notify-by=ons, mq-topic=dla_topic, mq-producer-id=GID_test, mq-endpoint=http://MQ_INST_1_test.localhost:65431, label=done, client-token=first */ select * from s.v order by number','s',NULL,'','ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',480,1795836295109,'root',11,'{"client_token":"first","label":"done","mq_endpoint":"http://MQ_INST_1_test.localhost:65431","mq_notify_by":"ons","mq_producer_id":"GID_test","mq_topic":"dla_topic","run_async":"true"}','{"endpoint":"http://MQ_INST_1_test.localhost:65431","instanceID":"MQ_INST_1_test","model":"queue","producerID":"GID_test","product":"ons","topic":"dla_topic"}',1795836295109,1795836295168,1795836295114,'20261128_032455_00003_73p4d','',2,2,16,51,30,'oss://aliyun-oa-query-results-1000000000000000-oss-cn-hangzhou/DLA_Result/2026/11/28/q202611281124hzacf3f3400000001/result.csv',1,0,0,'WAITING','http://localhost:65431: Couldn''t connect to server',NULL,NULL,6,0,'public','duckdb',5,'first','done',33878016,NULL,NULL,1,1,'mysql','{"systemTimeZoneOffsetMinutes":480,"values":{}}');
INSERT INTO "task" VALUES(2,'q202611281124hzacf3f3400000002','FAILURE','SELECT','/*+ run_async=true, label=failed */ select a from s.j where b = 1 or a / 0 > cast(''x'' as int)','s',NULL,'','ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',480,1795836295236,'root',14,'{"label":"failed","run_async":"true"}',NULL,1795836295236,1795836295261,1795836295241,'20261128_032455_00005_73p4d','Unknown column ''b'' in ''field list''; did you mean ''a''?',NULL,NULL,NULL,20,NULL,NULL,1,0,0,NULL,NULL,NULL,NULL,0,NULL,'public','duckdb',5,NULL,'failed',NULL,NULL,NULL,0,1,'mysql','{"systemTimeZoneOffsetMinutes":480,"values":{}}');
INSERT INTO "task" VALUES(3,'q202611281124hzacf3f3400000003','RUNNING','INSERT','/*+ run_async=true, label=decided */ insert into s.q values (9, 9.5)','',NULL,'','ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',480,1795836295305,'root',16,'{"label":"decided","run_async":"true"}',NULL,1795836295305,1795836300026,1795836300026,'20261128_032500_00001_giqnq','',NULL,NULL,NULL,NULL,NULL,NULL,2,0,0,NULL,NULL,NULL,NULL,0,NULL,'public','duckdb',5,NULL,'decided',NULL,NULL,NULL,0,1,'mysql','{"systemTimeZoneOffsetMinutes":480,"values":{}}');
INSERT INTO "task" VALUES(4,'q202611281125hzacf3f3400000102','RUNNING','SELECT','/*+ run_async=true, label=endless */ select sum(range % 7) as s from range(1000000000000000)','',NULL,'','ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',480,1795836300157,'root',1,'{"label":"endless","run_async":"true"}',NULL,1795836300157,1795836300160,1795836300160,'20261128_032500_00003_giqnq','',NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,NULL,NULL,NULL,NULL,0,NULL,'public','duckdb',5,NULL,'endless',NULL,NULL,NULL,0,1,'mysql','{"systemTimeZoneOffsetMinutes":480,"values":{}}');
INSERT INTO "task" VALUES(5,'q202611281125hzacf3f3400000103','CANCELLED','SELECT','/*+ run_async=true, label=cancelled */ select 1','',NULL,'','ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',480,1795836300300,'root',3,'{"label":"cancelled","run_async":"true"}',NULL,1795836300300,1795836300368,NULL,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,0,NULL,'public','duckdb',5,NULL,'cancelled',NULL,NULL,NULL,0,1,'mysql','{"systemTimeZoneOffsetMinutes":480,"values":{}}');
INSERT INTO "task" VALUES(6,'q202611281125hzacf3f3400000104','QUEUED','SELECT','/*+ run_async=true, label=waiting, mq-notify-by=ons, mq-topic=dla_topic, mq-producer-id=GID_test, mq-endpoint=http://MQ_INST_1_test.localhost:65431 */ select @x + 1 as "x", ''\'' as y, database() as d, now() = now() as n, count(*) as c from t','s','s','','ANSI_QUOTES,NO_BACKSLASH_ESCAPES',120,1795836300426,'root',5,'{"label":"waiting","mq_endpoint":"http://MQ_INST_1_test.localhost:65431","mq_notify_by":"ons","mq_producer_id":"GID_test","mq_topic":"dla_topic","run_async":"true"}','{"endpoint":"http://MQ_INST_1_test.localhost:65431","instanceID":"MQ_INST_1_test","model":"queue","producerID":"GID_test","product":"ons","topic":"dla_topic"}',1795836300426,1795836300426,NULL,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,0,NULL,'public','duckdb',5,NULL,'waiting',NULL,NULL,NULL,0,1,'mysql','{"systemTimeZoneOffsetMinutes":480,"values":{"@x":{"integer":{"_0":41}},"database()":{"text":{"_0":"s"}}}}');
INSERT INTO "task" VALUES(7,'q202611281125hzacf3f3400000105','QUEUED','INSERT','/*+ run_async=true, label=insert, mq-notify-by=ons, mq-topic=dla_topic, mq-producer-id=GID_test, mq-endpoint=http://MQ_INST_1_test.localhost:65431 */ insert into s.t select 3, ''new''','s','s','','ANSI_QUOTES,NO_BACKSLASH_ESCAPES',120,1795836300440,'root',5,'{"label":"insert","mq_endpoint":"http://MQ_INST_1_test.localhost:65431","mq_notify_by":"ons","mq_producer_id":"GID_test","mq_topic":"dla_topic","run_async":"true"}','{"endpoint":"http://MQ_INST_1_test.localhost:65431","instanceID":"MQ_INST_1_test","model":"queue","producerID":"GID_test","product":"ons","topic":"dla_topic"}',1795836300440,1795836300440,NULL,NULL,'',NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,NULL,0,NULL,'public','duckdb',5,NULL,'insert',NULL,NULL,NULL,0,1,'mysql','{"systemTimeZoneOffsetMinutes":480,"values":{}}');
CREATE TABLE task_sequence (minute INTEGER NOT NULL, counter INTEGER NOT NULL);
INSERT INTO "task_sequence" VALUES(29930605,202);
CREATE INDEX outbox_by_task ON outbox (task);
CREATE INDEX publication_by_task ON publication (task);
CREATE INDEX task_queued ON task (cluster, priority, account, n) WHERE status = 'QUEUED';
CREATE INDEX task_suspect ON task (n) WHERE status = 'QUEUED' AND suspect = 1;
CREATE INDEX task_by_status ON task (status, n);
CREATE INDEX task_by_account ON task (account, created);
CREATE INDEX task_by_creation ON task (created);
CREATE INDEX task_by_label ON task (label COLLATE NOCASE) WHERE label IS NOT NULL;
CREATE INDEX task_by_fingerprint ON task (fingerprint, n) WHERE fingerprint IS NOT NULL;
CREATE INDEX task_by_source ON task (reused_from) WHERE reused_from IS NOT NULL;
CREATE INDEX outbox_by_lane ON outbox (lane, due, n) WHERE is_given_up = 0;
CREATE UNIQUE INDEX task_by_token ON task (account, account_number, client_token) WHERE
client_token IS NOT NULL;
CREATE INDEX outbox_by_age ON outbox (up_created) WHERE is_given_up = 0 AND attempts > 0;
CREATE INDEX outbox_untried ON outbox (up_created) WHERE is_given_up = 0 AND attempts = 0;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('publication',3);
INSERT INTO "sqlite_sequence" VALUES('task',7);
INSERT INTO "sqlite_sequence" VALUES('outbox',1);
COMMIT;
