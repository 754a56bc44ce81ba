/*
 * devupdatectl: the command line of the device update service.
 */
#include <stdio.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_user.h>

#include "ctl.h"
#include "du_text.h"
#include "dua_program.h"

#define KEY_OPTIONS                                                                                                  \
    (CTL_BIT(CTL_OPT_TYPE) | CTL_BIT(CTL_OPT_BRAND) | CTL_BIT(CTL_OPT_MODEL) | CTL_BIT(CTL_OPT_REVISION) |           \
     CTL_BIT(CTL_OPT_LOCALE))
#define DEVICE_OPTIONS (KEY_OPTIONS | CTL_BIT(CTL_OPT_VERSION) | CTL_BIT(CTL_OPT_SITE) | CTL_BIT(CTL_OPT_PHONE_STATE))
#define HELD_OPTIONS   (KEY_OPTIONS | CTL_BIT(CTL_OPT_HELD) | CTL_BIT(CTL_OPT_SITE) | CTL_BIT(CTL_OPT_PHONE_STATE))
#define CHANGE_OPTIONS (CTL_BIT(CTL_OPT_DRY_RUN) | CTL_BIT(CTL_OPT_NOTE))
#define LIST_OPTIONS   (KEY_OPTIONS | CTL_BIT(CTL_OPT_STATE))
#define LIFE_OPTIONS   (CHANGE_OPTIONS | LIST_OPTIONS | CTL_BIT(CTL_OPT_ALL))
#define IMPORT_OPTIONS (CHANGE_OPTIONS | CTL_BIT(CTL_OPT_TRUST) | CTL_BIT(CTL_OPT_UNSIGNED))
#define NOTE           CTL_BIT(CTL_OPT_NOTE)
#define SCOPE          CTL_BIT(CTL_OPT_SCOPE)
#define LOG_OPTIONS    (CTL_BIT(CTL_OPT_LOG_TYPE) | CTL_BIT(CTL_OPT_DEVICE) | CTL_BIT(CTL_OPT_DAYS))
#define ACTIVITY_OPTIONS                                                                                             \
    (CTL_BIT(CTL_OPT_USER) | CTL_BIT(CTL_OPT_ACTION) | CTL_BIT(CTL_OPT_OBJECT) | CTL_BIT(CTL_OPT_SINCE) |            \
     CTL_BIT(CTL_OPT_UNTIL) | CTL_BIT(CTL_OPT_LIMIT))
#define PHONE_OPTIONS                                                                                                \
    (CTL_BIT(CTL_OPT_MAC) | CTL_BIT(CTL_OPT_SERIAL) | CTL_BIT(CTL_OPT_USER) | CTL_BIT(CTL_OPT_FILE) |                \
     CTL_BIT(CTL_OPT_REQUEST) | CTL_BIT(CTL_OPT_DOWNLOAD) | CTL_BIT(CTL_OPT_OUTSIDE) | CTL_BIT(CTL_OPT_BASE) |       \
     CTL_BIT(CTL_OPT_TIMEOUT) | CTL_BIT(CTL_OPT_NETRC) | CTL_BIT(CTL_OPT_CA))
#define DOCTOR_OPTIONS                                                                                               \
    (CTL_BIT(CTL_OPT_DOMAIN) | CTL_BIT(CTL_OPT_RESOLVER) | CTL_BIT(CTL_OPT_NTP) | CTL_BIT(CTL_OPT_EXTERNAL) |        \
     CTL_BIT(CTL_OPT_QUOTA) | CTL_BIT(CTL_OPT_QUICK) | CTL_BIT(CTL_OPT_NETRC) | CTL_BIT(CTL_OPT_CA))

/* clang-format off */
/* name, operands, how many of them at least and at most, needs,
 * options, those that must be given, check, function, description */
