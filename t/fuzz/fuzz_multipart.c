/* A multipart body, from its bytes to an upload that is stored or refused. The first line is its Content-Type. */
#include "fuzz.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "du_multipart.h"
#include "du_setting.h"
#include "du_text.h"
#include "du_upload.h"
#include "du_xml.h"

static char root[] = "/tmp/devupdate-fuzz-XXXXXX";
static apr_pool_t *pool; /* of the spool; given back at the end so that leak checkers stay silent */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

static void clean_up(void)
{
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    apr_pool_destroy(pool);
}

static du_upload_rules_t *make_rules(void)
{
    static du_upload_rules_t rules;
    static du_upload_usage_t usage;
    const du_upload_limits_t limits = {APR_INT64_C(1) << 40, APR_INT64_C(1) << 40, 0};

    FUZZ_HOLDS(mkdtemp(root));
    apr_pool_create(&pool, NULL);
    atexit(clean_up);
    du_xml_setup();
    rules.max_size = 40000;
    rules.types = du_setting_default(DU_SET_VALID_LOG_TYPES);
    rules.extensions = du_setting_default(DU_SET_VALID_LOG_EXTENSIONS);
    rules.spool = du_upload_spool_make(root, &limits, &usage, pool);
    return &rules;
}

/* The same bytes, `piece` at a time. What is stored is removed again. */
static const char *upload_in_pieces(du_ctx_t *ctx, const char *type, const char *body, size_t size, size_t piece,
                                    apr_off_t *stored_size)
{
    static du_upload_rules_t *rules;
    du_upload_identity_t identity = {.names = NULL};
    du_upload_record_t record = {.size = -1};
    du_upload_reason_e reason;
    du_upload_t *upload;

    rules = rules ? rules : make_rules();
    upload = du_upload_make(ctx, rules, &identity);
    reason = du_upload_begin(upload, type, -1);
    for (size_t at = 0; reason == DU_UPLOAD_ACCEPTED && at < size; at += piece) {
        reason = du_upload_feed(upload, body + at, size - at < piece ? size - at : piece);
    }
    reason = reason == DU_UPLOAD_ACCEPTED ? du_upload_finish(upload) : reason;
    du_upload_record(upload, &record);
    FUZZ_HOLDS(!record.stored == (reason != DU_UPLOAD_ACCEPTED));
    FUZZ_HOLDS(reason != DU_UPLOAD_NOT_WRITTEN && reason != DU_UPLOAD_QUOTA && reason != DU_UPLOAD_DEVICE_QUOTA);
    if (record.stored) {
        FUZZ_HOLDS(strncmp(record.stored, DU_UPLOAD_DIR "/", strlen(DU_UPLOAD_DIR "/")) == 0 &&
                   !strstr(record.stored, ".."));
        FUZZ_HOLDS(record.size > 0 && record.size <= rules->max_size);
        FUZZ_HOLDS(unlink(apr_pstrcat(ctx->pool, root, "/", record.stored, NULL)) == 0);
    }
    *stored_size = record.size;
    return record.reason;
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);
    const char *type = apr_pstrmemdup(ctx->pool, data, end ? (size_t)(end - data) : size);
    const char *body = end ? end + 1 : data + size, *whole, *pieces;
    size_t len = (size_t)(data + size - body);
    apr_off_t whole_size, pieces_size;

    if (!du_multipart_is(type)) {
        return 0;
    }
    whole = upload_in_pieces(ctx, type, body, len, len + 1, &whole_size);
    pieces = upload_in_pieces(ctx, type, body, len, 7, &pieces_size);
    /* how it was cut does not matter, but a log that is too large is noticed in the middle of a piece */
    FUZZ_HOLDS(whole == pieces && (whole || whole_size == pieces_size));
    return !whole;
}
