// The part of DuckDB's C API (1.5) that Loon uses, in declarations of our own, so that a build needs no DuckDB header
// and the library is opened at run time. Documentation: https://duckdb.org/docs/stable/clients/c/api
#ifndef CDUCKDB_H
#define CDUCKDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t idx_t;
typedef enum { DuckDBSuccess = 0, DuckDBError = 1 } duckdb_state;

typedef struct _duckdb_database { void *internal; } *duckdb_database;
typedef struct _duckdb_connection { void *internal; } *duckdb_connection;
typedef struct _duckdb_config { void *internal; } *duckdb_config;
typedef struct _duckdb_prepared_statement { void *internal; } *duckdb_prepared_statement;
typedef struct _duckdb_extracted_statements { void *internal; } *duckdb_extracted_statements;
typedef struct _duckdb_data_chunk { void *internal; } *duckdb_data_chunk;
typedef struct _duckdb_logical_type { void *internal; } *duckdb_logical_type;
typedef struct _duckdb_appender { void *internal; } *duckdb_appender;
typedef struct _duckdb_arrow_options { void *internal; } *duckdb_arrow_options;
typedef struct _duckdb_error_data { void *internal; } *duckdb_error_data;
typedef struct _duckdb_profiling_info { void *internal; } *duckdb_profiling_info;
typedef struct _duckdb_value { void *internal; } *duckdb_value;
typedef struct _duckdb_scalar_function { void *internal; } *duckdb_scalar_function;
typedef struct _duckdb_function_info { void *internal; } *duckdb_function_info;
typedef struct _duckdb_vector { void *internal; } *duckdb_vector;
typedef void (*duckdb_scalar_function_t)(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output);

// A VARCHAR in a vector: up to 12 bytes lie in the struct itself.
typedef struct {
    uint32_t length;
    char prefix[4];
    const char *pointer; // of longer ones; else the bytes go on here
} cduckdb_string;
_Static_assert(sizeof(cduckdb_string) == 16, "duckdb_string_t has the size of the C API's struct");

static inline const char *cduckdb_string_bytes(const cduckdb_string *string) {
    return string->length <= 12 ? string->prefix : string->pointer;
}

// Values of duckdb_type.
#define CDUCKDB_TYPE_TINYINT 2
#define CDUCKDB_TYPE_SMALLINT 3
#define CDUCKDB_TYPE_INTEGER 4
#define CDUCKDB_TYPE_BIGINT 5
#define CDUCKDB_TYPE_FLOAT 10
#define CDUCKDB_TYPE_DOUBLE 11
#define CDUCKDB_TYPE_TIMESTAMP 12
#define CDUCKDB_TYPE_INTERVAL 15
#define CDUCKDB_TYPE_TIMESTAMP_TZ 31
#define CDUCKDB_TYPE_DATE 13
#define CDUCKDB_TYPE_VARCHAR 17

// Passed by value, so its size is part of the ABI: three counts and three pointers.
typedef struct {
    idx_t unused_counts[3];
    void *unused_pointers[2];
    void *internal;
} duckdb_result;
_Static_assert(sizeof(duckdb_result) == 48, "duckdb_result has the size of the C API's struct");

typedef struct {
    double percentage; // -1 while unknown
    uint64_t rows_processed;
    uint64_t total_rows_to_process;
} duckdb_query_progress_type;

// The value of duckdb_prepared_statement_type for SELECT, VALUES and WITH … SELECT.
#define CDUCKDB_STATEMENT_SELECT 1

// The Arrow C data interface: https://arrow.apache.org/docs/format/CDataInterface.html
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

static inline void cduckdb_release_schema(struct ArrowSchema *schema) {
    if (schema->release) schema->release(schema);
}

static inline void cduckdb_release_array(struct ArrowArray *array) {
    if (array->release) array->release(array);
}

// Opens the library and finds every function below. Returns NULL, or why it cannot be used (static text or the loader's).
// Call it once, before any other function here and from one thread.
const char *cduckdb_load(const char *path);

// cduckdb_NAME calls duckdb_NAME of the loaded library.
#define CDUCKDB_FUNCTION(result, name, parameters, arguments) result cduckdb_##name parameters;
#include "functions.inc"
#undef CDUCKDB_FUNCTION

#endif
