/// Functions of MySQL's that the engine does not have, or has under the same name with another meaning, as macros
/// (https://duckdb.org/docs/stable/sql/statements/create_macro): the front end calls those of the second kind by a name
/// with `loon_` before it.
enum MySQLFunctions {
    static let statements = definitions.map { "CREATE MACRO memory.main." + $0 }

    private static let definitions = [
        "substring_index(s, d, n) AS CASE WHEN n > 0 THEN array_to_string(list_slice(string_split(s, d), 1, n), d) "
            + "WHEN n < 0 THEN array_to_string(list_slice(string_split(s, d), greatest(len(string_split(s, d)) + "
            + "n + 1, 1), len(string_split(s, d))), d) "
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
        // A day stays a day.
        "loon_day_add(d, i) AS cast_to_type(d + i, d)",
        "loon_day_sub(d, i) AS cast_to_type(d - i, d)",
        "loon_date_add_days(d, i) AS cast_to_type(CAST(d AS TIMESTAMP) + i, d)",
        "loon_date_sub_days(d, i) AS cast_to_type(CAST(d AS TIMESTAMP) - i, d)",
        // Of texts too.
        "loon_year(d) AS year(CAST(d AS TIMESTAMP))", "loon_month(d) AS month(CAST(d AS TIMESTAMP))",
        "loon_day(d) AS day(CAST(d AS TIMESTAMP))",
        "loon_dayofyear(d) AS dayofyear(CAST(d AS TIMESTAMP))", "loon_quarter(d) AS quarter(CAST(d AS TIMESTAMP))",
        // Sunday is 1, and Monday is 0.
        "loon_dayofweek(d) AS dayofweek(CAST(d AS TIMESTAMP)) + 1",
        "loon_weekday(d) AS isodow(CAST(d AS TIMESTAMP)) - 1",
        // The first argument of these two is the session's time zone, in minutes east of UTC.
        "loon_from_unixtime(zone, t) AS make_timestamp(CAST(CAST(t AS DOUBLE) * 1000000 AS BIGINT)) + to_minutes(zone)",
        // A moment that has a time zone of its own, and an interval, are counted as they are.
        "loon_epoch(zone, t) AS epoch(t) - CASE WHEN typeof(t) IN ('DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', "
            + "'TIMESTAMP_NS') THEN zone * 60 ELSE 0 END",
        "loon_unix_timestamp(zone, t) AS CAST(floor(epoch(CAST(t AS TIMESTAMP))) AS BIGINT) - zone * 60",
        // Of numbers that are whole the whole quotient, of others its whole part.
        "loon_div(a, b) AS CASE WHEN b = 0 THEN NULL WHEN a = trunc(a) AND b = trunc(b) THEN CAST(a AS BIGINT) "
            + "// CAST(b AS BIGINT) "
            + "ELSE CAST(trunc(a / b) AS BIGINT) END",
        "convert_tz(t, a, b) AS timezone(b, timezone(a, CAST(t AS TIMESTAMP)))",
        // Results that may be larger than all that goes in (the planner puts these names in the places of the
        // engine's own): `loon_fit` and `loon_span` give their first argument back, or an error. A character takes up
        // to 4 bytes, an element 16 and more.
        "loon_bounded_repeat(s, n) AS repeat(s, loon_fit(CAST(n AS BIGINT), 16 * CAST(len(s) AS BIGINT)))",
        "loon_bounded_lpad(s, n, p) AS lpad(s, CAST(loon_fit(CAST(n AS BIGINT), 16) AS INTEGER), p)",
        "loon_bounded_rpad(s, n, p) AS rpad(s, CAST(loon_fit(CAST(n AS BIGINT), 16) AS INTEGER), p)",
        "loon_bounded_list_resize(l, n) AS list_resize(l, loon_fit(CAST(n AS BIGINT), 16)), "
            + "(l, n, v) AS list_resize(l, loon_fit(CAST(n AS BIGINT), 16), v)",
        "loon_bounded_range(a) AS range(loon_span(a, 0, 1)), (a, b) AS range(loon_span(a, b, 1), b), (a, b, s) "
            + "AS range(loon_span(a, b, s), b, s)",
        "loon_bounded_generate_series(a) AS generate_series(loon_span(a, 0, 1)), (a, b) AS "
            + "generate_series(loon_span(a, b, 1), b), "
            + "(a, b, s) AS generate_series(loon_span(a, b, s), b, s)",
        // Nothing is locked here, so that every lock is free.
        "get_lock(name, seconds) AS 1",
        "release_lock(name) AS 1",
        "is_free_lock(name) AS 1",
    ]
}
