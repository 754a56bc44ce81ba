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

#define DU_JOURNAL_DIR      "DeviceUpdateLogs/Server/Audit/ImageUpdates"
#define DU_JOURNAL_DOWNLOAD "DeviceUpdateLogs/Server/Downloads"
#define DU_JOURNAL_UPLOAD   "DeviceUpdateLogs/Server/Uploads"

/* Names of the files of the three, up to the node. */
#define DU_JOURNAL_CHECKS        "RequestHandlerAuditLog_"
#define DU_JOURNAL_DOWNLOAD_NAME "DevUpdateDownloads_"
#define DU_JOURNAL_UPLOAD_NAME   "DevUpdateUploads_"
#define DU_JOURNAL_SUFFIX        "log"

/* The columns of a check: X(id, name). The literal names are protocol.md 6.1's; from "Endpoint" on they are ours. */
#define DU_CHECK_COLUMNS(X)                                                                                          \
    X(DU_CHECK_TIME, "Logging DateTime")                                                                             \
    X(DU_CHECK_ADDRESS, "User Host Address")                                                                         \
    X(DU_CHECK_TYPE, "Device Type")                                                                                  \
    X(DU_CHECK_MAC, "Mac Address")                                                                                   \
    X(DU_CHECK_SERIAL, "Serial Number")                                                                              \
    X(DU_CHECK_VENDOR, "Vendor")                                                                                     \
    X(DU_CHECK_MODEL, "Model")                                                                                       \
    X(DU_CHECK_REVISION, "Revision")                                                                                 \
    X(DU_CHECK_LOCALE, "Locale")                                                                                     \
    X(DU_CHECK_REQUEST, "Request Modules")                                                                           \
    X(DU_CHECK_RESPONSE, "Response Modules")                                                                         \
    X(DU_CHECK_USER, "User ID")                                                                                      \
    X(DU_CHECK_ENDPOINT, "Endpoint")                                                                                 \
    X(DU_CHECK_RESULT, "Result")                                                                                     \
    X(DU_CHECK_REASON, "Reason")

typedef enum {
#define DU_CHECK_COLUMN_ENUM(id, name) id,
    DU_CHECK_COLUMNS(DU_CHECK_COLUMN_ENUM)
#undef DU_CHECK_COLUMN_ENUM
        DU_CHECK_COLUMN_COUNT
} du_check_column_e;

typedef struct du_journal_t du_journal_t;

/* The three series of files. */
#define DU_SERIES_LIST(X)                                                                                            \
    X(DU_SERIES_CHECKS, "checks")                                                                                    \
    X(DU_SERIES_DOWNLOADS, "downloads")                                                                              \
    X(DU_SERIES_UPLOADS, "uploads")

typedef enum {
#define DU_SERIES_ENUM(id, word) id,
    DU_SERIES_LIST(DU_SERIES_ENUM)
#undef DU_SERIES_ENUM
        DU_SERIES
} du_series_e;

/* What is recorded of one check. */
typedef struct du_check_t {
    apr_time_t time;
    const char *address;         /* the client's, NULL if not known */
    const char *endpoint;        /* "internal" or "external" */
    const du_request_t *request; /* NULL if it could not be parsed */
    const du_ruleset_t *ruleset; /* the one that decided; NULL if none did */
    du_decision_t decision;
    const char *user; /* authenticated by httpd; stands in "User ID" if the request names none; may be NULL */
} du_check_t;

/* What is recorded of one download (log name: ours). */
typedef struct du_download_t {
    apr_time_t time;      /* when the request came */
    const char *address;  /* the client's */
    const char *endpoint; /* "internal" or "external" */
    const char *path;     /* below the file root, as asked for */
    int http;             /* status of the response */
    apr_off_t sent;       /* bytes of the body that left */
    apr_off_t size;       /* of the file */
    int is_complete;      /* the last byte asked for was sent */
    apr_interval_time_t duration;
    const char *user; /* authenticated; NULL if none */
} du_download_t;

/* What is recorded of one log upload (log name: ours). */
typedef struct du_upload_record_t {
    apr_time_t time;
    const char *address;
    const char *endpoint;
    const char *type; /* CELog, Watson, ...; NULL if not known, and so on */
    const char *mac;
    const char *serial;
    const char *device_name; /* the file name that the device gave */
    const char *stored;      /* below the file store; NULL if it was refused */
    apr_off_t size;
    int http;
    const char *result; /* "stored" or "refused" */
    const char *reason; /* why refused; NULL if not */
    const char *user;
} du_upload_record_t;

/* The journal of a node below the file store `files`: three series of files, each with its header first, a new file a day
 * (UTC) and whenever one reaches max_size bytes (name_day_1.log and so on). Shared by the threads of a process; lives
 * as long as pool. Files and directories come to be with the first line. */
apr_status_t du_journal_open(du_ctx_t *ctx, const char *files, const char *node, apr_off_t max_size, apr_pool_t *pool,
                             du_journal_t **journal);

/* From the next line on, files are full at max_size bytes. Any thread. */
void du_journal_limit(du_journal_t *journal, apr_off_t max_size);

/* Each appends one line. A failure to write is a failure; the line may then be cut off, but the next one starts fresh. */
apr_status_t du_journal_append(du_ctx_t *ctx, du_journal_t *journal, const du_check_t *check);
apr_status_t du_journal_download(du_ctx_t *ctx, du_journal_t *journal, const du_download_t *download);
apr_status_t du_journal_upload(du_ctx_t *ctx, du_journal_t *journal, const du_upload_record_t *upload);

/* The file that a series has come to on the day of `when`: its number in the day and its size in bytes. APR_ENOENT if there
 * is none of that day yet. Looks at the disk. */
apr_status_t du_journal_position(du_journal_t *journal, du_series_e series, apr_time_t when, apr_pool_t *pool,
                                 int *number, apr_off_t *size);

/* The line for a check, with its line feed at the end; for tests and for du_journal_append(). */
const char *du_journal_line(apr_pool_t *pool, const du_check_t *check, apr_size_t *len);

#endif
