#include "du_why_phone.h"

#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

#define DAY         apr_time_from_sec(86400)
#define EVENTS_READ 100  /* of the phone's history, likewise */
#define ROWS_READ   1000 /* activities that are looked at */

/* What the inventory has instead of a request. */
static void take_row(const du_phone_t *phone, apr_pool_t *pool, du_why_phone_t *why)
{
    du_module_t *module = apr_pcalloc(pool, sizeof(*module));

    module->version = du_text_or_null(phone->version);
    why->request = (du_request_t){.mac = du_text_or_null(phone->mac),
                                  .serial = du_text_or_null(phone->serial),
                                  .test_mac = du_text_or_null(phone->mac),
                                  .test_serial = du_text_or_null(phone->serial),
                                  .nmodules = module->version != NULL,
                                  .modules = module};
#define TAKE_PART(part) why->request.key.part = du_text_or_null(phone->key.part);
    DU_KEY_PARTS(TAKE_PART)
#undef TAKE_PART
    why->client = phone->address;
    why->time = *phone->result ? phone->last_seen : 0;
    why->result = phone->result;
    why->reason = phone->reason;
    why->offered = strcmp(phone->result, du_result_word(DU_RESULT_OFFERED)) == 0 ? phone->offered : "";
    why->is_decided = *phone->result && strcmp(phone->result, du_result_word(DU_RESULT_REFUSED)) != 0;
}

/* A refused request was not read, or not taken for what it says: what is known of the phone otherwise is decided then. */
static void take_record(const du_record_check_t *check, du_why_phone_t *why)
{
    why->is_decided = du_record_check_is_decided(check);
    if (why->is_decided) {
        why->request = check->request;
        why->client = check->client;
        why->is_recorded = 1;
    }
    why->time = check->time;
    why->result = check->result;
    why->reason = check->reason;
    why->offered = check->offered;
}

static apr_status_t find_record(du_ctx_t *ctx, const char *files, const du_phone_t *phone, apr_time_t at,
                                apr_pool_t *pool, du_record_found_t *found)
{
    apr_time_t until = at ? at : phone->last_seen, since = at ? phone->first_seen : until - DAY;
    apr_status_t rv = du_record_find(ctx, files, phone, since, until, pool, found);

    if (rv != DU_E_NOT_FOUND || !at) {
        return rv == DU_E_NOT_FOUND ? APR_SUCCESS : rv;
    }
    return du_fail(ctx, rv, DUNO(0982), "no audit file has a check of this phone at that time or before");
}

static apr_status_t decide(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_why_phone_t *why)
{
    du_snapshot_t snapshot;
    const du_ruleset_t *ruleset;
    du_address_t address;
    int is_known = du_address_parse(why->client, &address);
    apr_status_t rv = du_store_snapshot(ctx, store, pool, &snapshot);

    if (rv == APR_SUCCESS) {
        rv = du_ruleset_make(ctx, &snapshot, pool, &ruleset);
    }
    if (rv == APR_SUCCESS) {
        why->now = du_why(ruleset, &snapshot, &why->request, is_known ? &address : NULL, pool);
        why->generation = snapshot.generation;
    }
    return rv;
}

static int is_same(const du_why_phone_t *why)
{
    const du_decision_t *now = &why->now->decision;

    return strcmp(why->result, du_result_word(now->result)) == 0 &&
           (!*why->reason || strcmp(why->reason, du_reason_word(now->reason)) == 0) &&
           strcmp(why->offered, why->now->offered) == 0;
}

/* 1 if a change may be why a phone of that rule is answered in another way. Holds are in its history. */
static int may_matter(apr_pool_t *pool, const du_activity_t *row, const du_rule_t *rule)
{
    static const char *const about[] = {"package ", "test-device ", "site:"};

    if (du_text_begins(row->object, "rule ")) {
        return !rule || strcmp(row->object, apr_pstrcat(pool, "rule ", du_text_number(pool, rule->id), NULL)) == 0;
    }
    for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
        if (du_text_begins(row->object, about[i]) && strcmp(row->action, DU_REFUSAL_ACTION) != 0) {
            return 1;
        }
    }
    return 0;
}

/* The last event of that kind: a phone that was released after it is not held. */
static apr_status_t find_hold(du_ctx_t *ctx, du_store_t *store, const du_phone_t *phone, apr_pool_t *pool,
                              du_why_phone_t *why)
{
    apr_array_header_t *events;
    apr_status_t rv = du_inventory_events(ctx, store, phone->id, 0, EVENTS_READ, pool, &events);

    for (int i = 0; rv == APR_SUCCESS && i < events->nelts && !why->hold; i++) {
        const du_phone_event_t *event = &APR_ARRAY_IDX(events, i, du_phone_event_t);

        if (strcmp(event->kind, "hold") == 0) {
            why->hold = event;
        }
    }
    return rv;
}

static apr_status_t find_changes(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_why_phone_t *why)
{
    const du_activity_filter_t filter = {.since = why->time, .limit = ROWS_READ};
    apr_array_header_t *rows;
    apr_status_t rv = du_store_activities(ctx, store, &filter, pool, &rows);

    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts && why->changes->nelts < DU_WHY_ACTIVITIES_MAX; i++) {
        const du_activity_t *row = &APR_ARRAY_IDX(rows, i, du_activity_t);

        if (may_matter(pool, row, why->now->rule)) {
            APR_ARRAY_PUSH(why->changes, du_activity_t) = *row;
        }
    }
    return rv;
}

apr_status_t du_why_phone(du_ctx_t *ctx, du_store_t *store, const char *files, const du_phone_t *phone, apr_time_t at,
                          apr_pool_t *pool, du_why_phone_t *why)
{
    apr_status_t rv;

    memset(why, 0, sizeof(*why));
    why->changes = apr_array_make(pool, 4, sizeof(du_activity_t));
    take_row(phone, pool, why);
    rv = find_record(ctx, files, phone, at, pool, &why->record);
    if (rv == APR_SUCCESS && why->record.check) {
        take_record(why->record.check, why);
    }
    if (rv == APR_SUCCESS) {
        rv = decide(ctx, store, pool, why);
    }
    if (rv == APR_SUCCESS && why->now->decision.reason == DU_REASON_HELD) {
        rv = find_hold(ctx, store, phone, pool, why);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    why->is_same = why->is_decided && is_same(why);
    return why->is_decided && !why->is_same ? find_changes(ctx, store, pool, why) : APR_SUCCESS;
}
