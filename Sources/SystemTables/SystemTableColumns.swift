/// The columns of the tables that MySQL 8.0 describes itself with, in their order
/// (https://dev.mysql.com/doc/refman/8.0/en/information-schema.html,
/// https://dev.mysql.com/doc/refman/8.0/en/performance-schema.html): a line a table, a question mark behind the type of
/// what may be NULL.
enum SystemTableColumns {
    static let text = """
        loon.query_task: id varchar(40); mpp_query_id varchar(40)?; status varchar(16); task_name varchar(64); \
        table_schema varchar(64); command longtext; creator_id varchar(64); create_time varchar(19); update_time \
        varchar(19); connection_id bigint; message text; row_count bigint?; elapse_time bigint?; scanned_row_count \
        bigint?; scanned_data_bytes bigint?; result_file_oss_file varchar(1024)?; cancellable_task bigint; \
        mq_product varchar(16)?; mq_model varchar(16)?; mq_topic varchar(128)?; mq_queue varchar(128)?; \
        mq_producer_id varchar(128)?; mq_endpoint varchar(1024)?; mq_status varchar(16)?; mq_error_msg text?; \
        mq_message_id varchar(128)?; mq_total_time bigint?; cluster varchar(64); engine varchar(64); priority \
        bigint; progress bigint?; queue_time bigint?; attempts bigint; result_bytes bigint?; expire_time \
        varchar(19)?; client_token varchar(128)?; mq_attempts bigint; label varchar(255)?; malformed_count bigint?; \
        peak_memory_bytes bigint?; result_reused_from varchar(40)?; memory_bytes bigint?; engine_process bigint?
        mysql.tables_priv: Host char(255); Db char(64); User char(32); Table_name char(64); Grantor varchar(288); \
        Timestamp timestamp; Table_priv varchar(64); Column_priv varchar(64)
        mysql.columns_priv: Host char(255); Db char(64); User char(32); Table_name char(64); Column_name char(64); \
        Timestamp timestamp; Column_priv varchar(64)
        mysql.procs_priv: Host char(255); Db char(64); User char(32); Routine_name char(64); Routine_type \
        varchar(64); Grantor varchar(288); Proc_priv varchar(64); Timestamp timestamp
        information_schema.PROFILING: QUERY_ID int; SEQ int; STATE varchar(30); DURATION double; CPU_USER double?; \
        CPU_SYSTEM double?
        performance_schema.events_statements_current: THREAD_ID bigint unsigned; EVENT_ID bigint unsigned; \
        END_EVENT_ID bigint unsigned?; EVENT_NAME varchar(128); SOURCE varchar(64)?; TIMER_START bigint unsigned?; \
        TIMER_END bigint unsigned?; TIMER_WAIT bigint unsigned?; LOCK_TIME bigint unsigned; SQL_TEXT longtext?; \
        DIGEST varchar(64)?; DIGEST_TEXT longtext?; CURRENT_SCHEMA \
        varchar(64)?
        performance_schema.events_stages_history_long: THREAD_ID bigint unsigned; EVENT_ID bigint unsigned; \
        END_EVENT_ID bigint unsigned?; EVENT_NAME varchar(128); SOURCE varchar(64)?; TIMER_START bigint unsigned?; \
        TIMER_END bigint unsigned?; TIMER_WAIT bigint unsigned?; NESTING_EVENT_ID bigint unsigned?; \
        NESTING_EVENT_TYPE varchar(64)?
        performance_schema.events_waits_history_long: THREAD_ID bigint unsigned; EVENT_ID bigint unsigned; \
        END_EVENT_ID bigint unsigned?; EVENT_NAME varchar(128); SOURCE varchar(64)?; TIMER_START bigint unsigned?; \
        TIMER_END bigint unsigned?; TIMER_WAIT bigint unsigned?; NESTING_EVENT_ID bigint unsigned?; \
        NESTING_EVENT_TYPE varchar(64)?
        information_schema.SCHEMATA: CATALOG_NAME varchar(64); SCHEMA_NAME varchar(64); DEFAULT_CHARACTER_SET_NAME \
        varchar(64); DEFAULT_COLLATION_NAME varchar(64); SQL_PATH varchar(1)?; DEFAULT_ENCRYPTION varchar(64)
        information_schema.TABLES: TABLE_CATALOG varchar(64); TABLE_SCHEMA varchar(64); TABLE_NAME varchar(64); \
        TABLE_TYPE varchar(64); ENGINE varchar(64)?; VERSION int?; ROW_FORMAT varchar(64)?; TABLE_ROWS bigint \
        unsigned?; AVG_ROW_LENGTH bigint unsigned?; DATA_LENGTH bigint unsigned?; MAX_DATA_LENGTH bigint unsigned?; \
        INDEX_LENGTH bigint unsigned?; DATA_FREE bigint unsigned?; AUTO_INCREMENT bigint unsigned?; CREATE_TIME \
        timestamp; UPDATE_TIME datetime?; CHECK_TIME datetime?; TABLE_COLLATION varchar(64)?; CHECKSUM bigint?; \
        CREATE_OPTIONS varchar(256)?; TABLE_COMMENT text?
        information_schema.COLUMNS: TABLE_CATALOG varchar(64); TABLE_SCHEMA varchar(64); TABLE_NAME varchar(64); \
        COLUMN_NAME varchar(64)?; ORDINAL_POSITION int unsigned; COLUMN_DEFAULT text?; IS_NULLABLE varchar(3); \
        DATA_TYPE longtext?; CHARACTER_MAXIMUM_LENGTH bigint?; CHARACTER_OCTET_LENGTH bigint?; NUMERIC_PRECISION \
        bigint unsigned?; NUMERIC_SCALE bigint unsigned?; DATETIME_PRECISION int unsigned?; CHARACTER_SET_NAME \
        varchar(64)?; COLLATION_NAME varchar(64)?; COLUMN_TYPE mediumtext; COLUMN_KEY varchar(64); EXTRA \
        varchar(256)?; PRIVILEGES varchar(154)?; COLUMN_COMMENT text; GENERATION_EXPRESSION longtext; SRS_ID int \
        unsigned?
        information_schema.VIEWS: TABLE_CATALOG varchar(64); TABLE_SCHEMA varchar(64); TABLE_NAME varchar(64); \
        VIEW_DEFINITION longtext?; CHECK_OPTION varchar(64)?; IS_UPDATABLE varchar(64)?; DEFINER varchar(288)?; \
        SECURITY_TYPE varchar(7)?; CHARACTER_SET_CLIENT varchar(64); COLLATION_CONNECTION varchar(64)
        information_schema.STATISTICS: TABLE_CATALOG varchar(64); TABLE_SCHEMA varchar(64); TABLE_NAME varchar(64); \
        NON_UNIQUE int; INDEX_SCHEMA varchar(64); INDEX_NAME varchar(64)?; SEQ_IN_INDEX int unsigned; COLUMN_NAME \
        varchar(64)?; COLLATION varchar(1)?; CARDINALITY bigint?; SUB_PART bigint?; PACKED varchar(1)?; NULLABLE \
        varchar(3); INDEX_TYPE varchar(11); COMMENT varchar(8); INDEX_COMMENT varchar(2048); IS_VISIBLE varchar(3); \
        EXPRESSION longtext?
        information_schema.KEY_COLUMN_USAGE: CONSTRAINT_CATALOG varchar(64); CONSTRAINT_SCHEMA varchar(64); \
        CONSTRAINT_NAME varchar(64)?; TABLE_CATALOG varchar(64); TABLE_SCHEMA varchar(64); TABLE_NAME varchar(64); \
        COLUMN_NAME varchar(64)?; ORDINAL_POSITION int unsigned; POSITION_IN_UNIQUE_CONSTRAINT int unsigned?; \
        REFERENCED_TABLE_SCHEMA varchar(64)?; REFERENCED_TABLE_NAME varchar(64)?; REFERENCED_COLUMN_NAME \
        varchar(64)?
        information_schema.TABLE_CONSTRAINTS: CONSTRAINT_CATALOG varchar(64); CONSTRAINT_SCHEMA varchar(64); \
        CONSTRAINT_NAME varchar(64)?; TABLE_SCHEMA varchar(64); TABLE_NAME varchar(64); CONSTRAINT_TYPE varchar(11); \
        ENFORCED varchar(3)
        information_schema.REFERENTIAL_CONSTRAINTS: CONSTRAINT_CATALOG varchar(64); CONSTRAINT_SCHEMA varchar(64); \
        CONSTRAINT_NAME varchar(64)?; UNIQUE_CONSTRAINT_CATALOG varchar(64); UNIQUE_CONSTRAINT_SCHEMA varchar(64); \
        UNIQUE_CONSTRAINT_NAME varchar(64)?; MATCH_OPTION varchar(64); UPDATE_RULE varchar(64); DELETE_RULE \
        varchar(64); TABLE_NAME varchar(64); \
        REFERENCED_TABLE_NAME varchar(64)
        information_schema.CHECK_CONSTRAINTS: CONSTRAINT_CATALOG varchar(64); CONSTRAINT_SCHEMA varchar(64); \
        CONSTRAINT_NAME varchar(64); CHECK_CLAUSE longtext
        information_schema.ROUTINES: SPECIFIC_NAME varchar(64); ROUTINE_CATALOG varchar(64); ROUTINE_SCHEMA \
        varchar(64); ROUTINE_NAME varchar(64); ROUTINE_TYPE varchar(64); DATA_TYPE longtext?; \
        CHARACTER_MAXIMUM_LENGTH bigint?; CHARACTER_OCTET_LENGTH bigint?; NUMERIC_PRECISION int unsigned?; \
        NUMERIC_SCALE int unsigned?; DATETIME_PRECISION int unsigned?; CHARACTER_SET_NAME varchar(64)?; \
        COLLATION_NAME varchar(64)?; DTD_IDENTIFIER longtext?; ROUTINE_BODY varchar(3); ROUTINE_DEFINITION \
        longtext?; EXTERNAL_NAME varchar(1)?; EXTERNAL_LANGUAGE varchar(64); PARAMETER_STYLE varchar(3); \
        IS_DETERMINISTIC varchar(3); SQL_DATA_ACCESS varchar(64); SQL_PATH varchar(1)?; SECURITY_TYPE varchar(64); \
        CREATED timestamp; LAST_ALTERED timestamp; SQL_MODE varchar(64); ROUTINE_COMMENT text; DEFINER varchar(288); \
        CHARACTER_SET_CLIENT varchar(64); COLLATION_CONNECTION varchar(64); DATABASE_COLLATION varchar(64)
        information_schema.PARAMETERS: SPECIFIC_CATALOG varchar(64); SPECIFIC_SCHEMA varchar(64); SPECIFIC_NAME \
        varchar(64); ORDINAL_POSITION bigint unsigned; PARAMETER_MODE varchar(5)?; PARAMETER_NAME varchar(64)?; \
        DATA_TYPE longtext?; CHARACTER_MAXIMUM_LENGTH bigint?; CHARACTER_OCTET_LENGTH bigint?; NUMERIC_PRECISION int \
        unsigned?; NUMERIC_SCALE bigint?; DATETIME_PRECISION int unsigned?; CHARACTER_SET_NAME varchar(64)?; \
        COLLATION_NAME varchar(64)?; DTD_IDENTIFIER mediumtext; ROUTINE_TYPE \
        varchar(64)
        information_schema.TRIGGERS: TRIGGER_CATALOG varchar(64); TRIGGER_SCHEMA varchar(64); TRIGGER_NAME \
        varchar(64); EVENT_MANIPULATION varchar(64); EVENT_OBJECT_CATALOG varchar(64); EVENT_OBJECT_SCHEMA \
        varchar(64); EVENT_OBJECT_TABLE varchar(64); ACTION_ORDER int unsigned; ACTION_CONDITION varchar(1)?; \
        ACTION_STATEMENT longtext; ACTION_ORIENTATION varchar(3); ACTION_TIMING varchar(64); \
        ACTION_REFERENCE_OLD_TABLE varchar(1)?; ACTION_REFERENCE_NEW_TABLE varchar(1)?; ACTION_REFERENCE_OLD_ROW \
        varchar(3); ACTION_REFERENCE_NEW_ROW varchar(3); CREATED timestamp(2); SQL_MODE varchar(64); DEFINER \
        varchar(288); CHARACTER_SET_CLIENT varchar(64); COLLATION_CONNECTION varchar(64); DATABASE_COLLATION \
        varchar(64)
        information_schema.EVENTS: EVENT_CATALOG varchar(64); EVENT_SCHEMA varchar(64); EVENT_NAME varchar(64); \
        DEFINER varchar(288); TIME_ZONE varchar(64); EVENT_BODY varchar(3); EVENT_DEFINITION longtext?; EVENT_TYPE \
        varchar(9); EXECUTE_AT datetime?; INTERVAL_VALUE varchar(256)?; INTERVAL_FIELD varchar(64)?; SQL_MODE \
        varchar(64); STARTS datetime?; ENDS datetime?; STATUS varchar(64); ON_COMPLETION varchar(12); CREATED \
        timestamp; LAST_ALTERED timestamp; LAST_EXECUTED datetime?; EVENT_COMMENT varchar(2048); ORIGINATOR int \
        unsigned; CHARACTER_SET_CLIENT varchar(64); COLLATION_CONNECTION varchar(64); DATABASE_COLLATION varchar(64)
        information_schema.PARTITIONS: TABLE_CATALOG varchar(64); TABLE_SCHEMA varchar(64); TABLE_NAME varchar(64); \
        PARTITION_NAME varchar(64)?; SUBPARTITION_NAME varchar(64)?; PARTITION_ORDINAL_POSITION int unsigned?; \
        SUBPARTITION_ORDINAL_POSITION int unsigned?; PARTITION_METHOD varchar(13)?; SUBPARTITION_METHOD \
        varchar(13)?; PARTITION_EXPRESSION varchar(2048)?; SUBPARTITION_EXPRESSION varchar(2048)?; \
        PARTITION_DESCRIPTION text?; TABLE_ROWS bigint unsigned?; AVG_ROW_LENGTH bigint unsigned?; DATA_LENGTH \
        bigint unsigned?; MAX_DATA_LENGTH bigint unsigned?; INDEX_LENGTH bigint unsigned?; DATA_FREE bigint \
        unsigned?; CREATE_TIME timestamp; UPDATE_TIME datetime?; CHECK_TIME datetime?; CHECKSUM bigint?; \
        PARTITION_COMMENT text; NODEGROUP varchar(256)?; TABLESPACE_NAME varchar(268)?
        information_schema.ENGINES: ENGINE varchar(64); SUPPORT varchar(8); COMMENT varchar(80); TRANSACTIONS \
        varchar(3)?; XA varchar(3)?; SAVEPOINTS varchar(3)?
        information_schema.CHARACTER_SETS: CHARACTER_SET_NAME varchar(64); DEFAULT_COLLATE_NAME varchar(64); \
        DESCRIPTION varchar(2048); MAXLEN int unsigned
        information_schema.COLLATIONS: COLLATION_NAME varchar(64); CHARACTER_SET_NAME varchar(64); ID bigint \
        unsigned; IS_DEFAULT varchar(3); IS_COMPILED varchar(3); SORTLEN int unsigned; PAD_ATTRIBUTE varchar(64)
        information_schema.COLLATION_CHARACTER_SET_APPLICABILITY: COLLATION_NAME varchar(64); CHARACTER_SET_NAME \
        varchar(64)
        information_schema.KEYWORDS: WORD varchar(128)?; RESERVED int?
        information_schema.PLUGINS: PLUGIN_NAME varchar(64); PLUGIN_VERSION varchar(20); PLUGIN_STATUS varchar(10); \
        PLUGIN_TYPE varchar(80); PLUGIN_TYPE_VERSION varchar(20); PLUGIN_LIBRARY varchar(64)?; \
        PLUGIN_LIBRARY_VERSION varchar(20)?; PLUGIN_AUTHOR varchar(64)?; PLUGIN_DESCRIPTION varchar(65535)?; \
        PLUGIN_LICENSE varchar(80)?; LOAD_OPTION varchar(64)
        information_schema.PROCESSLIST: ID bigint unsigned; USER varchar(32); HOST varchar(261); DB varchar(64)?; \
        COMMAND varchar(16); TIME int; STATE varchar(64)?; INFO varchar(65535)?
        information_schema.FILES: FILE_ID bigint?; FILE_NAME text?; FILE_TYPE varchar(256)?; TABLESPACE_NAME \
        varchar(268); TABLE_CATALOG char(0); TABLE_SCHEMA varchar(1)?; TABLE_NAME varchar(1)?; LOGFILE_GROUP_NAME \
        varchar(256)?; LOGFILE_GROUP_NUMBER bigint?; ENGINE varchar(64); FULLTEXT_KEYS varchar(1)?; DELETED_ROWS \
        varchar(1)?; UPDATE_COUNT varchar(1)?; FREE_EXTENTS bigint?; TOTAL_EXTENTS bigint?; EXTENT_SIZE bigint?; \
        INITIAL_SIZE bigint?; MAXIMUM_SIZE bigint?; AUTOEXTEND_SIZE bigint?; CREATION_TIME varchar(1)?; \
        LAST_UPDATE_TIME varchar(1)?; LAST_ACCESS_TIME varchar(1)?; RECOVER_TIME varchar(1)?; TRANSACTION_COUNTER \
        varchar(1)?; VERSION bigint?; ROW_FORMAT varchar(256)?; TABLE_ROWS varchar(1)?; AVG_ROW_LENGTH varchar(1)?; \
        DATA_LENGTH varchar(1)?; MAX_DATA_LENGTH varchar(1)?; INDEX_LENGTH varchar(1)?; DATA_FREE bigint?; \
        CREATE_TIME varchar(1)?; UPDATE_TIME varchar(1)?; CHECK_TIME varchar(1)?; CHECKSUM varchar(1)?; STATUS \
        varchar(256)?; EXTRA varchar(256)?
        information_schema.USER_PRIVILEGES: GRANTEE varchar(292); TABLE_CATALOG varchar(512); PRIVILEGE_TYPE \
        varchar(64); IS_GRANTABLE varchar(3)
        information_schema.SCHEMA_PRIVILEGES: GRANTEE varchar(292); TABLE_CATALOG varchar(512); TABLE_SCHEMA \
        varchar(64); PRIVILEGE_TYPE varchar(64); IS_GRANTABLE varchar(3)
        information_schema.TABLE_PRIVILEGES: GRANTEE varchar(292); TABLE_CATALOG varchar(512); TABLE_SCHEMA \
        varchar(64); TABLE_NAME varchar(64); PRIVILEGE_TYPE varchar(64); IS_GRANTABLE varchar(3)
        information_schema.COLUMN_PRIVILEGES: GRANTEE varchar(292); TABLE_CATALOG varchar(512); TABLE_SCHEMA \
        varchar(64); TABLE_NAME varchar(64); COLUMN_NAME varchar(64); PRIVILEGE_TYPE varchar(64); IS_GRANTABLE \
        varchar(3)
        information_schema.INNODB_METRICS: NAME varchar(193); SUBSYSTEM varchar(193); COUNT bigint; MAX_COUNT \
        bigint?; MIN_COUNT bigint?; AVG_COUNT float(12,0)?; COUNT_RESET bigint; MAX_COUNT_RESET bigint?; \
        MIN_COUNT_RESET bigint?; AVG_COUNT_RESET float(12,0)?; TIME_ENABLED datetime?; TIME_DISABLED datetime?; \
        TIME_ELAPSED bigint?; TIME_RESET datetime?; STATUS varchar(193); TYPE varchar(193); COMMENT varchar(193)
        information_schema.INNODB_CMP: page_size int; compress_ops int; compress_ops_ok int; compress_time int; \
        uncompress_ops int; uncompress_time int
        information_schema.INNODB_CMPMEM: page_size int; buffer_pool_instance int; pages_used int; pages_free int; \
        relocation_ops bigint; relocation_time int
        information_schema.TABLESPACES: TABLESPACE_NAME varchar(64); ENGINE varchar(64); TABLESPACE_TYPE \
        varchar(64)?; LOGFILE_GROUP_NAME varchar(64)?; EXTENT_SIZE bigint unsigned?; AUTOEXTEND_SIZE bigint \
        unsigned?; MAXIMUM_SIZE bigint unsigned?; NODEGROUP_ID bigint unsigned?; TABLESPACE_COMMENT varchar(2048)?
        information_schema.COLUMN_STATISTICS: SCHEMA_NAME varchar(64); TABLE_NAME varchar(64); COLUMN_NAME \
        varchar(64); HISTOGRAM json
        mysql.user: Host char(255); User char(32); Select_priv varchar(64); Insert_priv varchar(64); Update_priv \
        varchar(64); Delete_priv varchar(64); Create_priv varchar(64); Drop_priv varchar(64); Reload_priv \
        varchar(64); Shutdown_priv varchar(64); Process_priv varchar(64); File_priv varchar(64); Grant_priv \
        varchar(64); References_priv varchar(64); Index_priv varchar(64); Alter_priv varchar(64); Show_db_priv \
        varchar(64); Super_priv varchar(64); Create_tmp_table_priv varchar(64); Lock_tables_priv varchar(64); \
        Execute_priv varchar(64); Repl_slave_priv varchar(64); Repl_client_priv varchar(64); Create_view_priv \
        varchar(64); Show_view_priv varchar(64); Create_routine_priv varchar(64); Alter_routine_priv varchar(64); \
        Create_user_priv varchar(64); Event_priv varchar(64); Trigger_priv varchar(64); Create_tablespace_priv \
        varchar(64); ssl_type varchar(64); ssl_cipher blob; x509_issuer blob; x509_subject blob; max_questions int \
        unsigned; max_updates int unsigned; max_connections int unsigned; max_user_connections int unsigned; plugin \
        char(64); authentication_string text?; password_expired varchar(64); password_last_changed timestamp?; \
        password_lifetime smallint unsigned?; account_locked varchar(64); Create_role_priv varchar(64); \
        Drop_role_priv varchar(64); Password_reuse_history smallint unsigned?; Password_reuse_time smallint \
        unsigned?; Password_require_current varchar(64)?; User_attributes json?
        mysql.db: Host char(255); Db char(64); User char(32); Select_priv varchar(64); Insert_priv varchar(64); \
        Update_priv varchar(64); Delete_priv varchar(64); Create_priv varchar(64); Drop_priv varchar(64); Grant_priv \
        varchar(64); References_priv varchar(64); Index_priv varchar(64); Alter_priv varchar(64); \
        Create_tmp_table_priv varchar(64); Lock_tables_priv varchar(64); Create_view_priv varchar(64); \
        Show_view_priv varchar(64); Create_routine_priv varchar(64); Alter_routine_priv varchar(64); Execute_priv \
        varchar(64); Event_priv varchar(64); Trigger_priv varchar(64)
        mysql.help_topic: help_topic_id int unsigned; name char(64); help_category_id smallint unsigned; \
        description text; example text; url text
        mysql.help_category: help_category_id smallint unsigned; name char(64); parent_category_id smallint \
        unsigned?; url text
        mysql.help_keyword: help_keyword_id int unsigned; name char(64)
        mysql.help_relation: help_topic_id int unsigned; help_keyword_id int unsigned
        mysql.proc: db char(64); name char(64); type varchar(64); specific_name char(64); language varchar(64); \
        sql_data_access varchar(64); is_deterministic varchar(64); security_type varchar(64); param_list blob; \
        returns longblob; body longblob; definer char(93); created timestamp; modified timestamp; sql_mode \
        varchar(64); comment text; character_set_client char(32)?; collation_connection char(32)?; db_collation \
        char(32)?; body_utf8 longblob?
        mysql.func: name char(64); ret tinyint; dl char(128); type varchar(64)
        mysql.time_zone_name: Name char(64); Time_zone_id int unsigned
        performance_schema.threads: THREAD_ID bigint unsigned; NAME varchar(128); TYPE varchar(10); PROCESSLIST_ID \
        bigint unsigned?; PROCESSLIST_USER varchar(32)?; PROCESSLIST_HOST varchar(255)?; PROCESSLIST_DB \
        varchar(64)?; PROCESSLIST_COMMAND varchar(16)?; PROCESSLIST_TIME bigint?; PROCESSLIST_STATE varchar(64)?; \
        PROCESSLIST_INFO longtext?; PARENT_THREAD_ID bigint unsigned?; ROLE varchar(64)?; INSTRUMENTED varchar(64); \
        HISTORY varchar(64); CONNECTION_TYPE varchar(16)?; THREAD_OS_ID bigint unsigned?; RESOURCE_GROUP \
        varchar(64)?; EXECUTION_ENGINE varchar(64)?; CONTROLLED_MEMORY bigint unsigned; MAX_CONTROLLED_MEMORY bigint \
        unsigned; TOTAL_MEMORY bigint unsigned; MAX_TOTAL_MEMORY bigint unsigned; TELEMETRY_ACTIVE varchar(64)
        performance_schema.session_variables: VARIABLE_NAME varchar(64); VARIABLE_VALUE varchar(1024)?
        performance_schema.global_variables: VARIABLE_NAME varchar(64); VARIABLE_VALUE varchar(1024)?
        performance_schema.session_status: VARIABLE_NAME varchar(64); VARIABLE_VALUE varchar(1024)?
        performance_schema.global_status: VARIABLE_NAME varchar(64); VARIABLE_VALUE varchar(1024)?
        performance_schema.session_connect_attrs: PROCESSLIST_ID bigint unsigned; ATTR_NAME varchar(32); ATTR_VALUE \
        varchar(1024)?; ORDINAL_POSITION int?
        """
}
