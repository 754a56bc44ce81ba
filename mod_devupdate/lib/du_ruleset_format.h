/*
 * The form of a rule set in memory and on disk; private to du_ruleset.c, du_ruleset_build.c and du_current.c.
 *
 *   header | files | rules | images | replies | dialects | subnets | tests | held | buckets | settings | blob
 *
 * Records refer to each other by index and to texts by offset into the blob, so the block means the same wherever it is
 * mapped. Texts end with NUL and are stored once; offset 0 is the empty text. Buckets are an open-addressed hash table
 * of rule numbers (from 1; 0 is free) with at least half of them free. Subnets are in the order of falling prefix length, test
 * devices and held phones in the order of their identifiers.
 */
#ifndef DU_RULESET_FORMAT_H
#define DU_RULESET_FORMAT_H

#include "du_ruleset.h"

#define DU_RS_MAGIC      "DURULES"
#define DU_RS_FORMAT     5u
#define DU_RS_BYTE_ORDER 0x01020304u

typedef struct du_rs_header_t {
    char magic[8];
    apr_uint32_t format;
    apr_uint32_t byte_order;
    unsigned char digest[DU_DIGEST_SIZE]; /* SHA-256 of everything behind this field */
    apr_uint64_t size;                    /* of the block */
    apr_int64_t generation;
    apr_int64_t compiled; /* apr_time_t */
    apr_uint32_t nfiles, nrules, nimages, nreplies, ndialects, nsubnets, ntests, nheld, nbuckets, nsettings,
        blob_size;
} du_rs_header_t;

/* One file that phones may fetch, and its catalogue likewise. */
typedef struct du_rs_record_t {
    apr_int64_t size, signature_size;
    unsigned char digest[DU_DIGEST_SIZE], signature_digest[DU_DIGEST_SIZE];
    apr_uint32_t name, signature, timestamp, unused;
} du_rs_record_t;

struct du_rs_rule_t {
    apr_uint32_t hash;
#define DU_RS_PART(part) apr_uint32_t part;
    DU_KEY_PARTS(DU_RS_PART)
#undef DU_RS_PART
    apr_uint32_t update_type;
    apr_uint32_t image[DU_SLOTS]; /* number of the image, from 1; 0 = none */
};

struct du_rs_image_t {
    apr_uint32_t version;
    apr_uint32_t first_file, nfiles;
    apr_uint32_t first_reply,
        nreplies; /* one for each dialect that can be asked for; none where nothing is offered */
};

/* The bytes of a reply, in the blob. */
typedef struct du_rs_reply_t {
    apr_uint32_t dialect; /* number, from 0 */
    apr_uint32_t bytes, len;
} du_rs_reply_t;

/* A dialect: whom it is for ("" = no condition), and its reply that offers nothing. */
typedef struct du_rs_dialect_t {
    apr_uint32_t type, vendor, user_agent;
    apr_uint32_t media_type;
    apr_uint32_t nothing, nothing_len; /* in the blob */
} du_rs_dialect_t;

typedef struct du_rs_subnet_t {
    du_subnet_t subnet;
    apr_uint32_t site; /* number of the site, from 1 */
} du_rs_subnet_t;

#define DU_RS_IDENTIFIER_MAX 128 /* bytes of an identifier with its letter and the NUL */
#define DU_RS_MAC            'm'
#define DU_RS_SERIAL         's'

/* Identifiers of both kinds stand in one table; the letter before them keeps them apart: "m00-04-..." and "s07823-a345". */
typedef struct du_rs_test_t {
    apr_uint32_t identifier;
    apr_uint32_t site; /* 0 = everywhere */
} du_rs_test_t;

/* A phone that is not offered a version any more; one that is known by both identifiers stands here twice. */
typedef struct du_rs_held_t {
    apr_uint32_t identifier;
    apr_uint32_t version;
} du_rs_held_t;

/* A setting that is not at its default. By name, so that a rule set may be read by who knows more or fewer of them. */
typedef struct du_rs_setting_t {
    apr_uint32_t name, value;
} du_rs_setting_t;

struct du_ruleset_t {
    const du_rs_header_t *header;
    const du_rs_record_t *files;
    const du_rs_rule_t *rules;
    const du_rs_image_t *images;
    const du_rs_reply_t *replies;
    const du_rs_dialect_t *dialects;
    const du_rs_subnet_t *subnets;
    const du_rs_test_t *tests;
    const du_rs_held_t *held;
    const apr_uint32_t *buckets;
    const du_rs_setting_t *settings;
    const char *blob;
    apr_pool_t *pool; /* the rule set's own; see du_current.c */
    unsigned holders; /* likewise, under its mutex */
};

/* Sets the pointers to the sections of a block; 0 if the sections do not add up to len. */
int du_ruleset_sections(du_ruleset_t *ruleset, const void *block, apr_size_t len);

/* SHA-256 of everything behind the header's digest. */
void du_ruleset_digest(const void *block, apr_size_t len, unsigned char digest[DU_DIGEST_SIZE]);

#endif
