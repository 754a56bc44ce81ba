#include <string.h>

#include <apr_strings.h>

#include "du_fleet_rows.h"
#include "du_hold.h"
#include "du_text.h"

#define HOUR apr_time_from_sec(3600)

/* Words of `result` of an event, and of `reason` where nobody said it. */
#define HELD      "held"
#define RELEASED  "released"
#define AUTOMATIC "loop"
#define REPORTED  "reported"

static void set_held(du_fleet_t *fleet, du_fleet_phone_t *phone, const char *version, apr_time_t time,
                     const char *reason)
{
    du_phone_event_t *event = du_fleet_event(fleet, phone, DU_EVENT_HOLD, time);

    event->version = *version ? version : phone->is.held;
    event->result = *version ? HELD : RELEASED;
    event->reason = reason;
    phone->is.held = version;
    phone->changed |= DU_CHANGED_PHONE;
}

/*
 * Loops
 */

static int is_loop(const du_fleet_t *fleet, const du_phone_t *is)
{
    return fleet->rules->hold_after > 0 && is->takes >= fleet->rules->hold_after && *is->offered &&
           strcmp(is->held, is->offered) != 0 && strcmp(is->held, DU_HELD_ALL) != 0 &&
           strcmp(is->offered, is->taken) == 0 && (*is->mac || *is->serial) &&
           !du_phone_test_device(is, fleet->rules->tests);
}

static void count_loop(du_fleet_t *fleet, const du_fleet_phone_t *phone, const char *node)
{
    const char *name = apr_pstrcat(fleet->pool, phone->device_key, "\n", phone->is.held, NULL);
    du_fleet_loop_t *loop = apr_hash_get(fleet->loops, name, APR_HASH_KEY_STRING);

    if (!loop) {
        loop = apr_pcalloc(fleet->pool, sizeof(*loop));
        *loop = (du_fleet_loop_t){phone, phone->is.held, node, 0};
        apr_hash_set(fleet->loops, name, APR_HASH_KEY_STRING, loop);
    }
    loop->phones++;
}

void du_fleet_break_loop(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_sighting_t *sighting)
{
    if (is_loop(fleet, &phone->is)) {
        set_held(fleet, phone, phone->is.offered, sighting->record.time, AUTOMATIC);
        count_loop(fleet, phone, sighting->source->node);
    }
}

void du_fleet_end_loop(du_fleet_t *fleet, du_fleet_phone_t *phone, apr_time_t time)
{
    set_held(fleet, phone, "", time, REPORTED);
    fleet->loops_ended++;
}

/* "device 00-04-F2-00-00-01", "12 devices" */
static const char *object_of(du_ctx_t *ctx, const du_fleet_phone_t *phone, int phones)
{
    return phones == 1 ? apr_pstrcat(ctx->pool, "device ", du_phone_name(&phone->is), NULL)
                       : apr_psprintf(ctx->pool, "%d devices", phones);
}

static apr_status_t record_loop(du_fleet_t *fleet, const du_fleet_loop_t *loop)
{
    du_ctx_t *ctx = fleet->ctx;
    const du_actor_t reader = {.name = "reader",
                               .node = loop->node,
                               .role = "node",
                               .note = apr_psprintf(ctx->pool, "took it %d times and never reported it: %s",
                                                    fleet->rules->hold_after,
                                                    du_key_path(ctx->pool, &loop->phone->is.key))};

    return du_store_record(ctx, fleet->store, &reader, "hold", object_of(ctx, loop->phone, loop->phones), "",
                           loop->version);
}

apr_status_t du_fleet_save_loops(du_fleet_t *fleet)
{
    apr_int64_t generation;
    apr_status_t rv = apr_hash_count(fleet->loops) > 0 || fleet->loops_ended > 0
                          ? du_store_raise(fleet->ctx, fleet->store, "generation", &generation)
                          : APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->loops); at && rv == APR_SUCCESS;
         at = apr_hash_next(at)) {
        void *loop;

        apr_hash_this(at, NULL, NULL, &loop);
        rv = record_loop(fleet, loop);
    }
    return rv;
}

/*
 * By somebody
 */

typedef struct hold_t {
    du_store_t *store;
    const du_fleet_rules_t *rules;
    const apr_array_header_t *ids; /* of const char * */
    const char *version;           /* "" = release */
    const du_actor_t *actor;
    int changed;
} hold_t;

static apr_status_t check_phone(du_ctx_t *ctx, const hold_t *hold, const du_phone_t *is)
{
    if (*hold->version && !*is->mac && !*is->serial) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0973),
                       "phone %" APR_INT64_T_FMT
                       " is known by its address alone: who it is at its next check cannot be told",
                       is->id);
    }
    return APR_SUCCESS;
}

