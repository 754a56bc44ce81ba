/*
 * An update check: what the phone says it is and runs (protocol.md 2.1, 11.1).
 */
#ifndef DU_REQUEST_H
#define DU_REQUEST_H

#include <apr_tables.h>

#include "du_ctx.h"
#include "du_device.h"

#define DU_REQUEST_MAX_MODULES 64

/* An installed file. Each text may be NULL. */
typedef struct du_module_t {
    const char *filename;  /* CPE.nbt */
    const char *version;   /* 4.0.7577.4066 */
    const char *timestamp; /* opaque; its meaning differs between documents */
} du_module_t;

/* Each text may be NULL: missing values are legal and simply match no rule. */
typedef struct du_request_t {
    du_key_t key;
    const char *mac;         /* canonical if it is a MAC address, else as it was sent */
    const char *serial;      /* as it was sent */
    const char *test_mac;    /* canonical, for finding test devices; NULL if mac is none */
    const char *test_serial; /* likewise */
    const char *user;        /* account that last signed in; personal data */
    int nmodules;
    const du_module_t *modules;
} du_request_t;

/*
 * The names that are accepted for each field (house.md D5): the shipped table (protocol.md 11.1), or names of a
 * deployment's own in front of it.
 */
typedef struct du_request_names_t du_request_names_t;

/* The shipped table behind these names (array of du_added_name_t, the earlier the better), in pool. */
const du_request_names_t *du_request_names_make(apr_pool_t *pool, const apr_array_header_t *additions);

/* Parses a body by these names, NULL for the shipped ones. DU_E_MALFORMED for what du_xml_read() refuses and for more
 * than DU_REQUEST_MAX_MODULES modules. The result lives in ctx->pool. */
apr_status_t du_request_parse(du_ctx_t *ctx, const du_request_names_t *names, const char *body, apr_size_t len,
                              du_request_t **request);

#endif
