#include "ctl_doctor.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "du_text.h"

#define NEEDS_URL   1 /* there is somebody to ask */
#define NEEDS_STORE 2 /* store and file store are looked at */

/* In this order: what follows from what comes before. X(name, needs, function) */
#define CHECKS(X)                                                                                                    \
    X("dns", NEEDS_URL, ctl_doctor_dns)                                                                              \
    X("certificate", NEEDS_URL, ctl_doctor_certificate)                                                              \
    X("chain", NEEDS_URL, ctl_doctor_chain)                                                                          \
    X("inside", NEEDS_URL, ctl_doctor_inside)                                                                        \
    X("outside", NEEDS_URL, ctl_doctor_outside)                                                                      \
    X("clock", 0, ctl_doctor_clock)                                                                                  \
    X("store", NEEDS_STORE, ctl_doctor_store)                                                                        \
    X("images", NEEDS_STORE, ctl_doctor_images)                                                                      \
    X("nodes", NEEDS_STORE, ctl_doctor_nodes)                                                                        \
    X("rights", NEEDS_STORE, ctl_doctor_rights)                                                                      \
    X("space", NEEDS_STORE, ctl_doctor_space)                                                                        \
    X("quota", NEEDS_STORE, ctl_doctor_quota)                                                                        \
    X("files", NEEDS_URL, ctl_doctor_roots)                                                                          \
    X("proxy", NEEDS_URL | NEEDS_STORE, ctl_doctor_record)

static const struct {
    const char *name;
    int needs;
    void (*run)(ctl_doctor_t *doctor);
} checks[] = {
#define CHECK(name, needs, run) {name, needs, run},
    CHECKS(CHECK)
#undef CHECK
};

static const char *const words[] = {
#define LEVEL_WORD(id, word) word,
    CTL_LEVEL_LIST(LEVEL_WORD)
#undef LEVEL_WORD
};

/*
 * Findings
 */

static const char *lines_of(const ctl_doctor_t *doctor, ctl_level_e level, const char *id, const char *text,
                            const char *advice)
{
    apr_pool_t *pool = doctor->ctl->pool;
    const char *lines = apr_psprintf(pool, "%-8s %-12s %s\n", words[level], doctor->check, ctl_text(pool, text));

    return id ? apr_psprintf(pool, "%s%-8s %-12s %s: %s\n", lines, "", "", id, ctl_text(pool, advice)) : lines;
}

static json_t *json_finding(const ctl_doctor_t *doctor, ctl_level_e level, const char *id, const char *text,
                            const char *advice)
{
    apr_pool_t *pool = doctor->ctl->pool;
    json_t *one = json_object();

    json_object_set_new(one, "check", json_string(doctor->check));
    json_object_set_new(one, "level", json_string(words[level]));
    json_object_set_new(one, "text", dua_json_text(pool, text));
    json_object_set_new(one, "id", id ? json_string(id) : json_null());
    json_object_set_new(one, "advice", advice ? dua_json_text(pool, advice) : json_null());
    return one;
}

/* What the visit comes to: a line, or the document with all findings. */
static const char *ending(const ctl_doctor_t *doctor)
{
    apr_pool_t *pool = doctor->ctl->pool;
    json_t *document;
    const char *text;
    char *dumped;

    if (!doctor->ctl->option[CTL_OPT_JSON]) {
        return apr_psprintf(pool, "%d ok, %d skipped, %d warnings, %d problems\n", doctor->count[CTL_OK],
                            doctor->count[CTL_SKIPPED], doctor->count[CTL_WARNING], doctor->count[CTL_PROBLEM]);
    }
    document = ctl_json_result(doctor->count[CTL_PROBLEM]   ? words[CTL_PROBLEM]
                               : doctor->count[CTL_WARNING] ? words[CTL_WARNING]
                                                            : words[CTL_OK]);
    json_object_set(document, "findings", doctor->findings);
    dumped = json_dumps(document, CTL_JSON_FLAGS);
    text = apr_pstrcat(pool, dumped, "\n", NULL);
    free(dumped);
    json_decref(document);
    return text;
}

