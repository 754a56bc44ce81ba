/*
 * The pages' frame: what every admin CGI shares.
 *
 * A page is a program whose main() is one line, `return dua_main(argc, argv, &page)`. The frame reads the request, guards
 * it (dua_guard.h) and calls the page, which puts what it knows into one JSON document; the frame then sends that document,
 * or binds it into the page's template (dua_bind.h). So both say the same, and a page writes neither HTML nor output.
 *
 * A GET shows. A POST changes and is answered with 303 to a page that says what was done; for JSON with that itself. A
 * failure with a sentence (du_fail()) is shown with its HTTP status (du_error_http()), above the page if it was a POST.
 */
#ifndef DUA_H
#define DUA_H

#include <jansson.h>

#include "du_access.h"
#include "du_store.h"
#include "dua_env.h"
#include "dua_form.h"
#include "dua_record.h"
#include "dua_response.h"
#include "dua_texts.h"

typedef struct dua_t dua_t;

typedef struct dua_page_t {
    const char *name;                   /* last part of its URL, program, and phrases "NAME.title", "nav.NAME" */
    const char *tmpl;                   /* its template */
    const char *const *parameters;      /* that it knows, {NULL} at the end; the frame's own not among them */
    du_right_e right;                   /* to see it at all */
    apr_status_t (*show)(dua_t *dua);   /* GET: fills dua->data */
    apr_status_t (*change)(dua_t *dua); /* POST; NULL = the page changes nothing */
    int takes_file;                     /* a POST may be a form with a file, which change() reads (dua_upload.h) */
    const char *const *changing;        /* those of the parameters that a change has and a GET must not, {NULL} at the
                                         * end; NULL = none */
} dua_page_t;

/* One request. */
struct dua_t {
    du_ctx_t *ctx;
    apr_pool_t *pool;
    const dua_page_t *page;
    dua_env_t env;
    dua_form_t *form;
    dua_response_t response;
    du_store_t *store;
    const char *files;       /* file store */
    du_actor_t actor;        /* who asks: for changes */
    const du_grant_t *grant; /* their role; NULL = none, or not known yet */
    int operators_approve;   /* the setting of that name */
    const char *secret;      /* that tokens are made with; NULL = not read yet */
    json_t *data;            /* what the page says */
    const char *tmpl;        /* its template, if that is not the page's own: one phone, a confirmation */
    const char *location;    /* where a change leads, relative: "rules?state=pending" */
    const char *done;        /* what was done: phrase "done.KEY", and "result" in JSON; NULL = nothing yet */
    apr_int64_t count;       /* how many of it */
    int wants_json;
    const dua_language_t *language;
    apr_hash_t *texts;
    struct dua_upload_t *upload; /* the form with a file, if it is one */
    int refresh;                 /* seconds after which the page should be asked for again; 0 = never */
};

/* Runs one request; the program's exit status. */
int dua_main(int argc, const char *const *argv, const dua_page_t *page);

/* 1 if it is a POST: a change. */
int dua_is_post(const dua_t *dua);

/* 1 if whoever asks may do that to what belongs to a site, or with "" to what is everyone's; at some site at least. */
int dua_may(const dua_t *dua, du_right_e right, const char *site);
int dua_may_somewhere(const dua_t *dua, du_right_e right);

/* DU_E_FORBIDDEN with a sentence if not. */
apr_status_t dua_must(dua_t *dua, du_right_e right, const char *site);

/* A parameter; NULL if it is not there or empty. */
const char *dua_value(const dua_t *dua, const char *name);

/* DU_E_CONFLICT with a sentence if the parameter `shown` is there and not this: what was shown (dua_place_mark()) has been
 * changed by somebody else since. A script may leave it out. */
apr_status_t dua_must_be_as_shown(dua_t *dua, const char *what, const char *mark);

/* For a change() that does not know the parameter `action`: DU_E_MALFORMED with a sentence. */
apr_status_t dua_no_action(dua_t *dua);

/* A change was made: `key` and count are shown where `location` leads. APR_SUCCESS, so that a page can end with it. */
apr_status_t dua_done(dua_t *dua, const char *key, apr_int64_t count, const char *location);

/* This URL's query with some parameters changed: pairs of name and value (NULL = without it), ended by NULL. Without those that
 * only a change has. */
const char *dua_link(const dua_t *dua, ...);

/* Puts up the response instead of HTML or JSON: a file to keep. The page then writes with dua_response_write(). */
apr_status_t dua_download(dua_t *dua, const char *type, const char *filename);

#endif
