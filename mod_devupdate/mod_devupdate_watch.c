#include "mod_devupdate.h"

#include <apr_atomic.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>

#include "du_file.h"
#include "du_setting.h"
#include "du_store.h"

#define RULESET_DIR     "DeviceUpdateRules"
#define NOTICE_INTERVAL apr_time_from_sec(1) /* how often a child looks whether there is a new rule set */

/* Names of the two watchdogs. The node's runs in one child only, the other in every child. */
#define NODE_WATCHDOG  "_devupdate_node_"
#define CHILD_WATCHDOG "_devupdate_child_"

/*
 * The node: looks at the store and keeps the rule set
 */

/* The node's connection to the store, in whichever process the watchdog runs. */
struct du_keeper_t {
    du_node_t *node;
    apr_pool_t *pool;  /* of the connection; below APR's root, because only this thread uses it */
    du_store_t *store; /* NULL while there is no connection */
    apr_int64_t kept;  /* generation of the kept rule set; -1 = not known or not to be trusted */
    int is_down;       /* the store failed, and that has been said */
};

/* Downloads are counted by the models that rules name. Before the rule set is kept, so that no child is faster. */
static void name_models(const du_node_t *node, const du_snapshot_t *snapshot)
{
    for (int i = 0; i < snapshot->rules->nelts; i++) {
        const du_key_t *key = &APR_ARRAY_IDX(snapshot->rules, i, du_rule_t).key;

        du_stats_add_model(node->stats, key->brand, key->model);
    }
}

/* Compiles what the store holds and keeps it. */
static apr_status_t compile(du_ctx_t *ctx, const du_node_t *node, du_store_t *store, apr_int64_t *generation)
{
    du_snapshot_t snapshot;
    const void *block;
    apr_size_t len;
    apr_status_t rv = du_store_snapshot(ctx, store, ctx->pool, &snapshot);

    if (rv == APR_SUCCESS) {
        rv = du_ruleset_compile(ctx, &snapshot, &node->dialects, ctx->pool, &block, &len);
    }
    if (rv == APR_SUCCESS) {
        name_models(node, &snapshot);
        rv = du_ruleset_keep(ctx, node->ruleset_path, block, len);
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

static apr_status_t look_at_store(du_ctx_t *ctx, du_keeper_t *keeper)
{
    apr_int64_t generation;
    apr_status_t rv = APR_SUCCESS;

    if (!keeper->store) {
        apr_pool_clear(keeper->pool);
        rv = du_store_open(ctx, du_conf_store(keeper->node->server), keeper->pool, &keeper->store);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_generation(ctx, keeper->store, &generation);
    }
    if (rv == APR_SUCCESS && (generation != keeper->kept || !is_kept(ctx, keeper->node))) {
        rv = compile(ctx, keeper->node, keeper->store, &generation);
        keeper->kept = rv == APR_SUCCESS ? generation : -1;
    }
    if (rv != APR_SUCCESS && keeper->store) {
        du_store_close(keeper->store);
        keeper->store = NULL;
    }
    return rv;
}

/* A store that is away is said once, and once more when it is back; phones notice nothing. */
static apr_status_t watch_store(int state, void *data, apr_pool_t *pool)
{
    du_keeper_t *keeper = data;
    du_ctx_t *ctx = du_ctx_for_server(keeper->node->server, pool);

    if (state != AP_WATCHDOG_STATE_RUNNING) {
        return APR_SUCCESS;
    }
    if (apr_atomic_xchg32(&keeper->node->is_damaged, 0)) {
        keeper->kept = -1;
    }
    if (look_at_store(ctx, keeper) != APR_SUCCESS) {
        if (!keeper->is_down) {
            du_report(ctx, DU_LOG_WARNING);
            du_log(ctx, DU_LOG_WARNING, DUNO(0502), "the rule set stays as it is until the store can be read again");
        }
        keeper->is_down = 1;
    } else if (keeper->is_down) {
        du_log(ctx, DU_LOG_NOTICE, DUNO(0503), "the store can be read again");
        keeper->is_down = 0;
    }
    return APR_SUCCESS;
}

/*
 * A child: notices a new rule set
 */

static apr_status_t watch_ruleset(int state, void *data, apr_pool_t *pool)
{
    du_node_t *node = data;
    du_ctx_t *ctx = du_ctx_for_server(node->server, pool);
    apr_status_t rv;

    if (state != AP_WATCHDOG_STATE_RUNNING || !node->current) {
        return APR_SUCCESS;
    }
    rv = du_current_refresh(ctx, node->current);
    if (rv != APR_SUCCESS && rv != DU_E_NOTHING) {
        apr_atomic_set32(&node->is_damaged, 1);
        du_report(ctx, DU_LOG_WARNING);
    }
    return APR_SUCCESS;
}

static apr_status_t start_watchdog(apr_pool_t *pconf, const char *name, int is_singleton,
                                   apr_interval_time_t interval, void *data, ap_watchdog_callback_fn_t *callback)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t rv = get(&watchdog, name, 0, is_singleton, pconf);

    return rv == APR_SUCCESS ? add(watchdog, interval, data, callback) : rv;
}

/*
 * Start
 */

static const char *default_node_name(apr_pool_t *pool)
{
    char *name = apr_pcalloc(pool, APRMAXHOSTLEN + 1);

    return apr_gethostname(name, APRMAXHOSTLEN, pool) == APR_SUCCESS && *name ? name : "localhost";
}

/* Zeroed anonymous memory that children inherit. It is new with every restart. */
static apr_status_t share(apr_pool_t *pconf, apr_size_t size, void **memory)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, size, NULL, pconf);

    if (rv == APR_SUCCESS) {
        *memory = memset(apr_shm_baseaddr_get(shm), 0, size);
    }
    return rv;
}

