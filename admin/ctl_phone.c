#include "ctl_phone.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

static int is_http(const char *url)
{
    return du_text_begins(url, "http://") || du_text_begins(url, "https://");
}

static apr_status_t check_url(ctl_t *ctl, const char *url)
{
    if (!url || is_http(url)) {
        return APR_SUCCESS;
    }
    return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0850), "\"%s\" does not begin with http:// or https://",
                   du_text_for_log(ctl->pool, url));
}

/* The base URL with the scheme and authority of --base. */
static const char *moved(ctl_t *ctl, const char *base)
{
    const char *to = ctl->option[CTL_OPT_BASE];
    const char *authority = strstr(base, "://") + 3;
    apr_size_t len = to ? strlen(to) : 0;

    if (!to) {
        return base;
    }
    while (len > 0 && to[len - 1] == '/') {
        len--;
    }
    return apr_pstrcat(ctl->pool, apr_pstrmemdup(ctl->pool, to, len), authority + strcspn(authority, "/"), NULL);
}

/* Where a phone in this place would fetch from. */
static apr_status_t choose_base(ctl_t *ctl, const ctl_reply_t *reply, const char **base)
{
    int outside = ctl->option[CTL_OPT_OUTSIDE] != NULL;
    const char *url = outside ? reply->external_url : reply->base_url;

    if (!url) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0851),
                       "the reply offers files, but publishes no base URL for phones %s",
                       outside               ? "outside"
                       : reply->external_url ? "inside (there is one for --outside)"
                                             : "inside");
    }
    if (!is_http(url)) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0852), "the base URL of the reply is \"%s\"",
                       du_text_for_log(ctl->pool, url));
    }
    *base = moved(ctl, url);
    return APR_SUCCESS;
}

static void print_decision(ctl_t *ctl, const ctl_reply_t *reply, const char *base)
{
    if (reply->count == 0) {
        printf("no update (NumOfFiles 0)\n");
    }
    for (int i = 0; i < reply->files->nelts; i++) {
        const ctl_offer_t *offer = &APR_ARRAY_IDX(reply->files, i, ctl_offer_t);

        printf("offered %s: %s + %s from %s\n", ctl_text(ctl->pool, offer->version), ctl_text(ctl->pool, offer->name),
               offer->signature ? ctl_text(ctl->pool, offer->signature) : "no signature",
               base ? ctl_text(ctl->pool, base) : "nowhere");
    }
}

static void print_fetched(ctl_t *ctl, const apr_array_header_t *fetched)
{
    for (int i = 0; fetched && i < fetched->nelts; i++) {
        const ctl_fetched_t *file = &APR_ARRAY_IDX(fetched, i, ctl_fetched_t);

        printf("fetched %s: %" APR_OFF_T_FMT " bytes%s, %s\n", ctl_text(ctl->pool, file->path), file->got.size,
               file->got.announced >= 0 ? " as announced" : ", no length announced",
               file->got.offered ? "digest verified" : "no digest offered");
    }
}

static json_t *text_or_null(ctl_t *ctl, const char *text)
{
    return text ? dua_json_text(ctl->pool, text) : json_null();
}

