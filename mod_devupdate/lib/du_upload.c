#include "du_upload.h"

#include <string.h>

#include <apr_strings.h>

#include "du_device.h"
#include "du_multipart.h"
#include "du_text.h"

/* What a part is for. */
typedef enum { PART_IGNORED, PART_FIELD, PART_XML, PART_LOG } part_e;

struct du_upload_t {
    du_ctx_t *ctx;
    const du_upload_rules_t *rules;
    du_upload_identity_t *identity;
    du_multipart_t *multipart; /* NULL if the body is the log */
    apr_off_t received;        /* bytes of the body */
    du_upload_reason_e reason; /* why it is refused */
    du_spooled_t *log;         /* NULL as long as there is none */
    int has_log;
    const char *stored;

    /* of the part that comes in */
    part_e part;
    du_upload_field_e field;
    char *text; /* of a field or an XML part; DU_UPLOAD_MAX_XML bytes and a NUL, made for the first one */
    apr_size_t text_len;
};

du_upload_t *du_upload_make(du_ctx_t *ctx, const du_upload_rules_t *rules, du_upload_identity_t *identity)
{
    du_upload_t *upload = apr_pcalloc(ctx->pool, sizeof(*upload));

    upload->ctx = ctx;
    upload->rules = rules;
    upload->identity = identity;
    return upload;
}

du_upload_reason_e du_upload_refuse(du_upload_t *upload, du_upload_reason_e reason)
{
    upload->reason = reason;
    if (upload->log) {
        du_spooled_drop(upload->log);
    }
    return reason;
}

/*
 * The log
 */

static du_upload_reason_e refuse_size(du_upload_t *upload)
{
    du_fail(upload->ctx, du_upload_reason_status(DU_UPLOAD_TOO_LARGE), DUNO(0430),
            "an upload has more than %" APR_OFF_T_FMT " bytes", upload->rules->max_size);
    return DU_UPLOAD_TOO_LARGE;
}

/* What is known so far is checked before a byte is written; the rest when everything has come. */
static du_upload_reason_e check(du_upload_t *upload, int is_whole, du_upload_name_t *name)
{
    return du_upload_check(upload->ctx, upload->identity, upload->rules->types, upload->rules->extensions, is_whole,
                           name);
}

static du_upload_reason_e begin_log(du_upload_t *upload)
{
    du_upload_name_t name;
    du_upload_reason_e reason = check(upload, 0, &name);

    if (reason == DU_UPLOAD_ACCEPTED) {
        reason = du_spooled_begin(upload->ctx, upload->rules->spool, &upload->log);
    }
    if (reason == DU_UPLOAD_ACCEPTED && name.device) {
        reason = du_spooled_set_device(upload->log, name.device);
    }
    upload->has_log = 1;
    return reason;
}

static du_upload_reason_e write_log(du_upload_t *upload, const char *bytes, apr_size_t len)
{
    return (apr_off_t)len > upload->rules->max_size - du_spooled_size(upload->log)
               ? refuse_size(upload)
               : du_spooled_write(upload->log, bytes, len);
}

static du_upload_reason_e store_log(du_upload_t *upload)
{
    du_upload_name_t name;
    du_upload_reason_e reason;

    if (!upload->log || du_spooled_size(upload->log) == 0) {
        du_fail(upload->ctx, du_upload_reason_status(DU_UPLOAD_NO_FILE), DUNO(0431),
                "an upload has no log in it, or an empty one");
        return DU_UPLOAD_NO_FILE;
    }
    reason = check(upload, 1, &name);
    if (reason == DU_UPLOAD_ACCEPTED) {
        reason = du_spooled_set_device(upload->log, name.device);
    }
    return reason == DU_UPLOAD_ACCEPTED ? du_spooled_store(upload->log, &name, &upload->stored) : reason;
}

/*
 * Parts
 */

/* A part with a file name is a log, and so is one of a kind that is no text: in multipart/mixed parts have no names. XML
 * without a file name names the device. Other fields are taken if their name is known and ignored if not. */
static part_e kind_of(du_upload_t *upload, const du_part_t *part)
{
    if (part->filename) {
        return PART_LOG;
    }
    if (du_upload_is_xml(part->media_type)) {
        return PART_XML;
    }
    upload->field = part->name ? du_upload_take(upload->ctx, upload->identity, part->name, NULL) : DU_UPLOAD_FIELDS;
    if (upload->field != DU_UPLOAD_FIELDS) {
        return PART_FIELD;
    }
    return part->media_type && !du_text_begins(part->media_type, "text/") ? PART_LOG : PART_IGNORED;
}

/* What the sink answers to the reader; the reason is kept beside it. */
static apr_status_t answer(du_upload_t *upload, du_upload_reason_e reason)
{
    upload->reason = reason;
    return du_upload_reason_status(reason);
}

