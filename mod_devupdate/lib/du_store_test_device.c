#include "du_store_rows.h"

#include <apr_strings.h>

#include "du_text.h"

/*
 * Reading
 */

typedef struct rows_t {
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

static const char *const kinds[] = {[DU_TEST_MAC] = "mac", [DU_TEST_SERIAL] = "serial"};

/* site key, site name, name, kind, identifier, shown */
static apr_status_t take_test_device(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_test_device_t *device = apr_array_push(rows->array);

    (void)row_pool;
    device->site = apr_pstrdup(rows->pool, columns[1]);
    device->name = apr_pstrdup(rows->pool, columns[2]);
    device->kind = du_text_equal(columns[3], kinds[DU_TEST_MAC]) ? DU_TEST_MAC : DU_TEST_SERIAL;
    device->identifier = apr_pstrdup(rows->pool, columns[4]);
    device->shown = apr_pstrdup(rows->pool, columns[5]);
    return APR_SUCCESS;
}

apr_status_t du_store_test_devices(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **devices)
{
    rows_t rows = {pool, apr_array_make(pool, 4, sizeof(du_test_device_t))};

    *devices = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_TEST_DEVICES, NULL, take_test_device, &rows);
}

/*
 * Changing
 */

typedef struct change_t {
    du_store_t *store;
    const du_actor_t *actor;
    const du_test_device_t *device;    /* to be added */
    const char *site_name;             /* the scope of what is to be removed */
    const char *device_name;           /* to be removed; NULL = all of the scope */
    const apr_array_header_t *devices; /* to be removed: of du_test_device_t */
} change_t;

static apr_status_t begin(du_ctx_t *ctx, const change_t *change)
{
    apr_int64_t generation;

    return du_store_raise(ctx, change->store, "generation", &generation);
}

static const char *shown(du_ctx_t *ctx, const char *text)
{
    return du_text_for_log(ctx->pool, text);
}

static const char *device_text(du_ctx_t *ctx, const du_test_device_t *device)
{
    return apr_pstrcat(ctx->pool, kinds[device->kind], "=", device->shown, NULL);
}

/* What is about to be removed, for the record: one test device of a scope, or with a NULL name all of them. */
static apr_status_t list_test_devices(du_ctx_t *ctx, const change_t *change, const char *name, int *count,
                                      const char **list)
{
    apr_array_header_t *devices;
    apr_status_t rv = du_store_test_devices(ctx, change->store, ctx->pool, &devices);

    *count = 0;
    *list = "";
    for (int i = 0; i < devices->nelts && rv == APR_SUCCESS; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(devices, i, du_test_device_t);

        if (du_text_same(device->site, change->site_name) && (!name || du_text_same(device->name, name))) {
            *list = apr_pstrcat(ctx->pool, *list, *count ? ", " : "", name ? "" : device->name, name ? "" : " ",
                                device_text(ctx, device), NULL);
            ++*count;
        }
    }
    return rv;
}

static const char *device_object(du_ctx_t *ctx, const char *site, const char *name)
{
    return apr_pstrcat(ctx->pool, "test-device ", du_store_scope(ctx->pool, site), name ? "/" : "", name, NULL);
}

/* Deletes the test devices of a scope, or the one of that name, and records what they were. *count may be 0. */
static apr_status_t delete_test_devices(du_ctx_t *ctx, const change_t *change, const char *name, int *count)
{
    const char *args[] = {du_text_fold(ctx->pool, change->site_name), name ? du_text_fold(ctx->pool, name) : NULL,
                          NULL};
    const char *before;
    apr_status_t rv = list_test_devices(ctx, change, name, count, &before);

    if (rv == APR_SUCCESS && *count > 0) {
        rv = du_db_execute(ctx, change->store->db, name ? DU_SQL_TEST_DEVICE_DELETE : DU_SQL_TEST_DEVICES_DELETE,
                           args, NULL);
        if (rv == APR_SUCCESS) {
            rv = du_store_record(ctx, change->store, change->actor, "remove",
                                 device_object(ctx, change->site_name, name), before, "");
        }
    }
    return rv;
}

static apr_status_t find_same_name(du_ctx_t *ctx, const change_t *change, const char *site_key, const char *name_key)
{
    apr_array_header_t *names;
    const char *args[] = {site_key, NULL};
    apr_status_t rv = du_store_texts(ctx, change->store, DU_SQL_TEST_DEVICES_OF_SITE, args, ctx->pool, &names);

    for (int i = 0; i < names->nelts && rv == APR_SUCCESS; i++) {
        if (du_text_equal(APR_ARRAY_IDX(names, i, const char *), name_key)) {
            rv = du_fail(ctx, DU_E_EXISTS, DUNO(0723), "scope %s has a test device %s already",
                         shown(ctx, du_store_scope(ctx->pool, change->device->site)),
                         shown(ctx, change->device->name));
        }
    }
    return rv;
}

