#include "CDuckDB.h"

#include <dlfcn.h>

// Written once by cduckdb_load, before any reader exists.
static struct {
#define CDUCKDB_FUNCTION(result, name, parameters, arguments) result(*name) parameters;
#include "functions.inc"
#undef CDUCKDB_FUNCTION
} api;

const char *cduckdb_load(const char *path) {
    // Never closed: the engine's threads may outlive any owner of the handle.
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return dlerror();
#define CDUCKDB_FUNCTION(result, name, parameters, arguments)                                                          \
    api.name = (result(*) parameters)dlsym(library, "duckdb_" #name);                                                  \
    if (!api.name) return "it has no function duckdb_" #name;
#include "functions.inc"
#undef CDUCKDB_FUNCTION
    return NULL;
}

#define CDUCKDB_FUNCTION(result, name, parameters, arguments)                                                          \
    result cduckdb_##name parameters { return api.name arguments; }
#include "functions.inc"
#undef CDUCKDB_FUNCTION