static json_t *json_offers(ctl_t *ctl, const ctl_reply_t *reply)
{
    json_t *array = json_array();

    for (int i = 0; i < reply->files->nelts; i++) {
        const ctl_offer_t *offer = &APR_ARRAY_IDX(reply->files, i, ctl_offer_t);
        json_t *object = json_object();

        json_object_set_new(object, "filename", dua_json_text(ctl->pool, offer->name));
        json_object_set_new(object, "signature_filename", text_or_null(ctl, offer->signature));
        json_object_set_new(object, "version", text_or_null(ctl, offer->version));
        json_object_set_new(object, "timestamp", text_or_null(ctl, offer->timestamp));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *json_fetched(ctl_t *ctl, const apr_array_header_t *fetched)
{
    json_t *array = json_array();

    for (int i = 0; fetched && i < fetched->nelts; i++) {
        const ctl_fetched_t *file = &APR_ARRAY_IDX(fetched, i, ctl_fetched_t);
        const char *digest = du_text_hex(ctl->pool, file->got.digest, DU_DIGEST_SIZE);
        json_t *object = json_object();

        json_object_set_new(object, "name", dua_json_text(ctl->pool, file->name));
        json_object_set_new(object, "path", dua_json_text(ctl->pool, file->path));
        json_object_set_new(object, "size", json_integer(file->got.size));
        json_object_set_new(object, "size_verified", json_boolean(file->got.announced >= 0));
        json_object_set_new(object, "sha256", json_string(digest));
        json_object_set_new(object, "digest_verified", json_boolean(file->got.offered != NULL));
        json_array_append_new(array, object);
    }
    return array;
}

static void print_as_json(ctl_t *ctl, const ctl_reply_t *reply, const apr_array_header_t *fetched)
{
    json_t *object = json_object();

    json_object_set_new(object, "url", dua_json_text(ctl->pool, ctl->argv[0]));
    json_object_set_new(object, "result", json_string(reply->count ? "offered" : "none"));
    json_object_set_new(object, "num_of_files", json_integer(reply->count));
    json_object_set_new(object, "base_url", text_or_null(ctl, reply->base_url));
    json_object_set_new(object, "external_base_url", text_or_null(ctl, reply->external_url));
    json_object_set_new(object, "files", json_offers(ctl, reply));
    json_object_set_new(object, "fetched", json_fetched(ctl, fetched));
    ctl_json_print(object);
}

static apr_status_t check(ctl_t *ctl, ctl_http_t *http, ctl_reply_t **reply)
{
    const char *body, *answer;
    apr_size_t len, answer_len;
    apr_status_t status = ctl_phone_request(ctl, &body, &len);

    if (status == APR_SUCCESS) {
        status = ctl_http_post(http, ctl->argv[0], body, len, &answer, &answer_len);
    }
    return status == APR_SUCCESS ? ctl_phone_reply(ctl, answer, answer_len, reply) : status;
}

/* The decision is shown even if the download fails. */
static apr_status_t follow(ctl_t *ctl, ctl_http_t *http, const ctl_reply_t *reply)
{
    const char *directory = ctl->option[CTL_OPT_DOWNLOAD], *base = NULL;
    apr_array_header_t *fetched = NULL;
    int json = ctl->option[CTL_OPT_JSON] != NULL;
    apr_status_t status = reply->count ? choose_base(ctl, reply, &base) : APR_SUCCESS;

    if (!json) {
        print_decision(ctl, reply, base);
    }
    if (base && directory) {
        status = ctl_phone_fetch(ctl, http, reply, base, directory, &fetched);
    }
    if (json) {
        print_as_json(ctl, reply, fetched);
    } else {
        print_fetched(ctl, fetched);
    }
    return status;
}

apr_status_t ctl_phone_check(ctl_t *ctl)
{
    apr_status_t status =
        ctl->option[CTL_OPT_REQUEST] ? ctl_phone_replay_check(ctl) : ctl_args_required(ctl, CTL_PHONE_IS);

    if (status == APR_SUCCESS) {
        status = check_url(ctl, ctl->argv[0]);
    }
    return status == APR_SUCCESS ? check_url(ctl, ctl->option[CTL_OPT_BASE]) : status;
}

apr_status_t ctl_phone(ctl_t *ctl)
{
    ctl_http_t *http;
    ctl_reply_t *reply;
    apr_status_t status = ctl_http_open(ctl, &http);

    if (status == APR_SUCCESS && ctl->option[CTL_OPT_REQUEST]) {
        return ctl_phone_replay(ctl, http);
    }
    if (status == APR_SUCCESS) {
        status = check(ctl, http, &reply);
    }
    return status == APR_SUCCESS ? follow(ctl, http, reply) : status;
}
