#include "du_schema.h"

#include <apr_strings.h>

#include "du_text.h"

static const char *const schema[] = {
#define STATEMENT(text) text,
    DU_SQL_SCHEMA_LIST(STATEMENT)
#undef STATEMENT
};

apr_status_t du_schema_counter(du_ctx_t *ctx, du_db_t *db, const char *name, apr_int64_t *value)
{
    const char *args[] = {name, NULL};

    return du_db_number(ctx, db, DU_SQL_COUNTER, args, value);
}

static const char *remedy(apr_int64_t version)
{
    return version > DU_SCHEMA_VERSION ? "use the programs of the version that made it"
           : version > 0               ? "\"devupdatectl store migrate\" brings it there"
                                       : "it is no store of this product";
}

apr_status_t du_schema_check(du_ctx_t *ctx, du_db_t *db)
{
    apr_int64_t version;
    apr_status_t rv = du_schema_counter(ctx, db, "schema", &version);

    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0530), "no schema version can be read from the store (is it one?): %s",
                       du_text_or_empty(ctx->failure.message));
    }
    if (version != DU_SCHEMA_VERSION) {
        return du_fail(ctx, DU_E_SCHEMA, DUNO(0531),
                       "the store has schema version %" APR_INT64_T_FMT ", this program needs version %d; %s",
                       version, DU_SCHEMA_VERSION, remedy(version));
    }
    return APR_SUCCESS;
}

apr_status_t du_schema_upgrade(du_ctx_t *ctx, du_db_t *db, apr_int64_t from)
{
    static const struct {
        int version;
        const char *text;
    } steps[] = {
#define STATEMENT(version, text) {version, text},
        DU_SQL_MIGRATION_LIST(STATEMENT)
#undef STATEMENT
    };
    apr_status_t rv = du_db_define_order(ctx, db);

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rv == APR_SUCCESS; i++) {
        if (steps[i].version > from) {
            rv = du_db_define(ctx, db, steps[i].text);
        }
    }
    return rv;
}

apr_status_t du_schema_define(du_ctx_t *ctx, du_db_t *db)
{
    apr_status_t rv = du_db_define_order(ctx, db);

    for (size_t i = 0; i < sizeof(schema) / sizeof(schema[0]) && rv == APR_SUCCESS; i++) {
        rv = du_db_define(ctx, db, schema[i]);
    }
    return rv;
}

static apr_status_t define_all(du_ctx_t *ctx, void *baton)
{
    return du_schema_define(ctx, baton);
}

apr_status_t du_schema_create(du_ctx_t *ctx, du_db_t *db)
{
    apr_status_t rv = du_schema_check(ctx, db);

    if (rv == APR_SUCCESS || rv == DU_E_SCHEMA) {
        return du_fail(ctx, DU_E_EXISTS, DUNO(0532), "there is a store already, nothing was changed");
    }
    return du_db_transaction(ctx, db, define_all, db);
}
