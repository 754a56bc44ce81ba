/*
 * Packages for unit tests, made by t/tools/make_package.py, and trees of files compared.
 */
#ifndef PACKAGE_H
#define PACKAGE_H

#include "unit.h"

#include <sys/stat.h>

static inline const char *package_environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && *value ? value : otherwise;
}

/* Runs a shell command that must succeed. */
static inline void package_run(const char *command)
{
    int status = system(command);

    ck_assert_msg(status == 0, "status %d of: %s", status, command);
}

/* Makes a package with the given options of make_package.py and answers its path. */
static inline const char *package_make(const char *name, const char *options)
{
    const char *path = unit_path(name);

    package_run(apr_psprintf(unit.pool, "'%s' '%s/t/tools/make_package.py' '%s' %s",
                             package_environment("PYTHON3", "python3"), package_environment("srcdir", "."), path,
                             options));
    return path;
}

/* What is below a directory: names, types, modes, owners, links and digests, in order. */
static inline const char *package_tree(const char *path)
{
    const char *listing = unit_path("tree.txt");

    package_run(apr_psprintf(unit.pool,
                             "cd '%s' && { find . -printf '%%p %%y %%m %%u %%l\\n' | sort; find . -type f -print0 | sort -z | "
                             "xargs -0 -r sha256sum; } > '%s'",
                             path, listing));
    return unit_read(listing, NULL);
}

static inline int package_is_there(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

#endif
