#include "du_store_rows.h"

#include <apr_strings.h>

#include "du_text.h"

/*
 * Reading
 */

typedef struct values_t {
    apr_pool_t *pool;
    du_settings_t *settings;
} values_t;

/* name, value. What this program could not have written is as if it were not there: a value out of range, made by hand
 * or by a later version, must not become one that nobody chose. */
static apr_status_t take_value(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    values_t *values = baton;

    (void)row_pool;
    for (int i = 0; i < DU_SETTINGS; i++) {
        if (du_text_same(du_setting_name((du_setting_e)i), columns[0])) {
            values->settings->value[i] = du_setting_canonical(values->pool, (du_setting_e)i, columns[1]);
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

apr_status_t du_store_settings_in_force(du_ctx_t *ctx, du_store_t *store, const char *site, apr_pool_t *pool,
                                        du_settings_t *settings)
{
    du_settings_t global, own = {{NULL}};
    apr_status_t known = APR_SUCCESS;
    apr_status_t rv = du_store_settings(ctx, store, "", pool, &global);

    if (rv == APR_SUCCESS && du_text_or_null(site)) {
        known = du_store_need_site(ctx, store, site);
        rv = known == APR_SUCCESS ? du_store_settings(ctx, store, site, pool, &own) : APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        du_settings_merge(&own, &global, settings);
    }
    return rv == APR_SUCCESS ? known : rv;
}

/*
 * Changing
 */

typedef struct change_t {
    du_store_t *store;
    const du_actor_t *actor;
    const char *site; /* "" = global */
    int setting;      /* DU_SETTINGS = all */
    du_setting_op_e op;
    const char *text;  /* what was asked for */
    const char *value; /* out: what it is now */
    du_settings_t own; /* of the scope, before */
} change_t;

/* "setting site:Berlin/MaxLogFileSize", or without the name for all of a scope. */
static const char *object(du_ctx_t *ctx, const change_t *change)
{
    return apr_pstrcat(ctx->pool, "setting ", du_store_scope(ctx->pool, change->site),
                       change->setting == DU_SETTINGS ? NULL : "/",
                       change->setting == DU_SETTINGS ? NULL : du_setting_name((du_setting_e)change->setting), NULL);
}

/* "LogCleanUpInterval=20.00:00:00 LogCleanUpTimeOfDay=": those that are there. */
static const char *show_all(du_ctx_t *ctx, const du_settings_t *settings)
{
    const char *text = "";

    for (int i = 0; i < DU_SETTINGS; i++) {
        if (settings->value[i]) {
            text = apr_pstrcat(ctx->pool, text, *text ? " " : "", du_setting_name((du_setting_e)i), "=",
                               settings->value[i], NULL);
        }
    }
    return text;
}

/* Every change begins with this; what the scope has is in change->own afterwards. */
static apr_status_t begin(du_ctx_t *ctx, change_t *change)
{
    apr_int64_t generation;
    apr_status_t rv = du_store_raise(ctx, change->store, "generation", &generation);

    if (rv == APR_SUCCESS && *change->site) {
        rv = du_store_need_site(ctx, change->store, change->site);
    }
    return rv == APR_SUCCESS ? du_store_settings(ctx, change->store, change->site, ctx->pool, &change->own) : rv;
}

static apr_status_t remove_row(du_ctx_t *ctx, const change_t *change, du_setting_e setting)
{
    const char *args[] = {du_text_fold(ctx->pool, change->site), du_setting_name(setting), NULL};

    return du_db_execute(ctx, change->store->db, DU_SQL_SETTING_DELETE, args, NULL);
}

/* Whether there is a row is not to be read from change->own, where a useless one does not show. */
static apr_status_t write_row(du_ctx_t *ctx, const change_t *change, du_setting_e setting, const char *value)
{
    const char *args[] = {du_text_fold(ctx->pool, change->site), du_setting_name(setting), value, NULL};
    apr_status_t rv = remove_row(ctx, change, setting);

    return rv == APR_SUCCESS ? du_db_execute(ctx, change->store->db, DU_SQL_SETTING_INSERT, args, NULL) : rv;
}

/* Words are added to the list in force at the scope, which need not be one of its own. */
static apr_status_t find_value(du_ctx_t *ctx, change_t *change)
{
    du_setting_e setting = (du_setting_e)change->setting;
    du_settings_t in_force;
    const char *words, *now;
    apr_status_t rv = du_setting_check(ctx, setting, change->text, ctx->pool, &words);

    change->value = words;
    if (rv != APR_SUCCESS || change->op == DU_SETTING_REPLACE) {
        return rv;
    }
    rv = du_store_settings_in_force(ctx, change->store, change->site, ctx->pool, &in_force);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    now = du_setting_text(&in_force, setting);
    words = change->op == DU_SETTING_ADD ? du_setting_list_add(ctx->pool, now, words)
                                         : du_setting_list_remove(ctx->pool, now, words);
    if (du_text_equal(words, now)) {
        change->value = now;
        return DU_E_NOTHING;
    }
    return du_setting_check(ctx, setting, words, ctx->pool, &change->value);
}

static apr_status_t set(du_ctx_t *ctx, void *baton)
{
    change_t *change = baton;
    const char *before;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = find_value(ctx, change);
    }
    before = change->own.value[change->setting];
    if (rv == APR_SUCCESS && du_text_equal(before, change->value)) {
        return DU_E_NOTHING;
    }
    if (rv == APR_SUCCESS) {
        rv = write_row(ctx, change, (du_setting_e)change->setting, change->value);
    }
    return rv == APR_SUCCESS ? du_store_record(ctx, change->store, change->actor, "set", object(ctx, change),
                                               du_text_or_empty(before), change->value)
                             : rv;
}

apr_status_t du_store_setting_set(du_ctx_t *ctx, du_store_t *store, const char *site, du_setting_e setting,
                                  du_setting_op_e op, const char *text, const du_actor_t *actor, const char **value)
{
    change_t change = {.store = store, .actor = actor, .site = site, .setting = setting, .op = op, .text = text};
    apr_status_t rv;

    if (*site && du_setting_is_global(setting)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0732), "%s is one for all sites: it has a global value only",
                       du_setting_name(setting));
    }
    if (op != DU_SETTING_REPLACE && !du_setting_is_list(setting)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0733), "%s is no list that words are added to or removed from",
                       du_setting_name(setting));
    }
    rv = du_db_transaction(ctx, store->db, set, &change);
    *value = change.value;
    return rv;
}

