/*
 * The parts of `devupdatectl doctor`. Each check is a function that looks at one thing and says what it found, in a sentence
 * each; nothing is changed, but that the checks it makes as a phone are on record like any other (du_record_is_phone()).
 */
#ifndef CTL_DOCTOR_H
#define CTL_DOCTOR_H

#include <apr_network_io.h>

#include "ctl.h"

#define CTL_DOCTOR_PATIENCE 5              /* seconds for each answer from the network */
#define CTL_DOCTOR_NAME     "ucupdates-r2" /* what phones look for that nobody has signed in to (protocol.md section 9) */

/* X(id, "word") */
#define CTL_LEVEL_LIST(X)                                                                                            \
    X(CTL_OK, "ok")                                                                                                  \
    X(CTL_SKIPPED, "skipped") /* not looked at, for the reason given */                                              \
    X(CTL_WARNING, "warning") /* works, but not for long, not for all, or not surely */                              \
    X(CTL_PROBLEM, "problem") /* phones or administrators suffer from it */

typedef enum {
#define CTL_LEVEL_ENUM(id, word) id,
    CTL_LEVEL_LIST(CTL_LEVEL_ENUM)
#undef CTL_LEVEL_ENUM
        CTL_LEVELS
} ctl_level_e;

/* One of the two places where phones ask. */
typedef struct ctl_place_t {
    const char *word; /* "inside" or "outside" */
    const char *base; /* "https://updates.example.com:443" */
    const char *host; /* a name or an address */
    apr_port_t port;
    int is_tls;
    int is_away;                   /* it does not answer: said once */
    apr_array_header_t *addresses; /* of const char *: what the resolver says; NULL = the system's is used */
} ctl_place_t;

typedef struct ctl_doctor_t {
    ctl_t *ctl;
    const char *check; /* the one that runs */
    json_t *findings;
    int count[CTL_LEVELS];

    const char *domain;          /* of the phones; NULL = not known */
    ctl_place_t inside, outside; /* without a URL both have no base */
    apr_time_t date, date_seen;  /* the server's clock, and when it said so; 0 = it did not */
    int has_store;               /* it is to be looked at; NULL in ctl->store: it cannot be opened */
} ctl_doctor_t;

/*
 * Findings (ctl_doctor.c)
 */

/* Says what is right, or why it was not looked at. */
void ctl_doctor_right(ctl_doctor_t *doctor, ctl_level_e level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says what is wrong, under an id, and what to do. */
void ctl_doctor_wrong(ctl_doctor_t *doctor, ctl_level_e level, const char *id, const char *advice, const char *format,
                      ...) __attribute__((format(printf, 5, 6)));

/* The sentence of the failure that ctx has recorded, which is forgotten. */
const char *ctl_doctor_failure(ctl_doctor_t *doctor);

/* HOST or HOST:PORT or [ADDRESS]:PORT behind an option. CTL_E_USAGE with a sentence. */
apr_status_t ctl_doctor_address(ctl_t *ctl, ctl_option_e option, apr_port_t default_port, const char **host,
                                apr_port_t *port);

/*
 * Checks
 */
void ctl_doctor_dns(ctl_doctor_t *doctor);         /* ctl_doctor_dns.c; fills the places' addresses */
void ctl_doctor_certificate(ctl_doctor_t *doctor); /* ctl_doctor_tls.c */
void ctl_doctor_chain(ctl_doctor_t *doctor);
void ctl_doctor_inside(ctl_doctor_t *doctor); /* ctl_doctor_phone.c; fills date */
void ctl_doctor_outside(ctl_doctor_t *doctor);
void ctl_doctor_record(ctl_doctor_t *doctor);
void ctl_doctor_roots(ctl_doctor_t *doctor); /* ctl_doctor_roots.c */
void ctl_doctor_clock(ctl_doctor_t *doctor); /* ctl_doctor_clock.c */
void ctl_doctor_store(ctl_doctor_t *doctor); /* ctl_doctor_store.c; opens the store */
void ctl_doctor_images(ctl_doctor_t *doctor);
void ctl_doctor_nodes(ctl_doctor_t *doctor);
void ctl_doctor_rights(ctl_doctor_t *doctor); /* ctl_doctor_files.c */
void ctl_doctor_space(ctl_doctor_t *doctor);
void ctl_doctor_quota(ctl_doctor_t *doctor);
apr_status_t ctl_doctor_quota_read(ctl_t *ctl, apr_off_t *quota);

/*
 * HTTP (ctl_doctor_http.c)
 */

/* What to ask. Zero is left out. */
typedef struct ctl_ask_t {
    const char *method; /* "POST" with a body, "HEAD" or "GET" */
    const char *path;
    const char *body;
    apr_size_t len;
    const char *const *headers; /* "Name: value", ended by NULL */
    int with_account;           /* names and passwords of --netrc-file; the server must prove then who it is */
} ctl_ask_t;

/* What came. */
typedef struct ctl_answer_t {
    const char *fault; /* why there is no answer; NULL = there is one */
    long status;
    apr_table_t *headers; /* of the last response */
    const char *body;     /* of at most 64 KiB; what is longer is cut off */
    apr_size_t len;
    const char *from; /* the address that was asked from, as text */
} ctl_answer_t;

/* Asks a place; *answer is in ctl->pool. No redirects, no proxy, no cookies. */
void ctl_doctor_ask(ctl_doctor_t *doctor, const ctl_place_t *place, const ctl_ask_t *ask, ctl_answer_t *answer);

/* The certificates that a place shows, the server's first, as PEM (array of const char *), whoever signed them; NULL and
 * *fault if there is no TLS connection. */
apr_array_header_t *ctl_doctor_certificates(ctl_doctor_t *doctor, const ctl_place_t *place, const char **fault);

/*
 * Names (ctl_doctor_dns.c)
 */

/* What is needed of libcurl to connect to a place: "host:port:address,address"; NULL = nothing. */
const char *ctl_doctor_resolved(ctl_doctor_t *doctor, const ctl_place_t *place);

#endif
