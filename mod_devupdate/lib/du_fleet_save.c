#include "du_fleet_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_batch.h"
#include "du_text.h"

static const char *number(const du_fleet_t *fleet, apr_int64_t value)
{
    return value == 0 ? "0" : value == 1 ? "1" : du_text_number(fleet->pool, value);
}

static apr_status_t execute(du_fleet_t *fleet, du_sql_e statement, const char *const *args)
{
    return du_db_execute(fleet->ctx, fleet->store->db, statement, args, NULL);
}

/*
 * Many rows of one statement
 */

typedef struct rows_t {
    du_sql_e statement;
    int width;
    apr_array_header_t *values; /* const char *, of all rows */
} rows_t;

static rows_t make_rows(const du_fleet_t *fleet, du_sql_e statement, int width)
{
    rows_t rows = {statement, width, apr_array_make(fleet->pool, 64 * width, sizeof(const char *))};

    return rows;
}

/* The values of a row, or some of them. */
static void put_values(const rows_t *rows, const char *const *values, int count)
{
    for (int i = 0; i < count; i++) {
        APR_ARRAY_PUSH(rows->values, const char *) = values[i];
    }
}

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

static apr_status_t write_rows(du_fleet_t *fleet, const rows_t *rows)
{
    int changed;

    return du_batch_execute(fleet->ctx, fleet->store->db, rows->statement, (const char *const *)rows->values->elts,
                            rows->width, rows->values->nelts / rows->width, &changed);
}

/*
 * Kinds
 */

static const char *kind_name(const du_fleet_t *fleet, const char *device_key, const char *version,
                             const char *site_key, const char *state)
{
    return apr_pstrcat(fleet->pool, device_key, "\n", version, "\n", site_key, "\n", state, NULL);
}

static apr_status_t take_id(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)row_pool;
    *(apr_int64_t *)baton = apr_atoi64(columns[0]);
    return APR_SUCCESS;
}

/* The kind that a phone is of now, of the store or a new one. */
static apr_status_t find_kind(du_fleet_t *fleet, const du_fleet_phone_t *phone, du_kind_t **kind)
{
    const char *state = du_phone_state_word(phone->is.state);
    const char *args[] = {phone->device_key, phone->is.version, phone->is.site, state, NULL};
    const char *name = kind_name(fleet, args[0], args[1], args[2], args[3]);
    apr_int64_t id = 0;
    apr_status_t rv = APR_SUCCESS;

    *kind = apr_hash_get(fleet->kinds, name, APR_HASH_KEY_STRING);
    if (*kind) {
        return APR_SUCCESS;
    }
    rv = du_db_select(fleet->ctx, fleet->store->db, DU_SQL_FLEET_KIND, args, take_id, &id);
    *kind = id ? apr_hash_get(fleet->kinds_by_id, &id, sizeof(id)) : NULL;
    if (!*kind) {
        *kind = apr_pcalloc(fleet->pool, sizeof(**kind));
        **kind = (du_kind_t){id, phone->device_key, phone->is.key, args[1], args[2], state, 0, id == 0};
    }
    apr_hash_set(fleet->kinds, name, APR_HASH_KEY_STRING, *kind);
    return rv;
}

static int is_kind(const du_kind_t *kind, const du_fleet_phone_t *phone)
{
    return strcmp(kind->version, phone->is.version) == 0 &&
           strcmp(kind->state, du_phone_state_word(phone->is.state)) == 0 &&
           strcmp(kind->site_key, phone->is.site) == 0 && strcmp(kind->device_key, phone->device_key) == 0;
}

/* Moves a phone from the kind it was of to the one it is of. */
static apr_status_t move_phone(du_fleet_t *fleet, du_fleet_phone_t *phone)
{
    du_kind_t *kind;
    apr_status_t rv;

    if (phone->is_gone) {
        if (phone->kind) {
            phone->kind->phones--;
        }
        return APR_SUCCESS;
    }
    if (!phone->changed || (phone->kind && is_kind(phone->kind, phone))) {
        return APR_SUCCESS;
    }
    rv = find_kind(fleet, phone, &kind);
    if (rv == APR_SUCCESS && kind != phone->kind) {
        if (phone->kind) {
            phone->kind->phones--;
        }
        kind->phones++;
        phone->kind = kind;
        phone->changed |= DU_CHANGED_NAME;
    }
    return rv;
}

static apr_status_t move_phones(du_fleet_t *fleet)
{
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->kinds_by_id); at; at = apr_hash_next(at)) {
        void *value;
        du_kind_t *kind;

        apr_hash_this(at, NULL, NULL, &value);
        kind = value;
        apr_hash_set(fleet->kinds, kind_name(fleet, kind->device_key, kind->version, kind->site_key, kind->state),
                     APR_HASH_KEY_STRING, kind);
    }
    for (int i = 0; i < fleet->phones->nelts && rv == APR_SUCCESS; i++) {
        rv = move_phone(fleet, APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *));
    }
    return rv;
}

