#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

/* The store without what may hold a password. */
static const char *store_name(apr_pool_t *pool, const char *spec)
{
    return du_text_begins(spec, "sqlite3 ") ? spec : apr_pstrmemdup(pool, spec, strcspn(spec, " "));
}

apr_status_t ctl_store_init(ctl_t *ctl)
{
    const char *name = store_name(ctl->pool, ctl->spec);
    apr_status_t status = du_store_init(ctl->ctx, ctl->spec, ctl->pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        json_t *object = json_object();

        json_object_set_new(object, "result", json_string("created"));
        json_object_set_new(object, "store", ctl_json_text(ctl->pool, name));
        ctl_json_print(object);
    } else {
        printf("Made a new store: %s\n", ctl_text(ctl->pool, name));
    }
    return APR_SUCCESS;
}
