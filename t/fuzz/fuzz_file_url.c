/* The path of a file URL, looked up in a small rule set. */
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../unit/sample.h"

static apr_pool_t *pool; /* of the rule set; given back at the end so that leak checkers stay silent */

static void destroy_pool(void)
{
    apr_pool_destroy(pool);
}

static const du_ruleset_t *make_ruleset(void)
{
    char path[] = "/tmp/devupdate-fuzz-XXXXXX";
    const du_ruleset_t *ruleset;
    du_ctx_t *ctx;
    int fd = mkstemp(path);

    FUZZ_HOLDS(fd != -1);
    close(fd);
    apr_pool_create(&pool, NULL);
    atexit(destroy_pool);
    ctx = du_ctx_make(pool);
    ruleset = sample_ruleset(ctx, sample_rules(pool), path, 1, pool);
    unlink(path);
    return ruleset;
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    static const du_ruleset_t *ruleset;
    const char *url = apr_pstrmemdup(ctx->pool, data, size);
    du_rs_file_t file;
    apr_status_t rv;

    if (!ruleset) {
        ruleset = make_ruleset();
    }
    rv = du_ruleset_file(ruleset, url, ctx->pool, &file);
    if (rv != APR_SUCCESS) {
        FUZZ_HOLDS(rv == DU_E_NOT_FOUND);
        return 0;
    }
    /* what is found is what was asked for, but for case: nothing was resolved, shortened or unescaped on the way */
    FUZZ_HOLDS(strncmp(file.path, "DeviceUpdateStore/", 18) == 0 && strcasecmp(file.path + 18, url) == 0);
    FUZZ_HOLDS(!strstr(file.path, "..") && !strstr(file.path, "//"));
    FUZZ_HOLDS(file.size > 0 && file.digest);
    return 1;
}
