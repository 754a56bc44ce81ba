#include "dua_frame.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "admin/templates/frame.h"
#include "admin/templates/note.h"
#include "du_template.h"
#include "du_text.h"
#include "dua_bind.h"
#include "dua_guard.h"
#include "dua_pages.h"
#include "dua_show.h"

#define DOCTYPE "<!DOCTYPE html>\n"

static const char *phrase(const dua_t *dua, const char *key)
{
    const char *text = apr_hash_get(dua->texts, key, APR_HASH_KEY_STRING);

    return text ? text : key;
}

/*
 * What was done
 */

/* Signed, so that no link from elsewhere makes a page say what was not done: "key.count.token". */
static const char *sign_done(dua_t *dua)
{
    const char *what = apr_psprintf(dua->pool, "%s.%" APR_INT64_T_FMT, dua->done, dua->count);
    const char *token = dua_guard_token(dua, what);

    return token ? apr_pstrcat(dua->pool, what, "~", token, NULL) : NULL;
}

/* The other way: fills `done` and `count` if it is true. */
static void read_done(dua_t *dua)
{
    const char *text = dua_value(dua, "done"), *tilde = text ? strchr(text, '~') : NULL, *dot;
    char *what;

    if (!tilde) {
        return;
    }
    what = apr_pstrndup(dua->pool, text, (apr_size_t)(tilde - text));
    dot = strrchr(what, '.');
    if (dot && dua_guard_is_token(dua, what, tilde + 1)) {
        dua->count = apr_atoi64(dot + 1);
        dua->done = apr_pstrndup(dua->pool, what, (apr_size_t)(dot - what));
    }
}

static json_t *result_of(const dua_t *dua)
{
    json_t *object = json_object();

    json_object_set_new(object, "result", json_string(dua->done));
    dua_set_number(object, "count", dua->count);
    return object;
}

static void send_json(dua_t *dua, const json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_SORT_KEYS);

    dua->response.type = "application/json";
    dua->response.body = apr_pstrcat(dua->pool, text ? text : "{}", "\n", NULL);
    dua->response.len = strlen(dua->response.body);
    free(text);
}

void dua_frame_done(dua_t *dua)
{
    const char *token = sign_done(dua);
    const char *location = dua->location ? dua->location : dua->page->name;

    if (dua->wants_json) {
        json_object_update_missing_new(dua->data, result_of(dua));
        send_json(dua, dua->data);
        return;
    }
    if (token) {
        location = apr_pstrcat(dua->pool, location, strchr(location, '?') ? "&" : "?",
                               "done=", dua_form_escape(dua->pool, token), NULL);
    }
    dua->response.status = 303;
    dua_response_header(&dua->response, "Location", location);
}

/*
 * The frame's own values
 */

static void bind_navigation(const dua_t *dua, du_values_t *values)
{
    static const struct {
        const char *name;
        du_right_e right;
    } pages[] = {
#define PAGE(name, right) {#name, right},
        DUA_PAGES(PAGE)
#undef PAGE
    };

    for (apr_size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (dua_may_somewhere(dua, pages[i].right)) {
            du_values_t *item = du_values_item(values, "frame.pages");

            du_values_text(item, "name", pages[i].name);
            du_values_text(item, "current", strcmp(pages[i].name, dua->page->name) == 0 ? "page" : "");
        }
    }
}

static void bind_languages(dua_t *dua, du_values_t *values)
{
    for (const dua_language_t *language = dua_languages(); language->code; language++) {
        du_values_t *item = du_values_item(values, "frame.languages");

        du_values_text(item, "code", language->code);
        du_values_text(item, "name", language->name);
        du_values_text(item, "current", language == dua->language ? "true" : "");
        du_values_text(item, "href", dua->form ? dua_link(dua, "language", language->code, NULL) : "");
    }
}

/* A phrase about what was done, with its count. */
static const char *done_text(const dua_t *dua)
{
    const char *text = phrase(dua, apr_pstrcat(dua->pool, "done.", dua->done, NULL));
    const char *mark = strstr(text, "{count}");

    return mark ? apr_pstrcat(dua->pool, apr_pstrndup(dua->pool, text, (apr_size_t)(mark - text)),
                              du_text_number(dua->pool, dua->count), mark + 7, NULL)
                : text;
}

static void bind_frame(dua_t *dua, du_values_t *values)
{
    const char *page = dua->page->name;

    du_values_text(values, "frame.language", dua->language->code);
    du_values_text(values, "frame.page", page);
    du_values_text(values, "frame.title", phrase(dua, apr_pstrcat(dua->pool, "nav.", page, NULL)));
    du_values_text(values, "frame.user", dua->actor.name);
    du_values_text(values, "frame.role", dua->actor.role);
    du_values_text(values, "frame.site", dua->grant ? dua->grant->site : "");
    du_values_text(values, "frame.refresh", dua->refresh ? du_text_number(dua->pool, dua->refresh) : "");
    du_values_text(values, "frame.done", dua->done ? done_text(dua) : "");
    du_values_text(values, "frame.failure", dua->ctx->failure.message);
    du_values_text(values, "frame.failure_id", dua->ctx->failure.id);
    du_values_text(values, "frame.reason", dua->actor.note); /* of a change that was refused */
    bind_languages(dua, values);
}

