/*
 * Importing a package: unpack, check, place, record (house.md D4 and section 6).
 *
 * A refusal or a crash at any point leaves the store as it was; a crash leaves at worst a directory that no rule names.
 */
#ifndef DU_IMPORT_H
#define DU_IMPORT_H

#include "du_cab.h"
#include "du_store.h"

/* What an import has behind it, in this order: X(id, "name"). The first is for whoever brings the file. */
/* clang-format off */
#define DU_IMPORT_STEP_LIST(X)              \
    X(DU_STEP_NONE,      "none")            \
    X(DU_STEP_RECEIVED,  "received")        \
    X(DU_STEP_UNPACKED,  "unpacked")        \
    X(DU_STEP_DESCRIBED, "described")       \
    X(DU_STEP_VERIFIED,  "verified")        \
    X(DU_STEP_STORED,    "stored")          \
    X(DU_STEP_COMMITTED, "committed")
/* clang-format on */

typedef enum {
#define DU_IMPORT_STEP_ENUM(id, name) id,
    DU_IMPORT_STEP_LIST(DU_IMPORT_STEP_ENUM)
#undef DU_IMPORT_STEP_ENUM
        DU_STEPS
} du_import_step_e;

/* Told of each step when it is done. A failure stops the import as if the next step had failed; behind DU_STEP_COMMITTED it
 * means nothing. */
typedef apr_status_t du_import_step_fn(void *baton, du_import_step_e step);

typedef struct du_import_t {
    const char *files;        /* the file store */
    const char *path;         /* the cabinet */
    const char *name;         /* that it has for people; NULL = the last part of path */
    du_actor_t actor;         /* actor.note is the package's note */
    int dry_run;              /* check everything, change nothing */
    const char *trust;        /* a file of trust anchors beside those of the file store, may be NULL */
    int allow_unsigned;       /* take in what is not verified, too, and mark it for ever */
    du_progress_fn *progress; /* may be NULL */
    du_import_step_fn *step;  /* may be NULL */
    void *baton;              /* for both */

    /* out */
    du_package_t package;
    apr_array_header_t *arrivals; /* of du_arrival_t */
} du_import_t;

/*
 * Imports the package. DU_E_EXISTS if the very same file was imported before (import->package says when) and all its images
 * are there; nothing is changed then. If some are not, because their rules were removed or their files cleared, it is an
 * import like any other, but the package keeps its number. DU_E_PACKAGE if the package is refused, with a sentence that
 * names the member or the version: what du_cab.h, du_update_info.h and du_package.h list, an image that is not verified
 * (du_trust.h) or whose certificates have expired while the setting catalog-expiry is "refuse", a version that is there with
 * other bytes or that differs from one in case only, another update type than the rule's. DU_E_CONFLICT if the file
 * store is another store's (du_identity.h). Results are in ctx->pool.
 *
 * Waits for an import that runs; with `progress`, so that the waiting can be stopped.
 *
 * If the store fails while recording, the images are taken away again unless it cannot be asked whether it has them.
 */
apr_status_t du_import_run(du_ctx_t *ctx, du_store_t *store, du_import_t *import);

#endif
