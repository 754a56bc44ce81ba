/*
 * The product's records as JSON: the same for devupdatectl --json and for the pages.
 */
#ifndef DUA_RECORD_H
#define DUA_RECORD_H

#include <jansson.h>

#include "du_plan_phones.h"
#include "du_store.h"
#include "du_store_activity.h"

/* A JSON string; what is not UTF-8 is escaped as in du_text_visible(). "" for NULL. */
json_t *dua_json_text(apr_pool_t *pool, const char *text);

/* As 2026-11-23T02:49:30Z. */
json_t *dua_json_time(apr_pool_t *pool, apr_time_t time);

/* Members of an object. */
void dua_set_text(apr_pool_t *pool, json_t *object, const char *name, const char *text);
void dua_set_number(json_t *object, const char *name, apr_int64_t number);
void dua_set_time(apr_pool_t *pool, json_t *object, const char *name, apr_time_t time);
void dua_set_flag(json_t *object, const char *name, int flag);

/* device_type, brand, model, revision, locale, update_type as members of object. */
void dua_json_key(apr_pool_t *pool, json_t *object, const du_key_t *key, const char *update_type);

/* pending_version, approved_version, restore_version; null where there is none. */
void dua_json_versions(apr_pool_t *pool, json_t *object, const du_versions_t *versions);

json_t *dua_json_rule(apr_pool_t *pool, const du_rule_t *rule);
json_t *dua_json_files(apr_pool_t *pool, const du_image_t *image);
json_t *dua_json_package(apr_pool_t *pool, const du_package_t *package);

/* What becomes, or became, of a rule: its id and key, before and after with their versions, and as result `done`, or "nothing"
 * if it has nothing to do. */
json_t *dua_json_planned(apr_pool_t *pool, const du_planned_t *planned, const char *done);

/* The known phones of a rule that something becomes of, as member "phones": null where phones is NULL. */
apr_status_t dua_json_phones(du_ctx_t *ctx, json_t *object, const du_planned_t *planned,
                             const du_plan_phones_t *phones);

/* What became of proving the record of changes. */
json_t *dua_json_chain(apr_pool_t *pool, const du_proof_t *chain);

/* trust and signer as members of object; a signer that is not known is null. */
void dua_json_trust(apr_pool_t *pool, json_t *object, const char *trust, const char *signer);

#endif
