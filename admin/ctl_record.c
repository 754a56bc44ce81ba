#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_text.h"

/* Files of one image may share a catalogue. */
static int is_shown(const du_image_t *image, int file)
{
    for (int i = 0; i < file; i++) {
        if (du_text_equal(image->files[i].signature, image->files[file].signature)) {
            return 1;
        }
    }
    return 0;
}

void ctl_files_print(apr_pool_t *pool, const du_image_t *image)
{
    static const char *const titles[] = {"FILE", "BYTES", "SHA-256"};
    ctl_table_t *table = ctl_table_make(pool, "    ", 3, titles);

    for (int i = 0; i < image->nfiles; i++) {
        const du_file_t *file = &image->files[i];
        const char *content[] = {file->name, apr_off_t_toa(pool, file->size),
                                 du_text_hex(pool, file->digest, DU_DIGEST_SIZE)};
        const char *signature[] = {file->signature, apr_off_t_toa(pool, file->signature_size),
                                   du_text_hex(pool, file->signature_digest, DU_DIGEST_SIZE)};

        ctl_table_row(table, content);
        if (!is_shown(image, i)) {
            ctl_table_row(table, signature);
        }
    }
    ctl_table_print(table);
}

const char *ctl_trust_text(apr_pool_t *pool, const char *trust, const char *signer, const char *doubt)
{
    if (du_text_equal(trust, DU_TRUST_VERIFIED)) {
        return apr_pstrcat(pool, "verified, signed by ", signer, NULL);
    }
    if (du_text_equal(trust, DU_TRUST_EXPIRED)) {
        return apr_pstrcat(pool, "verified, but with an expired certificate, signed by ", signer, NULL);
    }
    return doubt ? apr_pstrcat(pool, "NOT VERIFIED: ", doubt, NULL) : "NOT VERIFIED";
}

const char *ctl_package_trust_text(const char *trust)
{
    if (du_text_equal(trust, DU_TRUST_UNVERIFIED)) {
        return "NOT VERIFIED, imported with --allow-unsigned";
    }
    return du_text_equal(trust, DU_TRUST_EXPIRED) ? "verified, but with expired certificates" : "verified";
}