/* The parts of what is sent: the page, and the field that forms of changes have in common. */
static apr_status_t bind_parts(du_ctx_t *ctx, const char *inner, du_values_t *values)
{
    const struct {
        const char *name, *text;
    } parts[] = {{"frame.content", inner}, {"frame.note", HTML_note}};
    apr_status_t status = APR_SUCCESS;

    for (apr_size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == APR_SUCCESS; i++) {
        du_template_t *part = NULL;

        status = du_template_parse(ctx, parts[i].text, strlen(parts[i].text), 0, ctx->pool, &part);
        du_values_part(values, parts[i].name, part);
    }
    return status;
}

static apr_status_t write_html(dua_t *dua, const char *inner, du_values_t *values)
{
    du_ctx_t *ctx = du_ctx_make(dua->pool); /* the failure that is shown is not to be lost */
    du_words_t words = dua_words(dua->texts);
    du_template_t *frame;
    const char *text;
    apr_status_t status = du_template_parse(ctx, HTML_frame, strlen(HTML_frame), 0, dua->pool, &frame);

    if (status == APR_SUCCESS) {
        status = bind_parts(ctx, inner, values);
    }
    if (status == APR_SUCCESS) {
        status = du_template_page(ctx, frame, values, &words, dua->pool, &text, &dua->response.len);
    }
    if (status == APR_SUCCESS) {
        dua->response.body = apr_pstrcat(dua->pool, DOCTYPE, text, NULL);
        dua->response.len += sizeof(DOCTYPE) - 1;
        dua_response_header(&dua->response, "Content-Language", dua->language->code);
        return APR_SUCCESS;
    }
    dua->ctx->failure = ctx->failure;
    return status;
}

/*
 * Pages, failures
 */

apr_status_t dua_frame_page(dua_t *dua)
{
    du_values_t *values = du_values_make(dua->pool);

    if (dua->wants_json) {
        send_json(dua, dua->data);
        return APR_SUCCESS;
    }
    read_done(dua);
    bind_frame(dua, values);
    bind_navigation(dua, values);
    du_values_text(values, "frame.token", dua_guard_token(dua, dua->page->name));
    dua_bind(values, dua->data, dua->pool);
    return write_html(dua, dua->tmpl ? dua->tmpl : dua->page->tmpl, values);
}

static json_t *failure_of(const dua_t *dua, const char *words)
{
    json_t *object = json_object();

    dua_set_text(dua->pool, object, "error", dua->ctx->failure.id);
    dua_set_text(dua->pool, object, "message", words);
    return object;
}

/* The element it is in, without anything that needs the store. */
static const char failure_template[] = "<div xmlns:du=\"" DU_TEMPLATE_NAMESPACE "\"/>";

void dua_frame_failure(dua_t *dua, apr_status_t status)
{
    du_values_t *values = du_values_make(dua->pool);
    char words[120];

    if (!dua->ctx->failure.id) {
        du_fail(dua->ctx, status, DUNO(0864), "%s", du_error_text(status, words, sizeof(words)));
    }
    dua->response.status = du_error_http(status);
    if (dua->response.status >= 500) {
        du_log(dua->ctx, DU_LOG_WARNING, dua->ctx->failure.id, "page %s: %s", dua->page->name,
               dua->ctx->failure.message);
        dua->refresh = dua->response.status == 503 ? 10 : 0;
    }
    if (dua->response.status == 503) {
        dua_response_header(&dua->response, "Retry-After", "10");
    }
    if (dua->wants_json) {
        json_t *failure = failure_of(dua, dua->ctx->failure.message);

        send_json(dua, failure);
        json_decref(failure);
        return;
    }
    bind_frame(dua, values);
    if (dua->grant) {
        bind_navigation(dua, values);
    }
    if (write_html(dua, failure_template, values) != APR_SUCCESS) {
        dua->response.type = "text/plain; charset=utf-8";
        dua->response.body = apr_pstrcat(dua->pool, dua->ctx->failure.message, "\n", NULL);
        dua->response.len = strlen(dua->response.body);
    }
}

const char *dua_frame_busy(dua_t *dua)
{
    dua_t busy = *dua;
    du_ctx_t ctx = *dua->ctx;

    busy.ctx = &ctx;
    ctx.log = NULL;
    busy.response.headers = apr_array_copy(dua->pool, dua->response.headers);
    du_fail(&ctx, DU_E_STORE, DUNO(0865), "the store has not answered in time");
    dua_frame_failure(&busy, DU_E_STORE);
    dua->response.type = busy.response.type;
    return busy.response.body;
}
