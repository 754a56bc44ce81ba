/*
 * The audit file of update checks: one CSV line per check, appended with one write() before the answer leaves
 * (house.md D2; columns protocol.md 6.1, ours after "User ID": Endpoint, Result, Reason).
 *
 *   <files>/DeviceUpdateLogs/Server/Audit/ImageUpdates/RequestHandlerAuditLog_<node>_<yyyy-mm-dd>.log
 *
 * A new file a day (UTC). The header is always the first line, also when several processes start the file at once.
 */
#ifndef DU_JOURNAL_H
#define DU_JOURNAL_H

#include "du_ctx.h"
#include "du_decide.h"

#define DU_JOURNAL_DIR "DeviceUpdateLogs/Server/Audit/ImageUpdates"

typedef struct du_journal_t du_journal_t;

/* What is recorded of one check. */
typedef struct du_check_t {
    apr_time_t time;
    const char *address;          /* the client's, NULL if not known */
    const char *endpoint;         /* "internal" or "external" */
    const du_request_t *request;  /* NULL if it could not be parsed */
    const du_ruleset_t *ruleset;  /* the one that decided; NULL if none did */
    du_decision_t decision;
    const char *user;             /* authenticated by httpd; stands in "User ID" if the request names none; may be NULL */
} du_check_t;

/* A journal below the file store `files` for a node. Shared by the threads of a process; lives as long as pool. Files and
 * directories come to be with the first line. */
apr_status_t du_journal_open(du_ctx_t *ctx, const char *files, const char *node, apr_pool_t *pool, du_journal_t **journal);

/* Appends one line. A failure to write is a failure; the line may then be cut off, but the next one starts fresh. */
apr_status_t du_journal_append(du_ctx_t *ctx, du_journal_t *journal, const du_check_t *check);

/* The line for a check, with its line feed at the end; for tests and for du_journal_append(). */
const char *du_journal_line(apr_pool_t *pool, const du_check_t *check, apr_size_t *len);

#endif
