#include "fuzz.h"

int fuzz_one(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *pool;
    du_ctx_t *ctx;
    int accepted;

    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_create(&pool, root);
    ctx = du_ctx_make(pool);
    accepted = fuzz_accepts(ctx, (const char *)data, size);
    FUZZ_HOLDS(accepted || (ctx->failure.id && ctx->failure.message) || ctx->failure.status == APR_SUCCESS);
    apr_pool_destroy(pool);
    return accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_one(data, size);
    return 0;
}
