#include "du_fleet_rows.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

/* How many things one of these statements asks for; it is the same for all. */
enum {
#define MANY(id, rows) ROWS_OF_##id = rows,
    DU_SQL_MANY_LIST(MANY)
#undef MANY
};
#define EACH ROWS_OF_DU_SQL_FLEET_BY_MAC_MANY

/* Texts without doubles. */
typedef struct texts_t {
    apr_hash_t *seen;
    apr_array_header_t *list;
} texts_t;

static texts_t make_texts(apr_pool_t *pool)
{
    texts_t texts = {apr_hash_make(pool), apr_array_make(pool, 256, sizeof(const char *))};

    return texts;
}

static void add_text(texts_t *texts, const char *text)
{
    if (!apr_hash_get(texts->seen, text, APR_HASH_KEY_STRING)) {
        apr_hash_set(texts->seen, text, APR_HASH_KEY_STRING, text);
        APR_ARRAY_PUSH(texts->list, const char *) = text;
    }
}

/* Runs the statement for all rows of `width` values, EACH at a time; the last one is repeated where there are not so many. */
static apr_status_t select_rows(du_fleet_t *fleet, du_sql_e one, const apr_array_header_t *values, int width,
                                du_db_row_fn *take, void *baton)
{
    const du_sql_e many = one + 1;
    const char *args[3 * EACH + 1];
    int rows = values->nelts / width;
    apr_status_t rv = APR_SUCCESS;

    for (int at = 0; at < rows && rv == APR_SUCCESS; at += EACH) {
        int left = rows - at, is_one = left == 1, some = is_one ? 1 : EACH;

        for (int i = 0; i < some; i++) {
            memcpy(args + i * width, (const char *const *)values->elts + (at + (i < left ? i : left - 1)) * width,
                   sizeof(*args) * (size_t)width);
        }
        args[some * width] = NULL;
        rv = du_db_select(fleet->ctx, fleet->store->db, is_one ? one : many, args, take, baton);
    }
    return rv;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Neighbours in an index one after the other, which SQLite finds faster. */
static apr_status_t select_all(du_fleet_t *fleet, du_sql_e one, const texts_t *texts, du_db_row_fn *take)
{
    qsort(texts->list->elts, (size_t)texts->list->nelts, sizeof(const char *), by_text);
    return select_rows(fleet, one, texts->list, 1, take, fleet);
}

/*
 * Phones
 */

/* A column; texts of the empty kind need no room. */
static const char *copy(apr_pool_t *pool, const char *text)
{
    return *text ? apr_pstrdup(pool, text) : "";
}

/* The columns of the statements fleet_by_.... */
static void read_phone(apr_pool_t *pool, const char *const *columns, du_fleet_phone_t *phone)
{
    du_phone_t *is = &phone->is;

    is->id = apr_atoi64(columns[0]);
    is->mac = copy(pool, columns[2]);
    is->serial = copy(pool, columns[3]);
    is->address = copy(pool, columns[4]);
    is->user = copy(pool, columns[5]);
    is->version_before = copy(pool, columns[6]);
    is->version_time = apr_atoi64(columns[7]);
    is->node = copy(pool, columns[8]);
    is->endpoint = copy(pool, columns[9]);
    is->first_seen = apr_atoi64(columns[10]);
    is->last_seen = apr_atoi64(columns[11]);
    is->checks = apr_atoi64(columns[12]);
    is->result = copy(pool, columns[13]);
    is->reason = copy(pool, columns[14]);
    is->offered = copy(pool, columns[15]);
    is->offered_time = apr_atoi64(columns[16]);
    is->offers = (int)apr_atoi64(columns[17]);
    is->taken = copy(pool, columns[18]);
    is->taken_time = apr_atoi64(columns[19]);
    is->taken_bytes = apr_atoi64(columns[20]);
    is->taken_size = apr_atoi64(columns[21]);
    is->held = copy(pool, columns[22]);
    is->events = apr_atoi64(columns[23]);
    is->takes = (int)apr_atoi64(columns[24]);
    phone->taken_offer = (int)apr_atoi64(columns[25]);
}

/* The kind's record is there as soon as a phone of it is; what it says comes with load_kinds(). */
static du_kind_t *kind_of(du_fleet_t *fleet, apr_int64_t id)
{
    du_kind_t *kind = apr_hash_get(fleet->kinds_by_id, &id, sizeof(id));

    if (!kind) {
        kind = apr_pcalloc(fleet->pool, sizeof(*kind));
        kind->id = id;
        apr_hash_set(fleet->kinds_by_id, &kind->id, sizeof(kind->id), kind);
    }
    return kind;
}

static apr_status_t take_phone(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    du_fleet_t *fleet = baton;
    apr_int64_t id = apr_atoi64(columns[0]);
    du_fleet_phone_t *phone;

    (void)row_pool;
    if (apr_hash_get(fleet->by_id, &id, sizeof(id))) {
        return APR_SUCCESS;
    }
    phone = apr_pcalloc(fleet->pool, sizeof(*phone));
    read_phone(fleet->pool, columns, phone);
    phone->kind = kind_of(fleet, apr_atoi64(columns[1]));
    APR_ARRAY_PUSH(fleet->phones, du_fleet_phone_t *) = phone;
    apr_hash_set(fleet->by_id, &phone->is.id, sizeof(phone->is.id), phone);
    return APR_SUCCESS;
}

/* id, key, its parts, version, site, state */
static apr_status_t take_kind(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    du_fleet_t *fleet = baton;
    du_kind_t *kind = kind_of(fleet, apr_atoi64(columns[0]));

    (void)row_pool;
    kind->device_key = copy(fleet->pool, columns[1]);
    kind->key.type = copy(fleet->pool, columns[2]);
    kind->key.brand = copy(fleet->pool, columns[3]);
    kind->key.model = copy(fleet->pool, columns[4]);
    kind->key.revision = copy(fleet->pool, columns[5]);
    kind->key.locale = copy(fleet->pool, columns[6]);
    kind->version = copy(fleet->pool, columns[7]);
    kind->site_key = copy(fleet->pool, columns[8]);
    kind->state = copy(fleet->pool, columns[9]);
    return APR_SUCCESS;
}

/* Of the kinds whose phones were read: what they say. Then the phones are whole, and known by their names. */
static apr_status_t load_kinds(du_fleet_t *fleet, int first)
{
    texts_t ids = make_texts(fleet->pool);
    apr_status_t rv;

    for (int i = first; i < fleet->phones->nelts; i++) {
        du_kind_t *kind = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *)->kind;

        if (!kind->device_key) {
            add_text(&ids, du_text_number(fleet->pool, kind->id));
        }
    }
    rv = select_all(fleet, DU_SQL_FLEET_KINDS, &ids, take_kind);
    for (int i = first; i < fleet->phones->nelts && rv == APR_SUCCESS; i++) {
        du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);

        if (!phone->kind->device_key) {
            return du_fail(fleet->ctx, DU_E_DAMAGED, DUNO(0939),
                           "phone %" APR_INT64_T_FMT " of the store is of a kind %" APR_INT64_T_FMT
                           " that is not there",
                           phone->is.id, phone->kind->id);
        }
        phone->device_key = phone->kind->device_key;
        phone->is.key = phone->kind->key;
        phone->is.version = phone->kind->version;
        phone->is.site = phone->kind->site_key;
        du_phone_state_parse(phone->kind->state, &phone->is.state);
        du_fleet_index(fleet, phone);
    }
    return rv;
}

