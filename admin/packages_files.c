#include "packages.h"

#include <apr_strings.h>

#include "du_files.h"
#include "du_text.h"

#define VERSIONS_MAX 1000 /* that are shown */

/* The rule's versions that a stored version is, as words; an empty list if it is none. */
static json_t *json_slots(const du_stored_t *stored)
{
    json_t *slots = json_array();

#define SLOT_USE(id, name)                                                                                           \
    if (stored && du_text_equal(stored->rule.versions.slot[id], stored->version)) {                                  \
        json_array_append_new(slots, json_string(#name));                                                            \
    }
    DU_SLOT_LIST(SLOT_USE)
#undef SLOT_USE
    return slots;
}

static json_t *json_entry(dua_t *dua, const du_files_entry_t *entry)
{
    const du_stored_t *stored = entry->stored;
    json_t *object = json_object();

    json_object_set_new(object, "id", stored ? json_integer(stored->id) : json_null());
    json_object_set_new(object, "rule_id", stored ? json_integer(stored->rule.id) : json_null());
    dua_set_text(dua->pool, object, "version", stored ? stored->version : "");
    dua_set_text(dua->pool, object, "directory", entry->dir.path);
    dua_set_number(object, "files", entry->dir.files);
    dua_set_number(object, "bytes", entry->dir.bytes);
    dua_set_flag(object, "is_orphan", stored == NULL);
    dua_set_flag(object, "is_missing", stored && entry->dir.files == 0);
    dua_set_flag(object, "is_used", stored && stored->is_named);
    dua_set_flag(object, "is_idle", stored && !stored->is_named);
    packages_set_link(dua, object, "href", "rules?id=", stored ? stored->rule.id : 0);
    json_object_set_new(object, "slots", json_slots(stored));
    return object;
}

/* The entries under that name, and what they are together. */
static void add_entries(dua_t *dua, const char *name, const apr_array_header_t *entries)
{
    json_t *list = json_array();
    apr_int64_t bytes = 0;

    for (int i = 0; i < entries->nelts; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_files_entry_t);

        bytes += entry->dir.bytes;
        if (i < VERSIONS_MAX) {
            json_array_append_new(list, json_entry(dua, entry));
        }
    }
    json_object_set_new(dua->data, name, list);
    dua_set_number(dua->data, "versions", entries->nelts);
    dua_set_number(dua->data, "bytes", bytes);
    dua_set_flag(dua->data, "is_cut", entries->nelts > VERSIONS_MAX);
}

apr_status_t packages_show_files(dua_t *dua)
{
    apr_array_header_t *entries;
    apr_status_t status = du_files_list(dua->ctx, dua->store, dua->files, dua->pool, &entries);

    if (status == APR_SUCCESS) {
        add_entries(dua, "stored", entries);
    }
    return status;
}

apr_status_t packages_show_clear(dua_t *dua)
{
    apr_array_header_t *removable;
    apr_status_t status = dua_must(dua, DU_RIGHT_REMOVE, "");

    if (status == APR_SUCCESS) {
        status = du_files_removable(dua->ctx, dua->store, dua->files, NULL, &removable);
    }
    if (status == APR_SUCCESS) {
        add_entries(dua, "unused", removable);
        dua_set_text(dua->pool, dua->data, "shown", du_files_digest(dua->pool, removable));
    }
    return status;
}

apr_status_t packages_clear(dua_t *dua)
{
    const char *shown = dua_value(dua, "shown");
    apr_array_header_t *removed;
    apr_status_t status = dua_must(dua, DU_RIGHT_REMOVE, "");

    if (status == APR_SUCCESS && !shown) {
        status = du_fail(dua->ctx, DU_E_MALFORMED, DUNO(1138), "it is not said what was shown: view=clear says it");
    }
    if (status == APR_SUCCESS) {
        status = du_files_clear(dua->ctx, dua->store, dua->files, NULL, shown, &dua->actor, &removed);
    }
    if (status == APR_SUCCESS || status == DU_E_NOTHING) {
        dua->ctx->failure = (du_failure_t){0};
        return dua_done(dua, removed->nelts ? "files_cleared" : "nothing_to_clear", removed->nelts,
                        "packages?view=files");
    }
    return status;
}
