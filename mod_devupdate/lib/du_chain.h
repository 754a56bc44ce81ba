/*
 * The chain from a certificate to a trust anchor, and until when it holds.
 */
#ifndef DU_CHAIN_H
#define DU_CHAIN_H

#include <apr_pools.h>
#include <apr_time.h>

#include "du_anchors.h"

#define DU_CHAIN_MAX_DEPTH 8  /* certificates between that of a signer and the trust anchor */
#define DU_CHAIN_LEAST     80 /* bits of security of a key (NIST SP 800-57): RSA of 1024 bits, as old vendors had */

typedef enum {
    DU_CHAIN_GOOD,
    DU_CHAIN_EXPIRED,  /* good, but a certificate in it had expired at that time */
    DU_CHAIN_UNTRUSTED /* anything else */
} du_chain_e;

/* What a certificate must be for: an extended key usage that it must have itself and that none above it may exclude. */
typedef enum { DU_CHAIN_CODE_SIGNING, DU_CHAIN_TIME_STAMPING } du_chain_use_e;

typedef struct du_chain_t {
    du_chain_e state;
    const char *fault; /* NULL if good; to be put behind the signer's name and a comma, as "whose certificate ..." */
    apr_time_t until;  /* when the first of its certificates expires; 0 if untrusted */
} du_chain_t;

/* Judges the chain of a certificate at a time. `others` may be NULL or have certificates that help, trusted or not. */
void du_chain_judge(apr_pool_t *pool, const du_anchors_t *anchors, X509 *certificate, STACK_OF(X509) * others,
                    du_chain_use_e use, apr_time_t at, du_chain_t *chain);

/* Whom a certificate names: common name, or else the whole subject; escaped if a terminal could not show it. */
const char *du_chain_name(apr_pool_t *pool, const X509 *certificate);

/* A time of OpenSSL's; 0 if it is none. */
apr_time_t du_chain_time(const ASN1_TIME *time);

/* "2026-11-22" */
const char *du_chain_date(apr_pool_t *pool, apr_time_t time);

#endif
