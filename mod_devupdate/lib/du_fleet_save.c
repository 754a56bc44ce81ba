#include "du_fleet_rows.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "du_batch.h"
#include "du_text.h"

const char *du_fleet_number(const du_fleet_t *fleet, apr_int64_t value)
{
    return value == 0 ? "0" : value == 1 ? "1" : du_text_number(fleet->pool, value);
}

apr_status_t du_fleet_execute(du_fleet_t *fleet, du_sql_e statement, const char *const *args)
{
    return du_db_execute(fleet->ctx, fleet->store->db, statement, args, NULL);
}

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

/*
 * Phones
 */

static apr_status_t give_ids(du_fleet_t *fleet)
{
    int count = 0;
    apr_int64_t last = 0;
    apr_status_t rv;

    for (int i = 0; i < fleet->phones->nelts; i++) {
        const du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        count += phone->is.id == 0 && !phone->is_gone;
    }
    rv = count ? du_store_raise_by(fleet->ctx, fleet->store, "device", count, &last) : APR_SUCCESS;
    for (int i = 0; i < fleet->phones->nelts && rv == APR_SUCCESS; i++) {
        du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        if (phone->is.id == 0 && !phone->is_gone) {
            phone->is.id = last - --count;
        }
    }
    return rv;
}

/* A phone that is gone leaves its events to its heir, or takes them along. */
static apr_status_t bury(du_fleet_t *fleet, const du_fleet_phone_t *phone)
{
    du_fleet_phone_t *heir = phone->heir;
    const char *id = du_fleet_number(fleet, phone->is.id), *args[] = {id, NULL};
    apr_status_t rv;

    if (phone->is.id == 0) {
        return APR_SUCCESS;
    }
    while (heir && heir->heir) {
        heir = heir->heir;
    }
    if (heir) {
        const char *move[] = {du_fleet_number(fleet, heir->is.id), du_fleet_number(fleet, heir->is.events), id, NULL};

        rv = du_fleet_execute(fleet, DU_SQL_DEVICE_EVENT_MOVE, move);
        heir->is.events += phone->is.events;
    } else {
        rv = du_fleet_execute(fleet, DU_SQL_DEVICE_EVENTS_DELETE, args);
    }
    if (rv == APR_SUCCESS) {
        rv = du_fleet_execute(fleet, DU_SQL_DEVICE_NAME_DELETE, args);
    }
    return rv == APR_SUCCESS ? du_fleet_execute(fleet, DU_SQL_DEVICE_DELETE, args) : rv;
}

static apr_status_t prune(du_fleet_t *fleet, const du_fleet_phone_t *phone, apr_int64_t last)
{
    const char *args[] = {du_fleet_number(fleet, phone->is.id), du_fleet_number(fleet, last), NULL};

    return last > 0 ? du_fleet_execute(fleet, DU_SQL_DEVICE_EVENT_PRUNE, args) : APR_SUCCESS;
}

/* Between three quarters of the history and all of it is kept, so that not every event removes one. */
static void put_events(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_batch_t *rows)
{
    const apr_array_header_t *events = phone->events;
    int history = fleet->rules->history, step = history / 4 + 1, skipped;
    apr_int64_t before = phone->is.events, after = before + events->nelts;

    skipped = events->nelts > history ? events->nelts - history : 0;
    for (int i = skipped; i < events->nelts; i++) {
        const du_phone_event_t *event = &APR_ARRAY_IDX(events, i, du_phone_event_t);
        const char *row[] = {du_fleet_number(fleet, phone->is.id),
                             du_fleet_number(fleet, before + i + 1),
                             du_fleet_number(fleet, event->time),
                             event->kind,
                             event->node,
                             event->address,
                             event->version,
                             event->offered,
                             event->result,
                             event->reason,
                             event->file,
                             du_fleet_number(fleet, event->bytes)};

        du_batch_put(rows, row, COUNT_OF(row));
    }
    phone->is.events = after;
    phone->is_full = skipped > 0 || before / step != after / step;
}

static void put_phone(const du_fleet_t *fleet, const du_fleet_phone_t *phone, const du_batch_t *rows)
{
    const du_phone_t *is = &phone->is;
    const char *values[] = {du_fleet_number(fleet, is->id),
                            du_fleet_number(fleet, phone->kind->id),
                            phone->kind->state,
                            is->version_before,
                            du_fleet_number(fleet, is->version_time),
                            is->node,
                            is->endpoint,
                            du_fleet_number(fleet, is->first_seen),
                            du_fleet_number(fleet, is->last_seen),
                            du_fleet_number(fleet, is->checks),
                            is->result,
                            is->reason,
                            is->offered,
                            du_fleet_number(fleet, is->offered_time),
                            du_fleet_number(fleet, is->offers),
                            is->taken,
                            du_fleet_number(fleet, is->taken_time),
                            du_fleet_number(fleet, is->taken_bytes),
                            du_fleet_number(fleet, is->taken_size),
                            is->held,
                            du_fleet_number(fleet, is->events),
                            du_fleet_number(fleet, is->takes),
                            du_fleet_number(fleet, phone->taken_offer)};

    du_batch_put(rows, values, COUNT_OF(values));
}

