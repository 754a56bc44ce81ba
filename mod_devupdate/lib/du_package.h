/*
 * What a package holds: its description matched with its members, both ways.
 */
#ifndef DU_PACKAGE_H
#define DU_PACKAGE_H

#include "du_cab.h"

/* One image as the package gives it. */
typedef struct du_package_image_t {
    du_key_t key;
    const char *update_type;
    du_image_t image;
    const du_member_t **members;    /* image.nfiles members: the files */
    const du_member_t **signatures; /* image.nfiles members: their catalogues, of which some may be the same */
    const char *doubt;              /* filled by du_trust_judge(): why it is not simply verified, or NULL */
} du_package_image_t;

/*
 * Finds the one updateInfo.xml of an unpacked cabinet, at any depth, and parses it. *images is an array of
 * du_package_image_t in ctx->pool that shares texts with cab. Names in the description are relative to its directory
 * and compare without case; elements are at most max_depth deep in it. DU_E_PACKAGE with a sentence that names the member for: no or two descriptions, a name that
 * is not in the cabinet, a member that nothing names, an empty file, and what du_update_info.h lists.
 */
apr_status_t du_package_match(du_ctx_t *ctx, const du_cab_t *cab, int max_depth, apr_array_header_t **images);

#endif
