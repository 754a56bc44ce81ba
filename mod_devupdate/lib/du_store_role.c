#include "du_store_role.h"

#include <string.h>

#include <apr_strings.h>

#include "du_store_rows.h"
#include "du_text.h"

int du_account_is_one(const char *account)
{
    apr_size_t len = strlen(account);

    for (apr_size_t i = 0; i < len; i++) {
        if ((unsigned char)account[i] < ' ' || account[i] == '\x7f') {
            return 0;
        }
    }
    return len > 0 && len <= DU_ACCOUNT_MAX && du_text_is_utf8(account, len);
}

/*
 * Reading
 */

typedef struct rows_t {
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

/* account, role, site key, site name */
static apr_status_t take_grant(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_role_e role;

    (void)row_pool;
    if (du_role_find(columns[1], &role)) {
        APR_ARRAY_PUSH(rows->array, du_grant_t) = (du_grant_t){.account = apr_pstrdup(rows->pool, columns[0]),
                                                               .role = role,
                                                               .site = apr_pstrdup(rows->pool, columns[3])};
    }
    return APR_SUCCESS;
}

apr_status_t du_store_roles(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **grants)
{
    rows_t rows = {pool, apr_array_make(pool, 4, sizeof(du_grant_t))};

    *grants = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_ROLES, NULL, take_grant, &rows);
}

apr_status_t du_store_role(du_ctx_t *ctx, du_store_t *store, const char *account, apr_pool_t *pool,
                           du_grant_t **grant)
{
    const char *args[] = {account, NULL};
    rows_t rows = {pool, apr_array_make(pool, 1, sizeof(du_grant_t))};
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_ROLE, args, take_grant, &rows);

    *grant = rows.array->nelts ? &APR_ARRAY_IDX(rows.array, 0, du_grant_t) : NULL;
    return rv == APR_SUCCESS && !*grant ? DU_E_NOT_FOUND : rv;
}

/*
 * Changing
 */

typedef struct change_t {
    du_store_t *store;
    const du_actor_t *actor;
    const char *account;
    const du_grant_t *after; /* NULL = the role goes */
    du_grant_t *before;      /* NULL = it has none */
} change_t;

static const char *shown(du_ctx_t *ctx, const char *text)
{
    return du_text_for_log(ctx->pool, text);
}

/* "operator site:Berlin", "" for none */
static const char *grant_text(du_ctx_t *ctx, const du_grant_t *grant)
{
    return grant
               ? apr_pstrcat(ctx->pool, du_role_name(grant->role), " ", du_store_scope(ctx->pool, grant->site), NULL)
               : "";
}

static int is_ruler(const du_grant_t *grant)
{
    return grant && grant->role == DU_ROLE_ADMINISTRATOR && !*grant->site;
}

/* Only an administrator without a limit can give roles. */
static apr_status_t keep_one_ruler(du_ctx_t *ctx, const change_t *change)
{
    apr_array_header_t *grants;
    apr_status_t rv;

    if (!is_ruler(change->before) || is_ruler(change->after)) {
        return APR_SUCCESS;
    }
    rv = du_store_roles(ctx, change->store, ctx->pool, &grants);
    for (int i = 0; i < grants->nelts && rv == APR_SUCCESS; i++) {
        const du_grant_t *other = &APR_ARRAY_IDX(grants, i, du_grant_t);

        if (is_ruler(other) && !du_text_equal(other->account, change->account)) {
            return APR_SUCCESS;
        }
    }
    return rv == APR_SUCCESS ? du_fail(ctx, DU_E_CONFLICT, DUNO(0544),
                                       "%s is the last administrator of everything; make somebody else one first",
                                       shown(ctx, change->account))
                             : rv;
}

static apr_status_t begin(du_ctx_t *ctx, change_t *change)
{
    apr_int64_t generation;
    apr_status_t rv = du_store_raise(ctx, change->store, "generation", &generation);

    if (rv == APR_SUCCESS) {
        rv = du_store_role(ctx, change->store, change->account, ctx->pool, &change->before);
    }
    return rv == DU_E_NOT_FOUND ? APR_SUCCESS : rv;
}

static apr_status_t write_rows(du_ctx_t *ctx, const change_t *change)
{
    const char *args[] = {change->account, change->after ? du_role_name(change->after->role) : NULL,
                          change->after ? du_text_fold(ctx->pool, change->after->site) : NULL, NULL};
    apr_status_t rv = du_db_execute(ctx, change->store->db, DU_SQL_ROLE_DELETE, args, NULL);

    return rv == APR_SUCCESS && change->after ? du_db_execute(ctx, change->store->db, DU_SQL_ROLE_INSERT, args, NULL)
                                              : rv;
}

static apr_status_t change_row(du_ctx_t *ctx, const change_t *change)
{
    apr_status_t rv = keep_one_ruler(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = write_rows(ctx, change);
    }
    return rv == APR_SUCCESS ? du_store_record(ctx, change->store, change->actor, change->after ? "set" : "remove",
                                               apr_pstrcat(ctx->pool, "role ", change->account, NULL),
                                               grant_text(ctx, change->before), grant_text(ctx, change->after))
                             : rv;
}

static apr_status_t set(du_ctx_t *ctx, void *baton)
{
    change_t *change = baton;
    const du_grant_t *after = change->after;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS) {
        rv = du_store_need_site(ctx, change->store, after->site);
    }
    if (rv == APR_SUCCESS && change->before && change->before->role == after->role &&
        du_text_same(change->before->site, after->site)) {
        return DU_E_NOTHING;
    }
    return rv == APR_SUCCESS ? change_row(ctx, change) : rv;
}

apr_status_t du_store_role_set(du_ctx_t *ctx, du_store_t *store, const du_grant_t *grant, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .account = grant->account, .after = grant};

    if (!du_account_is_one(grant->account)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0545),
                       "\"%s\" cannot be an account: that has 1 to %d bytes of UTF-8 without control characters",
                       shown(ctx, grant->account), DU_ACCOUNT_MAX);
    }
    return du_db_transaction(ctx, store->db, set, &change);
}

static apr_status_t remove_role(du_ctx_t *ctx, void *baton)
{
    change_t *change = baton;
    apr_status_t rv = begin(ctx, change);

    if (rv == APR_SUCCESS && !change->before) {
        return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0546), "account %s has no role", shown(ctx, change->account));
    }
    return rv == APR_SUCCESS ? change_row(ctx, change) : rv;
}

apr_status_t du_store_role_remove(du_ctx_t *ctx, du_store_t *store, const char *account, const du_actor_t *actor)
{
    change_t change = {.store = store, .actor = actor, .account = account};

    return du_db_transaction(ctx, store->db, remove_role, &change);
}

/* One activity for each, so that the record of an account is complete. */
apr_status_t du_store_roles_remove(du_ctx_t *ctx, du_store_t *store, const char *site, const du_actor_t *actor)
{
    const char *args[] = {du_text_fold(ctx->pool, site), NULL};
    apr_array_header_t *accounts;
    apr_status_t rv = du_store_texts(ctx, store, DU_SQL_ROLES_OF_SITE, args, ctx->pool, &accounts);

    for (int i = 0; i < accounts->nelts && rv == APR_SUCCESS; i++) {
        change_t change = {.store = store, .actor = actor, .account = APR_ARRAY_IDX(accounts, i, const char *)};

        rv = du_store_role(ctx, store, change.account, ctx->pool, &change.before);
        if (rv == APR_SUCCESS || rv == DU_E_NOT_FOUND) {
            rv = change_row(ctx, &change);
        }
    }
    return rv;
}
