/// Functions of MySQL's that the engine does not have, or has under the same name with another meaning, as macros
/// (https://duckdb.org/docs/stable/sql/statements/create_macro): the front end calls those of the second kind by a name with `loon_` before it.
enum MySQLFunctions {
    static let statements = definitions.map { "CREATE MACRO memory.main." + $0 }

    private static let definitions = [
        "substring_index(s, d, n) AS CASE WHEN n > 0 THEN array_to_string(list_slice(string_split(s, d), 1, n), d) "
            + "WHEN n < 0 THEN array_to_string(list_slice(string_split(s, d), greatest(len(string_split(s, d)) + n + 1, 1), len(string_split(s, d))), d) "
            + "WHEN n = 0 THEN '' END",
        "loon_instr(s, part) AS instr(lower(s), lower(part))",
        "locate(part, s) AS instr(lower(s), lower(part))",
        "loon_left(s, n) AS left(s, greatest(n, 0))",
        "loon_right(s, n) AS right(s, greatest(n, 0))",
        "mid(s, place, n) AS substring(s, place, n)",
        "isnull(x) AS x IS NULL",
        "makedate(y, d) AS make_date(y, 1, 1) + CAST(d - 1 AS INTEGER)",
        "adddate(d, i) AS CAST(d AS TIMESTAMP) + i",
        "subdate(d, i) AS CAST(d AS TIMESTAMP) - i",
        "loon_date_sub(d, i) AS CAST(d AS TIMESTAMP) - i",
        "loon_date_add(d, i) AS CAST(d AS TIMESTAMP) + i",
        // Of texts too.
        "loon_year(d) AS year(CAST(d AS TIMESTAMP))", "loon_month(d) AS month(CAST(d AS TIMESTAMP))", "loon_day(d) AS day(CAST(d AS TIMESTAMP))",
        "loon_dayofyear(d) AS dayofyear(CAST(d AS TIMESTAMP))", "loon_quarter(d) AS quarter(CAST(d AS TIMESTAMP))",
        // Sunday is 1, and Monday is 0.
        "loon_dayofweek(d) AS dayofweek(CAST(d AS TIMESTAMP)) + 1",
        "loon_weekday(d) AS isodow(CAST(d AS TIMESTAMP)) - 1",
        // The first argument of these two is the session's time zone, in minutes east of UTC.
        "loon_from_unixtime(zone, t) AS make_timestamp(CAST(CAST(t AS DOUBLE) * 1000000 AS BIGINT)) + to_minutes(zone)",
        "loon_unix_timestamp(zone, t) AS CAST(floor(epoch(CAST(t AS TIMESTAMP))) AS BIGINT) - zone * 60",
        // Of numbers that are whole the whole quotient, of others its whole part.
        "loon_div(a, b) AS CASE WHEN b = 0 THEN NULL WHEN a = trunc(a) AND b = trunc(b) THEN CAST(a AS BIGINT) // CAST(b AS BIGINT) "
            + "ELSE CAST(trunc(a / b) AS BIGINT) END",
        "convert_tz(t, a, b) AS timezone(b, timezone(a, CAST(t AS TIMESTAMP)))",
        // Nothing is locked here, so that every lock is free.
        "get_lock(name, seconds) AS 1",
        "release_lock(name) AS 1",
        "is_free_lock(name) AS 1",
    ]
}