static apr_status_t insert_kind(du_fleet_t *fleet, du_kind_t *kind)
{
    const char *args[] = {NULL,
                          kind->device_key,
                          kind->key.type,
                          kind->key.brand,
                          kind->key.model,
                          kind->key.revision,
                          kind->key.locale,
                          kind->version,
                          kind->site_key,
                          kind->state,
                          number(fleet, kind->phones),
                          NULL};
    apr_status_t rv = du_store_raise(fleet->ctx, fleet->store, "device_count", &kind->id);

    args[0] = number(fleet, kind->id);
    return rv == APR_SUCCESS ? execute(fleet, DU_SQL_FLEET_KIND_INSERT, args) : rv;
}

static apr_status_t count_kind(du_fleet_t *fleet, const du_kind_t *kind)
{
    const char *args[] = {number(fleet, kind->phones), number(fleet, kind->id), NULL};

    return kind->phones ? execute(fleet, DU_SQL_FLEET_KIND_COUNT, args) : APR_SUCCESS;
}

/* What is counted by kind and version alone (device_version). */
typedef struct version_t {
    const du_kind_t *kind; /* one of them */
    apr_int64_t phones;    /* how many more */
} version_t;

static void count_version(const du_fleet_t *fleet, apr_hash_t *versions, const du_kind_t *kind)
{
    const char *name = apr_pstrcat(fleet->pool, kind->device_key, "\n", kind->version, NULL);
    version_t *version = apr_hash_get(versions, name, APR_HASH_KEY_STRING);

    if (!version) {
        version = apr_pcalloc(fleet->pool, sizeof(*version));
        version->kind = kind;
        apr_hash_set(versions, name, APR_HASH_KEY_STRING, version);
    }
    version->phones += kind->phones;
}

static apr_status_t save_versions(du_fleet_t *fleet, apr_hash_t *versions)
{
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, versions); at && rv == APR_SUCCESS;
         at = apr_hash_next(at)) {
        const version_t *version;
        const du_key_t *key;
        void *value;

        apr_hash_this(at, NULL, NULL, &value);
        version = value;
        key = &version->kind->key;
        if (version->phones != 0) {
            rv = execute(fleet, DU_SQL_FLEET_VERSION_COUNT,
                         (const char *const[]){version->kind->device_key, version->kind->version, key->type,
                                               key->brand, key->model, key->revision, key->locale,
                                               number(fleet, version->phones), NULL});
        }
    }
    return rv;
}

static apr_status_t save_kinds(du_fleet_t *fleet)
{
    apr_hash_t *versions = apr_hash_make(fleet->pool);
    apr_status_t rv = APR_SUCCESS;

    for (apr_hash_index_t *at = apr_hash_first(fleet->pool, fleet->kinds); at && rv == APR_SUCCESS;
         at = apr_hash_next(at)) {
        void *value;
        du_kind_t *kind;

        apr_hash_this(at, NULL, NULL, &value);
        kind = value;
        count_version(fleet, versions, kind);
        rv = kind->is_new ? insert_kind(fleet, kind) : count_kind(fleet, kind);
    }
    return rv == APR_SUCCESS ? save_versions(fleet, versions) : rv;
}

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
    const char *id = number(fleet, phone->is.id), *args[] = {id, NULL};
    apr_status_t rv;

    if (phone->is.id == 0) {
        return APR_SUCCESS;
    }
    while (heir && heir->heir) {
        heir = heir->heir;
    }
    if (heir) {
        const char *move[] = {number(fleet, heir->is.id), number(fleet, heir->is.events), id, NULL};

        rv = execute(fleet, DU_SQL_DEVICE_EVENT_MOVE, move);
        heir->is.events += phone->is.events;
    } else {
        rv = execute(fleet, DU_SQL_DEVICE_EVENTS_DELETE, args);
    }
    return rv == APR_SUCCESS ? execute(fleet, DU_SQL_DEVICE_DELETE, args) : rv;
}

static apr_status_t prune(du_fleet_t *fleet, const du_fleet_phone_t *phone, apr_int64_t last)
{
    const char *args[] = {number(fleet, phone->is.id), number(fleet, last), NULL};

    return last > 0 ? execute(fleet, DU_SQL_DEVICE_EVENT_PRUNE, args) : APR_SUCCESS;
}