/* The phone that was seen last with a serial number, for each. */
static apr_status_t load_by_serial(du_fleet_t *fleet, const apr_array_header_t *serials)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < serials->nelts && rv == APR_SUCCESS; i++) {
        const char *args[] = {APR_ARRAY_IDX(serials, i, const char *), NULL};

        rv = du_db_select(fleet->ctx, fleet->store->db, DU_SQL_FLEET_BY_SERIAL, args, take_phone, fleet);
    }
    return rv;
}

apr_status_t du_fleet_load_ids(du_fleet_t *fleet, const apr_array_header_t *ids)
{
    apr_status_t rv = select_rows(fleet, DU_SQL_FLEET_BY_ID, ids, 1, take_phone, fleet);

    return rv == APR_SUCCESS ? load_kinds(fleet, 0) : rv;
}

/*
 * Whose downloads are whose
 */

typedef struct taker_t {
    const char *offer;
    apr_int64_t id;
} taker_t;

typedef struct takers_t {
    const du_fleet_t *fleet;
    apr_array_header_t *list; /* of taker_t */
} takers_t;

/* address, key, version in lower case, id or nothing */
static apr_status_t take_taker(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    takers_t *takers = baton;
    taker_t *taker = apr_array_push(takers->list);

    (void)row_pool;
    taker->offer = du_fleet_offer(takers->fleet, columns[0], columns[1], columns[2]);
    taker->id = apr_atoi64(columns[3]);
    return APR_SUCCESS;
}

