/*
 * The host that this runs on.
 */
#ifndef DU_HOST_H
#define DU_HOST_H

#include <apr_pools.h>

/* Its name, for a node that was given none; "localhost" if the system has none. */
const char *du_host_name(apr_pool_t *pool);

#endif
