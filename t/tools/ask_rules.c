/*
 * What phones would be offered, for tests that ask often: the store's rules compiled and decided as a node does it, without
 * a node.
 *
 *     ask_rules STORE WORKFILE
 *
 * Reads questions "TYPE/BRAND/MODEL/REVISION/LOCALE VERSION MAC", one a line, up to a line "."; then compiles the rules as
 * they are now and answers each with the version offered, or "-". And so on to the end of the input.
 */
#include "../unit/sample.h"

#include "du_decide.h"
#include "du_store.h"

#define QUESTIONS_MAX 1000
#define LINE          200

static const du_ruleset_t *compile(du_ctx_t *ctx, du_store_t *store, const char *work)
{
    du_snapshot_t snapshot;

    sample_must(du_store_snapshot(ctx, store, ctx->pool, &snapshot), ctx);
    return sample_load(ctx, &snapshot, work, ctx->pool);
}

static const char *answer(du_ctx_t *ctx, const du_ruleset_t *ruleset, char *question)
{
    char *words[7], *state = NULL;
    du_request_t request = {.nmodules = 1};
    du_module_t module = {.filename = "CPE.nbt"};
    du_decision_t decision;

    for (int i = 0; i < 7; i++) {
        words[i] = apr_strtok(i ? NULL : question, "/ \n", &state);
    }
    request.key = (du_key_t){words[0], words[1], words[2], words[3], words[4]};
    module.version = words[5];
    request.modules = &module;
    request.mac = words[6];
    request.test_mac = du_mac_canonical(ctx->pool, words[6]);
    decision = du_decide(ruleset, &request, NULL);
    return decision.image ? du_ruleset_version(ruleset, decision.image) : "-";
}

static void answer_all(du_store_t *store, const char *work, char (*questions)[LINE], int count, apr_pool_t *parent)
{
    const du_ruleset_t *ruleset;
    apr_pool_t *pool;
    du_ctx_t *ctx;

    apr_pool_create(&pool, parent);
    ctx = du_ctx_make(pool);
    ruleset = compile(ctx, store, work);
    for (int i = 0; i < count; i++) {
        puts(answer(ctx, ruleset, questions[i]));
    }
    fflush(stdout);
    apr_pool_destroy(pool);
}

int main(int argc, const char *const *argv)
{
    static char questions[QUESTIONS_MAX][LINE];
    int count = 0;
    apr_pool_t *pool;
    du_store_t *store;
    du_ctx_t *ctx;

    if (argc != 3 || apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS) {
        return 2;
    }
    apr_pool_create(&pool, NULL);
    ctx = du_ctx_make(pool);
    sample_must(du_store_open(ctx, argv[1], pool, &store), ctx);
    while (count < QUESTIONS_MAX && fgets(questions[count], LINE, stdin)) {
        if (strcmp(questions[count], ".\n") != 0) {
            count++;
            continue;
        }
        answer_all(store, argv[2], questions, count, pool);
        count = 0;
    }
    apr_pool_destroy(pool);
    return 0;
}
