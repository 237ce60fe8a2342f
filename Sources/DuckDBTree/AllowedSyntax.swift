/// The syntax a query may be made of: everything that computes from the query's own tables and constants, and nothing
/// that reaches the engine's files, settings, catalog, clock or other statements. What is not here is refused, what a
/// later engine adds as well. Names are those of DuckDB 1.5 (https://duckdb.org/docs/stable/sql/functions/overview), in
/// lower case.
enum AllowedSyntax {
    static func allows(function name: String) -> Bool {
        functions.contains(name) || name.hasPrefix("list_") && listFunctions.contains(name)
    }

    /// In FROM: those that make rows of their arguments alone.
    static let tableFunctions: Set<String> = ["unnest", "range", "generate_series", "json_each", "json_tree"]

    /// Classes of expressions in the engine's tree.
    static let expressions: Set<String> = [
        "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "DEFAULT",
        "FUNCTION", "LAMBDA", "LAMBDA_REF",
        "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW",
    ]

    /// Types of whatever else in the tree has one: queries, what stands in FROM, ORDER BY and LIMIT, details of data
    /// types.
    static let nodes: Set<String> = [
        "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
        "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "CTE", "EMPTY", "EMPTY_FROM", "PIVOT",
        "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER", "ASCENDING", "DESCENDING",
        "ORDER_DEFAULT", "INVALID",
        "GENERIC_TYPE_INFO", "DECIMAL_TYPE_INFO", "STRING_TYPE_INFO", "LIST_TYPE_INFO", "STRUCT_TYPE_INFO",
        "ENUM_TYPE_INFO", "ARRAY_TYPE_INFO",
        "UNBOUND_TYPE_INFO", "INTEGER_LITERAL_TYPE_INFO", "ANY_TYPE_INFO", "TEMPLATE_TYPE_INFO",
    ]

    /// Data types. VARIANT is none of them: functions of lists and windows (1.5.5) read memory that is not theirs where
    /// they meet it.
    static let types: Set<String> = [
        "NULL", "\"NULL\"", "SQLNULL", "UNKNOWN", "ANY", "INVALID", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER",
        "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
        "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "CHAR", "BLOB", "BIT", "BIGNUM",
        "DATE", "TIME", "TIME_NS",
        "TIME WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
        "INTERVAL", "UUID", "LIST", "STRUCT",
        "MAP", "ARRAY", "ENUM", "UNION", "INTEGER_LITERAL", "STRING_LITERAL", "UNBOUND",
    ]
    /// Names of types that are looked up, in lower case.
    static let namedTypes: Set<String> = ["json", "enum", ""]

    /// Functions of a list and the name of an aggregate.
    static let aggregatesByName: Set<String> = [
        "list_aggregate", "list_aggr", "aggregate", "array_aggr", "array_aggregate",
    ]

    /// Functions whose result may be larger than all that goes in, by the name of the one that keeps a bound; the
    /// engine counts no such memory.
    static let bounded: [String: String] = [
        "repeat": "loon_bounded_repeat", "lpad": "loon_bounded_lpad", "rpad": "loon_bounded_rpad",
        "range": "loon_bounded_range",
        "generate_series": "loon_bounded_generate_series", "list_resize": "loon_bounded_list_resize",
        "array_resize": "loon_bounded_list_resize",
    ]

    /// Functions with a format, which may ask for any width.
    static let formats: Set<String> = ["format", "printf"]

    private static func words(_ text: String) -> Set<String> {
        Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
    }

