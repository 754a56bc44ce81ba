/*
 * Why one phone of the inventory is answered as it is: what it said last, or said at a time, decided with the rules that the store
 * has now, beside what it was told then.
 *
 * What it said is in its record in an audit file, with all its files. The inventory has only the first of them, without its name:
 * where the record is gone, that has to do, and an image of several files may be judged in another way (du_decide.h).
 */
#ifndef DU_WHY_PHONE_H
#define DU_WHY_PHONE_H

#include "du_inventory.h"
#include "du_record_find.h"
#include "du_store_activity.h"
#include "du_why.h"

#define DU_WHY_ACTIVITIES_MAX 20 /* of those that may be why an answer changed */

/* A refused request was not read: what the inventory has is decided then, too. */
typedef struct du_why_phone_t {
    du_record_found_t record; /* check is NULL where there is none */
    du_request_t request;     /* what is decided */
    const char *client;       /* the address it came from; "" = not known */
    int is_recorded;          /* the request is the record's, not the inventory's */
    apr_time_t time;          /* when the phone was told the following; 0 = never */
    const char *result, *reason, *offered;
    const du_why_t *now;          /* the answer with the rules of now */
    int is_decided;               /* what it was told followed from rules */
    int is_same;                  /* and is the answer of now */
    const du_phone_event_t *hold; /* when and by whom it was held, if that is the answer of now and on record */
    apr_int64_t generation;       /* of the store that decided now */

    /* du_activity_t, newest first: what was changed of its rule, packages, test devices and sites since it was told, if the
     * answer is not the same */
    apr_array_header_t *changes;
} du_why_phone_t;

/* `at` is the time that a check was made at or before; 0 = the last one. With a time, DU_E_NOT_FOUND with a sentence if there is no
 * record of one. `files` is the file store. *why lives in pool. */
apr_status_t du_why_phone(du_ctx_t *ctx, du_store_t *store, const char *files, const du_phone_t *phone, apr_time_t at,
                          apr_pool_t *pool, du_why_phone_t *why);

#endif
