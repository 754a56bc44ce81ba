/*
 * The reader: the process of a node that reads what phones did into the inventory (house.md D2), and says which rule set the
 * node has. It has time: a store that is away is tried again and again, and the files keep everything until then.
 *
 * It is a child of the keeper, with a connection of its own, and is started while the keeper has none: SQLite takes a
 * connection that came through a fork for one that holds locks which only the parent has.
 */
#include "mod_devupdate.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <apr_atomic.h>

#include "du_ingest.h"
#include "du_store_node.h"

#define PROCESS_NAME "devupdate-read" /* what ps and top show; at most 15 characters */

#define SAY_OVER_EVERY apr_time_from_sec(3600) /* that device-limit is reached */

struct du_reader_t {
    du_node_t *node;
    volatile apr_uint32_t *is_waiting; /* for the store, and that has been said; outlives processes */
    apr_pool_t *pool;                  /* of the connection */
    pid_t process;                     /* 0 = none */
    apr_time_t started;

    /* in the process itself */
    pid_t keeper;
    du_store_t *store; /* NULL while there is no connection */
    du_ingest_t *ingest;
    apr_time_t said_over;
    du_current_t *current; /* the rule set that children load */
    du_node_word_t said;   /* of the node, last */
};

/*
 * One turn
 */

static void disconnect(du_reader_t *reader)
{
    if (reader->store) {
        du_store_close(reader->store);
        reader->store = NULL;
    }
}

static apr_status_t connect_store(du_ctx_t *ctx, du_reader_t *reader)
{
    apr_status_t rv;

    if (reader->store && du_store_is_replaced(ctx, reader->store)) {
        disconnect(reader);
    }
    if (reader->store) {
        return APR_SUCCESS;
    }
    apr_pool_clear(reader->pool);
    rv = du_store_open(ctx, du_conf_store(reader->node->server), reader->pool, &reader->store);
    if (rv == APR_SUCCESS) {
        reader->ingest = du_ingest_make(reader->store, reader->pool);
    }
    return rv;
}

/* What was wrong with records, and with phones. */
static void say_report(du_ctx_t *ctx, du_reader_t *reader, const du_ingest_report_t *report)
{
    apr_time_t now = du_now(ctx);

    if (report->bad > 0) {
        du_log(ctx, DU_LOG_NOTICE, DUNO(0942),
               "%" APR_INT64_T_FMT " bad lines among the records of phones, the first one is line %" APR_INT64_T_FMT
               " of %s",
               report->bad, report->nnamed ? report->named[0].line : 0, report->nnamed ? report->named[0].path : "-");
    }
    if (report->over > 0 && (now < reader->said_over || now - reader->said_over > SAY_OVER_EVERY)) {
        du_log(ctx, DU_LOG_WARNING, DUNO(0945),
               "the inventory has as many phones as device-limit allows: %" APR_INT64_T_FMT
               " records of others are counted only",
               report->over);
        reader->said_over = now;
    }
}

/* That the store is away, or is of another version, is the keeper's warning; here it is only said what that means. */
static void say_waiting(du_ctx_t *ctx, const du_reader_t *reader, apr_status_t status)
{
    if (apr_atomic_xchg32(reader->is_waiting, 1) != 0) {
        ctx->failure = (du_failure_t){0};
    } else if (status == DU_E_STORE || status == DU_E_SCHEMA) {
        ctx->failure = (du_failure_t){0};
        du_log(ctx, DU_LOG_NOTICE, DUNO(0943), "the records of phones wait for the store, none is lost");
    } else {
        du_report(ctx, DU_LOG_WARNING);
    }
}

/* What there is to say of the node now. */
static apr_status_t look_at_node(du_ctx_t *ctx, const du_reader_t *reader, du_node_word_t *word)
{
    const du_ruleset_t *ruleset = du_current_acquire(reader->current);
    apr_int64_t generation = 0;
    apr_status_t rv = du_store_generation(ctx, reader->store, &generation);

    *word = (du_node_word_t){.name = reader->node->name, .seen = du_now(ctx), .generation = -1};
    if (ruleset) {
        word->generation = du_ruleset_generation(ruleset);
        word->compiled = du_ruleset_compiled(ruleset);
    }
    if (word->generation != generation) {
        word->behind_since = reader->said.behind_since ? reader->said.behind_since : word->seen;
    }
    du_current_release(reader->current, ruleset);
    return rv;
}

