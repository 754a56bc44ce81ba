/*
 * The keeper: the process of a node that looks at the store and keeps the rule set (house.md D1).
 *
 * It is a process and no thread, because a database may accept a connection and never answer, and nothing ends a thread
 * that waits for that. A process ends itself by an alarm; httpd's main process makes a new one, and neither a start nor
 * a restart nor a stop of httpd waits for a database. Phones never see any of it.
 */
#include "mod_devupdate.h"

#include <signal.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <ap_listen.h>
#include <ap_mpm.h>
#include <apr_atomic.h>
#include <apr_shm.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <http_core.h>
#include <http_log.h>
#include <mpm_common.h>

#include "du_store.h"

#define PROCESS_NAME "devupdate-node" /* what ps and top show; at most 15 characters */

/* How long a restart of httpd waits for the first rule set at most: nobody accepts connections meanwhile. */
#define RESTART_WAIT apr_time_from_sec(2)

#define KINDNESS 10 /* of a process that has time: phones come first */

/* Exit status of a process whose store does not answer. httpd hands on numbers without saying whether they are a status or
 * a signal, and gives a meaning to some: this is no signal and none of those. */
#define GAVE_UP 99

/* In memory that all processes share, over restarts, too. */
struct du_store_state_t {
    volatile apr_uint32_t is_down;   /* the store failed, and that has been said */
    volatile apr_uint32_t is_unread; /* likewise what it means for the records of phones */
};

struct du_keeper_t {
    du_node_t *node;
    du_store_state_t *state;
    apr_file_t *wake_in, *wake_out; /* a byte asks for a new rule set; closed by everybody, httpd is gone */

    /* in the main process */
    apr_pool_t *pool; /* of the record of the process; cleared with each new one */
    apr_proc_t *process;

    /* in the process itself */
    apr_pool_t *store_pool;
    du_store_t *store; /* NULL while there is no connection */
    apr_int64_t kept;  /* generation of the kept rule set; -1 = not known or not to be trusted */
};

/*
 * One look at the store
 */

/* Downloads are counted by the models that rules name. Before the rule set is kept, so that no child is faster. */
static void name_models(const du_node_t *node, const du_snapshot_t *snapshot)
{
    for (int i = 0; i < snapshot->rules->nelts; i++) {
        const du_key_t *key = &APR_ARRAY_IDX(snapshot->rules, i, du_rule_t).key;

        du_stats_add_model(node->stats, key->brand, key->model);
    }
}

static const int ending[] = {SIGTERM, SIGHUP, SIGINT};

/* A signal that ends the process waits until nothing temporary is on the disk. */
static apr_status_t keep(du_ctx_t *ctx, const du_node_t *node, const void *block, apr_size_t len)
{
    sigset_t now, before;
    apr_status_t rv;

    sigemptyset(&now);
    for (unsigned i = 0; i < sizeof(ending) / sizeof(*ending); i++) {
        sigaddset(&now, ending[i]);
    }
    sigprocmask(SIG_BLOCK, &now, &before);
    rv = du_ruleset_keep(ctx, node->ruleset_path, block, len);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return rv;
}

/* The settings of the site of this node. One that does not exist (any more) is said once. */
static apr_status_t read_settings(du_ctx_t *ctx, du_node_t *node, du_store_t *store, du_settings_t *settings)
{
    const char *site = du_conf_site(node->server);
    apr_status_t rv = du_store_settings_in_force(ctx, store, site, ctx->pool, settings);

    if (rv != DU_E_NOT_FOUND) {
        if (rv == APR_SUCCESS && node->has_no_site) {
            du_log(ctx, DU_LOG_NOTICE, DUNO(0123), "there is a site %s now, its settings hold", site);
            node->has_no_site = 0;
        }
        return rv;
    }
    ctx->failure = (du_failure_t){0};
    if (!node->has_no_site) {
        du_log(ctx, DU_LOG_WARNING, DUNO(0122), "there is no site %s (DevUpdateSite), the global settings hold",
               site);
    }
    node->has_no_site = 1;
    return APR_SUCCESS;
}

