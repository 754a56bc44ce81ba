/*
 * An import that runs as a job of its own, as it is kept in a file: who asked for what, how far it is, and what came of it.
 *
 * One line for each member, as "name value" with the value encoded as in a URL; one line for each image and each warning.
 * The file is replaced as a whole, and only by whoever holds the job's lock (du_job.h).
 */
#ifndef DU_JOB_STATE_H
#define DU_JOB_STATE_H

#include <apr_tables.h>

#include "du_import.h"

/* How a job ended: X(id, "name"). */
/* clang-format off */
#define DU_JOB_END_LIST(X)                     \
    X(DU_JOB_RUNNING,     "running")           \
    X(DU_JOB_IMPORTED,    "imported")          \
    X(DU_JOB_KNOWN,       "known")       /* the same file was imported before */                  \
    X(DU_JOB_FAILED,      "failed")      /* failure says why */                                   \
    X(DU_JOB_CANCELLED,   "cancelled")         \
    X(DU_JOB_INTERRUPTED, "interrupted") /* its process was killed; what it had not recorded is gone */

/* Members of a job. None is NULL; a number is 0 until it is known. */
#define DU_JOB_TEXTS(X)                                                \
    X(account)    /* who asked for it */                               \
    X(filename)   /* that the package had there */                     \
    X(note)                                                            \
    X(doing)      /* stage of du_progress_fn, or "receive" */          \
    X(trust)      /* of the package, when it is known */               \
    X(signer)     /* of the cabinet itself */                          \
    X(failure_id)                                                      \
    X(failure)
#define DU_JOB_NUMBERS(X)                                              \
    X(begun)          /* apr_time_t */                                 \
    X(changed)        /* apr_time_t of the last change of the state */ \
    X(allow_unsigned)                                                  \
    X(size)           /* bytes of the cabinet so far */                \
    X(done)           /* of what it is doing */                        \
    X(total)          /* of that; 0 if nobody knows */                 \
    X(step)           /* du_import_step_e: the last that is done */    \
    X(end)            /* du_job_end_e */                               \
    X(package)        /* number */

/* What became of an image: that of du_arrival_t, as words. None is NULL. */
#define DU_JOB_IMAGE_TEXTS(X)                                          \
    X(rule)    /* its number */                                        \
    X(key)                                                             \
    X(version)                                                         \
    X(place)   /* "new", "pending", "approved", "unchanged": where the version stands in its rule */ \
    X(already) /* "yes" if it was there before */                      \
    X(trust)                                                           \
    X(signer)                                                          \
    X(doubt)
/* clang-format on */

typedef enum {
#define DU_JOB_END_ENUM(id, name) id,
    DU_JOB_END_LIST(DU_JOB_END_ENUM)
#undef DU_JOB_END_ENUM
        DU_JOB_ENDS
} du_job_end_e;

typedef struct du_job_image_t {
#define DU_JOB_TEXT_MEMBER(name) const char *name;
    DU_JOB_IMAGE_TEXTS(DU_JOB_TEXT_MEMBER)
} du_job_image_t;

typedef struct du_job_t {
    const char *id;
    DU_JOB_TEXTS(DU_JOB_TEXT_MEMBER)
#undef DU_JOB_TEXT_MEMBER
#define DU_JOB_NUMBER_MEMBER(name) apr_int64_t name;
    DU_JOB_NUMBERS(DU_JOB_NUMBER_MEMBER)
#undef DU_JOB_NUMBER_MEMBER
    apr_array_header_t *images;   /* of du_job_image_t */
    apr_array_header_t *warnings; /* of const char *: "DU0669: sentence" */
    int is_cancelled;             /* somebody asked for its end; not part of the file */
} du_job_t;

/* Makes an empty one of that id. */
void du_job_clear(du_job_t *job, const char *id, apr_pool_t *pool);

/* "interrupted", "verified" */
const char *du_job_end_name(apr_int64_t end);
const char *du_import_step_name(apr_int64_t step);

/* Replaces the file of a job in its directory. */
apr_status_t du_job_state_write(const char *directory, const du_job_t *job, apr_pool_t *pool);

/* Reads it; id is that of the directory. DU_E_MALFORMED if it is none of ours; texts are in pool. */
apr_status_t du_job_state_read(const char *directory, const char *id, apr_pool_t *pool, du_job_t *job);

#endif
