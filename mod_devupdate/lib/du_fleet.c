#include "du_fleet_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

#define HOUR apr_time_from_sec(3600)

/*
 * Names
 */

const char *du_fleet_key(const du_fleet_t *fleet, const du_key_t *key)
{
    const char *parts[] = {key->type, key->brand, key->model, key->revision, key->locale};
    apr_size_t len = 5;
    char *text, *to;

    for (int i = 0; i < 5; i++) {
        len += strlen(parts[i]);
    }
    text = to = apr_palloc(fleet->pool, len);
    for (int i = 0; i < 5; i++) {
        for (const char *at = parts[i]; *at; at++) { /* a part of a rule has no slash in it */
            *to++ = *at == '/' ? '_' : (char)(*at >= 'A' && *at <= 'Z' ? *at + ('a' - 'A') : *at);
        }
        *to++ = i < 4 ? '/' : '\0';
    }
    return text;
}

int du_fleet_is_download(const du_record_t *record)
{
    return record->series == DU_SERIES_DOWNLOADS && (record->http == 200 || record->http == 206);
}

const char *du_fleet_offer(const du_fleet_t *fleet, const char *address, const char *device_key, const char *version)
{
    return apr_pstrcat(fleet->pool, address, " ", device_key, "/", du_text_fold(fleet->pool, version), NULL);
}

static void set(apr_hash_t *hash, const char *name, du_fleet_phone_t *phone)
{
    apr_hash_set(hash, name, APR_HASH_KEY_STRING, phone);
}

/* The phone of that name that is still one. */
static du_fleet_phone_t *get(apr_hash_t *hash, const char *name)
{
    du_fleet_phone_t *phone = apr_hash_get(hash, name, APR_HASH_KEY_STRING);

    while (phone && phone->heir) {
        phone = phone->heir;
    }
    return phone && !phone->is_gone ? phone : NULL;
}

void du_fleet_index(du_fleet_t *fleet, du_fleet_phone_t *phone)
{
    const du_phone_t *is = &phone->is;
    const du_fleet_phone_t *other;

    if (*is->mac) {
        set(fleet->by_mac, is->mac, phone);
    } else if (*is->serial) {
        set(fleet->by_serial_only, is->serial, phone);
    } else {
        set(fleet->by_address, is->address, phone);
    }
    if (*is->serial) {
        other = get(fleet->by_serial, is->serial);
        if (!other || other->is.last_seen <= is->last_seen) {
            set(fleet->by_serial, is->serial, phone);
        }
    }
}

/* NULL, which is no failure, if there is no room. */
static apr_status_t add_phone(du_fleet_t *fleet, const du_record_t *record, du_fleet_phone_t **phone)
{
    du_fleet_phone_t *made;
    apr_status_t rv = fleet->total < 0 ? du_fleet_count(fleet) : APR_SUCCESS;

    *phone = NULL;
    if (rv != APR_SUCCESS || fleet->total >= fleet->rules->limit) {
        fleet->result->over += rv == APR_SUCCESS;
        return rv;
    }
    made = apr_pcalloc(fleet->pool, sizeof(*made));
    made->is = (du_phone_t){.mac = record->mac,
                            .serial = record->serial,
                            .address = record->address,
                            .key = {"", "", "", "", ""},
                            .first_seen = record->time,
                            .last_seen = record->time};
    made->is.version = made->is.version_before = made->is.site = made->is.user = made->is.node = "";
    made->is.endpoint = made->is.result = made->is.reason = made->is.offered = made->is.taken = made->is.held = "";
    made->device_key = "////";
    made->changed = DU_CHANGED_NAMES;
    APR_ARRAY_PUSH(fleet->phones, du_fleet_phone_t *) = made;
    du_fleet_index(fleet, made);
    fleet->total++;
    fleet->result->new_phones++;
    *phone = made;
    return APR_SUCCESS;
}

