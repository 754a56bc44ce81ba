/*
 * Moving a store to another database.
 */
#ifndef DU_STORE_COPY_H
#define DU_STORE_COPY_H

#include "du_store_activity.h"
#include "du_table.h"

typedef struct du_copied_t {
    apr_int64_t rows[DU_TABLES]; /* of each table */
    apr_int64_t generation;      /* of the copy: one more than what was copied had */
    du_proof_t chain;            /* what its record of changes proves to be, the same as in what was copied */
} du_copied_t;

/*
 * Copies all rows of a store, as they are at one moment, to a database with nothing in it or with a store in which nobody
 * did anything yet. All or nothing: whatever ends it, the other database is as empty as before. Ids and counters stay; the
 * generation is raised, so that a node which is pointed to the copy compiles its rule set anew. Compares rows and the record
 * of changes before it commits. The store that is copied is only read, and nobody waits for it.
 * DU_E_EXISTS if the other store has something in it; DU_E_STORE, DU_E_SCHEMA as du_store_open().
 */
apr_status_t du_store_copy(du_ctx_t *ctx, du_store_t *store, const char *spec, apr_pool_t *pool, du_copied_t *copied);

#endif