    private static let functions = words(
        """
        !__postfix !~~ !~~* % & && * ** + - ->> / // <-> << <=> <@ >> @ @> ^ ^@ | || ~ ~~ ~~* ~~~ ! -> !~ ~* !~* = !=
        <> < > <= >= like_escape not_like_escape ilike_escape not_ilike_escape xor add subtract multiply divide
        any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null arg_max_nulls_last
        arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or bit_xor bitstring_agg
        bool_and bool_or corr count count_if count_star countif covar_pop covar_samp cume_dist dense_rank entropy favg
        fill first first_value fsum group_concat histogram histogram_exact kahan_sum kurtosis kurtosis_pop lag last
        last_value lead list listagg mad max max_by mean median min min_by mode nth_value ntile percent_rank product
        quantile quantile_cont quantile_disc rank rank_dense regr_avgx regr_avgy regr_count regr_intercept regr_r2
        regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile row_number sem skewness stddev stddev_pop stddev_samp
        string_agg sum sum_no_overflow sumkahan var_pop var_samp variance geomean geometric_mean wavg weighted_avg
        grouping grouping_id abs acos acosh asin asinh atan atan2 atanh bin bit_count bit_length bit_position
        bitstring cbrt ceil ceiling cos cosh cot degrees even exp factorial fdiv floor fmod gamma gcd get_bit greatest
        greatest_common_divisor hash isfinite isinf isnan lcm least least_common_multiple lgamma ln log log10 log2 mod
        nextafter pi pow power radians random round round_even roundbankers set_bit sign signbit sin sinh sqrt tan
        tanh to_base to_binary to_hex trunc array_append array_pop_back array_pop_front array_prepend array_push_back
        array_push_front array_reverse array_to_string array_to_string_comma_default array_aggr array_aggregate
        array_apply array_cat array_concat array_contains array_cosine_distance array_cosine_similarity
        array_cross_product array_distance array_distinct array_dot_product array_extract array_filter array_grade_up
        array_has array_has_all array_has_any array_indexof array_inner_product array_intersect array_length
        array_negative_dot_product array_negative_inner_product array_position array_reduce array_reverse_sort
        array_select array_slice array_sort array_to_json array_transform array_unique array_value array_where
        array_zip aggregate apply filter flatten grade_up reduce generate_subscripts len cardinality element_at map
        map_concat map_contains map_contains_entry map_contains_value map_entries map_extract map_extract_value
        map_from_entries map_keys map_values row struct_concat struct_contains struct_extract struct_extract_at
        struct_has struct_indexof struct_insert struct_keys struct_pack struct_position struct_update struct_values
        switch union_extract union_tag union_value unnest unpack enum_code enum_first enum_last enum_range
        enum_range_boundary equi_width_bins list ascii bar base64 char_length character_length chr concat concat_ws
        contains damerau_levenshtein decode editdist3 encode ends_with formatreadabledecimalsize formatreadablesize
        format_bytes from_base64 from_binary from_hex hamming hex instr jaccard jaro_similarity
        jaro_winkler_similarity lcase left left_grapheme length length_grapheme levenshtein lower ltrim md5 md5_number
        md5_number_lower md5_number_upper mismatches nfc_normalize octet_length ord parse_dirname parse_dirpath
        parse_filename parse_formatted_bytes parse_path pg_size_pretty position prefix regexp_escape regexp_extract
        regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table
        replace reverse right right_grapheme rtrim sha1 sha256 split split_part starts_with str_split str_split_regex
        string_split string_split_regex string_to_array strip_accents strlen strpos substr substring
        substring_grapheme suffix to_base64 translate trim ucase unbin unhex unicode upper url_decode url_encode
        icu_sort_key age century current_date current_localtime current_localtimestamp date_add date_diff date_part
        date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear
        days_in_month decade epoch epoch_ms epoch_ns epoch_us era get_current_time get_current_timestamp hour isodow
        isoyear julian last_day make_date make_time make_timestamp make_timestamp_ms make_timestamp_ns
        make_timestamptz microsecond millennium millisecond minute month monthname nanosecond now quarter second
        strftime strptime time_bucket timezone timezone_hour timezone_minute to_centuries to_days to_decades to_hours
        to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks
        to_years today transaction_timestamp try_strptime week weekday weekofyear year yearweek ago current_time
        current_timestamp localtime localtimestamp from_json from_json_strict json json_array json_array_length
        json_contains json_exists json_extract json_extract_path json_extract_path_text json_extract_string
        json_group_array json_group_object json_group_structure json_keys json_merge_patch json_object json_pretty
        json_quote json_structure json_transform json_transform_strict json_type json_valid json_value row_to_json
        to_json gen_random_uuid uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version alias error nullif
        pg_typeof typeof coalesce ifnull if try version substring_index loon_instr locate loon_left loon_right mid
        isnull makedate adddate subdate loon_date_sub loon_date_add loon_day_add loon_day_sub
        loon_date_add_days loon_date_sub_days
        loon_year loon_month loon_day loon_dayofyear
        loon_quarter loon_dayofweek loon_weekday loon_from_unixtime loon_unix_timestamp loon_epoch loon_div convert_tz
        get_lock release_lock is_free_lock
        """)

    private static let listFunctions = words(
        """
        list_any_value list_append list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor
        list_bool_and list_bool_or list_count list_entropy list_first list_histogram list_kurtosis list_kurtosis_pop
        list_last list_mad list_max list_median list_min list_mode list_prepend list_product list_reverse list_sem
        list_skewness list_stddev_pop list_stddev_samp list_string_agg list_sum list_var_pop list_var_samp list_aggr
        list_aggregate list_apply list_cat list_concat list_contains list_cosine_distance list_cosine_similarity
        list_distance list_distinct list_dot_product list_element list_extract list_filter list_grade_up list_has
        list_has_all list_has_any list_indexof list_inner_product list_intersect list_negative_dot_product
        list_negative_inner_product list_pack list_position list_reduce list_reverse_sort list_select list_slice
        list_sort list_transform list_unique list_value list_where list_zip
        """)
}
