#include <apr_strings.h>

#include "du_text.h"
#include "rules.h"

#define NAMED_MAX 10 /* rules that a refusal names */

/*
 * Which rules
 */

apr_status_t rules_read_choices(dua_t *dua, apr_array_header_t **choices)
{
    const apr_array_header_t *ids = dua_form_values(dua->form, "id", dua->pool);

    *choices = apr_array_make(dua->pool, ids->nelts + 1, sizeof(du_choice_t));
    for (int i = 0; i < ids->nelts; i++) {
        if (!du_choice_parse(APR_ARRAY_IDX(ids, i, const char *), apr_array_push(*choices))) {
            return rules_bad_value(dua, "id", "a rule is named by its number, with what was shown of it behind an @");
        }
    }
    return APR_SUCCESS;
}

static apr_status_t find_matching(dua_t *dua, apr_array_header_t **rules)
{
    du_rule_filter_t filter;
    apr_status_t status = rules_read_filter(dua, &filter);

    return status == APR_SUCCESS ? du_plan_filter(dua->ctx, dua->store, &filter, dua->pool, rules) : status;
}

/* A change is made of exactly what was shown. What is only looked at, after a refusal for example, is shown as it is now. */
static apr_status_t find_chosen(dua_t *dua, int is_change, apr_array_header_t **rules)
{
    apr_array_header_t *choices;
    apr_status_t status = rules_read_choices(dua, &choices);

    if (status == APR_SUCCESS && choices->nelts == 0) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0716), "no rule was chosen, nothing was changed");
    }
    for (int i = 0; status == APR_SUCCESS && !is_change && i < choices->nelts; i++) {
        APR_ARRAY_IDX(choices, i, du_choice_t).shown = NULL;
    }
    return status == APR_SUCCESS ? du_plan_choose(dua->ctx, dua->store, choices, dua->pool, rules) : status;
}

static apr_status_t find_action(dua_t *dua, const char *named, const rules_action_t **action)
{
    for (*action = rules_actions(); (*action)->word; ++*action) {
        if (du_text_equal((*action)->word, dua_value(dua, named))) {
            return APR_SUCCESS;
        }
    }
    return rules_bad_value(dua, named, "approve, reset, restore, withdraw or remove is done with rules");
}

/* A version to go to is for one rule. */
static apr_status_t check_to(dua_t *dua, const rules_wish_t *wish, const apr_array_header_t *rules)
{
    return !wish->to || (du_text_equal(wish->action->word, "restore") && rules->nelts == 1 && !wish->is_all)
               ? APR_SUCCESS
               : du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0744),
                         "a version to go to is for restoring one rule, named by its number");
}

/*
 * What becomes of them
 */

/* Of a plan of all rules: those that change, and the others. */
static void divide(dua_t *dua, rules_wish_t *wish, du_plan_t *plan)
{
    wish->idle = apr_array_make(dua->pool, 4, sizeof(du_rule_t *));
    for (int i = 0; i < plan->rules->nelts; i++) {
        du_planned_t *planned = &APR_ARRAY_IDX(plan->rules, i, du_planned_t);

        planned->changes = planned->changes && (wish->to || rules_can(wish->action, planned->rule));
        if (!planned->changes && !wish->is_all) {
            APR_ARRAY_PUSH(wish->idle, du_rule_t *) = planned->rule;
        }
    }
    wish->plan = du_plan_changing(plan, dua->pool);
}

/* None of them has anything to do: that is said by name. */
static apr_status_t refuse_idle(dua_t *dua, const rules_wish_t *wish)
{
    apr_array_header_t *names = apr_array_make(dua->pool, NAMED_MAX, sizeof(const char *));

    for (int i = 0; i < wish->idle->nelts && i < NAMED_MAX; i++) {
        const du_rule_t *rule = APR_ARRAY_IDX(wish->idle, i, du_rule_t *);

        APR_ARRAY_PUSH(names, const char *) =
            apr_psprintf(dua->pool, "rule %" APR_INT64_T_FMT " (%s),", rule->id,
                         du_text_for_log(dua->pool, du_key_path(dua->pool, &rule->key)));
    }
    return du_fail(dua->ctx, DU_E_CONFLICT, DUNO(0743), "there is nothing to %s: %s%s nothing was changed",
                   wish->action->word, names->nelts ? apr_array_pstrcat(dua->pool, names, ' ') : "no such rule,",
                   wish->idle->nelts > NAMED_MAX ? " and others," : "");
}

static apr_status_t check_wish(dua_t *dua, const rules_wish_t *wish, const apr_array_header_t *rules)
{
    apr_status_t status = check_to(dua, wish, rules);

    if (status == APR_SUCCESS) {
        status = du_plan_check(dua->ctx, dua->store, wish->plan);
    }
    if (status == APR_SUCCESS && wish->plan->rules->nelts > RULES_AT_ONCE) {
        return du_fail(
            dua->ctx, DU_E_TOO_LARGE, DUNO(0718),
            "at most %d rules can be changed at once on this page, these are %d: use filters, or devupdatectl",
            RULES_AT_ONCE, wish->plan->rules->nelts);
    }
    return status == APR_SUCCESS && wish->plan->rules->nelts == 0 ? refuse_idle(dua, wish) : status;
}

apr_status_t rules_read_wish(dua_t *dua, const char *named, int is_change, rules_wish_t *wish)
{
    apr_array_header_t *rules;
    apr_status_t status;

    *wish = (rules_wish_t){.to = dua_value(dua, "to"), .is_all = !is_change && dua_value(dua, "all")};
    status = find_action(dua, named, &wish->action);
    if (status == APR_SUCCESS) {
        status = dua_must(dua, wish->action->right, "");
    }
    if (status == APR_SUCCESS) {
        status = wish->is_all ? find_matching(dua, &rules) : find_chosen(dua, is_change, &rules);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    divide(dua, wish, du_plan_make(wish->action->action, wish->to, rules, dua->pool));
    return check_wish(dua, wish, rules);
}

apr_status_t rules_count_matching(dua_t *dua, const rules_action_t *action, int *count)
{
    rules_wish_t wish = {.action = action, .is_all = 1};
    apr_array_header_t *rules;
    apr_status_t status = find_matching(dua, &rules);

    if (status == APR_SUCCESS) {
        divide(dua, &wish, du_plan_make(action->action, NULL, rules, dua->pool));
        *count = wish.plan->rules->nelts;
    }
    return status;
}

/*
 * The change
 */

static void add_done(dua_t *dua, const rules_wish_t *wish)
{
    json_t *rules = json_array(), *idle = json_array();

    for (int i = 0; i < wish->plan->rules->nelts; i++) {
        json_array_append_new(rules, dua_json_planned(dua->pool, &APR_ARRAY_IDX(wish->plan->rules, i, du_planned_t),
                                                      wish->action->done));
    }
    for (int i = 0; i < wish->idle->nelts; i++) {
        json_array_append_new(idle, dua_json_rule(dua->pool, APR_ARRAY_IDX(wish->idle, i, du_rule_t *)));
    }
    json_object_set_new(dua->data, "rules", rules);
    json_object_set_new(dua->data, "idle", idle);
}

apr_status_t rules_change(dua_t *dua)
{
    rules_wish_t wish;
    apr_status_t status = rules_read_wish(dua, "action", 1, &wish);

    if (status == APR_SUCCESS) {
        status = du_plan_run(dua->ctx, dua->store, wish.plan, &dua->actor);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    add_done(dua, &wish);
    return dua_done(dua, wish.action->done, wish.plan->rules->nelts, rules_list_link(dua));
}
