#include "du_record_find.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "du_daylog.h"
#include "du_record_file.h"
#include "du_text.h"

/* An audit file by its name. */
typedef struct day_file_t {
    char day[DU_DAYLOG_DAY_SIZE];
    const char *name;
} day_file_t;

/* A search on its way. */
typedef struct search_t {
    du_ctx_t *ctx;
    const char *directory;
    const du_phone_t *phone;
    apr_time_t until;
    apr_pool_t *pool;
    du_record_found_t *found;
} search_t;

static int youngest_first(const void *one, const void *other)
{
    const day_file_t *a = one, *b = other;
    int order = strcmp(b->day, a->day);

    return order ? order : strcmp(a->name, b->name);
}

static void day_of(apr_time_t time, char day[DU_DAYLOG_TIME_SIZE])
{
    du_daylog_time(day, time);
    day[DU_DAYLOG_DAY_SIZE - 1] = '\0';
}

/* The files of these days; of whatever node. */
static apr_status_t list_files(const search_t *search, apr_time_t since, apr_array_header_t *files)
{
    char first[DU_DAYLOG_TIME_SIZE], last[DU_DAYLOG_TIME_SIZE];
    apr_dir_t *dir;
    apr_finfo_t entry;
    apr_status_t rv = apr_dir_open(&dir, search->directory, search->pool);

    if (rv != APR_SUCCESS) {
        return APR_STATUS_IS_ENOENT(rv)
                   ? APR_SUCCESS
                   : du_fail(search->ctx, rv, DUNO(0981), "the audit files in %s cannot be looked at: %pm",
                             search->directory, (void *)&rv);
    }
    day_of(since, first);
    day_of(search->until, last);
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        day_file_t file;

        if (du_daylog_is_of(entry.name, DU_JOURNAL_CHECKS, DU_JOURNAL_SUFFIX, NULL, file.day) &&
            strcmp(file.day, first) >= 0 && strcmp(file.day, last) <= 0) {
            file.name = apr_pstrdup(search->pool, entry.name);
            APR_ARRAY_PUSH(files, day_file_t) = file;
        }
    }
    apr_dir_close(dir);
    qsort(files->elts, (size_t)files->nelts, sizeof(day_file_t), youngest_first);
    return APR_SUCCESS;
}

/* The same identity as the inventory's: MAC addresses tell phones apart, then serial numbers do. */
static int is_of(const du_record_t *record, const du_phone_t *phone)
{
    if (*record->mac && *phone->mac) {
        return strcmp(record->mac, phone->mac) == 0;
    }
    if (*record->serial && *phone->serial) {
        return strcmp(record->serial, phone->serial) == 0;
    }
    return !*record->mac && !*record->serial && !*phone->mac && !*phone->serial &&
           strcmp(record->address, phone->address) == 0;
}

/* What a line of this service, which spells a MAC address in one way, says without being read whole: 1 if it may be of the phone. */
static int may_be_of(void *baton, const du_record_form_t *form, const char *const *cells)
{
    const du_phone_t *phone = baton;

    if (form->at[DU_COLUMN_RESULT] < 0) {
        return 1;
    }
    if (!*phone->mac && !*phone->serial) {
        return strcmp(du_record_cell(form, cells, DU_COLUMN_ADDRESS), phone->address) == 0;
    }
    return (*phone->mac && strcmp(du_record_cell(form, cells, DU_COLUMN_MAC), phone->mac) == 0) ||
           (*phone->serial && du_text_same(du_record_cell(form, cells, DU_COLUMN_SERIAL), phone->serial));
}

/* <name><node>_<day>[_<number>].log */
static const char *node_of(apr_pool_t *pool, const day_file_t *file)
{
    const char *node = file->name + sizeof(DU_JOURNAL_CHECKS) - 1, *end = node, *at = node;

    while ((at = strstr(at, file->day)) != NULL) {
        end = at++;
    }
    return end > node ? apr_pstrmemdup(pool, node, (apr_size_t)(end - 1 - node)) : "";
}

/* Reads one file; what is found replaces what was found before if it is not older. */
static apr_status_t read_file(const search_t *search, const day_file_t *day_file, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(search->pool, search->directory, "/", day_file->name, NULL);
    du_record_found_t *found = search->found;
    apr_pool_t *record_pool;
    du_record_file_t *file;
    du_record_t record;
    apr_status_t rv = du_record_file_open(search->ctx, path, 0, pool, &file);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    du_record_file_filter(file, may_be_of, (void *)search->phone);
    apr_pool_create(&record_pool, pool);
    while ((rv = du_record_file_next(file, record_pool, &record)) == APR_SUCCESS || rv == DU_E_MALFORMED) {
        if (rv == APR_SUCCESS && record.series == DU_SERIES_CHECKS && record.time <= search->until &&
            is_of(&record, search->phone) && (!found->check || record.time >= found->check->time)) {
            *found =
                (du_record_found_t){node_of(search->pool, day_file), path, du_record_file_check(file, search->pool)};
        }
        apr_pool_clear(record_pool);
    }
    du_record_file_close(file);
    return rv;
}

apr_status_t du_record_find(du_ctx_t *ctx, const char *files, const du_phone_t *phone, apr_time_t since,
                            apr_time_t until, apr_pool_t *pool, du_record_found_t *found)
{
    search_t search = {ctx, apr_pstrcat(pool, files, "/" DU_JOURNAL_DIR, NULL), phone, until, pool, found};
    apr_array_header_t *list = apr_array_make(pool, 16, sizeof(day_file_t));
    apr_status_t rv = list_files(&search, since, list);
    apr_pool_t *file_pool;

    *found = (du_record_found_t){"", NULL, NULL};
    apr_pool_create(&file_pool, pool);
    for (int i = 0; i < list->nelts && rv == APR_SUCCESS; i++) {
        const day_file_t *file = &APR_ARRAY_IDX(list, i, day_file_t);

        if (found->check && strcmp(file->day, APR_ARRAY_IDX(list, i - 1, day_file_t).day) != 0) {
            break;
        }
        if (!APR_STATUS_IS_EOF(read_file(&search, file, file_pool))) {
            du_report(ctx, DU_LOG_WARNING);
        }
        apr_pool_clear(file_pool);
    }
    apr_pool_destroy(file_pool);
    return rv == APR_SUCCESS && !found->check ? DU_E_NOT_FOUND : rv;
}
