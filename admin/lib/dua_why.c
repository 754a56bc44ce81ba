#include "dua_why.h"

#include "du_text.h"
#include "dua_place.h"
#include "dua_record.h"

static void set_text(apr_pool_t *pool, json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, text && *text ? dua_json_text(pool, text) : json_null());
}

/* What it said: its kind and all its files. */
static json_t *json_request(apr_pool_t *pool, const du_why_phone_t *why)
{
    json_t *object = json_object(), *files = json_array();

    set_text(pool, object, "device_type", why->request.key.type);
    set_text(pool, object, "brand", why->request.key.brand);
    set_text(pool, object, "model", why->request.key.model);
    set_text(pool, object, "revision", why->request.key.revision);
    set_text(pool, object, "locale", why->request.key.locale);
    set_text(pool, object, "address", why->client);
    for (int i = 0; i < why->request.nmodules; i++) {
        json_t *file = json_object();

        set_text(pool, file, "name", why->request.modules[i].filename);
        set_text(pool, file, "version", why->request.modules[i].version);
        json_array_append_new(files, file);
    }
    json_object_set_new(object, "files", files);
    return object;
}

static json_t *json_told(apr_pool_t *pool, const du_why_phone_t *why)
{
    json_t *object = json_object();

    dua_set_time(pool, object, "time", why->time);
    set_text(pool, object, "result", why->result);
    set_text(pool, object, "reason", why->reason);
    set_text(pool, object, "offered_version", why->offered);
    set_text(pool, object, "node", why->record.node);
    return object;
}

static json_t *json_steps(apr_pool_t *pool, const apr_array_header_t *answers)
{
    json_t *array = json_array();

    for (int i = 0; i < answers->nelts; i++) {
        const du_why_line_t *line = &APR_ARRAY_IDX(answers, i, du_why_line_t);
        du_why_answer_e answer = (du_why_answer_e)line->what;
        json_t *object = json_object();

        dua_set_text(pool, object, "step", du_why_step_word(du_why_step(answer)));
        dua_set_text(pool, object, "answer", du_why_answer_word(answer));
        set_text(pool, object, "about", line->about);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *json_changes(apr_pool_t *pool, const apr_array_header_t *changes)
{
    json_t *array = json_array();

    for (int i = 0; i < changes->nelts; i++) {
        const du_why_line_t *line = &APR_ARRAY_IDX(changes, i, du_why_line_t);
        json_t *object = json_object();

        dua_set_text(pool, object, "change", du_why_change_word((du_why_change_e)line->what));
        set_text(pool, object, "about", line->about);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *json_activities(apr_pool_t *pool, const apr_array_header_t *rows)
{
    json_t *array = json_array();

    for (int i = 0; i < rows->nelts; i++) {
        json_array_append_new(array, dua_json_activity(pool, &APR_ARRAY_IDX(rows, i, du_activity_t)));
    }
    return array;
}

static json_t *json_hold(apr_pool_t *pool, const du_phone_event_t *event)
{
    json_t *object = json_object();

    dua_set_time(pool, object, "time", event->time);
    set_text(pool, object, "version", event->version);
    set_text(pool, object, "by", event->reason);
    return object;
}

json_t *dua_json_why(apr_pool_t *pool, const du_why_phone_t *why)
{
    const du_decision_t *now = &why->now->decision;
    json_t *object = json_object();

    dua_set_text(pool, object, "source", why->is_recorded ? "record" : "inventory");
    json_object_set_new(object, "request", json_request(pool, why));
    json_object_set_new(object, "told", why->time ? json_told(pool, why) : json_null());
    dua_set_text(pool, object, "result", du_result_word(now->result));
    dua_set_text(pool, object, "reason", du_reason_word(now->reason));
    set_text(pool, object, "offered_version", why->now->offered);
    json_object_set_new(object, "rule", why->now->rule ? json_integer(why->now->rule->id) : json_null());
    json_object_set_new(object, "hold", why->hold ? json_hold(pool, why->hold) : json_null());
    dua_set_flag(object, "is_decided", why->is_decided);
    dua_set_flag(object, "is_changed", why->is_decided && !why->is_same);
    json_object_set_new(object, "steps", json_steps(pool, why->now->answers));
    json_object_set_new(object, "changes", json_changes(pool, why->now->changes));
    json_object_set_new(object, "activities", json_activities(pool, why->changes));
    dua_set_number(object, "generation", why->generation);
    return object;
}
