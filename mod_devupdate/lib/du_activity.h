/*
 * One row of the record of changes, and the digest that ties it to the row before.
 *
 * The digest is SHA-256, in lower-case hexadecimal, over these texts one after the other, each as its length in bytes in decimal,
 * a colon, and the text itself: the digest of the row before (of the first row: DU_ACTIVITY_START), then id, time,
 * actor, node, action, object, before, after, note, role. Who changes, removes or inserts a row must compute all digests
 * behind it anew: to find even that, keep the last digest somewhere else (`activity verify` prints it).
 */
#ifndef DU_ACTIVITY_H
#define DU_ACTIVITY_H

#include <apr_pools.h>
#include <apr_time.h>

#define DU_ACTIVITY_START "mod_devupdate activity"

/* The texts of a row, in the order of schema.sql. */
#define DU_ACTIVITY_TEXTS(X) X(actor) X(node) X(action) X(object) X(before) X(after) X(note) X(role)

typedef struct du_activity_t {
    apr_int64_t id;                               /* from 1, without gaps: also the order, for clocks jump */
    apr_time_t time;                              /* UTC */
#define DU_ACTIVITY_FIELD(name) const char *name; /* never NULL; role "" = the command line, or the node itself */
    DU_ACTIVITY_TEXTS(DU_ACTIVITY_FIELD)
#undef DU_ACTIVITY_FIELD
    const char *digest; /* as it stands in the row */
} du_activity_t;

/* A row from its columns in the order of schema.sql, copied to pool. */
du_activity_t du_activity_parse(apr_pool_t *pool, const char *const *columns);

/* The digest that the row must have behind one with the digest `previous`, in pool; NULL if libcrypto cannot. */
const char *du_activity_digest(apr_pool_t *pool, const du_activity_t *row, const char *previous);

#endif
