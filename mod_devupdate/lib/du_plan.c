#include "du_plan.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_text.h"

/*
 * Which rules are meant
 */

int du_choice_parse(const char *text, du_choice_t *choice)
{
    apr_size_t digits = strspn(text, "0123456789");

    choice->id = apr_strtoi64(text, NULL, 10);
    choice->shown = text[digits] == '@' ? text + digits + 1 : NULL;
    return digits > 0 && digits < 19 && choice->id > 0 && (text[digits] == '\0' || choice->shown);
}

/* No version has a slash in it: du_text_is_segment(). */
static const char *show_versions(apr_pool_t *pool, const du_versions_t *versions)
{
    return apr_pstrcat(pool, versions->slot[DU_PENDING], "/", versions->slot[DU_APPROVED], "/",
                       versions->slot[DU_RESTORE], NULL);
}

const char *du_choice_text(apr_pool_t *pool, const du_rule_t *rule)
{
    return apr_pstrcat(pool, du_text_number(pool, rule->id), "@", show_versions(pool, &rule->versions), NULL);
}

/* What was shown to whoever decided is what must be there. */
static apr_status_t check_shown(du_ctx_t *ctx, const du_rule_t *rule, const char *shown)
{
    if (!shown) {
        return APR_SUCCESS;
    }
    if (strchr(shown, '/')) {
        return du_text_equal(show_versions(ctx->pool, &rule->versions), shown)
                   ? APR_SUCCESS
                   : du_fail(ctx, DU_E_CONFLICT, DUNO(0713),
                             "rule %" APR_INT64_T_FMT " (%s) has other versions than were shown, nothing was changed",
                             rule->id, du_text_for_log(ctx->pool, du_key_path(ctx->pool, &rule->key)));
    }
    return du_text_equal(rule->versions.slot[DU_PENDING], shown)
               ? APR_SUCCESS
               : du_fail(ctx, DU_E_CONFLICT, DUNO(0705),
                         "version %s of rule %" APR_INT64_T_FMT " is not pending any more, nothing was changed",
                         du_text_for_log(ctx->pool, shown), rule->id);
}

static int by_id(const void *a, const void *b)
{
    apr_int64_t left = ((const du_rule_t *)a)->id, right = ((const du_rule_t *)b)->id;

    return (left > right) - (left < right);
}

/* One of all rules, which are in the order of their numbers; one that is not among them is asked for, for the sentence. */
static apr_status_t find_rule(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *all, apr_int64_t id,
                              apr_pool_t *pool, du_rule_t **rule)
{
    const du_rule_t wanted = {.id = id};

    *rule = bsearch(&wanted, all->elts, (size_t)all->nelts, sizeof(wanted), by_id);
    return *rule ? APR_SUCCESS : du_store_rule(ctx, store, id, pool, rule);
}

/* All rules are read in one go: thousands may be chosen. */
apr_status_t du_plan_choose(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *choices, apr_pool_t *pool,
                            apr_array_header_t **rules)
{
    apr_hash_t *chosen = apr_hash_make(ctx->pool);
    apr_array_header_t *all;
    apr_status_t rv = du_store_rules(ctx, store, pool, &all);

    *rules = apr_array_make(pool, choices->nelts + 1, sizeof(du_rule_t *));
    for (int i = 0; i < choices->nelts && rv == APR_SUCCESS; i++) {
        const du_choice_t *choice = &APR_ARRAY_IDX(choices, i, du_choice_t);
        du_rule_t *rule;

        rv = find_rule(ctx, store, all, choice->id, pool, &rule);
        if (rv == APR_SUCCESS) {
            rv = check_shown(ctx, rule, choice->shown);
        }
        if (rv == APR_SUCCESS && !apr_hash_get(chosen, &choice->id, sizeof(choice->id))) {
            apr_hash_set(chosen, &choice->id, sizeof(choice->id), rule);
            APR_ARRAY_PUSH(*rules, du_rule_t *) = rule;
        }
    }
    return rv;
}

apr_status_t du_plan_filter(du_ctx_t *ctx, du_store_t *store, const du_rule_filter_t *filter, apr_pool_t *pool,
                            apr_array_header_t **rules)
{
    apr_array_header_t *all;
    apr_status_t rv = du_store_rules(ctx, store, pool, &all);

    *rules = apr_array_make(pool, 16, sizeof(du_rule_t *));
    for (int i = 0; rv == APR_SUCCESS && i < all->nelts; i++) {
        du_rule_t *rule = &APR_ARRAY_IDX(all, i, du_rule_t);

        if (du_rule_filter_matches(filter, rule)) {
            APR_ARRAY_PUSH(*rules, du_rule_t *) = rule;
        }
    }
    return rv;
}

/*
 * What becomes of them
 */

static du_plan_t *empty_plan(du_action_e action, const char *to, int rules, apr_pool_t *pool)
{
    du_plan_t *plan = apr_palloc(pool, sizeof(*plan));

    plan->action = action;
    plan->to = to;
    plan->rules = apr_array_make(pool, rules + 1, sizeof(du_planned_t));
    return plan;
}

du_plan_t *du_plan_make(du_action_e action, const char *to, const apr_array_header_t *rules, apr_pool_t *pool)
{
    du_plan_t *plan = empty_plan(action, to, rules->nelts, pool);

    for (int i = 0; i < rules->nelts; i++) {
        du_planned_t *planned = apr_array_push(plan->rules);

        planned->rule = APR_ARRAY_IDX(rules, i, du_rule_t *);
        planned->before = planned->rule->versions;
        planned->changes = du_lifecycle_apply(action, &planned->before, to, &planned->after) == APR_SUCCESS;
    }
    return plan;
}

du_plan_t *du_plan_changing(const du_plan_t *plan, apr_pool_t *pool)
{
    du_plan_t *some = empty_plan(plan->action, plan->to, plan->rules->nelts, pool);

    for (int i = 0; i < plan->rules->nelts; i++) {
        const du_planned_t *planned = &APR_ARRAY_IDX(plan->rules, i, du_planned_t);

        if (planned->changes) {
            APR_ARRAY_PUSH(some->rules, du_planned_t) = *planned;
        }
    }
    return some;
}

apr_status_t du_plan_check(du_ctx_t *ctx, du_store_t *store, const du_plan_t *plan)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; plan->to && i < plan->rules->nelts && rv == APR_SUCCESS; i++) {
        const du_rule_t *rule = APR_ARRAY_IDX(plan->rules, i, du_planned_t).rule;
        du_image_t *image;

        rv = du_store_image(ctx, store, rule->id, plan->to, ctx->pool, &image);
        if (rv == DU_E_NOT_FOUND) {
            return du_fail(ctx, rv, DUNO(0856), "version %s of rule %" APR_INT64_T_FMT " is not stored",
                           du_text_for_log(ctx->pool, plan->to), rule->id);
        }
    }
    return rv;
}

apr_status_t du_plan_run(du_ctx_t *ctx, du_store_t *store, const du_plan_t *plan, const du_actor_t *actor)
{
    apr_array_header_t *rules = apr_array_make(ctx->pool, plan->rules->nelts + 1, sizeof(du_rule_t *));

    for (int i = 0; i < plan->rules->nelts; i++) {
        APR_ARRAY_PUSH(rules, du_rule_t *) = APR_ARRAY_IDX(plan->rules, i, du_planned_t).rule;
    }
    return du_store_act(ctx, store, rules, plan->action, plan->to, actor, NULL);
}
