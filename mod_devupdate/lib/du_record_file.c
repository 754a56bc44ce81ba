#include "du_record_file.h"

#include <string.h>

#include <apr_strings.h>

#include "du_csv.h"
#include "du_text.h"

struct du_record_file_t {
    apr_pool_t *pool;
    const char *path;
    du_csv_t *csv;
    du_record_form_t form;
    const char *cells[DU_CSV_CELLS_MAX];
    du_record_wanted_fn *is_wanted; /* NULL = all are */
    void *baton;
    apr_off_t line; /* where the line begins that was answered last */
};

/* A header with another separator than the comma is one cell for now. */
static int is_header(du_record_file_t *file, const char *const *cells, int count)
{
    const char *parts[DU_RECORD_COLUMNS_MAX];
    char *line;

    file->form.separator = ',';
    if (count == 1) {
        file->form.separator = ';';
        line = apr_pstrdup(file->pool, cells[0]);
        count = du_csv_split_by(';', line, strlen(line), parts, DU_RECORD_COLUMNS_MAX);
        cells = parts;
    }
    return count > 0 && du_record_is_header(cells, count, &file->form);
}

static apr_status_t read_header(du_record_file_t *file)
{
    const char *const *cells;
    int count;
    apr_status_t rv = du_csv_next(file->csv, &cells, &count);

    if (rv == APR_SUCCESS && !is_header(file, cells, count)) {
        rv = DU_E_MALFORMED;
    }
    if (rv == APR_SUCCESS) {
        du_csv_separate_by(file->csv, file->form.separator);
    }
    return rv;
}

static apr_status_t open_at(du_record_file_t *file, apr_off_t position)
{
    apr_status_t rv = read_header(file);

    if (rv == APR_SUCCESS && position > du_csv_position(file->csv)) {
        rv = du_csv_seek(file->csv, position);
    }
    file->line = du_csv_position(file->csv);
    return rv;
}

apr_status_t du_record_file_open(du_ctx_t *ctx, const char *path, apr_off_t position, apr_pool_t *pool,
                                 du_record_file_t **file)
{
    du_record_file_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv = du_csv_open(path, pool, &made->csv);

    if (rv == APR_SUCCESS) {
        made->pool = pool;
        made->path = apr_pstrdup(pool, path);
        rv = open_at(made, position);
        if (rv != APR_SUCCESS) {
            du_csv_close(made->csv);
        }
    }
    if (rv == APR_SUCCESS) {
        *file = made;
    } else if (rv == DU_E_MALFORMED) {
        du_fail(ctx, rv, DUNO(0935), "%s is no audit file: its first line does not name the columns of one",
                du_text_for_log(ctx->pool, path));
    } else if (!APR_STATUS_IS_EOF(rv) && !APR_STATUS_IS_ENOENT(rv)) {
        du_fail(ctx, rv, DUNO(0936), "%s cannot be read: %pm", du_text_for_log(ctx->pool, path), (void *)&rv);
    }
    return rv;
}

void du_record_file_close(du_record_file_t *file)
{
    du_csv_close(file->csv);
}

void du_record_file_filter(du_record_file_t *file, du_record_wanted_fn *is_wanted, void *baton)
{
    file->is_wanted = is_wanted;
    file->baton = baton;
}

/* A line that is no record, or whose cells are fewer than the header's, is nobody's to judge. */
static int is_passed(const du_record_file_t *file, const char *const *cells, int count)
{
    du_record_form_t form;

    return du_record_is_header(cells, count, &form) ||
           (file->is_wanted && count >= file->form.count && !file->is_wanted(file->baton, &file->form, cells));
}

apr_status_t du_record_file_next(du_record_file_t *file, apr_pool_t *record_pool, du_record_t *record)
{
    const char *const *cells;
    int count;
    apr_status_t rv;

    do {
        file->line = du_csv_position(file->csv);
        rv = du_csv_next(file->csv, &cells, &count);
    } while (rv == APR_SUCCESS && is_passed(file, cells, count));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    memcpy(file->cells, cells, (apr_size_t)count * sizeof(*cells));
    return du_record_read(record_pool, &file->form, file->cells, count, record) ? APR_SUCCESS : DU_E_MALFORMED;
}

du_record_check_t *du_record_file_check(const du_record_file_t *file, apr_pool_t *pool)
{
    return du_record_check(pool, &file->form, file->cells);
}

apr_off_t du_record_file_position(const du_record_file_t *file)
{
    return du_csv_position(file->csv);
}

apr_int64_t du_record_file_line(const du_record_file_t *file)
{
    char buffer[8192];
    apr_file_t *raw;
    apr_off_t left = file->line;
    apr_int64_t line = 1;

    if (apr_file_open(&raw, file->path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, file->pool) != APR_SUCCESS) {
        return 0;
    }
    while (left > 0) {
        apr_size_t len = left < (apr_off_t)sizeof(buffer) ? (apr_size_t)left : sizeof(buffer);

        if (apr_file_read(raw, buffer, &len) != APR_SUCCESS) {
            line = 0;
            break;
        }
        for (const char *at = buffer; (at = memchr(at, '\n', len - (apr_size_t)(at - buffer))) != NULL; at++) {
            line++;
        }
        left -= (apr_off_t)len;
    }
    apr_file_close(raw);
    return line;
}
