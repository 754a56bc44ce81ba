/*
 * Sites, test devices, settings and roles as people write and read them: the same checks, sentences and JSON for
 * devupdatectl and for the pages.
 */
#ifndef DUA_PLACE_H
#define DUA_PLACE_H

#include <jansson.h>

#include "du_access.h"
#include "du_store.h"
#include "du_store_activity.h"

/*
 * Reading. DU_E_MALFORMED with a sentence for what cannot be.
 */

/* Whether a text can be the name of a `what`: "site", "test device". */
apr_status_t dua_place_name(du_ctx_t *ctx, const char *what, const char *name);

/* The subnet that a text means, added to the site's unless it is there already. */
apr_status_t dua_place_subnet(du_ctx_t *ctx, const char *text, du_site_t *site);

/* The test device's identifier, of its kind, from the text that was typed (administration.md 1.7). */
apr_status_t dua_place_identifier(du_ctx_t *ctx, const char *text, du_test_device_t *device);

/* The role of that name. */
apr_status_t dua_place_role(du_ctx_t *ctx, const char *name, du_role_e *role);

/* The site of a scope as people write it (administration.md 1.0): "" for "global", "Berlin" for "site:Berlin". text may be
 * NULL, which is neither. */
apr_status_t dua_place_scope(du_ctx_t *ctx, const char *text, const char **site);

/* A time as 2026-11-22, 2026-11-22T20:15:35Z or 2026-11-22 20:15:35, all UTC: 1, or 0 if it is none. */
int dua_place_time(const char *text, apr_time_t *time);

/*
 * Showing
 */

/* "mac" or "serial" in JSON; "MAC address" or "serial number" in sentences. */
const char *dua_place_kind(du_test_kind_e kind);
const char *dua_place_kind_name(du_test_kind_e kind);

/* "site:Berlin/desk phone" (administration.md 1.0) */
const char *dua_place_identity(apr_pool_t *pool, const char *site, const char *name);

/* "10.1.0.0/16, 2001:db8::/32" */
const char *dua_place_subnets(apr_pool_t *pool, const du_site_t *site);

/* A setting as it holds in a scope. */
typedef struct dua_setting_t {
    du_setting_e setting;
    const char *value;
    const char *from; /* "default" or the scope whose value it is */
    int is_own;       /* that scope is the one that was asked for */
} dua_setting_t;

/* Fills all DU_SETTINGS for the scope of a site, "" for the global one. DU_E_NOT_FOUND if there is no such site. */
apr_status_t dua_place_settings(du_ctx_t *ctx, du_store_t *store, const char *site, apr_pool_t *pool,
                                dua_setting_t *settings);

json_t *dua_json_site(apr_pool_t *pool, const du_site_t *site);
json_t *dua_json_test_device(apr_pool_t *pool, const du_test_device_t *device);
json_t *dua_json_setting(apr_pool_t *pool, const dua_setting_t *setting);
json_t *dua_json_grant(apr_pool_t *pool, const du_grant_t *grant);
json_t *dua_json_activity(apr_pool_t *pool, const du_activity_t *row);

/* What a record says, as a short text: who changes what they were shown sends it back, and another one says that somebody
 * was faster. In pool. */
const char *dua_place_mark(apr_pool_t *pool, const json_t *record);

#endif