/* 1 if it is news, or was not said for long. */
static int is_worth_saying(const du_node_word_t *word, const du_node_word_t *said)
{
    return word->generation != said->generation || word->compiled != said->compiled ||
           word->behind_since != said->behind_since || word->seen < said->seen ||
           word->seen - said->seen >= DU_NODE_SAYS_EVERY;
}

static apr_status_t speak_for_node(du_ctx_t *ctx, du_reader_t *reader)
{
    du_node_word_t word;
    apr_status_t rv;

    du_current_refresh(ctx, reader->current);
    ctx->failure = (du_failure_t){0}; /* a rule set that cannot be loaded is for the children to say */
    rv = look_at_node(ctx, reader, &word);
    if (rv != APR_SUCCESS || !is_worth_saying(&word, &reader->said)) {
        return rv;
    }
    rv = du_store_node_says(ctx, reader->store, &word);
    if (rv == APR_SUCCESS) {
        reader->said = word;
    }
    return rv;
}

static void take_turn(du_ctx_t *ctx, du_reader_t *reader)
{
    du_ingest_report_t report = {0};
    apr_status_t rv = connect_store(ctx, reader);

    if (rv == APR_SUCCESS) {
        rv = speak_for_node(ctx, reader);
    }
    if (rv == APR_SUCCESS) {
        rv = du_ingest_run(ctx, reader->ingest, du_conf_files(reader->node->server), reader->node->name, &report);
    }
    say_report(ctx, reader, &report);
    if (rv != APR_SUCCESS) {
        disconnect(reader);
        say_waiting(ctx, reader, rv);
    } else if (apr_atomic_xchg32(reader->is_waiting, 0)) {
        du_log(ctx, DU_LOG_NOTICE, DUNO(0944), "the records of phones are read again");
    }
}

/*
 * The process
 */

/* The process of a keeper that has gone, by whatever death, ends with it: in the middle of a transaction if need be. */
static void settle_down(const du_reader_t *reader)
{
#ifdef PR_SET_NAME
    prctl(PR_SET_NAME, PROCESS_NAME, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
#endif
    if (getppid() != reader->keeper) {
        _exit(0);
    }
}

static void live(du_reader_t *reader, du_waiting_fn *waiting)
{
    apr_interval_time_t pause = apr_time_from_sec(du_conf_refresh(reader->node->server));
    apr_pool_t *pool, *own;

    settle_down(reader);
    apr_pool_create(&pool, NULL);
    apr_pool_create(&reader->pool, NULL);
    apr_pool_create(&own, NULL);
    if (du_current_make(du_ctx_for_server(reader->node->server, pool), reader->node->ruleset_path, own,
                        &reader->current) != APR_SUCCESS) {
        _exit(1);
    }
    while (getppid() == reader->keeper) {
        du_ctx_t *ctx = du_ctx_for_server(reader->node->server, pool);

        ctx->waiting = waiting;
        take_turn(ctx, reader);
        apr_pool_clear(pool);
        apr_sleep(pause);
    }
    _exit(0);
}

/*
 * In the keeper
 */

int du_reader_is_needed(du_reader_t *reader, apr_time_t now)
{
    if (reader->process != 0 && waitpid(reader->process, NULL, WNOHANG) == reader->process) {
        reader->process = 0;
    }
    return reader->process == 0 &&
           (now < reader->started ||
            now - reader->started >= apr_time_from_sec(du_conf_refresh(reader->node->server)));
}

void du_reader_start(du_ctx_t *ctx, du_reader_t *reader)
{
    reader->started = du_now(ctx);
    reader->process = fork();
    if (reader->process == 0) {
        live(reader, ctx->waiting);
    }
    if (reader->process == -1) {
        apr_status_t rv = errno;

        du_fail(ctx, rv, DUNO(0946), "no process can be made that reads what phones did: %pm", (void *)&rv);
        du_report(ctx, DU_LOG_WARNING);
        reader->process = 0;
    }
}

du_reader_t *du_reader_make(du_node_t *node, volatile apr_uint32_t *is_waiting, apr_pool_t *pool)
{
    du_reader_t *reader = apr_pcalloc(pool, sizeof(*reader));

    reader->node = node;
    reader->is_waiting = is_waiting;
    reader->keeper = getpid();
    return reader;
}
