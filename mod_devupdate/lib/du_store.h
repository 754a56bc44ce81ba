/*
 * The store: rules, packages and images in the database, as records.
 *
 * Every change is one transaction that also raises the generation, which is how nodes notice it (house.md D1), and
 * writes a row of the activity table.
 */
#ifndef DU_STORE_H
#define DU_STORE_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "du_ctx.h"
#include "du_lifecycle.h"
#include "du_rule.h"
#include "du_setting.h"

typedef struct du_store_t du_store_t;

/* Opens an existing store and checks its schema: DU_E_STORE if it does not answer or is none, DU_E_SCHEMA if it is of
 * another version. Closed with pool or by du_store_close(). One thread at a time. */
apr_status_t du_store_open(du_ctx_t *ctx, const char *spec, apr_pool_t *pool, du_store_t **store);
void du_store_close(du_store_t *store);

/* 1 if the file of an SQLite store was removed or replaced since it was opened. */
int du_store_is_replaced(du_ctx_t *ctx, const du_store_t *store);

/* Looks at the form of a spec and for its driver, without connecting: what a configuration check can say. */
apr_status_t du_store_check_spec(du_ctx_t *ctx, const char *spec, apr_pool_t *pool);

/* Makes a new store. DU_E_EXISTS if there is one already; nothing is changed then. */
apr_status_t du_store_init(du_ctx_t *ctx, const char *spec, apr_pool_t *pool);

/* Who the store is, "" if it has no identity yet (du_identity.h); and the same, but it gets one if it has none. */
apr_status_t du_store_identity(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, const char **identity);
apr_status_t du_store_identify(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, const char **identity);

/* The number that every change raises. */
apr_status_t du_store_generation(du_ctx_t *ctx, du_store_t *store, apr_int64_t *generation);

/* Everything a rule set is compiled from, but for the settings, which depend on the node: none are in force. All of it lives
 * in pool. */
apr_status_t du_store_snapshot(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_snapshot_t *snapshot);

/* All rules (array of du_rule_t without images), by id. */
apr_status_t du_store_rules(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **rules);

/* One rule; DU_E_NOT_FOUND. *rule is in pool. */
apr_status_t du_store_rule(du_ctx_t *ctx, du_store_t *store, apr_int64_t id, apr_pool_t *pool, du_rule_t **rule);

/* One version of one rule with its files; DU_E_NOT_FOUND. */
apr_status_t du_store_image(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, const char *version,
                            apr_pool_t *pool, du_image_t **image);

/* All packages (array of du_package_t), by id. */
apr_status_t du_store_packages(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **packages);

/* One package by id, or by the digest of its file; DU_E_NOT_FOUND. */
apr_status_t du_store_package(du_ctx_t *ctx, du_store_t *store, apr_int64_t id, apr_pool_t *pool,
                              du_package_t **package);
apr_status_t du_store_package_by_digest(du_ctx_t *ctx, du_store_t *store, const char *digest, apr_pool_t *pool,
                                        du_package_t **package);

/* What is inside a package: array of du_rule_t in which image[DU_PENDING] is the package's image and
 * versions.slot[DU_PENDING] its version; the rest of the versions are empty. */
apr_status_t du_store_package_images(du_ctx_t *ctx, du_store_t *store, apr_int64_t package_id, apr_pool_t *pool,
                                     apr_array_header_t **rules);

#define DU_NOTE_MAX 1000 /* bytes of a reason */

/* Who does something, for the activity row. */
typedef struct du_actor_t {
    const char *name; /* account */
    const char *node; /* host */
    const char *role; /* "" or NULL = the command line */
    const char *note; /* reason, may be NULL */
} du_actor_t;

/* One image of a package on its way in. */
typedef struct du_arrival_t {
    du_key_t key;
    const char *update_type;
    du_image_t image;
    apr_int64_t rule_id; /* out: the rule it belongs to */
    int is_new_rule;     /* out */
    const char *doubt;   /* why the image is not simply verified, or NULL */
    int already;         /* out: this very image was there before; image.trust and .signer are what was kept then */
    du_versions_t versions; /* out: the rule's versions afterwards */
} du_arrival_t;

