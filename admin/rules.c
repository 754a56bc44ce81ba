/*
 * Rules: which device has which versions, and what an administrator does with them (administration.md 2.2).
 */
#include "rules.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/templates/rules.h"
#include "du_text.h"

/*
 * What can be done with rules: X("word" of parameters and phrases, "key" of dua_done(), action, right, has, lacks). Beyond
 * du_lifecycle_apply() a rule must have a version in one slot and none in another (DU_SLOTS: whatever it has), so that a button
 * says what it does: to restore, one to go back to (administration.md 2.2, F3); to withdraw, none.
 */
/* clang-format off */
#define RULES_ACTION_LIST(X)                                                                          \
    X("approve",  "rules.approved",  DU_ACTION_APPROVE, DU_RIGHT_APPROVE, DU_PENDING,  DU_SLOTS)      \
    X("reset",    "rules.reset",     DU_ACTION_RESET,   DU_RIGHT_CANCEL,  DU_PENDING,  DU_SLOTS)      \
    X("restore",  "rules.restored",  DU_ACTION_RESTORE, DU_RIGHT_APPROVE, DU_RESTORE,  DU_SLOTS)      \
    X("withdraw", "rules.withdrawn", DU_ACTION_RESTORE, DU_RIGHT_APPROVE, DU_APPROVED, DU_RESTORE)    \
    X("remove",   "rules.removed",   DU_ACTION_REMOVE,  DU_RIGHT_REMOVE,  DU_SLOTS,    DU_SLOTS)
/* clang-format on */
const rules_action_t *rules_actions(void)
{
    static const rules_action_t actions[] = {
#define ACTION(word, done, action, right, has, lacks) {word, done, action, right, has, lacks},
        RULES_ACTION_LIST(ACTION)
#undef ACTION
            {.word = NULL}};

    return actions;
}

int rules_can(const rules_action_t *action, const du_rule_t *rule)
{
    return (action->has == DU_SLOTS || *rule->versions.slot[action->has]) &&
           (action->lacks == DU_SLOTS || !*rule->versions.slot[action->lacks]);
}

/*
 * What is asked for
 */

apr_status_t rules_bad_value(dua_t *dua, const char *name, const char *expected)
{
    return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0745), "parameter \"%s\" cannot be \"%s\": %s", name,
                   du_text_for_log(dua->pool, dua_value(dua, name)), expected);
}

apr_status_t rules_read_filter(dua_t *dua, du_rule_filter_t *filter)
{
    const char *state = dua_value(dua, "state");

    *filter = (du_rule_filter_t){.state = DU_RULE_STATES, .text = dua_value(dua, "q")};
#define READ_PATTERN(part)                                                                                           \
    filter->key.part = dua_value(dua, #part);                                                                        \
    if (filter->key.part && !du_rule_pattern_is_valid(filter->key.part)) {                                           \
        return rules_bad_value(dua, #part, "a * stands for the rest, and so at the end only");                       \
    }
    DU_KEY_PARTS(READ_PATTERN)
#undef READ_PATTERN
    if (state && !du_rule_state_find(state, &filter->state)) {
        return rules_bad_value(dua, "state", "a state is pending, approved or none");
    }
    return APR_SUCCESS;
}

const char *rules_list_link(const dua_t *dua)
{
    return dua_link(dua, RULES_WITHOUT_VIEW, NULL);
}

const char *rules_link(const dua_t *dua, const char *list, apr_int64_t id)
{
    return apr_pstrcat(dua->pool, list, strchr(list, '?') ? "&" : "?", "id=", du_text_number(dua->pool, id), NULL);
}

void rules_set_or_null(dua_t *dua, json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, text ? dua_json_text(dua->pool, text) : json_null());
}

/*
 * The page
 */

#define PART_NAME(part) #part,

/* What says which list it is, once for forms to fill in, and once for forms and links to pass on. */
static void add_parameters(dua_t *dua)
{
    static const char *const names[] = {DU_KEY_PARTS(PART_NAME) "q", "state", "sort", "order", "page", NULL};
    json_t *filter = json_object(), *kept = json_array();

    for (const char *const *name = names; *name; name++) {
        const char *value = dua_value(dua, *name);

        dua_set_text(dua->pool, filter, *name, value);
        if (value) {
            json_array_append_new(kept, json_pack("{s:s}", "name", *name));
            dua_set_text(dua->pool, json_array_get(kept, json_array_size(kept) - 1), "value", value);
        }
    }
    json_object_set_new(dua->data, "filter", filter);
    json_object_set_new(dua->data, "kept", kept);
}

static void add_rights(dua_t *dua)
{
    int may_approve = dua_may(dua, DU_RIGHT_APPROVE, ""), may_cancel = dua_may(dua, DU_RIGHT_CANCEL, "");
    int may_remove = dua_may(dua, DU_RIGHT_REMOVE, "");

    dua_set_flag(dua->data, "may_approve", may_approve);
    dua_set_flag(dua->data, "may_cancel", may_cancel);
    dua_set_flag(dua->data, "may_remove", may_remove);
    dua_set_flag(dua->data, "may_change", may_approve || may_cancel || may_remove);
}

static void begin(dua_t *dua)
{
    json_object_clear(dua->data);
    add_parameters(dua);
    add_rights(dua);
}

/* What cannot be confirmed is said above the list it was chosen from, with the same rules chosen. */
static apr_status_t show_confirmation(dua_t *dua, const char *named)
{
    apr_status_t status = rules_show_confirmation(dua, named);
    du_failure_t failure = dua->ctx->failure;
    int http = du_error_http(status);

    if (http < 400 || http >= 500 || status == DU_E_FORBIDDEN || dua->wants_json) {
        return status;
    }
    dua->ctx->failure = (du_failure_t){0};
    begin(dua);
    if (rules_show_list(dua) == APR_SUCCESS) {
        dua->response.status = http;
        status = APR_SUCCESS;
    }
    dua->ctx->failure = failure;
    return status;
}

/* After a change that was refused, `action` is what was wanted: how that looks now is shown. */
static apr_status_t show(dua_t *dua)
{
    const char *id = dua_value(dua, "id");

    begin(dua);
    if (dua_value(dua, "confirm")) {
        return show_confirmation(dua, "confirm");
    }
    if (dua_value(dua, "action")) {
        return show_confirmation(dua, "action");
    }
    return id ? rules_show_one(dua, id) : rules_show_list(dua);
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {
        DU_KEY_PARTS(PART_NAME) "q", "state", "sort", "order", "page", "id", "confirm", "action", "all", "to", NULL};
    static const char *const changing[] = {"action", NULL};
    static const dua_page_t page = {.name = "rules",
                                    .tmpl = HTML_rules,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = rules_change,
                                    .changing = changing};

    return dua_main(argc, argv, &page);
}
