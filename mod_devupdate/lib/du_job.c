#include "du_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "du_file.h"
#include "du_image.h"
#include "du_text.h"

#define ID_FORM     "dddddddd-dddddd-xxxxxxxx" /* d = digit, x = hexadecimal */
#define NEW_PREFIX  ".new-"
#define NEW_MAX_AGE apr_time_from_sec(3600) /* of a directory that comes to be, which takes no time */
#define FATE_MAX    16

/* Text from a URL becomes part of a path only in this form. */
static int is_id(const char *text)
{
    const char *form = ID_FORM;

    for (; *form && *text; form++, text++) {
        if (*form == 'd' ? !apr_isdigit(*text) : *form == 'x' ? !apr_isxdigit(*text) : *form != *text) {
            return 0;
        }
    }
    return *form == '\0' && *text == '\0';
}

const char *du_job_directory(const char *files, const char *id, apr_pool_t *pool)
{
    return apr_pstrcat(pool, files, "/" DU_JOB_ROOT "/", id, NULL);
}

/* flock(), not fcntl(): the process that works off a job has the lock from the one that received its file. */
apr_status_t du_job_lock(const char *directory, apr_pool_t *pool, int *fd)
{
    *fd = open(apr_pstrcat(pool, directory, "/lock", NULL), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (*fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        apr_status_t rv = errno == EWOULDBLOCK ? APR_EBUSY : APR_FROM_OS_ERROR(errno);

        close(*fd);
        return rv;
    }
    return APR_SUCCESS;
}

/*
 * Cancel or commit
 */

static const char *fate_path(const char *directory, apr_pool_t *pool)
{
    return apr_pstrcat(pool, directory, "/fate", NULL);
}

const char *du_job_decided(const char *directory, apr_pool_t *pool)
{
    char text[FATE_MAX];
    ssize_t len = readlink(fate_path(directory, pool), text, sizeof(text));

    return len > 0 ? apr_pstrmemdup(pool, text, (apr_size_t)len) : "";
}

/* A symbolic link comes to be with what it says, in one step, and only once. */
apr_status_t du_job_decide(const char *directory, const char *wanted, apr_pool_t *pool, const char **decided)
{
    if (symlink(wanted, fate_path(directory, pool)) != 0 && errno != EEXIST) {
        return APR_FROM_OS_ERROR(errno);
    }
    *decided = du_job_decided(directory, pool);
    return APR_SUCCESS;
}

/*
 * Tidying up
 */

typedef apr_status_t name_fn(void *baton, const char *name, apr_pool_t *pool);

/* Calls take for each entry of a directory, with a pool that is cleared after each; a directory that is not there has none. */
static apr_status_t each_name(const char *directory, name_fn *take, void *baton, apr_pool_t *parent)
{
    apr_finfo_t entry;
    apr_pool_t *pool, *each;
    apr_dir_t *dir;
    apr_status_t rv;

    apr_pool_create(&pool, parent);
    apr_pool_create(&each, pool);
    rv = apr_dir_open(&dir, directory, pool);
    while (rv == APR_SUCCESS && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0) {
            rv = take(baton, entry.name, each);
        }
        apr_pool_clear(each);
    }
    apr_pool_destroy(pool);
    return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
}

typedef struct tidy_t {
    du_ctx_t *ctx;
    const char *files;
    int is_dry;
    int was_killed; /* one of the jobs: then its import may have left something, too */
    apr_pool_t *pool;
    apr_array_header_t *leftovers;
} tidy_t;

static apr_status_t add_size(void *baton, const char *name, apr_pool_t *pool)
{
    du_job_leftover_t *leftover = baton;
    apr_finfo_t info;

    if (apr_stat(&info, apr_pstrcat(pool, leftover->path, "/", name, NULL), APR_FINFO_SIZE | APR_FINFO_LINK, pool) ==
        APR_SUCCESS) {
        leftover->bytes += info.size;
    }
    return APR_SUCCESS;
}

