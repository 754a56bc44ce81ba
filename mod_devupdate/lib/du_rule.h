/*
 * Rules, images and packages as the store keeps them. Plain records; an empty version is "".
 */
#ifndef DU_RULE_H
#define DU_RULE_H

#include <apr_file_info.h>

#include "du_device.h"

#define DU_DIGEST_SIZE 32 /* SHA-256 */

/* The three versions of a rule (protocol.md 8.1). */
#define DU_SLOT_LIST(X) X(DU_PENDING, pending) X(DU_APPROVED, approved) X(DU_RESTORE, restore)

typedef enum {
#define DU_SLOT_ENUM(id, name) id,
    DU_SLOT_LIST(DU_SLOT_ENUM)
#undef DU_SLOT_ENUM
        DU_SLOTS
} du_slot_e;

typedef struct du_versions_t {
    const char *slot[DU_SLOTS]; /* never NULL; "" = none */
} du_versions_t;

/* One file of an image with the security catalogue that covers it. */
typedef struct du_file_t {
    const char *name;      /* CPE.nbt; a single path segment */
    const char *signature; /* CPE.cat; a single path segment */
    const char *timestamp; /* opaque text from the description, may be "" */
    apr_off_t size;
    apr_off_t signature_size;
    unsigned char digest[DU_DIGEST_SIZE];
    unsigned char signature_digest[DU_DIGEST_SIZE];
} du_file_t;

/* The files of one version for one key. */
typedef struct du_image_t {
    const char *version;
    int nfiles;
    du_file_t *files;
} du_image_t;

typedef struct du_rule_t {
    apr_int64_t id;
    du_key_t key;
    const char *update_type; /* CPE; last directory of the image's path */
    du_versions_t versions;
    const du_image_t *image[DU_SLOTS]; /* filled by du_store_ruleset() only; NULL where the version is "" */
} du_rule_t;

/* One imported cabinet. */
typedef struct du_package_t {
    apr_int64_t id;
    const char *filename; /* last part of the path it was imported from */
    apr_off_t size;
    const char *digest;   /* SHA-256 of the whole file, hexadecimal */
    apr_time_t imported;
    const char *actor;
    const char *note;
    const char *trust;    /* what is known about its signatures: "unverified" */
} du_package_t;

#endif
