#include "du_store_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

/* Where rows are collected. */
typedef struct rows_t {
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

/*
 * Reading
 */

/* The first column of every row of a statement with one argument. */
static apr_status_t select_texts(du_ctx_t *ctx, du_store_t *store, du_sql_e statement, const char *arg,
                                 apr_pool_t *pool, apr_array_header_t **texts)
{
    const char *args[] = {arg, NULL};

    return du_store_texts(ctx, store, statement, args, pool, texts);
}

static apr_status_t read_subnets(du_ctx_t *ctx, du_store_t *store, const char *key, apr_pool_t *pool, du_site_t *site)
{
    apr_array_header_t *texts;
    apr_status_t rv = select_texts(ctx, store, DU_SQL_SITE_SUBNETS, key, pool, &texts);

    site->subnets = apr_array_make(pool, texts->nelts, sizeof(du_subnet_t));
    for (int i = 0; i < texts->nelts && rv == APR_SUCCESS; i++) {
        const char *text = APR_ARRAY_IDX(texts, i, const char *);

        if (!du_subnet_parse(pool, text, apr_array_push(site->subnets))) {
            rv = du_fail(ctx, DU_E_STORE, DUNO(0543), "the store has %s as a subnet of site %s",
                         du_text_for_log(pool, text), du_text_for_log(pool, site->name));
        }
    }
    return rv;
}

/* name */
static apr_status_t take_site(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_site_t *site = apr_array_push(rows->array);

    (void)row_pool;
    site->name = apr_pstrdup(rows->pool, columns[0]);
    site->subnets = NULL;
    return APR_SUCCESS;
}

apr_status_t du_store_sites(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **sites)
{
    rows_t rows = {pool, apr_array_make(pool, 4, sizeof(du_site_t))};
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_SITES, NULL, take_site, &rows);

    *sites = rows.array;
    for (int i = 0; i < rows.array->nelts && rv == APR_SUCCESS; i++) {
        du_site_t *site = &APR_ARRAY_IDX(rows.array, i, du_site_t);

        rv = read_subnets(ctx, store, du_text_fold(pool, site->name), pool, site);
    }
    return rv;
}

/*
 * Changing
 */

typedef struct change_t {
    du_store_t *store;
    const du_actor_t *actor;
    const du_site_t *site; /* to be added or changed */
    const char *site_name; /* to be removed */
} change_t;

static apr_status_t begin(du_ctx_t *ctx, const change_t *change)
{
    apr_int64_t generation;

    return du_store_raise(ctx, change->store, "generation", &generation);
}

const char *du_store_scope(apr_pool_t *pool, const char *site)
{
    return *site ? apr_pstrcat(pool, "site:", site, NULL) : "global";
}

static const char *shown(du_ctx_t *ctx, const char *text)
{
    return du_text_for_log(ctx->pool, text);
}

static apr_status_t is_there(du_ctx_t *ctx, du_store_t *store, const char *site, int *there)
{
    apr_array_header_t *found;
    apr_status_t rv = select_texts(ctx, store, DU_SQL_SITE, du_text_fold(ctx->pool, site), ctx->pool, &found);

    *there = found->nelts > 0;
    return rv;
}

apr_status_t du_store_need_site(du_ctx_t *ctx, du_store_t *store, const char *site)
{
    int there = 1;
    apr_status_t rv = *site ? is_there(ctx, store, site, &there) : APR_SUCCESS;

    if (rv == APR_SUCCESS && !there) {
        return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0724), "there is no site %s to be a scope", shown(ctx, site));
    }
    return rv;
}

static apr_status_t insert_subnet(du_ctx_t *ctx, const change_t *change, const char *key, const du_subnet_t *subnet)
{
    const char *text = du_subnet_text(ctx->pool, subnet);
    const char *args[] = {text, key, NULL};
    apr_array_header_t *owners;
    apr_status_t rv = select_texts(ctx, change->store, DU_SQL_SUBNET_SITE, text, ctx->pool, &owners);

    if (rv == APR_SUCCESS && owners->nelts > 0) {
        return du_fail(ctx, DU_E_EXISTS, DUNO(0720), "subnet %s belongs to site %s already", text,
                       shown(ctx, APR_ARRAY_IDX(owners, 0, const char *)));
    }
    return rv == APR_SUCCESS ? du_db_execute(ctx, change->store->db, DU_SQL_SITE_SUBNET_INSERT, args, NULL) : rv;
}

static const char *subnet_list(du_ctx_t *ctx, const du_site_t *site)
{
    const char *list = "";

    for (int i = 0; i < site->subnets->nelts; i++) {
        list = apr_pstrcat(ctx->pool, list, *list ? " " : "",
                           du_subnet_text(ctx->pool, &APR_ARRAY_IDX(site->subnets, i, du_subnet_t)), NULL);
    }
    return list;
}

static apr_status_t insert_subnets(du_ctx_t *ctx, const change_t *change, const char *key)
{
    const apr_array_header_t *subnets = change->site->subnets;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < subnets->nelts && rv == APR_SUCCESS; i++) {
        rv = insert_subnet(ctx, change, key, &APR_ARRAY_IDX(subnets, i, du_subnet_t));
    }
    return rv;
}

