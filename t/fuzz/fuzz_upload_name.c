/* What a log upload says of itself in a query string, up to the name of the file and the line in the record. */
#include "fuzz.h"

#include <string.h>

#include <apr_strings.h>

#include "du_setting.h"
#include "du_text.h"
#include "du_upload_identity.h"
#include "du_upload_spool.h"

/* Whatever came, what is kept of it can stand in a record. */
static void check_texts(const du_upload_identity_t *identity)
{
    for (int i = 0; i < DU_UPLOAD_FIELDS; i++) {
        const char *text = identity->text[i];

        FUZZ_HOLDS(!text || (*text && strlen(text) <= 500 && du_text_is_utf8(text, strlen(text))));
        for (; text && *text; text++) {
            FUZZ_HOLDS((unsigned char)*text >= ' ' && *text != 0x7F);
        }
    }
}

static void check_name(du_ctx_t *ctx, const du_upload_name_t *name)
{
    const char *made = du_upload_file_name(ctx->pool, name, 0, 7);
    const char *other = apr_pstrcat(ctx->pool, name->device, "0", NULL);

    FUZZ_HOLDS(du_text_is_segment(name->type, 255) && du_text_is_segment(made, 255));
    FUZZ_HOLDS(strspn(made, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == strlen(made));
    FUZZ_HOLDS(du_setting_listed(ctx->pool, du_setting_default(DU_SET_VALID_LOG_TYPES), name->type));
    FUZZ_HOLDS(du_setting_listed(ctx->pool, du_setting_default(DU_SET_VALID_LOG_EXTENSIONS), strrchr(made, '.')));
    FUZZ_HOLDS(du_upload_is_of(made, name->type, name->device) && !du_upload_is_of(made, name->type, other));
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    du_upload_identity_t identity = {.names = NULL};
    du_upload_name_t name;

    if (du_upload_take_query(ctx, &identity, apr_pstrmemdup(ctx->pool, data, size)) != APR_SUCCESS) {
        return 0;
    }
    check_texts(&identity);
    if (du_upload_check(ctx, &identity, du_setting_default(DU_SET_VALID_LOG_TYPES),
                        du_setting_default(DU_SET_VALID_LOG_EXTENSIONS), 1, &name) != DU_UPLOAD_ACCEPTED) {
        return 0;
    }
    check_name(ctx, &name);
    return 1;
}
