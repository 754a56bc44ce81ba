/*
 * mod_devupdate: answers update checks of IP phones and hands out the images that rules name.
 *
 * This file says which URLs are ours and where httpd calls us; what happens then is in mod_devupdate_<what>.c.
 */
#include "mod_devupdate.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "du_text.h"
#include "du_xml.h"

/* URLs of the original service (protocol.md 1), compared without case. The two spellings of a file root are the same. */
static const struct {
    const char *path; /* a file root ends with a slash and covers everything below it */
    du_target_e kind;
    int is_external;
} urls[] = {
    {"/RequestHandler/ucdevice.upx", DU_TARGET_CHECK, 0}, {"/RequestHandlerExt/ucdevice.upx", DU_TARGET_CHECK, 1},
    {"/RequestHandler/Files/", DU_TARGET_IMAGE, 0},       {"/RequestHandlerExt/Files/", DU_TARGET_IMAGE, 1},
    {"/DeviceUpdateFiles_Int/", DU_TARGET_IMAGE, 0},      {"/DeviceUpdateFiles_Ext/", DU_TARGET_IMAGE, 1},
};

/* Finds the URL a path belongs to and where the rest of the path begins; -1 if it is not ours. */
static int find_url(const char *path, const char **rest)
{
    for (int i = 0; i < (int)(sizeof(urls) / sizeof(urls[0])); i++) {
        if (du_text_begins(path, urls[i].path)) {
            *rest = path + strlen(urls[i].path);
            if (urls[i].kind == DU_TARGET_IMAGE || **rest == '\0') {
                return i;
            }
        }
    }
    return -1;
}

const du_target_t *du_target(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &devupdate_module);
}

int du_refuse_anonymous(request_rec *r)
{
    if (!ap_auth_type(r)) {
        return HTTP_FORBIDDEN;
    }
    ap_note_auth_failure(r);
    return HTTP_UNAUTHORIZED;
}

/* Before httpd normalises the path: a file URL with tricks in it names no file. Afterwards some of them would look plain,
 * and one that climbs above the root would be answered 400. */
static int refuse_tricks(request_rec *r)
{
    const char *rest;

    if (!du_conf_engine(r->server) || !r->parsed_uri.path || find_url(r->parsed_uri.path, &rest) < 0 ||
        du_image_is_plain(r->parsed_uri.path)) {
        return DECLINED;
    }
    return HTTP_NOT_FOUND;
}

static int translate(request_rec *r)
{
    const char *rest;
    du_target_t *target;
    int i;

    if (!du_conf_engine(r->server) || (i = find_url(r->uri, &rest)) < 0) {
        return DECLINED;
    }
    target = apr_pcalloc(r->pool, sizeof(*target));
    target->kind = urls[i].kind;
    target->is_external = urls[i].is_external;
    target->rest = rest;
    ap_set_module_config(r->request_config, &devupdate_module, target);
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

    return target && target->kind == DU_TARGET_IMAGE ? du_image_fixup(r, target) : DECLINED;
}

static int handle(request_rec *r)
{
    const du_target_t *target = du_target(r);

    return target && target->kind == DU_TARGET_CHECK ? du_check_handler(r, target) : DECLINED;
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
}

module AP_MODULE_DECLARE_DATA devupdate_module = {
    STANDARD20_MODULE_STUFF,
    NULL, /* nothing is per directory */
    NULL,
    du_conf_create,
    du_conf_merge,
    du_commands,
    register_hooks,
    AP_MODULE_FLAG_NONE,
};
