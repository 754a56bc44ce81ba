#include "du_logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_text.h"
#include "du_upload_identity.h"

/* What a directory entry may be named. */
#define NAME_MAX_BYTES 255

/* Types of logs are named in the settings, directories can be made by anybody: more than these are not told apart. */
#define TYPES_MAX 256

static const char *type_of(const du_log_file_t *file)
{
    return file->kind == DU_LOGS_CLIENT ? file->type : du_log_kind_word(file->kind);
}

/* 1 if the log is one that an id can name. */
static int has_id(const du_log_file_t *file)
{
    return du_text_is_segment(file->name, NAME_MAX_BYTES) && du_text_is_segment(type_of(file), NAME_MAX_BYTES);
}

/* 1 if the id names this log. */
static int is_id_of(const char *id, const du_log_file_t *file)
{
    const char *type = type_of(file);
    apr_size_t len = strlen(type);

    return strncmp(id, type, len) == 0 && id[len] == '/' && strcmp(id + len + 1, file->name) == 0;
}

static void fill_log(du_log_t *log, const du_log_file_t *file, apr_pool_t *pool)
{
    const char *type = type_of(file);

    log->type = apr_pstrdup(pool, type);
    log->name = apr_pstrdup(pool, file->name);
    log->id = apr_pstrcat(pool, type, "/", file->name, NULL);
    log->device =
        file->kind == DU_LOGS_CLIENT ? apr_pstrndup(pool, file->name, du_upload_device_len(file->name, type)) : "";
    log->kind = file->kind;
    log->size = file->size;
    log->written = file->written;
    log->is_current = file->is_current;
}

/*
 * Listing: the best so many of all are kept while walking, in order
 */

int du_logs_sort_parse(const char *word, du_logs_sort_e *sort)
{
    static const char *const words[] = {
#define WORD(id, word) word,
        DU_LOGS_SORT_LIST(WORD)
#undef WORD
    };

    for (int i = 0; i < DU_LOGS_SORTS; i++) {
        if (du_text_same(words[i], word)) {
            *sort = (du_logs_sort_e)i;
            return 1;
        }
    }
    return 0;
}

/* A log while it is compared; one of a fixed number of rooms that are used again and again. */
typedef struct kept_t {
    du_log_file_t file;
    apr_int64_t rank; /* what it is sorted by first, the greatest first */
    char type[NAME_MAX_BYTES + 1], name[NAME_MAX_BYTES + 1];
} kept_t;

typedef struct walk_t {
    const du_logs_filter_t *filter;
    du_logs_sort_e sort;
    kept_t **kept; /* in order; one more than are wanted, to see whether there are more */
    int used, room;
    kept_t *after; /* NULL = from the beginning */
    apr_hash_t *types;
    apr_pool_t *pool;
    du_logs_page_t *page;
} walk_t;

static apr_int64_t rank_of(du_logs_sort_e sort, apr_time_t written, apr_off_t size)
{
    return sort == DU_LOGS_LARGEST ? (apr_int64_t)size : (apr_int64_t)written;
}

static int compare(const kept_t *a, const kept_t *b)
{
    int order = (a->rank < b->rank) - (a->rank > b->rank);

    order = order ? order : strcmp(a->type, b->type);
    return order ? order : strcmp(a->name, b->name);
}

static void fill_kept(kept_t *kept, const du_log_file_t *file, du_logs_sort_e sort)
{
    kept->file = *file;
    kept->rank = rank_of(sort, file->written, file->size);
    apr_cpystrn(kept->type, type_of(file), sizeof(kept->type));
    apr_cpystrn(kept->name, file->name, sizeof(kept->name));
    kept->file.type = file->kind == DU_LOGS_CLIENT ? kept->type : "";
    kept->file.name = kept->name;
}

/* Puts a log where it belongs, and lets the last one go if there are too many. */
static void keep(walk_t *walk, const kept_t *one)
{
    kept_t *room;
    int low = 0, high = walk->used;

    while (low < high) {
        int middle = (low + high) / 2;

        if (compare(walk->kept[middle], one) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == walk->room) {
        return;
    }
    if (walk->used == walk->room) {
        room = walk->kept[--walk->used];
    } else {
        room = apr_palloc(walk->pool, sizeof(*room));
    }
    fill_kept(room, &one->file, walk->sort);
    memmove(&walk->kept[low + 1], &walk->kept[low], (apr_size_t)(walk->used - low) * sizeof(kept_t *));
    walk->kept[low] = room;
    walk->used++;
}

static void count_type(walk_t *walk, const du_log_file_t *file)
{
    du_logs_type_t *type = apr_hash_get(walk->types, type_of(file), APR_HASH_KEY_STRING);

    if (!type && apr_hash_count(walk->types) < TYPES_MAX) {
        type = apr_pcalloc(walk->pool, sizeof(*type));
        type->type = apr_pstrdup(walk->pool, type_of(file));
        apr_hash_set(walk->types, type->type, APR_HASH_KEY_STRING, type);
    }
    if (type) {
        type->files++;
        type->bytes += file->size;
    }
}

static int is_wanted(const du_logs_filter_t *filter, const du_log_file_t *file)
{
    return (!filter->type || du_text_same(type_of(file), filter->type)) &&
           (!filter->device || du_text_contains(file->name, filter->device)) && file->written >= filter->since &&
           (!filter->before || file->written < filter->before);
}

static apr_status_t take_file(void *baton, const du_log_file_t *file)
{
    walk_t *walk = baton;
    kept_t one;

    if (!has_id(file)) {
        walk->page->strange++;
        return APR_SUCCESS;
    }
    count_type(walk, file);
    if (is_wanted(walk->filter, file)) {
        walk->page->files++;
        walk->page->bytes += file->size;
        fill_kept(&one, file, walk->sort);
        if (!walk->after || compare(walk->after, &one) < 0) {
            keep(walk, &one);
        }
    }
    return APR_SUCCESS;
}

/* "<rank>/<type>/<name>" */
const char *du_logs_place(apr_pool_t *pool, const du_log_t *log, du_logs_sort_e sort)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "/%s", rank_of(sort, log->written, log->size), log->id);
}

