#include "du_access.h"

#include <stddef.h>

#include "du_text.h"

typedef enum { FREE, OWN, NEVER } limit_e;

static const char *const roles[] = {
#define ROLE(id, name) name,
    DU_ROLE_LIST(ROLE)
#undef ROLE
};

static const struct {
    const char *name;
    limit_e limit;
    du_role_e at_site, everywhere;
} rights[] = {
#define RIGHT(id, name, limit, at_site, everywhere, words) {name, limit, DU_ROLE_##at_site, DU_ROLE_##everywhere},
    DU_RIGHT_LIST(RIGHT)
#undef RIGHT
};

const char *du_role_name(du_role_e role)
{
    return roles[role];
}

int du_role_find(const char *name, du_role_e *role)
{
    for (int i = 0; i < DU_ROLES; i++) {
        if (du_text_equal(roles[i], name)) {
            *role = (du_role_e)i;
            return 1;
        }
    }
    return 0;
}

const char *du_right_name(du_right_e right)
{
    return rights[right].name;
}

static du_role_e least_role(du_right_e right, int is_sites, int operators_approve)
{
    if (right == DU_RIGHT_APPROVE && operators_approve) {
        return DU_ROLE_OPERATOR;
    }
    return is_sites ? rights[right].at_site : rights[right].everywhere;
}

int du_access_may(const du_grant_t *grant, du_right_e right, const char *site, int operators_approve)
{
    if (!grant || grant->role < least_role(right, du_text_or_null(site) != NULL, operators_approve)) {
        return 0;
    }
    if (!du_text_or_null(grant->site) || rights[right].limit == FREE) {
        return 1;
    }
    return rights[right].limit == OWN && du_text_same(grant->site, site);
}

int du_access_may_somewhere(const du_grant_t *grant, du_right_e right, int operators_approve)
{
    if (!grant || grant->role < least_role(right, 1, operators_approve)) {
        return 0;
    }
    return !du_text_or_null(grant->site) || rights[right].limit != NEVER;
}
