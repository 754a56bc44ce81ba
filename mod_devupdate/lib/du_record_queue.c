#include "du_record_queue.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <openssl/sha.h>

#include "du_daylog.h"
#include "du_record_file.h"
#include "du_text.h"

#define LOGS_DIR      "DeviceUpdateLogs/"
#define IMPORT        "import/"
#define IMPORT_SAMPLE 512 /* bytes of the first record that tell files apart which have no name of ours */

/* A file before it is open. */
typedef struct waiting_t {
    du_record_source_t source;
    du_series_e series;
    char day[DU_DAYLOG_DAY_SIZE];
    int number;
} waiting_t;

/* The files of one series and node, of which one is open at a time. */
typedef struct stream_t {
    const waiting_t *next, *last; /* files that come, and behind the last of them */
    apr_pool_t *pool;             /* of the open file */
    du_record_file_t *file;
    du_record_source_t *source;
    apr_pool_t *record_pool; /* of `record`, which was read ahead */
    du_record_t record;
    apr_off_t end_of_record;
    apr_status_t status; /* of reading it: APR_SUCCESS, DU_E_MALFORMED, APR_EOF at the end of all */
} stream_t;

struct du_record_queue_t {
    apr_pool_t *pool;
    apr_array_header_t *waiting; /* waiting_t, by series, node and age */
    apr_array_header_t *streams; /* stream_t * */
};

static const struct {
    const char *directory, *name;
} series[DU_SERIES] = {
    [DU_SERIES_CHECKS] = {DU_JOURNAL_DIR, DU_JOURNAL_CHECKS},
    [DU_SERIES_DOWNLOADS] = {DU_JOURNAL_DOWNLOAD, DU_JOURNAL_DOWNLOAD_NAME},
    [DU_SERIES_UPLOADS] = {DU_JOURNAL_UPLOAD, DU_JOURNAL_UPLOAD_NAME},
};

/*
 * Finding files
 */

/* Takes <name><node>_<day>[_<number>].log apart. */
static int take_name(apr_pool_t *pool, const char *file_name, du_series_e of, const char *node, waiting_t *waiting)
{
    const char *begin = file_name + strlen(series[of].name), *at;

    if (!du_daylog_is_of(file_name, series[of].name, DU_JOURNAL_SUFFIX, node, waiting->day)) {
        return 0;
    }
    at = file_name + strlen(file_name);
    while (strncmp(--at, waiting->day, DU_DAYLOG_DAY_SIZE - 1) != 0) {
    }
    waiting->series = of;
    waiting->number = at[DU_DAYLOG_DAY_SIZE - 1] == '_' ? atoi(at + DU_DAYLOG_DAY_SIZE) : 0;
    waiting->source.node = apr_pstrmemdup(pool, begin, (apr_size_t)(at - 1 - begin));
    waiting->source.name = apr_pstrcat(pool, series[of].directory + sizeof(LOGS_DIR) - 1, "/", file_name, NULL);
    return 1;
}

static apr_off_t known_position(apr_hash_t *known, const char *name)
{
    const apr_off_t *position = apr_hash_get(known, name, APR_HASH_KEY_STRING);

    return position ? *position : 0;
}

/* A file of which nothing is new does not wait. */
static void add_file(du_record_queue_t *queue, apr_hash_t *known, const waiting_t *found, apr_off_t size)
{
    apr_off_t position = known_position(known, found->source.name);
    waiting_t *waiting;

    if (size != position) {
        waiting = apr_array_push(queue->waiting);
        *waiting = *found;
        waiting->source.known = position;
        waiting->source.position = size < position ? 0 : position;
    }
}

static apr_status_t list_series(du_record_queue_t *queue, const char *files, du_series_e of, const char *node,
                                apr_hash_t *known)
{
    const char *directory = apr_pstrcat(queue->pool, files, "/", series[of].directory, NULL);
    apr_dir_t *dir;
    apr_finfo_t entry;
    apr_status_t rv = apr_dir_open(&dir, directory, queue->pool);

    if (rv != APR_SUCCESS) {
        return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    }
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        waiting_t found = {.number = 0};

        if (take_name(queue->pool, entry.name, of, node, &found)) {
            found.source.path = apr_pstrcat(queue->pool, directory, "/", entry.name, NULL);
            if (apr_stat(&entry, found.source.path, APR_FINFO_SIZE | APR_FINFO_TYPE | APR_FINFO_LINK, queue->pool) ==
                    APR_SUCCESS &&
                entry.filetype == APR_REG) {
                add_file(queue, known, &found, entry.size);
            }
        }
    }
    apr_dir_close(dir);
    return APR_SUCCESS;
}