static apr_status_t read_place(du_ctx_t *ctx, const char *text, apr_pool_t *pool, kept_t **after)
{
    kept_t *place = *after = apr_pcalloc(pool, sizeof(*place));
    const char *type = strchr(text, '/'), *name = type ? strchr(type + 1, '/') : NULL;

    if (!name || strspn(text, "-0123456789") != (apr_size_t)(type - text) || type == text || type - text > 20 ||
        (apr_size_t)(name - type) > sizeof(place->type) || strlen(name) > sizeof(place->name)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0960), "\"%s\" is no place in the list of logs",
                       du_text_for_log(pool, text));
    }
    place->rank = apr_strtoi64(text, NULL, 10);
    apr_cpystrn(place->type, type + 1, (apr_size_t)(name - type));
    apr_cpystrn(place->name, name + 1, sizeof(place->name));
    return APR_SUCCESS;
}

static int by_type(const void *a, const void *b)
{
    return strcmp(((const du_logs_type_t *)a)->type, ((const du_logs_type_t *)b)->type);
}

static void finish_page(walk_t *walk, int limit)
{
    du_logs_page_t *page = walk->page;
    int count = walk->used < limit ? walk->used : limit;

    page->logs = apr_array_make(walk->pool, count, sizeof(du_log_t));
    for (int i = 0; i < count; i++) {
        fill_log(apr_array_push(page->logs), &walk->kept[i]->file, walk->pool);
    }
    page->next = walk->used > limit
                     ? du_logs_place(walk->pool, &APR_ARRAY_IDX(page->logs, count - 1, du_log_t), walk->sort)
                     : NULL;
    page->types = apr_array_make(walk->pool, 8, sizeof(du_logs_type_t));
    for (apr_hash_index_t *i = apr_hash_first(walk->pool, walk->types); i; i = apr_hash_next(i)) {
        APR_ARRAY_PUSH(page->types, du_logs_type_t) = *(du_logs_type_t *)apr_hash_this_val(i);
    }
    qsort(page->types->elts, (size_t)page->types->nelts, sizeof(du_logs_type_t), by_type);
}

apr_status_t du_logs_page(du_ctx_t *ctx, const char *files, const du_logs_filter_t *filter, du_logs_sort_e sort,
                          const char *after, int limit, apr_pool_t *pool, du_logs_page_t *page)
{
    walk_t walk = {.filter = filter, .sort = sort, .pool = pool, .page = page, .types = apr_hash_make(pool)};
    apr_status_t status = after ? read_place(ctx, after, pool, &walk.after) : APR_SUCCESS;

    memset(page, 0, sizeof(*page));
    limit = limit < 1 ? 1 : limit > DU_LOGS_PAGE_MAX ? DU_LOGS_PAGE_MAX : limit;
    walk.room = limit + 1;
    walk.kept = apr_pcalloc(pool, (apr_size_t)walk.room * sizeof(kept_t *));
    if (status == APR_SUCCESS) {
        status = du_retain_walk(ctx, files, NULL, take_file, &walk);
    }
    if (status == APR_SUCCESS) {
        finish_page(&walk, limit);
    }
    return status;
}

/*
 * Reading one
 */

struct du_log_reader_t {
    int fd;
};

typedef struct opening_t {
    const char *id;
    apr_pool_t *pool;
    du_log_t *log; /* NULL = not found yet */
    int fd;
} opening_t;

