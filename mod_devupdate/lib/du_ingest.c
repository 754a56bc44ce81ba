#include "du_ingest.h"

#include <string.h>

#include <apr_strings.h>

#include "du_fleet.h"
#include "du_store_rows.h"
#include "du_text.h"

#define BATCH_MAX   16384              /* records */
#define BATCH_LEAST 256                /* records before a new hour ends a batch: roll-outs are told by the hour */
#define BATCH_BYTES (16 * 1024 * 1024) /* of the files, however long their lines are */

#define TRIES 100 /* how often somebody else may be faster */

#define HOUR apr_time_from_sec(3600)
#define DAY  apr_time_from_sec(86400)

/* Positions of files that nobody has read for longer than any log is kept (LogCleanUpInterval) are forgotten. */
#define READING_AGE (400 * DAY)

struct du_ingest_t {
    du_store_t *store;
    apr_pool_t *pool;
    apr_pool_t *known_pool;
    apr_hash_t *known; /* name of a file -> apr_off_t *; NULL until it is read from the store */
    apr_time_t tidied; /* when users were last forgotten */
};

/* One batch on its way. */
typedef struct batch_t {
    du_ingest_t *ingest;
    const du_fleet_rules_t *rules;
    du_record_queue_t *queue;
    apr_pool_t *pool;
    apr_array_header_t *sightings; /* of du_sighting_t */
    apr_array_header_t *moved;     /* of du_record_source_t * */
    apr_int64_t bad;
    int is_last;
    du_fleet_result_t result;
} batch_t;

/* How the records are found. */
typedef struct target_t {
    const char *files, *node; /* all that waits there */
    const char *path;         /* or this one */
} target_t;

du_ingest_t *du_ingest_make(du_store_t *store, apr_pool_t *pool)
{
    du_ingest_t *ingest = apr_pcalloc(pool, sizeof(*ingest));

    ingest->store = store;
    ingest->pool = pool;
    apr_pool_create(&ingest->known_pool, pool);
    return ingest;
}

/*
 * How far files were read
 */

static void note_position(du_ingest_t *ingest, const char *name, apr_off_t position)
{
    apr_off_t *kept = apr_hash_get(ingest->known, name, APR_HASH_KEY_STRING);

    if (!kept) {
        kept = apr_palloc(ingest->known_pool, sizeof(*kept));
        apr_hash_set(ingest->known, apr_pstrdup(ingest->known_pool, name), APR_HASH_KEY_STRING, kept);
    }
    *kept = position;
}

static apr_status_t take_position(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)row_pool;
    note_position(baton, columns[0], apr_atoi64(columns[1]));
    return APR_SUCCESS;
}

/* Once; after that this is who changes them, and finds out if it is not. */
static apr_status_t read_positions(du_ctx_t *ctx, du_ingest_t *ingest)
{
    apr_status_t rv;

    if (ingest->known) {
        return APR_SUCCESS;
    }
    apr_pool_clear(ingest->known_pool);
    ingest->known = apr_hash_make(ingest->known_pool);
    rv = du_db_select(ctx, ingest->store->db, DU_SQL_READINGS, NULL, take_position, ingest);
    if (rv != APR_SUCCESS) {
        ingest->known = NULL;
    }
    return rv;
}

static apr_status_t check_position(du_ctx_t *ctx, const batch_t *batch, const du_record_source_t *source)
{
    const char *args[] = {source->name, NULL};
    apr_array_header_t *texts;
    apr_status_t rv = du_store_texts(ctx, batch->ingest->store, DU_SQL_READING, args, batch->pool, &texts);

    if (rv == APR_SUCCESS &&
        source->known != (texts->nelts ? apr_atoi64(APR_ARRAY_IDX(texts, 0, const char *)) : 0)) {
        rv = DU_E_CONFLICT;
    }
    return rv;
}

static apr_status_t save_position(du_ctx_t *ctx, const batch_t *batch, const du_record_source_t *source)
{
    const char *args[] = {source->name, du_text_number(batch->pool, source->position),
                          du_text_number(batch->pool, du_now(ctx)), NULL};

    return du_db_execute(ctx, batch->ingest->store->db, DU_SQL_READING_SAVE, args, NULL);
}

/*
 * One batch
 */

/* 1 if the line belongs to those that are named: the first few. */
static int is_named(const du_ingest_report_t *report)
{
    return report->nnamed < DU_INGEST_NAMED;
}

