/*
 * A security catalogue (.cat): PKCS#7 signed data around a certificate trust list whose members are digests of files.
 *
 * Forms of a member ([MS-CAESO] 2.2.7 has the list, makecat makes both): the digest in an attribute SPC_INDIRECT_DATA, or
 * where there is none in the name of the member, as bytes or as hexadecimal text in UTF-16. SHA-1 and SHA-256 count. An
 * image is a flat file to Windows, so its digest is that of all its bytes; the other rules of Authenticode are for programs.
 */
#ifndef DU_CATALOG_H
#define DU_CATALOG_H

#include <apr_hash.h>

#include "du_signature.h"

#define DU_CATALOG_TYPE        "1.3.6.1.4.1.311.10.1"
#define DU_CATALOG_MAX_MEMBERS 16384

typedef enum { DU_CATALOG_SHA1, DU_CATALOG_SHA256, DU_CATALOG_DIGESTS } du_catalog_digest_e;

typedef struct du_catalog_t {
    du_signature_t signature;        /* BROKEN also if what is signed is not a list */
    int members[DU_CATALOG_DIGESTS]; /* how many of them have such a digest */
    apr_hash_t *digests;             /* what counts is du_catalog_lists() */
} du_catalog_t;

/* Reads and judges a catalogue of at most DU_PKCS7_MAX_BYTES bytes. Lives in pool; bytes need not outlive the call. */
du_catalog_t *du_catalog_read(apr_pool_t *pool, const du_anchors_t *anchors, apr_time_t now,
                              const unsigned char *bytes, apr_size_t len);

/* Bytes of a digest. */
apr_size_t du_catalog_digest_size(du_catalog_digest_e kind);

/* 1 if a member has that digest. */
int du_catalog_lists(const du_catalog_t *catalog, du_catalog_digest_e kind, const unsigned char *digest);

#endif
