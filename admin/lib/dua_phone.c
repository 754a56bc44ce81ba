#include "dua_phone.h"

#include <apr_strings.h>

#include "du_csv.h"
#include "du_text.h"
#include "dua_record.h"

/* What a phone has, in the order of JSON members and CSV columns. TEXT and TIME may be missing. */
#define PHONE_FIELDS(NUMBER, TEXT, TIME)                                                                             \
    NUMBER("id", phone->id)                                                                                          \
    TEXT("mac", phone->mac)                                                                                          \
    TEXT("serial", phone->serial)                                                                                    \
    TEXT("address", phone->address)                                                                                  \
    TEXT("device_type", phone->key.type)                                                                             \
    TEXT("brand", phone->key.brand)                                                                                  \
    TEXT("model", phone->key.model)                                                                                  \
    TEXT("revision", phone->key.revision)                                                                            \
    TEXT("locale", phone->key.locale)                                                                                \
    TEXT("version", phone->version)                                                                                  \
    TEXT("version_before", phone->version_before)                                                                    \
    TIME("version_since", phone->version_time)                                                                       \
    TEXT("site", phone->site)                                                                                        \
    TEXT("user", phone->user)                                                                                        \
    TEXT("node", phone->node)                                                                                        \
    TEXT("endpoint", phone->endpoint)                                                                                \
    TIME("first_seen", phone->first_seen)                                                                            \
    TIME("last_seen", phone->last_seen)                                                                              \
    NUMBER("checks", phone->checks)                                                                                  \
    TEXT("state", du_phone_state_word(phone->state))                                                                 \
    TEXT("why", du_phone_explain(pool, phone))                                                                       \
    TEXT("result", phone->result)                                                                                    \
    TEXT("reason", phone->reason)                                                                                    \
    TEXT("offered_version", phone->offered)                                                                          \
    TIME("offered_since", phone->offered_time)                                                                       \
    NUMBER("offers", phone->offers)                                                                                  \
    TEXT("downloaded_version", phone->taken)                                                                         \
    TIME("downloaded", phone->taken_time)                                                                            \
    NUMBER("downloaded_bytes", phone->taken_bytes)                                                                   \
    NUMBER("downloaded_of_bytes", phone->taken_size)                                                                 \
    NUMBER("failed_updates", phone->takes)                                                                           \
    TEXT("held_version", phone->held)

static void set_text(apr_pool_t *pool, json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, *text ? dua_json_text(pool, text) : json_null());
}

static void set_time(apr_pool_t *pool, json_t *object, const char *name, apr_time_t time)
{
    json_object_set_new(object, name, time ? dua_json_time(pool, time) : json_null());
}

json_t *dua_json_phone(apr_pool_t *pool, const du_phone_t *phone)
{
    json_t *object = json_object();

#define JSON_NUMBER(name, value) dua_set_number(object, name, value);
#define JSON_TEXT(name, value)   set_text(pool, object, name, value);
#define JSON_TIME(name, value)   set_time(pool, object, name, value);
    PHONE_FIELDS(JSON_NUMBER, JSON_TEXT, JSON_TIME)
    return object;
}

json_t *dua_json_phone_event(apr_pool_t *pool, const du_phone_event_t *event)
{
    json_t *object = json_object();

    dua_set_number(object, "number", event->number);
    dua_set_time(pool, object, "time", event->time);
    set_text(pool, object, "kind", event->kind);
    set_text(pool, object, "node", event->node);
    set_text(pool, object, "address", event->address);
    set_text(pool, object, "version", event->version);
    set_text(pool, object, "offered_version", event->offered);
    set_text(pool, object, "result", event->result);
    set_text(pool, object, "reason", event->reason);
    set_text(pool, object, "file", event->file);
    dua_set_number(object, "bytes", event->bytes);
    return object;
}

json_t *dua_json_phone_count(apr_pool_t *pool, const du_phone_count_t *count, unsigned by)
{
    const struct {
        unsigned bit;
        const char *name, *value;
    } members[] = {
        {DU_BY_TYPE, "device_type", count->key.type},
        {DU_BY_BRAND, "brand", count->key.brand},
        {DU_BY_MODEL, "model", count->key.model},
        {DU_BY_REVISION, "revision", count->key.revision},
        {DU_BY_LOCALE, "locale", count->key.locale},
        {DU_BY_VERSION, "version", count->version},
        {DU_BY_SITE, "site", count->site},
        {DU_BY_STATE, "state", count->state},
    };
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (by & members[i].bit) {
            set_text(pool, object, members[i].name, members[i].value);
        }
    }
    dua_set_number(object, "phones", count->phones);
    return object;
}

json_t *dua_json_held(apr_pool_t *pool, const apr_array_header_t *held)
{
    json_t *array = json_array();

    for (int i = 0; i < held->nelts; i++) {
        const du_held_rule_t *one = &APR_ARRAY_IDX(held, i, du_held_rule_t);
        json_t *object = json_object();

        dua_set_text(pool, object, "version", one->version);
        dua_set_number(object, "phones", one->phones);
        json_array_append_new(array, object);
    }
    return array;
}

json_t *dua_json_stranger(apr_pool_t *pool, const du_stranger_t *stranger)
{
    json_t *object = json_object();

    set_text(pool, object, "device_type", stranger->key.type);
    set_text(pool, object, "brand", stranger->key.brand);
    set_text(pool, object, "model", stranger->key.model);
    set_text(pool, object, "revision", stranger->key.revision);
    set_text(pool, object, "locale", stranger->key.locale);
    dua_set_number(object, "phones", stranger->phones);
    dua_set_number(object, "checks", stranger->checks);
    dua_set_time(pool, object, "first_seen", stranger->first_seen);
    dua_set_time(pool, object, "last_seen", stranger->last_seen);
    return object;
}

json_t *dua_json_source(apr_pool_t *pool, const du_source_t *source)
{
    json_t *object = json_object();

    set_text(pool, object, "address", source->address);
    dua_set_number(object, "phones", source->phones);
    return object;
}

/* As the audit files have times; nothing for none. */
static const char *csv_time(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t utc = {0};

    if (!time) {
        return "";
    }
    apr_time_exp_gmt(&utc, time);
    return apr_psprintf(pool, "%04d-%02d-%02d %02d:%02d:%02d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                        utc.tm_hour, utc.tm_min, utc.tm_sec);
}

const char *dua_csv_phone_titles(apr_pool_t *pool)
{
#define TITLE(name, value) name,
    static const char *const titles[] = {PHONE_FIELDS(TITLE, TITLE, TITLE)};

    return du_csv_line(pool, titles, (int)(sizeof(titles) / sizeof(titles[0])));
}

const char *dua_csv_phone(apr_pool_t *pool, const du_phone_t *phone)
{
#define CSV_NUMBER(name, value) du_text_number(pool, value),
#define CSV_TEXT(name, value)   value,
#define CSV_TIME(name, value)   csv_time(pool, value),
    const char *cells[] = {PHONE_FIELDS(CSV_NUMBER, CSV_TEXT, CSV_TIME)};

    return du_csv_line(pool, cells, (int)(sizeof(cells) / sizeof(cells[0])));
}
