#include "du_fleet_rows.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "du_text.h"

#define DAY apr_time_from_sec(86400)

#define USER_KEY_SIZE  32 /* bytes */
#define USER_HASH_SIZE 12 /* bytes that are kept: enough that no two of some million accounts are taken for one */

typedef struct subnet_t {
    du_subnet_t subnet;
    const char *site_key;
} subnet_t;

/*
 * Sites
 */

static int longest_first(const void *one, const void *other)
{
    return ((const subnet_t *)other)->subnet.bits - ((const subnet_t *)one)->subnet.bits;
}

static apr_status_t read_sites(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_fleet_rules_t *rules)
{
    apr_array_header_t *sites;
    apr_status_t rv = du_store_sites(ctx, store, pool, &sites);

    rules->subnets = apr_array_make(pool, 16, sizeof(subnet_t));
    for (int i = 0; i < sites->nelts && rv == APR_SUCCESS; i++) {
        const du_site_t *site = &APR_ARRAY_IDX(sites, i, du_site_t);

        for (int j = 0; j < site->subnets->nelts; j++) {
            subnet_t *subnet = apr_array_push(rules->subnets);

            subnet->subnet = APR_ARRAY_IDX(site->subnets, j, du_subnet_t);
            subnet->site_key = du_text_fold(pool, site->name);
        }
    }
    qsort(rules->subnets->elts, (size_t)rules->subnets->nelts, sizeof(subnet_t), longest_first);
    return rv;
}

const char *du_fleet_site(const du_fleet_rules_t *rules, const char *address)
{
    du_address_t parsed;
    int is_address = du_address_parse(address, &parsed);

    for (int i = 0; is_address && i < rules->subnets->nelts; i++) {
        const subnet_t *subnet = &APR_ARRAY_IDX(rules->subnets, i, subnet_t);

        if (du_subnet_contains(&subnet->subnet, &parsed)) {
            return subnet->site_key;
        }
    }
    return "";
}

/*
 * Users
 */

static apr_status_t make_user_key(du_ctx_t *ctx, void *baton)
{
    du_store_t *store = baton;
    unsigned char bytes[USER_KEY_SIZE];
    const char *args[] = {NULL, NULL};
    apr_array_header_t *there;
    apr_status_t rv = du_fleet_lock(ctx, store);

    if (rv == APR_SUCCESS) {
        rv = du_store_texts(ctx, store, DU_SQL_USER_KEY, NULL, ctx->pool, &there);
    }
    if (rv != APR_SUCCESS || there->nelts > 0) {
        return rv;
    }
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return du_fail(ctx, APR_EGENERAL, DUNO(0940), "there are no random numbers for a key to hash users with");
    }
    args[0] = du_text_hex(ctx->pool, bytes, sizeof(bytes));
    return du_db_execute(ctx, store->db, DU_SQL_USER_KEY_INSERT, args, NULL);
}

/* One key for all nodes; made by whoever needs it first. */
static apr_status_t read_user_key(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, const char **key)
{
    apr_array_header_t *keys;
    apr_status_t rv = du_store_texts(ctx, store, DU_SQL_USER_KEY, NULL, pool, &keys);

    if (rv == APR_SUCCESS && keys->nelts == 0) {
        rv = du_db_transaction(ctx, store->db, make_user_key, store);
        if (rv == APR_SUCCESS) {
            rv = du_store_texts(ctx, store, DU_SQL_USER_KEY, NULL, pool, &keys);
        }
    }
    *key = rv == APR_SUCCESS && keys->nelts > 0 ? APR_ARRAY_IDX(keys, 0, const char *) : "";
    return rv;
}

const char *du_fleet_user(const du_fleet_rules_t *rules, apr_pool_t *pool, const char *user)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    const char *folded;
    unsigned len;

    if (rules->users == DU_USERS_KEEP) {
        return user;
    }
    if (rules->users == DU_USERS_DROP) {
        return "";
    }
    folded = du_text_fold(pool, user);
    HMAC(EVP_sha256(), rules->user_key, (int)strlen(rules->user_key), (const unsigned char *)folded, strlen(folded),
         digest, &len);
    return apr_pstrcat(pool, "#", du_text_hex(pool, digest, USER_HASH_SIZE), NULL);
}

/* Users of phones that were not seen for too long, and those that are known by more than the settings want by now. */
static apr_status_t forget_users(du_ctx_t *ctx, void *baton)
{
    du_store_t *store = ((void **)baton)[0];
    const du_fleet_rules_t *rules = ((void **)baton)[1];
    apr_time_t before = rules->users == DU_USERS_DROP ? APR_INT64_MAX
                        : rules->user_age > 0         ? du_now(ctx) - rules->user_age
                                                      : 0;
    const char *args[] = {du_text_number(ctx->pool, before), NULL};
    apr_status_t rv = du_fleet_lock(ctx, store);

    if (rv == APR_SUCCESS && before > 0) {
        rv = du_db_execute(ctx, store->db, DU_SQL_USERS_FORGET, args, NULL);
    }
    return rv == APR_SUCCESS && rules->users == DU_USERS_HASH
               ? du_db_execute(ctx, store->db, DU_SQL_USERS_FORGET_PLAIN, NULL, NULL)
               : rv;
}

apr_status_t du_fleet_forget_users(du_ctx_t *ctx, du_store_t *store, const du_fleet_rules_t *rules)
{
    void *baton[] = {store, (void *)rules};

    return du_db_transaction(ctx, store->db, forget_users, baton);
}

/*
 * All of it
 */

apr_status_t du_fleet_lock(du_ctx_t *ctx, du_store_t *store)
{
    apr_int64_t last;

    return du_store_raise_by(ctx, store, "device", 0, &last);
}

apr_status_t du_fleet_drop_empty(du_ctx_t *ctx, du_store_t *store)
{
    static const du_sql_e steps[] = {DU_SQL_STRANGERS_DELETE, DU_SQL_COUNTS_DELETE, DU_SQL_VERSIONS_DELETE};
    apr_status_t rv = APR_SUCCESS;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rv == APR_SUCCESS; i++) {
        rv = du_db_execute(ctx, store->db, steps[i], NULL, NULL);
    }
    return rv;
}

apr_status_t du_fleet_rules_read(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_fleet_rules_t **rules)
{
    du_fleet_rules_t *made = apr_pcalloc(pool, sizeof(*made));
    du_settings_t settings;
    apr_status_t rv = du_store_settings_in_force(ctx, store, "", pool, &settings);
    const char *users;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    users = du_setting_text(&settings, DU_SET_USER_NAMES);
    made->history = (int)du_setting_number(&settings, DU_SET_DEVICE_HISTORY);
    made->limit = du_setting_number(&settings, DU_SET_DEVICE_LIMIT);
    made->patience = (int)du_setting_number(&settings, DU_SET_STUCK_AFTER);
    made->hold_after = (int)du_setting_number(&settings, DU_SET_HOLD_AFTER);
    made->user_age = du_setting_number(&settings, DU_SET_USER_DAYS) * DAY;
    made->users = strcmp(users, "hash") == 0   ? DU_USERS_HASH
                  : strcmp(users, "drop") == 0 ? DU_USERS_DROP
                                               : DU_USERS_KEEP;
    rv = read_sites(ctx, store, pool, made);
    if (rv == APR_SUCCESS) {
        rv = du_store_test_devices(ctx, store, pool, &made->tests);
    }
    if (rv == APR_SUCCESS && made->users == DU_USERS_HASH) {
        rv = read_user_key(ctx, store, pool, &made->user_key);
    }
    *rules = made;
    return rv;
}
