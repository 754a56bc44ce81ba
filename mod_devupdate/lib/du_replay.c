#include "du_replay.h"

#include <apr_strings.h>

#include "du_record_file.h"
#include "du_text.h"

/* Names a record, which is in a pool that is cleared for the next one. */
static void name_line(du_ctx_t *ctx, const du_record_file_t *file, const char *path, const du_record_t *record,
                      const du_ruleset_t *ruleset, const du_decision_t *decision, du_replay_t *replay)
{
    du_replay_line_t *line = &replay->named[replay->nnamed++];
    const char **texts[] = {&line->record.address, &line->record.mac, &line->record.serial, &line->record.version,
                            &line->record.offered};

    *line = (du_replay_line_t){.path = apr_pstrdup(ctx->pool, path), .line = du_record_file_line(file)};
    line->record = *record;
    line->record.key = (du_key_t){"", "", "", "", ""};
    line->record.user = "";
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i] = apr_pstrdup(ctx->pool, *texts[i]);
    }
#define KEEP_PART(part) line->record.key.part = apr_pstrdup(ctx->pool, record->key.part);
    DU_KEY_PARTS(KEEP_PART)
#undef KEEP_PART
    line->result = du_result_word(decision->result);
    line->reason = du_reason_word(decision->reason);
    line->offered = apr_pstrdup(ctx->pool, du_record_offer(ruleset, decision));
}

static void replay_check(du_ctx_t *ctx, const du_record_file_t *file, const char *path, const du_record_t *record,
                         const du_ruleset_t *ruleset, apr_pool_t *pool, du_replay_t *replay)
{
    const du_record_check_t *check = du_record_file_check(file, pool);
    du_decision_t decision;

    if (!du_record_check_is_decided(check)) {
        replay->refused++;
        return;
    }
    decision = du_decide(ruleset, &check->request, check->address);
    replay->reasons[decision.reason]++;
    if (du_record_check_agrees(check, ruleset, &decision)) {
        replay->same++;
        return;
    }
    replay->other++;
    if (replay->nnamed < DU_REPLAY_NAMED) {
        name_line(ctx, file, path, record, ruleset, &decision, replay);
    }
}

apr_status_t du_replay_file(du_ctx_t *ctx, const du_ruleset_t *ruleset, const char *path, du_replay_t *replay)
{
    du_record_file_t *file;
    apr_pool_t *pool;
    du_record_t record;
    apr_status_t rv = du_record_file_open(ctx, path, 0, ctx->pool, &file);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0984), "there is no file %s", du_text_for_log(ctx->pool, path));
    }
    if (rv != APR_SUCCESS) {
        return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
    }
    apr_pool_create(&pool, ctx->pool);
    while ((rv = du_record_file_next(file, pool, &record)) == APR_SUCCESS || rv == DU_E_MALFORMED) {
        if (rv == DU_E_MALFORMED) {
            replay->bad++;
        } else if (record.series != DU_SERIES_CHECKS) {
            replay->strange++;
        } else {
            replay_check(ctx, file, path, &record, ruleset, pool, replay);
        }
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    du_record_file_close(file);
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS
                                 : du_fail(ctx, rv, DUNO(0980), "%s cannot be read to its end: %pm",
                                           du_text_for_log(ctx->pool, path), (void *)&rv);
}