/* One phone was taken for two: what the one knows later counts, and what both did is added up. */
static void merge(du_fleet_t *fleet, du_fleet_phone_t *phone, du_fleet_phone_t *other)
{
    du_phone_t *is = &phone->is, was = *is;

    if (other->is.last_seen > is->last_seen) {
        *is = other->is;
        is->id = was.id;
        is->mac = was.mac;
        is->events = was.events;
        phone->device_key = other->device_key;
        phone->taken_offer = other->taken_offer;
        phone->fetched = NULL;
    }
    is->held = *was.held ? was.held : other->is.held;
    is->first_seen = was.first_seen < other->is.first_seen ? was.first_seen : other->is.first_seen;
    is->checks = was.checks + other->is.checks;
    phone->changed |= DU_CHANGED_NAMES;
    if (other->events) {
        phone->events = phone->events ? apr_array_append(fleet->pool, other->events, phone->events) : other->events;
    }
    other->heir = phone;
    other->is_gone = 1;
    fleet->total--;
    fleet->result->merged++;
}

/* The phone of a record with a MAC address. */
static apr_status_t resolve_mac(du_fleet_t *fleet, const du_record_t *record, du_fleet_phone_t **phone)
{
    du_fleet_phone_t *nameless = *record->serial ? get(fleet->by_serial_only, record->serial) : NULL;
    apr_status_t rv = APR_SUCCESS;

    *phone = get(fleet->by_mac, record->mac);
    if (!*phone && nameless) {
        *phone = nameless;
        nameless->is.mac = record->mac;
        nameless->changed |= DU_CHANGED_NAMES;
        set(fleet->by_serial_only, record->serial, NULL);
        set(fleet->by_mac, record->mac, nameless);
        return APR_SUCCESS;
    }
    if (!*phone) {
        rv = add_phone(fleet, record, phone);
    } else if (nameless && nameless != *phone) {
        merge(fleet, *phone, nameless);
        set(fleet->by_serial_only, record->serial, NULL);
    }
    if (rv == APR_SUCCESS && *phone && *record->serial) {
        if (strcmp((*phone)->is.serial, record->serial) != 0) {
            (*phone)->is.serial = record->serial;
            (*phone)->changed |= DU_CHANGED_NAMES;
        }
        set(fleet->by_serial, record->serial, *phone);
    }
    return rv;
}

/* The phone that a check or an upload is of; NULL if there is no room for it. */
static apr_status_t resolve(du_fleet_t *fleet, const du_record_t *record, du_fleet_phone_t **phone)
{
    if (*record->mac) {
        return resolve_mac(fleet, record, phone);
    }
    *phone = *record->serial ? get(fleet->by_serial, record->serial) : get(fleet->by_address, record->address);
    return *phone ? APR_SUCCESS : add_phone(fleet, record, phone);
}

/* A refusal without a name was somebody's who is known now. */
static void explain_refusal(du_fleet_t *fleet, const char *address)
{
    du_fleet_phone_t *nobody = get(fleet->by_address, address);

    if (nobody && nobody->is.checks > 0 && strcmp(nobody->is.result, du_result_word(DU_RESULT_REFUSED)) == 0 &&
        strcmp(nobody->device_key, "////") == 0) {
        nobody->is_gone = 1;
        fleet->total--;
    }
}

/*
 * What a record changes
 */

static const char *site_of(du_fleet_t *fleet, const char *address)
{
    const char *site = apr_hash_get(fleet->sites, address, APR_HASH_KEY_STRING);

    if (!site) {
        site = du_fleet_site(fleet->rules, address);
        apr_hash_set(fleet->sites, address, APR_HASH_KEY_STRING, site);
    }
    return site;
}

du_phone_event_t *du_fleet_event(du_fleet_t *fleet, du_fleet_phone_t *phone, du_event_e kind, apr_time_t time)
{
    static const char *const words[] = {
#define EVENT_WORD(id, word) word,
        DU_PHONE_EVENT_LIST(EVENT_WORD)
#undef EVENT_WORD
    };
    du_phone_event_t *event;

    if (!phone->events) {
        phone->events = apr_array_make(fleet->pool, 2, sizeof(du_phone_event_t));
    }
    event = apr_array_push(phone->events);
    *event = (du_phone_event_t){.time = time, .kind = words[kind]};
    event->node = event->address = event->version = event->offered = event->result = event->reason = event->file = "";
    phone->changed |= DU_CHANGED_PHONE;
    return event;
}

