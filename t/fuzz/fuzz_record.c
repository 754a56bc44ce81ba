/* An audit file: its first line is the header, the others are records of it. Whatever they say, texts keep to their limits and
 * are UTF-8, so that every database takes them. */
#include "fuzz.h"

#include <string.h>

#include <apr_strings.h>

#include "du_csv.h"
#include "du_record.h"
#include "du_text.h"

static void check_text(const char *text, size_t limit)
{
    FUZZ_HOLDS(text != NULL);
    FUZZ_HOLDS(strlen(text) <= limit);
    FUZZ_HOLDS(du_text_is_utf8(text, strlen(text)));
}

static void check_record(const du_record_t *record)
{
    check_text(record->address, DU_RECORD_TEXT_MAX);
    check_text(record->mac, 2 * DU_RECORD_TEXT_MAX);
    check_text(record->serial, DU_RECORD_TEXT_MAX);
    check_text(record->user, DU_RECORD_USER_MAX);
    check_text(record->key.type, DU_RECORD_PATH_MAX);
    check_text(record->key.locale, DU_RECORD_PATH_MAX);
    check_text(record->version, DU_RECORD_PATH_MAX);
    check_text(record->offered, DU_RECORD_TEXT_MAX);
    check_text(record->result, DU_RECORD_TEXT_MAX);
    check_text(record->reason, DU_RECORD_TEXT_MAX);
    check_text(record->file, DU_RECORD_PATH_MAX);
    FUZZ_HOLDS(record->sent >= 0 && record->size >= 0);
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    const char *cells[DU_CSV_CELLS_MAX];
    char *text = apr_pstrmemdup(ctx->pool, data, size), *line, *next = text;
    du_record_form_t form;
    du_record_t record;
    int good = 0, count;

    line = next;
    next = strchr(line, '\n');
    if (!next) {
        return 0;
    }
    *next++ = '\0';
    form.separator = strchr(line, ',') ? ',' : ';';
    count = du_csv_split_by(form.separator, line, strlen(line), cells, DU_CSV_CELLS_MAX);
    if (count < 1 || !du_record_is_header(cells, count, &form)) {
        return 0;
    }
    while (next && *next) {
        line = next;
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        count = du_csv_split_by(form.separator, line, strlen(line), cells, DU_CSV_CELLS_MAX);
        if (count > 0 && du_record_read(ctx->pool, &form, cells, count, &record)) {
            check_record(&record);
            good++;
        }
    }
    return good > 0;
}
