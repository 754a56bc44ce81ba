#include "du_xml.h"

#include <string.h>

#include <apr_strings.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "du_text.h"

#define RANK_NONE APR_INT32_MAX

/* A record while it is being read. */
typedef struct open_record_t open_record_t;
struct open_record_t {
    const du_shape_t *shape;
    du_record_t *record;
    int *rank; /* per field: position in shape->names of the name that gave its value */
    int depth; /* of the element that opened it */
    open_record_t *outer;
};

typedef struct reader_t {
    du_ctx_t *ctx;
    xmlParserCtxtPtr parser;
    open_record_t *open;
    int depth, max_depth;
    const char *depth_limit; /* as in the shape */
    int is_leaf;             /* no element was closed inside the innermost open one */
    int text_len;            /* text of the innermost open element since it was opened */
    char text[DU_XML_MAX_TEXT + 1];
    const char *refusal; /* why we stopped; NULL as long as all is well */
} reader_t;

/* Stops the parser; the first reason stands. */
static void refuse(reader_t *reader, const char *why)
{
    if (!reader->refusal) {
        reader->refusal = why;
        xmlStopParser(reader->parser);
    }
}

static open_record_t *open_record(reader_t *reader, const du_shape_t *shape)
{
    apr_pool_t *pool = reader->ctx->pool;
    open_record_t *open = apr_pcalloc(pool, sizeof(*open));

    open->shape = shape;
    open->depth = reader->depth;
    open->outer = reader->open;
    open->record = apr_pcalloc(pool, sizeof(*open->record));
    open->record->field = apr_pcalloc(pool, sizeof(*open->record->field) * (apr_size_t)shape->nfields);
    open->rank = apr_palloc(pool, sizeof(*open->rank) * (apr_size_t)shape->nfields);
    for (int i = 0; i < shape->nfields; i++) {
        open->rank[i] = RANK_NONE;
    }
    if (shape->child) {
        open->record->children = apr_array_make(pool, 4, sizeof(du_record_t *));
    }
    return open;
}

/* Sets the field that `name` stands for, if it does and no better name came before. */
static void take_value(reader_t *reader, const char *name, const char *value, int len)
{
    open_record_t *open = reader->open;

    for (const du_name_t *n = open->shape->names; n && n->name; n++) {
        if (du_text_same(n->name, name)) {
            int rank = (int)(n - open->shape->names);
            char *text;

            if (rank >= open->rank[n->field]) {
                return;
            }
            text = du_text_trim(apr_pstrmemdup(reader->ctx->pool, value, (apr_size_t)len));
            if (*text) {
                open->record->field[n->field] = text;
                open->rank[n->field] = rank;
            }
            return;
        }
    }
}

static int opens(const du_shape_t *shape, const char *name)
{
    for (const char *const *element = shape ? shape->elements : NULL; element && *element; element++) {
        if (du_text_same(*element, name)) {
            return 1;
        }
    }
    return 0;
}

static void open_child(reader_t *reader, const du_shape_t *shape)
{
    apr_array_header_t *siblings = reader->open->record->children;

    if (siblings->nelts == shape->max_records) {
        refuse(reader,
               apr_psprintf(reader->ctx->pool, "more than %d <%s> elements", shape->max_records, shape->elements[0]));
        return;
    }
    reader->open = open_record(reader, shape);
    APR_ARRAY_PUSH(siblings, du_record_t *) = reader->open->record;
}

/* libxml2's attribute array: five pointers each, of which the first is the local name and the last two limit the value. */
static void take_attributes(reader_t *reader, int n, const xmlChar **attributes)
{
    for (int i = 0; i < n; i++, attributes += 5) {
        apr_size_t len = (apr_size_t)(attributes[4] - attributes[3]);

        if (len > DU_XML_MAX_TEXT) {
            refuse(reader, "an attribute that is too long");
            return;
        }
        take_value(reader, (const char *)attributes[0], (const char *)attributes[3], (int)len);
    }
}

static const char *too_deep(reader_t *reader)
{
    const char *limit = reader->depth_limit;

    return apr_psprintf(reader->ctx->pool, "elements more than %d deep%s%s%s", reader->max_depth, limit ? " (" : "",
                        limit ? limit : "", limit ? ")" : "");
}

static void on_start(void *baton, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nnamespaces,
                     const xmlChar **namespaces, int nattributes, int ndefaulted, const xmlChar **attributes)
{
    reader_t *reader = baton;

    (void)prefix, (void)uri, (void)nnamespaces, (void)namespaces, (void)ndefaulted;
    if (reader->refusal) {
        return;
    }
    if (++reader->depth > reader->max_depth) {
        refuse(reader, too_deep(reader));
        return;
    }
    if (opens(reader->open->shape->child, (const char *)name)) {
        open_child(reader, reader->open->shape->child);
    }
    take_attributes(reader, nattributes, attributes);
    reader->is_leaf = 1;
    reader->text_len = 0;
}

static void on_end(void *baton, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    reader_t *reader = baton;

    (void)prefix, (void)uri;
    if (reader->refusal) {
        return;
    }
    if (reader->is_leaf && reader->text_len) {
        take_value(reader, (const char *)name, reader->text, reader->text_len);
    }
    if (reader->open->depth == reader->depth && reader->open->outer) {
        reader->open = reader->open->outer;
    }
    reader->is_leaf = 0;
    reader->text_len = 0;
    reader->depth--;
}

