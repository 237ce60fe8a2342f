-- A schema is a name for a folder of the object store; only an administrator makes one.
CREATE SCHEMA IF NOT EXISTS oss_schema WITH DBPROPERTIES (catalog = 'oss', location = 'oss://demo-lake/oss_schema/');
CREATE SCHEMA IF NOT EXISTS nycflights13 WITH DBPROPERTIES (catalog = 'oss', location = 'oss://demo-lake/nycflights13/');