/* 1 if both consist of the same files with the same content. */
int du_image_same(const du_image_t *a, const du_image_t *b);

/* The rule of a key, for finding out where its images lie: existing spelling and update type; DU_E_NOT_FOUND. */
apr_status_t du_store_rule_by_key(du_ctx_t *ctx, du_store_t *store, const du_key_t *key, apr_pool_t *pool,
                                  du_rule_t **rule);

/*
 * Records an import in one transaction: package row (package->id is filled), images and files, rules with the new
 * pending versions, activity, generation. arrivals is an array of du_arrival_t; its out fields are filled.
 * DU_E_EXISTS if the package's digest is known and all its images are there; if some are not (their rules were removed, or
 * their files cleared), the package is taken in once more under its old number. DU_E_CONFLICT if an image of that rule and
 * version has other files.
 */
apr_status_t du_store_import(du_ctx_t *ctx, du_store_t *store, du_package_t *package, apr_array_header_t *arrivals,
                             const du_actor_t *actor);

/*
 * Applies a life cycle action to rules in one transaction (du_store_life.c): all or none. rules is an array of du_rule_t *;
 * each must still have the versions in rule->versions, and they become the new ones. A rule with nothing to do stays as it
 * is; *changed (may be NULL) is how many did not. version is du_lifecycle_apply()'s; to restore it, each rule must have it
 * stored.
 *
 * DU_E_NOTHING if no rule changes. With a sentence: DU_E_CONFLICT that names the rule where somebody else was faster,
 * DU_E_NOT_FOUND if a rule is gone or has no such version. Nothing is changed then.
 */
apr_status_t du_store_act(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *rules, du_action_e action,
                          const char *version, const du_actor_t *actor, int *changed);

/* One stored version, for the list of files (du_store_image.c). */
typedef struct du_stored_t {
    apr_int64_t id;
    du_rule_t rule; /* without images */
    const char *version;
    int is_named; /* one of the rule's three versions */
} du_stored_t;

/* All stored versions (array of du_stored_t), by rule and age. */
apr_status_t du_store_images(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **images);

/* The versions that are stored for one rule (array of const char *), by age; empty if there is no such rule. */
apr_status_t du_store_versions(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, apr_pool_t *pool,
                               apr_array_header_t **versions);

/* Which stored versions are not verified: a hash whose keys are du_store_version_key(), all in pool. */
apr_status_t du_store_unverified(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_hash_t **versions);
const char *du_store_version_key(apr_pool_t *pool, apr_int64_t rule_id, const char *version);

/* Those of such a list that may be forgotten (array of du_stored_t in ctx->pool): the ones of ids (array of apr_int64_t), or
 * with NULL all that are not named. With a sentence: DU_E_NOT_FOUND for an unknown id, DU_E_CONFLICT for one in use. */
apr_status_t du_store_forgettable(du_ctx_t *ctx, const apr_array_header_t *images, const apr_array_header_t *ids,
                                  apr_array_header_t **chosen);

/*
 * Forgets them in one transaction. *forgotten are they; their files are the caller's to remove afterwards. `orphans` (array
 * of const char *, may be NULL) are directories without a row that go with them, for the record. DU_E_NOTHING if there is
 * neither; nothing is changed then, nor if du_store_forgettable() refuses.
 */
apr_status_t du_store_forget(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *ids,
                             const apr_array_header_t *orphans, const du_actor_t *actor,
                             apr_array_header_t **forgotten);

/*
 * Settings (du_store_setting.c; semantics: administration.md 1.5). site is the name of a site, "" the global scope. A site
 * has values of its own or not, one by one; the global scope has every value, if only by default. Every change is a
 * transaction as above; DU_E_NOT_FOUND if there is no such site.
 */

/* The values of a scope as the store has them, without defaults. A name that this program does not know is passed over,
 * and so is a value that it does not accept. */
apr_status_t du_store_settings(du_ctx_t *ctx, du_store_t *store, const char *site, apr_pool_t *pool,
                               du_settings_t *settings);