static apr_status_t share_memory(apr_pool_t *pconf, du_node_t *node)
{
    void *throttle, *stats, *usage;
    apr_status_t rv = share(pconf, sizeof(*node->throttle), &throttle);

    if (rv == APR_SUCCESS) {
        rv = share(pconf, sizeof(*node->stats), &stats);
    }
    if (rv == APR_SUCCESS) {
        rv = share(pconf, sizeof(*node->usage), &usage);
    }
    if (rv == APR_SUCCESS) {
        node->throttle = throttle;
        node->stats = stats;
        node->usage = usage;
    }
    return rv;
}

static apr_status_t make_node(du_ctx_t *ctx, apr_pool_t *pconf, server_rec *s, du_node_t **made)
{
    du_node_t *node = apr_pcalloc(pconf, sizeof(*node));
    const char *files = du_conf_files(s);
    apr_status_t rv = du_conf_dialects(ctx, s, pconf, &node->dialects);

    node->server = s;
    node->name = du_conf_node_name(s) ? du_conf_node_name(s) : default_node_name(pconf);
    node->ruleset_path = apr_pstrcat(pconf, files, "/" RULESET_DIR "/", node->name, ".ruleset", NULL);
    node->names = du_conf_names(s, pconf);
    node->upload_names = du_conf_upload_names(s, pconf);
    node->capture = du_conf_capture(s, pconf);
    *made = node;
    if (rv == APR_SUCCESS) {
        rv = du_file_make_dirs(files, RULESET_DIR, ctx->pool);
        if (rv != APR_SUCCESS) {
            return du_fail(ctx, rv, DUNO(0504), "the directory %s/" RULESET_DIR " cannot be made: %pm", files,
                           (void *)&rv);
        }
        rv = share_memory(pconf, node);
        if (rv != APR_SUCCESS) {
            return du_fail(ctx, rv, DUNO(0505), "no shared memory: %pm", (void *)&rv);
        }
    }
    return rv;
}

/* Names the models of the kept rule set. If it cannot be loaded, the children say so. */
static void name_kept_models(const du_node_t *node, apr_pool_t *pool)
{
    const du_ruleset_t *ruleset;
    du_key_t key;

    if (du_ruleset_load(du_ctx_make(pool), node->ruleset_path, pool, &ruleset) != APR_SUCCESS) {
        return;
    }
    for (apr_uint32_t i = 0; i < du_ruleset_count(ruleset); i++) {
        du_ruleset_key(ruleset, i, &key);
        du_stats_add_model(node->stats, key.brand, key.model);
    }
}

