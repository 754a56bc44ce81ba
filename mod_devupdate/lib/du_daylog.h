/*
 * A series of text files: a new one every day (UTC) and whenever one is full, each beginning with the same header line.
 *
 *   <directory>/<name>_<yyyy-mm-dd>.<suffix>, <name>_<yyyy-mm-dd>_1.<suffix>, ...
 *
 * Several processes may append to one series at the same time: a line is one write() with O_APPEND (house.md D2).
 */
#ifndef DU_DAYLOG_H
#define DU_DAYLOG_H

#include <apr_file_io.h>
#include <apr_time.h>

typedef struct du_daylog_t du_daylog_t;

typedef struct du_daylog_form_t {
    const char *directory; /* below the file store; made when it is needed */
    const char *name;      /* up to the day, without the underscore */
    const char *suffix;    /* "log" */
    const char *header;    /* first line, with its line feed */
} du_daylog_form_t;

#define DU_DAYLOG_DAY_SIZE sizeof("yyyy-mm-dd")

/* A series below `files` whose files are full at max_size bytes (a file may exceed it by a line). `form` must live as long
 * as pool. Shared by the threads of a process. */
apr_status_t du_daylog_make(const char *files, const du_daylog_form_t *form, apr_off_t max_size, apr_pool_t *pool,
                            du_daylog_t **log);

/* From the next line on, files are full at max_size bytes. */
void du_daylog_limit(du_daylog_t *log, apr_off_t max_size);

/* Appends a line (with its line feed) to the file of a day. After a failure *path is the file that was meant, in pool,
 * and the line may be cut off, but the next one starts fresh. */
apr_status_t du_daylog_append(du_daylog_t *log, const char *day, const char *line, apr_size_t len, apr_pool_t *pool,
                              const char **path);

/* The last file of a day, by anybody: its number and its size in bytes; APR_ENOENT if the day has none. */
apr_status_t du_daylog_position(du_daylog_t *log, const char *day, apr_pool_t *pool, int *number, apr_off_t *size);

/* Takes the name of a file apart: 1 and the day it is of (DU_DAYLOG_DAY_SIZE bytes) if a series of that form, up to the
 * node in its name, has such files, of this node or with NULL of any. form_name is "DevUpdateUploads_". */
int du_daylog_is_of(const char *file_name, const char *form_name, const char *suffix, const char *node, char *day);

/* "yyyy-mm-dd hh:mm:ss" in UTC to `to` (20 bytes); its first ten characters are the day. */
#define DU_DAYLOG_TIME_SIZE sizeof("yyyy-mm-dd hh:mm:ss")
void du_daylog_time(char *to, apr_time_t when);

#endif
