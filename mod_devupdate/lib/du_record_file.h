/*
 * A file of records, read from where reading ended the last time to its last whole line.
 */
#ifndef DU_RECORD_FILE_H
#define DU_RECORD_FILE_H

#include <apr_file_io.h>

#include "du_ctx.h"
#include "du_record_check.h"

typedef struct du_record_file_t du_record_file_t;

/* Opens a file to be read from `position` on, which is 0 or what du_record_file_position() said. DU_E_MALFORMED with a
 * sentence if it does not begin with a header of ours or of the original service; APR_EOF while it has no whole line yet;
 * APR_ENOENT without a word if it is not there. */
apr_status_t du_record_file_open(du_ctx_t *ctx, const char *path, apr_off_t position, apr_pool_t *pool,
                                 du_record_file_t **file);
void du_record_file_close(du_record_file_t *file);

/* Passes over lines that are not wanted from now on, before anything is made of them. */
typedef int du_record_wanted_fn(void *baton, const du_record_form_t *form, const char *const *cells);
void du_record_file_filter(du_record_file_t *file, du_record_wanted_fn *is_wanted, void *baton);

/* The next record, in record_pool. DU_E_MALFORMED for a line that is none, behind which reading goes on; APR_EOF behind the
 * last whole line, where reading may be tried again when the file has grown. Headers between records are passed over. */
apr_status_t du_record_file_next(du_record_file_t *file, apr_pool_t *record_pool, du_record_t *record);

/* The whole of the check that was answered last, in pool. For a check, before the next record only. */
du_record_check_t *du_record_file_check(const du_record_file_t *file, apr_pool_t *pool);

/* Where the next line begins, in bytes. */
apr_off_t du_record_file_position(const du_record_file_t *file);

/* The number of the line that was answered last, the first one of the file being 1; counts the file's lines up to there. 0
 * if the file cannot be read any more. */
apr_int64_t du_record_file_line(const du_record_file_t *file);

#endif
