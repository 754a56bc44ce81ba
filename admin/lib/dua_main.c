#include "dua.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_signal.h>
#include <apr_strings.h>

#include "du_text.h"
#include "dua_frame.h"
#include "dua_guard.h"
#include "dua_program.h"
#include "dua_upload.h"

#define STORE_TIMEOUT 10 /* seconds, if the module does not say */

/* Parameters that every page has. */
#define FRAME_PARAMETERS "token", "note", "language", "done"

/* To httpd's error log. */
static void log_message(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message)
{
    (void)baton, (void)status;
    if (level <= DU_LOG_WARNING) {
        fprintf(stderr, "%s: %s\n", id, message);
    }
}

static const char *const *all_parameters(const dua_page_t *page, apr_pool_t *pool)
{
    static const char *const ours[] = {FRAME_PARAMETERS};
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(const char *));

    for (apr_size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        APR_ARRAY_PUSH(names, const char *) = ours[i];
    }
    for (const char *const *name = page->parameters; *name; name++) {
        APR_ARRAY_PUSH(names, const char *) = *name;
    }
    APR_ARRAY_PUSH(names, const char *) = NULL;
    return (const char *const *)names->elts;
}

/* The client prefers JSON if it names it and not HTML before: a browser never does. */
static int wants_json(const char *accept)
{
    const char *json = accept ? strstr(accept, "application/json") : NULL;
    const char *html = accept ? strstr(accept, "text/html") : NULL;

    return json && (!html || json < html);
}

/*
 * Reading the request
 */

/* A whole body of a form or of JSON. */
static apr_status_t read_body(dua_t *dua)
{
    apr_size_t size = (apr_size_t)dua_env_length(&dua->env), len = 0, n = 1;
    char *body = apr_palloc(dua->pool, size + 1);

    while (len < size && n > 0) {
        apr_status_t status = dua_env_body(body + len, size - len, &n);

        if (status != APR_SUCCESS) {
            return status;
        }
        len += n;
    }
    if (len < size) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0897), "the body ends early");
    }
    body[len] = '\0';
    if (strlen(body) != len) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0898), "the body has a NUL in it");
    }
    return du_text_begins(dua->env.content_type, "application/json")
               ? dua_form_read_json(dua->ctx, dua->form, body, len)
               : dua_form_read(dua->ctx, dua->form, body);
}

static apr_status_t read_parameters(dua_t *dua)
{
    apr_status_t status = dua->env.query ? dua_form_read(dua->ctx, dua->form, dua->env.query) : APR_SUCCESS;

    if (status == APR_SUCCESS) {
        status = dua_guard_query(dua);
    }
    return status == APR_SUCCESS && dua_is_post(dua) && !dua_upload_is(dua) ? read_body(dua) : status;
}

/* What was chosen is kept in a cookie. */
static void find_language(dua_t *dua)
{
    const char *chosen = dua_value(dua, "language");
    const char *kept = dua_env_cookie(&dua->env, dua->pool, "devupdate_language");

    dua->language = dua_language_find(dua->pool, chosen ? chosen : kept, dua->env.languages);
    dua->texts = dua_texts(dua->pool, dua->language);
    if (chosen) {
        dua_response_header(&dua->response, "Set-Cookie",
                            apr_psprintf(dua->pool,
                                         "devupdate_language=%s; Max-Age=31536000; SameSite=Lax; HttpOnly%s",
                                         dua->language->code, dua->env.https ? "; Secure" : ""));
    }
}

/*
 * One request
 */

static apr_status_t open_store(dua_t *dua)
{
    const char *seconds = dua->env.store_timeout;

    if (!dua->env.store || !dua->env.files) {
        return du_fail(dua->ctx, APR_EINIT, DUNO(0899),
                       "httpd does not say where the store is: the location of this page needs DevUpdateAdmin On");
    }
    dua->files = dua->env.files;
    dua_response_limit(&dua->response, dua->ctx, seconds ? atoi(seconds) : STORE_TIMEOUT, dua_frame_busy(dua));
    return du_store_open(dua->ctx, dua->env.store, dua->pool, &dua->store);
}

/* What was wrong with a change stands above the page, if that can be shown. */
static apr_status_t show_refused(dua_t *dua, apr_status_t refused)
{
    du_failure_t failure = dua->ctx->failure;
    int http = du_error_http(refused);

    if (dua->wants_json || http >= 500 || refused == DU_E_FORBIDDEN) {
        return refused;
    }
    dua->ctx->failure = (du_failure_t){0};
    json_object_clear(dua->data);
    if (dua->page->show(dua) == APR_SUCCESS) {
        dua->ctx->failure = failure;
        dua->response.status = http;
        return dua_frame_page(dua);
    }
    dua->ctx->failure = failure;
    return refused;
}

