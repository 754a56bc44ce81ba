#include "du_daylog.h"

#include <string.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "du_file.h"

#define MAX_FILES 10000 /* of one day */

struct du_daylog_t {
    const char *files;
    const du_daylog_form_t *form;
    apr_pool_t *pool;          /* of the open file; cleared with every new one */
    apr_thread_mutex_t *mutex; /* guards everything below, and the pool */
    apr_off_t max_size;
    apr_file_t *file;             /* NULL if none is open */
    char day[DU_DAYLOG_DAY_SIZE]; /* of `file` */
    int number;                   /* of `file` in its day */
    apr_off_t size;               /* of `file` when it was last looked at, which is before every line */
};

apr_status_t du_daylog_make(const char *files, const du_daylog_form_t *form, apr_off_t max_size, apr_pool_t *pool,
                            du_daylog_t **log)
{
    du_daylog_t *made = apr_pcalloc(pool, sizeof(*made));

    made->files = apr_pstrdup(pool, files);
    made->form = form;
    made->max_size = max_size;
    apr_pool_create(&made->pool, pool);
    *log = made;
    return apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
}

/* 1 if text begins with yyyy-mm-dd. */
static int is_day(const char *text)
{
    static const char form[] = "0000-00-00";

    for (apr_size_t i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == '0' ? !apr_isdigit(text[i]) : text[i] != form[i]) {
            return 0;
        }
    }
    return 1;
}

void du_daylog_limit(du_daylog_t *log, apr_off_t max_size)
{
    apr_thread_mutex_lock(log->mutex);
    log->max_size = max_size;
    apr_thread_mutex_unlock(log->mutex);
}

static void put_two(char *to, int number)
{
    to[0] = (char)('0' + number / 10);
    to[1] = (char)('0' + number % 10);
}

void du_daylog_time(char *to, apr_time_t when)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, when);
    put_two(to, (t.tm_year + 1900) / 100);
    put_two(to + 2, (t.tm_year + 1900) % 100);
    put_two(to + 5, t.tm_mon + 1);
    put_two(to + 8, t.tm_mday);
    put_two(to + 11, t.tm_hour);
    put_two(to + 14, t.tm_min);
    put_two(to + 17, t.tm_sec);
    to[4] = to[7] = '-';
    to[10] = ' ';
    to[13] = to[16] = ':';
    to[19] = '\0';
}

static const char *path_of(const du_daylog_t *log, const char *day, int number, apr_pool_t *pool)
{
    const du_daylog_form_t *form = log->form;

    return number == 0
               ? apr_psprintf(pool, "%s/%s/%s_%s.%s", log->files, form->directory, form->name, day, form->suffix)
               : apr_psprintf(pool, "%s/%s/%s_%s_%d.%s", log->files, form->directory, form->name, day, number,
                              form->suffix);
}

/* Makes a file with its header under a name of our own and links it to its place: whoever comes first wins, and nobody
 * ever sees it without a header. */
static apr_status_t make_file(const du_daylog_t *log, const char *path, apr_pool_t *pool)
{
    const char *own = apr_psprintf(pool, "%s.%ld.tmp", path, (long)getpid());
    apr_status_t rv = du_file_make_dirs(log->files, log->form->directory, pool);

    apr_file_remove(own, pool);
    if (rv == APR_SUCCESS) {
        rv = du_file_create(own, log->form->header, strlen(log->form->header), pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_link(own, path);
    }
    apr_file_remove(own, pool);
    return APR_STATUS_IS_EEXIST(rv) ? APR_SUCCESS : rv;
}

/* Opens a file for appending; makes it first if it is not there. */
static apr_status_t open_or_make(du_daylog_t *log, const char *path)
{
    const apr_int32_t flags = APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_APPEND | APR_FOPEN_BINARY;
    apr_status_t rv = apr_file_open(&log->file, path, flags, APR_FPROT_OS_DEFAULT, log->pool);

    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = make_file(log, path, log->pool);
        if (rv == APR_SUCCESS) {
            rv = apr_file_open(&log->file, path, flags, APR_FPROT_OS_DEFAULT, log->pool);
        }
    }
    if (rv != APR_SUCCESS) {
        log->file = NULL;
    }
    return rv;
}

/* 1 if the open file has reached its size, as much of it as anybody wrote, or was removed under us. */
static int is_full_or_gone(du_daylog_t *log)
{
    apr_finfo_t info;

    if (apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_NLINK, log->file) != APR_SUCCESS) {
        return 0;
    }
    log->size = info.size;
    return info.size >= log->max_size || info.nlink == 0;
}

/* 1 if the file does not end with a line end: whoever wrote last was cut off. That may have been another process, and only
 * the file can tell. */
