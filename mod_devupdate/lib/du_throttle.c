#include "du_throttle.h"

#include <apr_atomic.h>
#include <apr_hash.h>

int du_throttle_pass(du_throttle_t *throttle, const char *client, apr_time_t now)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;
    volatile apr_uint32_t *entry = &throttle->minute[apr_hashfunc_default(client, &len) % DU_THROTTLE_ENTRIES];
    apr_uint32_t minute = (apr_uint32_t)(apr_time_sec(now) / 60);
    apr_uint32_t last = apr_atomic_read32(entry);

    /* Of several threads that come together, the one whose exchange succeeds may pass. */
    return last != minute && apr_atomic_cas32(entry, minute, last) == last;
}