static apr_status_t make_collection(du_ctx_t *ctx, void *baton)
{
    change_t *change = baton;
    du_settings_t made = {{NULL}};
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS && *show_all(ctx, &change->own)) {
        return du_fail(ctx, DU_E_EXISTS, DUNO(0734), "site %s has settings of its own already",
                       du_text_for_log(ctx->pool, change->site));
    }
    for (int i = 0; i < DU_SETTINGS && rv == APR_SUCCESS; i++) {
        if (!du_setting_is_global((du_setting_e)i)) {
            made.value[i] = du_setting_default((du_setting_e)i);
            rv = write_row(ctx, change, (du_setting_e)i, made.value[i]);
        }
    }
    return rv == APR_SUCCESS ? du_store_record(ctx, change->store, change->actor, "add", object(ctx, change), "",
                                               show_all(ctx, &made))
                             : rv;
}

apr_status_t du_store_setting_new(du_ctx_t *ctx, du_store_t *store, const char *site, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site = site, .setting = DU_SETTINGS};

    if (!*site) {
        return du_fail(ctx, DU_E_EXISTS, DUNO(0735),
                       "the global settings are always there, only a site can get new ones");
    }
    return du_db_transaction(ctx, store->db, make_collection, &change);
}

/* Removes one value of the scope or all of them. DU_E_NOTHING if there is none. */
static apr_status_t remove_values(du_ctx_t *ctx, const change_t *change)
{
    const char *args[] = {du_text_fold(ctx->pool, change->site), NULL};
    int is_one = change->setting != DU_SETTINGS;
    const char *before = is_one ? change->own.value[change->setting] : du_text_or_null(show_all(ctx, &change->own));
    apr_status_t rv;

    if (!before) {
        return DU_E_NOTHING;
    }
    rv = is_one ? remove_row(ctx, change, (du_setting_e)change->setting)
                : du_db_execute(ctx, change->store->db, DU_SQL_SETTINGS_DELETE, args, NULL);
    return rv == APR_SUCCESS
               ? du_store_record(ctx, change->store, change->actor, "reset", object(ctx, change), before, "")
               : rv;
}

static apr_status_t reset(du_ctx_t *ctx, void *baton)
{
    change_t *change = baton;
    apr_status_t rv = begin(ctx, change);

    return rv == APR_SUCCESS ? remove_values(ctx, change) : rv;
}

apr_status_t du_store_setting_reset(du_ctx_t *ctx, du_store_t *store, const char *site, int setting,
                                    const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site = site, .setting = setting};

    return du_db_transaction(ctx, store->db, reset, &change);
}

apr_status_t du_store_settings_remove(du_ctx_t *ctx, du_store_t *store, const char *site, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site = site, .setting = DU_SETTINGS};
    apr_status_t rv = du_store_settings(ctx, store, site, ctx->pool, &change.own);

    if (rv == APR_SUCCESS) {
        rv = remove_values(ctx, &change);
    }
    return rv == DU_E_NOTHING ? APR_SUCCESS : rv;
}
