/*
 * What the parts of the store share: du_store.c reads rules and packages, du_store_change.c takes packages in,
 * du_store_life.c is a rule's life, du_store_image.c the stored versions, du_store_site.c has sites,
 * du_store_test_device.c test devices, du_store_setting.c settings, du_store_role.c roles, du_store_secret.c the key of
 * tokens, du_store_identity.c who the store is, du_store_activity.c the record of changes, du_store_refusal.c refused
 * attempts, du_store_node.c nodes, du_store_migrate.c and du_store_copy.c whole stores.
 */
#ifndef DU_STORE_ROWS_H
#define DU_STORE_ROWS_H

#include "du_db.h"
#include "du_store.h"

struct du_store_t {
    du_db_t *db;
};

/* The first column of every row that a statement finds: array of const char *, in pool. */
apr_status_t du_store_texts(du_ctx_t *ctx, du_store_t *store, du_sql_e statement, const char *const *args,
                            apr_pool_t *pool, apr_array_header_t **texts);

/* Raises a counter by one, or by more, and answers its new value. In a transaction. */
apr_status_t du_store_raise(du_ctx_t *ctx, du_store_t *store, const char *name, apr_int64_t *value);
apr_status_t du_store_raise_by(du_ctx_t *ctx, du_store_t *store, const char *name, int by, apr_int64_t *value);

/* What an activity row says beside who, where and when. */
typedef struct du_entry_t {
    const char *action, *object, *before, *after;
} du_entry_t;

/* Adds an activity row, or several in one go (array of du_entry_t), tied to the ones before (du_store_activity.c). In a
 * transaction. */
apr_status_t du_store_record(du_ctx_t *ctx, du_store_t *store, const du_actor_t *actor, const char *action,
                             const char *object, const char *before, const char *after);
apr_status_t du_store_record_all(du_ctx_t *ctx, du_store_t *store, const du_actor_t *actor,
                                 const apr_array_header_t *entries);

/* What becomes of a rule. */
typedef struct du_change_t {
    const du_rule_t *rule; /* as it was read */
    du_versions_t after;   /* not looked at when it is removed */
} du_change_t;

/* Changes rules' rows from what they were to `after`, or with DU_ACTION_REMOVE deletes them with their images' rows, and adds
 * what is to be recorded to entries (of du_entry_t). In a transaction, which must be given up on any failure. DU_E_CONFLICT
 * if a row has other versions or is gone; with a single rule there is a sentence, too (and a rule that is gone is
 * DU_E_NOT_FOUND), with more of them it is not known which. */
apr_status_t du_store_change_rules(du_ctx_t *ctx, du_store_t *store, du_action_e action, const du_change_t *changes,
                                   int count, apr_array_header_t *entries);

/* DU_E_NOT_FOUND with a sentence if there is no such site; "" is the global scope. */
apr_status_t du_store_need_site(du_ctx_t *ctx, du_store_t *store, const char *site);

/* Removes the roles that are limited to a site and records what they were. In a transaction. */
apr_status_t du_store_roles_remove(du_ctx_t *ctx, du_store_t *store, const char *site, const du_actor_t *actor);

/* Removes a site's test devices and records what they were. In a transaction (du_store_test_device.c). */
apr_status_t du_store_test_devices_of_site_remove(du_ctx_t *ctx, du_store_t *store, const char *site,
                                                  const du_actor_t *actor);

/* Removes what settings a site has and records what they were. In a transaction. */
apr_status_t du_store_settings_remove(du_ctx_t *ctx, du_store_t *store, const char *site, const du_actor_t *actor);

#endif