/* Who that is, of those that are asked for: rows of address, key and version. */
static apr_status_t find_takers(du_fleet_t *fleet, const apr_array_header_t *asked)
{
    takers_t takers = {fleet, apr_array_make(fleet->pool, 64, sizeof(taker_t))};
    texts_t ids = make_texts(fleet->pool);
    int first = fleet->phones->nelts;
    apr_status_t rv = select_rows(fleet, DU_SQL_FLEET_TAKER, asked, 3, take_taker, &takers);

    for (int i = 0; i < takers.list->nelts; i++) {
        apr_int64_t id = APR_ARRAY_IDX(takers.list, i, taker_t).id;

        if (id && !apr_hash_get(fleet->by_id, &id, sizeof(id))) {
            add_text(&ids, du_text_number(fleet->pool, id));
        }
    }
    if (rv == APR_SUCCESS) {
        rv = select_all(fleet, DU_SQL_FLEET_BY_ID, &ids, take_phone);
    }
    if (rv == APR_SUCCESS) {
        rv = load_kinds(fleet, first);
    }
    for (int i = 0; i < takers.list->nelts && rv == APR_SUCCESS; i++) {
        const taker_t *taker = &APR_ARRAY_IDX(takers.list, i, taker_t);

        apr_hash_set(fleet->by_offer, taker->offer, APR_HASH_KEY_STRING,
                     apr_hash_get(fleet->by_id, &taker->id, sizeof(taker->id)));
    }
    return rv;
}

static void ask_for(const du_fleet_t *fleet, apr_array_header_t *asked, const du_record_t *record, const char *offer)
{
    APR_ARRAY_PUSH(asked, const char *) = record->address;
    APR_ARRAY_PUSH(asked, const char *) = du_fleet_key(fleet, &record->key);
    APR_ARRAY_PUSH(asked, const char *) = du_text_fold(fleet->pool, record->version);
    apr_hash_set(fleet->asked, offer, APR_HASH_KEY_STRING, record);
}

/* Downloads of what a phone is offered in a record before them are told without a look into the store. */
static apr_status_t load_takers(du_fleet_t *fleet, const apr_array_header_t *sightings)
{
    apr_array_header_t *asked = apr_array_make(fleet->pool, 3 * EACH, sizeof(const char *));
    apr_hash_t *offers = apr_hash_make(fleet->pool);

    for (int i = 0; i < sightings->nelts; i++) {
        const du_record_t *record = &APR_ARRAY_IDX(sightings, i, du_sighting_t).record;
        int is_download = record->series == DU_SERIES_DOWNLOADS;
        const char *version = is_download ? record->version : record->offered, *offer;

        if (!*version || (is_download && !du_fleet_is_download(record))) {
            continue;
        }
        offer = du_fleet_offer(fleet, record->address, du_fleet_key(fleet, &record->key), version);
        if (is_download && !apr_hash_get(offers, offer, APR_HASH_KEY_STRING)) {
            ask_for(fleet, asked, record, offer);
        }
        if (is_download) {
            apr_hash_set(fleet->downloads, offer, APR_HASH_KEY_STRING, record);
        }
        apr_hash_set(offers, offer, APR_HASH_KEY_STRING, record);
    }
    return find_takers(fleet, asked);
}

apr_status_t du_fleet_load_taker(du_fleet_t *fleet, const du_record_t *record, const char *offer)
{
    apr_array_header_t *asked = apr_array_make(fleet->pool, 3, sizeof(const char *));

    if (apr_hash_get(fleet->asked, offer, APR_HASH_KEY_STRING)) {
        return APR_SUCCESS;
    }
    ask_for(fleet, asked, record, offer);
    return find_takers(fleet, asked);
}

apr_status_t du_fleet_count(du_fleet_t *fleet)
{
    return du_db_number(fleet->ctx, fleet->store->db, DU_SQL_FLEET_TOTAL, NULL, &fleet->total);
}

/*
 * What was fetched
 */

typedef struct image_reading_t {
    apr_pool_t *pool;
    du_fleet_image_t *image;
} image_reading_t;

static void add_file(const image_reading_t *reading, const char *name, const char *size)
{
    apr_off_t *kept = apr_palloc(reading->pool, sizeof(*kept));

    *kept = apr_atoi64(size);
    name = du_text_fold(reading->pool, name);
    if (*name &&
        !apr_hash_get(reading->image->sizes, name, APR_HASH_KEY_STRING)) { /* several may share a catalogue */
        apr_hash_set(reading->image->sizes, name, APR_HASH_KEY_STRING, kept);
        reading->image->total += *kept;
        reading->image->largest = *kept > reading->image->largest ? *kept : reading->image->largest;
    }
}

/* name, size, signature, its size */
static apr_status_t take_file(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)row_pool;
    add_file(baton, columns[0], columns[1]);
    add_file(baton, columns[2], columns[3]);
    return APR_SUCCESS;
}

