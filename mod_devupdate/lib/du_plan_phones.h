/*
 * How many known phones a plan touches. They are known from the inventory, or as long as no record was read into it, from the
 * audit files of checks in the file store.
 */
#ifndef DU_PLAN_PHONES_H
#define DU_PLAN_PHONES_H

#include "du_plan.h"

typedef struct du_plan_phones_t du_plan_phones_t;

/* Reads what is known; *phones is NULL if nothing is. files NULL does without the audit files, which takes long where there
 * are many. Lives in pool. */
apr_status_t du_plan_phones_read(du_ctx_t *ctx, du_store_t *store, const char *files, apr_pool_t *pool,
                                 du_plan_phones_t **phones);

/* What is known of the phones of one rule. */
typedef struct du_rule_count_t {
    apr_int64_t known;
    apr_int64_t others;    /* of them run another version than the one approved afterwards */
    int test_devices_only; /* the approved version stays, and so what all others are offered */
} du_rule_count_t;

apr_status_t du_plan_phones_count(du_ctx_t *ctx, const du_plan_phones_t *phones, const du_planned_t *planned,
                                  du_rule_count_t *count);

/* Where the audit files were read: lines that are no records of a check; records of phones beyond DU_CENSUS_PHONES_MAX. */
apr_int64_t du_plan_phones_bad_lines(const du_plan_phones_t *phones);
apr_int64_t du_plan_phones_dropped(const du_plan_phones_t *phones);

#endif