static apr_status_t insert_site(du_ctx_t *ctx, const change_t *change)
{
    const du_site_t *site = change->site;
    const char *key = du_text_fold(ctx->pool, site->name);
    const char *args[] = {key, site->name, NULL};
    apr_status_t rv = du_db_execute(ctx, change->store->db, DU_SQL_SITE_INSERT, args, NULL);

    if (rv == APR_SUCCESS) {
        rv = insert_subnets(ctx, change, key);
    }
    return rv == APR_SUCCESS ? du_store_record(ctx, change->store, change->actor, "add",
                                               du_store_scope(ctx->pool, site->name), "", subnet_list(ctx, site))
                             : rv;
}

static apr_status_t add_site(du_ctx_t *ctx, void *baton)
{
    const change_t *change = baton;
    int there = 0;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = is_there(ctx, change->store, change->site->name, &there);
    }
    if (rv == APR_SUCCESS && there) {
        return du_fail(ctx, DU_E_EXISTS, DUNO(0721), "there is a site %s already", shown(ctx, change->site->name));
    }
    return rv == APR_SUCCESS ? insert_site(ctx, change) : rv;
}

/* 1 if both have the same subnets, in whatever order. No list has one twice. */
static int same_subnets(const du_site_t *one, const du_site_t *other)
{
    int found = 0;

    for (int i = 0; i < one->subnets->nelts; i++) {
        for (int j = 0; j < other->subnets->nelts; j++) {
            found += du_subnet_same(&APR_ARRAY_IDX(one->subnets, i, du_subnet_t),
                                    &APR_ARRAY_IDX(other->subnets, j, du_subnet_t));
        }
    }
    return found == one->subnets->nelts && found == other->subnets->nelts;
}

/* Its own subnets go first, so that it may keep some of them. */
static apr_status_t replace_subnets(du_ctx_t *ctx, const change_t *change)
{
    const du_site_t *site = change->site;
    const char *key = du_text_fold(ctx->pool, site->name), *args[] = {key, NULL};
    du_site_t before = {.name = site->name};
    apr_status_t rv = read_subnets(ctx, change->store, key, ctx->pool, &before);

    if (rv == APR_SUCCESS && same_subnets(&before, site)) {
        return DU_E_NOTHING;
    }
    if (rv == APR_SUCCESS) {
        rv = du_db_execute(ctx, change->store->db, DU_SQL_SITE_SUBNETS_DELETE, args, NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = insert_subnets(ctx, change, key);
    }
    return rv == APR_SUCCESS
               ? du_store_record(ctx, change->store, change->actor, "set", du_store_scope(ctx->pool, site->name),
                                 subnet_list(ctx, &before), subnet_list(ctx, site))
               : rv;
}

static apr_status_t set_site(du_ctx_t *ctx, void *baton)
{
    const change_t *change = baton;
    int there = 0;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = is_there(ctx, change->store, change->site->name, &there);
    }
    if (rv == APR_SUCCESS && !there) {
        return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0726), "there is no site %s whose subnets could be replaced",
                       shown(ctx, change->site->name));
    }
    return rv == APR_SUCCESS ? replace_subnets(ctx, change) : rv;
}

/* Settings, roles, test devices and subnets first: they are the site's. */
static apr_status_t delete_site(du_ctx_t *ctx, const change_t *change)
{
    const char *key = du_text_fold(ctx->pool, change->site_name), *args[] = {key, NULL};
    du_site_t site = {.name = change->site_name};
    int changed = 0;
    apr_status_t rv = read_subnets(ctx, change->store, key, ctx->pool, &site);

    if (rv == APR_SUCCESS) {
        rv = du_store_test_devices_of_site_remove(ctx, change->store, change->site_name, change->actor);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_settings_remove(ctx, change->store, change->site_name, change->actor);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_roles_remove(ctx, change->store, change->site_name, change->actor);
    }
    if (rv == APR_SUCCESS) {
        rv = du_db_execute(ctx, change->store->db, DU_SQL_SITE_SUBNETS_DELETE, args, NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = du_db_execute(ctx, change->store->db, DU_SQL_SITE_DELETE, args, &changed);
    }
    if (rv == APR_SUCCESS && changed == 0) {
        return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0722), "there is no site %s", shown(ctx, change->site_name));
    }
    return rv == APR_SUCCESS
               ? du_store_record(ctx, change->store, change->actor, "remove",
                                 du_store_scope(ctx->pool, change->site_name), subnet_list(ctx, &site), "")
               : rv;
}

static apr_status_t remove_site(du_ctx_t *ctx, void *baton)
{
    const change_t *change = baton;
    apr_status_t rv = begin(ctx, change);

    return rv == APR_SUCCESS ? delete_site(ctx, change) : rv;
}

apr_status_t du_store_site_add(du_ctx_t *ctx, du_store_t *store, const du_site_t *site, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site = site};

    return du_db_transaction(ctx, store->db, add_site, &change);
}

apr_status_t du_store_site_set(du_ctx_t *ctx, du_store_t *store, const du_site_t *site, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site = site};

    return du_db_transaction(ctx, store->db, set_site, &change);
}

apr_status_t du_store_site_remove(du_ctx_t *ctx, du_store_t *store, const char *name, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site_name = name};

    return du_db_transaction(ctx, store->db, remove_site, &change);
}