/* What is a regular file by its name may be something else by now, or gone. */
static apr_status_t open_if_named(void *baton, const du_log_file_t *file)
{
    opening_t *opening = baton;
    struct stat info;

    if (!has_id(file) || !is_id_of(opening->id, file)) {
        return APR_SUCCESS;
    }
    opening->fd = openat(file->directory, file->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (opening->fd == -1) {
        return errno == ENOENT || errno == ELOOP ? APR_EOF : APR_FROM_OS_ERROR(errno);
    }
    if (fstat(opening->fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(opening->fd);
        return APR_EOF;
    }
    opening->log = apr_pcalloc(opening->pool, sizeof(du_log_t));
    fill_log(opening->log, file, opening->pool);
    return APR_EOF;
}

static apr_status_t close_reader(void *data)
{
    const du_log_reader_t *reader = data;

    close(reader->fd);
    return APR_SUCCESS;
}

apr_status_t du_log_open(du_ctx_t *ctx, const char *files, const char *id, apr_pool_t *pool, du_log_t **log,
                         du_log_reader_t **reader)
{
    opening_t opening = {.id = id, .pool = pool};
    apr_status_t status = du_retain_walk(ctx, files, NULL, open_if_named, &opening);

    if (opening.log) {
        *log = opening.log;
        *reader = apr_palloc(pool, sizeof(**reader));
        (*reader)->fd = opening.fd;
        apr_pool_cleanup_register(pool, *reader, close_reader, apr_pool_cleanup_null);
        return APR_SUCCESS;
    }
    if (status == APR_SUCCESS || status == APR_EOF) {
        return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0961), "there is no log %s", du_text_for_log(pool, id));
    }
    return du_fail(ctx, status, DUNO(0962), "the log %s cannot be read: %pm", du_text_for_log(pool, id),
                   (void *)&status);
}

apr_status_t du_log_read(du_log_reader_t *reader, char *bytes, apr_size_t *len)
{
    ssize_t n;

    do {
        n = read(reader->fd, bytes, *len);
    } while (n < 0 && errno == EINTR);
    *len = n > 0 ? (apr_size_t)n : 0;
    return n < 0 ? APR_FROM_OS_ERROR(errno) : APR_SUCCESS;
}

/*
 * Those that were chosen
 */

typedef struct chosen_t {
    du_ctx_t *ctx;
    apr_hash_t *ids;
    apr_array_header_t *logs; /* finding: of du_log_t */
    apr_pool_t *pool;
    du_retained_t *removed; /* removing */
    apr_status_t why;       /* the first one that stayed did so */
} chosen_t;

static int is_chosen(const chosen_t *chosen, const du_log_file_t *file)
{
    char id[2 * NAME_MAX_BYTES + 2];

    apr_snprintf(id, sizeof(id), "%s/%s", type_of(file), file->name);
    return has_id(file) && apr_hash_get(chosen->ids, id, APR_HASH_KEY_STRING) != NULL;
}

static apr_hash_t *set_of(const apr_array_header_t *ids, apr_pool_t *pool)
{
    apr_hash_t *set = apr_hash_make(pool);

    for (int i = 0; i < ids->nelts; i++) {
        apr_hash_set(set, APR_ARRAY_IDX(ids, i, const char *), APR_HASH_KEY_STRING, set);
    }
    return set;
}

static apr_status_t find_file(void *baton, const du_log_file_t *file)
{
    const chosen_t *chosen = baton;

    if (is_chosen(chosen, file)) {
        fill_log(apr_array_push(chosen->logs), file, chosen->pool);
    }
    return APR_SUCCESS;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const du_log_t *)a)->id, ((const du_log_t *)b)->id);
}

apr_status_t du_logs_find(du_ctx_t *ctx, const char *files, const apr_array_header_t *ids, apr_pool_t *pool,
                          apr_array_header_t **logs)
{
    chosen_t chosen = {.ctx = ctx, .ids = set_of(ids, pool), .pool = pool};
    apr_status_t status;

    chosen.logs = *logs = apr_array_make(pool, ids->nelts, sizeof(du_log_t));
    status = du_retain_walk(ctx, files, NULL, find_file, &chosen);
    qsort(chosen.logs->elts, (size_t)chosen.logs->nelts, sizeof(du_log_t), by_id);
    return status;
}

static apr_status_t remove_file(void *baton, const du_log_file_t *file)
{
    chosen_t *chosen = baton;
    int error;

    if (!is_chosen(chosen, file)) {
        return APR_SUCCESS;
    }
    if (file->is_current) {
        chosen->removed->kept++;
        return APR_SUCCESS;
    }
    if (unlinkat(file->directory, file->name, 0) == 0) {
        du_retained_add(chosen->removed, file);
        return APR_SUCCESS;
    }
    error = errno;
    if (error != ENOENT) {
        chosen->removed->kept++;
        chosen->why = APR_FROM_OS_ERROR(error);
        du_fail(chosen->ctx, chosen->why, DUNO(0963), "the log %s cannot be removed: %pm",
                du_text_for_log(chosen->ctx->pool, file->name), (void *)&chosen->why);
    }
    return APR_SUCCESS;
}

apr_status_t du_logs_remove(du_ctx_t *ctx, const char *files, const apr_array_header_t *ids, du_retained_t *removed)
{
    chosen_t chosen = {.ctx = ctx, .ids = set_of(ids, ctx->pool), .removed = removed};
    apr_status_t status;

    memset(removed, 0, sizeof(*removed));
    status = du_retain_walk(ctx, files, NULL, remove_file, &chosen);
    return status == APR_SUCCESS ? chosen.why : status;
}
