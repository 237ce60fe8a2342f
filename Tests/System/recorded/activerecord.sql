SET NAMES utf8mb4,  @@SESSION.sql_mode = CONCAT(CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), ',NO_AUTO_VALUE_ON_ZERO'),  @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables  WHERE table_schema = database()) _subquery WHERE _subquery.table_type = 'BASE TABLE'
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables  WHERE table_schema = database()) _subquery WHERE _subquery.table_type = 'VIEW'
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables  WHERE table_schema = database()) _subquery
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables  WHERE table_schema = database()) _subquery WHERE _subquery.table_name = 'orders'
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables  WHERE table_schema = database()) _subquery WHERE _subquery.table_type = 'BASE TABLE' AND _subquery.table_name = 'orders'
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables  WHERE table_schema = database()) _subquery WHERE _subquery.table_type = 'VIEW' AND _subquery.table_name = 'orders'
SHOW FULL FIELDS FROM `orders`
SELECT column_name FROM information_schema.statistics WHERE index_name = 'PRIMARY' AND table_schema = database() AND table_name = 'orders' ORDER BY seq_in_index
SHOW KEYS FROM `orders`
SELECT fk.referenced_table_name AS 'to_table', fk.referenced_column_name AS 'primary_key', fk.column_name AS 'column', fk.constraint_name AS 'name', rc.update_rule AS 'on_update', rc.delete_rule AS 'on_delete' FROM information_schema.referential_constraints rc JOIN information_schema.key_column_usage fk USING (constraint_schema, constraint_name) WHERE fk.referenced_column_name IS NOT NULL AND fk.table_schema = database() AND fk.table_name = 'orders' AND rc.constraint_schema = database() AND rc.table_name = 'orders'
SELECT table_comment FROM information_schema.tables WHERE table_schema = database() AND table_name = 'orders'
SHOW CREATE TABLE `orders`
SELECT cc.constraint_name AS 'name', cc.check_clause AS 'expression' FROM information_schema.check_constraints cc JOIN information_schema.table_constraints tc USING (constraint_schema, constraint_name) WHERE tc.table_schema = database() AND tc.table_name = 'orders' AND cc.constraint_schema = database()
SELECT database()
SELECT @@character_set_database
SELECT @@collation_database
SELECT @@sql_mode
SHOW FULL FIELDS FROM `orders`
SELECT `orders`.* FROM `orders` WHERE `orders`.`id` = 1
SELECT table_name FROM (SELECT table_name, table_type FROM information_schema.tables  WHERE table_schema = database()) _subquery
SELECT `orders`.* FROM `orders` ORDER BY `orders`.`id` ASC LIMIT 1
SELECT COUNT(*) FROM `orders`
SELECT `orders`.* FROM `orders` WHERE `orders`.`name` = 'a' LIMIT 1
SELECT `orders`.`name` FROM `orders`
SELECT `orders`.* FROM `orders` ORDER BY `orders`.`id` ASC LIMIT 10 OFFSET 2
SELECT 1 AS one FROM `orders` LIMIT 1
BEGIN
SELECT `orders`.* FROM `orders` WHERE `orders`.`id` = 1 LIMIT 1 FOR UPDATE
SAVEPOINT active_record_1
SELECT `orders`.* FROM `orders` ORDER BY `orders`.`id` DESC LIMIT 1
RELEASE SAVEPOINT active_record_1
COMMIT
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
BEGIN
SELECT `orders`.* FROM `orders` ORDER BY `orders`.`id` ASC LIMIT 1
COMMIT
SELECT `orders`.* FROM `orders` WHERE `orders`.`id` = 1
EXPLAIN SELECT `orders`.* FROM `orders` WHERE `orders`.`id` = 1
SELECT GET_LOCK('123', 0)
SELECT RELEASE_LOCK('123')
SELECT @@FOREIGN_KEY_CHECKS
SET FOREIGN_KEY_CHECKS = 0
SET FOREIGN_KEY_CHECKS = 1
SELECT /*+ MAX_EXECUTION_TIME(1000) */ COUNT(*) FROM orders
SET NAMES utf8mb4,  @@SESSION.sql_mode = CONCAT(CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), ',NO_AUTO_VALUE_ON_ZERO'),  @@SESSION.sql_auto_is_null = 0, @@SESSION.wait_timeout = 2147483
SELECT VERSION()
SHOW VARIABLES LIKE 'collation_database'
SET @@SESSION.sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'),  @@SESSION.wait_timeout = 2147483
SELECT cc.constraint_name AS 'name', cc.check_clause AS 'expression' FROM information_schema.check_constraints cc JOIN information_schema.table_constraints tc USING (constraint_schema, constraint_name) WHERE tc.table_schema = database() AND tc.table_name = 'orders' AND cc.constraint_schema = database() AND cc.table_name = tc.table_name
SHOW CREATE TABLE `shop`.`orders`
SHOW FULL FIELDS FROM `shop`.`orders`
SELECT /*+ MAX_EXECUTION_TIME(5000) */ `orders`.* FROM `orders`
KILL QUERY 42