/* Changes what is not so already; *first is one of them. */
static apr_status_t change_phones(du_fleet_t *fleet, hold_t *hold, const du_fleet_phone_t **first,
                                  const char **before)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < fleet->phones->nelts && rv == APR_SUCCESS; i++) {
        du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        rv = check_phone(fleet->ctx, hold, &phone->is);
        if (rv == APR_SUCCESS && strcmp(phone->is.held, hold->version) != 0) {
            *first = phone;
            *before = phone->is.held;
            set_held(fleet, phone, hold->version, fleet->now, hold->actor->name);
            phone->is.takes = *hold->version ? phone->is.takes : 0;
            phone->is.offers = *hold->version ? phone->is.offers : 0;
            phone->taken_offer = *hold->version ? phone->taken_offer : 0;
            phone->is.state = du_phone_state(&phone->is, hold->rules->patience);
            hold->changed++;
        }
    }
    return rv;
}

static apr_status_t say_unchanged(du_ctx_t *ctx, const hold_t *hold, const du_fleet_t *fleet)
{
    if (!*hold->version) {
        return du_fail(ctx, DU_E_CONFLICT, DUNO(0974), "no phone was held");
    }
    return fleet->phones->nelts ? du_fail(ctx, DU_E_EXISTS, DUNO(0975), "the phone is held so already")
                                : du_fail(ctx, DU_E_NOT_FOUND, DUNO(0976), "the phone is not there any more");
}

static apr_status_t run_hold(du_ctx_t *ctx, void *baton)
{
    hold_t *hold = baton;
    du_fleet_result_t result = {0};
    du_fleet_t *fleet = du_fleet_make(ctx, hold->store, hold->rules, ctx->pool, &result);
    const du_fleet_phone_t *first = NULL;
    const char *before = "";
    apr_int64_t generation;
    apr_status_t rv = du_fleet_lock(ctx, hold->store);

    hold->changed = 0;
    if (rv == APR_SUCCESS) {
        rv = du_store_raise(ctx, hold->store, "generation", &generation);
    }
    if (rv == APR_SUCCESS) {
        rv = du_fleet_load_ids(fleet, hold->ids);
    }
    if (rv == APR_SUCCESS) {
        rv = change_phones(fleet, hold, &first, &before);
    }
    if (rv == APR_SUCCESS && !first) {
        return say_unchanged(ctx, hold, fleet);
    }
    if (rv == APR_SUCCESS) {
        rv = du_fleet_save(fleet, fleet->now - fleet->now % HOUR);
    }
    return rv == APR_SUCCESS ? du_store_record(ctx, hold->store, hold->actor, *hold->version ? "hold" : "release",
                                               object_of(ctx, first, hold->changed), hold->changed == 1 ? before : "",
                                               hold->version)
                             : rv;
}

static apr_status_t change(du_ctx_t *ctx, hold_t *hold)
{
    du_fleet_rules_t *rules = NULL;
    apr_status_t rv = du_fleet_rules_read(ctx, hold->store, ctx->pool, &rules);

    hold->rules = rules;
    return rv == APR_SUCCESS ? du_db_transaction(ctx, hold->store->db, run_hold, hold) : rv;
}

apr_status_t du_hold(du_ctx_t *ctx, du_store_t *store, apr_int64_t id, const char *version, const du_actor_t *actor)
{
    apr_array_header_t *ids = apr_array_make(ctx->pool, 1, sizeof(const char *));
    hold_t hold = {.store = store, .ids = ids, .version = version, .actor = actor};

    if (!*version || strlen(version) > DU_RECORD_TEXT_MAX) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0977), "a version is 1 to %d bytes", DU_RECORD_TEXT_MAX);
    }
    APR_ARRAY_PUSH(ids, const char *) = du_text_number(ctx->pool, id);
    return change(ctx, &hold);
}

apr_status_t du_release(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *ids, const du_actor_t *actor,
                        int *released)
{
    apr_array_header_t *texts = apr_array_make(ctx->pool, ids->nelts + 1, sizeof(const char *));
    hold_t hold = {.store = store, .ids = texts, .version = "", .actor = actor};
    apr_status_t rv;

    for (int i = 0; i < ids->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *) = du_text_number(ctx->pool, APR_ARRAY_IDX(ids, i, apr_int64_t));
    }
    rv = change(ctx, &hold);
    if (released) {
        *released = rv == APR_SUCCESS ? hold.changed : 0;
    }
    return rv;
}