static void on_text(void *baton, const xmlChar *text, int len)
{
    reader_t *reader = baton;

    if (reader->refusal || !reader->is_leaf) {
        return;
    }
    if (len > DU_XML_MAX_TEXT - reader->text_len) {
        refuse(reader, "a text that is too long");
        return;
    }
    memcpy(reader->text + reader->text_len, text, (apr_size_t)len);
    reader->text_len += len;
}

static void on_doctype(void *baton, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    refuse(baton, "a document type declaration");
}

static int is_our_encoding(const char *name)
{
    static const char *const ours[] = {"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE"};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (du_text_same(name, ours[i])) {
            return 1;
        }
    }
    return 0;
}

/* libxml2 would convert whatever iconv knows. It notes a declared encoding in one of two places, and the converter in use
 * tells of those that it detected without a declaration. */
static void on_start_document(void *baton)
{
    reader_t *reader = baton;
    const xmlParserCtxt *parser = reader->parser;
    const xmlCharEncodingHandler *converter = parser->input->buf ? parser->input->buf->encoder : NULL;
    const char *names[] = {(const char *)parser->encoding, (const char *)parser->input->encoding,
                           converter ? converter->name : NULL};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i] && !is_our_encoding(names[i])) {
            refuse(reader,
                   apr_psprintf(reader->ctx->pool, "the encoding %s", du_text_for_log(reader->ctx->pool, names[i])));
            return; /* the parser has freed its converter, and with it the other names */
        }
    }
}

/* Namespaces are ignored, so an undeclared prefix is no error; warnings are none either. */
static void on_error(void *baton, xmlErrorPtr error)
{
    reader_t *reader = baton;
    char *message;

    if (error->level < XML_ERR_ERROR || error->domain == XML_FROM_NAMESPACE) {
        return;
    }
    message = apr_pstrdup(reader->ctx->pool, error->message ? error->message : "not well-formed\n");
    refuse(reader, apr_psprintf(reader->ctx->pool, "line %d: %s", error->line,
                                du_text_for_log(reader->ctx->pool, du_text_trim(message))));
}

/* SAX2 with the handlers above and none that would build a tree or load anything. No getEntity: only the five
 * predefined entities and character references resolve. */
static const xmlSAXHandler sax_handler = {
    .internalSubset = on_doctype,
    .externalSubset = on_doctype,
    .startDocument = on_start_document,
    .characters = on_text,
    .cdataBlock = on_text,
    .ignorableWhitespace = on_text,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .serror = on_error,
    .initialized = XML_SAX2_MAGIC,
};

void du_xml_setup(void)
{
    xmlInitParser();
}

int du_xml_is_name(const char *text)
{
    return du_text_is_utf8(text, strlen(text)) && xmlValidateNCName((const xmlChar *)text, 0) == 0;
}

/* libxml2 takes U+0000 for the end of the document and would not look at what follows. UTF-16 is recognised as XML 1.0
 * appendix F says: by its byte order mark, or by the NUL beside the first '<'. */
static int has_nul(const char *data, apr_size_t len)
{
    const unsigned char *d = (const unsigned char *)data;
    int is_utf16 = len >= 2 && (!d[0] || !d[1] || (d[0] == 0xFF && d[1] == 0xFE) || (d[0] == 0xFE && d[1] == 0xFF));

    if (!is_utf16) {
        return memchr(data, '\0', len) != NULL;
    }
    for (apr_size_t i = 0; i + 1 < len; i += 2) {
        if (!d[i] && !d[i + 1]) {
            return 1;
        }
    }
    return 0;
}

#define SNIFFED 4 /* bytes from which libxml2 tells the encoding of a document without a declaration */

/* The push parser: it is given everything at once, but looks for more input less often than the others (half the
 * instructions for a usual request). */
static void parse(reader_t *reader, const char *data, int len)
{
    int first = len < SNIFFED ? len : SNIFFED;
    xmlSAXHandler sax = sax_handler;
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, reader, data, first, NULL);

    if (!parser) {
        reader->refusal = "no memory for it";
        return;
    }
    reader->parser = parser;
    parser->replaceEntities =
        1; /* or &amp; in an attribute would arrive as &#38;; there is nothing else to replace */
    xmlParseChunk(parser, data + first, len - first, 1);
    if (!parser->wellFormed && !reader->refusal) {
        reader->refusal = "not well-formed";
    }
    xmlFreeParserCtxt(parser);
}

apr_status_t du_xml_read(du_ctx_t *ctx, const char *data, apr_size_t len, const du_shape_t *shape,
                         du_record_t **record)
{
    reader_t *reader = apr_pcalloc(ctx->pool, sizeof(*reader));

    *record = NULL;
    if (len == 0 || len > APR_INT32_MAX) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0201), "not acceptable XML: %s", len ? "too long" : "empty");
    }
    if (has_nul(data, len)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0202), "not acceptable XML: a NUL byte");
    }
    reader->ctx = ctx;
    reader->max_depth = shape->max_depth ? shape->max_depth : DU_XML_MAX_DEPTH;
    reader->depth_limit = shape->depth_limit;
    reader->open = open_record(reader, shape);
    *record = reader->open->record;
    parse(reader, data, (int)len);
    if (reader->refusal) {
        *record = NULL;
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0203), "not acceptable XML: %s", reader->refusal);
    }
    return APR_SUCCESS;
}
