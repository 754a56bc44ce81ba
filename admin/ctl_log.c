#include "ctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "du_retain.h"
#include "du_text.h"

#define DAY apr_time_from_sec(86400)

/* 0 if --days is not given. */
static apr_status_t read_days(ctl_t *ctl, apr_int64_t *days)
{
    const char *text = ctl->option[CTL_OPT_DAYS];

    *days = text ? apr_strtoi64(text, NULL, 10) : 0;
    if (text && (!*text || strlen(text) > 4 || text[strspn(text, "0123456789")])) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0881), "--days is a whole number, not \"%s\"",
                       du_text_for_log(ctl->pool, text));
    }
    return APR_SUCCESS;
}

apr_status_t ctl_log_check(ctl_t *ctl)
{
    apr_int64_t days;

    return read_days(ctl, &days);
}

/*
 * Listing
 */

/* A log that is listed, and when it is. */
typedef struct listed_t {
    const char *type, *name;
    apr_off_t size;
    apr_time_t written;
} listed_t;

typedef struct listing_t {
    ctl_t *ctl;
    apr_time_t before; /* APR_INT64_MAX = all */
    apr_array_header_t *listed;
} listing_t;

/* What a log is called in the column TYPE: its directory or its series. */
static const char *type_of(const du_log_file_t *file)
{
    return *file->type ? file->type : du_log_kind_word(file->kind);
}

static apr_status_t take_file(void *baton, const du_log_file_t *file)
{
    listing_t *listing = baton;
    ctl_t *ctl = listing->ctl;
    const char *type = ctl->option[CTL_OPT_LOG_TYPE], *device = ctl->option[CTL_OPT_DEVICE];

    if ((!type || du_text_same(type_of(file), type)) && (!device || du_text_contains(file->name, device)) &&
        file->written < listing->before) {
        listed_t *listed = apr_array_push(listing->listed);

        listed->type = apr_pstrdup(ctl->pool, type_of(file));
        listed->name = apr_pstrdup(ctl->pool, file->name);
        listed->size = file->size;
        listed->written = file->written;
    }
    return APR_SUCCESS;
}

static int by_type_and_name(const void *one, const void *other)
{
    const listed_t *a = one, *b = other;
    int order = strcmp(a->type, b->type);

    return order ? order : strcmp(a->name, b->name);
}

/* "3 days", "5 hours", "12 minutes": how long ago. */
static const char *age_text(apr_pool_t *pool, apr_time_t since)
{
    apr_int64_t minutes = since > 0 ? apr_time_sec(since) / 60 : 0;
    apr_int64_t number = minutes >= 2880 ? minutes / 1440 : minutes >= 120 ? minutes / 60 : minutes;

    return apr_psprintf(pool, "%" APR_INT64_T_FMT " %s", number,
                        minutes >= 2880  ? "days"
                        : minutes >= 120 ? "hours"
                        : minutes == 1   ? "minute"
                                         : "minutes");
}

static void print_listed(ctl_t *ctl, const apr_array_header_t *files)
{
    static const char *const titles[] = {"TYPE", "NAME", "SIZE", "AGE"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 4, titles);
    apr_time_t now = du_now(ctl->ctx);

    for (int i = 0; i < files->nelts; i++) {
        const listed_t *file = &APR_ARRAY_IDX(files, i, listed_t);
        const char *cells[] = {file->type, file->name, apr_psprintf(ctl->pool, "%" APR_OFF_T_FMT, file->size),
                               age_text(ctl->pool, now - file->written)};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

static json_t *json_file(apr_pool_t *pool, const listed_t *file)
{
    json_t *object = json_object();

    json_object_set_new(object, "type", dua_json_text(pool, file->type));
    json_object_set_new(object, "name", dua_json_text(pool, file->name));
    json_object_set_new(object, "size", json_integer(file->size));
    json_object_set_new(object, "written", dua_json_time(pool, file->written));
    return object;
}

apr_status_t ctl_log_list(ctl_t *ctl)
{
    listing_t listing = {ctl, APR_INT64_MAX, apr_array_make(ctl->pool, 64, sizeof(listed_t))};
    apr_int64_t days;
    json_t *array;
    apr_status_t status = read_days(ctl, &days);

    if (status == APR_SUCCESS) {
        listing.before = ctl->option[CTL_OPT_DAYS] ? du_now(ctl->ctx) - days * DAY : APR_INT64_MAX;
        status = du_retain_walk(ctl->ctx, ctl->files, NULL, take_file, &listing);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    qsort(listing.listed->elts, (size_t)listing.listed->nelts, sizeof(listed_t), by_type_and_name);
    if (!ctl->option[CTL_OPT_JSON]) {
        if (listing.listed->nelts) {
            print_listed(ctl, listing.listed);
        } else {
            printf("No logs.\n");
        }
        return APR_SUCCESS;
    }
    array = json_array();
    for (int i = 0; i < listing.listed->nelts; i++) {
        json_array_append_new(array, json_file(ctl->pool, &APR_ARRAY_IDX(listing.listed, i, listed_t)));
    }
    ctl_json_print(array);
    return APR_SUCCESS;
}

/*
 * Clearing
 */

static void print_cleared(ctl_t *ctl, const du_retained_t *removed, int is_dry)
{
    const char *text = du_text_or_null(du_retained_text(ctl->pool, removed));
    json_t *document = ctl_json_result(!text ? "nothing" : is_dry ? "would remove" : "removed");

    for (int i = 0; i < DU_LOG_KINDS; i++) {
        json_t *kind = json_object();

        json_object_set_new(kind, "files", json_integer(removed->kind[i].files));
        json_object_set_new(kind, "bytes", json_integer(removed->kind[i].bytes));
        json_object_set_new(document, du_log_kind_word((du_log_kind_e)i), kind);
    }
    ctl_result_print(ctl,
                     !text ? "Nothing to do: no log is that old"
                           : apr_pstrcat(ctl->pool, is_dry ? "Would remove: " : "Removed: ", text, NULL),
                     document);
}

/* The logs of all nodes: whoever asks for this means the service, not one httpd of it. */
apr_status_t ctl_log_clear(ctl_t *ctl)
{
    du_retain_t what = {.files = ctl->files, .is_dry = ctl->option[CTL_OPT_DRY_RUN] != NULL};
    du_retained_t removed;
    apr_int64_t days;
    apr_status_t status = read_days(ctl, &days), recorded = APR_SUCCESS;

    if (status == APR_SUCCESS && (days < DU_CLEAR_DAYS_MIN || days > DU_CLEAR_DAYS_MAX)) {
        status = du_fail(ctl->ctx, DU_E_MALFORMED, DUNO(0882), "--days is from %d to %d for log clear, not %s",
                         DU_CLEAR_DAYS_MIN, DU_CLEAR_DAYS_MAX, ctl->option[CTL_OPT_DAYS]);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    what.before = du_now(ctl->ctx) - days * DAY;
    status = du_retain_clean(ctl->ctx, &what, &removed);
    if (removed.files > 0 && !what.is_dry) {
        du_report(ctl->ctx, DU_LOG_ERROR);
        ctl->reported = status != APR_SUCCESS;
        recorded = du_store_logs_removed(ctl->ctx, ctl->store, du_retained_text(ctl->pool, &removed), &ctl->actor);
    }
    if (removed.files > 0 || status == APR_SUCCESS) {
        print_cleared(ctl, &removed, what.is_dry);
    }
    return status == APR_SUCCESS ? recorded : status;
}
