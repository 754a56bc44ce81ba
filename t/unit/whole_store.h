/*
 * Stores as wholes, for tests that compare them: the old schema, what a schema consists of, what is in the tables.
 */
#ifndef UNIT_WHOLE_STORE_H
#define UNIT_WHOLE_STORE_H

#include "store.h"

/* An empty database of the kind that store.h has chosen; unlike fresh_store() it may be asked for several times. */
static inline const char *another_store(const char *name)
{
    const char *unique = apr_pstrcat(unit.pool, strrchr(unit.dir, '/') + 1, name, NULL);

    if (!store_server()) {
        return apr_pstrcat(unit.pool, "sqlite3 ", unit_path(name), NULL);
    }
    run_sql(store_server(), apr_pstrcat(unit.pool, "CREATE SCHEMA \"unit", unique, "\"", NULL));
    return apr_pstrcat(unit.pool, store_server(), " options='-c search_path=\"unit", unique, "\"'", NULL);
}

static inline const char *srcdir_file(const char *name)
{
    const char *srcdir = getenv("srcdir");

    ck_assert_msg(srcdir != NULL, "srcdir is not set");
    return apr_pstrcat(unit.pool, srcdir, "/", name, NULL);
}

/* Runs the statements of a file, each of which ends at the end of a line. */
static inline void run_sql_file(const char *spec, const char *name)
{
    char *text = unit_read(srcdir_file(name), NULL), *line, *state = NULL;
    const char *statement = "";

    for (line = apr_strtok(text, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        apr_size_t len = strlen(line);

        if (strncmp(line, "--", 2) == 0) {
            continue;
        }
        statement = apr_pstrcat(unit.pool, statement, line, "\n", NULL);
        if (line[len - 1] == ';') {
            run_sql(spec, statement);
            statement = "";
        }
    }
}

/* Every column and every index of a database. */
static inline const char *schema_of(const char *spec)
{
    static const char *const sqlite =
        "SELECT (SELECT group_concat(line, ', ') FROM (SELECT m.name || '.' || p.name || ' ' || p.type || ' ' || p.\"notnull\" || ' '"
        " || coalesce(p.dflt_value, '-') || ' ' || p.pk AS line FROM sqlite_master m, pragma_table_info(m.name) p"
        " WHERE m.type = 'table' ORDER BY m.name, p.cid)) || '; ' || (SELECT group_concat(line, ', ') FROM (SELECT name || ' '"
        " || tbl_name || ' ' || coalesce(sql, '-') AS line FROM sqlite_master WHERE type = 'index' ORDER BY name))";
    static const char *const pgsql =
        "SELECT (SELECT string_agg(table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' ||"
        " coalesce(column_default, '-') || ' ' || coalesce(collation_name, '-'), ', ' ORDER BY table_name, ordinal_position) FROM information_schema.columns"
        " WHERE table_schema = current_schema()) || '; ' || (SELECT string_agg(replace(indexdef, current_schema(), ''), ', '"
        " ORDER BY indexname) FROM pg_indexes WHERE schemaname = current_schema()) || '; ' || (SELECT string_agg(replace("
        "pg_get_constraintdef(oid), current_schema(), ''), ', ' ORDER BY conname) FROM pg_constraint WHERE connamespace ="
        " (SELECT oid FROM pg_namespace WHERE nspname = current_schema()))";

    return run_sql(spec, strncmp(spec, "sqlite3 ", 8) == 0 ? sqlite : pgsql);
}

#endif
