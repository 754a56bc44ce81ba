#include "du_retain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "du_daylog.h"
#include "du_file.h"
#include "du_journal.h"
#include "du_text.h"
#include "du_upload_usage.h"

#define STAMP_SIZE 64 /* bytes of the file that has the time of the last clean-up */

const char *du_log_kind_word(du_log_kind_e kind)
{
    static const char *const words[] = {
#define WORD(id, word) word,
        DU_LOG_KIND_LIST(WORD)
#undef WORD
    };
    return words[kind];
}

/*
 * Finding: with the system's own calls, because apr_dir_read() keeps a copy of every name, and because a path may be
 * another one by the time it is used while a descriptor is not
 */

/* The day files: their directory, and how their names begin and end. */
static const struct {
    du_log_kind_e kind;
    const char *directory, *name;
} series[] = {
    {DU_LOGS_AUDIT, DU_JOURNAL_DIR, DU_JOURNAL_CHECKS},
    {DU_LOGS_DOWNLOADS, DU_JOURNAL_DOWNLOAD, DU_JOURNAL_DOWNLOAD_NAME},
    {DU_LOGS_UPLOADS, DU_JOURNAL_UPLOAD, DU_JOURNAL_UPLOAD_NAME},
};

#define N_SERIES (sizeof(series) / sizeof(series[0]))

typedef struct walk_t {
    du_ctx_t *ctx;
    const char *node;
    char today[DU_DAYLOG_TIME_SIZE];
    du_log_file_fn *visit;
    void *baton;
} walk_t;