static apr_status_t insert_test_device(du_ctx_t *ctx, const change_t *change)
{
    const du_test_device_t *device = change->device;
    const char *site_key = du_text_fold(ctx->pool, device->site), *name_key = du_text_fold(ctx->pool, device->name);
    const char *args[] = {site_key,           name_key,      device->name, kinds[device->kind],
                          device->identifier, device->shown, NULL};
    apr_status_t rv = find_same_name(ctx, change, site_key, name_key);

    if (rv == APR_SUCCESS) {
        rv = du_db_execute(ctx, change->store->db, DU_SQL_TEST_DEVICE_INSERT, args, NULL);
    }
    return rv == APR_SUCCESS
               ? du_store_record(ctx, change->store, change->actor, "add",
                                 device_object(ctx, device->site, device->name), "", device_text(ctx, device))
               : rv;
}

static apr_status_t add_test_device(du_ctx_t *ctx, void *baton)
{
    const change_t *change = baton;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = du_store_need_site(ctx, change->store, change->device->site);
    }
    return rv == APR_SUCCESS ? insert_test_device(ctx, change) : rv;
}

static apr_status_t no_test_device(du_ctx_t *ctx, const char *site, const char *name)
{
    return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0725), "scope %s has no test device %s",
                   shown(ctx, du_store_scope(ctx->pool, site)), shown(ctx, name));
}

static apr_status_t remove_test_device(du_ctx_t *ctx, void *baton)
{
    const change_t *change = baton;
    const char *name = change->device_name;
    int count = 0;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = du_store_need_site(ctx, change->store, change->site_name);
    }
    if (rv == APR_SUCCESS) {
        rv = delete_test_devices(ctx, change, name, &count);
    }
    if (rv == APR_SUCCESS && count == 0) {
        return name ? no_test_device(ctx, change->site_name, name) : DU_E_NOTHING;
    }
    return rv;
}

/* It must still be the phone that was chosen. */
static apr_status_t check_chosen(du_ctx_t *ctx, const apr_array_header_t *all, const du_test_device_t *chosen)
{
    for (int i = 0; i < all->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(all, i, du_test_device_t);

        if (du_text_same(device->site, chosen->site) && du_text_same(device->name, chosen->name)) {
            return du_text_equal(device->identifier, chosen->identifier)
                       ? APR_SUCCESS
                       : du_fail(ctx, DU_E_CONFLICT, DUNO(0727),
                                 "test device %s of scope %s is another phone now: its identifier is %s, not %s",
                                 shown(ctx, device->name), shown(ctx, du_store_scope(ctx->pool, device->site)),
                                 device->identifier, shown(ctx, chosen->identifier));
        }
    }
    return no_test_device(ctx, chosen->site, chosen->name);
}

static apr_status_t remove_chosen(du_ctx_t *ctx, void *baton)
{
    change_t *change = baton;
    apr_array_header_t *all;
    int count;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = du_store_test_devices(ctx, change->store, ctx->pool, &all);
    }
    for (int i = 0; i < change->devices->nelts && rv == APR_SUCCESS; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(change->devices, i, du_test_device_t);

        change->site_name = device->site;
        rv = check_chosen(ctx, all, device);
        if (rv == APR_SUCCESS) {
            rv = delete_test_devices(ctx, change, device->name, &count);
        }
    }
    return rv;
}

apr_status_t du_store_test_device_add(du_ctx_t *ctx, du_store_t *store, const du_test_device_t *device,
                                      const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .device = device};

    return du_db_transaction(ctx, store->db, add_test_device, &change);
}

apr_status_t du_store_test_device_remove(du_ctx_t *ctx, du_store_t *store, const char *site, const char *name,
                                         const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site_name = site, .device_name = name};

    return du_db_transaction(ctx, store->db, remove_test_device, &change);
}

apr_status_t du_store_test_devices_remove(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *devices,
                                          const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .devices = devices};

    return devices->nelts ? du_db_transaction(ctx, store->db, remove_chosen, &change) : DU_E_NOTHING;
}

apr_status_t du_store_test_devices_of_site_remove(du_ctx_t *ctx, du_store_t *store, const char *site,
                                                  const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .site_name = site};
    int count;

    return delete_test_devices(ctx, &change, NULL, &count);
}