static du_phone_event_t *add_event(du_fleet_t *fleet, du_fleet_phone_t *phone, du_event_e kind,
                                   const du_record_t *record, const char *node)
{
    du_phone_event_t *event = du_fleet_event(fleet, phone, kind, record->time);

    event->node = node;
    event->address = record->address;
    event->version = record->version;
    event->offered = record->offered;
    event->result = record->result;
    event->reason = record->reason;
    event->file = record->file;
    return event;
}

/* Something newer is known of the phone already. */
static int is_outdated(const du_phone_t *is, const du_sighting_t *sighting)
{
    return sighting->record.time < is->last_seen &&
           (sighting->source->is_old || (*is->node && strcmp(is->node, sighting->source->node) != 0));
}

static void set_name(du_fleet_phone_t *phone, const char **field, const char *text)
{
    if (strcmp(*field, text) != 0) {
        *field = text;
        phone->changed |= DU_CHANGED_NAMES;
    }
}

/* Every record says when and where the phone was. */
static void see(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_sighting_t *sighting)
{
    du_phone_t *is = &phone->is;
    apr_time_t time = sighting->record.time;

    phone->changed |= DU_CHANGED_PHONE;
    is->first_seen = time < is->first_seen ? time : is->first_seen;
    is->last_seen = time > is->last_seen ? time : is->last_seen;
    set_name(phone, &is->address, sighting->record.address);
    is->site = site_of(fleet, sighting->record.address);
    is->node = sighting->source->node;
    if (*sighting->record.endpoint) {
        is->endpoint = sighting->record.endpoint;
    }
}

static void set_version(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_record_t *record)
{
    du_phone_t *is = &phone->is;

    if (*record->version && strcmp(is->version, record->version) != 0) {
        is->version_before = is->version;
        is->version_time = *is->version ? record->time : 0;
        is->version = record->version;
        phone->changed |= DU_CHANGED_PHONE;
    }
    if (*is->offered && strcmp(is->offered, is->version) == 0) {
        is->offered = "";
        is->offers = 0;
    }
    if (*is->version && strcmp(is->taken, is->version) == 0) {
        is->takes = 0;
    }
    if (*is->version && strcmp(is->held, is->version) == 0) {
        du_fleet_end_loop(fleet, phone, record->time);
    }
}

static void set_offer(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_record_t *record)
{
    du_phone_t *is = &phone->is;

    if (!*record->offered) {
        return;
    }
    if (strcmp(is->offered, record->offered) != 0) {
        is->offered = record->offered;
        is->offered_time = record->time;
        is->offers = 0;
        phone->taken_offer = 0;
    } else if (phone->taken_offer > 0 && phone->taken_offer == is->offers && du_phone_has_offered(is)) {
        is->takes++;
    }
    is->offers++;
    set(fleet->by_offer, du_fleet_offer(fleet, record->address, phone->device_key, record->offered), phone);
}

static int has_key(const du_key_t *key)
{
    return *key->type || *key->brand || *key->model || *key->revision || *key->locale;
}

static int same_key(const du_key_t *a, const du_key_t *b)
{
    return strcmp(a->type, b->type) == 0 && strcmp(a->brand, b->brand) == 0 && strcmp(a->model, b->model) == 0 &&
           strcmp(a->revision, b->revision) == 0 && strcmp(a->locale, b->locale) == 0;
}