static int ends_cut(const du_daylog_t *log)
{
    apr_os_file_t fd;
    char c;

    return log->size > 0 && apr_os_file_get(&fd, log->file) == APR_SUCCESS && pread(fd, &c, 1, log->size - 1) == 1 &&
           c != '\n';
}

/* 1 if there is a next file of the day: this one was full when files were smaller, and is not written to again. */
static int is_followed(const du_daylog_t *log, const char *day, int number)
{
    apr_finfo_t info;

    return apr_stat(&info, path_of(log, day, number + 1, log->pool), APR_FINFO_TYPE, log->pool) == APR_SUCCESS;
}

/* Opens the first file of the day, from `number` on, that is neither full nor followed by another. */
static apr_status_t open_day(du_daylog_t *log, const char *day, int number)
{
    apr_status_t rv = APR_ENOSPC;

    for (; number < MAX_FILES; number++) {
        apr_pool_clear(log->pool);
        if (is_followed(log, day, number)) {
            continue;
        }
        rv = open_or_make(log, path_of(log, day, number, log->pool));
        if (rv != APR_SUCCESS || !is_full_or_gone(log)) {
            break;
        }
    }
    if (rv == APR_SUCCESS) {
        apr_cpystrn(log->day, day, sizeof(log->day));
        log->number = number;
    }
    return rv;
}

/* The file that this line belongs to is open afterwards. A removed one is begun again under its name. */
static apr_status_t open_for(du_daylog_t *log, const char *day)
{
    if (!log->file || strcmp(log->day, day) != 0) {
        return open_day(log, day, 0);
    }
    return is_full_or_gone(log) ? open_day(log, day, log->number) : APR_SUCCESS;
}

/* One write(). After a line that was cut off (disk full) the next one is preceded by a line end, so that only the cut
 * line is damaged. */
static apr_status_t write_line(const du_daylog_t *log, const char *line, apr_size_t len)
{
    apr_size_t written = len;
    apr_status_t rv = ends_cut(log) ? apr_file_write_full(log->file, "\n", 1, NULL) : APR_SUCCESS;

    if (rv == APR_SUCCESS) {
        rv = apr_file_write(log->file, line, &written);
    }
    return rv == APR_SUCCESS && written < len ? APR_ENOSPC : rv;
}

apr_status_t du_daylog_append(du_daylog_t *log, const char *day, const char *line, apr_size_t len, apr_pool_t *pool,
                              const char **path)
{
    apr_status_t rv;

    apr_thread_mutex_lock(log->mutex);
    rv = open_for(log, day);
    if (rv == APR_SUCCESS) {
        rv = write_line(log, line, len);
    }
    if (rv != APR_SUCCESS) {
        *path = path_of(log, day, log->number, pool);
    }
    apr_thread_mutex_unlock(log->mutex);
    return rv;
}

/* From the end, because the name of a node may look like a day. */
int du_daylog_is_of(const char *file_name, const char *form_name, const char *suffix, const char *node, char *day)
{
    const apr_size_t day_len = DU_DAYLOG_DAY_SIZE - 1;
    apr_size_t begin = strlen(form_name), len = strlen(file_name), end;

    if (strncmp(file_name, form_name, begin) != 0 || len < strlen(suffix) + 1 ||
        strcmp(file_name + len - strlen(suffix), suffix) != 0 || file_name[len - strlen(suffix) - 1] != '.') {
        return 0;
    }
    len -= strlen(suffix) + 1;
    for (end = len; end > begin && apr_isdigit(file_name[end - 1]); end--) {
    }
    if (end < len && end > begin && file_name[end - 1] == '_') { /* the number of a file in its day */
        len = end - 1;
    }
    if (len < begin + day_len + 1 || !is_day(file_name + len - day_len) || file_name[len - day_len - 1] != '_') {
        return 0;
    }
    apr_cpystrn(day, file_name + len - day_len, DU_DAYLOG_DAY_SIZE);
    len -= day_len + 1;
    return !node || (len - begin == strlen(node) && strncmp(file_name + begin, node, len - begin) == 0);
}

apr_status_t du_daylog_position(du_daylog_t *log, const char *day, apr_pool_t *pool, int *number, apr_off_t *size)
{
    apr_finfo_t info;
    apr_status_t rv = APR_ENOENT;
    int next;

    apr_thread_mutex_lock(log->mutex);
    next = strcmp(log->day, day) == 0 ? log->number : 0; /* those before it are full */
    apr_thread_mutex_unlock(log->mutex);
    for (; next < MAX_FILES && apr_stat(&info, path_of(log, day, next, pool), APR_FINFO_SIZE, pool) == APR_SUCCESS;
         next++) {
        *number = next;
        *size = info.size;
        rv = APR_SUCCESS;
    }
    return rv;
}
