/* mysql-connector-j-9.0.0 (Revision: e0e8e3461e5257ba4aa19e6b3614a2685b298947) */SELECT  @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, @@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout
SET character_set_results = NULL
SET autocommit=1
SET sql_mode='STRICT_TRANS_TABLES'
/* ApplicationName=DBeaver 24.1.2 - Main */ SET autocommit=1
/* ApplicationName=DBeaver 24.1.2 - Main */ SELECT DATABASE()
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SET autocommit=1
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT DATABASE()
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW ENGINES
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW CHARSET
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW COLLATION
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT @@GLOBAL.character_set_server,@@GLOBAL.collation_server
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW PLUGINS
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW VARIABLES LIKE 'lower_case_table_names'
/* ApplicationName=DBeaver 24.1.2 - Metadata */ show databases
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.TABLES t WHERE 	t.TABLE_SCHEMA = 'information_schema' 	AND t.TABLE_NAME = 'CHECK_CONSTRAINTS'
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.SCHEMATA
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT WORD FROM INFORMATION_SCHEMA.KEYWORDS WHERE RESERVED=1 ORDER BY WORD
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT @@session.transaction_isolation
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT @@session.transaction_read_only
/* ApplicationName=DBeaver 24.1.2 - Main */ use `shop`
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW FULL TABLES FROM `shop`
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW TABLE STATUS FROM `shop`
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders' ORDER BY ORDINAL_POSITION
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW FULL TABLES FROM `shop` LIKE 'orders'
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW FULL TABLES FROM `shop` WHERE Tables_in_shop LIKE 'orders'
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW TABLE STATUS FROM `shop` LIKE 'orders'
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='shop' ORDER BY ORDINAL_POSITION
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.STATISTICS WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders' ORDER BY INDEX_NAME,SEQ_IN_INDEX
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT kc.CONSTRAINT_NAME,kc.TABLE_NAME,kc.COLUMN_NAME,kc.ORDINAL_POSITION FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE kc WHERE kc.TABLE_SCHEMA='shop' AND kc.REFERENCED_TABLE_NAME IS NULL AND kc.TABLE_NAME='orders' ORDER BY kc.CONSTRAINT_NAME,kc.ORDINAL_POSITION
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT cc.CONSTRAINT_NAME, cc.CHECK_CLAUSE, tc.TABLE_NAME FROM (SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM INFORMATION_SCHEMA.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA ='shop' ORDER BY CONSTRAINT_NAME) cc, (SELECT TABLE_NAME, CONSTRAINT_NAME from INFORMATION_SCHEMA.TABLE_CONSTRAINTS tc WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders') tc WHERE cc.CONSTRAINT_NAME = tc.CONSTRAINT_NAME ORDER BY cc.CONSTRAINT_NAME
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT DISTINCT A.REFERENCED_TABLE_SCHEMA AS PKTABLE_CAT,NULL AS PKTABLE_SCHEM, A.REFERENCED_TABLE_NAME AS PKTABLE_NAME, A.REFERENCED_COLUMN_NAME AS PKCOLUMN_NAME, A.TABLE_SCHEMA AS FKTABLE_CAT, NULL AS FKTABLE_SCHEM, A.TABLE_NAME AS FKTABLE_NAME, A.COLUMN_NAME AS FKCOLUMN_NAME, A.ORDINAL_POSITION AS KEY_SEQ,CASE WHEN R.UPDATE_RULE='CASCADE' THEN 0 WHEN R.UPDATE_RULE='SET NULL' THEN 2 WHEN R.UPDATE_RULE='SET DEFAULT' THEN 4 WHEN R.UPDATE_RULE='RESTRICT' THEN 1 WHEN R.UPDATE_RULE='NO ACTION' THEN 1 ELSE 1 END  AS UPDATE_RULE,CASE WHEN R.DELETE_RULE='CASCADE' THEN 0 WHEN R.DELETE_RULE='SET NULL' THEN 2 WHEN R.DELETE_RULE='SET DEFAULT' THEN 4 WHEN R.DELETE_RULE='RESTRICT' THEN 1 WHEN R.DELETE_RULE='NO ACTION' THEN 1 ELSE 1 END  AS DELETE_RULE, A.CONSTRAINT_NAME AS FK_NAME, R.UNIQUE_CONSTRAINT_NAME AS PK_NAME,7 AS DEFERRABILITY FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE A JOIN INFORMATION_SCHEMA.TABLE_CONSTRAINTS B USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME, TABLE_NAME) JOIN INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS R ON (R.CONSTRAINT_NAME = B.CONSTRAINT_NAME AND R.TABLE_NAME = B.TABLE_NAME AND R.CONSTRAINT_SCHEMA = B.TABLE_SCHEMA) WHERE B.CONSTRAINT_TYPE = 'FOREIGN KEY' AND A.TABLE_SCHEMA = 'shop' AND A.TABLE_NAME='orders' AND A.REFERENCED_TABLE_SCHEMA IS NOT NULL ORDER BY A.REFERENCED_TABLE_SCHEMA, A.REFERENCED_TABLE_NAME, A.ORDINAL_POSITION
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT DISTINCT A.REFERENCED_TABLE_SCHEMA AS PKTABLE_CAT,NULL AS PKTABLE_SCHEM, A.REFERENCED_TABLE_NAME AS PKTABLE_NAME, A.REFERENCED_COLUMN_NAME AS PKCOLUMN_NAME, A.TABLE_SCHEMA AS FKTABLE_CAT, NULL AS FKTABLE_SCHEM, A.TABLE_NAME AS FKTABLE_NAME, A.COLUMN_NAME AS FKCOLUMN_NAME, A.ORDINAL_POSITION AS KEY_SEQ,CASE WHEN R.UPDATE_RULE='CASCADE' THEN 0 WHEN R.UPDATE_RULE='SET NULL' THEN 2 WHEN R.UPDATE_RULE='SET DEFAULT' THEN 4 WHEN R.UPDATE_RULE='RESTRICT' THEN 1 WHEN R.UPDATE_RULE='NO ACTION' THEN 1 ELSE 1 END  AS UPDATE_RULE,CASE WHEN R.DELETE_RULE='CASCADE' THEN 0 WHEN R.DELETE_RULE='SET NULL' THEN 2 WHEN R.DELETE_RULE='SET DEFAULT' THEN 4 WHEN R.DELETE_RULE='RESTRICT' THEN 1 WHEN R.DELETE_RULE='NO ACTION' THEN 1 ELSE 1 END  AS DELETE_RULE, A.CONSTRAINT_NAME AS FK_NAME, TC.CONSTRAINT_NAME AS PK_NAME,7 AS DEFERRABILITY FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE A JOIN INFORMATION_SCHEMA.TABLE_CONSTRAINTS B USING (TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME) JOIN INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS R ON (R.CONSTRAINT_NAME = B.CONSTRAINT_NAME AND R.TABLE_NAME = B.TABLE_NAME AND R.CONSTRAINT_SCHEMA = B.TABLE_SCHEMA)  LEFT JOIN INFORMATION_SCHEMA.TABLE_CONSTRAINTS TC ON (A.REFERENCED_TABLE_SCHEMA = TC.TABLE_SCHEMA  AND A.REFERENCED_TABLE_NAME = TC.TABLE_NAME  AND TC.CONSTRAINT_TYPE IN ('UNIQUE', 'PRIMARY KEY')) WHERE B.CONSTRAINT_TYPE = 'FOREIGN KEY' AND A.REFERENCED_TABLE_SCHEMA = 'shop' AND A.REFERENCED_TABLE_NAME='orders' ORDER BY FKTABLE_NAME, FKTABLE_NAME, KEY_SEQ
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW FULL TRIGGERS FROM `shop`
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders'  ORDER BY PARTITION_ORDINAL_POSITION,SUBPARTITION_ORDINAL_POSITION
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA='shop' ORDER BY ROUTINE_NAME
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.EVENTS WHERE EVENT_SCHEMA='shop'
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM information_schema.VIEWS WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders'
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW CREATE TABLE `shop`.`orders`
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW CREATE TABLE shop.orders
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW CREATE DATABASE `shop`
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT TABLE_SCHEMA,TABLE_NAME FROM information_schema.TABLES WHERE (TABLE_NAME LIKE 'ord%') AND TABLE_SCHEMA='shop' ORDER BY TABLE_NAME LIMIT 100
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT ROUTINE_SCHEMA,ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_NAME LIKE 'ord%'  AND ROUTINE_SCHEMA='shop' ORDER BY ROUTINE_NAME LIMIT 100
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT TABLE_SCHEMA,TABLE_NAME,CONSTRAINT_NAME,CONSTRAINT_TYPE FROM information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_NAME LIKE 'ord%'  AND TABLE_SCHEMA='shop' ORDER BY CONSTRAINT_NAME LIMIT 100
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT TABLE_SCHEMA,TABLE_NAME,COLUMN_NAME FROM information_schema.COLUMNS WHERE COLUMN_NAME LIKE 'ord%'  AND TABLE_SCHEMA='shop' ORDER BY COLUMN_NAME LIMIT 100
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SELECT * FROM mysql.user ORDER BY user
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW PRIVILEGES
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW STATUS
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW GLOBAL STATUS
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW VARIABLES
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW GLOBAL VARIABLES
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW FULL PROCESSLIST
/* ApplicationName=DBeaver 24.1.2 - Metadata */ SHOW GRANTS FOR 'root'@'%'
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ SELECT DATABASE()
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ SET SQL_SELECT_LIMIT=200
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ SELECT id, name FROM orders
SHOW WARNINGS
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ SET SQL_SELECT_LIMIT=DEFAULT
/* ApplicationName=DBeaver 24.1.2 - Main */ SELECT * FROM shop.orders o LIMIT 0, 200
/* ApplicationName=DBeaver 24.1.2 - Main */ SELECT COUNT(*) FROM shop.orders o
/* ApplicationName=DBeaver 24.1.2 - Main */ SELECT * FROM shop.orders o WHERE name LIKE 'a%' ORDER BY id DESC LIMIT 0, 200
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ EXPLAIN SELECT id, name FROM orders
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ EXPLAIN EXTENDED SELECT id, name FROM orders
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ EXPLAIN FORMAT=JSON SELECT id, name FROM orders
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ SET autocommit=0
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ commit
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ rollback
/* ApplicationName=DBeaver 24.1.2 - SQLEditor <Script-1.sql> */ SET autocommit=1
KILL QUERY 42
/* ApplicationName=DBeaver 24.1.2 - Metadata */ KILL CONNECTION 42
