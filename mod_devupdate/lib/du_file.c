#include "du_file.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#define DIR_PERMISSIONS                                                                                              \
    (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE | APR_FPROT_GREAD | APR_FPROT_GEXECUTE |                \
     APR_FPROT_WREAD | APR_FPROT_WEXECUTE)

/* Audit files name people, so they are for the owner and its group only. */
#define FILE_PERMISSIONS (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD)

static const char *parent_of(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return ".";
    }
    return slash == path ? "/" : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

apr_status_t du_file_adopt(const char *path, apr_pool_t *pool)
{
    apr_finfo_t above;
    apr_status_t rv;

    if (geteuid() != 0) {
        return APR_SUCCESS;
    }
    rv = apr_stat(&above, parent_of(path, pool), APR_FINFO_OWNER, pool);
    if (rv == APR_SUCCESS && lchown(path, above.user, above.group) != 0) {
        rv = APR_FROM_OS_ERROR(apr_get_os_error());
    }
    return rv;
}

apr_status_t du_file_sync_dir(const char *path, apr_pool_t *pool)
{
    apr_file_t *dir;
    apr_status_t rv = apr_file_open(&dir, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_sync(dir);
        apr_file_close(dir);
    }
    return rv;
}

apr_status_t du_file_make_dirs(const char *root, const char *path, apr_pool_t *pool)
{
    char *parts = apr_pstrdup(pool, path), *rest;
    const char *made = root;

    for (char *part = apr_strtok(parts, "/", &rest); part; part = apr_strtok(NULL, "/", &rest)) {
        apr_status_t rv;

        made = apr_pstrcat(pool, made, "/", part, NULL);
        rv = apr_dir_make(made, DIR_PERMISSIONS, pool);
        if (rv == APR_SUCCESS) {
            rv = du_file_adopt(made, pool);
        }
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EEXIST(rv)) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

apr_status_t du_file_create(const char *path, const void *content, apr_size_t len, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t rv = apr_file_open(
        &file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_BINARY, FILE_PERMISSIONS, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_write_full(file, content, len, NULL);
    if (rv == APR_SUCCESS) {
        rv = apr_file_sync(file);
    }
    apr_file_close(file);
    return rv == APR_SUCCESS ? du_file_adopt(path, pool) : rv;
}

apr_status_t du_file_replace(const char *path, const void *content, apr_size_t len, apr_pool_t *pool)
{
    const char *temporary = apr_psprintf(pool, "%s.%ld.tmp", path, (long)getpid());
    apr_status_t rv;

    apr_file_remove(temporary, pool); /* of a process that had this number and was killed */
    rv = du_file_create(temporary, content, len, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_file_rename(temporary, path, pool);
    }
    if (rv != APR_SUCCESS) {
        apr_file_remove(temporary, pool);
        return rv;
    }
    return du_file_sync_dir(parent_of(path, pool), pool);
}

/*
 * Removing
 */

/* Somebody else may remove the same. */
static apr_status_t or_gone(apr_status_t rv)
{
    return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
}

static apr_status_t remove_entry(const char *path, apr_filetype_e type, apr_pool_t *pool);

static apr_status_t remove_content(const char *path, apr_pool_t *pool)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    apr_status_t rv = apr_dir_open(&dir, path, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    while (rv == APR_SUCCESS && apr_dir_read(&entry, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        if (strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0) {
            rv = remove_entry(apr_pstrcat(pool, path, "/", entry.name, NULL), entry.filetype, pool);
        }
    }
    apr_dir_close(dir);
    return rv;
}

static apr_status_t remove_entry(const char *path, apr_filetype_e type, apr_pool_t *pool)
{
    apr_status_t rv;

    if (type != APR_DIR) {
        return or_gone(apr_file_remove(path, pool));
    }
    rv = remove_content(path, pool);
    return or_gone(rv == APR_SUCCESS ? apr_dir_remove(path, pool) : rv);
}

apr_status_t du_file_remove_tree(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_pool_t *scratch;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool);

    if (rv != APR_SUCCESS) {
        return or_gone(rv);
    }
    apr_pool_create(&scratch, pool);
    rv = remove_entry(path, info.filetype, scratch);
    apr_pool_destroy(scratch);
    return rv;
}
