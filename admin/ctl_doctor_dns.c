#include "ctl_doctor.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#include <apr_strings.h>
#define CARES_NO_DEPRECATED /* ares_fds() and select() will do for one question at a time */
#include <ares.h>

#include "du_text.h"

#define TRIES 2

/* What a resolver says of a name. */
typedef struct dns_t {
    apr_pool_t *pool;
    int status;                    /* ARES_... */
    apr_array_header_t *addresses; /* of const char * */
} dns_t;

/* An ares_addrinfo_callback. */
static void on_answer(void *baton, int status, int timeouts, struct ares_addrinfo *info)
{
    dns_t *dns = baton;
    char text[INET6_ADDRSTRLEN];

    (void)timeouts;
    dns->status = status;
    for (struct ares_addrinfo_node *node = info ? info->nodes : NULL; node; node = node->ai_next) {
        const struct sockaddr_in *address = (const struct sockaddr_in *)(const void *)node->ai_addr;

        if (node->ai_family == AF_INET && inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text))) {
            APR_ARRAY_PUSH(dns->addresses, const char *) = apr_pstrdup(dns->pool, text);
        }
    }
    ares_freeaddrinfo(info);
}

static void wait_for_answer(ares_channel channel)
{
    for (;;) {
        struct timeval limit = {CTL_DOCTOR_PATIENCE, 0};
        fd_set readable, writable;
        int count;

        FD_ZERO(&readable);
        FD_ZERO(&writable);
        count = ares_fds(channel, &readable, &writable);
        if (count == 0) {
            return;
        }
        select(count, &readable, &writable, NULL, ares_timeout(channel, &limit, &limit));
        ares_process(channel, &readable, &writable);
    }
}

/* Asks the chosen resolver, or the system's; never /etc/hosts, which phones do not have. */
static int open_channel(ctl_doctor_t *doctor, ares_channel *channel)
{
    ctl_t *ctl = doctor->ctl;
    struct ares_options options = {.timeout = CTL_DOCTOR_PATIENCE * 1000 / (2 * TRIES), .tries = TRIES};
    char dns_only[] = "b";
    const char *host;
    apr_port_t port;

    options.lookups = dns_only;
    if (ares_init_options(channel, &options,
                          ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS) !=
        ARES_SUCCESS) {
        return 0;
    }
    if (ctl->option[CTL_OPT_RESOLVER] &&
        (ctl_doctor_address(ctl, CTL_OPT_RESOLVER, 53, &host, &port) != APR_SUCCESS ||
         ares_set_servers_ports_csv(*channel, apr_psprintf(ctl->pool, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
                                                           port)) != ARES_SUCCESS)) {
        ares_destroy(*channel);
        return 0;
    }
    return 1;
}

static dns_t resolve(ctl_doctor_t *doctor, const char *name)
{
    struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_NOSORT, .ai_family = AF_INET};
    dns_t dns = {doctor->ctl->pool, ARES_ENOTINITIALIZED, apr_array_make(doctor->ctl->pool, 2, sizeof(const char *))};
    ares_channel channel;

    if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
        return dns;
    }
    if (open_channel(doctor, &channel)) {
        ares_getaddrinfo(channel, name, NULL, &hints, on_answer, &dns);
        wait_for_answer(channel);
        ares_destroy(channel);
    }
    ares_library_cleanup();
    return dns;
}

static const char *joined(ctl_doctor_t *doctor, const apr_array_header_t *addresses)
{
    return apr_array_pstrcat(doctor->ctl->pool, addresses, ',');
}

static int have_one_in_common(const apr_array_header_t *some, const apr_array_header_t *others)
{
    for (int i = 0; i < some->nelts; i++) {
        for (int j = 0; j < others->nelts; j++) {
            if (strcmp(APR_ARRAY_IDX(some, i, const char *), APR_ARRAY_IDX(others, j, const char *)) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

/* The addresses of a place, without asking if its host is one. */
static void find_place(ctl_doctor_t *doctor, ctl_place_t *place)
{
    struct in_addr address;

    place->addresses = apr_array_make(doctor->ctl->pool, 1, sizeof(const char *));
    if (inet_pton(AF_INET, place->host, &address) == 1) {
        APR_ARRAY_PUSH(place->addresses, const char *) = place->host;
    } else if (!strchr(place->host, ':')) {
        place->addresses = resolve(doctor, place->host).addresses;
    }
}

static void judge(ctl_doctor_t *doctor, const char *name, const dns_t *dns)
{
    const ctl_place_t *inside = &doctor->inside;

    if (dns->status == ARES_ENOTFOUND || dns->status == ARES_ENODATA) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1006),
                         "add an A record for it, in the domain that DHCP tells phones",
                         "%s has no A record, and phones that nobody has signed in to look for it", name);
    } else if (dns->addresses->nelts == 0) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1005), "ask the resolver that phones use: --resolver ADDRESS",
                         "the resolver does not say where %s is: %s", name, ares_strerror(dns->status));
    } else if (inside->base && inside->addresses->nelts && !have_one_in_common(dns->addresses, inside->addresses)) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1008),
                         "let both lead to the same server, or visit the other one, too",
                         "%s is at %s, but %s is at %s", name, joined(doctor, dns->addresses), inside->host,
                         joined(doctor, inside->addresses));
    } else {
        ctl_doctor_right(doctor, CTL_OK, "%s is at %s", name, joined(doctor, dns->addresses));
    }
}

void ctl_doctor_dns(ctl_doctor_t *doctor)
{
    const char *name;
    dns_t dns;

    if (doctor->ctl->option[CTL_OPT_RESOLVER]) {
        find_place(doctor, &doctor->outside);
    }
    if (doctor->inside.base) {
        find_place(doctor, &doctor->inside);
    }
    if (!doctor->domain) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "the phones' domain is not known; --domain says it");
        return;
    }
    name = apr_pstrcat(doctor->ctl->pool, CTL_DOCTOR_NAME ".", doctor->domain, NULL);
    dns = resolve(doctor, name);
    judge(doctor, name, &dns);
}

const char *ctl_doctor_resolved(ctl_doctor_t *doctor, const ctl_place_t *place)
{
    if (!doctor->ctl->option[CTL_OPT_RESOLVER] || !place->addresses || place->addresses->nelts == 0) {
        return NULL;
    }
    return apr_psprintf(doctor->ctl->pool, "%s:%u:%s", place->host, place->port, joined(doctor, place->addresses));
}
