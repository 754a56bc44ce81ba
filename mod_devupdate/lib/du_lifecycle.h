/*
 * The life cycle of a rule's three versions, as a pure function (protocol.md 8.2, administration.md 1.4).
 */
#ifndef DU_LIFECYCLE_H
#define DU_LIFECYCLE_H

#include "du_error.h"
#include "du_rule.h"

typedef enum {
    DU_ACTION_IMPORT,  /* pending <- version */
    DU_ACTION_APPROVE, /* restore <- approved, approved <- pending, pending <- none */
    DU_ACTION_RESET,   /* pending <- none */
    DU_ACTION_RESTORE, /* approved <- restore, restore <- none; or to a version: restore <- approved, approved <- version */
    DU_ACTION_REMOVE /* no rule any more, and so no versions */
} du_action_e;

/* "import", "approve", ... */
const char *du_action_name(du_action_e action);

/*
 * What the versions become. version is the imported one for DU_ACTION_IMPORT, and for DU_ACTION_RESTORE the one to go to,
 * or NULL for the restore version; the others do not look at it. DU_E_NOTHING if nothing changes: approve and reset without
 * a pending version, restore without an approved one or to the one that is approved, import of the version that is already
 * pending or approved. Removing always is a change. *after is complete in either case; its texts are those of before and
 * version.
 *
 * To go to a version keeps the one that was approved as the restore version, so that a plain restore leads back; it is
 * not pending any more if it was.
 */
apr_status_t du_lifecycle_apply(du_action_e action, const du_versions_t *before, const char *version,
                                du_versions_t *after);

#endif
