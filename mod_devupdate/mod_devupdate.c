/*
 * mod_devupdate: answers update checks of IP phones and hands out the images that rules name.
 *
 * This file says where httpd calls us; which URLs are ours and what happens then is in mod_devupdate_<what>.c.
 */
#include "mod_devupdate.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "du_xml.h"

/* A file URL with tricks in it names no file. */
static int refuse_tricks(request_rec *r)
{
    return du_conf_engine(r->server) && du_target_has_tricks(r) ? HTTP_NOT_FOUND : DECLINED;
}

static int translate(request_rec *r)
{
    if (!du_conf_engine(r->server) || !du_target_claim(r)) {
        return DECLINED;
    }
    r->filename = r->uri; /* no file yet, but never NULL: other modules look at its extension */
    return OK;
}

/* Nothing of ours lies below the document root, so <Directory> sections are not asked; <Location> sections are. */
static int map_to_storage(request_rec *r)
{
    return du_target(r) ? OK : DECLINED;
}

static int fixup(request_rec *r)
{
    const du_target_t *target = du_target(r);

    if (du_location_admin(r)) {
        du_admin_export(r);
    }
    return target && target->kind == DU_TARGET_IMAGE ? du_image_fixup(r, target) : DECLINED;
}

static int handle(request_rec *r)
{
    du_target_t *target = du_target(r);

    if (!target || target->kind != DU_TARGET_CHECK) {
        return DECLINED;
    }
    target->is_handled = 1;
    return r->method_number == M_POST && du_upload_is(r) ? du_upload_handler(r, target) : du_check_handler(r, target);
}

/* When the last byte of the response has left, or the client has. */
static int record(request_rec *r)
{
    const du_target_t *target = du_target(r);

    if (target && target->kind == DU_TARGET_IMAGE) {
        du_image_record(r, target);
    } else if (target) {
        du_check_record_refusal(r, target);
    }
    return OK;
}

/* Not in the pass that only reads the configuration, nor in `apachectl -t`. */
static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog, (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    du_xml_setup();
    return du_node_pre_start(pconf, s);
}

static void register_hooks(apr_pool_t *pool)
{
    static const char *const before_watchdogs[] = {"mod_watchdog.c", NULL};

    (void)pool;
    ap_hook_check_config(du_conf_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(du_node_start_child, NULL, before_watchdogs, APR_HOOK_MIDDLE);
    ap_hook_post_read_request(refuse_tricks, NULL, NULL, APR_HOOK_FIRST);
    /* first: an Alias or RewriteRule for a whole site must not catch what is ours */
    ap_hook_translate_name(translate, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    /* last: mod_mime has said what it thinks of the file's name by then */
    ap_hook_fixups(fixup, NULL, NULL, APR_HOOK_LAST);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_log_transaction(record, NULL, NULL, APR_HOOK_MIDDLE);
    du_status_register();
    du_capture_register();
}

module AP_MODULE_DECLARE_DATA devupdate_module = {
    STANDARD20_MODULE_STUFF, du_location_create, du_location_merge, du_conf_create,
    du_conf_merge,           du_commands,        register_hooks,    AP_MODULE_FLAG_NONE,
};
