set autocommit=1
SELECT current_user()
SET CHARACTER SET utf8
SET NAMES utf8
SHOW SESSION VARIABLES LIKE 'sql_mode'
SELECT CONNECTION_ID()
show character set where charset = 'utf8mb4'
SET NAMES 'utf8mb4'
SHOW SESSION STATUS LIKE 'Ssl_cipher'
USE `shop`
set autocommit=1
set autocommit=1
SELECT current_user()
SET CHARACTER SET utf8
SET NAMES utf8
SET SQL_SAFE_UPDATES=1
SELECT CONNECTION_ID()
show character set where charset = 'utf8mb4'
SET NAMES 'utf8mb4'
SHOW SESSION STATUS LIKE 'Ssl_cipher'
USE `shop`
set autocommit=1
SHOW SESSION VARIABLES LIKE 'sql_mode'
SHOW SESSION VARIABLES LIKE 'version_comment'
SHOW SESSION VARIABLES LIKE 'version'
SELECT current_user()
SHOW SESSION VARIABLES LIKE 'lower_case_table_names'
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ
show engines
SHOW DATABASES
show charset
show collation
show variables
SHOW SESSION VARIABLES LIKE 'version_compile_os'
SHOW SESSION VARIABLES LIKE 'offline_mode'
SHOW SESSION VARIABLES LIKE 'wait_timeout'
SHOW SESSION VARIABLES LIKE 'interactive_timeout'
SHOW GLOBAL VARIABLES
SHOW FULL TABLES FROM `shop`
SHOW PROCEDURE STATUS WHERE Db='shop'
SHOW FUNCTION STATUS WHERE Db='shop'
SHOW FULL COLUMNS FROM `shop`.`orders`
SHOW COLUMNS FROM `shop`.`orders`
SHOW INDEX FROM `shop`.`orders`
SELECT name, type FROM mysql.proc WHERE Db='shop'
SHOW TRIGGERS FROM `shop` LIKE 'orders'
SHOW INDEXES FROM `shop`.`orders`
SHOW CREATE TABLE `shop`.`orders`
show variables like 'offline_mode'
SHOW TABLE STATUS FROM `shop` WHERE NAME='orders'
SELECT * FROM information_schema.partitions WHERE table_schema = 'shop' AND table_name = 'orders'
SHOW GLOBAL STATUS
SHOW PLUGINS
SHOW MASTER STATUS
SHOW FULL PROCESSLIST
SELECT t.PROCESSLIST_ID,IF (NAME = 'thread/sql/event_scheduler','event_scheduler',t.PROCESSLIST_USER) PROCESSLIST_USER,t.PROCESSLIST_HOST,t.PROCESSLIST_DB,t.PROCESSLIST_COMMAND,t.PROCESSLIST_TIME,t.PROCESSLIST_STATE,t.THREAD_ID,t.TYPE,t.NAME,t.PARENT_THREAD_ID,t.INSTRUMENTED,t.PROCESSLIST_INFO,a.ATTR_VALUE FROM performance_schema.threads t  LEFT OUTER JOIN performance_schema.session_connect_attrs a ON t.processlist_id = a.processlist_id AND (a.attr_name IS NULL OR a.attr_name = 'program_name') WHERE t.TYPE <> 'BACKGROUND'
select id, name from orders LIMIT 0, 1000
SELECT st.* FROM performance_schema.events_statements_current st JOIN performance_schema.threads thr ON thr.thread_id = st.thread_id WHERE thr.processlist_id = 42
SELECT st.* FROM performance_schema.events_stages_history_long st WHERE st.nesting_event_id = 591
SELECT st.* FROM performance_schema.events_waits_history_long st WHERE st.nesting_event_id = 591
SHOW INDEX FROM `shop`.`orders`
SELECT * FROM shop.orders LIMIT 0, 1000
select 1
COMMIT
ROLLBACK
EXPLAIN FORMAT=JSON select id, name from orders
EXPLAIN select id, name from orders
KILL QUERY 42