static void name_line(du_ctx_t *ctx, du_ingest_report_t *report, const char *path, apr_int64_t line)
{
    if (is_named(report)) {
        report->named[report->nnamed++] = (du_ingest_line_t){apr_pstrdup(ctx->pool, path), line};
    }
}

/* 1 if this record begins another batch; it is taken into this one all the same. */
static int is_full(const batch_t *batch, apr_off_t bytes)
{
    int count = batch->sightings->nelts;
    const du_sighting_t *first = (const du_sighting_t *)batch->sightings->elts, *last = first + count - 1;

    return count >= BATCH_MAX || bytes >= BATCH_BYTES ||
           (count >= BATCH_LEAST && first->record.time / HOUR != last->record.time / HOUR);
}

/* Reads a batch. Bad lines are named in the report, which a batch that fails leaves as it was but for that. */
static void collect(du_ctx_t *ctx, batch_t *batch, du_ingest_report_t *report)
{
    apr_off_t bytes = 0;

    batch->sightings = apr_array_make(batch->pool, 1024, sizeof(du_sighting_t));
    batch->bad = 0;
    for (;;) {
        du_sighting_t sighting;
        du_record_source_t *source;
        apr_int64_t line;
        apr_status_t rv =
            du_record_queue_next(ctx, batch->queue, is_named(report), batch->pool, &sighting.record, &source, &line);

        if (rv == APR_EOF) {
            batch->is_last = 1;
            return;
        }
        bytes += source->line_size;
        if (rv != APR_SUCCESS) {
            batch->bad++;
            name_line(ctx, report, source->path, line);
        } else if (du_record_is_phone(&sighting.record)) {
            sighting.source = source;
            APR_ARRAY_PUSH(batch->sightings, du_sighting_t) = sighting;
            if (is_full(batch, bytes)) {
                return;
            }
        }
    }
}

static apr_status_t commit(du_ctx_t *ctx, void *baton)
{
    batch_t *batch = baton;
    du_store_t *store = batch->ingest->store;
    apr_status_t rv = du_fleet_lock(ctx, store);

    for (int i = 0; i < batch->moved->nelts && rv == APR_SUCCESS; i++) {
        rv = check_position(ctx, batch, APR_ARRAY_IDX(batch->moved, i, du_record_source_t *));
    }
    if (rv == APR_SUCCESS) {
        rv = du_fleet_take(ctx, store, batch->rules, batch->sightings, batch->pool, &batch->result);
    }
    for (int i = 0; i < batch->moved->nelts && rv == APR_SUCCESS; i++) {
        rv = save_position(ctx, batch, APR_ARRAY_IDX(batch->moved, i, du_record_source_t *));
    }
    return rv;
}

/* The batch is in the store. */
static void account(batch_t *batch, du_ingest_report_t *report)
{
    for (int i = 0; i < batch->moved->nelts; i++) {
        const du_record_source_t *source = APR_ARRAY_IDX(batch->moved, i, du_record_source_t *);

        note_position(batch->ingest, source->name, source->position);
    }
    du_record_queue_done(batch->queue);
    report->good += batch->sightings->nelts;
    report->bad += batch->bad;
    report->new_phones += batch->result.new_phones;
    report->merged += batch->result.merged;
    report->over += batch->result.over;
    report->strange += batch->result.strange;
}

static apr_status_t run_batch(du_ctx_t *ctx, batch_t *batch, du_ingest_report_t *report)
{
    apr_status_t rv = APR_SUCCESS;

    collect(ctx, batch, report);
    batch->result = (du_fleet_result_t){0};
    batch->moved = du_record_queue_moved(batch->queue, batch->pool);
    if (batch->moved->nelts > 0) {
        rv = du_db_transaction(ctx, batch->ingest->store->db, commit, batch);
    }
    if (rv == APR_SUCCESS) {
        account(batch, report);
    }
    return rv;
}

/*
 * All of it
 */

static apr_status_t open_queue(du_ctx_t *ctx, du_ingest_t *ingest, const target_t *target, apr_pool_t *pool,
                               du_record_queue_t **queue)
{
    return target->path ? du_record_queue_open_file(ctx, target->path, ingest->known, pool, queue)
                        : du_record_queue_open(ctx, target->files, target->node, ingest->known, pool, queue);
}

