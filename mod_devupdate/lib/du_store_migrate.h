/*
 * Bringing a store of an older version to the schema of this program.
 */
#ifndef DU_STORE_MIGRATE_H
#define DU_STORE_MIGRATE_H

#include "du_store.h"

/* The version it is brought to. */
int du_store_version(void);

/* In one transaction: the store is of the old version or of the new one, never in between. *from is the version it had.
 * DU_E_NOTHING if it is of this version already, DU_E_SCHEMA if it is of a newer one or none of ours. Programs and nodes that
 * are of the older version refuse the store from then on; nodes serve the rule set they have kept. */
apr_status_t du_store_migrate(du_ctx_t *ctx, const char *spec, const du_actor_t *actor, apr_pool_t *pool,
                              apr_int64_t *from);

#endif
