#include "du_plan_phones.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "du_census.h"
#include "du_inventory.h"
#include "du_text.h"

struct du_plan_phones_t {
    du_store_t *store;
    const apr_array_header_t *rules; /* of du_rule_phones_t, by rule; NULL = they are from the census */
    const du_census_t *census;
};

/* What the inventory knows. */
static apr_status_t read_inventory(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_plan_phones_t **phones)
{
    apr_array_header_t *rules;
    int is_filled;
    apr_status_t rv = du_inventory_is_filled(ctx, store, &is_filled);

    if (rv != APR_SUCCESS || !is_filled) {
        return rv;
    }
    rv = du_inventory_rules(ctx, store, pool, &rules);
    *phones = apr_pcalloc(pool, sizeof(**phones));
    (*phones)->store = store;
    (*phones)->rules = rules;
    return rv;
}

apr_status_t du_plan_phones_read(du_ctx_t *ctx, du_store_t *store, const char *files, apr_pool_t *pool,
                                 du_plan_phones_t **phones)
{
    du_census_t *census;
    apr_status_t rv;

    *phones = NULL;
    rv = read_inventory(ctx, store, pool, phones);
    if (rv != APR_SUCCESS || *phones || !files) {
        return rv;
    }
    rv = du_census_take(ctx, files, pool, &census);
    if (rv == APR_SUCCESS) {
        *phones = apr_pcalloc(pool, sizeof(**phones));
        (*phones)->census = census;
    }
    return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
}

static int by_rule(const void *a, const void *b)
{
    apr_int64_t left = ((const du_rule_phones_t *)a)->rule_id, right = ((const du_rule_phones_t *)b)->rule_id;

    return (left > right) - (left < right);
}

static apr_status_t count_in_inventory(du_ctx_t *ctx, const du_plan_phones_t *phones, const du_planned_t *planned,
                                       du_rule_count_t *count)
{
    const du_rule_phones_t wanted = {.rule_id = planned->rule->id};
    const char *after = planned->after.slot[DU_APPROVED];
    const du_rule_phones_t *rule =
        bsearch(&wanted, phones->rules->elts, (size_t)phones->rules->nelts, sizeof(wanted), by_rule);
    apr_int64_t known, on;
    apr_status_t rv;

    if (!rule) {
        return APR_SUCCESS;
    }
    count->known = rule->known;
    count->others = rule->known;
    for (int slot = 0; slot < DU_SLOTS && *after; slot++) {
        if (du_text_equal(planned->before.slot[slot], after)) {
            count->others = rule->known - rule->on[slot];
            return APR_SUCCESS;
        }
    }
    rv = *after ? du_inventory_on_version(ctx, phones->store, &planned->rule->key, after, &known, &on) : APR_SUCCESS;
    if (rv == APR_SUCCESS && *after) {
        count->known = known;
        count->others = known - on;
    }
    return rv;
}

apr_status_t du_plan_phones_count(du_ctx_t *ctx, const du_plan_phones_t *phones, const du_planned_t *planned,
                                  du_rule_count_t *count)
{
    const char *after = planned->after.slot[DU_APPROVED];
    int known, others;

    *count = (du_rule_count_t){.test_devices_only = du_text_equal(planned->before.slot[DU_APPROVED], after)};
    if (phones->rules) {
        return count_in_inventory(ctx, phones, planned, count);
    }
    du_census_count(phones->census, &planned->rule->key, after, &known, &others);
    count->known = known;
    count->others = others;
    return APR_SUCCESS;
}

apr_int64_t du_plan_phones_bad_lines(const du_plan_phones_t *phones)
{
    return phones->census ? du_census_bad_lines(phones->census) : 0;
}

apr_int64_t du_plan_phones_dropped(const du_plan_phones_t *phones)
{
    return phones->census ? du_census_dropped(phones->census) : 0;
}