static apr_status_t begin_part(void *baton, const du_part_t *part)
{
    du_upload_t *upload = baton;

    upload->part = kind_of(upload, part);
    upload->text_len = 0;
    if (upload->part != PART_LOG) {
        upload->text = upload->text ? upload->text : apr_palloc(upload->ctx->pool, DU_UPLOAD_MAX_XML + 1);
        return APR_SUCCESS;
    }
    if (upload->has_log) {
        du_fail(upload->ctx, du_upload_reason_status(DU_UPLOAD_NO_FILE), DUNO(0432), "an upload has two logs in it");
        return answer(upload, DU_UPLOAD_NO_FILE);
    }
    du_upload_set(upload->ctx, upload->identity, DU_UPLOAD_FILENAME, part->filename);
    return answer(upload, begin_log(upload));
}

static apr_status_t take_data(void *baton, const char *bytes, apr_size_t len)
{
    du_upload_t *upload = baton;
    apr_size_t limit = upload->part == PART_XML ? DU_UPLOAD_MAX_XML : DU_UPLOAD_MAX_VALUE + 1;

    if (upload->part == PART_LOG) {
        return answer(upload, write_log(upload, bytes, len));
    }
    if (upload->part == PART_IGNORED) {
        return APR_SUCCESS;
    }
    if (len > limit - upload->text_len) {
        return du_fail(upload->ctx, DU_E_MALFORMED, DUNO(0433), "a part that names the device is too long");
    }
    memcpy(upload->text + upload->text_len, bytes, len);
    upload->text_len += len;
    return APR_SUCCESS;
}

static apr_status_t end_part(void *baton)
{
    du_upload_t *upload = baton;

    if (upload->part == PART_XML) {
        return du_upload_take_xml(upload->ctx, upload->identity, upload->text, upload->text_len);
    }
    if (upload->part == PART_FIELD) {
        upload->text[upload->text_len] = '\0';
        if (strlen(upload->text) < upload->text_len) {
            return du_fail(upload->ctx, DU_E_MALFORMED, DUNO(0434), "a field that names the device has a NUL byte");
        }
        du_upload_set(upload->ctx, upload->identity, upload->field, du_text_trim(upload->text));
    }
    return APR_SUCCESS;
}

/*
 * The body
 */

/* What the reader or the XML found is malformed; what the sink found has its own reason. */
static du_upload_reason_e reason_of(du_upload_t *upload, apr_status_t rv)
{
    return rv == APR_SUCCESS || upload->reason != DU_UPLOAD_ACCEPTED ? upload->reason : DU_UPLOAD_BAD_FORM;
}

static du_upload_reason_e settle(du_upload_t *upload, du_upload_reason_e reason)
{
    return reason == DU_UPLOAD_ACCEPTED ? reason : du_upload_refuse(upload, reason);
}

du_upload_reason_e du_upload_begin(du_upload_t *upload, const char *content_type, apr_off_t length)
{
    du_multipart_sink_t sink = {begin_part, take_data, end_part, upload};
    apr_off_t limit = upload->rules->max_size + (du_multipart_is(content_type) ? DU_UPLOAD_OVERHEAD : 0);

    if (length > limit) {
        return settle(upload, refuse_size(upload));
    }
    if (du_multipart_is(content_type)) {
        return settle(upload,
                      reason_of(upload, du_multipart_make(upload->ctx, content_type, &sink, &upload->multipart)));
    }
    return settle(upload, begin_log(upload));
}

du_upload_reason_e du_upload_feed(du_upload_t *upload, const char *bytes, apr_size_t len)
{
    if (!upload->multipart) {
        return settle(upload, write_log(upload, bytes, len));
    }
    upload->received += (apr_off_t)len;
    if (upload->received > upload->rules->max_size + DU_UPLOAD_OVERHEAD) {
        return settle(upload, refuse_size(upload));
    }
    return settle(upload, reason_of(upload, du_multipart_feed(upload->multipart, bytes, len)));
}

du_upload_reason_e du_upload_finish(du_upload_t *upload)
{
    du_upload_reason_e reason = DU_UPLOAD_ACCEPTED;

    if (upload->multipart) {
        reason = reason_of(upload, du_multipart_finish(upload->multipart));
    }
    return settle(upload, reason == DU_UPLOAD_ACCEPTED ? store_log(upload) : reason);
}

void du_upload_record(const du_upload_t *upload, du_upload_record_t *record)
{
    const char *const *text = upload->identity->text;
    const char *mac = du_mac_canonical(upload->ctx->pool, text[DU_UPLOAD_MAC]);

    record->type = text[DU_UPLOAD_TYPE];
    record->mac = mac ? mac : text[DU_UPLOAD_MAC];
    record->serial = text[DU_UPLOAD_SERIAL];
    record->device_name = text[DU_UPLOAD_FILENAME];
    record->stored = upload->stored;
    record->size = upload->log ? du_spooled_size(upload->log) : 0;
    record->result = upload->stored ? "stored" : "refused";
    record->reason = du_upload_reason_word(upload->reason);
}
