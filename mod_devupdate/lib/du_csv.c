#include "du_csv.h"

#include <stddef.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "du_error.h"
#include "du_text.h"

struct du_csv_t {
    apr_file_t *file;
    apr_size_t begin, end; /* of what was read and not yet answered */
    apr_off_t position;    /* of `begin` in the file */
    char separator;
    const char *cells[DU_CSV_CELLS_MAX];
    char buffer[2 * DU_CSV_LINE_MAX];
};

/* Behind the apostrophe, a control character has become a space or a question mark. */
int du_csv_is_marked(const char *text)
{
    const char *at = text + strspn(text, "'");

    return du_csv_is_formula(*at) || (at > text && (*at == ' ' || *at == '?'));
}

/* A quoted cell, shortened in place. at is behind the opening quote; answers what is behind the closing one, or NULL. */
static char *read_quoted(char *at, const char *end, const char **cell)
{
    char *to = at;

    *cell = at;
    for (; at < end; at++) {
        if (*at == '"' && (at + 1 == end || at[1] != '"')) {
            *to = '\0';
            *cell += **cell == '\'' && du_csv_is_marked(*cell);
            return at + 1;
        }
        at += *at == '"';
        *to++ = *at;
    }
    return NULL;
}

/* A plain cell. Answers what is behind it, or NULL. */
static char *read_plain(char separator, char *at, const char *end, const char **cell)
{
    *cell = at;
    while (at < end && *at != separator && *at != '"') {
        at++;
    }
    return at < end && *at == '"' ? NULL : at;
}

int du_csv_split(char *line, apr_size_t len, const char **cells, int max)
{
    return du_csv_split_by(',', line, len, cells, max);
}

int du_csv_split_by(char separator, char *line, apr_size_t len, const char **cells, int max)
{
    char *end = line + len, *at = line;

    if (memchr(line, '\0', len)) {
        return -1;
    }
    for (int count = 0; count < max; count++) {
        at = at < end && *at == '"' ? read_quoted(at + 1, end, &cells[count])
                                    : read_plain(separator, at, end, &cells[count]);
        if (!at || (at < end && *at != separator)) {
            return -1;
        }
        if (at == end) {
            *at = '\0';
            return count + 1;
        }
        *at++ = '\0';
    }
    return -1;
}

static char *put_quoted(char *to, const char *text)
{
    *to++ = '"';
    if (du_csv_is_marked(text)) {
        *to++ = '\'';
    }
    for (; *text; text++) {
        if (*text == '"') {
            *to++ = '"';
        }
        *to++ = apr_iscntrl(*text) ? ' ' : *text;
    }
    *to++ = '"';
    return to;
}

static int is_plain(const char *text)
{
    int plain = !du_csv_is_marked(text);

    for (; *text && plain; text++) {
        plain = *text != ',' && *text != '"' && !apr_iscntrl(*text);
    }
    return plain;
}

const char *du_csv_line(apr_pool_t *pool, const char *const *cells, int count)
{
    apr_size_t size = 1;
    char *line, *to;

    for (int i = 0; i < count; i++) {
        size += 2 * strlen(du_text_or_empty(cells[i])) + 4; /* every character doubled, quotes, apostrophe, comma */
    }
    to = line = apr_palloc(pool, size + 1);
    for (int i = 0; i < count; i++) {
        const char *text = du_text_or_empty(cells[i]);

        if (i > 0) {
            *to++ = ',';
        }
        to = is_plain(text) ? apr_cpystrn(to, text, strlen(text) + 1) : put_quoted(to, text);
    }
    *to++ = '\n';
    *to = '\0';
    return line;
}

apr_status_t du_csv_open(const char *path, apr_pool_t *pool, du_csv_t **csv)
{
    *csv = apr_palloc(pool, sizeof(**csv));
    memset(*csv, 0, offsetof(du_csv_t, buffer));
    (*csv)->separator = ',';
    return apr_file_open(&(*csv)->file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);
}

void du_csv_close(du_csv_t *csv)
{
    apr_file_close(csv->file);
}

void du_csv_separate_by(du_csv_t *csv, char separator)
{
    csv->separator = separator;
}

apr_status_t du_csv_seek(du_csv_t *csv, apr_off_t position)
{
    csv->begin = csv->end = 0;
    csv->position = position;
    return apr_file_seek(csv->file, APR_SET, &position);
}

apr_off_t du_csv_position(const du_csv_t *csv)
{
    return csv->position;
}

/* Reads more behind what is there. */
static apr_status_t fill(du_csv_t *csv)
{
    apr_size_t len;
    apr_status_t rv;

    memmove(csv->buffer, csv->buffer + csv->begin, csv->end - csv->begin);
    csv->end -= csv->begin;
    csv->begin = 0;
    len = sizeof(csv->buffer) - csv->end;
    rv = apr_file_read(csv->file, csv->buffer + csv->end, &len);
    if (rv == APR_SUCCESS) {
        csv->end += len;
    }
    return rv;
}

/* The next line with its line feed, or the beginning of one that is too long. */
static apr_status_t find_line(du_csv_t *csv, char **line, apr_size_t *len, int *is_whole)
{
    for (;;) {
        apr_size_t have = csv->end - csv->begin;
        char *start = csv->buffer + csv->begin, *feed = memchr(start, '\n', have);
        apr_status_t rv;

        *line = start;
        *is_whole = feed != NULL;
        if (feed || have > DU_CSV_LINE_MAX) {
            *len = feed ? (apr_size_t)(feed - start) : have;
            csv->begin += feed ? *len + 1 : have;
            csv->position += (apr_off_t)(feed ? *len + 1 : have);
            return APR_SUCCESS;
        }
        rv = fill(csv);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
}

apr_status_t du_csv_next(du_csv_t *csv, const char *const **cells, int *count)
{
    char *line;
    apr_size_t len;
    int is_whole, is_long = 0;
    apr_status_t rv;

    while ((rv = find_line(csv, &line, &len, &is_whole)) == APR_SUCCESS && !is_whole) {
        is_long = 1;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (is_long || len > DU_CSV_LINE_MAX) {
        return DU_E_MALFORMED;
    }
    len -= len > 0 && line[len - 1] == '\r'; /* files of Windows */
    *cells = csv->cells;
    *count = du_csv_split_by(csv->separator, line, len, csv->cells, DU_CSV_CELLS_MAX);
    return *count < 0 ? DU_E_MALFORMED : APR_SUCCESS;
}
