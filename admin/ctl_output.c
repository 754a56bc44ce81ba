#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

const char *ctl_text(apr_pool_t *pool, const char *text)
{
    return du_text_or_null(text) ? du_text_visible(pool, text) : "-";
}

static apr_time_exp_t exploded(apr_time_t time)
{
    apr_time_exp_t t = {0};

    apr_time_exp_gmt(&t, time);
    return t;
}

const char *ctl_time(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t t = exploded(time);

    return apr_psprintf(pool, "%04d-%02d-%02d %02d:%02d:%02d UTC", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                        t.tm_hour, t.tm_min, t.tm_sec);
}

struct ctl_table_t {
    apr_pool_t *pool;
    const char *indent;
    int columns;
    int *width;               /* per column, in characters */
    apr_array_header_t *rows; /* of const char **; the first is the titles */
};

/* Characters, taking each for one column: exact for the scripts that names of devices are written
 * in. */
static int width_of(const char *text)
{
    int width = 0;

    for (; *text; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

ctl_table_t *ctl_table_make(apr_pool_t *pool, const char *indent, int columns, const char *const *titles)
{
    ctl_table_t *table = apr_pcalloc(pool, sizeof(*table));

    table->pool = pool;
    table->indent = indent;
    table->columns = columns;
    table->width = apr_pcalloc(pool, sizeof(int) * (apr_size_t)columns);
    table->rows = apr_array_make(pool, 32, sizeof(const char **));
    ctl_table_row(table, titles);
    return table;
}

void ctl_table_row(ctl_table_t *table, const char *const *cells)
{
    const char **row = apr_palloc(table->pool, sizeof(*row) * (apr_size_t)table->columns);

    for (int i = 0; i < table->columns; i++) {
        int width;

        row[i] = ctl_text(table->pool, cells[i]);
        width = width_of(row[i]);
        table->width[i] = width > table->width[i] ? width : table->width[i];
    }
    APR_ARRAY_PUSH(table->rows, const char **) = row;
}

void ctl_table_print(const ctl_table_t *table)
{
    for (int i = 0; i < table->rows->nelts; i++) {
        const char **row = APR_ARRAY_IDX(table->rows, i, const char **);

        printf("%s", table->indent);
        for (int c = 0; c < table->columns - 1; c++) {
            printf("%s%*s", row[c], table->width[c] - width_of(row[c]) + 2, "");
        }
        printf("%s\n", row[table->columns - 1]);
    }
}

void ctl_field_print(apr_pool_t *pool, const char *name, const char *value)
{
    printf("  %-18s%s\n", name, ctl_text(pool, value));
}

/* ASCII only: what a terminal should not see is escaped by jansson. A failure to write shows in
 * stdout's state, which main() looks at. */
void ctl_json_print(json_t *document)
{
    json_dumpf(document, stdout, CTL_JSON_FLAGS);
    putchar('\n');
    json_decref(document);
}

json_t *ctl_json_result(const char *result)
{
    json_t *object = json_object();

    json_object_set_new(object, "result", json_string(result));
    return object;
}

void ctl_result_print(ctl_t *ctl, const char *sentence, json_t *document)
{
    if (ctl->option[CTL_OPT_JSON]) {
        ctl_json_print(document);
    } else {
        printf("%s\n", ctl_text(ctl->pool, sentence));
        json_decref(document);
    }
}
