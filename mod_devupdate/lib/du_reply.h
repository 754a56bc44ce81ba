/*
 * The reply to an update check, bound from a template (protocol.md 3.1, 11.2).
 *
 * Names a reply template may use: num-of-files, base-url, external-base-url, version, update-type, type, brand, model,
 * revision, locale, and the list files with filename, signature, version, timestamp.
 */
#ifndef DU_REPLY_H
#define DU_REPLY_H

#include "du_ctx.h"
#include "du_rule.h"
#include "du_template.h"

typedef struct du_reply_t {
    const du_template_t *tmpl;
    const char
        *internal_url; /* file root for phones inside, without a slash at the end; NULL or "" = not published */
    const char *external_url; /* the same for phones outside */
} du_reply_t;

/* A reply and the phones it is for. A condition compares without case; NULL is none. */
typedef struct du_dialect_t {
    du_reply_t reply;
    const char *type;       /* the request's device type is this one */
    const char *vendor;     /* likewise */
    const char *user_agent; /* the User-Agent contains this */
} du_dialect_t;

#define DU_REPLY_MAX_DIALECTS 64

/* In this order: a phone is answered in the first dialect whose conditions hold. The last one has none. */
typedef struct du_dialects_t {
    int n;
    const du_dialect_t *dialect;
} du_dialects_t;

/* 1 if a phone of that type and vendor can be answered in this dialect, if its User-Agent is right. */
int du_dialect_is_for(const du_dialect_t *dialect, const char *type, const char *vendor);

/* The media type of a reply with its charset: "text/xml; charset=utf-8". */
const char *du_reply_media_type(apr_pool_t *pool, const du_reply_t *reply);

/* The reply that offers `image` of `rule`. */
apr_status_t du_reply_offer(du_ctx_t *ctx, const du_reply_t *reply, const du_rule_t *rule, const du_image_t *image,
                            apr_pool_t *pool, const char **text, apr_size_t *len);

/* The reply that says "no update": NumOfFiles 0, both base URLs present and empty, no files. */
apr_status_t du_reply_nothing(du_ctx_t *ctx, const du_reply_t *reply, apr_pool_t *pool, const char **text,
                              apr_size_t *len);

#endif
