/*
 * What a clean-up removed, kept in a file until the store has it on record: logs are removed also while the store is away.
 */
#ifndef DU_REMOVED_H
#define DU_REMOVED_H

#include "du_store.h"

/* Notes what was removed (du_retained_text()) and why, behind what is noted there already. Synced. */
apr_status_t du_removed_note(du_ctx_t *ctx, const char *path, const char *removed, const char *why);

/* Puts what is noted on record, one activity each with its reason, oldest first, and forgets it. On a failure what is not on
 * record yet stays noted; who is killed in between may leave one that is recorded twice, but none that is lost. No file is
 * nothing to do. Nobody may note anything meanwhile. */
apr_status_t du_removed_record(du_ctx_t *ctx, const char *path, du_store_t *store, const du_actor_t *actor);

#endif
