#include "mod_devupdate.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "du_job.h"
#include "du_removed.h"
#include "du_retain.h"

struct du_cleaner_t {
    du_node_t *node;
    du_current_t *current; /* the rule set has the settings, also while the store is away */
    const char *stamp;     /* the file that has the time of the last clean-up */
    const char *notes;     /* the file that has what was removed and is not on record yet */
    int is_refused;        /* the store refused it, and that has been said */
    apr_time_t last;       /* 0 = not read yet */
    pid_t process;         /* that cleans up; 0 = none */
    pid_t keeper;          /* whose child it is */
};

/* For du_retain_t: nobody is left to clean up for. Whoever starts next goes on. */
static int is_stopping(void *baton)
{
    return getppid() != ((const du_cleaner_t *)baton)->keeper;
}

/* The settings in force, copied to pool. 0 if they are not known: then nothing is removed, by whatever default. */
static int read_settings(const du_cleaner_t *cleaner, apr_pool_t *pool, du_settings_t *settings)
{
    const du_ruleset_t *ruleset = du_current_acquire(cleaner->current);

    du_ruleset_settings(ruleset, settings);
    for (int i = 0; i < DU_SETTINGS; i++) {
        settings->value[i] = apr_pstrdup(pool, settings->value[i]);
    }
    du_current_release(cleaner->current, ruleset);
    return ruleset != NULL;
}

/* What earlier clean-ups noted. A store that can be read and not written to would refuse it with every look. */
static void put_on_record(du_ctx_t *ctx, du_cleaner_t *cleaner, du_store_t *store)
{
    const du_actor_t actor = {.name = "clean-up", .node = cleaner->node->name, .role = "node"};
    apr_status_t rv = du_removed_record(ctx, cleaner->notes, store, &actor);

    if (rv != APR_SUCCESS && !cleaner->is_refused) {
        du_report(ctx, DU_LOG_WARNING);
        du_log(ctx, DU_LOG_WARNING, DUNO(0916),
               "the removal of logs is not on record in the store yet; it stays noted in %s", cleaner->notes);
    }
    cleaner->is_refused = rv != APR_SUCCESS;
    ctx->failure = (du_failure_t){0};
}

static void clean(du_ctx_t *ctx, const du_cleaner_t *cleaner, const du_settings_t *settings, apr_time_t now)
{
    du_retain_t what = {
        .files = du_conf_files(cleaner->node->server),
        .node = cleaner->node->name,
        .before = now - apr_time_from_sec(du_setting_seconds(settings, DU_SET_LOG_CLEAN_UP_INTERVAL)),
        .quota = du_setting_number(settings, DU_SET_LOG_QUOTA),
        .is_stopped = is_stopping,
        .baton = (void *)cleaner,
    };
    const char *text;
    du_retained_t removed;
    apr_status_t rv = du_retain_clean(ctx, &what, &removed);

    if (APR_STATUS_IS_EINTR(rv)) {
        ctx->failure = (du_failure_t){0};
    } else {
        du_report(ctx, DU_LOG_WARNING);
        if (du_retain_set_last(ctx, cleaner->stamp, now) != APR_SUCCESS) {
            du_report(ctx, DU_LOG_WARNING);
        }
    }
    if (du_job_tidy(ctx, what.files, 0, ctx->pool, NULL) != APR_SUCCESS) {
        du_report(ctx, DU_LOG_WARNING);
    }
    if (removed.files > 0) {
        text = du_retained_text(ctx->pool, &removed);
        du_log(ctx, DU_LOG_NOTICE, DUNO(0915), "logs removed: %s", text);
        if (du_removed_note(ctx, cleaner->notes, text,
                            apr_psprintf(ctx->pool, "LogCleanUpInterval %s, log-quota %s",
                                         du_setting_text(settings, DU_SET_LOG_CLEAN_UP_INTERVAL),
                                         du_setting_text(settings, DU_SET_LOG_QUOTA))) != APR_SUCCESS) {
            du_report(ctx, DU_LOG_WARNING);
        }
    }
}

/* A node without a past begins its first day now: nothing is removed because a server was set up. */
static apr_status_t read_last(du_ctx_t *ctx, du_cleaner_t *cleaner, apr_time_t now)
{
    cleaner->last = du_retain_last(cleaner->stamp, ctx->pool);
    if (cleaner->last > 0) {
        return APR_SUCCESS;
    }
    cleaner->last = now;
    return du_retain_set_last(ctx, cleaner->stamp, now);
}

/* In a process of its own, which has nothing of the keeper's: neither its connection nor its time. */
static void start_process(du_ctx_t *ctx, du_cleaner_t *cleaner, const du_settings_t *settings, apr_time_t now)
{
    cleaner->process = fork();
    if (cleaner->process == 0) {
        clean(ctx, cleaner, settings, now);
        _exit(0);
    }
    if (cleaner->process == -1) {
        apr_status_t rv = errno;

        du_fail(ctx, rv, DUNO(0917), "no process can be made that removes old logs: %pm", (void *)&rv);
        du_report(ctx, DU_LOG_WARNING);
        cleaner->process = 0;
        cleaner->last = now; /* tomorrow, then */
    }
}

/* 1 if the process is at work. If it has ended, the time of the clean-up is in the file. */
static int is_at_work(du_ctx_t *ctx, du_cleaner_t *cleaner)
{
    if (cleaner->process != 0 && waitpid(cleaner->process, NULL, WNOHANG) == cleaner->process) {
        cleaner->process = 0;
        cleaner->last = du_retain_last(cleaner->stamp, ctx->pool);
    }
    return cleaner->process != 0;
}

void du_cleaner_look(du_ctx_t *ctx, du_cleaner_t *cleaner, du_store_t *store)
{
    apr_time_t now = du_now(ctx);
    du_settings_t settings;

    if (is_at_work(ctx, cleaner) || !cleaner->current) {
        return;
    }
    if (store) {
        put_on_record(ctx, cleaner, store);
    }
    du_current_refresh(ctx, cleaner->current);
    ctx->failure = (du_failure_t){0}; /* a rule set that cannot be loaded is for the children to say */
    if (cleaner->last == 0 && read_last(ctx, cleaner, now) != APR_SUCCESS) {
        du_report(ctx, DU_LOG_WARNING);
    }
    if (read_settings(cleaner, ctx->pool, &settings) &&
        du_retain_is_due(cleaner->last, now, du_setting_minutes(&settings, DU_SET_LOG_CLEAN_UP_TIME_OF_DAY))) {
        start_process(ctx, cleaner, &settings, now);
    }
}

du_cleaner_t *du_cleaner_make(du_node_t *node, apr_pool_t *pool)
{
    du_cleaner_t *cleaner = apr_pcalloc(pool, sizeof(*cleaner));

    cleaner->node = node;
    cleaner->keeper = getpid();
    cleaner->stamp =
        apr_pstrcat(pool, du_conf_files(node->server), "/" DU_NODE_DIR "/", node->name, ".cleaned", NULL);
    cleaner->notes =
        apr_pstrcat(pool, du_conf_files(node->server), "/" DU_NODE_DIR "/", node->name, ".removed", NULL);
    du_current_make(du_ctx_for_server(node->server, pool), node->ruleset_path, pool, &cleaner->current);
    return cleaner;
}
