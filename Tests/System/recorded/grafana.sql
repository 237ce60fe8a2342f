SET time_zone='+00:00'
SELECT @@max_allowed_packet
SELECT 1
SELECT 1;
SELECT DISTINCT TABLE_SCHEMA from information_schema.TABLES where TABLE_TYPE != 'SYSTEM VIEW' ORDER BY TABLE_SCHEMA
SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop' ORDER BY table_name
SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY table_name
SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY column_name
SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = database() AND table_name = 'orders' AND data_type IN ('timestamp','datetime','bigint','int','double','float') ORDER BY column_name
SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = database() AND table_name = 'orders' AND data_type IN ('text','tinytext','mediumtext','longtext','varchar','char') ORDER BY column_name
SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'shop' AND table_name = 'orders' AND data_type IN ('bigint','int','smallint','mediumint','tinyint','double','decimal','float') AND column_name <> 'id' ORDER BY column_name
SELECT table_name as table_name, ( SELECT column_name as column_name FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.data_type IN ('timestamp', 'datetime') ORDER BY ordinal_position LIMIT 1 ) AS time_column, ( SELECT column_name AS column_name FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.data_type IN('float', 'int', 'bigint') ORDER BY ordinal_position LIMIT 1 ) AS value_column FROM information_schema.tables t WHERE t.table_schema = database() AND EXISTS ( SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.data_type IN ('timestamp', 'datetime') ) AND EXISTS ( SELECT 1 FROM information_schema.columns c WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.data_type IN('float', 'int', 'bigint') ) LIMIT 1 ;
SELECT id AS "time", id AS value, name AS metric FROM orders WHERE id >= 1704067200 AND id <= 1704070800 ORDER BY id
SELECT id DIV 300 * 300 AS "time", avg(id) AS "value" FROM orders WHERE id BETWEEN 1704067200 AND 1704070800 GROUP BY 1 ORDER BY 1
SELECT UNIX_TIMESTAMP(FROM_UNIXTIME(id)) DIV 60 * 60 AS "time", COUNT(*) AS value FROM shop.orders WHERE FROM_UNIXTIME(id) BETWEEN FROM_UNIXTIME(1704067200) AND FROM_UNIXTIME(1704070800) GROUP BY 1 ORDER BY UNIX_TIMESTAMP(FROM_UNIXTIME(id)) DIV 60 * 60
SELECT id AS time_sec, name AS text FROM orders WHERE id > 0
SELECT name FROM shop.orders LIMIT 50
SELECT DISTINCT name AS __text, id AS __value FROM orders
SELECT CAST(cast(UNIX_TIMESTAMP(FROM_UNIXTIME(id))/(60) as signed)*60 as signed) AS time_sec, avg(id) AS value FROM orders GROUP BY 1 ORDER BY 1 asc
SELECT SLEEP(0)
