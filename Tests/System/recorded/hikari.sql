set autocommit=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')
SELECT @@max_allowed_packet,@@system_time_zone,@@time_zone,@@auto_increment_increment
SELECT @@tx_isolation
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
set autocommit=0
USE `shop`
SELECT id, name FROM orders
ROLLBACK
set autocommit=1
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ
SELECT 1
set autocommit=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')
SELECT @@max_allowed_packet,@@system_time_zone,@@time_zone,@@auto_increment_increment
set autocommit=0
SELECT 1
SELECT @@tx_isolation
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
USE `shop`
SET NAMES utf8mb4
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
set autocommit=1
USE `shop`
SELECT id, name FROM orders
set autocommit=0
SELECT 1
SELECT 1
/* mysql-connector-j-9.0.0 (Revision: e0e8e3461e5257ba4aa19e6b3614a2685b298947) */SELECT  @@session.auto_increment_increment AS auto_increment_increment, @@character_set_client AS character_set_client, @@character_set_connection AS character_set_connection, @@character_set_results AS character_set_results, @@character_set_server AS character_set_server, @@collation_server AS collation_server, @@collation_connection AS collation_connection, @@init_connect AS init_connect, @@interactive_timeout AS interactive_timeout, @@license AS license, @@lower_case_table_names AS lower_case_table_names, @@max_allowed_packet AS max_allowed_packet, @@net_write_timeout AS net_write_timeout, @@performance_schema AS performance_schema, @@sql_mode AS sql_mode, @@system_time_zone AS system_time_zone, @@time_zone AS time_zone, @@transaction_isolation AS transaction_isolation, @@wait_timeout AS wait_timeout
SET character_set_results = NULL
SET autocommit=1
SELECT @@session.transaction_isolation
SET SESSION TRANSACTION READ WRITE
SET SESSION TRANSACTION READ ONLY
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
SET autocommit=0
commit
rollback
SET autocommit=1
USE `shop`
SET NAMES utf8mb4
SELECT 1
/* ping */ SELECT 1
SELECT id, name FROM orders
KILL QUERY 42
