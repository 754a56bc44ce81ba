/*
 * What becomes of rules: a plan is made of the rules that were chosen, looked at by whoever decides, and then carried out as
 * it was looked at. The command line and the pages do it in this one way (administration.md section 6, 11).
 */
#ifndef DU_PLAN_H
#define DU_PLAN_H

#include "du_rule_filter.h"
#include "du_store.h"

/* A rule by its number, with what was shown of it to whoever decided: NULL = whatever it has, "4.0.7577.4512" = that version
 * is pending, "4.0.7577.4512/4.0.7577.4463/" = these are pending, approved and restore version. */
typedef struct du_choice_t {
    apr_int64_t id;
    const char *shown;
} du_choice_t;

/* Reads "3", "3@4.0.7577.4512" or "3@4.0.7577.4512/4.0.7577.4463/": 1, or 0 if it is none of these. *choice refers to text. */
int du_choice_parse(const char *text, du_choice_t *choice);

/* The other way, with all three versions. */
const char *du_choice_text(apr_pool_t *pool, const du_rule_t *rule);

/* The rules of choices (array of du_choice_t), each once and in that order: array of du_rule_t *. Every rule is looked at
 * before any is changed. With a sentence: DU_E_NOT_FOUND for a number without a rule, DU_E_CONFLICT for one that is not as it
 * was shown. */
apr_status_t du_plan_choose(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *choices, apr_pool_t *pool,
                            apr_array_header_t **rules);

/* Those that a filter wants, by id: array of du_rule_t *. */
apr_status_t du_plan_filter(du_ctx_t *ctx, du_store_t *store, const du_rule_filter_t *filter, apr_pool_t *pool,
                            apr_array_header_t **rules);

/* A rule, and what becomes of it. */
typedef struct du_planned_t {
    du_rule_t *rule;
    du_versions_t before, after;
    int changes; /* 0 = it has nothing to do */
} du_planned_t;

typedef struct du_plan_t {
    du_action_e action;
    const char *to;            /* restore: the version to go to; NULL = the one before */
    apr_array_header_t *rules; /* of du_planned_t */
} du_plan_t;

/* What the action makes of rules (array of du_rule_t *), as du_lifecycle_apply() says. */
du_plan_t *du_plan_make(du_action_e action, const char *to, const apr_array_header_t *rules, apr_pool_t *pool);

/* The same plan without the rules that have nothing to do. */
du_plan_t *du_plan_changing(const du_plan_t *plan, apr_pool_t *pool);

/* DU_E_NOT_FOUND with a sentence if the version to go to is not stored for one of the rules. */
apr_status_t du_plan_check(du_ctx_t *ctx, du_store_t *store, const du_plan_t *plan);

/* Carries it out in one transaction: du_store_act(). DU_E_NOTHING if no rule changes. */
apr_status_t du_plan_run(du_ctx_t *ctx, du_store_t *store, const du_plan_t *plan, const du_actor_t *actor);

#endif