/* Compiles what the store holds and keeps it. */
static apr_status_t compile(du_ctx_t *ctx, du_node_t *node, du_store_t *store, apr_int64_t *generation)
{
    du_snapshot_t snapshot;
    const void *block;
    apr_size_t len;
    apr_status_t rv = du_store_snapshot(ctx, store, ctx->pool, &snapshot);

    if (rv == APR_SUCCESS) {
        rv = read_settings(ctx, node, store, &snapshot.settings);
    }
    if (rv == APR_SUCCESS) {
        rv = du_ruleset_compile(ctx, &snapshot, &node->dialects, ctx->pool, &block, &len);
    }
    if (rv == APR_SUCCESS) {
        name_models(node, &snapshot);
        rv = keep(ctx, node, block, len);
    }
    if (rv == APR_SUCCESS) {
        *generation = snapshot.generation;
        du_log(ctx, DU_LOG_INFO, DUNO(0501),
               "rule set of generation %" APR_INT64_T_FMT " compiled: %d rules, %" APR_SIZE_T_FMT " bytes",
               snapshot.generation, snapshot.rules->nelts, len);
    }
    return rv;
}

/* 1 if the file that children load is there; somebody may have removed it. */
static int is_kept(du_ctx_t *ctx, const du_node_t *node)
{
    apr_finfo_t info;

    return apr_stat(&info, node->ruleset_path, APR_FINFO_TYPE, ctx->pool) == APR_SUCCESS;
}

static void disconnect(du_keeper_t *keeper)
{
    if (keeper->store) {
        du_store_close(keeper->store);
        keeper->store = NULL;
    }
}

/* A store that was away may have come back as another one with the same generation, so its rule set is made anew. */
static apr_status_t connect_store(du_ctx_t *ctx, du_keeper_t *keeper)
{
    if (keeper->store && du_store_is_replaced(ctx, keeper->store)) {
        disconnect(keeper);
    }
    if (keeper->store) {
        return APR_SUCCESS;
    }
    keeper->kept = -1;
    apr_pool_clear(keeper->store_pool);
    return du_store_open(ctx, du_conf_store(keeper->node->server), keeper->store_pool, &keeper->store);
}

static apr_status_t look_at_store(du_ctx_t *ctx, du_keeper_t *keeper)
{
    apr_int64_t generation;
    apr_status_t rv = connect_store(ctx, keeper);

    if (rv == APR_SUCCESS) {
        rv = du_store_generation(ctx, keeper->store, &generation);
    }
    if (rv == APR_SUCCESS && (generation != keeper->kept || !is_kept(ctx, keeper->node))) {
        rv = compile(ctx, keeper->node, keeper->store, &generation);
        keeper->kept = rv == APR_SUCCESS ? generation : -1;
    }
    if (rv != APR_SUCCESS) {
        disconnect(keeper);
    }
    return rv;
}

/* A store that is away is said once, and once more when it is back; phones notice nothing. */
static void say_down(du_ctx_t *ctx, du_store_state_t *state)
{
    if (apr_atomic_xchg32(&state->is_down, 1) == 0) {
        du_report(ctx, DU_LOG_WARNING);
        du_log(ctx, DU_LOG_WARNING, DUNO(0502), "the rule set stays as it is for now");
    }
}

/* The first look at a start is the main process's to judge (DU0506). */
static apr_status_t take_turn(du_ctx_t *ctx, du_keeper_t *keeper, int is_first)
{
    apr_status_t rv = look_at_store(ctx, keeper);

    if (rv != APR_SUCCESS && is_first) {
        keeper->state->is_down = 1;
        du_report(ctx, DU_LOG_WARNING);
    } else if (rv != APR_SUCCESS) {
        say_down(ctx, keeper->state);
    } else if (apr_atomic_xchg32(&keeper->state->is_down, 0)) {
        du_log(ctx, DU_LOG_NOTICE, DUNO(0503), "the store can be read and the rule set be kept again");
    }
    return rv;
}

/* A process that reads records comes from one without a connection. The store is the same afterwards, so what is known of it
 * stays; one that does not answer any more is for the next look. */
static void see_to_reader(du_ctx_t *ctx, du_keeper_t *keeper, du_reader_t *reader)
{
    apr_int64_t kept = keeper->kept;

    if (!du_reader_is_needed(reader, du_now(ctx))) {
        return;
    }
    disconnect(keeper);
    du_reader_start(ctx, reader);
    if (kept >= 0 && connect_store(ctx, keeper) == APR_SUCCESS) {
        keeper->kept = kept;
    }
    ctx->failure = (du_failure_t){0};
}

/*
 * The process
 */

/* A du_waiting_fn. */
static void limit_waiting(void *server, int begins)
{
    alarm(begins ? (unsigned)du_conf_store_timeout(server) : 0);
}

/* Nothing can be said here, and nothing be closed: the main process sees to both. */
static void give_up(int signal_number)
{
    (void)signal_number;
    _exit(GAVE_UP);
}

