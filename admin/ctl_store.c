#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_anchors.h"
#include "du_store_copy.h"
#include "du_store_migrate.h"
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
    if (du_anchors_make_directory(ctl->ctx, ctl->files) != APR_SUCCESS) {
        du_report(ctl->ctx, DU_LOG_WARNING); /* the store is made; the directory can be made by hand */
    }
    if (ctl->option[CTL_OPT_JSON]) {
        json_t *object = json_object();

        json_object_set_new(object, "result", json_string("created"));
        json_object_set_new(object, "store", dua_json_text(ctl->pool, name));
        ctl_json_print(object);
    } else {
        printf("Made a new store: %s\n", ctl_text(ctl->pool, name));
    }
    return APR_SUCCESS;
}

apr_status_t ctl_store_migrate(ctl_t *ctl)
{
    apr_int64_t from;
    apr_status_t status = du_store_migrate(ctl->ctx, ctl->spec, &ctl->actor, ctl->pool, &from);

    if (status != APR_SUCCESS && status != DU_E_NOTHING) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        json_t *object = json_object();

        json_object_set_new(object, "result", json_string(status == DU_E_NOTHING ? "nothing" : "migrated"));
        json_object_set_new(object, "from", json_integer(from));
        json_object_set_new(object, "to", json_integer(du_store_version()));
        ctl_json_print(object);
    } else if (status == DU_E_NOTHING) {
        printf("Nothing to do: the store is at version %d already.\n", du_store_version());
    } else {
        printf("Brought the store from version %" APR_INT64_T_FMT " to version %d.\n", from, du_store_version());
    }
    return APR_SUCCESS;
}

static json_t *json_copied(apr_pool_t *pool, const du_copied_t *copied, const char *from, const char *to)
{
    json_t *object = json_object(), *rows = json_object();

    for (int table = 0; table < DU_TABLES; table++) {
        json_object_set_new(rows, du_table_name((du_table_e)table), json_integer(copied->rows[table]));
    }
    json_object_set_new(object, "result", json_string("copied"));
    json_object_set_new(object, "from", dua_json_text(pool, from));
    json_object_set_new(object, "to", dua_json_text(pool, to));
    json_object_set_new(object, "rows", rows);
    json_object_set_new(object, "generation", json_integer(copied->generation));
    json_object_set_new(object, "activity", dua_json_chain(pool, &copied->chain));
    return object;
}

static void print_copied(apr_pool_t *pool, const du_copied_t *copied, const char *from, const char *to)
{
    printf("Copied %s to %s:\n", ctl_text(pool, from), ctl_text(pool, to));
    for (int table = 0; table < DU_TABLES; table++) {
        ctl_field_print(pool, du_table_name((du_table_e)table), du_text_number(pool, copied->rows[table]));
    }
    printf("Now name the copy in DevUpdateStore of every node and in --store, then let httpd restart gracefully.\n"
           "What is changed in the old store from now on is not in the copy.\n");
}

apr_status_t ctl_store_copy(ctl_t *ctl)
{
    const char *from = store_name(ctl->pool, ctl->argv[0]), *to = store_name(ctl->pool, ctl->argv[1]);
    du_copied_t copied;
    apr_status_t status = du_store_open(ctl->ctx, ctl->argv[0], ctl->pool, &ctl->store);

    if (status == APR_SUCCESS) {
        status = du_store_copy(ctl->ctx, ctl->store, ctl->argv[1], ctl->pool, &copied);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (copied.chain.what != DU_PROOF_WHOLE) {
        du_log(ctl->ctx, DU_LOG_WARNING, DUNO(0893),
               "row %" APR_INT64_T_FMT " of the record of changes %s, in the copy as in the original",
               copied.chain.bad, du_proof_text(copied.chain.what));
    }
    if (ctl->option[CTL_OPT_JSON]) {
        ctl_json_print(json_copied(ctl->pool, &copied, from, to));
    } else {
        print_copied(ctl->pool, &copied, from, to);
    }
    return APR_SUCCESS;
}
