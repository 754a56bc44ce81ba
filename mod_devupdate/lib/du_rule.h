/*
 * Rules, images and packages as the store keeps them. Plain records; an empty version is "".
 */
#ifndef DU_RULE_H
#define DU_RULE_H

#include <apr_file_info.h>
#include <apr_tables.h>

#include "du_device.h"
#include "du_setting.h"
#include "du_subnet.h"

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

/* What is known about the signature of an image's catalogues, from best to least. What it was at the import stays. */
#define DU_TRUST_VERIFIED   "verified"
#define DU_TRUST_EXPIRED    "expired" /* verified, but a certificate had expired */
#define DU_TRUST_UNVERIFIED "unverified"

/* The files of one version for one key. */
typedef struct du_image_t {
    const char *version;
    const char *trust;  /* DU_TRUST_...; filled where it is read singly or imported, otherwise NULL */
    const char *signer; /* who signed its catalogues and when or until when that holds, "" if not known; as in
                         * "Name (valid until 2030-01-01)", "Name (signed 2011-05-04)", "Name (expired 2012-05-04)" */
    int nfiles;
    du_file_t *files;
} du_image_t;

typedef struct du_rule_t {
    apr_int64_t id;
    du_key_t key;
    const char *update_type; /* CPE; last directory of the image's path */
    du_versions_t versions;
    const du_image_t *image[DU_SLOTS]; /* filled by du_store_snapshot() only; NULL where the version is "" */
} du_rule_t;

/* One imported cabinet. */
typedef struct du_package_t {
    apr_int64_t id;
    const char *filename; /* last part of the path it was imported from */
    apr_off_t size;
    const char *digest; /* SHA-256 of the whole file, hexadecimal */
    apr_time_t imported;
    const char *actor;
    const char *note;
    const char *trust;  /* the least that is known about one of its images: DU_TRUST_... */
    const char *signer; /* who signed the cabinet itself (du_cab_signature.h), "" if nobody did */
} du_package_t;

/* A name for a set of subnets. */
typedef struct du_site_t {
    const char *name;
    apr_array_header_t *subnets; /* of du_subnet_t */
} du_site_t;

/* A phone that is offered pending versions (protocol.md 8.3). */
typedef enum { DU_TEST_MAC, DU_TEST_SERIAL } du_test_kind_e;

typedef struct du_test_device_t {
    const char *site; /* name of the site it is a test device at; "" = everywhere (scope global) */
    const char *name; /* unique within its scope */
    du_test_kind_e kind;
    const char *identifier; /* du_mac_canonical() or du_serial_canonical() */
    const char *shown;      /* as it was typed */
} du_test_device_t;

/* A phone that is not offered a version any more, because it took it again and again without ever reporting it, or because
 * somebody says so. It is known by one of the two identifiers at least. */
#define DU_HELD_ALL "*" /* no version is offered */

typedef struct du_held_t {
    const char *mac;     /* du_mac_canonical(); "" = not known */
    const char *serial;  /* du_serial_canonical(); "" = not known */
    const char *version; /* or DU_HELD_ALL */
} du_held_t;

/* Everything a rule set is compiled from, of one generation of the store. */
typedef struct du_snapshot_t {
    apr_int64_t generation;
    apr_array_header_t *rules;        /* of du_rule_t with images, by id */
    apr_array_header_t *sites;        /* of du_site_t */
    apr_array_header_t *test_devices; /* of du_test_device_t */
    apr_array_header_t *held;         /* of du_held_t */
    du_settings_t settings;           /* those in force at the node; none are as good as the defaults */
} du_snapshot_t;

#endif