static void put_names(const du_fleet_t *fleet, const du_fleet_phone_t *phone, const du_batch_t *rows)
{
    const du_phone_t *is = &phone->is;
    const char *values[] = {du_fleet_number(fleet, is->id),
                            is->mac,
                            du_phone_mac_reverse(fleet->pool, is->mac),
                            is->serial,
                            is->address,
                            is->user};

    du_batch_put(rows, values, COUNT_OF(values));
}

/* Those that are gone first: their names may be others' now. */
static apr_status_t bury_all(du_fleet_t *fleet)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < fleet->phones->nelts && rv == APR_SUCCESS; i++) {
        const du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        rv = phone->is_gone ? bury(fleet, phone) : APR_SUCCESS;
    }
    return rv;
}

static apr_status_t prune_all(du_fleet_t *fleet)
{
    int history = fleet->rules->history;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < fleet->phones->nelts && rv == APR_SUCCESS; i++) {
        const du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        rv = phone->is_full ? prune(fleet, phone, phone->is.events - history + history / 4) : APR_SUCCESS;
    }
    return rv;
}

static int by_id(const void *a, const void *b)
{
    const du_fleet_phone_t *first = *(du_fleet_phone_t *const *)a, *second = *(du_fleet_phone_t *const *)b;

    return (first->is.id > second->is.id) - (first->is.id < second->is.id);
}

static apr_status_t save_phones(du_fleet_t *fleet)
{
    const du_batch_t rows[] = {du_batch_make(fleet->pool, DU_SQL_DEVICE_SAVE, 23),
                               du_batch_make(fleet->pool, DU_SQL_DEVICE_NAME_SAVE, 6),
                               du_batch_make(fleet->pool, DU_SQL_DEVICE_EVENT_INSERT, 12)};
    const du_batch_t *phones = &rows[0], *names = &rows[1], *events = &rows[2];
    apr_status_t rv = bury_all(fleet);

    /* neighbours in a table one after the other: that is a third faster with SQLite */
    qsort(fleet->phones->elts, (size_t)fleet->phones->nelts, sizeof(du_fleet_phone_t *), by_id);
    for (int i = 0; i < fleet->phones->nelts; i++) {
        du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        if (phone->is_gone) {
            continue;
        }
        if (phone->events) {
            put_events(fleet, phone, events);
        }
        if (phone->changed) {
            put_phone(fleet, phone, phones);
        }
        if (phone->changed & DU_CHANGED_NAMES) {
            put_names(fleet, phone, names);
        }
    }
    for (int i = 0; i < COUNT_OF(rows) && rv == APR_SUCCESS; i++) {
        rv = du_batch_write(fleet->ctx, fleet->store->db, &rows[i], NULL);
    }
    return rv == APR_SUCCESS ? prune_all(fleet) : rv;
}

/*
 * Traffic, strangers, roll-outs
 */

static apr_status_t save_traffic(du_fleet_t *fleet)
{
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->traffic); at && rv == APR_SUCCESS;
         at = apr_hash_next(at)) {
        const du_fleet_traffic_t *traffic;
        void *value;

        apr_hash_this(at, NULL, NULL, &value);
        traffic = value;
        rv = du_fleet_execute(
            fleet, DU_SQL_TRAFFIC_SAVE,
            (const char *const[]){du_fleet_number(fleet, traffic->hour), traffic->node,
                                  du_fleet_number(fleet, traffic->checks), du_fleet_number(fleet, traffic->offers),
                                  du_fleet_number(fleet, traffic->refused),
                                  du_fleet_number(fleet, traffic->downloads), du_fleet_number(fleet, traffic->bytes),
                                  du_fleet_number(fleet, traffic->uploads), NULL});
    }
    return rv;
}