static const ctl_command_t commands[] = {
    {"store init", "", 0, 0, 0, 0, 0, NULL, ctl_store_init,
     "make a new, empty store"},
    {"store migrate", "", 0, 0, 0, NOTE, 0, NULL, ctl_store_migrate,
     "bring a store of an older version to the one of this program"},
    {"store check", "", 0, 0, CTL_NEEDS_STORE, CTL_BIT(CTL_OPT_DIGEST), 0, NULL, ctl_store_check,
     "look for what is wrong in the store and in the file store, and change nothing"},
    {"store copy", "FROM TO", 2, 2, 0, 0, 0, NULL, ctl_store_copy,
     "copy everything in a store, named as \"DRIVER PARAMS\", to an empty one"},
    {"import", "FILE.cab", 1, 1, CTL_NEEDS_STORE, IMPORT_OPTIONS, 0, NULL, ctl_import,
     "verify a package and take its images in as pending versions"},
    {"package list", "", 0, 0, CTL_NEEDS_STORE, 0, 0, NULL, ctl_package_list,
     "list the imported packages"},
    {"package show", "ID", 1, 1, CTL_NEEDS_STORE, 0, 0, ctl_args_ids, ctl_package_show,
     "show a package and its images"},
    {"rule list", "", 0, 0, CTL_NEEDS_STORE, LIST_OPTIONS, 0, ctl_rule_list_check, ctl_rule_list,
     "list the rules: which device has which versions"},
    {"rule show", "ID", 1, 1, CTL_NEEDS_STORE, 0, 0, ctl_args_ids, ctl_rule_show,
     "show a rule and the files of its versions"},
    {"rule forecast", "ID", 1, 1, CTL_NEEDS_STORE, 0, 0, ctl_args_ids, ctl_rule_forecast,
     "foretell how many phones the pending version is for, and what came of the approved one"},
    {"rule approve", "ID[@VERSION]... | --all | filters", 0, CTL_MANY, CTL_NEEDS_STORE,
     LIFE_OPTIONS, 0, ctl_rule_pending_check, ctl_rule_approve,
     "offer the pending versions to all phones from now on"},
    {"rule reset", "ID[@VERSION]... | --all | filters", 0, CTL_MANY, CTL_NEEDS_STORE,
     LIFE_OPTIONS, 0, ctl_rule_pending_check, ctl_rule_reset,
     "reject the pending versions: test devices go back to the approved ones"},
    {"rule restore", "ID... | --all | filters", 0, CTL_MANY, CTL_NEEDS_STORE,
     LIFE_OPTIONS | CTL_BIT(CTL_OPT_TO), 0, ctl_rule_restore_check, ctl_rule_restore,
     "offer the version before the approved one again, or with --to any stored one of a rule"},
    {"rule remove", "ID... | --all | filters", 0, CTL_MANY, CTL_NEEDS_STORE,
     LIFE_OPTIONS, 0, ctl_rule_remove_check, ctl_rule_remove,
     "remove rules: their phones are offered nothing any more"},
    {"file list", "", 0, 0, CTL_NEEDS_STORE, 0, 0, NULL, ctl_file_list,
     "list the stored versions, their sizes and what needs them"},
    {"file clear", "[ID...]", 0, CTL_MANY, CTL_NEEDS_STORE, CHANGE_OPTIONS, 0,
     ctl_file_clear_check, ctl_file_clear,
     "delete the stored versions that no rule needs, or some of them"},
    {"device list", "[TEXT]", 0, 1, CTL_NEEDS_STORE,
     DEVICE_OPTIONS | CTL_BIT(CTL_OPT_UNSEEN) | CTL_BIT(CTL_OPT_SORT) | CTL_BIT(CTL_OPT_LIMIT) | CTL_BIT(CTL_OPT_AFTER) |
         CTL_BIT(CTL_OPT_CSV), 0, ctl_device_list_check, ctl_device_list,
     "list phones: all, or those with this in their MAC address, serial number, address or user"},
    {"device show", "MAC|SERIAL|ADDRESS", 1, 1, CTL_NEEDS_STORE, 0, 0, NULL, ctl_device_show,
     "show what is known of a phone, and what it did last"},
    {"device why", "MAC|SERIAL|ADDRESS", 1, 1, CTL_NEEDS_STORE, CTL_BIT(CTL_OPT_AT), 0, ctl_device_why_check, ctl_device_why,
     "explain what a phone is told now, or what it was told, and what would change that"},
    {"device counts", "", 0, 0, CTL_NEEDS_STORE, DEVICE_OPTIONS | CTL_BIT(CTL_OPT_BY) | CTL_BIT(CTL_OPT_CSV), 0,
     ctl_device_counts_check, ctl_device_counts,
     "count phones: by model and version, or by what --by names"},
    {"device unknown", "", 0, 0, CTL_NEEDS_STORE, 0, 0, NULL, ctl_device_unknown,
     "list the kinds of phones that asked for updates and have no rule"},
    {"device purge", "[TEXT] filters | --all", 0, 1, CTL_NEEDS_STORE,
     DEVICE_OPTIONS | CTL_BIT(CTL_OPT_UNSEEN) | CTL_BIT(CTL_OPT_SUBNET) | CTL_BIT(CTL_OPT_NEW) | CTL_BIT(CTL_OPT_NAMELESS) |
         CTL_BIT(CTL_OPT_ALSO_HELD) | CHANGE_OPTIONS | CTL_BIT(CTL_OPT_ALL),
     0, ctl_device_purge_check, ctl_device_purge,
     "forget phones and what they did: invented ones, or those that are gone for good"},
    {"device hold", "MAC|SERIAL", 1, 1, CTL_NEEDS_STORE, CTL_BIT(CTL_OPT_HELD) | NOTE, 0, NULL, ctl_device_hold, "offer a version to a phone no more, or nothing at all"},
    {"device held", "", 0, 0, CTL_NEEDS_STORE, HELD_OPTIONS, 0, NULL, ctl_device_held,
     "list the phones that are held, by somebody or because they took a version again and again"},
    {"device release", "MAC|SERIAL | --all | filters", 0, 1, CTL_NEEDS_STORE,
     HELD_OPTIONS | CHANGE_OPTIONS | CTL_BIT(CTL_OPT_ALL), 0, ctl_device_release_check, ctl_device_release,
     "offer updates again to a phone that is held, or to all of a kind"},
    {"test-device add", "NAME (--mac MAC | --serial SERIAL)", 1, 1, CTL_NEEDS_STORE,
     CTL_BIT(CTL_OPT_MAC) | CTL_BIT(CTL_OPT_SERIAL) | SCOPE | NOTE, 0,
     ctl_test_device_add_check, ctl_test_device_add,
     "offer pending versions to a phone, everywhere or while it is at a site"},
    {"test-device list", "", 0, 0, CTL_NEEDS_STORE, SCOPE, 0,
     ctl_test_device_list_check, ctl_test_device_list,
     "list the test devices, of all scopes or of one"},
    {"test-device remove", "NAME | --all", 0, 1, CTL_NEEDS_STORE,
     CTL_BIT(CTL_OPT_ALL) | SCOPE | NOTE, 0,
     ctl_test_device_remove_check, ctl_test_device_remove,
     "offer approved versions only from now on, to one test device or to all of a scope"},
    {"site add", "NAME CIDR...", 2, CTL_MANY, CTL_NEEDS_STORE, NOTE, 0,
     ctl_site_add_check, ctl_site_add,
     "give a name to subnets; the longest prefix says at which site a phone is"},
    {"site set", "NAME CIDR...", 2, CTL_MANY, CTL_NEEDS_STORE, NOTE, 0,
     ctl_site_add_check, ctl_site_set,
     "replace the subnets of a site; its test devices stay"},
    {"site list", "", 0, 0, CTL_NEEDS_STORE, 0, 0, NULL, ctl_site_list,
     "list the sites and their subnets"},
    {"site remove", "NAME", 1, 1, CTL_NEEDS_STORE, NOTE, 0, NULL, ctl_site_remove,
     "remove a site with its subnets, test devices, settings and roles"},
    {"setting list", "", 0, 0, CTL_NEEDS_STORE, SCOPE, 0, ctl_setting_scope_check, ctl_setting_list,
     "list the settings: the value that holds, where it comes from, default and range"},
    {"setting set", "NAME (VALUE | --add WORDS | --remove WORDS)", 1, 2, CTL_NEEDS_STORE,
     CTL_BIT(CTL_OPT_ADD) | CTL_BIT(CTL_OPT_REMOVE) | SCOPE | NOTE, 0, ctl_setting_set_check, ctl_setting_set,
     "give a setting a value, for all sites or for one"},
    {"setting new", "", 0, 0, CTL_NEEDS_STORE, SCOPE | NOTE, SCOPE, ctl_setting_scope_check, ctl_setting_new,
     "give a site settings of its own, as the defaults have them"},
    {"setting reset", "[NAME]", 0, 1, CTL_NEEDS_STORE, SCOPE | NOTE, SCOPE, ctl_setting_scope_check, ctl_setting_reset,
     "forget a site's own settings, or make the global ones the defaults again: all, or one"},
    {"role set", "ACCOUNT ROLE", 2, 2, CTL_NEEDS_STORE, CTL_BIT(CTL_OPT_SITE) | NOTE, 0, ctl_role_set_check, ctl_role_set,
     "let an account be administrator, operator, helpdesk or viewer on the pages"},
    {"role list", "", 0, 0, CTL_NEEDS_STORE, 0, 0, NULL, ctl_role_list,
     "list the accounts that have a role"},
    {"role remove", "ACCOUNT", 1, 1, CTL_NEEDS_STORE, NOTE, 0, NULL, ctl_role_remove,
     "show an account nothing any more"},
    {"log list", "", 0, 0, 0, LOG_OPTIONS, 0, ctl_log_check, ctl_log_list,
     "list device logs and audit files with size and age"},
    {"log clear", "", 0, 0, CTL_NEEDS_STORE, CTL_BIT(CTL_OPT_DAYS) | CHANGE_OPTIONS, CTL_BIT(CTL_OPT_DAYS),
     ctl_log_check, ctl_log_clear,
     "remove device logs and audit files older than 1 to 30 days"},
    {"activity list", "", 0, 0, CTL_NEEDS_STORE, ACTIVITY_OPTIONS, 0,
     ctl_activity_list_check, ctl_activity_list,
     "list who changed what, newest first"},
    {"activity verify", "", 0, 0, CTL_NEEDS_STORE, 0, 0, NULL, ctl_activity_verify,
     "prove that the record of changes is as it was written, or name the first bad row"},
    {"ingest", "[FILE...]", 0, CTL_MANY, CTL_NEEDS_STORE, 0, 0, NULL, ctl_ingest,
     "read what phones did into the inventory: all that waits in the file store, or some audit files"},
    {"replay", "FILE...", 1, CTL_MANY, CTL_NEEDS_STORE, 0, 0, NULL, ctl_replay,
     "decide the checks of audit files once more with the rules of now, and say which answers differ"},
    {"phone", "URL (--request FILE | --type TYPE --brand BRAND --model MODEL --revision REV "
     "--locale LOCALE --version VERSION)", 1, 1, 0, CTL_PHONE_IS | PHONE_OPTIONS, 0, ctl_phone_check, ctl_phone,
     "be a phone: ask for an update, print the answer, fetch and verify the files"},
    {"doctor", "[URL]", 0, 1, 0, DOCTOR_OPTIONS, 0, ctl_doctor_check, ctl_doctor,
     "see the service as phones and administrators do, and say what is wrong and what to do"},
    {"help", "[COMMAND]", 0, 2, 0, 0, 0, NULL, ctl_help,
     "explain the commands"},
    {NULL, NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL}
};
/* clang-format on */

