#include "ctl_doctor.h"

#include <string.h>

#include <apr_strings.h>
#include <curl/curl.h>

#define BODY_MAX 65536

/* An exchange that goes on. */
typedef struct exchange_t {
    apr_pool_t *pool;
    ctl_answer_t *answer;
    char *body; /* BODY_MAX bytes */
} exchange_t;

/* A status line begins the headers of another response. */
static size_t on_header(char *data, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    size_t len = size * count;
    char *line = apr_pstrmemdup(exchange->pool, data, len), *value = strchr(line, ':');

    if (strncmp(line, "HTTP/", 5) == 0) {
        apr_table_clear(exchange->answer->headers);
        exchange->answer->len = 0;
    } else if (value) {
        *value++ = '\0';
        value += strspn(value, " \t");
        value[strcspn(value, "\r\n")] = '\0';
        apr_table_addn(exchange->answer->headers, line, value);
    }
    return len;
}

/* What is behind the limit ends the transfer, which is no fault: nobody asked for all of it. */
static size_t on_body(char *data, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    size_t len = size * count, room = BODY_MAX - exchange->answer->len;
    size_t taken = len < room ? len : room;

    memcpy(exchange->body + exchange->answer->len, data, taken);
    exchange->answer->len += taken;
    return taken;
}

static struct curl_slist *list_of(const char *const *lines)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    list = curl_slist_append(list, "Content-Type: text/xml; charset=utf-8");
    for (; lines && *lines; lines++) {
        list = curl_slist_append(list, *lines);
    }
    return list;
}

static void set_common(ctl_doctor_t *doctor, CURL *curl, const ctl_place_t *place, int with_account)
{
    const char *ca = doctor->ctl->option[CTL_OPT_CA];

    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* else the environment names one */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, CTL_NAME "-doctor/" DU_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CTL_DOCTOR_PATIENCE);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CTL_DOCTOR_PATIENCE);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, with_account ? 1L : 0L); /* judged by a check of its own */
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, with_account ? 2L : 0L);
    curl_easy_setopt(curl, CURLOPT_URL, place->base);
    if (ca) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    }
    if (with_account) {
        curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_REQUIRED);
        curl_easy_setopt(curl, CURLOPT_NETRC_FILE, doctor->ctl->option[CTL_OPT_NETRC]);
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_ANY);
    }
}

static void set_request(CURL *curl, const ctl_ask_t *ask)
{
    if (ask->body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body);
    } else if (strcmp(ask->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
}

/* Fails on a handle that was made; what was sent and what came is in the handle. */
static void perform(exchange_t *exchange, CURL *curl)
{
    ctl_answer_t *answer = exchange->answer;
    char error[CURL_ERROR_SIZE] = "";
    char *from = NULL;
    CURLcode code;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    code = curl_easy_perform(curl);
    if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && answer->len == BODY_MAX)) {
        answer->fault = apr_pstrdup(exchange->pool, *error ? error : curl_easy_strerror(code));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_getinfo(curl, CURLINFO_LOCAL_IP, &from);
    answer->from = from ? apr_pstrdup(exchange->pool, from) : "";
}

void ctl_doctor_ask(ctl_doctor_t *doctor, const ctl_place_t *place, const ctl_ask_t *ask, ctl_answer_t *answer)
{
    apr_pool_t *pool = doctor->ctl->pool;
    exchange_t exchange = {pool, answer, apr_palloc(pool, BODY_MAX)};
    const char *resolved = ctl_doctor_resolved(doctor, place);
    struct curl_slist *names = resolved ? curl_slist_append(NULL, resolved) : NULL, *headers = list_of(ask->headers);
    CURL *curl = curl_easy_init();

    *answer = (ctl_answer_t){.headers = apr_table_make(pool, 8), .body = exchange.body, .from = ""};
    if (!curl || !headers || (resolved && !names)) {
        answer->fault = "libcurl cannot be used";
    } else {
        set_common(doctor, curl, place, ask->with_account);
        set_request(curl, ask);
        curl_easy_setopt(curl, CURLOPT_URL, apr_pstrcat(pool, place->base, ask->path, NULL));
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_RESOLVE, names);
        perform(&exchange, curl);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    curl_slist_free_all(names);
}

/* Each certificate is a list of lines, one of which is the certificate itself. */
static apr_array_header_t *read_certificates(apr_pool_t *pool, CURL *curl)
{
    static const char name[] = "Cert:";
    struct curl_certinfo *info = NULL;
    apr_array_header_t *found = apr_array_make(pool, 3, sizeof(const char *));

    curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info);
    for (int i = 0; info && i < info->num_of_certs; i++) {
        for (const struct curl_slist *line = info->certinfo[i]; line; line = line->next) {
            if (strncmp(line->data, name, strlen(name)) == 0) {
                APR_ARRAY_PUSH(found, const char *) = apr_pstrdup(pool, line->data + strlen(name));
            }
        }
    }
    return found;
}

apr_array_header_t *ctl_doctor_certificates(ctl_doctor_t *doctor, const ctl_place_t *place, const char **fault)
{
    apr_pool_t *pool = doctor->ctl->pool;
    const char *resolved = ctl_doctor_resolved(doctor, place);
    struct curl_slist *names = resolved ? curl_slist_append(NULL, resolved) : NULL;
    apr_array_header_t *found = NULL;
    char error[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();

    *fault = "libcurl cannot be used";
    if (curl) {
        set_common(doctor, curl, place, 0);
        curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
        curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
        curl_easy_setopt(curl, CURLOPT_RESOLVE, names);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
        if (curl_easy_perform(curl) == CURLE_OK) {
            found = read_certificates(pool, curl);
        }
        *fault = apr_pstrdup(pool, *error ? error : "no TLS connection");
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(names);
    return found && found->nelts ? found : NULL;
}
