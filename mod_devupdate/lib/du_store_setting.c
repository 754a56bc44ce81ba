#include "du_store_rows.h"

#include <apr_strings.h>

#include "du_text.h"

typedef struct values_t {
    apr_pool_t *pool;
    du_settings_t *settings;
} values_t;

/* name, value */
static apr_status_t take_value(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    values_t *values = baton;

    (void)row_pool;
    for (int i = 0; i < DU_SETTINGS; i++) {
        if (du_text_same(du_setting_name((du_setting_e)i), columns[0])) {
            values->settings->value[i] = apr_pstrdup(values->pool, columns[1]);
        }
    }
    return APR_SUCCESS;
}

apr_status_t du_store_settings(du_ctx_t *ctx, du_store_t *store, const char *site, apr_pool_t *pool,
                               du_settings_t *settings)
{
    const char *args[] = {du_text_fold(ctx->pool, du_text_or_empty(site)), NULL};
    values_t values = {pool, settings};

    *settings = (du_settings_t){{NULL}};
    return du_db_select(ctx, store->db, DU_SQL_SETTINGS, args, take_value, &values);
}
