#include "ctl_phone.h"

#include <string.h>

#include <apr_strings.h>
#include <libxml/xmlwriter.h>

#include "du_text.h"
#include "du_xml.h"

/* Elements of a request in the order of the audit columns (protocol.md 2.1); names are the first of
 * protocol.md 11.1. */
static const struct {
    const char *element;
    ctl_option_e option;
} scalars[] = {
    {"DeviceType", CTL_OPT_TYPE}, {"MacAddress", CTL_OPT_MAC}, {"SerialNumber", CTL_OPT_SERIAL},
    {"Vendor", CTL_OPT_BRAND},    {"Model", CTL_OPT_MODEL},    {"Revision", CTL_OPT_REVISION},
    {"Locale", CTL_OPT_LOCALE},   {"UserID", CTL_OPT_USER},
};

#define DEFAULT_FILE "CPE.nbt"

static int is_sendable(const char *value)
{
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < ' ') {
            return 0;
        }
    }
    return strlen(value) <= CTL_VALUE_MAX && du_text_is_utf8(value, strlen(value));
}

static apr_status_t check_values(ctl_t *ctl)
{
    static const ctl_option_e sent[] = {CTL_OPT_TYPE,   CTL_OPT_BRAND,   CTL_OPT_MODEL, CTL_OPT_REVISION,
                                        CTL_OPT_LOCALE, CTL_OPT_VERSION, CTL_OPT_MAC,   CTL_OPT_SERIAL,
                                        CTL_OPT_USER,   CTL_OPT_FILE};

    for (apr_size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        if (!is_sendable(du_text_or_empty(ctl->option[sent[i]]))) {
            return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0830),
                           "--%s is at most %d bytes of UTF-8 without control characters", ctl_option_name(sent[i]),
                           CTL_VALUE_MAX);
        }
    }
    return APR_SUCCESS;
}

static int write_element(xmlTextWriterPtr writer, const char *name, const char *text)
{
    return xmlTextWriterWriteElement(writer, BAD_CAST name, BAD_CAST du_text_or_empty(text));
}

/* Answers below 0 if memory ran out. The writer keeps no error: each answer counts. */
static int write_request(const ctl_t *ctl, xmlTextWriterPtr writer)
{
    const char *file = du_text_or_null(ctl->option[CTL_OPT_FILE]);
    int bad = xmlTextWriterStartDocument(writer, NULL, "utf-8", NULL) < 0;

    bad |= xmlTextWriterStartElement(writer, BAD_CAST "Request") < 0;
    for (apr_size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++) {
        bad |= write_element(writer, scalars[i].element, ctl->option[scalars[i].option]) < 0;
    }
    bad |= xmlTextWriterStartElement(writer, BAD_CAST "Modules") < 0;
    bad |= xmlTextWriterStartElement(writer, BAD_CAST "Module") < 0;
    bad |= write_element(writer, "Filename", file ? file : DEFAULT_FILE) < 0;
    bad |= write_element(writer, "Version", ctl->option[CTL_OPT_VERSION]) < 0;
    bad |= write_element(writer, "Timestamp", "") < 0;
    bad |= xmlTextWriterEndDocument(writer) < 0;
    return bad;
}

apr_status_t ctl_phone_request(ctl_t *ctl, const char **body, apr_size_t *len)
{
    apr_status_t status = check_values(ctl);
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
    int bad;

    if (status != APR_SUCCESS) {
        return status;
    }
    buffer = xmlBufferCreate();
    writer = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
    bad = !writer || write_request(ctl, writer);
    if (writer) {
        xmlFreeTextWriter(writer); /* flushes into the buffer */
    }
    if (!bad) {
        *len = (apr_size_t)xmlBufferLength(buffer);
        *body = apr_pmemdup(ctl->pool, xmlBufferContent(buffer), *len);
    }
    if (buffer) {
        xmlBufferFree(buffer);
    }
    return bad ? APR_ENOMEM : APR_SUCCESS;
}

enum { COUNT, BASE_URL, EXTERNAL_URL, REPLY_FIELDS };
enum { NAME, SIGNATURE, VERSION, TIMESTAMP, FILE_FIELDS };

static const char *const file_elements[] = {"File", "Image", "Module", "Update", NULL};

static const du_name_t file_names[] = {
    {"Filename", NAME},
    {"Name", NAME},
    {"SignatureFilename", SIGNATURE},
    {"Signature", SIGNATURE},
    {"Version", VERSION},
    {"Timestamp", TIMESTAMP},
    {NULL, 0},
};

static const du_shape_t file_shape = {
    .elements = file_elements,
    .names = file_names,
    .nfields = FILE_FIELDS,
    .max_records = CTL_FILES_MAX,
};

static const du_name_t reply_names[] = {
    {"NumOfFiles", COUNT},
    {"BaseURL", BASE_URL},
    {"ExternalBaseURL", EXTERNAL_URL},
    {NULL, 0},
};

static const du_shape_t reply_shape = {
    .names = reply_names,
    .nfields = REPLY_FIELDS,
    .child = &file_shape,
};

static apr_status_t take_files(ctl_t *ctl, const apr_array_header_t *records, ctl_reply_t *reply)
{
    reply->files = apr_array_make(ctl->pool, 4, sizeof(ctl_offer_t));
    for (int i = 0; i < records->nelts; i++) {
        const char **field = APR_ARRAY_IDX(records, i, du_record_t *)->field;
        ctl_offer_t *offer = &APR_ARRAY_PUSH(reply->files, ctl_offer_t);

        if (!field[NAME]) {
            return du_fail(ctl->ctx, DU_E_PEER, DUNO(0831), "the reply offers a file without a name");
        }
        offer->name = field[NAME];
        offer->signature = field[SIGNATURE];
        offer->version = field[VERSION];
        offer->timestamp = field[TIMESTAMP];
    }
    return APR_SUCCESS;
}

static apr_status_t take_count(ctl_t *ctl, const char *text, ctl_reply_t *reply)
{
    if (!text) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0832), "the reply has no NumOfFiles");
    }
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 9) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0833), "NumOfFiles of the reply is \"%s\", not a number",
                       du_text_for_log(ctl->pool, text));
    }
    reply->count = apr_atoi64(text);
    if ((reply->count == 0) != (reply->files->nelts == 0)) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0834),
                       "NumOfFiles of the reply is %" APR_INT64_T_FMT ", but it lists %d", reply->count,
                       reply->files->nelts);
    }
    if (reply->count != reply->files->nelts) { /* somebody may count the signatures, too */
        du_log(ctl->ctx, DU_LOG_WARNING, DUNO(0836),
               "NumOfFiles of the reply is %" APR_INT64_T_FMT ", but it lists %d", reply->count, reply->files->nelts);
    }
    return APR_SUCCESS;
}

apr_status_t ctl_phone_reply(ctl_t *ctl, const char *body, apr_size_t len, ctl_reply_t **reply)
{
    ctl_reply_t *r = apr_pcalloc(ctl->pool, sizeof(*r));
    du_record_t *record;
    apr_status_t status = du_xml_read(ctl->ctx, body, len, &reply_shape, &record);

    if (status != APR_SUCCESS) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0835), "the reply is not understood: %s",
                       du_text_or_empty(ctl->ctx->failure.message));
    }
    r->base_url = record->field[BASE_URL];
    r->external_url = record->field[EXTERNAL_URL];
    status = take_files(ctl, record->children, r);
    if (status == APR_SUCCESS) {
        status = take_count(ctl, record->field[COUNT], r);
    }
    *reply = r;
    return status;
}
