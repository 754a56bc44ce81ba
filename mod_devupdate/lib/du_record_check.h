/*
 * A check as its record has it, whole: what du_decide() needs to answer it once more. Other than in du_record_t nothing is cut
 * or made visible, because then another rule could match.
 *
 * A record of du_journal has all that a decision looks at. What it changes (control characters, separators of modules) is in
 * no name of a rule or file, before or after.
 */
#ifndef DU_RECORD_CHECK_H
#define DU_RECORD_CHECK_H

#include "du_record.h"

/* No text is NULL, but for those of the request. */
typedef struct du_record_check_t {
    apr_time_t time;
    const char *client;          /* the address as it is recorded, */
    const du_address_t *address; /* and as such; NULL if it is none */
    const char *endpoint;
    du_request_t request;
    const char *result;  /* du_result_word(); of a file of the original what follows from `offered` */
    const char *reason;  /* du_reason_word(); "" in files of the original */
    const char *offered; /* the version of the first file that was offered; "" = nothing was */
} du_record_check_t;

/* From the cells of a line that du_record_read() took for a check. The request lives in pool. */
du_record_check_t *du_record_check(apr_pool_t *pool, const du_record_form_t *form, const char *const *cells);

/* 1 if du_decide() made this answer: the others are refusals, which do not depend on rules. */
int du_record_check_is_decided(const du_record_check_t *check);

/* The version that a decision offers; "" if nothing is offered. */
const char *du_record_offer(const du_ruleset_t *ruleset, const du_decision_t *decision);

/* 1 if a decision is the recorded answer: result and version, and the reason where one is recorded. */
int du_record_check_agrees(const du_record_check_t *check, const du_ruleset_t *ruleset,
                           const du_decision_t *decision);

#endif
