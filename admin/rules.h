/*
 * What the files of the page of rules share.
 */
#ifndef RULES_H
#define RULES_H

#include "du_plan_phones.h"
#include "dua.h"

#define RULES_AT_ONCE 4000 /* rules of one change: each is a field of a form (DUA_FORM_FIELDS) */

/* The parameters of a sub-view, for dua_link(): a link without them leads to the list, with its filter, order and page. */
#define RULES_WITHOUT_VIEW "id", NULL, "confirm", NULL, "all", NULL, "to", NULL

/* What can be done with rules: a rule must have a version in one slot and none in another; DU_SLOTS = whatever it has. */
typedef struct rules_action_t {
    const char *word; /* of parameters and phrases: "approve" */
    const char *done; /* key of dua_done() */
    du_action_e action;
    du_right_e right;
    int has, lacks;
} rules_action_t;

/* All of them, {NULL} at the end. */
const rules_action_t *rules_actions(void);

/* 1 if a rule has what it needs. */
int rules_can(const rules_action_t *action, const du_rule_t *rule);

/* DU_E_MALFORMED with a sentence about a parameter that cannot be that; `expected` says what it can be. */
apr_status_t rules_bad_value(dua_t *dua, const char *name, const char *expected);

/* The filter that is asked for; DU_E_MALFORMED with a sentence. */
apr_status_t rules_read_filter(dua_t *dua, du_rule_filter_t *filter);

/* The list that a sub-view or a change came from: with its filter, order and page. */
const char *rules_list_link(const dua_t *dua);

/* The link to one rule, which knows the list that it came from (rules_list_link()): "rules?brand=HP&id=3". */
const char *rules_link(const dua_t *dua, const char *list, apr_int64_t id);

/* Sets a member to a text, or to null if that is NULL. */
void rules_set_or_null(dua_t *dua, json_t *object, const char *name, const char *text);

/*
 * Which rules something is wanted of, and what becomes of them (rules_wish.c)
 */

typedef struct rules_wish_t {
    const rules_action_t *action;
    const char *to;           /* restore: the version to go to, NULL = the one before */
    int is_all;               /* all that match the filter */
    du_plan_t *plan;          /* those that change */
    apr_array_header_t *idle; /* those that were named and have nothing to do: of du_rule_t * */
} rules_wish_t;

/* Array of du_choice_t: the parameters "id". DU_E_MALFORMED with a sentence. */
apr_status_t rules_read_choices(dua_t *dua, apr_array_header_t **choices);

/* What the parameters ask for: the parameter `named` has the word of the action. A change means rules by their numbers, as they
 * were shown; what is only looked at can be all that match the filter, and is looked at as it is now. With a sentence: what is
 * no wish, a role that does not allow it, a rule that is not as it was shown, none that has anything to do. */
apr_status_t rules_read_wish(dua_t *dua, const char *named, int is_change, rules_wish_t *wish);

/* How many rules that match the filter the action would change. */
apr_status_t rules_count_matching(dua_t *dua, const rules_action_t *action, int *count);

/* POST */
apr_status_t rules_change(dua_t *dua);

/*
 * The sub-views
 */

apr_status_t rules_show_list(dua_t *dua);
apr_status_t rules_show_one(dua_t *dua, const char *id);

/* The step before a change; named as in rules_read_wish(). */
apr_status_t rules_show_confirmation(dua_t *dua, const char *named);

#endif