/* What is to be said if the store never answers what it is asked next (ctl_wait.c). */
static void foresee(const ctl_doctor_t *doctor)
{
    ctl_doctor_t then = *doctor;
    const char *text = apr_psprintf(then.ctl->pool, "the store has not answered for %d seconds", CTL_PATIENCE);
    const char *advice = "what is behind this was not looked at; see what the database waits for";
    const char *id = DUNO(1050), *lines = "";

    if (!doctor->has_store) {
        return;
    }
    then.findings = json_copy(doctor->findings);
    then.count[CTL_PROBLEM]++;
    if (then.ctl->option[CTL_OPT_JSON]) {
        json_array_append_new(then.findings, json_finding(&then, CTL_PROBLEM, id, text, advice));
    } else {
        lines = lines_of(&then, CTL_PROBLEM, id, text, advice);
    }
    ctl_last_words(apr_pstrcat(then.ctl->pool, lines, ending(&then), NULL));
    json_decref(then.findings);
}

static void take(ctl_doctor_t *doctor, ctl_level_e level, const char *id, const char *text, const char *advice)
{
    doctor->count[level]++;
    json_array_append_new(doctor->findings, json_finding(doctor, level, id, text, advice));
    if (!doctor->ctl->option[CTL_OPT_JSON]) { /* at once: a check that takes long keeps nobody from reading */
        fputs(lines_of(doctor, level, id, text, advice), stdout);
        fflush(stdout);
    }
    foresee(doctor);
}

void ctl_doctor_right(ctl_doctor_t *doctor, ctl_level_e level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    take(doctor, level, NULL, apr_pvsprintf(doctor->ctl->pool, format, arguments), NULL);
    va_end(arguments);
}

void ctl_doctor_wrong(ctl_doctor_t *doctor, ctl_level_e level, const char *id, const char *advice, const char *format,
                      ...)
{
    va_list arguments;

    va_start(arguments, format);
    take(doctor, level, id, apr_pvsprintf(doctor->ctl->pool, format, arguments), advice);
    va_end(arguments);
}

const char *ctl_doctor_failure(ctl_doctor_t *doctor)
{
    du_ctx_t *ctx = doctor->ctl->ctx;
    const char *text = ctx->failure.id ? apr_psprintf(ctx->pool, "%s (%s)", ctx->failure.message, ctx->failure.id)
                                       : "it failed without a word";

    ctx->failure = (du_failure_t){APR_SUCCESS, NULL, NULL};
    return text;
}

/*
 * Arguments
 */

apr_status_t ctl_doctor_address(ctl_t *ctl, ctl_option_e option, apr_port_t default_port, const char **host,
                                apr_port_t *port)
{
    const char *text = ctl->option[option];
    char *name = NULL, *scope = NULL;
    struct in6_addr address;
    apr_status_t rv = apr_parse_addr_port(&name, &scope, port, text, ctl->pool);

    if (rv != APR_SUCCESS || !name || scope || (strchr(name, ':') && inet_pton(AF_INET6, name, &address) != 1)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(1002), "--%s is HOST or HOST:PORT, not \"%s\"",
                       ctl_option_name(option), du_text_for_log(ctl->pool, text));
    }
    *host = name;
    *port = *port ? *port : default_port;
    return APR_SUCCESS;
}

static int is_endpoint(const char *path)
{
    return !path || !*path || strcmp(path, "/") == 0 || du_text_same(path, "/RequestHandler/ucdevice.upx") ||
           du_text_same(path, "/RequestHandlerExt/ucdevice.upx");
}