static void apply_check(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_sighting_t *sighting)
{
    const du_record_t *record = &sighting->record;
    du_phone_t *is = &phone->is, was = *is;

    if (has_key(&record->key) && !same_key(&record->key, &is->key)) {
        is->key = record->key;
        phone->device_key = du_fleet_key(fleet, &record->key);
    }
    see(fleet, phone, sighting);
    is->checks++;
    is->result = record->result;
    is->reason = record->reason;
    if (*record->user) {
        set_name(phone, &is->user, du_fleet_user(fleet->rules, fleet->pool, record->user));
    }
    set_version(fleet, phone, record);
    set_offer(fleet, phone, record);
    du_fleet_break_loop(fleet, phone, sighting);
    is->state = du_phone_state(is, fleet->rules->patience);
    if (was.checks == 0 || is->state != was.state || strcmp(is->version, was.version) != 0 ||
        strcmp(is->result, was.result) != 0 || strcmp(is->reason, was.reason) != 0 ||
        strcmp(is->address, was.address) != 0 || strcmp(is->offered, was.offered) != 0) {
        add_event(fleet, phone, DU_EVENT_CHECK, record, sighting->source->node);
    }
    if (strcmp(is->result, du_result_word(DU_RESULT_REFUSED)) != 0 && (*is->mac || *is->serial)) {
        explain_refusal(fleet, record->address);
    }
}

/*
 * Downloads
 */

/* The phone that a download is of; NULL if there is none. */
static apr_status_t find_taker(du_fleet_t *fleet, const du_record_t *record, du_fleet_phone_t **phone)
{
    const char *offer;
    apr_status_t rv = APR_SUCCESS;

    *phone = NULL;
    if (!*record->version) {
        return APR_SUCCESS;
    }
    offer = du_fleet_offer(fleet, record->address, du_fleet_key(fleet, &record->key), record->version);
    *phone = get(fleet->by_offer, offer);
    if (!*phone) {
        rv = du_fleet_load_taker(fleet, record, offer);
        *phone = get(fleet->by_offer, offer);
    }
    return rv;
}

/* As the phone's own records spell it. */
static const char *spelling(const du_phone_t *is, const char *version)
{
    return du_text_same(is->offered, version)   ? is->offered
           : du_text_same(is->version, version) ? is->version
           : du_text_same(is->taken, version)   ? is->taken
                                                : version;
}

/* How much of a file it has. A file counts once, however often it was fetched. */
static void add_fetched(du_fleet_phone_t *phone, const du_fleet_image_t *image, const du_record_t *record,
                        apr_pool_t *pool)
{
    const char *slash = strrchr(record->file, '/');
    const char *name = du_text_fold(pool, slash ? slash + 1 : record->file);
    const apr_off_t *size = apr_hash_get(image->sizes, name, APR_HASH_KEY_STRING);
    apr_off_t *have = apr_hash_get(phone->fetched, name, APR_HASH_KEY_STRING), most = size ? *size : record->size;
    apr_off_t before;

    if (!have) {
        have = apr_pcalloc(pool, sizeof(*have));
        apr_hash_set(phone->fetched, name, APR_HASH_KEY_STRING, have);
        phone->is.taken_size += image->total > 0 ? 0 : most;
    }
    before = *have > most ? most : *have;
    *have = record->http == 200 && record->is_complete ? most : before + record->sent;
    *have = *have > most ? most : *have;
    phone->is.taken_bytes += *have - before;
}

/* A download that goes on where the last one of the same file ended is the same event. 1 if it is whole with this. */
static int note_download(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_sighting_t *sighting)
{
    const du_record_t *record = &sighting->record;
    du_phone_event_t *event = phone->events && phone->events->nelts
                                  ? &APR_ARRAY_IDX(phone->events, phone->events->nelts - 1, du_phone_event_t)
                                  : NULL;
    int is_whole, was_whole;

    if (!event || strcmp(event->file, record->file) != 0 || record->http != 206) {
        event = add_event(fleet, phone, DU_EVENT_DOWNLOAD, record, sighting->source->node);
        event->version = phone->is.taken;
    }
    was_whole = event->bytes >= record->size;
    event->bytes += record->sent;
    is_whole = record->is_complete && event->bytes >= record->size;
    event->result = is_whole ? "complete" : "partial";
    return is_whole && !was_whole;
}