/* Compiles once before the children start; if the store does not answer, the kept rule set serves. */
static void compile_at_start(du_ctx_t *ctx, du_node_t *node)
{
    apr_int64_t generation;
    du_store_t *store;
    apr_status_t rv = du_store_open(ctx, du_conf_store(node->server), ctx->pool, &store);

    if (rv == APR_SUCCESS) {
        rv = compile(ctx, node, store, &generation);
        du_store_close(store);
    }
    node->is_stale = rv != APR_SUCCESS;
    if (node->is_stale) {
        du_report(ctx, DU_LOG_WARNING);
        du_log(ctx, DU_LOG_WARNING, DUNO(0506),
               is_kept(ctx, node) ? "phones are served from the kept rule set"
                                  : "there is no kept rule set, phones are told to come again");
        name_kept_models(node, ctx->pool);
    }
}

/* The keeper lives in every child, but the watchdog's lock lets only one of them run. */
static apr_status_t start_watchdogs(apr_pool_t *pconf, du_node_t *node)
{
    du_keeper_t *keeper = apr_pcalloc(pconf, sizeof(*keeper));
    apr_status_t rv;

    keeper->node = node;
    node->keeper = keeper;
    rv = start_watchdog(pconf, NODE_WATCHDOG, 1, apr_time_from_sec(du_conf_refresh(node->server)), keeper,
                        watch_store);
    return rv == APR_SUCCESS ? start_watchdog(pconf, CHILD_WATCHDOG, 0, NOTICE_INTERVAL, node, watch_ruleset) : rv;
}

int du_node_pre_start(apr_pool_t *pconf, server_rec *s)
{
    du_ctx_t *ctx = du_ctx_for_server(s, pconf);
    du_node_t *node;
    apr_status_t rv;

    if (!du_conf_is_in_use(s)) {
        return OK;
    }
    apr_pool_create(&ctx->pool, pconf);
    rv = make_node(ctx, pconf, s, &node);
    if (rv == APR_SUCCESS) {
        compile_at_start(ctx, node);
        rv = start_watchdogs(pconf, node);
    }
    for (server_rec *each = s; each; each = each->next) {
        du_conf(each)->runtime = node;
    }
    du_report(ctx, DU_LOG_ERROR);
    apr_pool_destroy(ctx->pool);
    return rv == APR_SUCCESS ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static du_upload_spool_t *make_spool(const server_rec *s, const du_node_t *node, apr_pool_t *pool)
{
    du_upload_limits_t limits = {du_conf_upload_quota(s), du_conf_device_quota(s), du_conf_min_free_space(s)};

    return du_upload_spool_make(du_conf_files(s), &limits, node->usage, pool);
}

/* What is missing after this is missing until the child ends, so it is said here and not with every request. */
void du_node_start_child(apr_pool_t *pchild, server_rec *s)
{
    du_node_t *node = du_conf(s)->runtime;
    du_ctx_t *ctx = du_ctx_for_server(s, pchild);
    const du_ruleset_t *ruleset;

    if (!node) {
        return;
    }
    if (du_current_make(ctx, node->ruleset_path, pchild, &node->current) == APR_SUCCESS) {
        du_current_refresh(ctx, node->current);
    }
    du_report(ctx, DU_LOG_WARNING);
    if (du_journal_open(ctx, du_conf_files(s), node->name, apr_atoi64(du_setting_default(DU_SET_MAX_LOG_FILE_SIZE)),
                        pchild, &node->journal) != APR_SUCCESS) {
        du_report(ctx, DU_LOG_ERROR);
    }
    node->spool = make_spool(s, node, pchild);
    apr_pool_create(&node->keeper->pool, NULL);
    ruleset = du_current_acquire(node->current);
    node->keeper->kept = ruleset && !node->is_stale ? du_ruleset_generation(ruleset) : -1;
    du_current_release(node->current, ruleset);
}