/* A du_log_fn. Messages are whole sentences, so the status has nothing to add. What was printed
 * before comes first, also where both go to one file. */
static void print_message(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message)
{
    (void)status;
    if (level <= DU_LOG_NOTICE) {
        fflush(stdout);
        fprintf(stderr, CTL_NAME ": %s: %s%s\n", id, level == DU_LOG_WARNING ? "warning: " : "",
                ctl_text(baton, message));
    }
}

/* For the activity row: the account and the host this runs on. */
static void find_actor(ctl_t *ctl)
{
    char host[APRMAXHOSTLEN + 1] = "";
    apr_uid_t uid;
    apr_gid_t gid;
    char *name;

    ctl->actor.name = "unknown";
    if (apr_uid_current(&uid, &gid, ctl->pool) == APR_SUCCESS) {
        ctl->actor.name = apr_uid_name_get(&name, uid, ctl->pool) == APR_SUCCESS
                              ? name
                              : apr_psprintf(ctl->pool, "uid %lu", (unsigned long)uid);
    }
    ctl->actor.node =
        apr_gethostname(host, sizeof(host), ctl->pool) == APR_SUCCESS ? apr_pstrdup(ctl->pool, host) : "unknown";
    ctl->actor.note = ctl->option[CTL_OPT_NOTE];
}

