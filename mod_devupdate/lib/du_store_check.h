/*
 * Looking for what is wrong in a store and in its file store. Changes nothing.
 */
#ifndef DU_STORE_CHECK_H
#define DU_STORE_CHECK_H

#include "du_store.h"

/* X(id, "name", is it wrong): what is not wrong is only told, and `file clear` removes it. */
#define DU_FINDING_LIST(X)                                                                                           \
    X(DU_FINDING_DATABASE, "database", 1)   /* the database's own check */                                           \
    X(DU_FINDING_REFERENCE, "reference", 1) /* a row refers to one that is not there */                              \
    X(DU_FINDING_COUNTER, "counter", 1)     /* a number would be given out twice */                                  \
    X(DU_FINDING_INVENTORY, "inventory", 1) /* phones, their events and their counts do not fit together */          \
    X(DU_FINDING_SETTING, "setting", 1)     /* a value that cannot be */                                             \
    X(DU_FINDING_ACTIVITY, "activity", 1)   /* the record of changes is not as it was written */                     \
    X(DU_FINDING_STORE, "store", 1)         /* the files belong to another store */                                  \
    X(DU_FINDING_FILE, "file", 1)           /* a file of an image is missing or another one */                       \
    X(DU_FINDING_ORPHAN, "orphan", 0)       /* files without a row */                                                \
    X(DU_FINDING_STAGING, "staging", 0)     /* what an import that runs or was killed has unpacked */

typedef enum {
#define DU_FINDING_ENUM(id, name, is_wrong) id,
    DU_FINDING_LIST(DU_FINDING_ENUM)
#undef DU_FINDING_ENUM
} du_finding_e;

typedef struct du_finding_t {
    du_finding_e kind;
    const char *text; /* a sentence without a full stop, fit for a log */
} du_finding_t;

/* "reference"; 1 if something is wrong */
const char *du_finding_name(du_finding_e kind);
int du_finding_is_wrong(du_finding_e kind);

/* Array of du_finding_t, in pool: what the database says about itself, then its rows as they are at one moment, then the
 * files. With `digests` every file is read and compared, otherwise only its size. APR_SUCCESS whatever is found. */
apr_status_t du_store_check(du_ctx_t *ctx, du_store_t *store, const char *files, int digests, apr_pool_t *pool,
                            apr_array_header_t **findings);

#endif
