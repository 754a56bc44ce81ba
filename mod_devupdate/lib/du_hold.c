#include "du_hold.h"

#include <apr_strings.h>

#include "du_inventory_rows.h"
#include "du_text.h"

#define READ_AT_ONCE 1000 /* held phones, of which the filter may want none */

static int is_wanted(const char *wanted, const char *text)
{
    return !wanted || du_text_same(wanted, text);
}

static int matches(const du_inventory_filter_t *filter, const char *version, const du_phone_t *phone)
{
#define PART_MATCHES(part) is_wanted(filter->part, phone->key.part) &&
    return DU_KEY_PARTS(PART_MATCHES) is_wanted(filter->site, phone->site) &&
           is_wanted(filter->state, du_phone_state_word(phone->state)) &&
           (!filter->version || du_text_equal(filter->version, phone->version)) &&
           (!version || du_text_equal(version, phone->held));
#undef PART_MATCHES
}

apr_status_t du_held_phones(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                            const du_inventory_filter_t *filter, const char *version, const du_phone_t *after,
                            int limit, apr_pool_t *pool, apr_array_header_t **phones)
{
    apr_array_header_t *some;
    apr_status_t rv = APR_SUCCESS;

    *phones = apr_array_make(pool, 16, sizeof(du_phone_t));
    do {
        const char *args[] = {after ? after->held : "", du_text_number(ctx->pool, after ? after->id : 0),
                              du_text_number(ctx->pool, READ_AT_ONCE), NULL};

        some = apr_array_make(pool, 64, sizeof(du_phone_t));
        rv = du_inventory_select(ctx, store, view, DU_SQL_PHONES_HELD, args, some);
        for (int i = 0; rv == APR_SUCCESS && i < some->nelts && (*phones)->nelts < limit; i++) {
            const du_phone_t *phone = &APR_ARRAY_IDX(some, i, du_phone_t);

            after = phone;
            if (matches(filter, version, phone)) {
                APR_ARRAY_PUSH(*phones, du_phone_t) = *phone;
            }
        }
    } while (rv == APR_SUCCESS && some->nelts == READ_AT_ONCE && (*phones)->nelts < limit);
    return rv;
}

apr_status_t du_held_count(du_ctx_t *ctx, du_store_t *store, apr_int64_t *count)
{
    return du_db_number(ctx, store->db, DU_SQL_HELD_COUNT, NULL, count);
}

/* rule, version, phones */
static apr_status_t take_rule(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    apr_array_header_t *rules = baton;

    (void)row_pool;
    APR_ARRAY_PUSH(rules, du_held_rule_t) =
        (du_held_rule_t){apr_atoi64(columns[0]), apr_pstrdup(rules->pool, columns[1]), apr_atoi64(columns[2])};
    return APR_SUCCESS;
}

apr_status_t du_held_rules(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, apr_pool_t *pool,
                           apr_array_header_t **rules)
{
    const char *id = du_text_number(ctx->pool, rule_id), *args[] = {id, id, NULL};

    *rules = apr_array_make(pool, 8, sizeof(du_held_rule_t));
    return du_db_select(ctx, store->db, DU_SQL_HELD_OF_RULES, args, take_rule, *rules);
}
