#include "du_reply.h"

#include <apr_escape.h>
#include <apr_strings.h>

#include "du_image.h"
#include "du_text.h"

int du_dialect_is_for(const du_dialect_t *dialect, const char *type, const char *vendor)
{
    return (!dialect->type || du_text_same(dialect->type, type)) &&
           (!dialect->vendor || du_text_same(dialect->vendor, vendor));
}

const char *du_reply_media_type(apr_pool_t *pool, const du_reply_t *reply)
{
    return apr_pstrcat(pool, "text/xml; charset=", du_text_fold(pool, du_template_encoding(reply->tmpl)), NULL);
}

static void bind_key(du_values_t *values, const du_rule_t *rule)
{
#define BIND_PART(part) du_values_text(values, #part, rule ? rule->key.part : "");
    DU_KEY_PARTS(BIND_PART)
#undef BIND_PART
    du_values_text(values, "update-type", rule ? rule->update_type : "");
}

/* An unpublished root stays an empty element (protocol.md 3.1: both are emitted even when they are not populated). */
static const char *base_url(apr_pool_t *pool, const char *root, const char *path)
{
    return root && *root ? apr_pstrcat(pool, root, "/", path, NULL) : "";
}

static void bind_image(du_values_t *values, const du_image_t *image, apr_pool_t *pool)
{
    du_values_text(values, "num-of-files", apr_itoa(pool, image->nfiles));
    du_values_text(values, "version", image->version);
    for (int i = 0; i < image->nfiles; i++) {
        const du_file_t *file = &image->files[i];
        du_values_t *item = du_values_item(values, "files");

        du_values_text(item, "filename", file->name);
        du_values_text(item, "signature", file->signature);
        du_values_text(item, "timestamp", file->timestamp);
    }
}

apr_status_t du_reply_offer(du_ctx_t *ctx, const du_reply_t *reply, const du_rule_t *rule, const du_image_t *image,
                            apr_pool_t *pool, const char **text, apr_size_t *len)
{
    du_values_t *values = du_values_make(pool);
    const char *path = apr_pescape_path(pool, du_image_path(pool, &rule->key, image->version, rule->update_type), 1);

    bind_key(values, rule);
    bind_image(values, image, pool);
    du_values_text(values, "base-url", base_url(pool, reply->internal_url, path));
    du_values_text(values, "external-base-url", base_url(pool, reply->external_url, path));
    return du_template_bind(ctx, reply->tmpl, values, pool, text, len);
}

apr_status_t du_reply_nothing(du_ctx_t *ctx, const du_reply_t *reply, apr_pool_t *pool, const char **text,
                              apr_size_t *len)
{
    du_values_t *values = du_values_make(pool);

    bind_key(values, NULL);
    du_values_text(values, "num-of-files", "0");
    du_values_text(values, "version", "");
    du_values_text(values, "base-url", "");
    du_values_text(values, "external-base-url", "");
    return du_template_bind(ctx, reply->tmpl, values, pool, text, len);
}
