/// The functions of MySQL and of Presto that the engine has not, or has with another meaning: a line each. Left of `=`
/// the call, right of it the engine's words for it; `->` gives the engine's name for an aggregate, or for a function
/// that takes a lambda; `!` says what to write instead of a call that is refused. MySQL: https://dev.mysql.com/doc/refman/8.0/en/built-in-function-reference.html. Presto:
/// https://prestodb.io/docs/current/functions.html (0.227).
enum FunctionTable {
    static let mysql = #"""
        elt(n, a) = CASE WHEN n > 0 THEN list_extract([a], n) END
        elt(n, a, b) = CASE WHEN n > 0 THEN list_extract([a, b], n) END
        elt(n, a, b, c) = CASE WHEN n > 0 THEN list_extract([a, b, c], n) END
        elt(n, a, b, c, d) = CASE WHEN n > 0 THEN list_extract([a, b, c, d], n) END
        elt(n, a, b, c, d, e) = CASE WHEN n > 0 THEN list_extract([a, b, c, d, e], n) END
        field(x, a) = coalesce(list_position([a], x), 0)
        field(x, a, b) = coalesce(list_position([a, b], x), 0)
        field(x, a, b, c) = coalesce(list_position([a, b, c], x), 0)
        field(x, a, b, c, d) = coalesce(list_position([a, b, c, d], x), 0)
        field(x, a, b, c, d, e) = coalesce(list_position([a, b, c, d, e], x), 0)
        find_in_set(x, s) = CASE WHEN s IS NULL OR x IS NULL THEN NULL WHEN s = '' THEN 0 ELSE coalesce(list_position(string_split(s, ','), x), 0) END
        date_format ! the format must be a literal, of the letters that C has too: not %D, %U, %u, %V or %X
        str_to_date ! the format must be a literal, of the letters that C has too: not %D, %U, %u, %V or %X
        time_format ! the format must be a literal
        _from_base(s, r) = list_reduce(list_transform(string_split(lower(s), ''), loon_x -> CASE WHEN instr(left('0123456789abcdefghijklmnopqrstuvwxyz', CAST(r AS INTEGER)), loon_x) > 0 THEN CAST(instr('0123456789abcdefghijklmnopqrstuvwxyz', loon_x) - 1 AS BIGINT) ELSE CAST(error('Not a number in base ' || r || ': ' || s) AS BIGINT) END), (loon_x, loon_y) -> loon_x * r + loon_y)
        conv(n, f, t) = upper(to_base(loon_mysql__from_base(CAST(n AS VARCHAR), f), t))
        is_ipv4(s) = regexp_full_match(s, '((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])')
        json_arrayagg -> json_group_array
        json_objectagg -> json_group_object
        json_contains_path(j, m, p) = json_exists(j, p)
        maketime(h, m, s) = make_time(h, m, s)
        regexp_instr(s, p) = CASE WHEN regexp_matches(s, p, 'i') THEN length(regexp_extract(s, '(?is)^(.*?)(?:' || p || ')', 1)) + 1 ELSE 0 END
        _part(u, t) = CASE u WHEN 'year_month' THEN year(CAST(t AS TIMESTAMP)) * 100 + month(CAST(t AS TIMESTAMP)) WHEN 'day_hour' THEN day(CAST(t AS TIMESTAMP)) * 100 + hour(CAST(t AS TIMESTAMP)) WHEN 'day_minute' THEN CAST(strftime(CAST(t AS TIMESTAMP), '%d%H%M') AS BIGINT) WHEN 'day_second' THEN CAST(strftime(CAST(t AS TIMESTAMP), '%d%H%M%S') AS BIGINT) WHEN 'hour_minute' THEN CAST(strftime(CAST(t AS TIMESTAMP), '%H%M') AS BIGINT) WHEN 'hour_second' THEN CAST(strftime(CAST(t AS TIMESTAMP), '%H%M%S') AS BIGINT) WHEN 'minute_second' THEN CAST(strftime(CAST(t AS TIMESTAMP), '%M%S') AS BIGINT) ELSE date_part(u, CAST(t AS TIMESTAMP)) END
        _tuple(a, b) = CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE row(a, b) END
        _tuple(a, b, c) = CASE WHEN a IS NULL OR b IS NULL OR c IS NULL THEN NULL ELSE row(a, b, c) END
        _tuple(a, b, c, d) = CASE WHEN a IS NULL OR b IS NULL OR c IS NULL OR d IS NULL THEN NULL ELSE row(a, b, c, d) END
        _add_days(u, n, d) = cast_to_type(CAST(d AS TIMESTAMP) + CASE u WHEN 'day' THEN to_days(CAST(n AS INTEGER)) WHEN 'week' THEN to_days(CAST(7 * n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER)) WHEN 'quarter' THEN to_months(CAST(3 * n AS INTEGER)) WHEN 'year' THEN to_years(CAST(n AS INTEGER)) END, d)
        _add_time(u, n, d) = CAST(d AS TIMESTAMP) + CASE u WHEN 'hour' THEN to_hours(CAST(n AS BIGINT)) WHEN 'minute' THEN to_minutes(CAST(n AS BIGINT)) WHEN 'second' THEN to_seconds(CAST(n AS DOUBLE)) WHEN 'microsecond' THEN to_microseconds(CAST(n AS BIGINT)) END
        from_days(n) = CAST(DATE '1970-01-01' + CAST(n - 719528 AS INTEGER) AS DATE)
        inet_aton(s) = CAST(list_sum(list_transform(string_split(s, '.'), (loon_x, loon_i) -> CAST(loon_x AS BIGINT) * CASE WHEN loon_i = len(string_split(s, '.')) THEN 1 ELSE power(256, 4 - loon_i) END)) AS BIGINT)
        inet_ntoa(n) = (n // 16777216) || '.' || (n // 65536 % 256) || '.' || (n // 256 % 256) || '.' || (n % 256)
        insert(s, p, n, r) = CASE WHEN p < 1 OR p > length(s) THEN s WHEN n < 0 OR p + n > length(s) THEN left(s, p - 1) || r ELSE left(s, p - 1) || r || substring(s, p + n) END
        json_length(j) = CASE json_type(j) WHEN 'ARRAY' THEN json_array_length(j) WHEN 'OBJECT' THEN len(json_keys(j)) ELSE CASE WHEN json_type(j) IS NOT NULL THEN 1 END END
        json_length(j, p) = CASE json_type(j, p) WHEN 'ARRAY' THEN json_array_length(j, p) WHEN 'OBJECT' THEN len(json_keys(j, p)) ELSE CASE WHEN json_type(j, p) IS NOT NULL THEN 1 END END
        json_unquote(j) = CASE WHEN left(CAST(j AS VARCHAR), 1) = '"' THEN json_extract_string(CAST(j AS VARCHAR), '$') ELSE CAST(j AS VARCHAR) END
        oct(n) = to_base(n, 8)
        period_add(p, n) = CAST(strftime(strptime(CAST(p AS VARCHAR), '%Y%m') + to_months(CAST(n AS INTEGER)), '%Y%m') AS BIGINT)
        period_diff(a, b) = (a // 100 * 12 + a % 100) - (b // 100 * 12 + b % 100)
        quote(s) = CASE WHEN s IS NULL THEN 'NULL' ELSE '''' || replace(replace(s, '\', '\\'), '''', '\''') || '''' END
        regexp_substr(s, p) = CASE WHEN regexp_matches(s, p, 'i') THEN regexp_extract(s, p, 0, 'i') END
        sec_to_time(n) = (CASE WHEN n < 0 THEN '-' ELSE '' END) || (CASE WHEN abs(CAST(n AS BIGINT)) < 36000 THEN '0' ELSE '' END) || (abs(CAST(n AS BIGINT)) // 3600) || strftime(TIMESTAMP '1970-01-01' + to_seconds(abs(CAST(n AS BIGINT)) % 3600), ':%M:%S')
        time_to_sec(t) = epoch(CAST(t AS TIME))
        sha(s) = sha1(s)
        sha2(s, n) = CASE WHEN n IN (0, 256) THEN sha256(s) ELSE error('sha2() of ' || n || ' bits is not supported; 256 is') END
        space(n) = repeat(' ', greatest(0, least(CAST(n AS BIGINT), 1000000)))
        strcmp(a, b) = CASE WHEN a < b THEN -1 WHEN a > b THEN 1 WHEN a = b THEN 0 END
        timestampdiff(u, a, b) = CASE WHEN u NOT IN ('month', 'quarter', 'year') THEN date_sub(u, CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP)) ELSE loon_mysql__months(CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP)) // CASE u WHEN 'month' THEN 1 WHEN 'quarter' THEN 3 ELSE 12 END END
        _months(a, b) = (year(b) * 12 + month(b)) - (year(a) * 12 + month(a)) - CASE WHEN b > a AND b - date_trunc('month', b) < a - date_trunc('month', a) THEN 1 WHEN b < a AND b - date_trunc('month', b) > a - date_trunc('month', a) THEN -1 ELSE 0 END
        _trim_both(x, s) = regexp_replace(regexp_replace(s, '^(' || regexp_escape(x) || ')+', ''), '(' || regexp_escape(x) || ')+$', '')
        _trim_leading(x, s) = regexp_replace(s, '^(' || regexp_escape(x) || ')+', '')
        _trim_trailing(x, s) = regexp_replace(s, '(' || regexp_escape(x) || ')+$', '')
        _signed(x) = CASE WHEN typeof(x) = 'VARCHAR' THEN coalesce(try_cast(nullif(regexp_extract(CAST(x AS VARCHAR), '^\s*([-+]?[0-9]+)', 1), '') AS BIGINT), CASE WHEN x IS NOT NULL THEN 0 END) ELSE CAST(x AS BIGINT) END
        """#

    /// Names that the engine, or Presto, has with another meaning.
    static let mysqlOwn = #"""
        regexp_like(s, p) = regexp_matches(s, p, 'i')
        regexp_like(s, p, o) = CASE o WHEN 'c' THEN regexp_matches(s, p) ELSE regexp_matches(s, p, 'i') END
        ascii(s) = CASE WHEN s = '' THEN 0 ELSE CAST('0x' || left(hex(encode(CAST(s AS VARCHAR))), 2) AS BIGINT) END
        atan(x) = atan(x)
        atan(y, x) = atan2(y, x)
        char(a) = chr(CAST(a AS INTEGER))
        char(a, b) = chr(CAST(a AS INTEGER)) || chr(CAST(b AS INTEGER))
        char(a, b, c) = chr(CAST(a AS INTEGER)) || chr(CAST(b AS INTEGER)) || chr(CAST(c AS INTEGER))
        datediff(a, b) = CAST(CAST(a AS TIMESTAMP) AS DATE) - CAST(CAST(b AS TIMESTAMP) AS DATE)
        dayname(d) = dayname(CAST(d AS TIMESTAMP))
        monthname(d) = monthname(CAST(d AS TIMESTAMP))
        hour(t) = CASE WHEN typeof(t) IN ('VARCHAR', 'TIME') THEN hour(try_cast(CAST(t AS VARCHAR) AS TIME)) WHEN typeof(t) = 'INTERVAL' THEN hour(try_cast(CAST(t AS VARCHAR) AS INTERVAL)) ELSE hour(try_cast(t AS TIMESTAMP)) END
        minute(t) = CASE WHEN typeof(t) IN ('VARCHAR', 'TIME') THEN minute(try_cast(CAST(t AS VARCHAR) AS TIME)) WHEN typeof(t) = 'INTERVAL' THEN minute(try_cast(CAST(t AS VARCHAR) AS INTERVAL)) ELSE minute(try_cast(t AS TIMESTAMP)) END
        second(t) = CASE WHEN typeof(t) IN ('VARCHAR', 'TIME') THEN second(try_cast(CAST(t AS VARCHAR) AS TIME)) WHEN typeof(t) = 'INTERVAL' THEN second(try_cast(CAST(t AS VARCHAR) AS INTERVAL)) ELSE second(try_cast(t AS TIMESTAMP)) END
        microsecond(t) = CASE WHEN typeof(t) IN ('VARCHAR', 'TIME') THEN microsecond(try_cast(CAST(t AS VARCHAR) AS TIME)) WHEN typeof(t) = 'INTERVAL' THEN microsecond(try_cast(CAST(t AS VARCHAR) AS INTERVAL)) ELSE microsecond(try_cast(t AS TIMESTAMP)) END % 1000000
        json_value(j, p) = json_extract_string(j, p)
        format(x, d) = format('{:,.' || greatest(0, least(CAST(d AS BIGINT), 30)) || 'f}', round(CAST(x AS DOUBLE), CAST(greatest(0, least(d, 30)) AS INTEGER)))
        locate(x, s, n) = CASE WHEN n > 0 AND instr(lower(substring(s, n)), lower(x)) > 0 THEN instr(lower(substring(s, n)), lower(x)) + n - 1 ELSE 0 END
        substr(s, p) = CASE WHEN p = 0 OR p < -length(s) THEN '' ELSE substring(s, p) END
        substr(s, p, n) = CASE WHEN n < 1 OR p = 0 OR p < -length(s) THEN '' ELSE substring(s, p, n) END
        substring(s, p) = CASE WHEN p = 0 OR p < -length(s) THEN '' ELSE substring(s, p) END
        substring(s, p, n) = CASE WHEN n < 1 OR p = 0 OR p < -length(s) THEN '' ELSE substring(s, p, n) END
        mid(s, p, n) = CASE WHEN n < 1 OR p = 0 OR p < -length(s) THEN '' ELSE substring(s, p, n) END
        last_day(d) = last_day(CAST(d AS TIMESTAMP))
        log(x) = ln(CASE WHEN x > 0 THEN x END)
        log(b, x) = ln(CASE WHEN x > 0 THEN x END) / nullif(ln(CASE WHEN b > 0 THEN b END), 0)
        ln(x) = ln(CASE WHEN x > 0 THEN x END)
        log2(x) = log2(CASE WHEN x > 0 THEN x END)
        log10(x) = log10(CASE WHEN x > 0 THEN x END)
        sqrt(x) = sqrt(CASE WHEN x >= 0 THEN x END)
        ord(s) = CASE WHEN s = '' THEN 0 ELSE CAST('0x' || hex(encode(left(CAST(s AS VARCHAR), 1))) AS BIGINT) END
        regexp_replace(s, p, r) = regexp_replace(s, p, regexp_replace(r, '\$([0-9])', '\\\1', 'g'), 'gi')
        std -> stddev_pop
        stddev -> stddev_pop
        variance -> var_pop
        time(t) = CASE WHEN typeof(t) IN ('VARCHAR', 'TIME') THEN try_cast(CAST(t AS VARCHAR) AS TIME) ELSE CAST(try_cast(t AS TIMESTAMP) AS TIME) END
        to_days(d) = CAST(CAST(d AS TIMESTAMP) AS DATE) - DATE '1970-01-01' + 719528
        to_seconds(d) = CAST(epoch(CAST(d AS TIMESTAMP)) AS BIGINT) + 62167219200
        truncate(x, n) = trunc(x, n)
        week(d) = CAST(strftime(CAST(d AS TIMESTAMP), '%U') AS BIGINT)
        week(d, m) = CASE m WHEN 0 THEN CAST(strftime(CAST(d AS TIMESTAMP), '%U') AS BIGINT) WHEN 5 THEN CAST(strftime(CAST(d AS TIMESTAMP), '%W') AS BIGINT) WHEN 3 THEN weekofyear(CAST(d AS TIMESTAMP)) WHEN 1 THEN CASE WHEN month(CAST(d AS TIMESTAMP)) = 1 AND weekofyear(CAST(d AS TIMESTAMP)) > 50 THEN 0 WHEN month(CAST(d AS TIMESTAMP)) = 12 AND weekofyear(CAST(d AS TIMESTAMP)) = 1 THEN 53 ELSE weekofyear(CAST(d AS TIMESTAMP)) END ELSE error('week() takes the modes 0, 1, 3 and 5') END
        weekofyear(d) = weekofyear(CAST(d AS TIMESTAMP))
        yearweek(d) = year(CAST(d AS DATE) - CAST(dayofweek(CAST(d AS DATE)) AS INTEGER)) * 100 + (dayofyear(CAST(d AS DATE) - CAST(dayofweek(CAST(d AS DATE)) AS INTEGER)) - 1) // 7 + 1
        """#

    static let presto = #"""
        rand -> random
        every -> bool_and
        bitwise_and_agg -> bit_and
        bitwise_or_agg -> bit_or
        approx_distinct -> approx_count_distinct
        approx_percentile -> approx_quantile
        array_average(a) = list_avg(a)
        array_distinct(a) = list_filter(a, (loon_x, loon_i) -> list_position(a, loon_x) = loon_i)
        array_except(a, b) = list_filter(a, (loon_x, loon_i) -> list_position(a, loon_x) = loon_i AND list_position(b, loon_x) IS NULL)
        array_join(a, d) = array_to_string(a, d)
        array_join(a, d, n) = array_to_string(list_transform(a, loon_x -> coalesce(CAST(loon_x AS VARCHAR), n)), d)
        array_max(a) = CASE WHEN len(a) = list_count(a) THEN list_max(a) END
        array_min(a) = CASE WHEN len(a) = list_count(a) THEN list_min(a) END
        array_remove(a, v) = list_filter(a, loon_x -> loon_x IS NULL OR loon_x <> v)
        array_sum(a) = CASE WHEN a IS NOT NULL THEN coalesce(list_sum(a), 0) END
        array_union(a, b) = list_filter(list_concat(a, b), (loon_x, loon_i) -> list_position(list_concat(a, b), loon_x) = loon_i)
        arrays_overlap(a, b) = CASE WHEN list_has_any(a, b) THEN true WHEN len(a) > list_count(a) OR len(b) > list_count(b) THEN NULL ELSE list_has_any(a, b) END
        bitwise_and(a, b) = a & b
        bitwise_not(a) = ~a
        bitwise_or(a, b) = a | b
        bitwise_xor(a, b) = xor(a, b)
        cardinality(x) = CASE json_type(to_json(x)) WHEN 'ARRAY' THEN json_array_length(to_json(x)) WHEN 'OBJECT' THEN len(json_keys(to_json(x))) END
        codepoint(s) = unicode(s)
        day_of_month(d) = day(d)
        day_of_week(d) = isodow(d)
        day_of_year(d) = dayofyear(d)
        dow(d) = isodow(d)
        doy(d) = dayofyear(d)
        e() = exp(1.0)
        from_iso8601_date(s) = CAST(s AS DATE)
        from_iso8601_timestamp(s) = CASE WHEN regexp_matches(s, '[T ].*(Z|[+-][0-9:]+)$') THEN error('from_iso8601_timestamp() of a text with a zone is not supported; write CAST(… AS TIMESTAMP WITH TIME ZONE)') ELSE CAST(s AS TIMESTAMP) END
        from_utf8(b) = decode(b)
        hamming_distance(a, b) = hamming(a, b)
        infinity() = CAST('Infinity' AS DOUBLE)
        is_finite(x) = isfinite(x)
        is_infinite(x) = isinf(x)
        is_nan(x) = isnan(x)
        json_array_get(j, i) = json_extract(j, '$[' || CASE WHEN i < 0 THEN '#' || i ELSE CAST(i AS VARCHAR) END || ']')
        json_extract_scalar(j, p) = CASE WHEN json_type(j, regexp_replace(p, '\["([^"]*)"\]', '."\1"', 'g')) NOT IN ('ARRAY', 'OBJECT', 'NULL') THEN json_extract_string(j, regexp_replace(p, '\["([^"]*)"\]', '."\1"', 'g')) END
        json_format(j) = CAST(j AS VARCHAR)
        json_parse(s) = CAST(s AS JSON)
        json_size(j, p) = CASE json_type(j, p) WHEN 'ARRAY' THEN json_array_length(j, p) WHEN 'OBJECT' THEN len(json_keys(j, p)) ELSE CASE WHEN json_type(j, p) IS NOT NULL THEN 0 END END
        last_day_of_month(d) = last_day(d)
        levenshtein_distance(a, b) = levenshtein(a, b)
        map_agg(k, v) = map(list(k), list(v))
        nan() = CAST('NaN' AS DOUBLE)
        normalize(s) = nfc_normalize(s)
        regexp_like(s, p) = regexp_matches(s, p)
        regexp_count(s, p) = len(regexp_extract_all(s, p))
        regexp_split(s, p) = regexp_split_to_array(s, p)
        sequence(a, b) = loon_bounded_generate_series(a, b, CASE WHEN a <= b THEN 1 ELSE -1 END)
        sequence(a, b, s) = list_transform(loon_bounded_generate_series(a, b, s), loon_x -> cast_to_type(loon_x, a))
        slice(a, f, n) = list_slice(a, f, CASE WHEN f > 0 THEN f + n - 1 ELSE len(a) + f + n END)
        to_iso8601(t) = CASE typeof(t) WHEN 'DATE' THEN strftime(CAST(t AS TIMESTAMP), '%Y-%m-%d') ELSE strftime(CAST(t AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%g') END
        to_utf8(s) = encode(s)
        _any(l) = CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true WHEN len(l) > list_count(l) THEN NULL ELSE false END
        _all(l) = CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false WHEN len(l) > list_count(l) THEN NULL ELSE true END
        _none(l) = CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN false WHEN len(l) > list_count(l) THEN NULL ELSE true END
        _json_text(x) = json_extract_string(x, '$')
        _seeded(a, i) = CASE WHEN a IS NULL THEN NULL WHEN regexp_matches(typeof(i), '^(DOUBLE|FLOAT|DECIMAL)') <> regexp_matches(typeof(a), '^(DOUBLE|FLOAT|DECIMAL)') THEN error('reduce() begins with ' || typeof(i) || ' over ' || typeof(a) || ': cast one of them to the type of the other') ELSE list_prepend(i, a) END
        split(s, d, n) = CASE WHEN len(string_split(s, d)) <= n THEN string_split(s, d) ELSE list_append(list_slice(string_split(s, d), 1, n - 1), array_to_string(list_slice(string_split(s, d), n, len(string_split(s, d))), d)) END
        split_to_map(s, e, k) = map_from_entries(list_transform(string_split(s, e), loon_x -> struct_pack(key := split_part(loon_x, k, 1), value := substring(loon_x, strpos(loon_x, k) + length(k)))))
        regexp_position(s, p) = CASE WHEN regexp_matches(s, p) THEN length(regexp_extract(s, '(?s)^(.*?)(?:' || p || ')', 1)) + 1 ELSE -1 END
        shuffle(a) = list_transform(list_sort(list_transform(a, loon_x -> struct_pack(r := random(), v := loon_x))), loon_x -> loon_x.v)
        zip(a, b) = list_transform(list_zip(a, b), loon_x -> struct_pack(field0 := struct_extract_at(loon_x, 1), field1 := struct_extract_at(loon_x, 2)))
        zip(a, b, c) = list_transform(list_zip(a, b, c), loon_x -> struct_pack(field0 := struct_extract_at(loon_x, 1), field1 := struct_extract_at(loon_x, 2), field2 := struct_extract_at(loon_x, 3)))
        ngrams(a, n) = list_transform(generate_series(1, greatest(len(a) - n + 1, 1)), loon_i -> list_slice(a, loon_i, least(loon_i + n - 1, len(a))))
        json_array_contains(j, v) = list_contains(list_transform(json_extract(j, '$[*]'), loon_x -> CAST(loon_x AS VARCHAR)), CAST(to_json(v) AS VARCHAR))
        is_json_scalar(j) = json_type(j) NOT IN ('ARRAY', 'OBJECT')
        from_base -> loon_mysql__from_base
        wilson_interval_lower(s, n, z) = (s + z * z / 2 - z * sqrt(CAST(s AS DOUBLE) * (n - s) / n + z * z / 4)) / (n + z * z)
        wilson_interval_upper(s, n, z) = (s + z * z / 2 + z * sqrt(CAST(s AS DOUBLE) * (n - s) / n + z * z / 4)) / (n + z * z)
        strrpos(s, x) = CASE WHEN contains(s, x) THEN length(s) - strpos(reverse(s), reverse(x)) - length(x) + 2 ELSE 0 END
        to_base64url(b) = replace(replace(to_base64(b), '+', '-'), '/', '_')
        from_base64url(s) = from_base64(replace(replace(s, '-', '+'), '_', '/'))
        url_extract_fragment(u) = regexp_extract(u, '#(.*)$', 1)
        timezone_hour(t) = extract(timezone_hour FROM t)
        timezone_minute(t) = extract(timezone_minute FROM t)
        array_first(a) = list_extract(a, 1)
        array_last(a) = list_extract(a, -1)
        transform -> list_transform
        truncate(x) = trunc(x)
        url_extract_host(u) = regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)', 1)
        url_extract_path(u) = regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)', 1)
        url_extract_port(u) = try_cast(nullif(regexp_extract(u, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*:([0-9]+)', 1), '') AS BIGINT)
        url_extract_protocol(u) = regexp_extract(u, '^([a-zA-Z][a-zA-Z0-9+.-]*):', 1)
        url_extract_query(u) = regexp_extract(u, '\?([^#]*)', 1)
        url_extract_parameter(u, n) = nullif(regexp_extract(regexp_extract(u, '\?([^#]*)', 1), '(?:^|&)' || regexp_escape(n) || '=([^&]*)', 1), '')
        week_of_year(d) = weekofyear(d)
        width_bucket(x, b) = len(list_filter(b, loon_x -> loon_x <= x))
        width_bucket(x, lo, hi, n) = CASE WHEN x < lo THEN 0 WHEN x >= hi THEN n + 1 ELSE CAST(floor((x - lo) / (hi - lo) * n) AS BIGINT) + 1 END
        year_of_week(d) = isoyear(d)
        yow(d) = isoyear(d)
        """#

    /// Names that the engine, or MySQL, has with another meaning.
    static let prestoOwn = #"""
        array_position(a, x) = coalesce(list_position(a, x), 0)
        date_add(u, n, d) = cast_to_type(d + CASE lower(u) WHEN 'millisecond' THEN to_milliseconds(CAST(n AS DOUBLE)) WHEN 'second' THEN to_seconds(CAST(n AS DOUBLE)) WHEN 'minute' THEN to_minutes(CAST(n AS BIGINT)) WHEN 'hour' THEN to_hours(CAST(n AS BIGINT)) WHEN 'day' THEN to_days(CAST(n AS INTEGER)) WHEN 'week' THEN to_weeks(CAST(n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER)) WHEN 'quarter' THEN to_months(3 * CAST(n AS INTEGER)) WHEN 'year' THEN to_years(CAST(n AS INTEGER)) ELSE error('date_add() takes no unit ' || u) END, d)
        date_diff(u, a, b) = date_sub(u, CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP))
        date_trunc(u, d) = cast_to_type(date_trunc(u, d), d)
        element_at(x, k) = x[k]
        log(b, x) = ln(CASE WHEN x > 0 THEN x END) / nullif(ln(CASE WHEN b > 0 THEN b END), 0)
        md5(b) = unhex(md5(b))
        regexp_extract(s, p) = CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END
        regexp_extract(s, p, g) = CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END
        skewness ! the engine's is of the sample: SET sql_dialect = 'duckdb' for that one
        entropy ! it takes counts in Presto: write -sum(c * log2(c)) over the shares c
        array_sort(a, f) ! it takes no comparator: sort by a key with array_sort(transform(a, x -> ROW(key, x)))
        contains(a, x) = CASE WHEN list_contains(a, x) THEN true WHEN len(a) > list_count(a) THEN NULL ELSE list_contains(a, x) END
        bit_count(x, n) = bit_count(CASE WHEN n >= 64 THEN CAST(x AS BIGINT) ELSE CAST(x AS BIGINT) & ((CAST(1 AS BIGINT) << CAST(n AS INTEGER)) - 1) END)
        format -> printf
        json_extract(j, p) = json_extract(j, regexp_replace(p, '\["([^"]*)"\]', '."\1"', 'g'))
        millisecond(t) = millisecond(t) % 1000
        random(n) = CAST(floor(random() * n) AS BIGINT)
        random(a, b) = a + CAST(floor(random() * (b - a)) AS BIGINT)
        repeat(x, n) = list_transform(loon_bounded_generate_series(1, CAST(n AS BIGINT), 1), loon_i -> x)
        replace(s, x) = replace(s, x, '')
        substr(s, p) = CASE WHEN p = 0 OR p < -length(s) THEN '' ELSE substring(s, p) END
        substr(s, p, n) = CASE WHEN n < 1 OR p = 0 OR p < -length(s) THEN '' ELSE substring(s, p, n) END
        substring(s, p) = CASE WHEN p = 0 OR p < -length(s) THEN '' ELSE substring(s, p) END
        substring(s, p, n) = CASE WHEN n < 1 OR p = 0 OR p < -length(s) THEN '' ELSE substring(s, p, n) END
        typeof(x) = replace(replace(regexp_replace(regexp_replace(lower(typeof(x)), '^(.*)\[\]\[\]$', 'array(array(\1))'), '^(.*)\[\]$', 'array(\1)'), 'struct(', 'row('), 'float', 'real')
        url_decode(s) = url_decode(replace(s, '+', ' '))
        regexp_replace(s, p) = regexp_replace(s, p, '', 'g')
        regexp_replace(s, p, r) = regexp_replace(s, p, regexp_replace(r, '\$([0-9])', '\\\1', 'g'), 'g')
        sha1(b) = unhex(sha1(b))
        sha256(b) = unhex(sha256(b))
        split_part(s, d, n) = CASE WHEN n <= len(string_split(s, d)) THEN split_part(s, d, n) END
        to_base(n, r) = lower(to_base(n, r))
        url_encode(s) = replace(url_encode(s), '%20', '+')
        """#
}