static apr_status_t change(dua_t *dua)
{
    apr_status_t status = dua->page->change(dua);

    if (status == APR_SUCCESS && dua->done) {
        dua_frame_done(dua);
        return APR_SUCCESS;
    }
    return status == APR_SUCCESS ? dua_frame_page(dua) : show_refused(dua, status);
}

static apr_status_t show(dua_t *dua)
{
    apr_status_t status = dua->page->show(dua);

    return status == APR_SUCCESS && !dua->response.is_begun ? dua_frame_page(dua) : status;
}

/* Everything before page code. */
static apr_status_t admit(dua_t *dua)
{
    apr_status_t status = dua_guard_request(dua);

    if (status == APR_SUCCESS) {
        status = read_parameters(dua);
    }
    find_language(dua);
    if (status == APR_SUCCESS) {
        status = open_store(dua);
    }
    if (status == APR_SUCCESS) {
        status = dua_guard_role(dua);
    }
    if (status == APR_SUCCESS && dua_upload_is(dua)) {
        status = dua_upload_fields(dua);
    }
    return status == APR_SUCCESS && dua_is_post(dua) ? dua_guard_post(dua) : status;
}

/* Why somebody changes something, for the record. */
static apr_status_t change_with_note(dua_t *dua)
{
    const char *note = dua_value(dua, "note");

    if (note && strlen(note) > DU_NOTE_MAX) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(1136), "a note is at most %d bytes of UTF-8", DU_NOTE_MAX);
    }
    dua->actor.note = note;
    return change(dua);
}

/* 1 if somebody was kept from something, and it is not that we cannot. */
static int is_refused(apr_status_t status)
{
    return status == DU_E_FORBIDDEN || status == DU_E_METHOD || status == DU_E_MALFORMED || status == DU_E_TOO_LARGE;
}

/* A request that is refused for its form has not opened the store yet. If that fails, the refusal is in httpd's log only. */
static void record(dua_t *dua)
{
    du_failure_t failure = dua->ctx->failure;

    if (!dua->store && dua->actor.name && open_store(dua) != APR_SUCCESS) {
        du_report(dua->ctx, DU_LOG_WARNING);
    }
    dua->ctx->failure = failure;
    dua_guard_record(dua);
}

static apr_status_t answer(dua_t *dua)
{
    apr_status_t status = admit(dua);
    int is_admitted = status == APR_SUCCESS;

    if (is_admitted) {
        status = dua_is_post(dua) ? change_with_note(dua) : show(dua);
    }
    if (is_admitted ? status == DU_E_FORBIDDEN : is_refused(status)) {
        record(dua);
    }
    return status;
}

/* mod_cgid talks to us through a socket: if we end with something unread in it, the client gets only a part of the answer, or
 * nothing. How much it can be is for LimitRequestBody to say. */
static void read_the_rest(const dua_t *dua)
{
    char buffer[16384];
    apr_size_t len = du_text_equal(dua->env.method, "GET") && !dua->env.content_length ? 0 : 1;

    while (len > 0 && dua_env_body(buffer, sizeof(buffer), &len) == APR_SUCCESS) {
    }
}

static int run(apr_pool_t *pool, int argc, const char *const *argv, const void *page)
{
    dua_t dua = {.ctx = du_ctx_make(pool), .pool = pool, .page = page, .data = json_object()};
    apr_status_t status;

    (void)argc, (void)argv;
    apr_signal(SIGPIPE, SIG_IGN); /* a client that has gone is an error of write() */
    dua.ctx->log = log_message;
    dua_env_read(&dua.env);
    dua_response_make(&dua.response, pool);
    dua.wants_json = wants_json(dua.env.accept);
    dua.form = dua_form_make(pool, all_parameters(page, pool));
    status = answer(&dua);
    if (status != APR_SUCCESS && !dua.response.is_begun) {
        dua_frame_failure(&dua, status);
    }
    if (!dua.response.is_begun) {
        read_the_rest(&dua);
        status = dua_response_send(&dua.response);
    }
    json_decref(dua.data);
    return status == APR_SUCCESS ? 0 : 1;
}

int dua_main(int argc, const char *const *argv, const dua_page_t *page)
{
    return dua_program(page->name, argc, argv, run, page);
}
