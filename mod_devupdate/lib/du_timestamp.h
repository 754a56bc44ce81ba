/*
 * Counter-signatures: what proves that a signature was there at a time when its certificates were valid.
 *
 * Both forms that signing tools make are understood: Authenticode's (a PKCS#9 countersignature, RFC 2985 section 5.3.6)
 * and RFC 3161 (a time-stamp token in Microsoft's attribute 1.3.6.1.4.1.311.3.3.1).
 */
#ifndef DU_TIMESTAMP_H
#define DU_TIMESTAMP_H

#include "du_chain.h"
#include "du_pkcs7.h"

/*
 * When the signature was there, as a counter-signature proves whose own signature holds and whose chain ends at a trust
 * anchor; 0 if none does. *fault says then why the first one does not; it is NULL if there is none. The chain is judged
 * at the time that the counter-signature gives, which may not be later than now.
 */
apr_time_t du_timestamp_time(apr_pool_t *pool, const du_pkcs7_t *signature, const du_anchors_t *anchors,
                             apr_time_t now, const char **fault);

#endif