apr_status_t du_fleet_load_image(du_fleet_t *fleet, const char *device_key, const char *version,
                                 du_fleet_image_t **image)
{
    const char *folded = du_text_fold(fleet->pool, version);
    const char *name = apr_pstrcat(fleet->pool, device_key, "/", folded, NULL);
    const char *args[] = {device_key, folded, NULL};
    image_reading_t reading = {fleet->pool, apr_hash_get(fleet->images, name, APR_HASH_KEY_STRING)};
    apr_status_t rv = APR_SUCCESS;

    if (!reading.image) {
        reading.image = apr_pcalloc(fleet->pool, sizeof(*reading.image));
        reading.image->sizes = apr_hash_make(fleet->pool);
        apr_hash_set(fleet->images, name, APR_HASH_KEY_STRING, reading.image);
        rv = du_db_select(fleet->ctx, fleet->store->db, DU_SQL_FLEET_IMAGE, args, take_file, &reading);
    }
    *image = reading.image;
    return rv;
}

/* phone, version, file, bytes */
static apr_status_t take_fetched(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    du_fleet_t *fleet = baton;
    apr_int64_t id = apr_atoi64(columns[0]);
    const du_fleet_phone_t *phone = apr_hash_get(fleet->by_id, &id, sizeof(id));
    const char *slash = strrchr(columns[2], '/');
    const char *name = du_text_fold(fleet->pool, slash ? slash + 1 : columns[2]);
    apr_off_t *have;

    (void)row_pool;
    if (strcmp(columns[1], phone->is.taken) != 0) {
        return APR_SUCCESS;
    }
    have = apr_hash_get(phone->fetched, name, APR_HASH_KEY_STRING);
    if (!have) {
        have = apr_pcalloc(fleet->pool, sizeof(*have));
        apr_hash_set(phone->fetched, name, APR_HASH_KEY_STRING, have);
    }
    *have += apr_atoi64(columns[3]); /* more than the file has is cut when the next piece of it comes */
    return APR_SUCCESS;
}

/* Of the phones that go on with what they took last. */
static apr_status_t load_fetched(du_fleet_t *fleet)
{
    texts_t ids = make_texts(fleet->pool);

    for (int i = 0; i < fleet->phones->nelts && apr_hash_count(fleet->downloads) > 0; i++) {
        du_fleet_phone_t *phone = APR_ARRAY_IDX(fleet->phones, i, du_fleet_phone_t *);
        const du_phone_t *is = &phone->is;

        if (*is->taken &&
            apr_hash_get(fleet->downloads, du_fleet_offer(fleet, is->address, phone->device_key, is->taken),
                         APR_HASH_KEY_STRING)) {
            phone->fetched = apr_hash_make(fleet->pool);
            add_text(&ids, du_text_number(fleet->pool, is->id));
        }
    }
    return select_all(fleet, DU_SQL_FLEET_FETCHED, &ids, take_fetched);
}

apr_status_t du_fleet_load_fetched(du_fleet_t *fleet, du_fleet_phone_t *phone)
{
    texts_t ids = make_texts(fleet->pool);

    phone->fetched = apr_hash_make(fleet->pool);
    if (phone->is.id) {
        add_text(&ids, du_text_number(fleet->pool, phone->is.id));
    }
    return select_all(fleet, DU_SQL_FLEET_FETCHED, &ids, take_fetched);
}

/*
 * All of it
 */

static apr_status_t load_named(du_fleet_t *fleet, const apr_array_header_t *sightings)
{
    texts_t macs = make_texts(fleet->pool), with_mac = make_texts(fleet->pool), serials = make_texts(fleet->pool),
            addresses = make_texts(fleet->pool);
    apr_status_t rv;

    for (int i = 0; i < sightings->nelts; i++) {
        const du_record_t *record = &APR_ARRAY_IDX(sightings, i, du_sighting_t).record;

        if (record->series == DU_SERIES_DOWNLOADS) {
            continue;
        }
        if (*record->mac) {
            add_text(&macs, record->mac);
        }
        if (*record->serial) {
            add_text(*record->mac ? &with_mac : &serials, record->serial);
        }
        add_text(&addresses, record->address);
    }
    rv = select_all(fleet, DU_SQL_FLEET_BY_MAC, &macs, take_phone);
    if (rv == APR_SUCCESS) {
        rv = select_all(fleet, DU_SQL_FLEET_BY_SERIAL_ONLY, &with_mac, take_phone);
    }
    if (rv == APR_SUCCESS) {
        rv = load_by_serial(fleet, serials.list);
    }
    if (rv == APR_SUCCESS) {
        rv = select_all(fleet, DU_SQL_FLEET_BY_ADDRESS, &addresses, take_phone);
    }
    return rv == APR_SUCCESS ? load_kinds(fleet, 0) : rv;
}

apr_status_t du_fleet_load(du_fleet_t *fleet, const apr_array_header_t *sightings)
{
    apr_status_t rv = load_named(fleet, sightings);

    if (rv == APR_SUCCESS) {
        rv = load_takers(fleet, sightings);
    }
    return rv == APR_SUCCESS ? load_fetched(fleet) : rv;
}
