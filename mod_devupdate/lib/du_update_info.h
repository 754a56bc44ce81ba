/*
 * updateInfo.xml, the description in a package (protocol.md 7): which device each image is for.
 *
 * Names per field are a table as for requests, because only the element names Updates/Updates/Update and `version` are
 * known; our reconstruction is shown in protocol.md 7.
 */
#ifndef DU_UPDATE_INFO_H
#define DU_UPDATE_INFO_H

#include <apr_tables.h>

#include "du_ctx.h"
#include "du_device.h"

#define DU_UPDATE_INFO_NAME        "updateInfo.xml"
#define DU_UPDATE_INFO_MAX_BYTES   (1024 * 1024)
#define DU_UPDATE_INFO_MAX_UPDATES 512 /* in one package */
#define DU_UPDATE_INFO_MAX_FILES   64  /* in one update */
#define DU_UPDATE_INFO_MAX_NAME    128 /* bytes of a file's name without its directories; ours */

typedef struct du_update_file_t {
    const char *name;      /* member of the cabinet, relative to the description, with '/' between directories */
    const char *signature; /* likewise, its security catalogue */
    const char *timestamp; /* "" if not given */
} du_update_file_t;

typedef struct du_update_t {
    du_key_t key;
    const char *update_type; /* "CPE" if not given: the only value ever seen */
    const char *version;
    apr_array_header_t *files; /* of du_update_file_t, at least one */
} du_update_t;

/* Parses a description into an array of du_update_t in ctx->pool, every field checked: each part of the key and the
 * update type a path segment of at most DU_KEY_PART_MAX bytes, a version likewise of at most DU_VERSION_MAX, no key
 * twice, each file with a signature, no two files of one update with the same last name. DU_E_PACKAGE with a sentence
 * that names the update otherwise, and for elements more than max_depth deep (the setting import-max-depth). */
apr_status_t du_update_info_parse(du_ctx_t *ctx, const char *data, apr_size_t len, int max_depth,
                                  apr_array_header_t **updates);

/* The last part of a member's name: what a phone sees of it. */
const char *du_update_file_last(const char *name);

#endif
