/*
 * Phones of the inventory as JSON and as CSV: the same for devupdatectl and for the pages.
 */
#ifndef DUA_PHONE_H
#define DUA_PHONE_H

#include <jansson.h>

#include "du_hold.h"

/* What is known of a phone; what is not is null. */
json_t *dua_json_phone(apr_pool_t *pool, const du_phone_t *phone);

json_t *dua_json_phone_event(apr_pool_t *pool, const du_phone_event_t *event);

/* Members only of what phones are told apart by (DU_BY_...), and "phones". */
json_t *dua_json_phone_count(apr_pool_t *pool, const du_phone_count_t *count, unsigned by);

/* What phones are held for (array of du_held_rule_t): a list of "version" and "phones". */
json_t *dua_json_held(apr_pool_t *pool, const apr_array_header_t *held);

json_t *dua_json_stranger(apr_pool_t *pool, const du_stranger_t *stranger);
json_t *dua_json_source(apr_pool_t *pool, const du_source_t *source);

/* The first line of a list of phones as CSV, and the line of one; each with its line feed. */
const char *dua_csv_phone_titles(apr_pool_t *pool);
const char *dua_csv_phone(apr_pool_t *pool, const du_phone_t *phone);

#endif