/* A place from the URL of its endpoint, or of its server. */
static apr_status_t read_place(ctl_t *ctl, const char *url, const char *word, ctl_place_t *place)
{
    apr_uri_t uri;
    int is_bad = apr_uri_parse(ctl->pool, url, &uri) != APR_SUCCESS || !uri.scheme ||
                 !du_text_or_null(uri.hostname) || uri.user || uri.query || !is_endpoint(uri.path);

    place->word = word;
    place->is_tls = !is_bad && du_text_same(uri.scheme, "https");
    if (is_bad || (!place->is_tls && !du_text_same(uri.scheme, "http"))) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(1001),
                       "\"%s\" is not the URL of a server, as https://" CTL_DOCTOR_NAME ".example.com",
                       du_text_for_log(ctl->pool, url));
    }
    place->host = uri.hostname;
    place->port = uri.port ? uri.port : place->is_tls ? 443 : 80;
    place->base = apr_psprintf(ctl->pool, strchr(uri.hostname, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
                               place->is_tls ? "https" : "http", uri.hostname, place->port);
    return APR_SUCCESS;
}

static int is_address(const char *host)
{
    return strchr(host, ':') || strspn(host, "0123456789.") == strlen(host);
}

/* The phones' domain: as said, or what is behind the first label of the server's name. */
static const char *domain_of(ctl_t *ctl, const ctl_place_t *place)
{
    const char *dot = place->host && !is_address(place->host) ? strchr(place->host, '.') : NULL;

    return ctl->option[CTL_OPT_DOMAIN] ? ctl->option[CTL_OPT_DOMAIN] : dot ? dot + 1 : NULL;
}

/* Without a URL the store is what there is to look at; with one it is if it is named. */
static apr_status_t prepare(ctl_t *ctl, ctl_doctor_t *doctor)
{
    const char *external = ctl->option[CTL_OPT_EXTERNAL], *url = ctl->argc ? ctl->argv[0] : external;
    apr_status_t status = APR_SUCCESS;

    *doctor = (ctl_doctor_t){.ctl = ctl};
    doctor->has_store = !url || ctl->option[CTL_OPT_STORE] || ctl->option[CTL_OPT_FILES];
    if (ctl->argc) {
        status = read_place(ctl, url, "inside", &doctor->inside);
    }
    if (status == APR_SUCCESS && url) {
        status = read_place(ctl, external ? external : url, "outside", &doctor->outside);
    }
    doctor->domain = domain_of(ctl, &doctor->inside);
    return status;
}

apr_status_t ctl_doctor_check(ctl_t *ctl)
{
    ctl_doctor_t doctor;
    apr_off_t quota;
    const char *host;
    apr_port_t port;
    apr_status_t status = prepare(ctl, &doctor);

    if (status == APR_SUCCESS && ctl->option[CTL_OPT_RESOLVER]) {
        status = ctl_doctor_address(ctl, CTL_OPT_RESOLVER, 53, &host, &port);
    }
    if (status == APR_SUCCESS && ctl->option[CTL_OPT_NTP]) {
        status = ctl_doctor_address(ctl, CTL_OPT_NTP, 123, &host, &port);
    }
    return status == APR_SUCCESS ? ctl_doctor_quota_read(ctl, &quota) : status;
}

/*
 * The visit
 */

static void run_check(ctl_doctor_t *doctor, apr_size_t number)
{
    int needs = checks[number].needs;

    doctor->check = checks[number].name;
    foresee(doctor);
    if ((needs & NEEDS_URL) && !doctor->outside.base) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "no URL was given");
    } else if ((needs & NEEDS_STORE) && !doctor->has_store) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "neither --store nor --files was given");
    } else {
        checks[number].run(doctor);
    }
}

apr_status_t ctl_doctor(ctl_t *ctl)
{
    ctl_doctor_t doctor;
    int problems;
    apr_status_t status = prepare(ctl, &doctor);

    if (status != APR_SUCCESS) {
        return status;
    }
    doctor.findings = json_array();
    for (apr_size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        run_check(&doctor, i);
    }
    problems = doctor.count[CTL_PROBLEM];
    fputs(ending(&doctor), stdout);
    json_decref(doctor.findings);
    return problems ? du_fail(ctl->ctx, DU_E_PEER, DUNO(1019), "%d problem%s found", problems,
                              problems == 1 ? " was" : "s were")
                    : APR_SUCCESS;
}
