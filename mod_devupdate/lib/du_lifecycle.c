#include "du_lifecycle.h"

#include "du_text.h"

static const char *const action_names[] = {"import", "approve", "reset", "restore", "remove"};

const char *du_action_name(du_action_e action)
{
    return action_names[action];
}

static int is_there(const char *version)
{
    return *version != '\0';
}

/* A version that is already pending or approved does not become pending again (administration.md 1.1). */
static apr_status_t import(du_versions_t *v, const char *version)
{
    if (du_text_equal(v->slot[DU_PENDING], version) || du_text_equal(v->slot[DU_APPROVED], version)) {
        return DU_E_NOTHING;
    }
    v->slot[DU_PENDING] = version;
    return APR_SUCCESS;
}

/* Scripts pipe all rules into Approve, so a rule without a pending version must stay as it is (protocol.md 8.2). */
static apr_status_t approve(du_versions_t *v)
{
    if (!is_there(v->slot[DU_PENDING])) {
        return DU_E_NOTHING;
    }
    v->slot[DU_RESTORE] = v->slot[DU_APPROVED];
    v->slot[DU_APPROVED] = v->slot[DU_PENDING];
    v->slot[DU_PENDING] = "";
    return APR_SUCCESS;
}

static apr_status_t reset(du_versions_t *v)
{
    if (!is_there(v->slot[DU_PENDING])) {
        return DU_E_NOTHING;
    }
    v->slot[DU_PENDING] = "";
    return APR_SUCCESS;
}

/* Without a version to go back to, the approved one is withdrawn (protocol.md 8.2). */
static apr_status_t restore(du_versions_t *v)
{
    if (!is_there(v->slot[DU_APPROVED])) {
        return DU_E_NOTHING;
    }
    v->slot[DU_APPROVED] = v->slot[DU_RESTORE];
    v->slot[DU_RESTORE] = "";
    return APR_SUCCESS;
}

static apr_status_t restore_to(du_versions_t *v, const char *version)
{
    if (du_text_equal(v->slot[DU_APPROVED], version)) {
        return DU_E_NOTHING;
    }
    if (du_text_equal(v->slot[DU_PENDING], version)) {
        v->slot[DU_PENDING] = "";
    }
    v->slot[DU_RESTORE] = v->slot[DU_APPROVED];
    v->slot[DU_APPROVED] = version;
    return APR_SUCCESS;
}

static apr_status_t remove_all(du_versions_t *v)
{
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        v->slot[slot] = "";
    }
    return APR_SUCCESS;
}

apr_status_t du_lifecycle_apply(du_action_e action, const du_versions_t *before, const char *version,
                                du_versions_t *after)
{
    *after = *before;
    switch (action) {
    case DU_ACTION_IMPORT:
        return import(after, version);
    case DU_ACTION_APPROVE:
        return approve(after);
    case DU_ACTION_RESET:
        return reset(after);
    case DU_ACTION_RESTORE:
        return version ? restore_to(after, version) : restore(after);
    case DU_ACTION_REMOVE:
        return remove_all(after);
    }
    return DU_E_NOTHING;
}
