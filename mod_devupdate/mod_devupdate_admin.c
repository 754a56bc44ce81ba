#include "mod_devupdate.h"

#include <apr_strings.h>

/* A program would take what a client or SetEnv calls so for ours: what is not set here is not set at all. */
static void export(request_rec *r, const char *name, const char *value)
{
    if (value) {
        apr_table_setn(r->subprocess_env, name, value);
    } else {
        apr_table_unset(r->subprocess_env, name);
    }
}

void du_admin_export(request_rec *r)
{
    const char *store = du_location_admin_store(r);

    export(r, "DEVUPDATE_STORE", store ? store : du_conf_store(r->server));
    export(r, "DEVUPDATE_FILES", du_conf_files(r->server));
    export(r, "DEVUPDATE_NODE", du_conf_node_name(r->server));
    export(r, "DEVUPDATE_SITE", du_conf_site(r->server));
    export(r, "DEVUPDATE_STORE_TIMEOUT",
           apr_psprintf(r->pool, "%" APR_INT64_T_FMT, du_conf_store_timeout(r->server)));
}
