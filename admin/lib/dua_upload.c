#include "dua_upload.h"

#include <string.h>

#include <apr_signal.h>
#include <apr_strings.h>

#include "du_multipart.h"
#include "du_text.h"

#define PIECE 65536 /* bytes that are read at once */
#define KEPT                                                                                                         \
    (PIECE + 256) /* of the file, that came with the fields: a piece, and what looked like a delimiter before it */
#define FIELDS_MAX (128 * 1024) /* bytes before the file */

typedef struct dua_upload_t {
    dua_t *dua;
    du_multipart_t *reader;
    const char *field; /* that is being read; NULL = none */
    char value[DUA_FORM_VALUE_MAX + 2];
    apr_size_t value_len;
    const char *filename; /* NULL as long as there is no file */
    dua_upload_fn *take;  /* NULL as long as nobody wants the file */
    void *baton;
    char kept[KEPT];
    apr_size_t kept_len;
    char piece[PIECE];
} dua_upload_t;

int dua_upload_is(const dua_t *dua)
{
    return dua->page->takes_file && dua_is_post(dua) && du_multipart_is(dua->env.content_type);
}

const char *dua_upload_name(const dua_t *dua)
{
    return dua->upload ? dua->upload->filename : NULL;
}

/*
 * Parts
 */

/* Some clients send a path, with the separators of their system. */
static const char *last_part(const char *filename)
{
    const char *name = filename;

    for (; *filename; filename++) {
        if (*filename == '/' || *filename == '\\') {
            name = filename + 1;
        }
    }
    return name;
}

static apr_status_t begin(void *baton, const du_part_t *part)
{
    dua_upload_t *upload = baton;
    apr_pool_t *pool = upload->dua->pool;

    if (upload->filename || !part->name || (part->filename && strcmp(part->name, DUA_UPLOAD_FILE) != 0)) {
        return du_fail(
            upload->dua->ctx, DU_E_MALFORMED, DUNO(0686),
            "a form has its fields first, each with a name, and one file at the end, which is named \"%s\"",
            DUA_UPLOAD_FILE);
    }
    if (!part->filename) {
        upload->field = apr_pstrdup(pool, part->name);
        upload->value_len = 0;
        return APR_SUCCESS;
    }
    upload->filename = du_text_visible(pool, last_part(part->filename));
    return APR_SUCCESS;
}

static apr_status_t keep_value(dua_upload_t *upload, const char *bytes, apr_size_t len)
{
    apr_size_t room = sizeof(upload->value) - 1 - upload->value_len;

    len = len < room ? len
                     : room; /* what is too long is one byte longer than it may be, and so refused as a parameter */
    memcpy(upload->value + upload->value_len, bytes, len);
    upload->value_len += len;
    return APR_SUCCESS;
}

static apr_status_t data(void *baton, const char *bytes, apr_size_t len)
{
    dua_upload_t *upload = baton;

    if (!upload->filename) {
        return keep_value(upload, bytes, len);
    }
    if (upload->take) {
        return upload->take(upload->baton, bytes, len);
    }
    if (len > sizeof(upload->kept) - upload->kept_len) {
        return APR_EGENERAL; /* cannot be: nothing is read behind the piece in which the file begins */
    }
    memcpy(upload->kept + upload->kept_len, bytes, len);
    upload->kept_len += len;
    return APR_SUCCESS;
}

static apr_status_t end(void *baton)
{
    dua_upload_t *upload = baton;
    const char *field = upload->field;

    if (upload->filename) {
        return APR_SUCCESS;
    }
    upload->value[upload->value_len] = '\0';
    if (strlen(upload->value) != upload->value_len) {
        return du_fail(upload->dua->ctx, DU_E_MALFORMED, DUNO(0688), "a field of the form has a NUL in it");
    }
    upload->field = NULL;
    return dua_form_add(upload->dua->ctx, upload->dua->form, field, upload->value);
}

/*
 * The body
 */

/* Reads and takes the next piece; *len is 0 at the end of a complete form. */
static apr_status_t feed(dua_upload_t *upload, apr_size_t *len)
{
    apr_status_t status = dua_env_body(upload->piece, PIECE, len);

    if (status != APR_SUCCESS) {
        return status;
    }
    return *len > 0 ? du_multipart_feed(upload->reader, upload->piece, *len) : du_multipart_finish(upload->reader);
}

apr_status_t dua_upload_fields(dua_t *dua)
{
    dua_upload_t *upload = apr_pcalloc(dua->pool, sizeof(*upload));
    const du_multipart_sink_t sink = {begin, data, end, upload};
    apr_size_t len = 1, total = 0;
    apr_status_t status = du_multipart_make(dua->ctx, dua->env.content_type, &sink, &upload->reader);

    apr_signal(SIGTERM, SIG_IGN);
    upload->dua = dua;
    dua->upload = upload;
    while (status == APR_SUCCESS && len > 0 && !upload->filename) {
        status = feed(upload, &len);
        total += len;
        if (status == APR_SUCCESS && total > FIELDS_MAX && !upload->filename) {
            status = du_fail(dua->ctx, DU_E_TOO_LARGE, DUNO(0689), "the form has more than %d bytes before its file",
                             FIELDS_MAX);
        }
    }
    return status;
}

apr_status_t dua_upload_read(dua_t *dua, dua_upload_fn *take, void *baton)
{
    dua_upload_t *upload = dua->upload;
    apr_size_t len = 1;
    apr_status_t status = upload->kept_len > 0 ? take(baton, upload->kept, upload->kept_len) : APR_SUCCESS;

    upload->take = take;
    upload->baton = baton;
    while (status == APR_SUCCESS && len > 0) {
        status = feed(upload, &len);
    }
    return status;
}