static apr_status_t apply_fetched(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_sighting_t *sighting)
{
    const du_record_t *record = &sighting->record;
    du_phone_t *is = &phone->is;
    const char *version = spelling(is, record->version);
    du_fleet_image_t *image;
    int was_whole, is_fetched;
    apr_status_t rv = du_fleet_load_image(fleet, du_fleet_key(fleet, &record->key), record->version, &image);

    if (rv == APR_SUCCESS && strcmp(is->taken, version) != 0) {
        is->taken = version;
        is->takes = 0;
        is->taken_bytes = 0;
        is->taken_size = image->total;
        phone->fetched = apr_hash_make(fleet->pool);
    }
    if (rv == APR_SUCCESS && !phone->fetched) {
        rv = du_fleet_load_fetched(fleet, phone);
    }
    if (rv == APR_SUCCESS) {
        is->taken_time = record->time;
        was_whole = du_phone_has_offered(is);
        add_fetched(phone, image, record, fleet->pool);
        is_fetched = note_download(fleet, phone, sighting) && record->size >= image->largest;
        if (is_fetched || (!was_whole && du_phone_has_offered(is))) {
            phone->taken_offer = strcmp(is->taken, is->offered) == 0 ? is->offers : 0;
        }
        is->state = du_phone_state(is, fleet->rules->patience);
    }
    return rv;
}

static apr_status_t apply_download(du_fleet_t *fleet, const du_sighting_t *sighting)
{
    const du_record_t *record = &sighting->record;
    du_fleet_phone_t *phone;
    apr_status_t rv;

    if (!du_fleet_is_download(record)) {
        return APR_SUCCESS;
    }
    rv = find_taker(fleet, record, &phone);
    if (rv != APR_SUCCESS || !phone || is_outdated(&phone->is, sighting)) {
        return rv;
    }
    see(fleet, phone, sighting);
    return apply_fetched(fleet, phone, sighting);
}

/*
 * One record after the other
 */

static du_fleet_traffic_t *traffic_of(du_fleet_t *fleet, const du_sighting_t *sighting)
{
    apr_time_t hour = sighting->record.time - sighting->record.time % HOUR;
    const char *name = apr_psprintf(fleet->pool, "%" APR_TIME_T_FMT " %s", hour, sighting->source->node);
    du_fleet_traffic_t *traffic = apr_hash_get(fleet->traffic, name, APR_HASH_KEY_STRING);

    if (!traffic) {
        traffic = apr_pcalloc(fleet->pool, sizeof(*traffic));
        traffic->hour = hour;
        traffic->node = sighting->source->node;
        apr_hash_set(fleet->traffic, name, APR_HASH_KEY_STRING, traffic);
    }
    return traffic;
}

static void count_traffic(du_fleet_t *fleet, const du_sighting_t *sighting)
{
    const du_record_t *record = &sighting->record;
    du_fleet_traffic_t *traffic = traffic_of(fleet, sighting);

    if (record->series == DU_SERIES_CHECKS) {
        traffic->checks++;
        traffic->offers += strcmp(record->result, du_result_word(DU_RESULT_OFFERED)) == 0;
        traffic->refused += strcmp(record->result, du_result_word(DU_RESULT_REFUSED)) == 0;
    } else if (record->series == DU_SERIES_DOWNLOADS) {
        traffic->downloads += du_fleet_is_download(record);
        traffic->bytes += record->sent;
    } else {
        traffic->uploads += strcmp(record->result, "stored") == 0;
    }
}

static void count_stranger(du_fleet_t *fleet, const du_record_t *record)
{
    du_fleet_stranger_t *stranger;
    const char *device_key;

    if (record->series != DU_SERIES_CHECKS || strcmp(record->reason, du_reason_word(DU_REASON_NO_RULE)) != 0) {
        return;
    }
    device_key = du_fleet_key(fleet, &record->key);
    stranger = apr_hash_get(fleet->strangers, device_key, APR_HASH_KEY_STRING);
    if (!stranger) {
        stranger = apr_pcalloc(fleet->pool, sizeof(*stranger));
        *stranger = (du_fleet_stranger_t){device_key, record->key, 0, record->time, record->time};
        apr_hash_set(fleet->strangers, device_key, APR_HASH_KEY_STRING, stranger);
    }
    stranger->checks++;
    stranger->first_seen = record->time < stranger->first_seen ? record->time : stranger->first_seen;
    stranger->last_seen = record->time > stranger->last_seen ? record->time : stranger->last_seen;
}