/* Whether there is room for a stranger: a known one has it. *count is -1 as long as nobody has asked. */
static apr_status_t has_room(du_fleet_t *fleet, const char *device_key, apr_int64_t *count, int *room)
{
    const char *args[] = {device_key, NULL};
    apr_array_header_t *known;
    apr_status_t rv = du_store_texts(fleet->ctx, fleet->store, DU_SQL_STRANGER, args, fleet->pool, &known);

    *room = known->nelts > 0;
    if (rv == APR_SUCCESS && !*room) {
        if (*count < 0) {
            rv = du_db_number(fleet->ctx, fleet->store->db, DU_SQL_STRANGERS_COUNT, NULL, count);
        }
        *room = *count < DU_STRANGERS_MAX;
        *count += *room;
    }
    return rv;
}

static apr_status_t save_stranger(du_fleet_t *fleet, const du_fleet_stranger_t *stranger, apr_int64_t *count)
{
    const du_key_t *key = &stranger->key;
    const char *args[] = {stranger->device_key,
                          key->type,
                          key->brand,
                          key->model,
                          key->revision,
                          key->locale,
                          du_fleet_number(fleet, stranger->checks),
                          du_fleet_number(fleet, stranger->first_seen),
                          du_fleet_number(fleet, stranger->last_seen),
                          NULL};
    int room;
    apr_status_t rv = has_room(fleet, stranger->device_key, count, &room);

    fleet->result->strange += rv == APR_SUCCESS && !room ? stranger->checks : 0;
    return rv == APR_SUCCESS && room ? du_fleet_execute(fleet, DU_SQL_STRANGER_SAVE, args) : rv;
}

static apr_status_t save_strangers(du_fleet_t *fleet)
{
    apr_int64_t count = -1;
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->strangers); at && rv == APR_SUCCESS;
         at = apr_hash_next(at)) {
        void *value;

        apr_hash_this(at, NULL, NULL, &value);
        rv = save_stranger(fleet, value, &count);
    }
    return rv;
}

/* The two columns of a row, copied. */
typedef struct pair_t {
    apr_pool_t *pool;
    const char *first, *second;
} pair_t;

static apr_status_t take_pair(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    pair_t *pair = baton;

    (void)row_pool;
    pair->first = apr_pstrdup(pair->pool, columns[0]);
    pair->second = apr_pstrdup(pair->pool, columns[1]);
    return APR_SUCCESS;
}

static apr_status_t save_rollout(du_fleet_t *fleet, const char *device_key, apr_time_t hour)
{
    const char *key[] = {device_key, NULL};
    pair_t rule = {fleet->pool, NULL, NULL}, phones = {fleet->pool, NULL, NULL};
    apr_status_t rv = du_db_select(fleet->ctx, fleet->store->db, DU_SQL_FLEET_RULE, key, take_pair, &rule);

    if (rv != APR_SUCCESS || !rule.first || !*rule.second) {
        return rv;
    }
    rv = du_db_select(fleet->ctx, fleet->store->db, DU_SQL_FLEET_ROLLOUT,
                      (const char *const[]){rule.second, device_key, NULL}, take_pair, &phones);
    return rv == APR_SUCCESS ? du_fleet_execute(fleet, DU_SQL_ROLLOUT_SAVE,
                                                (const char *const[]){rule.first, du_fleet_number(fleet, hour),
                                                                      rule.second, phones.first, phones.second, NULL})
                             : rv;
}

/* Of every rule whose phones have come or gone, or changed their version. */
static apr_status_t save_rollouts(du_fleet_t *fleet, apr_time_t hour)
{
    apr_hash_t *saved = apr_hash_make(fleet->pool);
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->kinds); at && rv == APR_SUCCESS;
         at = apr_hash_next(at)) {
        const du_kind_t *kind;
        void *value;

        apr_hash_this(at, NULL, NULL, &value);
        kind = value;
        if (kind->phones && !apr_hash_get(saved, kind->device_key, APR_HASH_KEY_STRING)) {
            apr_hash_set(saved, kind->device_key, APR_HASH_KEY_STRING, kind);
            rv = save_rollout(fleet, kind->device_key, hour);
        }
    }
    return rv;
}

apr_status_t du_fleet_save(du_fleet_t *fleet, apr_time_t hour)
{
    apr_status_t rv = give_ids(fleet);

    if (rv == APR_SUCCESS) {
        rv = du_fleet_move_phones(fleet);
    }
    if (rv == APR_SUCCESS) {
        rv = du_fleet_save_kinds(fleet);
    }
    if (rv == APR_SUCCESS) {
        rv = save_phones(fleet);
    }
    if (rv == APR_SUCCESS) {
        rv = save_traffic(fleet);
    }
    if (rv == APR_SUCCESS) {
        rv = save_strangers(fleet);
    }
    return rv == APR_SUCCESS ? save_rollouts(fleet, hour) : rv;
}
