/*
 * An update check: what the phone says it is and runs (protocol.md 2.1, 11.1).
 */
#ifndef DU_REQUEST_H
#define DU_REQUEST_H

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
    const char *mac;    /* canonical if it is a MAC address, else as it was sent */
    const char *serial;
    const char *user;   /* account that last signed in; personal data */
    int nmodules;
    const du_module_t *modules;
} du_request_t;

/* Parses a body. DU_E_MALFORMED for what du_xml_read() refuses and for more than DU_REQUEST_MAX_MODULES modules. The
 * result lives in ctx->pool. */
apr_status_t du_request_parse(du_ctx_t *ctx, const char *body, apr_size_t len, du_request_t **request);

#endif
