#include "du_host.h"

#include <apr_network_io.h>

const char *du_host_name(apr_pool_t *pool)
{
    char *name = apr_pcalloc(pool, APRMAXHOSTLEN + 1);

    return apr_gethostname(name, APRMAXHOSTLEN, pool) == APR_SUCCESS && *name ? name : "localhost";
}
