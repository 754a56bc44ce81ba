/*
 * Reading XML whose grammar nobody has published, without trusting it.
 *
 * A document is read into a record by a *shape*: a table of names per field (house.md D5) and the names of elements
 * that open a record inside. Namespaces and prefixes are ignored, names compare without case, and a field may stand as
 * an attribute or as the text of an element at any level of its record (protocol.md 11.1).
 *
 * Input is UTF-8, UTF-16LE or UTF-16BE, found by byte order mark and XML declaration. A document type declaration,
 * and with it every entity of its own, is refused, and so is a NUL byte.
 */
#ifndef DU_XML_H
#define DU_XML_H

#include <apr_tables.h>

#include "du_ctx.h"

/* One accepted name of one field. */
typedef struct du_name_t {
    const char *name;
    int field; /* index into du_record_t.field */
} du_name_t;

typedef struct du_shape_t du_shape_t;
struct du_shape_t {
    const char *const
        *elements;          /* names of the elements that open such a record, NULL at the end; unused at the root */
    const du_name_t *names; /* accepted names, {NULL} at the end; of two names of one field the earlier one wins */
    int nfields;
    int max_records;         /* more of them in one parent are refused; unused at the root */
    int max_depth;           /* elements inside each other; 0 is DU_XML_MAX_DEPTH; unused but at the root */
    const char *depth_limit; /* where max_depth comes from, said when it is exceeded; NULL if nobody can change it */
    const du_shape_t *child; /* records inside this one, or NULL */
};

typedef struct du_record_t {
    const char **field;           /* nfields texts, trimmed, UTF-8; NULL = absent or empty */
    apr_array_header_t *children; /* of du_record_t *, in document order; NULL if the shape has no child */
} du_record_t;

#define DU_XML_MAX_DEPTH 32   /* elements inside each other */
#define DU_XML_MAX_TEXT  4096 /* bytes of one field; longer is refused */

/* Once per process and before threads start. */
void du_xml_setup(void);

/* 1 if the text can be the local name of an element or attribute. */
int du_xml_is_name(const char *text);

/* Reads len bytes into a record that lives in ctx->pool. DU_E_MALFORMED (with a sentence in ctx->failure) for
 * everything that is not accepted. */
apr_status_t du_xml_read(du_ctx_t *ctx, const char *data, apr_size_t len, const du_shape_t *shape,
                         du_record_t **record);

#endif
