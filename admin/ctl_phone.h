/*
 * The parts of `devupdatectl phone`: the messages of an update check, and HTTP as a phone speaks
 * it.
 */
#ifndef CTL_PHONE_H
#define CTL_PHONE_H

#include <apr_file_io.h>

#include "ctl.h"
#include "du_capture.h"

#define CTL_REPLY_MAX   65536                  /* bytes of a reply to a check */
#define CTL_FILE_MAX    (APR_INT64_C(4) << 30) /* bytes of a file */
#define CTL_FILES_MAX   64                     /* files in a reply */
#define CTL_NAME_MAX    255                    /* bytes of a file's name: what file systems take */
#define CTL_VALUE_MAX   256                    /* bytes of one value in the request */
#define CTL_TIMEOUT     30                     /* seconds, if not given */
#define CTL_TIMEOUT_MAX 3600

/*
 * Messages (ctl_phone_xml.c)
 */

/* One file that is offered. */
typedef struct ctl_offer_t {
    const char *name;      /* CPE.nbt; never NULL, otherwise not checked */
    const char *signature; /* CPE.cat; NULL if the reply names none */
    const char *version;   /* NULL likewise */
    const char *timestamp; /* NULL likewise */
} ctl_offer_t;

typedef struct ctl_reply_t {
    apr_int64_t count;         /* NumOfFiles; 0 = no update */
    const char *base_url;      /* for phones inside; NULL if empty */
    const char *external_url;  /* for phones outside; NULL if empty */
    apr_array_header_t *files; /* of ctl_offer_t */
} ctl_reply_t;

/* The body of an update check from the command's options. CTL_E_USAGE for a value that XML cannot
 * carry. */
apr_status_t ctl_phone_request(ctl_t *ctl, const char **body, apr_size_t *len);

/* Reads a reply with tolerance for its grammar (protocol.md 3.1, 11.2). DU_E_PEER with a sentence
 * if it makes no sense. */
apr_status_t ctl_phone_reply(ctl_t *ctl, const char *body, apr_size_t len, ctl_reply_t **reply);

/*
 * A captured request (ctl_phone_replay.c)
 */

/* CTL_E_USAGE if --request is given beside what it takes from the file. */
apr_status_t ctl_phone_replay_check(ctl_t *ctl);

/* Sends the file of --request and prints the answer. */
struct ctl_http_t;
apr_status_t ctl_phone_replay(ctl_t *ctl, struct ctl_http_t *http);

/*
 * HTTP (ctl_phone_http.c)
 */
typedef struct ctl_http_t ctl_http_t;

/* What came of a GET. */
typedef struct ctl_got_t {
    apr_off_t size;                       /* bytes received */
    apr_off_t announced;                  /* by Content-Length; -1 if it was not */
    unsigned char digest[DU_DIGEST_SIZE]; /* SHA-256 of them */
    const char *offered;                  /* the server's SHA-256 (RFC 9530, Repr-Digest) in base64; NULL if none */
} ctl_got_t;

/* Ready for requests, until ctl->pool goes. http and https only, no redirects, no proxy, no user in
 * a URL. */
apr_status_t ctl_http_open(ctl_t *ctl, ctl_http_t **http);

/* Posts a request; everything but 200 and a reply of at most CTL_REPLY_MAX bytes is DU_E_PEER with
 * a sentence. */
apr_status_t ctl_http_post(ctl_http_t *http, const char *url, const char *body, apr_size_t len, const char **reply,
                           apr_size_t *reply_len);

/* Sends a request as it was captured; headers that are about the connection are new. *media_type is NULL if the answer has
 * none. */
apr_status_t ctl_http_replay(ctl_http_t *http, const char *url, const du_captured_t *request, const char **reply,
                             apr_size_t *reply_len, const char **media_type);

/* Fetches `base`/`name` into an open file; size and digest are not judged, beyond that curl refuses
 * what is shorter than announced. */
apr_status_t ctl_http_get(ctl_http_t *http, const char *base, const char *name, apr_file_t *to, ctl_got_t *got);

/*
 * Downloads (ctl_phone_fetch.c)
 */

/* A file that was fetched. */
typedef struct ctl_fetched_t {
    const char *name;
    const char *path;
    const char *temporary; /* where it lies until all are there */
    ctl_got_t got;
} ctl_fetched_t;

/* Fetches the offered files and their signatures from `base` into `directory` and verifies them.
 * All of them or none: after a failure no file is left. *fetched is an array of ctl_fetched_t. */
apr_status_t ctl_phone_fetch(ctl_t *ctl, ctl_http_t *http, const ctl_reply_t *reply, const char *base,
                             const char *directory, apr_array_header_t **fetched);

#endif
