#include "mod_devupdate.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "du_text.h"

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

du_target_t *du_target(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &devupdate_module);
}

/* "%2e", "%2f", "%5c": a dot or a separator that hides behind its code */
static int is_hidden_separator(const char *s)
{
    return du_text_begins(s, "%2e") || du_text_begins(s, "%2f") || du_text_begins(s, "%5c");
}

/* 1 if a URL path as it was sent has nothing that httpd would normalise away: dot segments, empty segments, encoded
 * separators. Names that rules know have none of these. */
static int is_plain(const char *path)
{
    for (const char *c = path; *c; c++) {
        if ((c[0] == '/' && (c[1] == '/' || c[1] == '.')) || c[0] == '\\' ||
            (c[0] == '%' && is_hidden_separator(c))) {
            return 0;
        }
    }
    return 1;
}

/* Before httpd normalises the path: afterwards some tricks would look plain, and a path that climbs above the root would
 * be answered 400. */
int du_target_has_tricks(const request_rec *r)
{
    const char *rest;

    return r->parsed_uri.path && find_url(r->parsed_uri.path, &rest) >= 0 && !is_plain(r->parsed_uri.path);
}

du_target_t *du_target_claim(request_rec *r)
{
    const char *rest;
    int i = find_url(r->uri, &rest);
    du_target_t *target;

    if (i < 0) {
        return NULL;
    }
    target = apr_pcalloc(r->pool, sizeof(*target));
    target->kind = urls[i].kind;
    target->is_external = urls[i].is_external;
    target->is_post = r->method_number == M_POST;
    target->rest = rest;
    ap_set_module_config(r->request_config, &devupdate_module, target);
    return target;
}

int du_refuse_anonymous(request_rec *r)
{
    if (!ap_auth_type(r)) {
        return HTTP_FORBIDDEN;
    }
    ap_note_auth_failure(r);
    return HTTP_UNAUTHORIZED;
}

/* Outside, without a user, 403 is what a configuration gives that has nothing to challenge with, as for certificates. One
 * that could challenge and does not is about the address. */
int du_is_anonymous(request_rec *r, const du_target_t *target)
{
    return r->status == HTTP_UNAUTHORIZED || (target->is_external && !r->user && !ap_auth_type(r));
}