static void add_leftover(tidy_t *tidy, const char *directory)
{
    du_job_leftover_t *leftover = apr_array_push(tidy->leftovers);

    *leftover = (du_job_leftover_t){directory, 0};
    each_name(directory, add_size, leftover, tidy->pool);
    leftover->path = apr_pstrdup(tidy->pool, directory + strlen(tidy->files) + 1);
}

static apr_status_t drop_directory(tidy_t *tidy, const char *directory, apr_pool_t *pool)
{
    add_leftover(tidy, directory);
    return tidy->is_dry ? APR_SUCCESS : du_file_remove_tree(directory, pool);
}

static apr_status_t tidy_new(tidy_t *tidy, const char *directory, apr_pool_t *pool)
{
    apr_finfo_t info;

    return apr_stat(&info, directory, APR_FINFO_MTIME, pool) == APR_SUCCESS &&
                   info.mtime + NEW_MAX_AGE < apr_time_now()
               ? drop_directory(tidy, directory, pool)
               : APR_SUCCESS;
}

/* Nobody holds its lock any more, so it will never say itself how it ended. */
static apr_status_t interrupt(tidy_t *tidy, const char *directory, du_job_t *job, apr_pool_t *pool)
{
    add_leftover(tidy, directory);
    tidy->was_killed = 1;
    if (tidy->is_dry) {
        return APR_SUCCESS;
    }
    apr_file_remove(apr_pstrcat(pool, directory, "/package", NULL), pool);
    job->end = DU_JOB_INTERRUPTED;
    job->changed = du_now(tidy->ctx);
    return du_job_state_write(directory, job, pool);
}

/* A job whose lock is ours: nobody works on it. */
static apr_status_t tidy_idle(tidy_t *tidy, const char *directory, const char *id, apr_pool_t *pool)
{
    du_job_t job;
    apr_status_t rv = du_job_state_read(directory, id, pool, &job);

    if (rv != APR_SUCCESS) {
        return drop_directory(tidy, directory, pool);
    }
    if (job.end == DU_JOB_RUNNING) {
        return interrupt(tidy, directory, &job, pool);
    }
    return job.changed + apr_time_from_sec(DU_JOB_KEEP_DAYS * 86400) < du_now(tidy->ctx)
               ? drop_directory(tidy, directory, pool)
               : APR_SUCCESS;
}

static apr_status_t tidy_one(void *baton, const char *name, apr_pool_t *pool)
{
    tidy_t *tidy = baton;
    const char *directory = du_job_directory(tidy->files, name, pool);
    apr_status_t rv;
    int fd;

    if (strncmp(name, NEW_PREFIX, sizeof(NEW_PREFIX) - 1) == 0) {
        return tidy_new(tidy, directory, pool);
    }
    if (!is_id(name)) {
        return APR_SUCCESS; /* not ours */
    }
    rv = du_job_lock(directory, pool, &fd);
    if (rv != APR_SUCCESS) {
        return rv == APR_EBUSY || APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    }
    rv = tidy_idle(tidy, directory, name, pool);
    close(fd);
    return rv;
}

/* Whoever takes this lock removes what the one before left. */
static void tidy_staging(tidy_t *tidy)
{
    du_image_lock_t *lock;
    const char *staging;
    apr_status_t rv = du_image_trylock(tidy->ctx, tidy->files, tidy->pool, &lock, &staging);

    if (rv == APR_SUCCESS) {
        du_image_unlock(lock);
    }
    if (rv != APR_SUCCESS && rv != APR_EBUSY) {
        du_report(tidy->ctx, DU_LOG_WARNING);
    }
}

