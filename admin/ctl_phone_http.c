#include "ctl_phone.h"

#include <string.h>

#include <apr_strings.h>
#include <curl/curl.h>
#include <openssl/evp.h>

#include "du_text.h"

#define DIGEST_FIELD "Repr-Digest:"
#define DIGEST_KEY   "sha-256=:"

struct ctl_http_t {
    ctl_t *ctl;
    CURL *curl;
    struct curl_slist *post_headers, *replay_headers;
    EVP_MD_CTX *hash;
    long timeout;
    char error[CURL_ERROR_SIZE];

    /* the exchange that is going on */
    apr_off_t size; /* of the body so far */
    int is_too_large;
    char *reply;         /* POST: room for CTL_REPLY_MAX bytes */
    apr_file_t *to;      /* GET */
    apr_status_t failed; /* of a write to it */
    const char *offered; /* digest */
};

static apr_status_t close_http(void *data)
{
    ctl_http_t *http = data;

    curl_slist_free_all(http->post_headers);
    curl_slist_free_all(http->replay_headers);
    curl_easy_cleanup(http->curl);
    curl_global_cleanup();
    EVP_MD_CTX_free(http->hash);
    return APR_SUCCESS;
}

/* The SHA-256 in a field like `sha-512=:...:, sha-256=:...:`. A header without one tells nothing.
 */
static void take_digest(ctl_http_t *http, const char *line)
{
    const char *start = strstr(line, DIGEST_KEY);
    const char *end = start ? strchr(start + strlen(DIGEST_KEY), ':') : NULL;

    if (end) {
        start += strlen(DIGEST_KEY);
        http->offered = apr_pstrmemdup(http->ctl->pool, start, (apr_size_t)(end - start));
    }
}

/* A status line begins the headers of another response: the one before asked for authentication. */
static size_t on_header(char *data, size_t size, size_t count, void *baton)
{
    ctl_http_t *http = baton;
    size_t len = size * count;

    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) {
        http->offered = NULL;
    } else if (len > strlen(DIGEST_FIELD)) {
        const char *line = apr_pstrmemdup(http->ctl->pool, data, len);

        if (du_text_begins(line, DIGEST_FIELD)) {
            take_digest(http, line);
        }
    }
    return len;
}

/* Everything but len ends the transfer. */
static size_t on_reply(char *data, size_t size, size_t count, void *baton)
{
    ctl_http_t *http = baton;
    size_t len = size * count;

    if (http->size + (apr_off_t)len > CTL_REPLY_MAX) {
        http->is_too_large = 1;
        return len + 1;
    }
    memcpy(http->reply + http->size, data, len);
    http->size += (apr_off_t)len;
    return len;
}

static size_t on_file(char *data, size_t size, size_t count, void *baton)
{
    ctl_http_t *http = baton;
    size_t len = size * count;

    http->size += (apr_off_t)len;
    if (http->size > CTL_FILE_MAX) {
        http->is_too_large = 1;
        return len + 1;
    }
    EVP_DigestUpdate(http->hash, data, len);
    http->failed = apr_file_write_full(http->to, data, len, NULL);
    return http->failed == APR_SUCCESS ? len : len + 1;
}

/* The option that names the protocols has a new form since 7.85. */
static int set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
#else
    return curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS) != CURLE_OK;
#endif
}

/* Names and passwords come from a file only; without it no authentication is tried, as a phone that
 * nobody signed in to. */
static int set_credentials(CURL *curl, const char *netrc, const char *ca)
{
    int bad = curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) != CURLE_OK;

    if (netrc) {
        bad |= curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_REQUIRED) != CURLE_OK;
        bad |= curl_easy_setopt(curl, CURLOPT_NETRC_FILE, netrc) != CURLE_OK;
        bad |= curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_ANY) != CURLE_OK;
    }
    if (ca) {
        bad |= curl_easy_setopt(curl, CURLOPT_CAINFO, ca) != CURLE_OK;
    }
    return bad;
}

static int set_options(ctl_http_t *http)
{
    CURL *curl = http->curl;
    int bad = set_protocols(curl);

    bad |= set_credentials(curl, http->ctl->option[CTL_OPT_NETRC], http->ctl->option[CTL_OPT_CA]);
    bad |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK; /* else the environment names one */
    bad |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_USERAGENT, CTL_NAME "/" DU_VERSION) != CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error) != CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, http->timeout) != CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, http) != CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, http) != CURLE_OK;
    return bad;
}

static apr_status_t read_timeout(ctl_t *ctl, long *timeout)
{
    const char *text = ctl->option[CTL_OPT_TIMEOUT];

    *timeout = CTL_TIMEOUT;
    if (!text) {
        return APR_SUCCESS;
    }
    *timeout = strspn(text, "0123456789") == strlen(text) && strlen(text) < 6 ? (long)apr_atoi64(text) : 0;
    if (*timeout < 1 || *timeout > CTL_TIMEOUT_MAX) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0853), "--timeout is 1 to %d seconds", CTL_TIMEOUT_MAX);
    }
    return APR_SUCCESS;
}

apr_status_t ctl_http_open(ctl_t *ctl, ctl_http_t **http)
{
    ctl_http_t *h = apr_pcalloc(ctl->pool, sizeof(*h));
    apr_status_t status = read_timeout(ctl, &h->timeout);

    if (status != APR_SUCCESS) {
        return status;
    }
    h->ctl = ctl;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
        apr_pool_cleanup_register(ctl->pool, h, close_http, apr_pool_cleanup_null);
        h->curl = curl_easy_init();
        h->hash = EVP_MD_CTX_new();
        h->post_headers = curl_slist_append(NULL, "Content-Type: text/xml; charset=utf-8");
    }
    if (!h->curl || !h->hash || !h->post_headers || set_options(h)) {
        return du_fail(ctl->ctx, APR_EGENERAL, DUNO(0837), "libcurl or OpenSSL cannot be used");
    }
    *http = h;
    return APR_SUCCESS;
}

