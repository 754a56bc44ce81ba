#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_files.h"
#include "du_job.h"
#include "du_text.h"

/* "pending", "approved, restore": the versions of its rule that a stored version is; "" if it is none. */
static const char *slots_of(ctl_t *ctl, const du_stored_t *stored)
{
    static const char *const names[] = {
#define SLOT_NAME(id, name) #name,
        DU_SLOT_LIST(SLOT_NAME)
#undef SLOT_NAME
    };
    const char *text = "";

    for (int slot = 0; slot < DU_SLOTS; slot++) {
        if (du_text_equal(stored->rule.versions.slot[slot], stored->version)) {
            text = apr_pstrcat(ctl->pool, text, *text ? ", " : "", names[slot], NULL);
        }
    }
    return text;
}

/* What stands in the column USE. */
static const char *use_of(ctl_t *ctl, const du_files_entry_t *entry)
{
    const char *slots = entry->stored ? slots_of(ctl, entry->stored) : NULL;

    if (!slots) {
        return "no rule has it";
    }
    if (entry->dir.files == 0) {
        return apr_pstrcat(ctl->pool, *slots ? slots : "none", ", files are missing", NULL);
    }
    return *slots ? slots : "none";
}

static void print_table(ctl_t *ctl, const apr_array_header_t *entries)
{
    static const char *const titles[] = {"ID", "RULE", "FILES", "BYTES", "USE", "DIRECTORY"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 6, titles);

    for (int i = 0; i < entries->nelts; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_files_entry_t);
        const du_stored_t *stored = entry->stored;
        const char *cells[] = {stored ? du_text_number(ctl->pool, stored->id) : "",
                               stored ? du_text_number(ctl->pool, stored->rule.id) : "",
                               du_text_number(ctl->pool, entry->dir.files),
                               du_text_number(ctl->pool, entry->dir.bytes),
                               use_of(ctl, entry),
                               entry->dir.path};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

static apr_off_t bytes_of(const apr_array_header_t *entries)
{
    apr_off_t bytes = 0;

    for (int i = 0; i < entries->nelts; i++) {
        bytes += APR_ARRAY_IDX(entries, i, du_files_entry_t).dir.bytes;
    }
    return bytes;
}

static json_t *json_entry(ctl_t *ctl, const du_files_entry_t *entry)
{
    const du_stored_t *stored = entry->stored;
    json_t *object = json_object(), *slots = json_array();

#define SLOT_USE(id, name)                                                                                           \
    if (stored && du_text_equal(stored->rule.versions.slot[id], stored->version)) {                                  \
        json_array_append_new(slots, json_string(#name));                                                            \
    }
    DU_SLOT_LIST(SLOT_USE)
#undef SLOT_USE
    json_object_set_new(object, "id", stored ? json_integer(stored->id) : json_null());
    json_object_set_new(object, "rule_id", stored ? json_integer(stored->rule.id) : json_null());
    json_object_set_new(object, "version", stored ? dua_json_text(ctl->pool, stored->version) : json_null());
    json_object_set_new(object, "directory", dua_json_text(ctl->pool, entry->dir.path));
    json_object_set_new(object, "files", json_integer(entry->dir.files));
    json_object_set_new(object, "bytes", json_integer(entry->dir.bytes));
    json_object_set_new(object, "slots", slots);
    return object;
}

static json_t *json_entries(ctl_t *ctl, const apr_array_header_t *entries)
{
    json_t *array = json_array();

    for (int i = 0; i < entries->nelts; i++) {
        json_array_append_new(array, json_entry(ctl, &APR_ARRAY_IDX(entries, i, du_files_entry_t)));
    }
    return array;
}

static void print_list(ctl_t *ctl, const apr_array_header_t *entries, const du_image_dir_t *staged)
{
    if (ctl->option[CTL_OPT_JSON]) {
        json_t *object = json_object();

        json_object_set_new(object, "stored", json_entries(ctl, entries));
        json_object_set_new(object, "bytes", json_integer(bytes_of(entries)));
        json_object_set_new(object, "staged_files", json_integer(staged->files));
        json_object_set_new(object, "staged_bytes", json_integer(staged->bytes));
        ctl_json_print(object);
        return;
    }
    if (entries->nelts) {
        print_table(ctl, entries);
    }
    printf("%s%d stored versions, %" APR_OFF_T_FMT " bytes.\n", entries->nelts ? "\n" : "", entries->nelts,
           bytes_of(entries));
    if (staged->files) {
        printf("An import is at work, or was killed: %d files of %" APR_OFF_T_FMT " bytes in staging.\n",
               staged->files, staged->bytes);
    }
}

apr_status_t ctl_file_list(ctl_t *ctl)
{
    apr_array_header_t *entries;
    du_image_dir_t staged;
    apr_status_t status = du_files_list(ctl->ctx, ctl->store, ctl->files, ctl->pool, &entries);

    if (status == APR_SUCCESS) {
        status = du_image_staged(ctl->ctx, ctl->files, ctl->pool, &staged);
    }
    if (status == APR_SUCCESS) {
        print_list(ctl, entries, &staged);
    }
    return status;
}

apr_status_t ctl_file_clear_check(ctl_t *ctl)
{
    return ctl_args_ids(ctl);
}

static apr_array_header_t *ids_given(ctl_t *ctl)
{
    apr_array_header_t *ids = apr_array_make(ctl->pool, ctl->argc + 1, sizeof(apr_int64_t));

    for (int i = 0; i < ctl->argc; i++) {
        APR_ARRAY_PUSH(ids, apr_int64_t) = ctl->ids[i];
    }
    return ctl->argc ? ids : NULL;
}

static json_t *json_leftovers(ctl_t *ctl, const apr_array_header_t *leftovers)
{
    json_t *array = json_array();

    for (int i = 0; i < leftovers->nelts; i++) {
        const du_job_leftover_t *leftover = &APR_ARRAY_IDX(leftovers, i, du_job_leftover_t);
        json_t *object = json_object();

        json_object_set_new(object, "path", dua_json_text(ctl->pool, leftover->path));
        json_object_set_new(object, "bytes", json_integer(leftover->bytes));
        json_array_append_new(array, object);
    }
    return array;
}

static void print_as_json(ctl_t *ctl, const apr_array_header_t *removed, const apr_array_header_t *leftovers)
{
    json_t *object = json_object();

    json_object_set_new(object, "result", json_string(removed->nelts || leftovers->nelts ? "cleared" : "nothing"));
    json_object_set_new(object, "dry_run", json_boolean(ctl->option[CTL_OPT_DRY_RUN] != NULL));
    json_object_set_new(object, "removed", json_entries(ctl, removed));
    json_object_set_new(object, "bytes", json_integer(bytes_of(removed)));
    json_object_set_new(object, "leftovers", json_leftovers(ctl, leftovers));
    ctl_json_print(object);
}

static void print_cleared(ctl_t *ctl, const apr_array_header_t *removed, const apr_array_header_t *leftovers)
{
    const char *verb = ctl->option[CTL_OPT_DRY_RUN] ? "Would delete" : "Deleted";

    if (removed->nelts == 0 && leftovers->nelts == 0) {
        printf("Nothing to do: every stored version is in use.\n");
    }
    if (removed->nelts > 0) {
        print_table(ctl, removed);
        printf("\n%s %d stored versions, %" APR_OFF_T_FMT " bytes.\n", verb, removed->nelts, bytes_of(removed));
    }
    for (int i = 0; i < leftovers->nelts; i++) {
        const du_job_leftover_t *leftover = &APR_ARRAY_IDX(leftovers, i, du_job_leftover_t);

        printf("%s what an import of the pages has left: %s, %" APR_OFF_T_FMT " bytes.\n", verb,
               ctl_text(ctl->pool, leftover->path), leftover->bytes);
    }
}

static apr_status_t clear(ctl_t *ctl, apr_array_header_t **removed)
{
    return ctl->option[CTL_OPT_DRY_RUN]
               ? du_files_removable(ctl->ctx, ctl->store, ctl->files, ids_given(ctl), removed)
               : du_files_clear(ctl->ctx, ctl->store, ctl->files, ids_given(ctl), NULL, &ctl->actor, removed);
}

/* Whoever names versions wants those and nothing else gone. */
static apr_status_t tidy_jobs(ctl_t *ctl, apr_array_header_t **leftovers)
{
    *leftovers = apr_array_make(ctl->pool, 1, sizeof(du_job_leftover_t));
    return ctl->argc ? APR_SUCCESS
                     : du_job_tidy(ctl->ctx, ctl->files, ctl->option[CTL_OPT_DRY_RUN] != NULL, ctl->pool, leftovers);
}

apr_status_t ctl_file_clear(ctl_t *ctl)
{
    apr_array_header_t *removed, *leftovers;
    apr_status_t status = clear(ctl, &removed);

    if (status == APR_SUCCESS || status == DU_E_NOTHING) {
        status = tidy_jobs(ctl, &leftovers);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_as_json(ctl, removed, leftovers);
    } else {
        print_cleared(ctl, removed, leftovers);
    }
    return APR_SUCCESS;
}
