/*
 * Holding phones: a phone that is held is not offered a version any more, or none at all (du_held_t). Somebody says so, or
 * the reader of records, when a phone takes the same version again and again (du_fleet.h).
 */
#ifndef DU_HOLD_H
#define DU_HOLD_H

#include "du_inventory.h"

/* Holds a phone: `version` is one, or DU_HELD_ALL. With a sentence: DU_E_NOT_FOUND; DU_E_MALFORMED if that can be no version, or the phone is known by its
 * address alone, which says nothing at the next check; DU_E_EXISTS if it is held so already. One transaction. */
apr_status_t du_hold(du_ctx_t *ctx, du_store_t *store, apr_int64_t id, const char *version, const du_actor_t *actor);

#define DU_RELEASE_MAX 10000 /* phones at once */

/* Releases phones (ids: array of apr_int64_t, at most DU_RELEASE_MAX): what they took until now is forgotten, so that each
 * has as many tries as a new one. Those that are not held, or not there, stay as they are. *released (may be NULL) is how many were. One
 * transaction; DU_E_CONFLICT with a sentence if there was none. */
apr_status_t du_release(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *ids, const du_actor_t *actor,
                        int *released);

/* Some of the phones that are held, by what they are held for: those of filter (which is asked for kind, version, site and
 * state; the rest is not looked at) that are held for `version` (NULL = whatever it is), behind `after` (NULL = the first).
 * Array of du_phone_t with at most `limit`. */
apr_status_t du_held_phones(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                            const du_inventory_filter_t *filter, const char *version, const du_phone_t *after,
                            int limit, apr_pool_t *pool, apr_array_header_t **phones);

/* How many phones are held. */
apr_status_t du_held_count(du_ctx_t *ctx, du_store_t *store, apr_int64_t *count);

/* Likewise by rule and what they are held for. */
typedef struct du_held_rule_t {
    apr_int64_t rule_id;
    const char *version; /* or DU_HELD_ALL */
    apr_int64_t phones;
} du_held_rule_t;

/* Array of du_held_rule_t, by rule: of all, with 0, or of that one. */
apr_status_t du_held_rules(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, apr_pool_t *pool,
                           apr_array_header_t **rules);

#endif