static int by_stream(const waiting_t *a, const waiting_t *b)
{
    return a->series != b->series ? (int)a->series - (int)b->series : strcmp(a->source.node, b->source.node);
}

static int by_age(const void *one, const void *other)
{
    const waiting_t *a = one, *b = other;
    int order = by_stream(a, b);

    if (order == 0) {
        order = strcmp(a->day, b->day);
    }
    return order ? order : a->number - b->number;
}

/*
 * Reading
 */

/* Opens the next file of a stream that can be read. */
static apr_status_t open_next(du_ctx_t *ctx, stream_t *stream)
{
    apr_status_t rv = APR_EOF;

    while (stream->next < stream->last && rv != APR_SUCCESS) {
        const waiting_t *waiting = stream->next++;

        apr_pool_clear(stream->pool);
        stream->source = (du_record_source_t *)&waiting->source;
        rv = du_record_file_open(ctx, waiting->source.path, waiting->source.position, stream->pool, &stream->file);
        if (rv == APR_SUCCESS) {
            stream->source->position = du_record_file_position(stream->file);
        } else {
            du_report(ctx, DU_LOG_WARNING);
        }
    }
    return rv == APR_SUCCESS ? rv : APR_EOF;
}

/* Reads a record ahead, from the next file if the one at hand is at its end. */
static void advance(du_ctx_t *ctx, stream_t *stream)
{
    apr_pool_clear(stream->record_pool);
    do {
        stream->status =
            stream->file ? du_record_file_next(stream->file, stream->record_pool, &stream->record) : APR_EOF;
        if (stream->status == APR_SUCCESS || stream->status == DU_E_MALFORMED) {
            stream->end_of_record = du_record_file_position(stream->file);
            return;
        }
        if (stream->file) {
            du_record_file_close(stream->file);
            stream->file = NULL;
        }
        stream->status = open_next(ctx, stream);
    } while (stream->status == APR_SUCCESS);
}

static void add_stream(du_ctx_t *ctx, du_record_queue_t *queue, const waiting_t *first, const waiting_t *end)
{
    stream_t *stream = apr_pcalloc(queue->pool, sizeof(*stream));

    stream->next = first;
    stream->last = end;
    apr_pool_create(&stream->pool, queue->pool);
    apr_pool_create(&stream->record_pool, queue->pool);
    APR_ARRAY_PUSH(queue->streams, stream_t *) = stream;
    advance(ctx, stream);
}

static void make_streams(du_ctx_t *ctx, du_record_queue_t *queue)
{
    const waiting_t *waiting = (const waiting_t *)queue->waiting->elts, *end = waiting + queue->waiting->nelts;

    qsort(queue->waiting->elts, (size_t)queue->waiting->nelts, sizeof(*waiting), by_age);
    while (waiting < end) {
        const waiting_t *first = waiting;

        while (waiting < end && by_stream(first, waiting) == 0) {
            waiting++;
        }
        add_stream(ctx, queue, first, waiting);
    }
}

static du_record_queue_t *make_queue(apr_pool_t *pool)
{
    du_record_queue_t *queue = apr_palloc(pool, sizeof(*queue));

    queue->pool = pool;
    queue->waiting = apr_array_make(pool, 16, sizeof(waiting_t));
    queue->streams = apr_array_make(pool, 4, sizeof(stream_t *));
    return queue;
}

apr_status_t du_record_queue_open(du_ctx_t *ctx, const char *files, const char *node, apr_hash_t *known,
                                  apr_pool_t *pool, du_record_queue_t **queue)
{
    du_record_queue_t *made = make_queue(pool);
    apr_status_t rv = APR_SUCCESS;

    for (int of = 0; of < DU_SERIES && rv == APR_SUCCESS; of++) {
        rv = list_series(made, files, (du_series_e)of, node, known);
    }
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0937), "the records in %s cannot be looked at: %pm", files, (void *)&rv);
    }
    make_streams(ctx, made);
    *queue = made;
    return APR_SUCCESS;
}

/*
 * Files given by hand
 */

/* A file without a name of ours is known by its header and first record: the same file elsewhere, or longer now, is the
 * same one. */
