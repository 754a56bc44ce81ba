#include "du_upload_identity.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "du_device.h"
#include "du_names.h"
#include "du_setting.h"
#include "du_text.h"
#include "du_xml.h"

#define NO_DEVICE_TYPE "Unknown"

/* All of them guesses, only the concepts are certain (protocol.md 5.2). The device's are those of a check. */
static const du_name_t shipped_names[] = {
    {"LogFileType", DU_UPLOAD_TYPE},
    {"LogType", DU_UPLOAD_TYPE},
    {"FileType", DU_UPLOAD_TYPE},
    {"Type", DU_UPLOAD_TYPE},
    {"DeviceType", DU_UPLOAD_DEVICE_TYPE},
    {"MacAddress", DU_UPLOAD_MAC},
    {"Mac", DU_UPLOAD_MAC},
    {"SerialNumber", DU_UPLOAD_SERIAL},
    {"Serial", DU_UPLOAD_SERIAL},
    {"LogFileName", DU_UPLOAD_FILENAME},
    {"Filename", DU_UPLOAD_FILENAME},
    {NULL, 0},
};

struct du_upload_names_t {
    du_shape_t shape;
};

static const du_upload_names_t shipped = {{.names = shipped_names, .nfields = DU_UPLOAD_FIELDS}};

const du_upload_names_t *du_upload_names_make(apr_pool_t *pool, const apr_array_header_t *additions)
{
    du_upload_names_t *names = apr_palloc(pool, sizeof(*names));

    *names = shipped;
    names->shape.names = du_names_extend(pool, additions, DU_IN_UPLOAD, shipped_names);
    return names;
}

static const du_shape_t *shape_of(const du_upload_identity_t *identity)
{
    return identity->names ? &identity->names->shape : &shipped.shape;
}

/*
 * Reading
 */

static const char *behind_x(const char *name)
{
    return du_text_begins(name, "X-") ? name + strlen("X-") : name;
}

static const char *behind_dashes(const char *name)
{
    return name + strspn(name, "-_");
}

/* "X-Mac-Address" is "MacAddress". */
static int is_name(const char *given, const char *accepted)
{
    given = behind_dashes(behind_x(given));
    accepted = behind_dashes(behind_x(accepted));
    while (*given && apr_tolower(*given) == apr_tolower(*accepted)) {
        given = behind_dashes(given + 1);
        accepted = behind_dashes(accepted + 1);
    }
    return *given == '\0' && *accepted == '\0';
}

static int is_usable(const char *value)
{
    apr_size_t len = strlen(value);

    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7F) {
            return 0;
        }
    }
    return len <= DU_UPLOAD_MAX_VALUE && du_text_is_utf8(value, len);
}

void du_upload_set(du_ctx_t *ctx, du_upload_identity_t *identity, du_upload_field_e field, const char *value)
{
    if (identity->text[field] || !value || !*value) {
        return;
    }
    identity->unusable[field] = !is_usable(value);
    identity->text[field] =
        identity->unusable[field] ? du_text_for_log(ctx->pool, value) : apr_pstrdup(ctx->pool, value);
}

du_upload_field_e du_upload_take(du_ctx_t *ctx, du_upload_identity_t *identity, const char *name, const char *value)
{
    for (const du_name_t *each = shape_of(identity)->names; each->name; each++) {
        if (is_name(name, each->name)) {
            du_upload_set(ctx, identity, (du_upload_field_e)each->field, value);
            return (du_upload_field_e)each->field;
        }
    }
    return DU_UPLOAD_FIELDS;
}

apr_status_t du_upload_take_query(du_ctx_t *ctx, du_upload_identity_t *identity, const char *query)
{
    char *rest, *copy = apr_pstrdup(ctx->pool, du_text_or_empty(query));

    for (char *name = apr_strtok(copy, "&", &rest); name; name = apr_strtok(NULL, "&", &rest)) {
        char *value = strchr(name, '=');
        const char *plain_name, *plain_value;

        if (value) {
            *value++ = '\0';
        }
        plain_name = apr_punescape_url(ctx->pool, name, NULL, NULL, 1);
        plain_value = apr_punescape_url(ctx->pool, du_text_or_empty(value), NULL, NULL, 1);
        if (!plain_name || !plain_value) {
            return du_fail(ctx, DU_E_MALFORMED, DUNO(0410), "the query string has an escape that is none: %s",
                           du_text_for_log(ctx->pool, query));
        }
        du_upload_take(ctx, identity, plain_name, plain_value);
    }
    return APR_SUCCESS;
}

