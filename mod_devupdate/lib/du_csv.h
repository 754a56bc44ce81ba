/*
 * Reading CSV files as du_journal writes them: a record a line (RFC 4180 without line feeds in cells), and texts that a
 * spreadsheet would take for a formula quoted with an apostrophe before them, which is taken away again here.
 */
#ifndef DU_CSV_H
#define DU_CSV_H

#include <apr_file_io.h>

#define DU_CSV_LINE_MAX  65536 /* bytes; a longer line is no record */
#define DU_CSV_CELLS_MAX 64

/* 1 if a spreadsheet would take a text that begins so for a formula. */
static inline int du_csv_is_formula(char first)
{
    return first == '=' || first == '+' || first == '-' || first == '@' || first == '\t' || first == '\r';
}

/* 1 if a text is written with an apostrophe before it: one that would be taken for a formula, and one that begins with
 * apostrophes of its own which would be taken for that. */
int du_csv_is_marked(const char *text);

/* Splits a line (without its line feed; line[len] must be writable) in place. The number of cells, at most max; -1 if it
 * is no record: a NUL, a quote that is not closed or has text behind it, a quote inside a plain cell, too many cells. */
int du_csv_split(char *line, apr_size_t len, const char **cells, int max);

/* The same for a file whose cells are separated by another character. */
int du_csv_split_by(char separator, char *line, apr_size_t len, const char **cells, int max);

/* The way back: cells as a line with its line feed, in pool. Control characters become spaces; what a spreadsheet would take for a
 * formula is quoted. NULL is an empty cell. */
const char *du_csv_line(apr_pool_t *pool, const char *const *cells, int count);

/* A file that is read record by record, in constant memory. */
typedef struct du_csv_t du_csv_t;
apr_status_t du_csv_open(const char *path, apr_pool_t *pool, du_csv_t **csv);
void du_csv_close(du_csv_t *csv);

/* What separates cells from the next record on; ',' if nothing else is said. */
void du_csv_separate_by(du_csv_t *csv, char separator);

/* Goes on reading at that many bytes from the beginning of the file. */
apr_status_t du_csv_seek(du_csv_t *csv, apr_off_t position);

/* Where the next record begins: everything before it was answered. */
apr_off_t du_csv_position(const du_csv_t *csv);

/* The next record; its cells live until the next call. DU_E_MALFORMED for a line that is none, behind which reading may go
 * on; APR_EOF at the end. A last line without its line feed is still being written, and not a record yet. */
apr_status_t du_csv_next(du_csv_t *csv, const char *const **cells, int *count);

#endif