/* Reads to the end of what waits now. DU_E_CONFLICT if somebody else reads, too. */
static apr_status_t drain(du_ctx_t *ctx, du_ingest_t *ingest, const target_t *target, du_ingest_report_t *report)
{
    apr_pool_t *pool, *queue_pool;
    batch_t batch = {.ingest = ingest};
    du_fleet_rules_t *rules = NULL;
    apr_status_t rv;

    apr_pool_create(&pool, ingest->pool);
    apr_pool_create(&queue_pool, pool);
    apr_pool_create(&batch.pool, pool);
    rv = du_fleet_rules_read(ctx, ingest->store, pool, &rules);
    if (rv == APR_SUCCESS) {
        rv = open_queue(ctx, ingest, target, queue_pool, &batch.queue);
    }
    batch.rules = rules;
    while (rv == APR_SUCCESS && !batch.is_last) {
        apr_pool_clear(batch.pool);
        rv = run_batch(ctx, &batch, report);
    }
    apr_pool_destroy(pool);
    return rv;
}

static apr_status_t run(du_ctx_t *ctx, du_ingest_t *ingest, const target_t *target, du_ingest_report_t *report)
{
    apr_status_t rv = DU_E_CONFLICT;

    memset(report, 0, sizeof(*report));
    du_db_expect_many(ingest->store->db);
    for (int tries = 0; tries < TRIES && rv == DU_E_CONFLICT; tries++) {
        int named = report->nnamed;

        rv = read_positions(ctx, ingest);
        if (rv == APR_SUCCESS) {
            rv = drain(ctx, ingest, target, report);
        }
        if (rv != APR_SUCCESS) {
            ingest->known = NULL;
        }
        report->nnamed = rv == DU_E_CONFLICT ? named : report->nnamed;
    }
    if (rv == DU_E_CONFLICT) {
        du_fail(ctx, rv, DUNO(0941), "somebody else reads the same records, and was faster %d times", TRIES);
    }
    return rv;
}

/* What has nothing to do with records, but with their age. */
static apr_status_t tidy(du_ctx_t *ctx, void *baton)
{
    const du_ingest_t *ingest = baton;
    const char *args[] = {du_text_number(ctx->pool, du_now(ctx) - READING_AGE), NULL};
    apr_status_t rv = du_fleet_lock(ctx, ingest->store);

    if (rv == APR_SUCCESS) {
        rv = du_fleet_drop_empty(ctx, ingest->store);
    }
    return rv == APR_SUCCESS ? du_db_execute(ctx, ingest->store->db, DU_SQL_READINGS_DELETE, args, NULL) : rv;
}

static apr_status_t tidy_daily(du_ctx_t *ctx, du_ingest_t *ingest)
{
    apr_time_t now = du_now(ctx);
    du_fleet_rules_t *rules;
    apr_status_t rv;

    if (ingest->tidied && now - ingest->tidied < DAY && now >= ingest->tidied) {
        return APR_SUCCESS;
    }
    rv = du_fleet_rules_read(ctx, ingest->store, ctx->pool, &rules);
    if (rv == APR_SUCCESS) {
        rv = du_fleet_forget_users(ctx, ingest->store, rules);
    }
    if (rv == APR_SUCCESS) {
        rv = du_db_transaction(ctx, ingest->store->db, tidy, ingest);
    }
    if (rv == APR_SUCCESS) {
        ingest->tidied = now;
        ingest->known = NULL;
    }
    return rv;
}

apr_status_t du_ingest_run(du_ctx_t *ctx, du_ingest_t *ingest, const char *files, const char *node,
                           du_ingest_report_t *report)
{
    const target_t target = {files, node, NULL};
    apr_status_t rv = run(ctx, ingest, &target, report);

    return rv == APR_SUCCESS ? tidy_daily(ctx, ingest) : rv;
}

apr_status_t du_ingest_file(du_ctx_t *ctx, du_ingest_t *ingest, const char *path, du_ingest_report_t *report)
{
    const target_t target = {NULL, NULL, path};

    return run(ctx, ingest, &target, report);
}

void du_ingest_add(du_ingest_report_t *sum, const du_ingest_report_t *report)
{
    sum->good += report->good;
    sum->bad += report->bad;
    sum->new_phones += report->new_phones;
    sum->merged += report->merged;
    sum->over += report->over;
    sum->strange += report->strange;
    for (int i = 0; i < report->nnamed && sum->nnamed < DU_INGEST_NAMED; i++) {
        sum->named[sum->nnamed++] = report->named[i];
    }
}