apr_status_t du_upload_take_xml(du_ctx_t *ctx, du_upload_identity_t *identity, const char *xml, apr_size_t len)
{
    du_record_t *record;
    apr_status_t rv = du_xml_read(ctx, xml, len, shape_of(identity), &record);

    for (int field = 0; rv == APR_SUCCESS && field < DU_UPLOAD_FIELDS; field++) {
        du_upload_set(ctx, identity, (du_upload_field_e)field, record->field[field]);
    }
    return rv;
}

int du_upload_is_xml(const char *content_type)
{
    apr_size_t len = content_type ? strcspn(content_type, "; \t") : 0;

    return (len == strlen("text/xml") && du_text_begins(content_type, "text/xml")) ||
           (len == strlen("application/xml") && du_text_begins(content_type, "application/xml")) ||
           (len > strlen("+xml") &&
            apr_cstr_casecmpn(content_type + len - strlen("+xml"), "+xml", strlen("+xml")) == 0);
}

int du_upload_names_log(const du_upload_identity_t *identity)
{
    return identity->text[DU_UPLOAD_TYPE] || identity->text[DU_UPLOAD_FILENAME];
}

/*
 * Checking
 */

static du_upload_reason_e check_type(du_ctx_t *ctx, const du_upload_identity_t *identity, const char *types,
                                     du_upload_name_t *name)
{
    const char *type = identity->text[DU_UPLOAD_TYPE];

    name->type = du_setting_listed(ctx->pool, types, type);
    if (name->type && du_text_is_segment(name->type, DU_UPLOAD_MAX_VALUE)) {
        return DU_UPLOAD_ACCEPTED;
    }
    du_fail(ctx, du_upload_reason_status(DU_UPLOAD_BAD_TYPE), DUNO(0411), "a log of type %s is not accepted",
            du_text_for_log(ctx->pool, type));
    return DU_UPLOAD_BAD_TYPE;
}

/* Only its extension is used, but a name that is none says that something is wrong with whoever sends it. */
static du_upload_reason_e check_file_name(du_ctx_t *ctx, const du_upload_identity_t *identity, const char *extensions,
                                          du_upload_name_t *name)
{
    const char *file_name = identity->text[DU_UPLOAD_FILENAME], *dot;

    if (identity->unusable[DU_UPLOAD_FILENAME] || !du_text_is_segment(file_name, DU_UPLOAD_MAX_VALUE)) {
        du_fail(ctx, du_upload_reason_status(DU_UPLOAD_BAD_FILE_NAME), DUNO(0412),
                "a log cannot have the file name %s", du_text_for_log(ctx->pool, file_name));
        return DU_UPLOAD_BAD_FILE_NAME;
    }
    dot = strrchr(file_name, '.');
    name->extension = du_setting_listed(ctx->pool, extensions, dot);
    if (name->extension && du_text_is_segment(name->extension + 1, DU_UPLOAD_MAX_VALUE)) {
        return DU_UPLOAD_ACCEPTED;
    }
    du_fail(ctx, du_upload_reason_status(DU_UPLOAD_BAD_EXTENSION), DUNO(0413),
            "the extension of a log named %s is not accepted", du_text_for_log(ctx->pool, file_name));
    return DU_UPLOAD_BAD_EXTENSION;
}

/* A device is what its logs' names begin with. The serial number is preferred: original Watson names have it, and no other
 * identifier. A device type is written with the characters of a serial number, too, but for the one that ends it here. */
