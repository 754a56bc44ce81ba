/*
 * One log upload: fed with the pieces of a body, it ends as one file and a record, or as a record only.
 *
 * The body is the log itself, or multipart: a file part and, where the phone cares to say who it is, an XML part or form
 * fields beside it. The real form was never published (protocol.md 5.2); what we take for a value and for a log is said
 * at one place each, in du_upload_identity.c (names) and du_upload.c (kinds of parts).
 */
#ifndef DU_UPLOAD_H
#define DU_UPLOAD_H

#include "du_journal.h"
#include "du_upload_spool.h"

/* What a multipart body may have on top of the log: headers, fields, the XML part. */
#define DU_UPLOAD_OVERHEAD (256 * 1024)

/* What an upload needs to know; must live as long as it. */
typedef struct du_upload_rules_t {
    du_upload_spool_t *spool;
    apr_off_t max_size; /* bytes of a log */
    const char *types;  /* comma-separated lists */
    const char *extensions;
} du_upload_rules_t;

typedef struct du_upload_t du_upload_t;

/* An upload whose query string and headers named what is in `identity` (which it takes over and adds to), in ctx->pool. */
du_upload_t *du_upload_make(du_ctx_t *ctx, const du_upload_rules_t *rules, du_upload_identity_t *identity);

/*
 * Each answers DU_UPLOAD_ACCEPTED or the reason for refusing the upload, with the failure in ctx. Then nothing is left on
 * the disk, and the only thing to do is du_upload_record().
 */

/* The body begins. length is the one that is announced, -1 if none is. */
du_upload_reason_e du_upload_begin(du_upload_t *upload, const char *content_type, apr_off_t length);

du_upload_reason_e du_upload_feed(du_upload_t *upload, const char *bytes, apr_size_t len);

/* The body has ended, and the log is stored if this is DU_UPLOAD_ACCEPTED. */
du_upload_reason_e du_upload_finish(du_upload_t *upload);

/* Gives up for a reason that only the caller knows (the connection, authentication); answers it. */
du_upload_reason_e du_upload_refuse(du_upload_t *upload, du_upload_reason_e reason);

/* Fills in what the upload knows of itself: type to size, result and reason. */
void du_upload_record(const du_upload_t *upload, du_upload_record_t *record);

#endif