/* The values that hold at a site: its own, else the global ones. With DU_E_NOT_FOUND *settings are the global ones. */
apr_status_t du_store_settings_in_force(du_ctx_t *ctx, du_store_t *store, const char *site, apr_pool_t *pool,
                                        du_settings_t *settings);

typedef enum {
    DU_SETTING_REPLACE, /* the text is the value */
    DU_SETTING_ADD,     /* the text is words, added to the list in force */
    DU_SETTING_REMOVE   /* likewise, removed from it */
} du_setting_op_e;

/* Gives a scope a value. DU_E_MALFORMED if it cannot be one, or not of this scope; DU_E_NOTHING if it is that already.
 * *value is what holds then, in ctx->pool. */
apr_status_t du_store_setting_set(du_ctx_t *ctx, du_store_t *store, const char *site, du_setting_e setting,
                                  du_setting_op_e op, const char *text, const du_actor_t *actor, const char **value);

/* Gives a site all values of its own, as the defaults have them. DU_E_EXISTS if it has some, or for the global scope. */
apr_status_t du_store_setting_new(du_ctx_t *ctx, du_store_t *store, const char *site, const du_actor_t *actor);

/* Removes one value of a scope, or all of them for DU_SETTINGS: the global one or the default holds then. DU_E_NOTHING if
 * there is none. */
apr_status_t du_store_setting_reset(du_ctx_t *ctx, du_store_t *store, const char *site, int setting,
                                    const du_actor_t *actor);

/* Puts on record that logs were removed: what of them, as du_retained_text() says it (du_store_log.c). */
apr_status_t du_store_logs_removed(du_ctx_t *ctx, du_store_t *store, const char *removed, const du_actor_t *actor);

/*
 * Sites and test devices (du_store_site.c, du_store_test_device.c). Names compare without case. Every change is a transaction as above. Whether a
 * name can be one is looked at by whoever takes it in: du_text_is_segment() with this limit.
 */
#define DU_PLACE_NAME_MAX 64 /* bytes; ours */

/* A scope as activities and messages name it: "site:Berlin", or "global" for "". */
const char *du_store_scope(apr_pool_t *pool, const char *site);

/* All sites (array of du_site_t) and all test devices (array of du_test_device_t), by scope and name. */
apr_status_t du_store_sites(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **sites);
apr_status_t du_store_test_devices(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **devices);

/* DU_E_EXISTS if there is a site of that name, or if one of the subnets belongs to another site. */
apr_status_t du_store_site_add(du_ctx_t *ctx, du_store_t *store, const du_site_t *site, const du_actor_t *actor);

/* Replaces the subnets of a site; its test devices and settings stay. DU_E_NOT_FOUND, DU_E_EXISTS as above, DU_E_NOTHING if it has just
 * these subnets. */
apr_status_t du_store_site_set(du_ctx_t *ctx, du_store_t *store, const du_site_t *site, const du_actor_t *actor);

/* Removes a site with its subnets, test devices, settings and roles (du_store_role.h). DU_E_NOT_FOUND. */
apr_status_t du_store_site_remove(du_ctx_t *ctx, du_store_t *store, const char *name, const du_actor_t *actor);

/* DU_E_EXISTS if the scope has a test device of that name, DU_E_NOT_FOUND if there is no such site. */
apr_status_t du_store_test_device_add(du_ctx_t *ctx, du_store_t *store, const du_test_device_t *device,
                                      const du_actor_t *actor);

/* Removes one test device of a scope, or with a NULL name all of them (administration.md 1.7). site is "" for the global
 * scope. DU_E_NOT_FOUND; DU_E_NOTHING if all are to be removed and there is none. */
apr_status_t du_store_test_device_remove(du_ctx_t *ctx, du_store_t *store, const char *site, const char *name,
                                         const du_actor_t *actor);

/* Removes these (array of du_test_device_t, by site, name and identifier), of whatever scopes, in one transaction: all or
 * none. With a sentence: DU_E_NOT_FOUND if one is gone, DU_E_CONFLICT if it has another identifier now; DU_E_NOTHING if the
 * array is empty. */
apr_status_t du_store_test_devices_remove(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *devices,
                                          const du_actor_t *actor);

#endif