/* What was wrong with a transfer; also how the server's refusal reads. */
static apr_status_t judge(ctl_http_t *http, const char *url, CURLcode code)
{
    du_ctx_t *ctx = http->ctl->ctx;
    const char *where = du_text_for_log(http->ctl->pool, url);
    long status = 0;

    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (http->is_too_large) {
        return du_fail(ctx, DU_E_PEER, DUNO(0838), "the answer of %s is too large", where);
    }
    if (http->failed != APR_SUCCESS) {
        return du_fail(ctx, http->failed, DUNO(0839), "cannot write what %s answers: %pm", where,
                       (void *)&http->failed);
    }
    if (code != CURLE_OK) {
        return du_fail(ctx, DU_E_PEER, DUNO(0840), "%s: %s", where,
                       du_text_for_log(http->ctl->pool, *http->error ? http->error : curl_easy_strerror(code)));
    }
    if (status == 401) {
        return du_fail(ctx, DU_E_PEER, DUNO(0841), "%s wants an account (HTTP 401); --netrc-file gives one", where);
    }
    if (status != 200) {
        return du_fail(ctx, DU_E_PEER, DUNO(0842), "%s answers HTTP %ld", where, status);
    }
    return APR_SUCCESS;
}

static apr_status_t perform(ctl_http_t *http, const char *url)
{
    http->size = 0;
    http->is_too_large = 0;
    http->failed = APR_SUCCESS;
    http->offered = NULL;
    http->error[0] = '\0';
    EVP_DigestInit_ex(http->hash, EVP_sha256(), NULL);
    curl_easy_setopt(http->curl, CURLOPT_URL, url);
    return judge(http, url, curl_easy_perform(http->curl));
}

apr_status_t ctl_http_post(ctl_http_t *http, const char *url, const char *body, apr_size_t len, const char **reply,
                           apr_size_t *reply_len)
{
    CURL *curl = http->curl;
    apr_status_t status;

    http->reply = apr_palloc(http->ctl->pool, CTL_REPLY_MAX);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, http->post_headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, http->timeout);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_reply);
    status = perform(http, url);
    *reply = http->reply;
    *reply_len = (apr_size_t)http->size;
    return status;
}

static int is_sent(const du_captured_t *request, const char *header)
{
    return apr_table_get(request->headers, header) != NULL;
}

static void add_line(ctl_http_t *http, const char *line)
{
    http->replay_headers = curl_slist_append(http->replay_headers, line);
}

static int add_header(void *baton, const char *name, const char *value)
{
    ctl_http_t *http = baton;

    if (!du_capture_is_own(name) && !du_capture_is_secret(name)) { /* a file may have been written by hand */
        add_line(http, *value ? apr_pstrcat(http->ctl->pool, name, ": ", value, NULL)
                              : apr_pstrcat(http->ctl->pool, name, ";", NULL));
    }
    return 1;
}

/* The captured headers, and none that curl would add. */
static void set_headers(ctl_http_t *http, const du_captured_t *request)
{
    static const char *const added_by_curl[] = {"User-Agent", "Accept", "Content-Type", NULL};

    apr_table_do(add_header, http, request->headers, NULL);
    for (const char *const *name = added_by_curl; *name; name++) {
        if (!is_sent(request, *name)) {
            add_line(http, apr_pstrcat(http->ctl->pool, *name, ":", NULL));
        }
    }
    add_line(http, "Expect:");
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->replay_headers);
}

apr_status_t ctl_http_replay(ctl_http_t *http, const char *url, const du_captured_t *request, const char **reply,
                             apr_size_t *reply_len, const char **media_type)
{
    CURL *curl = http->curl;
    apr_status_t status;

    http->reply = apr_palloc(http->ctl->pool, CTL_REPLY_MAX);
    if (request->len || du_text_equal(request->method, "POST")) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    } else if (du_text_equal(request->method, "HEAD")) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    set_headers(http, request);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, http->timeout);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_reply);
    status = perform(http, url);
    *reply = http->reply;
    *reply_len = (apr_size_t)http->size;
    *media_type = NULL;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, media_type);
    return status;
}

/* base/name with the name as one segment. */
static const char *file_url(ctl_http_t *http, const char *base, const char *name)
{
    char *escaped = curl_easy_escape(http->curl, name, (int)strlen(name));
    apr_size_t len = strlen(base);
    const char *url = NULL;

    if (escaped) {
        url = apr_pstrcat(http->ctl->pool, base, len && base[len - 1] == '/' ? "" : "/", escaped, NULL);
    }
    curl_free(escaped);
    return url;
}

apr_status_t ctl_http_get(ctl_http_t *http, const char *base, const char *name, apr_file_t *to, ctl_got_t *got)
{
    CURL *curl = http->curl;
    const char *url = file_url(http, base, name);
    curl_off_t announced = -1;
    apr_status_t status;

    if (!url) {
        return APR_ENOMEM;
    }
    http->to = to;
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 0L); /* an image takes as long as it takes, but not without a byte */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, http->timeout);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_file);
    status = perform(http, url);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    EVP_DigestFinal_ex(http->hash, got->digest, NULL);
    got->size = http->size;
    got->announced = (apr_off_t)announced;
    got->offered = http->offered;
    return status;
}
