#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

/* The character at s: its length in bytes, 0 if it is not valid UTF-8. */
static apr_size_t character(const char *s, apr_uint32_t *code)
{
    static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned char lead = (unsigned char)s[0];
    apr_size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

    for (apr_size_t i = 0; i < len; i++) {
        if (s[i] == '\0') {
            return 0;
        }
    }
    if (!du_text_is_utf8(s, len)) {
        return 0;
    }
    *code = lead & first_bits[len];
    for (apr_size_t i = 1; i < len; i++) {
        *code = *code << 6 | ((unsigned char)s[i] & 0x3F);
    }
    return len;
}

/* What moves the cursor, starts an escape sequence (U+009B is one by itself), hides, or turns the
 * direction of reading can make a terminal show something else than what is there. */
static int is_harmless(apr_uint32_t code)
{
    static const struct {
        apr_uint32_t from, to;
    } harmful[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x200B, 0x200F},
                   {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};

    for (apr_size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
        if (code >= harmful[i].from && code <= harmful[i].to) {
            return 0;
        }
    }
    return 1;
}

const char *ctl_text(apr_pool_t *pool, const char *text)
{
    char *out, *to;

    if (!du_text_or_null(text)) {
        return "-";
    }
    to = out = apr_palloc(pool, strlen(text) * 4 + 1);
    while (*text) {
        apr_uint32_t code = 0;
        apr_size_t len = character(text, &code);

        if (len > 0 && is_harmless(code)) {
            memcpy(to, text, len);
            to += len;
            text += len;
            continue;
        }
        for (len = len ? len : 1; len > 0; len--) {
            to += apr_snprintf(to, 5, "\\x%02x", (unsigned char)*text++);
        }
    }
    *to = '\0';
    return out;
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

json_t *ctl_json_text(apr_pool_t *pool, const char *text)
{
    json_t *json = json_string(du_text_or_empty(text));

    return json ? json : json_string(ctl_text(pool, text));
}

json_t *ctl_json_time(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t t = exploded(time);

    return json_string(apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                                    t.tm_hour, t.tm_min, t.tm_sec));
}

/* ASCII only: what a terminal should not see is escaped by jansson. A failure to write shows in
 * stdout's state, which main() looks at. */
void ctl_json_print(json_t *document)
{
    json_dumpf(document, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
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