/* Opens "a/b/c" below a directory, none of which may be a symbolic link. *fd is -1 if it is not there. */
static apr_status_t open_below(du_ctx_t *ctx, const char *files, const char *path, int *fd)
{
    char *parts = apr_pstrdup(ctx->pool, path), *rest;

    *fd = open(files, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (char *part = apr_strtok(parts, "/", &rest); part && *fd != -1; part = apr_strtok(NULL, "/", &rest)) {
        int next = openat(*fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), error = errno;

        close(*fd);
        errno = error;
        *fd = next;
    }
    if (*fd == -1 && errno != ENOENT) {
        apr_status_t rv = APR_FROM_OS_ERROR(errno);

        return du_fail(ctx, rv, DUNO(0910), "the logs in %s/%s cannot be looked at: %pm", files, path, (void *)&rv);
    }
    return APR_SUCCESS;
}

/* Looks at one entry of a directory; what is no regular file, or gone, is none. */
static apr_status_t visit_entry(const walk_t *walk, du_log_file_t *file)
{
    struct stat info;

    if (fstatat(file->directory, file->name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        return APR_SUCCESS;
    }
    file->size = info.st_size;
    file->written = apr_time_from_sec(info.st_mtim.tv_sec) + info.st_mtim.tv_nsec / 1000;
    return walk->visit(walk->baton, file);
}

/* Takes over the descriptor. */
static DIR *directory_of(int fd)
{
    DIR *directory = fd == -1 ? NULL : fdopendir(fd);

    if (fd != -1 && !directory) {
        close(fd);
    }
    return directory;
}

static apr_status_t walk_series(const walk_t *walk, int fd, apr_size_t which)
{
    du_log_file_t file = {.kind = series[which].kind, .type = ""};
    char day[DU_DAYLOG_DAY_SIZE];
    DIR *directory = directory_of(fd);
    apr_status_t rv = APR_SUCCESS;

    for (struct dirent *entry; directory && rv == APR_SUCCESS && (entry = readdir(directory));) {
        if (du_daylog_is_of(entry->d_name, series[which].name, DU_JOURNAL_SUFFIX, walk->node, day)) {
            file.name = entry->d_name;
            file.directory = dirfd(directory);
            file.is_current = strcmp(day, walk->today) >= 0;
            rv = visit_entry(walk, &file);
        }
    }
    if (directory) {
        closedir(directory);
    }
    return rv;
}

/* The logs of one type. */
static apr_status_t walk_type(const walk_t *walk, int fd, const char *type)
{
    du_log_file_t file = {.kind = DU_LOGS_CLIENT, .type = type};
    DIR *directory = directory_of(fd);
    apr_status_t rv = APR_SUCCESS;

    for (struct dirent *entry; directory && rv == APR_SUCCESS && (entry = readdir(directory));) {
        file.name = entry->d_name;
        file.directory = dirfd(directory);
        rv = visit_entry(walk, &file);
    }
    if (directory) {
        closedir(directory);
    }
    return rv;
}

/* Hidden directories are no types: staging, where logs come in, and what a file server shows of its own. */
static apr_status_t walk_client(const walk_t *walk, int fd)
{
    DIR *directory = directory_of(fd);
    apr_status_t rv = APR_SUCCESS;

    for (struct dirent *entry; directory && rv == APR_SUCCESS && (entry = readdir(directory));) {
        if (entry->d_name[0] != '.') {
            rv = walk_type(walk,
                           openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                           entry->d_name);
        }
    }
    if (directory) {
        closedir(directory);
    }
    return rv;
}

apr_status_t du_retain_walk(du_ctx_t *ctx, const char *files, const char *node, du_log_file_fn *visit, void *baton)
{
    walk_t walk = {.ctx = ctx, .node = node, .visit = visit, .baton = baton};
    int fd;
    apr_status_t rv = APR_SUCCESS, unseen = open_below(ctx, files, DU_UPLOAD_DIR, &fd);

    du_daylog_time(walk.today, du_now(ctx));
    walk.today[DU_DAYLOG_DAY_SIZE - 1] = '\0';
    if (unseen == APR_SUCCESS) {
        rv = walk_client(&walk, fd);
    }
    for (apr_size_t i = 0; i < N_SERIES && rv == APR_SUCCESS; i++) {
        apr_status_t opened = open_below(ctx, files, series[i].directory, &fd);

        if (opened == APR_SUCCESS) {
            rv = walk_series(&walk, fd, i);
        } else {
            unseen = opened;
        }
    }
    return rv == APR_SUCCESS ? unseen : rv;
}

/*
 * Removing
 */

/* Where a log stands in the order in which a quota takes them: audit files last, the oldest first. */
typedef struct place_t {
    int is_audit;
    apr_time_t written;
} place_t;

/* What a quota may take. */
typedef struct found_t {
    place_t place;
    apr_off_t size;
} found_t;

typedef struct cleaning_t {
    du_ctx_t *ctx;
    const du_retain_t *what;
    du_retained_t *removed;
    apr_status_t why;          /* the first log that stayed did so */
    apr_off_t total;           /* bytes of all logs of all nodes */
    apr_array_header_t *found; /* of found_t */
    place_t last;              /* the last place that goes, */
    apr_off_t of_last;         /* and how many bytes of those at that place */
} cleaning_t;

static int is_stopped(const cleaning_t *cleaning)
{
    return cleaning->what->is_stopped && cleaning->what->is_stopped(cleaning->what->baton);
}

void du_retained_add(du_retained_t *removed, const du_log_file_t *file)
{
    removed->kind[file->kind].files++;
    removed->kind[file->kind].bytes += file->size;
    removed->files++;
    removed->bytes += file->size;
}

/* 1 if it is gone by our hand. */
static int remove_file(cleaning_t *cleaning, const du_log_file_t *file)
{
    if (!cleaning->what->is_dry && unlinkat(file->directory, file->name, 0) != 0) {
        int error = errno;

        if (error != ENOENT && cleaning->removed->kept++ == 0) {
            cleaning->why = APR_FROM_OS_ERROR(error);
            du_fail(cleaning->ctx, cleaning->why, DUNO(0911), "the log %s cannot be removed: %pm",
                    du_text_for_log(cleaning->ctx->pool, file->name), (void *)&cleaning->why);
        }
        return 0;
    }
    du_retained_add(cleaning->removed, file);
    return 1;
}

static apr_status_t remove_old(void *baton, const du_log_file_t *file)
{
    cleaning_t *cleaning = baton;

    if (is_stopped(cleaning)) {
        return APR_EINTR;
    }
    if (!file->is_current && file->written < cleaning->what->before) {
        remove_file(cleaning, file);
    }
    return APR_SUCCESS;
}

static apr_status_t add_to_total(void *baton, const du_log_file_t *file)
{
    cleaning_t *cleaning = baton;

    cleaning->total += file->size;
    return is_stopped(cleaning) ? APR_EINTR : APR_SUCCESS;
}

static place_t place_of(const du_log_file_t *file)
{
    place_t place = {file->kind == DU_LOGS_AUDIT, file->written};

    return place;
}

static int compare(const place_t *a, const place_t *b)
{
    return a->is_audit != b->is_audit ? a->is_audit - b->is_audit
                                      : (a->written > b->written) - (a->written < b->written);
}

static int by_place(const void *a, const void *b)
{
    return compare(&((const found_t *)a)->place, &((const found_t *)b)->place);
}

static apr_status_t note_place(void *baton, const du_log_file_t *file)
{
    cleaning_t *cleaning = baton;

    if (!file->is_current) {
        found_t *found = apr_array_push(cleaning->found);

        found->place = place_of(file);
        found->size = file->size;
    }
    return is_stopped(cleaning) ? APR_EINTR : APR_SUCCESS;
}

/* How far a quota goes to be rid of so many bytes, or as far as it can. */
static void find_last(cleaning_t *cleaning, apr_off_t excess)
{
    const found_t *found = (const found_t *)cleaning->found->elts;
    apr_off_t before = 0; /* bytes at earlier places than cleaning->last */
    apr_off_t sum = 0;

    qsort(cleaning->found->elts, (size_t)cleaning->found->nelts, sizeof(found_t), by_place);
    for (int i = 0; i < cleaning->found->nelts && sum < excess; i++) {
        if (i == 0 || compare(&found[i].place, &cleaning->last) != 0) {
            before = sum;
            cleaning->last = found[i].place;
        }
        sum += found[i].size;
    }
    cleaning->of_last = excess - before;
}

static apr_status_t remove_excess(void *baton, const du_log_file_t *file)
{
    cleaning_t *cleaning = baton;
    place_t place = place_of(file);
    int order = compare(&place, &cleaning->last);

    if (is_stopped(cleaning)) {
        return APR_EINTR;
    }
    if (file->is_current || order > 0 || (order == 0 && cleaning->of_last <= 0)) {
        return APR_SUCCESS;
    }
    if (remove_file(cleaning, file) && order == 0) {
        cleaning->of_last -= file->size;
    }
    return APR_SUCCESS;
}

/* Three walks, so that the names of half a million logs need not be kept: how much there is, how far to go, and going. */
static apr_status_t keep_to_quota(cleaning_t *cleaning)
{
    const du_retain_t *what = cleaning->what;
    apr_pool_t *pool;
    apr_status_t rv = du_retain_walk(cleaning->ctx, what->files, NULL, add_to_total, cleaning);

    if (rv != APR_SUCCESS || cleaning->total <= what->quota) {
        return rv;
    }
    apr_pool_create(&pool, cleaning->ctx->pool);
    cleaning->found = apr_array_make(pool, 64, sizeof(found_t));
    rv = du_retain_walk(cleaning->ctx, what->files, what->node, note_place, cleaning);
    if (rv == APR_SUCCESS && cleaning->found->nelts > 0) {
        find_last(cleaning, cleaning->total - what->quota);
        rv = du_retain_walk(cleaning->ctx, what->files, what->node, remove_excess, cleaning);
    }
    apr_pool_destroy(pool);
    return rv;
}

apr_status_t du_retain_clean(du_ctx_t *ctx, const du_retain_t *what, du_retained_t *removed)
{
    cleaning_t cleaning = {.ctx = ctx, .what = what, .removed = removed, .why = APR_SUCCESS};
    apr_status_t rv;

    memset(removed, 0, sizeof(*removed));
    rv = du_retain_walk(ctx, what->files, what->node, remove_old, &cleaning);
    if (rv == APR_SUCCESS && what->quota > 0) {
        rv = keep_to_quota(&cleaning);
    }
    return rv == APR_SUCCESS ? cleaning.why : rv;
}

const char *du_retained_text(apr_pool_t *pool, const du_retained_t *removed)
{
    const char *text = "";

    for (int i = 0; i < DU_LOG_KINDS; i++) {
        apr_int64_t files = removed->kind[i].files;

        if (files > 0) {
            text = apr_psprintf(pool, "%s%s%s %" APR_INT64_T_FMT " file%s %" APR_INT64_T_FMT " bytes", text,
                                *text ? ", " : "", du_log_kind_word((du_log_kind_e)i), files, files == 1 ? "" : "s",
                                removed->kind[i].bytes);
        }
    }
    return text;
}

/*
 * When
 */

/* The number of the day that a clean-up at this time is for: a day begins `minutes` after midnight, on the wall. */
static apr_int64_t day_of(apr_time_t when, int minutes)
{
    apr_time_exp_t local;

    apr_time_exp_lt(&local, when);
    return (apr_time_sec(when) + local.tm_gmtoff - (apr_int64_t)minutes * 60) / 86400;
}

int du_retain_is_due(apr_time_t last, apr_time_t now, int minutes)
{
    apr_int64_t today = day_of(now, minutes), done = day_of(last, minutes);

    return today > done || done > today + 1;
}

apr_time_t du_retain_last(const char *path, apr_pool_t *pool)
{
    char text[STAMP_SIZE];
    apr_size_t len = sizeof(text) - 1;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return 0;
    }
    rv = apr_file_read(file, text, &len);
    apr_file_close(file);
    text[rv == APR_SUCCESS ? len : 0] = '\0';
    return apr_time_from_sec(apr_atoi64(text));
}

apr_status_t du_retain_set_last(du_ctx_t *ctx, const char *path, apr_time_t when)
{
    const char *text = apr_psprintf(ctx->pool, "%" APR_INT64_T_FMT "\n", (apr_int64_t)apr_time_sec(when));
    apr_status_t rv = du_file_replace(path, text, strlen(text), ctx->pool);

    return rv == APR_SUCCESS ? rv
                             : du_fail(ctx, rv, DUNO(0912), "the time of the last clean-up cannot be kept in %s: %pm",
                                       path, (void *)&rv);
}
