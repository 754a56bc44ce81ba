#include "du_ruleset_format.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>

struct du_current_t {
    const char *path;
    apr_thread_mutex_t *mutex; /* guards `ruleset` and every `holders` */
    du_ruleset_t *ruleset;     /* in force; the du_current_t itself is one of its holders */
    apr_finfo_t seen;          /* the file when it was last loaded, or last failed to */
    int was_missing;
};

/* Takes one holder away and frees the rule set when it was the last. */
static void let_go(du_current_t *current, du_ruleset_t *ruleset)
{
    unsigned left;

    apr_thread_mutex_lock(current->mutex);
    left = --ruleset->holders;
    apr_thread_mutex_unlock(current->mutex);
    if (left == 0) {
        apr_pool_destroy(ruleset->pool);
    }
}

static apr_status_t cleanup_current(void *data)
{
    du_current_t *current = data;

    if (current->ruleset) {
        let_go(current, current->ruleset);
        current->ruleset = NULL;
    }
    return APR_SUCCESS;
}

apr_status_t du_current_make(du_ctx_t *ctx, const char *path, apr_pool_t *pool, du_current_t **current)
{
    du_current_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0514), "no mutex for the rule set: %pm", (void *)&rv);
    }
    made->path = apr_pstrdup(pool, path);
    apr_pool_cleanup_register(pool, made, cleanup_current, apr_pool_cleanup_null);
    *current = made;
    return APR_SUCCESS;
}

static void put_in_force(du_current_t *current, du_ruleset_t *ruleset)
{
    du_ruleset_t *old;

    ruleset->holders = 1;
    apr_thread_mutex_lock(current->mutex);
    old = current->ruleset;
    current->ruleset = ruleset;
    apr_thread_mutex_unlock(current->mutex);
    if (old) {
        let_go(current, old);
    }
}

static apr_status_t load(du_ctx_t *ctx, du_current_t *current)
{
    const du_ruleset_t *ruleset;
    apr_pool_t *pool;
    apr_status_t rv;

    /* A pool below APR's own root, whose allocator has a lock: any thread may destroy it. */
    apr_pool_create(&pool, NULL);
    rv = du_ruleset_load(ctx, current->path, pool, &ruleset);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return rv;
    }
    put_in_force(current, (du_ruleset_t *)ruleset);
    return APR_SUCCESS;
}

/* A missing file is said once; the rule set in force stays. */
static apr_status_t missing(du_ctx_t *ctx, du_current_t *current, apr_status_t why)
{
    if (current->was_missing) {
        return DU_E_NOTHING;
    }
    current->was_missing = 1;
    return du_fail(ctx, DU_E_RULESET, DUNO(0515), "there is no rule set %s yet: %pm", current->path, (void *)&why);
}

apr_status_t du_current_refresh(du_ctx_t *ctx, du_current_t *current)
{
    apr_finfo_t now;
    apr_status_t rv = apr_stat(&now, current->path, APR_FINFO_MTIME | APR_FINFO_SIZE | APR_FINFO_INODE, ctx->pool);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return missing(ctx, current, rv);
    }
    if (!current->was_missing && now.mtime == current->seen.mtime && now.size == current->seen.size &&
        now.inode == current->seen.inode) {
        return DU_E_NOTHING;
    }
    current->was_missing = 0;
    current->seen = now;
    return load(ctx, current);
}

const du_ruleset_t *du_current_acquire(du_current_t *current)
{
    du_ruleset_t *ruleset;

    apr_thread_mutex_lock(current->mutex);
    ruleset = current->ruleset;
    if (ruleset) {
        ruleset->holders++;
    }
    apr_thread_mutex_unlock(current->mutex);
    return ruleset;
}

void du_current_release(du_current_t *current, const du_ruleset_t *ruleset)
{
    if (ruleset) {
        let_go(current, (du_ruleset_t *)ruleset);
    }
}
