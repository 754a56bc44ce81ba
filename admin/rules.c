/*
 * Rules: which versions each kind of phone has, and what becomes of them (administration.md 2.2).
 */
#include "rules.h"

#include "admin/templates/rules.h"
#include "du_text.h"

apr_status_t rules_action_find(dua_t *dua, const char *word, const rules_action_t **action)
{
    static const rules_action_t actions[] = {
#define ACTION(action, word, right) {action, word, right},
        RULES_ACTION_LIST(ACTION)
#undef ACTION
    };

    for (apr_size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (du_text_equal(actions[i].word, word)) {
            *action = &actions[i];
            return APR_SUCCESS;
        }
    }
    return dua_no_action(dua);
}

apr_status_t rules_filter(dua_t *dua, du_rule_filter_t *filter)
{
    const char *state = dua_value(dua, "state"), *wrong = NULL;

    *filter = (du_rule_filter_t){.state = DU_RULE_STATES, .text = dua_value(dua, "q")};
#define TAKE_PART(part)                                                                                              \
    filter->key.part = dua_value(dua, #part);                                                                        \
    if (filter->key.part && !du_rule_pattern_is_valid(filter->key.part)) {                                           \
        wrong = filter->key.part;                                                                                    \
    }
    DU_KEY_PARTS(TAKE_PART)
#undef TAKE_PART
    if (wrong) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0712), "\"%s\": a * stands for the rest and so at the end only",
                       du_text_for_log(dua->pool, wrong));
    }
    if (state && !du_rule_state_find(state, &filter->state)) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0714), "a state is pending, approved or none, not \"%s\"",
                       du_text_for_log(dua->pool, state));
    }
    return APR_SUCCESS;
}

apr_status_t rules_choose(dua_t *dua, apr_array_header_t **rules)
{
    apr_array_header_t *texts = dua_form_values(dua->form, "id", dua->pool);
    apr_array_header_t *choices = apr_array_make(dua->pool, texts->nelts + 1, sizeof(du_choice_t));
    du_rule_filter_t filter;

    if (dua_value(dua, "all")) {
        apr_status_t status = rules_filter(dua, &filter);

        return status == APR_SUCCESS ? du_plan_filter(dua->ctx, dua->store, &filter, dua->pool, rules) : status;
    }
    for (int i = 0; i < texts->nelts; i++) {
        const char *text = APR_ARRAY_IDX(texts, i, const char *);

        if (!du_choice_parse(text, apr_array_push(choices))) {
            return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0715), "a rule is chosen as ID or ID@VERSION, not \"%s\"",
                           du_text_for_log(dua->pool, text));
        }
    }
    return du_plan_choose(dua->ctx, dua->store, choices, dua->pool, rules);
}

void rules_add_rights(dua_t *dua)
{
    dua_set_flag(dua->data, "may_approve", dua_may(dua, DU_RIGHT_APPROVE, ""));
    dua_set_flag(dua->data, "may_reset", dua_may(dua, DU_RIGHT_CANCEL, ""));
    dua_set_flag(dua->data, "may_remove", dua_may(dua, DU_RIGHT_REMOVE, ""));
}

static apr_status_t show(dua_t *dua)
{
    const char *confirm = dua_value(dua, "confirm"), *id = dua_value(dua, "id");
    const rules_action_t *action = NULL;
    apr_status_t status;

    rules_add_rights(dua);
    if (confirm) {
        status = rules_action_find(dua, confirm, &action);
        return status == APR_SUCCESS ? rules_show_confirmation(dua, action) : status;
    }
    return id && !dua_value(dua, "action") ? rules_show_one(dua, id) : rules_show_list(dua);
}

/*
 * Changing: all or none, and each rule only as it was shown
 */

static int count_changes(const du_plan_t *plan)
{
    int count = 0;

    for (int i = 0; i < plan->rules->nelts; i++) {
        count += APR_ARRAY_IDX(plan->rules, i, du_planned_t).changes;
    }
    return count;
}

static void add_planned(dua_t *dua, const du_plan_t *plan, const char *word)
{
    json_t *rows = json_array();

    for (int i = 0; i < plan->rules->nelts; i++) {
        json_array_append_new(rows, dua_json_planned(dua->pool, &APR_ARRAY_IDX(plan->rules, i, du_planned_t), word));
    }
    json_object_set_new(dua->data, "rules", rows);
}

static apr_status_t done(dua_t *dua, du_action_e action, int count)
{
    switch (action) {
    case DU_ACTION_APPROVE:
        return dua_done(dua, "rules.approve", count, "rules");
    case DU_ACTION_RESET:
        return dua_done(dua, "rules.reset", count, "rules");
    case DU_ACTION_RESTORE:
        return dua_done(dua, "rules.restore", count, "rules");
    default:
        return dua_done(dua, "rules.remove", count, "rules");
    }
}

static apr_status_t change(dua_t *dua)
{
    const rules_action_t *action = NULL;
    apr_array_header_t *rules;
    du_plan_t *plan;
    apr_status_t status = rules_action_find(dua, dua_value(dua, "action"), &action);

    if (status == APR_SUCCESS) {
        status = dua_must(dua, action->right, "");
    }
    if (status == APR_SUCCESS) {
        status = rules_choose(dua, &rules);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (rules->nelts == 0) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0716), "no rule was chosen, nothing was changed");
    }
    plan = du_plan_make(action->action, dua_value(dua, "to"), rules, dua->pool);
    dua->actor.note = dua_value(dua, "note");
    status = du_plan_check(dua->ctx, dua->store, plan);
    if (status == APR_SUCCESS) {
        status = du_plan_run(dua->ctx, dua->store, plan, &dua->actor);
    }
    if (status != APR_SUCCESS) {
        return status == DU_E_NOTHING ? dua_done(dua, "nothing", 0, "rules") : status;
    }
    add_planned(dua, plan, action->word);
    return done(dua, action->action, count_changes(plan));
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"id",     "q",     "type", "brand", "model", "revision",
                                             "locale", "state", "sort", "order", "page",  "confirm",
                                             "action", "to",    "note", "all",   NULL};
    static const char *const changing[] = {"action", "note", NULL};
    static const dua_page_t page = {.name = "rules",
                                    .tmpl = HTML_rules,
                                    .parameters = parameters,
                                    .changing = changing,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = change};

    return dua_main(argc, argv, &page);
}
