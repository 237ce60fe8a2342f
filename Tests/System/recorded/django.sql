SET NAMES utf8mb4
SET autocommit=0
SET autocommit=1
SELECT VERSION(), @@sql_mode, @@default_storage_engine, @@sql_auto_is_null, @@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
SELECT table_name, table_type, table_comment FROM information_schema.tables WHERE table_schema = DATABASE()
SELECT column_name, referenced_column_name, referenced_table_name FROM information_schema.key_column_usage WHERE table_name = 'orders' AND table_schema = DATABASE() AND referenced_table_schema = DATABASE() AND referenced_table_name IS NOT NULL AND referenced_column_name IS NOT NULL
SELECT kc.`constraint_name`, kc.`column_name`, kc.`referenced_table_name`, kc.`referenced_column_name`, c.`constraint_type` FROM information_schema.key_column_usage AS kc, information_schema.table_constraints AS c WHERE kc.table_schema = DATABASE() AND ( kc.referenced_table_schema = DATABASE() OR kc.referenced_table_schema IS NULL ) AND c.table_schema = kc.table_schema AND c.constraint_name = kc.constraint_name AND c.constraint_type != 'CHECK' AND kc.table_name = 'orders' ORDER BY kc.`ordinal_position`
SELECT  table_collation FROM    information_schema.tables WHERE   table_schema = DATABASE() AND     table_name = 'orders'
SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, extra, column_default, CASE WHEN collation_name = 'latin1_swedish_ci' THEN NULL ELSE collation_name END AS collation_name, CASE WHEN column_type LIKE '% unsigned' THEN 1 ELSE 0 END AS is_unsigned, column_comment FROM information_schema.columns WHERE table_name = 'orders' AND table_schema = DATABASE()
SELECT * FROM `orders` LIMIT 1
SELECT cc.constraint_name, cc.check_clause FROM information_schema.check_constraints AS cc, information_schema.table_constraints AS tc WHERE cc.constraint_schema = DATABASE() AND tc.table_schema = cc.constraint_schema AND cc.constraint_name = tc.constraint_name AND tc.constraint_type = 'CHECK' AND tc.table_name = 'orders'
SHOW INDEX FROM `orders`
SELECT kc.`constraint_name`, kc.`column_name`, kc.`referenced_table_name`, kc.`referenced_column_name`, c.`constraint_type` FROM information_schema.key_column_usage AS kc, information_schema.table_constraints AS c WHERE kc.table_schema = DATABASE() AND ( kc.referenced_table_schema = DATABASE() OR kc.referenced_table_schema IS NULL ) AND c.table_schema = kc.table_schema AND c.constraint_name = kc.constraint_name AND c.constraint_type != 'CHECK' AND kc.table_name = 'orders' ORDER BY kc.`ordinal_position`
SELECT  table_collation FROM    information_schema.tables WHERE   table_schema = DATABASE() AND     table_name = 'orders'
SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, extra, column_default, CASE WHEN collation_name = 'latin1_swedish_ci' THEN NULL ELSE collation_name END AS collation_name, CASE WHEN column_type LIKE '% unsigned' THEN 1 ELSE 0 END AS is_unsigned, column_comment FROM information_schema.columns WHERE table_name = 'orders' AND table_schema = DATABASE()
SELECT * FROM `orders` LIMIT 1
SELECT cc.constraint_name, cc.check_clause FROM information_schema.check_constraints AS cc, information_schema.table_constraints AS tc WHERE cc.constraint_schema = DATABASE() AND tc.table_schema = cc.constraint_schema AND cc.constraint_name = tc.constraint_name AND tc.constraint_type = 'CHECK' AND tc.table_name = 'orders'
SHOW INDEX FROM `orders`
SELECT  table_collation FROM    information_schema.tables WHERE   table_schema = DATABASE() AND     table_name = 'orders'
SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, extra, column_default, CASE WHEN collation_name = 'latin1_swedish_ci' THEN NULL ELSE collation_name END AS collation_name, CASE WHEN column_type LIKE '% unsigned' THEN 1 ELSE 0 END AS is_unsigned, column_comment FROM information_schema.columns WHERE table_name = 'orders' AND table_schema = DATABASE()
SELECT * FROM `orders` LIMIT 1
SET NAMES utf8mb4
SET autocommit=0
SET autocommit=1
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
SELECT table_name, table_type, table_comment FROM information_schema.tables WHERE table_schema = DATABASE()
SET NAMES utf8mb4
SET autocommit=0
SET autocommit=1
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
SELECT `orders`.`id`, `orders`.`name` FROM `orders` WHERE `orders`.`name` LIKE BINARY 'a%' ORDER BY `orders`.`id` ASC LIMIT 21
SELECT COUNT(*) AS `__count` FROM `orders`
SELECT 1 AS `a` FROM `orders` WHERE `orders`.`name` LIKE '%a%' LIMIT 1
SELECT `orders`.`name` AS `name`, COUNT(`orders`.`id`) AS `n` FROM `orders` GROUP BY 1 ORDER BY 2 DESC LIMIT 5
SET autocommit=0
SELECT `orders`.`id`, `orders`.`name` FROM `orders` WHERE `orders`.`id` = 1 FOR UPDATE
SAVEPOINT `s139657633110912_x1`
SELECT `orders`.`id`, `orders`.`name` FROM `orders` WHERE `orders`.`id` = 1 ORDER BY `orders`.`id` ASC LIMIT 1
RELEASE SAVEPOINT `s139657633110912_x1`
COMMIT
SET autocommit=1
EXPLAIN FORMAT=TREE SELECT `orders`.`id`, `orders`.`name` FROM `orders` WHERE `orders`.`id` = 1
SET SQL_AUTO_IS_NULL = 0
SELECT VERSION(), @@sql_mode, @@default_storage_engine, @@sql_auto_is_null, @@lower_case_table_names, CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL
SELECT CAST(DATE_FORMAT(FROM_UNIXTIME(`orders`.`id`), '%Y-%m-01') AS DATE) AS `m`, COUNT(`orders`.`id`) AS `n` FROM `orders` GROUP BY 1 ORDER BY NULL
SELECT DATE(CONVERT_TZ(FROM_UNIXTIME(`orders`.`id`), 'UTC', 'Europe/Paris')) AS `d` FROM `orders`
SELECT EXTRACT(YEAR FROM FROM_UNIXTIME(`orders`.`id`)) AS `y` FROM `orders` WHERE `orders`.`name` REGEXP BINARY '^a'
SELECT `orders`.`id` FROM `orders` WHERE REGEXP_LIKE(`orders`.`name`, '^a', 'c')
SELECT DISTINCT `orders`.`name` FROM `orders` WHERE NOT (`orders`.`name` IS NULL) ORDER BY `orders`.`name` DESC LIMIT 18446744073709551615 OFFSET 5
SELECT COUNT(*) FROM (SELECT DISTINCT `orders`.`name` AS `col1` FROM `orders`) subquery
EXPLAIN SELECT `orders`.`id` FROM `orders`
KILL 42
