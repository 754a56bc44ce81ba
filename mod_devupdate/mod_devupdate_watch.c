#include "mod_devupdate.h"

#include <apr_shm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "du_file.h"
#include "du_host.h"
#include "du_setting.h"

#define WATCHDOG        "_devupdate_child_"
#define NOTICE_INTERVAL apr_time_from_sec(1) /* how often a child looks whether there is a new rule set */

/* How long a new child waits for a rule set that is made anew, and between two looks. */
#define FIRST_WAIT apr_time_from_sec(2)
#define FIRST_LOOK apr_time_from_msec(20)

/*
 * A child: notices a new rule set
 */

/* The journal follows MaxLogFileSize. */
static void limit_journal(const du_node_t *node)
{
    const du_ruleset_t *ruleset = du_current_acquire(node->current);
    du_settings_t settings;

    du_ruleset_settings(ruleset, &settings);
    if (node->journal) {
        du_journal_limit(node->journal, du_setting_number(&settings, DU_SET_MAX_LOG_FILE_SIZE));
    }
    du_current_release(node->current, ruleset);
}

static apr_status_t watch_ruleset(int state, void *data, apr_pool_t *pool)
{
    du_node_t *node = data;
    du_ctx_t *ctx = du_ctx_for_server(node->server, pool);
    apr_status_t rv;

    if (state != AP_WATCHDOG_STATE_RUNNING || !node->current) {
        return APR_SUCCESS;
    }
    rv = du_current_refresh(ctx, node->current);
    if (rv == APR_SUCCESS) {
        limit_journal(node);
    }
    if (rv != APR_SUCCESS && rv != DU_E_NOTHING) {
        du_keeper_ask(node->keeper);
        du_report(ctx, DU_LOG_WARNING);
    }
    return APR_SUCCESS;
}

/* In every child: a thread that looks whether there is a new rule set. */
static apr_status_t start_watchdog(apr_pool_t *pconf, du_node_t *node)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t rv = get(&watchdog, WATCHDOG, 0, 0, pconf);

    return rv == APR_SUCCESS ? add(watchdog, NOTICE_INTERVAL, node, watch_ruleset) : rv;
}

/*
 * Start
 */

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
    node->name = du_conf_node_name(s) ? du_conf_node_name(s) : du_host_name(pconf);
    node->ruleset_path = apr_pstrcat(pconf, files, "/" DU_NODE_DIR "/", node->name, ".ruleset", NULL);
    node->names = du_conf_names(s, pconf);
    node->upload_names = du_conf_upload_names(s, pconf);
    node->capture = du_conf_capture(s, pconf);
    *made = node;
    if (rv == APR_SUCCESS) {
        rv = du_file_make_dirs(files, DU_NODE_DIR, ctx->pool);
        if (rv != APR_SUCCESS) {
            return du_fail(ctx, rv, DUNO(0504), "the directory %s/" DU_NODE_DIR " cannot be made: %pm", files,
                           (void *)&rv);
        }
        rv = share_memory(pconf, node);
        if (rv != APR_SUCCESS) {
            return du_fail(ctx, rv, DUNO(0505), "no shared memory: %pm", (void *)&rv);
        }
    }
    return rv;
}

/* Names the models of the kept rule set, which serves if the store does not answer. */
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
        name_kept_models(node, ctx->pool);
        rv = du_keeper_start(ctx, node, pconf);
    }
    if (rv == APR_SUCCESS) {
        rv = start_watchdog(pconf, node);
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

/* Loads the rule set. One that is missing or damaged is made anew if the store answers; that is waited for, so that no phone
 * is told to come again. */
static void load_first(du_ctx_t *ctx, du_node_t *node)
{
    apr_time_t end = apr_time_now() + FIRST_WAIT;
    apr_status_t rv = du_current_make(ctx, node->ruleset_path, ctx->pool, &node->current);

    if (rv != APR_SUCCESS || du_current_refresh(ctx, node->current) == APR_SUCCESS || !du_keeper_ask(node->keeper)) {
        return;
    }
    while (apr_time_now() < end && du_current_refresh(ctx, node->current) != APR_SUCCESS) {
        apr_sleep(FIRST_LOOK);
    }
}

/* What is missing after this is missing until the child ends, so it is said here and not with every request. */
void du_node_start_child(apr_pool_t *pchild, server_rec *s)
{
    du_node_t *node = du_conf(s)->runtime;
    du_ctx_t *ctx = du_ctx_for_server(s, pchild);

    if (!node) {
        return;
    }
    load_first(ctx, node);
    du_report(ctx, DU_LOG_WARNING);
    if (du_journal_open(ctx, du_conf_files(s), node->name, apr_atoi64(du_setting_default(DU_SET_MAX_LOG_FILE_SIZE)),
                        pchild, &node->journal) != APR_SUCCESS) {
        du_report(ctx, DU_LOG_ERROR);
    }
    limit_journal(node);
    node->spool = make_spool(s, node, pchild);
}
