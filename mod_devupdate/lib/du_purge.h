/*
 * Removing phones from the inventory, with what they did: invented ones after a flood, or those that are gone for good. A phone
 * that asks again is a new one.
 */
#ifndef DU_PURGE_H
#define DU_PURGE_H

#include "du_inventory.h"
#include "du_subnet.h"

#define DU_PURGE_BATCH 4000 /* phones that are looked at in one transaction */

typedef struct du_purge_filter_t {
    du_inventory_filter_t phones;
    const du_subnet_t *subnet; /* that the last address is in; NULL = anywhere */
    apr_time_t first_since;    /* first seen at this time or later; 0 = ever */
    int is_nameless;           /* known by their address alone */
    int takes_held;            /* also those that are held, whose hold goes with them */
} du_purge_filter_t;

typedef struct du_purged_t {
    apr_int64_t phones; /* removed, or to be removed */
    apr_int64_t
        held; /* of those that match, how many are held: among `phones` if they are taken, too, otherwise left */
} du_purged_t;

/* What would be removed now. Memory does not depend on how many phones there are. */
apr_status_t du_purge_count(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                            const du_purge_filter_t *filter, du_purged_t *purged);

/*
 * Removes them, in many transactions, so that whoever reads records waits for one of DU_PURGE_BATCH phones at most. Before the
 * first one it is put on record that this is done: by whom, `what` (the filter in words) and how many phones. A run that is
 * killed leaves whole phones, and is on record; the next one does the rest. Phones that ask for an update meanwhile stay.
 *
 * Kinds without a rule (du_inventory_strangers()) go with the last of their phones. *purged is what was done, also after a
 * failure. DU_E_NOTHING if no phone is to be removed.
 */
apr_status_t du_purge_run(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                          const du_purge_filter_t *filter, const char *what, const du_actor_t *actor,
                          du_purged_t *purged);

#endif