static apr_status_t name_by_content(const char *path, apr_pool_t *pool, const char **name)
{
    char sample[2 * IMPORT_SAMPLE];
    unsigned char digest[SHA256_DIGEST_LENGTH];
    apr_size_t len = 0;
    apr_file_t *file;
    const char *end;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_read_full(file, sample, sizeof(sample), &len);
    apr_file_close(file);
    end = memchr(sample, '\n', len);
    end = end ? memchr(end + 1, '\n', len - (apr_size_t)(end + 1 - sample)) : NULL;
    SHA256((const unsigned char *)sample, end ? (apr_size_t)(end - sample) : len, digest);
    *name = apr_pstrcat(pool, IMPORT, du_text_hex(pool, digest, 16), NULL);
    return rv == APR_SUCCESS || APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/* The store's name of a file is the same wherever the file lies, so that nothing is counted twice. */
static apr_status_t name_file(const char *path, apr_pool_t *pool, waiting_t *waiting)
{
    const char *base = strrchr(path, '/');

    for (int of = 0; of < DU_SERIES; of++) {
        if (take_name(pool, base ? base + 1 : path, (du_series_e)of, NULL, waiting)) {
            return APR_SUCCESS;
        }
    }
    waiting->source.node = "";
    return name_by_content(path, pool, &waiting->source.name);
}

apr_status_t du_record_queue_open_file(du_ctx_t *ctx, const char *path, apr_hash_t *known, apr_pool_t *pool,
                                       du_record_queue_t **queue)
{
    du_record_queue_t *made = make_queue(pool);
    waiting_t *waiting = apr_array_push(made->waiting);
    du_record_file_t *file;
    apr_status_t rv;

    memset(waiting, 0, sizeof(*waiting));
    waiting->source.path = path;
    waiting->source.is_old = 1;
    rv = name_file(path, pool, waiting);
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0938), "%s cannot be read: %pm", du_text_for_log(ctx->pool, path), (void *)&rv);
    }
    waiting->source.known = waiting->source.position = known_position(known, waiting->source.name);
    rv = du_record_file_open(ctx, path, waiting->source.position, pool, &file);
    if (rv == APR_SUCCESS) { /* only to see that it is one */
        du_record_file_close(file);
        make_streams(ctx, made);
    }
    *queue = made;
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

/*
 * The queue
 */

/* A bad line has no time, and goes first. */
static stream_t *earliest(const du_record_queue_t *queue)
{
    stream_t *found = NULL;

    for (int i = 0; i < queue->streams->nelts; i++) {
        stream_t *stream = APR_ARRAY_IDX(queue->streams, i, stream_t *);

        if (stream->status == DU_E_MALFORMED) {
            return stream;
        }
        if (stream->status == APR_SUCCESS && (!found || stream->record.time < found->record.time)) {
            found = stream;
        }
    }
    return found;
}

/* All texts of a record, to another pool. */
static void copy_record(apr_pool_t *pool, const du_record_t *from, du_record_t *to)
{
    const char **texts[] = {&to->address,   &to->endpoint,     &to->mac,        &to->serial,   &to->user,
                            &to->version,   &to->offered,      &to->file,       &to->key.type, &to->key.brand,
                            &to->key.model, &to->key.revision, &to->key.locale, &to->result,   &to->reason};

    *to = *from;
    for (apr_size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        *texts[i] = **texts[i] ? apr_pstrdup(pool, *texts[i]) : "";
    }
}

apr_status_t du_record_queue_next(du_ctx_t *ctx, du_record_queue_t *queue, int count_lines, apr_pool_t *record_pool,
                                  du_record_t *record, du_record_source_t **source, apr_int64_t *line)
{
    stream_t *stream = earliest(queue);
    apr_status_t rv;

    if (!stream) {
        return APR_EOF;
    }
    rv = stream->status;
    *source = stream->source;
    *line = 0;
    if (rv == APR_SUCCESS) {
        copy_record(record_pool, &stream->record, record);
    } else if (count_lines) {
        *line = du_record_file_line(stream->file);
    }
    stream->source->line_size = stream->end_of_record - stream->source->position;
    stream->source->position = stream->end_of_record;
    advance(ctx, stream);
    return rv;
}

apr_array_header_t *du_record_queue_moved(const du_record_queue_t *queue, apr_pool_t *pool)
{
    apr_array_header_t *moved = apr_array_make(pool, 4, sizeof(du_record_source_t *));

    for (int i = 0; i < queue->waiting->nelts; i++) {
        du_record_source_t *source = &APR_ARRAY_IDX(queue->waiting, i, waiting_t).source;

        if (source->position != source->known) {
            APR_ARRAY_PUSH(moved, du_record_source_t *) = source;
        }
    }
    return moved;
}

void du_record_queue_done(du_record_queue_t *queue)
{
    for (int i = 0; i < queue->waiting->nelts; i++) {
        du_record_source_t *source = &APR_ARRAY_IDX(queue->waiting, i, waiting_t).source;

        source->known = source->position;
    }
}
