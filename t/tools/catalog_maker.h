/*
 * Makes certificates and security catalogues for tests: good ones, and most kinds of bad ones. Ends the program if
 * OpenSSL fails, since nothing in a test may go on then.
 */
#ifndef CATALOG_MAKER_H
#define CATALOG_MAKER_H

#include <time.h>

#include <openssl/x509.h>

typedef struct maker_identity_t {
    X509 *certificate;
    EVP_PKEY *key;
} maker_identity_t;

typedef struct maker_certificate_t {
    const char *name;               /* common name */
    const maker_identity_t *issuer; /* NULL: signed by itself */
    const char *use;                /* extended key usage as OpenSSL's configuration has it, "codeSigning"; NULL: none */
    int is_authority;
    time_t from, until;
    const char *digest; /* of its signature; NULL: SHA-256 */
    unsigned bits;      /* of its RSA key; 0: 2048 */
} maker_certificate_t;

maker_identity_t maker_identity(const maker_certificate_t *form);

/* Key and certificate in one PEM file. */
void maker_write_identity(const maker_identity_t *identity, const char *path);
maker_identity_t maker_read_identity(const char *path);

typedef enum { MAKER_ATTRIBUTE, MAKER_HEX, MAKER_RAW, MAKER_NAME } maker_form_e; /* how a member says its digest, or does not */
typedef enum { MAKER_NO_STAMP, MAKER_PKCS9, MAKER_RFC3161 } maker_stamp_e;

#define MAKER_MOST 8

typedef struct maker_catalogue_t {
    const maker_identity_t *signers[MAKER_MOST]; /* up to the first NULL; none: not signed */
    const maker_identity_t *others[MAKER_MOST];  /* whose certificates are added */
    const char *signing;                         /* digest of the signature; NULL: SHA-256 */
    const char *digest;                          /* of the members, as "SHA1"; NULL: SHA-256 */
    maker_form_e form;
    maker_stamp_e stamp;
    const maker_identity_t *stamper;
    time_t stamped;
    const char *usage;      /* of the list; NULL: that of catalogues */
    int without_attributes; /* the signature is over the content itself */
    int count;              /* members */
    const unsigned char (*digests)[EVP_MAX_MD_SIZE];
} maker_catalogue_t;

/* DER; freed by the caller with OPENSSL_free(). */
unsigned char *maker_catalogue(const maker_catalogue_t *form, size_t *len);

/* The digest of some bytes; name as "SHA1". */
void maker_digest(const char *name, const void *bytes, size_t len, unsigned char *digest);

#endif
