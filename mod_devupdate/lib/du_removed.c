#include "du_removed.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "du_file.h"

#define NOTES_MAX 65536 /* bytes that are read: years of clean-ups */

/* The whole file, "" if there is none. */
static apr_status_t read_notes(du_ctx_t *ctx, const char *path, char **notes)
{
    apr_size_t len = 0;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, ctx->pool);

    *notes = "";
    if (rv != APR_SUCCESS) {
        return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    }
    *notes = apr_palloc(ctx->pool, NOTES_MAX + 1);
    rv = apr_file_read_full(file, *notes, NOTES_MAX, &len);
    apr_file_close(file);
    (*notes)[len] = '\0';
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* A line is what was removed, a tab, and why: neither has any in it. */
apr_status_t du_removed_note(du_ctx_t *ctx, const char *path, const char *removed, const char *why)
{
    char *notes;
    apr_status_t rv = read_notes(ctx, path, &notes);

    if (rv == APR_SUCCESS) {
        notes = apr_pstrcat(ctx->pool, notes, removed, "\t", why, "\n", NULL);
        rv = du_file_replace(path, notes, strlen(notes), ctx->pool);
    }
    return rv == APR_SUCCESS
               ? rv
               : du_fail(ctx, rv, DUNO(0918), "what was removed cannot be noted in %s: %pm", path, (void *)&rv);
}

/* The rest behind a line that is on record. */
static apr_status_t keep_rest(du_ctx_t *ctx, const char *path, const char *rest)
{
    apr_status_t rv = *rest ? du_file_replace(path, rest, strlen(rest), ctx->pool) : apr_file_remove(path, ctx->pool);

    return rv == APR_SUCCESS
               ? rv
               : du_fail(ctx, rv, DUNO(0919), "%s has what is on record already and cannot be changed: %pm", path,
                         (void *)&rv);
}

/* A line that somebody damaged is recorded as it is. */
static apr_status_t record_line(du_ctx_t *ctx, char *line, du_store_t *store, du_actor_t actor)
{
    char *why = strchr(line, '\t');

    if (why) {
        *why = '\0';
        actor.note = why + 1;
    }
    return du_store_logs_removed(ctx, store, line, &actor);
}

apr_status_t du_removed_record(du_ctx_t *ctx, const char *path, du_store_t *store, const du_actor_t *actor)
{
    char *notes;
    apr_status_t rv = read_notes(ctx, path, &notes);

    while (rv == APR_SUCCESS && *notes) {
        apr_size_t len = strcspn(notes, "\n");
        char *line = apr_pstrmemdup(ctx->pool, notes, len);

        notes += notes[len] ? len + 1 : len;
        rv = record_line(ctx, line, store, *actor);
        if (rv == APR_SUCCESS) {
            rv = keep_rest(ctx, path, notes);
        }
    }
    return rv;
}