static apr_status_t run_command(ctl_t *ctl)
{
    const char *spec = ctl->option[CTL_OPT_STORE], *files = ctl->option[CTL_OPT_FILES];
    apr_status_t status = APR_SUCCESS;

    if (ctl->option[CTL_OPT_ABOUT]) {
        printf(CTL_NAME " " DU_VERSION "\n");
        return APR_SUCCESS;
    }
    if (!ctl->command || ctl->option[CTL_OPT_HELP]) {
        return ctl_help(ctl);
    }
    ctl->spec = spec ? spec : DU_DEFAULT_STORE;
    ctl->files = files ? files : DU_DEFAULT_FILES;
    find_actor(ctl);
    ctl_limit_waiting(ctl);
    if (ctl->command->needs & CTL_NEEDS_STORE) {
        status = du_store_open(ctl->ctx, ctl->spec, ctl->pool, &ctl->store);
    }
    return status == APR_SUCCESS ? ctl->command->run(ctl) : status;
}

/* What could not be written was not done, as far as the caller can see: a full disk must not look
 * like an empty list. */
static apr_status_t finish_output(ctl_t *ctl)
{
    apr_status_t status = APR_SUCCESS;

    if (fflush(stdout) != 0) {
        status = apr_get_os_error();
    } else if (ferror(stdout)) {
        status = APR_EGENERAL; /* an earlier write failed, nobody knows why any more */
    }
    if (status != APR_SUCCESS) {
        du_fail(ctl->ctx, status, DUNO(0813), "cannot write the result: %pm", (void *)&status);
    }
    return status;
}

static void report(ctl_t *ctl, apr_status_t status)
{
    char words[120];

    if (!ctl->ctx->failure.id && !ctl->reported) {
        du_fail(ctl->ctx, status, DUNO(0814), "failed: %s", du_error_text(status, words, sizeof(words)));
    }
    du_report(ctl->ctx, DU_LOG_ERROR);
}

static int run(apr_pool_t *pool, int argc, const char *const *argv, const void *baton)
{
    ctl_t ctl = {0};
    apr_status_t status;

    (void)baton;
    ctl.pool = pool;
    ctl.commands = commands;
    ctl.ctx = du_ctx_make(pool);
    ctl.ctx->log = print_message;
    ctl.ctx->baton = pool;
    status = ctl_args_read(&ctl, argc, argv);
    if (status == APR_SUCCESS) {
        status = run_command(&ctl);
    }
    if (status == APR_SUCCESS) {
        status = finish_output(&ctl);
    }
    if (status == APR_SUCCESS) {
        return 0;
    }
    report(&ctl, status);
    return status == CTL_E_USAGE ? 2 : 1;
}

int main(int argc, const char *const *argv)
{
    return dua_program(CTL_NAME, argc, argv, run, NULL);
}
