/*
 * Who may do what: the list of roles and the list of rights (administration.md 2.6).
 *
 * Pure: what an account was given comes from the store (du_store_role.h), who it is from httpd's authentication. The command
 * line is not bound by roles: who reads and writes the store's file can do everything anyway.
 */
#ifndef DU_ACCESS_H
#define DU_ACCESS_H

/* From the least to the most: each role may do what the one before may. */
/* clang-format off */
#define DU_ROLE_LIST(X)                          \
    X(DU_ROLE_VIEWER,        "viewer")           \
    X(DU_ROLE_HELPDESK,      "helpdesk")         \
    X(DU_ROLE_OPERATOR,      "operator")         \
    X(DU_ROLE_ADMINISTRATOR, "administrator")

/*
 * X(id, "name", what a limit to one site means, least role for what is one site's, least role for what is everyone's, "words")
 *
 * limit: FREE (nothing: it is reading), OWN (the person may do it to what belongs to the site, and to nothing else), NEVER
 * (the person may not: what it changes is everyone's).
 *
 * An operator may APPROVE, too, where the setting operators-approve says so (administration.md section 8, question 7).
 */
#define DU_RIGHT_LIST(X)                                                                                                 \
    X(DU_RIGHT_VIEW,            "view",            FREE,  VIEWER,        VIEWER,        "see every page")                \
    X(DU_RIGHT_ACTIVITY,        "activity",        FREE,  VIEWER,        VIEWER,        "read who changed what")         \
    X(DU_RIGHT_LOG_READ,        "log-read",        OWN,   HELPDESK,      HELPDESK,      "read and download device logs") \
    X(DU_RIGHT_DEVICE_HOLD,     "device-hold",     OWN,   HELPDESK,      HELPDESK,      "hold and release one phone")    \
    X(DU_RIGHT_LOG_CLEAR,       "log-clear",       OWN,   OPERATOR,      OPERATOR,      "delete logs")                   \
    X(DU_RIGHT_TEST_DEVICE,     "test-device",     OWN,   OPERATOR,      OPERATOR,      "add and remove test devices")   \
    X(DU_RIGHT_SETTING,         "setting",         OWN,   OPERATOR,      ADMINISTRATOR, "change settings")               \
    X(DU_RIGHT_IMPORT,          "import",          NEVER, OPERATOR,      OPERATOR,      "import packages")               \
    X(DU_RIGHT_CANCEL,          "cancel",          NEVER, OPERATOR,      OPERATOR,      "cancel pending versions")       \
    X(DU_RIGHT_APPROVE,         "approve",         NEVER, ADMINISTRATOR, ADMINISTRATOR, "approve and restore versions")  \
    X(DU_RIGHT_IMPORT_UNSIGNED, "import-unsigned", NEVER, ADMINISTRATOR, ADMINISTRATOR, "import what is not verified")   \
    X(DU_RIGHT_REMOVE,          "remove",          NEVER, ADMINISTRATOR, ADMINISTRATOR, "remove rules and unused files") \
    X(DU_RIGHT_SITE,            "site",            NEVER, ADMINISTRATOR, ADMINISTRATOR, "add, change and remove sites")  \
    X(DU_RIGHT_ROLE,            "role",            NEVER, ADMINISTRATOR, ADMINISTRATOR, "give and take roles")
/* clang-format on */

typedef enum {
#define DU_ROLE_ENUM(id, name) id,
    DU_ROLE_LIST(DU_ROLE_ENUM)
#undef DU_ROLE_ENUM
        DU_ROLES
} du_role_e;

typedef enum {
#define DU_RIGHT_ENUM(id, name, limit, at_site, everywhere, words) id,
    DU_RIGHT_LIST(DU_RIGHT_ENUM)
#undef DU_RIGHT_ENUM
        DU_RIGHTS
} du_right_e;

/* What an account was given. */
typedef struct du_grant_t {
    const char *account; /* as httpd's authentication spells it */
    du_role_e role;
    const char *site; /* the name of the site that it is limited to; "" everywhere */
} du_grant_t;

/* "operator" */
const char *du_role_name(du_role_e role);

/* Finds a role by its name, in lower case as in the list: 1, or 0 if there is none. name may be NULL. */
int du_role_find(const char *name, du_role_e *role);

/* "log-read" */
const char *du_right_name(du_right_e right);

/* 1 if the person may do that to what belongs to the site, or with "" to what is everyone's. grant NULL is an account without
 * a role, which may nothing; site NULL belongs to nobody, which only those without a limit may touch. operators_approve is
 * the setting of that name. */
int du_access_may(const du_grant_t *grant, du_right_e right, const char *site, int operators_approve);

/* 1 if there is something that the person may do that to, be it at one site only: whether to open a page. Whoever changes
 * something asks du_access_may() once it knows what. */
int du_access_may_somewhere(const du_grant_t *grant, du_right_e right, int operators_approve);

#endif