apr_status_t du_job_tidy(du_ctx_t *ctx, const char *files, int is_dry, apr_pool_t *pool,
                         apr_array_header_t **leftovers)
{
    tidy_t tidy = {ctx, files, is_dry, 0, pool, apr_array_make(pool, 4, sizeof(du_job_leftover_t))};
    const char *root = apr_pstrcat(pool, files, "/" DU_JOB_ROOT, NULL);
    apr_status_t rv = each_name(root, tidy_one, &tidy, pool);

    if (leftovers) {
        *leftovers = tidy.leftovers;
    }
    if (tidy.was_killed && !is_dry) {
        tidy_staging(&tidy);
    }
    return rv == APR_SUCCESS ? rv
                             : du_fail(ctx, rv, DUNO(0670), "jobs in %s cannot be tidied up: %pm", root, (void *)&rv);
}

/*
 * Looking
 */

typedef struct list_t {
    const char *files;
    apr_pool_t *pool;
    apr_array_header_t *jobs;
} list_t;

static apr_status_t read_job(const char *files, const char *id, apr_pool_t *pool, du_job_t *job)
{
    const char *directory = du_job_directory(files, id, pool);
    apr_status_t rv = du_job_state_read(directory, id, pool, job);

    job->is_cancelled = strcmp(du_job_decided(directory, pool), "cancel") == 0;
    return rv;
}

/* One that is gone or not readable is not in the list: somebody else tidies up. */
static apr_status_t take_job(void *baton, const char *name, apr_pool_t *pool)
{
    list_t *list = baton;
    du_job_t job;

    (void)pool;
    if (is_id(name) && read_job(list->files, name, list->pool, &job) == APR_SUCCESS) {
        APR_ARRAY_PUSH(list->jobs, du_job_t) = job;
    }
    return APR_SUCCESS;
}

static int latest_first(const void *a, const void *b)
{
    return strcmp(((const du_job_t *)b)->id, ((const du_job_t *)a)->id);
}

apr_status_t du_job_list(du_ctx_t *ctx, const char *files, apr_pool_t *pool, apr_array_header_t **jobs)
{
    list_t list = {files, pool, apr_array_make(pool, 16, sizeof(du_job_t))};
    const char *root = apr_pstrcat(pool, files, "/" DU_JOB_ROOT, NULL);
    apr_status_t rv = du_job_tidy(ctx, files, 0, pool, NULL);

    *jobs = list.jobs;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = each_name(root, take_job, &list, pool);
    qsort(list.jobs->elts, (size_t)list.jobs->nelts, sizeof(du_job_t), latest_first);
    return rv == APR_SUCCESS ? rv : du_fail(ctx, rv, DUNO(0671), "%s cannot be read: %pm", root, (void *)&rv);
}

apr_status_t du_job_find(du_ctx_t *ctx, const char *files, const char *id, apr_pool_t *pool, du_job_t *job)
{
    apr_status_t rv = du_job_tidy(ctx, files, 0, pool, NULL);

    if (rv == APR_SUCCESS && (!is_id(id) || read_job(files, id, pool, job) != APR_SUCCESS)) {
        rv = du_fail(ctx, DU_E_NOT_FOUND, DUNO(0672), "there is no job %s, or not any more",
                     du_text_for_log(ctx->pool, id));
    }
    return rv;
}

apr_status_t du_job_cancel(du_ctx_t *ctx, const char *files, const char *id)
{
    const char *directory, *decided;
    du_job_t job;
    apr_status_t rv = du_job_find(ctx, files, id, ctx->pool, &job);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (job.end != DU_JOB_RUNNING) {
        return du_fail(ctx, DU_E_CONFLICT, DUNO(0673), "too late: job %s has ended", id);
    }
    directory = du_job_directory(files, id, ctx->pool);
    rv = du_job_decide(directory, "cancel", ctx->pool, &decided);
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0674), "job %s cannot be cancelled: %pm", id, (void *)&rv);
    }
    return strcmp(decided, "cancel") == 0
               ? APR_SUCCESS
               : du_fail(ctx, DU_E_CONFLICT, DUNO(0675),
                         "too late: job %s is recording what it has imported; a pending version can be cancelled",
                         id);
}