/* Between three quarters of the history and all of it is kept, so that not every event removes one. */
static void put_events(du_fleet_t *fleet, du_fleet_phone_t *phone, const rows_t *rows)
{
    const apr_array_header_t *events = phone->events;
    int history = fleet->rules->history, step = history / 4 + 1, skipped;
    apr_int64_t before = phone->is.events, after = before + events->nelts;

    skipped = events->nelts > history ? events->nelts - history : 0;
    for (int i = skipped; i < events->nelts; i++) {
        const du_phone_event_t *event = &APR_ARRAY_IDX(events, i, du_phone_event_t);
        const char *row[] = {number(fleet, phone->is.id),
                             number(fleet, before + i + 1),
                             number(fleet, event->time),
                             event->kind,
                             event->node,
                             event->address,
                             event->version,
                             event->offered,
                             event->result,
                             event->reason,
                             event->file,
                             number(fleet, event->bytes)};

        put_values(rows, row, COUNT_OF(row));
    }
    phone->is.events = after;
    phone->is_full = skipped > 0 || before / step != after / step;
}

/* What a phone did, which changes with each record; the last columns of both statements. */
static void put_doings(const du_fleet_t *fleet, const du_fleet_phone_t *phone, const rows_t *rows)
{
    const du_phone_t *is = &phone->is;
    const char *values[] = {is->node,
                            is->endpoint,
                            number(fleet, is->last_seen),
                            number(fleet, is->checks),
                            is->result,
                            is->reason,
                            is->offered,
                            number(fleet, is->offered_time),
                            number(fleet, is->offers),
                            is->taken,
                            number(fleet, is->taken_time),
                            number(fleet, is->taken_bytes),
                            number(fleet, is->taken_size),
                            number(fleet, is->events),
                            number(fleet, is->takes),
                            number(fleet, phone->taken_offer)};

    put_values(rows, values, COUNT_OF(values));
}

static void put_whole(const du_fleet_t *fleet, const du_fleet_phone_t *phone, const rows_t *rows)
{
    const du_phone_t *is = &phone->is;
    const char *values[] = {number(fleet, is->id),
                            number(fleet, phone->kind->id),
                            phone->kind->state,
                            is->mac,
                            du_phone_mac_reverse(fleet->pool, is->mac),
                            is->serial,
                            is->address,
                            is->user,
                            is->version_before,
                            number(fleet, is->version_time),
                            number(fleet, is->first_seen),
                            is->held};

    put_values(rows, values, COUNT_OF(values));
    put_doings(fleet, phone, rows);
}

static void put_seen(const du_fleet_t *fleet, const du_fleet_phone_t *phone, const rows_t *rows)
{
    const char *id = number(fleet, phone->is.id);

    put_values(rows, &id, 1);
    put_doings(fleet, phone, rows);
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

static apr_status_t save_phones(du_fleet_t *fleet)
{
    const rows_t whole = make_rows(fleet, DU_SQL_DEVICE_SAVE, 28), seen = make_rows(fleet, DU_SQL_DEVICE_TOUCH, 17),
                 events = make_rows(fleet, DU_SQL_DEVICE_EVENT_INSERT, 12);
    apr_status_t rv = bury_all(fleet);

    for (int i = 0; i < fleet->phones->nelts; i++) {
        du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        if (!phone->is_gone && phone->events) {
            put_events(fleet, phone, &events);
        }
        if (!phone->is_gone && (phone->changed & DU_CHANGED_NAME)) {
            put_whole(fleet, phone, &whole);
        } else if (!phone->is_gone && phone->changed) {
            put_seen(fleet, phone, &seen);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = write_rows(fleet, &whole);
    }
    if (rv == APR_SUCCESS) {
        rv = write_rows(fleet, &seen);
    }
    if (rv == APR_SUCCESS) {
        rv = write_rows(fleet, &events);
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
        rv = execute(fleet, DU_SQL_TRAFFIC_SAVE,
                     (const char *const[]){number(fleet, traffic->hour), traffic->node,
                                           number(fleet, traffic->checks), number(fleet, traffic->offers),
                                           number(fleet, traffic->refused), number(fleet, traffic->downloads),
                                           number(fleet, traffic->bytes), number(fleet, traffic->uploads), NULL});
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
            rv = du_db_select(fleet->ctx, fleet->store->db, DU_SQL_STRANGERS_COUNT, NULL, take_id, count);
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
                          number(fleet, stranger->checks),
                          number(fleet, stranger->first_seen),
                          number(fleet, stranger->last_seen),
                          NULL};
    int room;
    apr_status_t rv = has_room(fleet, stranger->device_key, count, &room);

    fleet->result->strange += rv == APR_SUCCESS && !room ? stranger->checks : 0;
    return rv == APR_SUCCESS && room ? execute(fleet, DU_SQL_STRANGER_SAVE, args) : rv;
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
    return rv == APR_SUCCESS ? execute(fleet, DU_SQL_ROLLOUT_SAVE,
                                       (const char *const[]){rule.first, number(fleet, hour), rule.second,
                                                             phones.first, phones.second, NULL})
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
        rv = move_phones(fleet);
    }
    if (rv == APR_SUCCESS) {
        rv = save_kinds(fleet);
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
