/*
 * The page of rules: what its parts share.
 */
#ifndef RULES_H
#define RULES_H

#include "du_plan.h"
#include "dua.h"

/* What can be done to rules: X(action, "word", right). The word stands in URLs, forms and phrases. */
#define RULES_ACTION_LIST(X)                                                                                         \
    X(DU_ACTION_APPROVE, "approve", DU_RIGHT_APPROVE)                                                                \
    X(DU_ACTION_RESET, "reset", DU_RIGHT_CANCEL)                                                                     \
    X(DU_ACTION_RESTORE, "restore", DU_RIGHT_APPROVE)                                                                \
    X(DU_ACTION_REMOVE, "remove", DU_RIGHT_REMOVE)

typedef struct rules_action_t {
    du_action_e action;
    const char *word;
    du_right_e right;
} rules_action_t;

/* DU_E_MALFORMED with a sentence if there is no such action. word may be NULL. */
apr_status_t rules_action_find(dua_t *dua, const char *word, const rules_action_t **action);

/* What the parameters say of which rules are wanted; text lives as long as the request. DU_E_MALFORMED with a sentence. */
apr_status_t rules_filter(dua_t *dua, du_rule_filter_t *filter);

/* Members of dua->data that say what the person may do: "may_approve", "may_reset", "may_remove". */
void rules_add_rights(dua_t *dua);

/* The views: all rules of a filter (rules_list.c), the step before a change (rules_confirm.c), one rule (rules_one.c). */
apr_status_t rules_show_list(dua_t *dua);
apr_status_t rules_show_confirmation(dua_t *dua, const rules_action_t *action);
apr_status_t rules_show_one(dua_t *dua, const char *id);

/* The rules that the parameters "id" name, or with "all" those of the filter: array of du_rule_t *. */
apr_status_t rules_choose(dua_t *dua, apr_array_header_t **rules);

#endif
