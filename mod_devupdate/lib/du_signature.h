/*
 * A signature judged: whether it fits, who signed, and whether that is somebody to trust, now or when it was made.
 */
#ifndef DU_SIGNATURE_H
#define DU_SIGNATURE_H

#include "du_anchors.h"

typedef enum {
    DU_SIGNATURE_GOOD,
    DU_SIGNATURE_EXPIRED,   /* good, but a certificate has expired and no counter-signature proves an earlier time */
    DU_SIGNATURE_UNTRUSTED, /* it fits, but does not lead to a trust anchor */
    DU_SIGNATURE_BROKEN     /* there is none, or it does not fit */
} du_signature_e;

typedef struct du_signature_t {
    du_signature_e state;
    const char *fault;    /* NULL if good; to be put behind "its catalogue", as "is signed by ..." */
    const char *signer;   /* whom the signer's certificate names, NULL if broken */
    const char *who;      /* the same and since or until when, "Name (valid until 2030-01-01)"; NULL if not known */
    apr_time_t signed_at; /* as a counter-signature proves; 0 = not proved */
    apr_time_t until;     /* when the first certificate of the chain expires; 0 if there is no chain */
    const unsigned char *content; /* what is signed, with tag and length; NULL if it cannot be read */
    apr_size_t length;
} du_signature_t;

/* Judges PKCS#7 signed data (du_pkcs7.h) whose content has that type (dotted), of which the signer's certificate must be
 * one for signing code. Results live in pool. */
void du_signature_judge(apr_pool_t *pool, const du_anchors_t *anchors, apr_time_t now, const unsigned char *der,
                        apr_size_t len, const char *content_type, du_signature_t *signature);

#endif