/* What httpd's main process does at a signal is not for this process, nor are its sockets and rights. */
static int settle_down(du_keeper_t *keeper, apr_pool_t *pool)
{
    for (unsigned i = 0; i < sizeof(ending) / sizeof(*ending); i++) {
        apr_signal(ending[i], SIG_DFL);
    }
    apr_signal(SIGUSR1, SIG_IGN);
    apr_signal(SIGWINCH, SIG_IGN);
    apr_signal(SIGALRM, give_up);
    apr_signal_unblock(SIGALRM);
#ifdef PR_SET_NAME
    prctl(PR_SET_NAME, PROCESS_NAME, 0, 0, 0);
#endif
    (void)!nice(KINDNESS);
    ap_close_listeners();
    apr_file_close(keeper->wake_out);
    return ap_run_drop_privileges(pool, keeper->node->server) == OK;
}

/* Until it is time for the next look, or a child asks for a new rule set. 0 if nobody is left to look for. */
static int rest(du_keeper_t *keeper)
{
    char asked[64];
    apr_size_t len = sizeof(asked);
    apr_status_t rv = apr_file_read(keeper->wake_in, asked, &len);

    if (rv == APR_SUCCESS) {
        keeper->kept = -1;
    }
    return rv == APR_SUCCESS || APR_STATUS_IS_TIMEUP(rv) || APR_STATUS_IS_EINTR(rv);
}

/* The life of the process. `report` is told the outcome of the first look; NULL if nobody waits for it. */
static void live(du_keeper_t *keeper, apr_file_t *report)
{
    apr_interval_time_t pause = apr_time_from_sec(du_conf_refresh(keeper->node->server));
    du_cleaner_t *cleaner;
    du_reader_t *reader;
    apr_pool_t *pool, *cleaner_pool;

    apr_pool_create(&pool, NULL);
    apr_pool_create(&cleaner_pool, NULL);
    apr_pool_create(&keeper->store_pool, NULL);
    cleaner = du_cleaner_make(keeper->node, cleaner_pool);
    reader = du_reader_make(keeper->node, &keeper->state->is_unread, cleaner_pool);
    if (!settle_down(keeper, pool)) {
        return;
    }
    apr_file_pipe_timeout_set(keeper->wake_in, pause);
    if (!report && !rest(keeper)) { /* after a death: however this one ends, there are not many in a second */
        return;
    }
    do {
        du_ctx_t *ctx = du_ctx_for_server(keeper->node->server, pool);

        ctx->waiting = limit_waiting;
        if (take_turn(ctx, keeper, report != NULL) == APR_SUCCESS && report) {
            apr_file_putc('.', report);
        }
        if (report) {
            apr_file_close(report);
            report = NULL;
        }
        see_to_reader(ctx, keeper, reader);
        du_cleaner_look(ctx, cleaner, keeper->store);
        apr_pool_clear(pool);
    } while (rest(keeper));
}

/*
 * In the main process
 */

static void watch_process(int reason, void *data, apr_wait_t status);

static apr_status_t start_process(du_ctx_t *ctx, du_keeper_t *keeper, apr_file_t *report)
{
    apr_status_t rv;

    apr_pool_clear(keeper->pool);
    keeper->process = apr_pcalloc(keeper->pool, sizeof(*keeper->process));
    rv = apr_proc_fork(keeper->process, keeper->pool);
    if (rv == APR_INCHILD) {
        live(keeper, report);
        _exit(0); /* the pools are the main process's */
    }
    if (rv != APR_INPARENT) {
        return du_fail(ctx, rv, DUNO(0508), "no process can be made that looks at the store: %pm", (void *)&rv);
    }
    apr_pool_note_subprocess(keeper->pool, keeper->process, APR_KILL_AFTER_TIMEOUT);
    apr_proc_other_child_register(keeper->process, watch_process, keeper, NULL, keeper->pool);
    return APR_SUCCESS;
}

static void say_death(du_ctx_t *ctx, const du_keeper_t *keeper, apr_wait_t status)
{
    if (status == GAVE_UP) {
        du_fail(ctx, DU_E_STORE, DUNO(0507), "the store has not answered for %" APR_INT64_T_FMT " seconds",
                du_conf_store_timeout(keeper->node->server));
        say_down(ctx, keeper->state);
    } else if (status != SIGTERM && status != SIGHUP &&
               status != SIGINT) { /* httpd's end may reach it before httpd */
        du_log(ctx, DU_LOG_WARNING, DUNO(0516),
               "the process that looks at the store ended with signal or status %d, a new one is made", status);
    }
}

