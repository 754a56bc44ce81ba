#include "ctl_phone.h"

#include <stdio.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include "du_text.h"

#define REQUEST_MAX (64 * 1024 * 1024) /* bytes of a file: the largest that DevUpdateCapture makes */

apr_status_t ctl_phone_replay_check(ctl_t *ctl)
{
    static const ctl_option_e others[] = {
        CTL_OPT_TYPE,   CTL_OPT_BRAND, CTL_OPT_MODEL, CTL_OPT_REVISION, CTL_OPT_LOCALE,  CTL_OPT_VERSION, CTL_OPT_MAC,
        CTL_OPT_SERIAL, CTL_OPT_USER,  CTL_OPT_FILE,  CTL_OPT_DOWNLOAD, CTL_OPT_OUTSIDE, CTL_OPT_BASE};

    for (apr_size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (ctl->option[others[i]]) {
            return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0860),
                           "--request sends a file as it is: --%s does not go with it", ctl_option_name(others[i]));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_bytes(const char *path, const char **bytes, apr_size_t *len, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *made;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (status == APR_SUCCESS && info.size > REQUEST_MAX) {
        status = DU_E_TOO_LARGE;
    }
    if (status == APR_SUCCESS) {
        *len = (apr_size_t)info.size;
        *bytes = made = apr_palloc(pool, *len + 1);
        status = *len ? apr_file_read_full(file, made, *len, NULL) : APR_SUCCESS;
    }
    apr_file_close(file);
    return status;
}

static apr_status_t read_request(ctl_t *ctl, const char *path, du_captured_t *request)
{
    const char *bytes, *shown = du_text_for_log(ctl->pool, path);
    char words[120];
    apr_size_t len;
    apr_status_t status = read_bytes(path, &bytes, &len, ctl->pool);

    if (status != APR_SUCCESS) {
        return du_fail(ctl->ctx, status, DUNO(0861), "%s cannot be read: %s", shown,
                       du_error_text(status, words, sizeof(words)));
    }
    status = du_capture_read(ctl->ctx, bytes, len, request);
    return status == APR_SUCCESS
               ? status
               : du_fail(ctl->ctx, status, DUNO(0862), "%s: %s", shown, du_text_or_empty(ctl->ctx->failure.message));
}

/* The path is the captured one, unless the URL has a path of its own. */
static const char *url_for(ctl_t *ctl, const char *target)
{
    const char *url = ctl->argv[0];
    const char *authority = strstr(url, "://") + 3;
    const char *path = authority + strcspn(authority, "/?");

    if (*target != '/' || (*path && !du_text_equal(path, "/"))) {
        return url;
    }
    return apr_pstrcat(ctl->pool, apr_pstrmemdup(ctl->pool, url, (apr_size_t)(path - url)), target, NULL);
}

/* An answer in whatever encoding as UTF-8 with line breaks; NULL if it is not XML. */
static const char *readable(apr_pool_t *pool, const char *reply, apr_size_t len)
{
    xmlDocPtr doc = xmlReadMemory(reply, (int)len, NULL, NULL,
                                  XML_PARSE_NONET | XML_PARSE_NOBLANKS | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlChar *out = NULL;
    const char *text = NULL;
    int size = 0;

    if (doc) {
        xmlDocDumpFormatMemoryEnc(doc, &out, &size, "UTF-8", 1);
        text = out ? apr_pstrmemdup(pool, (const char *)out, (apr_size_t)size) : NULL;
        xmlFree(out);
        xmlFreeDoc(doc);
    }
    return text;
}

static void print_lines(ctl_t *ctl, const char *text)
{
    char *rest;

    for (char *line = apr_strtok(apr_pstrdup(ctl->pool, text), "\n", &rest); line;
         line = apr_strtok(NULL, "\n", &rest)) {
        printf("%s\n", ctl_text(ctl->pool, line));
    }
}

static void print_answer(ctl_t *ctl, const char *media_type, const char *reply, apr_size_t len)
{
    const char *text = readable(ctl->pool, reply, len);

    printf("HTTP 200: %s, %" APR_SIZE_T_FMT " bytes%s\n", ctl_text(ctl->pool, media_type), len,
           text ? "" : ", not XML");
    if (text) {
        print_lines(ctl, text);
    }
}

static void print_as_json(ctl_t *ctl, const char *url, const char *media_type, const char *reply, apr_size_t len)
{
    const char *text = readable(ctl->pool, reply, len);
    json_t *object = json_object();

    json_object_set_new(object, "url", dua_json_text(ctl->pool, url));
    json_object_set_new(object, "media_type", media_type ? dua_json_text(ctl->pool, media_type) : json_null());
    json_object_set_new(object, "bytes", json_integer((json_int_t)len));
    json_object_set_new(object, "xml", text ? dua_json_text(ctl->pool, text) : json_null());
    ctl_json_print(object);
}

apr_status_t ctl_phone_replay(ctl_t *ctl, ctl_http_t *http)
{
    du_captured_t request;
    const char *url, *reply, *media_type;
    apr_size_t len;
    apr_status_t status = read_request(ctl, ctl->option[CTL_OPT_REQUEST], &request);

    if (status != APR_SUCCESS) {
        return status;
    }
    url = url_for(ctl, request.target);
    status = ctl_http_replay(http, url, &request, &reply, &len, &media_type);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_as_json(ctl, url, media_type, reply, len);
    } else {
        print_answer(ctl, media_type, reply, len);
    }
    return APR_SUCCESS;
}