static du_upload_reason_e check_device(du_ctx_t *ctx, const du_upload_identity_t *identity, du_upload_name_t *name)
{
    const char *type = identity->text[DU_UPLOAD_DEVICE_TYPE], *id = identity->text[DU_UPLOAD_SERIAL];

    if (!id || !du_serial_canonical(ctx->pool, id)) {
        id = du_mac_canonical(ctx->pool, identity->text[DU_UPLOAD_MAC]);
    }
    type = type ? type : NO_DEVICE_TYPE;
    if (id && du_serial_canonical(ctx->pool, type) && !strchr(type, '_')) {
        name->device = apr_pstrcat(ctx->pool, type, "_", id, NULL);
        return DU_UPLOAD_ACCEPTED;
    }
    du_fail(ctx, du_upload_reason_status(DU_UPLOAD_BAD_IDENTITY), DUNO(0414),
            "a log of no device: type %s, serial number %s, MAC address %s", du_text_for_log(ctx->pool, type),
            du_text_for_log(ctx->pool, identity->text[DU_UPLOAD_SERIAL]),
            du_text_for_log(ctx->pool, identity->text[DU_UPLOAD_MAC]));
    return DU_UPLOAD_BAD_IDENTITY;
}

du_upload_reason_e du_upload_check(du_ctx_t *ctx, const du_upload_identity_t *identity, const char *types,
                                   const char *extensions, int is_whole, du_upload_name_t *name)
{
    const char *const *text = identity->text;
    int has_device = text[DU_UPLOAD_SERIAL] || text[DU_UPLOAD_MAC];
    int is_named = text[DU_UPLOAD_TYPE] && text[DU_UPLOAD_FILENAME] && has_device && text[DU_UPLOAD_DEVICE_TYPE];
    du_upload_reason_e reason = DU_UPLOAD_ACCEPTED;

    memset(name, 0, sizeof(*name));
    if (is_whole || text[DU_UPLOAD_TYPE]) {
        reason = check_type(ctx, identity, types, name);
    }
    if (reason == DU_UPLOAD_ACCEPTED && (is_whole || text[DU_UPLOAD_FILENAME])) {
        reason = check_file_name(ctx, identity, extensions, name);
    }
    if (reason == DU_UPLOAD_ACCEPTED && (is_whole || is_named)) {
        reason = check_device(ctx, identity, name);
    }
    return reason;
}

/*
 * Names of stored logs
 */

static char *upper(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text);

    for (char *c = copy; *c; c++) {
        *c = (char)apr_toupper(*c);
    }
    return copy;
}

const char *du_upload_file_name(apr_pool_t *pool, const du_upload_name_t *name, apr_time_t when, int number)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, when);
    return apr_psprintf(pool, "%s-%04d%02d%02d-%s%02d%02d%02d_%d%s", name->device, t.tm_year + 1900, t.tm_mon + 1,
                        t.tm_mday, upper(pool, name->type), t.tm_hour, t.tm_min, t.tm_sec, number, name->extension);
}

/* Moves *text behind digits: n of them, or as many as there are for n = 0. 0 if there are none or fewer. */
static int skip_digits(const char **text, apr_size_t n)
{
    apr_size_t digits = strspn(*text, "0123456789");

    if (digits == 0 || digits < n) {
        return 0;
    }
    *text += n ? n : digits;
    return 1;
}

static int skip_text(const char **text, const char *expected)
{
    if (!du_text_begins(*text, expected)) {
        return 0;
    }
    *text += strlen(expected);
    return 1;
}

/* What stands behind the device in a name. */
static int is_tail(const char *text, const char *type)
{
    return skip_text(&text, "-") && skip_digits(&text, 8) && skip_text(&text, "-") && skip_text(&text, type) &&
           skip_digits(&text, 6) && skip_text(&text, "_") && skip_digits(&text, 0) && *text == '.' &&
           !strchr(text + 1, '.');
}

/* The whole pattern is matched: a serial number may contain what looks like the rest of another device's name. */
apr_size_t du_upload_device_len(const char *file_name, const char *type)
{
    const char *tail = strchr(file_name, '-');

    while (tail && !is_tail(tail, type)) {
        tail = strchr(tail + 1, '-');
    }
    return tail ? (apr_size_t)(tail - file_name) : 0;
}

int du_upload_is_of(const char *file_name, const char *type, const char *device)
{
    apr_size_t len = strlen(device);

    return du_text_begins(file_name, device) && du_upload_device_len(file_name, type) == len;
}