static void replace_process(du_keeper_t *keeper, apr_wait_t status)
{
    int state;
    apr_pool_t *pool;
    du_ctx_t *ctx;

    if (ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS || state == AP_MPMQ_STOPPING) {
        return;
    }
    apr_pool_create(&pool, NULL);
    ctx = du_ctx_for_server(keeper->node->server, pool);
    say_death(ctx, keeper, status);
    if (start_process(ctx, keeper, NULL) != APR_SUCCESS) {
        du_report(ctx, DU_LOG_ERROR);
    }
    apr_pool_destroy(pool);
}

/* Called by APR when the process has ended. When httpd ends or restarts, its pool's end ends the process. */
static void watch_process(int reason, void *data, apr_wait_t status)
{
    if (reason == APR_OC_REASON_DEATH || reason == APR_OC_REASON_LOST) {
        apr_proc_other_child_unregister(data);
        replace_process(data, status);
    } else if (reason == APR_OC_REASON_RESTART) {
        apr_proc_other_child_unregister(data);
    }
}

/* Zeroed when httpd starts; a restart finds it as it was. */
static apr_status_t share_state(server_rec *s, du_store_state_t **state, int *is_restart)
{
    static const char key[] = "mod_devupdate_store_state";
    du_store_state_t **retained = ap_retained_data_get(key);
    apr_shm_t *shm;
    apr_status_t rv;

    *is_restart = retained != NULL;
    if (!retained) {
        rv = apr_shm_create(&shm, sizeof(**retained), NULL, s->process->pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        retained = ap_retained_data_create(key, sizeof(*retained));
        *retained = memset(apr_shm_baseaddr_get(shm), 0, sizeof(**retained));
    }
    *state = *retained;
    return APR_SUCCESS;
}

static apr_status_t make_pipe(apr_file_t **in, apr_file_t **out, apr_pool_t *pool)
{
    apr_status_t rv = apr_file_pipe_create_ex(in, out, APR_FULL_NONBLOCK, pool);

    if (rv == APR_SUCCESS) {
        apr_file_inherit_unset(*in);
        apr_file_inherit_unset(*out);
    }
    return rv;
}

/* What the first look ended with, waited for no longer than that. */
static apr_status_t await_report(apr_file_t *report, apr_interval_time_t limit)
{
    char c;

    apr_file_pipe_timeout_set(report, limit);
    return apr_file_getc(&c, report);
}

/* Starts the process and lets it look at the store once before any phone is answered. APR_SUCCESS also if that look fails,
 * which is in *first. */
static apr_status_t start_and_wait(du_ctx_t *ctx, du_keeper_t *keeper, apr_interval_time_t limit, apr_status_t *first)
{
    apr_file_t *in, *out;
    apr_status_t rv = make_pipe(&in, &out, ctx->pool);

    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0517), "no pipe to the process that looks at the store: %pm", (void *)&rv);
    }
    rv = start_process(ctx, keeper, out);
    apr_file_close(out);
    if (rv == APR_SUCCESS) {
        *first = await_report(in, limit);
    }
    apr_file_close(in);
    return rv;
}

/* A store that was already away when httpd was restarted is not waited for. */
static apr_interval_time_t longest_wait(const du_keeper_t *keeper, int is_restart)
{
    apr_interval_time_t limit = apr_time_from_sec(du_conf_store_timeout(keeper->node->server) + 1);

    if (!is_restart) {
        return limit;
    }
    return keeper->state->is_down ? 0 : limit < RESTART_WAIT ? limit : RESTART_WAIT;
}

apr_status_t du_keeper_start(du_ctx_t *ctx, du_node_t *node, apr_pool_t *pconf)
{
    du_keeper_t *keeper = apr_pcalloc(pconf, sizeof(*keeper));
    int is_restart;
    apr_status_t first = APR_EGENERAL, rv = share_state(node->server, &keeper->state, &is_restart);

    if (rv == APR_SUCCESS) {
        rv = make_pipe(&keeper->wake_in, &keeper->wake_out, pconf);
    }
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0518), "the process that looks at the store cannot be prepared: %pm",
                       (void *)&rv);
    }
    node->keeper = keeper;
    keeper->node = node;
    keeper->kept = -1;
    apr_pool_create(&keeper->pool, pconf);
    rv = start_and_wait(ctx, keeper, longest_wait(keeper, is_restart), &first);
    if (rv == APR_SUCCESS && first != APR_SUCCESS) {
        du_log(ctx, DU_LOG_WARNING, DUNO(0506),
               is_kept(ctx, node) ? "phones are served from the kept rule set"
                                  : "there is no kept rule set, phones are told to come again");
    }
    return rv;
}

int du_keeper_ask(const du_keeper_t *keeper)
{
    apr_size_t len = 1;

    apr_file_write(keeper->wake_out, ".", &len); /* if the pipe is full, it has been asked often enough */
    return !keeper->state->is_down;
}
