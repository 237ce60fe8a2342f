CREATE EXTERNAL TABLE IF NOT EXISTS oss_schema.oss_json (
    id INT, name STRING, temperature DOUBLE, rainy BOOLEAN
) STORED AS JSON LOCATION 'oss://demo-lake/oss_schema/oss_json/';

CREATE EXTERNAL TABLE IF NOT EXISTS nycflights13.airlines (carrier STRING, name STRING)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ','
STORED AS TEXTFILE LOCATION 'oss://demo-lake/nycflights13/airlines/' TBLPROPERTIES ('skip.header.line.count' = '1');

CREATE EXTERNAL TABLE IF NOT EXISTS nycflights13.airports (
    faa STRING, name STRING, lat DOUBLE, lon DOUBLE, alt INT, tz INT, dst STRING, tzone STRING
) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' NULL DEFINED AS 'NA'
STORED AS TEXTFILE LOCATION 'oss://demo-lake/nycflights13/airports/' TBLPROPERTIES ('skip.header.line.count' = '1');

CREATE EXTERNAL TABLE IF NOT EXISTS nycflights13.flights (
    year INT, month INT, day INT, dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT, sched_arr_time INT, arr_delay INT,
    carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING, air_time INT, distance INT, hour INT, minute INT,
    time_hour TIMESTAMP
) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' NULL DEFINED AS 'NA'
STORED AS TEXTFILE LOCATION 'oss://demo-lake/nycflights13/flights/' TBLPROPERTIES ('skip.header.line.count' = '1');

CREATE EXTERNAL TABLE IF NOT EXISTS nycflights13.planes (
    tailnum STRING, year INT, type STRING, manufacturer STRING, model STRING, engines INT, seats INT, speed INT, engine STRING
) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' NULL DEFINED AS 'NA'
STORED AS TEXTFILE LOCATION 'oss://demo-lake/nycflights13/planes/' TBLPROPERTIES ('skip.header.line.count' = '1');

CREATE EXTERNAL TABLE IF NOT EXISTS nycflights13.weather (
    origin STRING, year INT, month INT, day INT, hour INT, temp DOUBLE, dewp DOUBLE, humid DOUBLE, wind_dir INT, wind_speed DOUBLE,
    wind_gust DOUBLE, precip DOUBLE, pressure DOUBLE, visib DOUBLE, time_hour TIMESTAMP
) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' NULL DEFINED AS 'NA'
STORED AS TEXTFILE LOCATION 'oss://demo-lake/nycflights13/weather/' TBLPROPERTIES ('skip.header.line.count' = '1');
