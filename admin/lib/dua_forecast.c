#include "dua_forecast.h"

#include "dua_record.h"

json_t *dua_json_forecast(apr_pool_t *pool, const du_forecast_t *forecast)
{
    json_t *object = json_object(), *places = json_array();

    dua_set_text(pool, object, "version", forecast->version);
    dua_set_number(object, "known", forecast->known);
    dua_set_number(object, "on_version", forecast->there);
    dua_set_number(object, "held", forecast->held);
    dua_set_number(object, "gone", forecast->gone);
    dua_set_number(object, "phones", forecast->phones);
    dua_set_number(object, "bytes_each", forecast->image_bytes);
    dua_set_number(object, "bytes", forecast->bytes);
    for (int i = 0; i < forecast->places->nelts; i++) {
        const du_phone_count_t *place = &APR_ARRAY_IDX(forecast->places, i, du_phone_count_t);
        json_t *row = json_object();

        dua_set_text(pool, row, "site", place->site);
        dua_set_text(pool, row, "version", place->version);
        dua_set_number(row, "phones", place->phones);
        json_array_append_new(places, row);
    }
    json_object_set_new(object, "places", places);
    return object;
}

json_t *dua_json_outcome(apr_pool_t *pool, const du_outcome_t *outcome)
{
    json_t *object = json_object();

    dua_set_text(pool, object, "version", outcome->version);
    dua_set_time(pool, object, "since", outcome->since);
    dua_set_number(object, "known_then", outcome->known);
    dua_set_number(object, "on_version_then", outcome->there);
    dua_set_number(object, "phones_foretold", outcome->known - outcome->there);
    dua_set_number(object, "bytes_foretold", outcome->bytes_foretold);
    dua_set_number(object, "known", outcome->known_now);
    dua_set_number(object, "on_version", outcome->there_now);
    dua_set_number(object, "downloaded", outcome->fetched);
    dua_set_number(object, "downloaded_bytes", outcome->bytes);
    dua_set_number(object, "stuck", outcome->stuck);
    return object;
}
