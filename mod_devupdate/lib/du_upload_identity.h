/*
 * What a log upload says of itself, and what is made of it: the checks of type, extension, device and file name, and the
 * name under which the log is stored.
 *
 * How phones name these things was never published (protocol.md 5.2), so every accepted name stands in one table, which
 * serves an XML part, form fields, the query string and request headers alike.
 */
#ifndef DU_UPLOAD_IDENTITY_H
#define DU_UPLOAD_IDENTITY_H

#include <apr_tables.h>

#include "du_ctx.h"
#include "du_upload_reason.h"

#define DU_UPLOAD_MAX_VALUE 255   /* bytes of one value; ours, and what a file name may have */
#define DU_UPLOAD_MAX_XML   16384 /* bytes of an XML part that names the device */

typedef enum {
    DU_UPLOAD_TYPE,        /* CELog, Watson, ... */
    DU_UPLOAD_DEVICE_TYPE, /* UCPhone */
    DU_UPLOAD_MAC,
    DU_UPLOAD_SERIAL,
    DU_UPLOAD_FILENAME, /* as the device calls the log; never a name on our disk */
    DU_UPLOAD_FIELDS
} du_upload_field_e;

/* The names that are accepted for each field: the shipped table, or names of a deployment's own in front of it. */
typedef struct du_upload_names_t du_upload_names_t;

/* The shipped table behind these names (array of du_added_name_t, the earlier the better), in pool. */
const du_upload_names_t *du_upload_names_make(apr_pool_t *pool, const apr_array_header_t *additions);

/* The first value that is given for a field stands. Every text may be NULL, and can go into a record as it is: one that is
 * too long, not UTF-8 or has control characters is kept in the form of du_text_for_log() and is `unusable`. */
typedef struct du_upload_identity_t {
    const char *text[DU_UPLOAD_FIELDS];
    int unusable[DU_UPLOAD_FIELDS];
    const du_upload_names_t *names; /* by which it is read; NULL for the shipped ones */
} du_upload_identity_t;

/*
 * Reading
 */

/* Takes a value if `name` is an accepted one: letter case, '-', '_' and a leading "X-" do not count (but in XML only letter
 * case does not). Value may be NULL. The texts are copied into ctx->pool. Answers the field, or DU_UPLOAD_FIELDS if it is none. */
du_upload_field_e du_upload_take(du_ctx_t *ctx, du_upload_identity_t *identity, const char *name, const char *value);

/* Takes a value for a field. */
void du_upload_set(du_ctx_t *ctx, du_upload_identity_t *identity, du_upload_field_e field, const char *value);

/* Takes what a query string names ("type=CELog&mac=..."; NULL is empty). DU_E_MALFORMED for escapes that are none or hide
 * a NUL. */
apr_status_t du_upload_take_query(du_ctx_t *ctx, du_upload_identity_t *identity, const char *query);

/* Takes what an XML document names. DU_E_MALFORMED for what du_xml_read() refuses. */
apr_status_t du_upload_take_xml(du_ctx_t *ctx, du_upload_identity_t *identity, const char *xml, apr_size_t len);

/* 1 if a Content-Type is XML: text/xml, application/xml, anything+xml. */
int du_upload_is_xml(const char *content_type);

/* 1 if it names a log: its type or file name. */
int du_upload_names_log(const du_upload_identity_t *identity);

/*
 * Checking
 */

/* The parts of the name of a stored log, all of them ours or checked. */
typedef struct du_upload_name_t {
    const char *type;      /* directory, spelled as in the list of types: CELog */
    const char *device;    /* "UCPhone_07823-A345": what all logs of one device begin with */
    const char *extension; /* spelled as in the list of extensions: ".clg" */
} du_upload_name_t;

/* Checks an identity against the comma-separated lists of types and extensions. What is missing is refused only if is_whole.
 * DU_UPLOAD_ACCEPTED if nothing is against it, and then, if nothing is missing, *name is filled (else name->device is NULL);
 * otherwise the reason, with the failure in ctx. */
du_upload_reason_e du_upload_check(du_ctx_t *ctx, const du_upload_identity_t *identity, const char *types,
                                   const char *extensions, int is_whole, du_upload_name_t *name);

/* The name of a log that came at `when`, the number-th of its device and second:
 *
 *     <device type>_<serial number or MAC address>-<yyyymmdd>-<TYPE><hhmmss>_<number><extension>
 *
 * This is the documented pattern of CELog files (protocol.md 5.1), used for every type; times are UTC. */
const char *du_upload_file_name(apr_pool_t *pool, const du_upload_name_t *name, apr_time_t when, int number);

/* How many bytes of a file name in the directory of `type` are the device that du_upload_file_name() made it for; 0 if it
 * did not make it. */
apr_size_t du_upload_device_len(const char *file_name, const char *type);

/* 1 if a file name in the directory of `type` is one that du_upload_file_name() makes for this device, without regard to
 * case. No name belongs to two devices. */
int du_upload_is_of(const char *file_name, const char *type, const char *device);

#endif