/* A record that something newer is known than: it was there, too. */
static void count_outdated(du_fleet_phone_t *phone, const du_record_t *record)
{
    phone->is.checks += record->series == DU_SERIES_CHECKS;
    phone->changed |= DU_CHANGED_PHONE;
    phone->is.first_seen = record->time < phone->is.first_seen ? record->time : phone->is.first_seen;
}

static apr_status_t apply(du_fleet_t *fleet, const du_sighting_t *sighting)
{
    const du_record_t *record = &sighting->record;
    du_fleet_phone_t *phone;
    apr_status_t rv;

    count_traffic(fleet, sighting);
    count_stranger(fleet, record);
    if (record->series == DU_SERIES_DOWNLOADS) {
        return apply_download(fleet, sighting);
    }
    rv = resolve(fleet, record, &phone);
    if (rv != APR_SUCCESS || !phone) {
        return rv;
    }
    if (is_outdated(&phone->is, sighting)) {
        count_outdated(phone, record);
    } else if (record->series == DU_SERIES_CHECKS) {
        apply_check(fleet, phone, sighting);
    } else {
        see(fleet, phone, sighting);
        add_event(fleet, phone, DU_EVENT_UPLOAD, record, sighting->source->node)->bytes = record->size;
        phone->is.state = du_phone_state(&phone->is, fleet->rules->patience);
    }
    return APR_SUCCESS;
}

du_fleet_t *du_fleet_make(du_ctx_t *ctx, du_store_t *store, const du_fleet_rules_t *rules, apr_pool_t *scratch,
                          du_fleet_result_t *result)
{
    du_fleet_t *fleet = apr_pcalloc(scratch, sizeof(*fleet));
    apr_hash_t **hashes[] = {&fleet->by_id,      &fleet->by_mac,    &fleet->by_serial, &fleet->by_serial_only,
                             &fleet->by_address, &fleet->by_offer,  &fleet->kinds,     &fleet->kinds_by_id,
                             &fleet->images,     &fleet->sites,     &fleet->traffic,   &fleet->strangers,
                             &fleet->loops,      &fleet->downloads, &fleet->asked};

    fleet->ctx = ctx;
    fleet->store = store;
    fleet->rules = rules;
    fleet->pool = scratch;
    fleet->now = du_now(ctx);
    fleet->total = -1;
    fleet->result = result;
    fleet->phones = apr_array_make(scratch, 256, sizeof(du_fleet_phone_t *));
    for (apr_size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++) {
        *hashes[i] = apr_hash_make(scratch);
    }
    return fleet;
}

apr_status_t du_fleet_take(du_ctx_t *ctx, du_store_t *store, const du_fleet_rules_t *rules,
                           const apr_array_header_t *sightings, apr_pool_t *scratch, du_fleet_result_t *result)
{
    du_fleet_t *fleet = du_fleet_make(ctx, store, rules, scratch, result);
    apr_status_t rv = du_fleet_load(fleet, sightings);
    apr_time_t last = 0;

    for (int i = 0; i < sightings->nelts && rv == APR_SUCCESS; i++) {
        du_sighting_t *sighting = &APR_ARRAY_IDX(sightings, i, du_sighting_t);

        if (sighting->record.time > fleet->now) { /* a clock that was wrong, there or here */
            sighting->record.time = fleet->now;
        }
        last = sighting->record.time;
        rv = apply(fleet, sighting);
    }
    if (rv == APR_SUCCESS) {
        rv = du_fleet_save(fleet, last - last % HOUR);
    }
    return rv == APR_SUCCESS ? du_fleet_save_loops(fleet) : rv;
}
