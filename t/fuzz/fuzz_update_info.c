/* updateInfo.xml, the description in a package. */
#include "fuzz.h"

#include "du_text.h"
#include "du_update_info.h"
#include "du_xml.h"

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    static int is_set_up;
    apr_array_header_t *updates;

    if (!is_set_up) {
        du_xml_setup();
        is_set_up = 1;
    }
    if (du_update_info_parse(ctx, data, size, 32, &updates) != APR_SUCCESS) {
        FUZZ_HOLDS(ctx->failure.status == DU_E_PACKAGE);
        return 0;
    }
    FUZZ_HOLDS(updates->nelts > 0 && updates->nelts <= DU_UPDATE_INFO_MAX_UPDATES);
    for (int i = 0; i < updates->nelts; i++) {
        const du_update_t *update = &APR_ARRAY_IDX(updates, i, du_update_t);

#define CHECK_PART(part) FUZZ_HOLDS(du_text_is_segment(update->key.part, DU_KEY_PART_MAX));
        DU_KEY_PARTS(CHECK_PART)
#undef CHECK_PART
        FUZZ_HOLDS(du_text_is_segment(update->update_type, DU_KEY_PART_MAX));
        FUZZ_HOLDS(du_text_is_segment(update->version, DU_VERSION_MAX));
        FUZZ_HOLDS(update->files->nelts > 0 && update->files->nelts <= DU_UPDATE_INFO_MAX_FILES);
        for (int f = 0; f < update->files->nelts; f++) {
            const du_update_file_t *file = &APR_ARRAY_IDX(update->files, f, du_update_file_t);

            FUZZ_HOLDS(file->name && *file->name && file->signature && *file->signature && file->timestamp);
        }
    }
    return 1;
}
