/*
 * What an update check costs httpd before anything of ours happens: reads the POST body to its end and answers a fixed
 * reply of the size of ours. The bench runs it beside mod_devupdate in the same httpd.
 *
 *     BaselineReply FILE      the reply; <Location> SetHandler baseline </Location>
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

extern module AP_MODULE_DECLARE_DATA baseline_module;

#define BODY_MAX 4096 /* more than the bench sends; what a check begins with */

typedef struct baseline_conf {
    const char *reply;
    apr_size_t len;
} baseline_conf;

static void *create_conf(apr_pool_t *pool, server_rec *s)
{
    (void)s;
    return apr_pcalloc(pool, sizeof(baseline_conf));
}

static const char *set_reply(cmd_parms *cmd, void *dir, const char *path)
{
    baseline_conf *conf = ap_get_module_config(cmd->server->module_config, &baseline_module);
    apr_file_t *file;
    apr_finfo_t info;
    char *reply;

    (void)dir;
    if (apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, cmd->temp_pool) ||
        apr_file_info_get(&info, APR_FINFO_SIZE, file)) {
        return "BaselineReply: the file cannot be read";
    }
    reply = apr_palloc(cmd->pool, (apr_size_t)info.size + 1);
    if (apr_file_read_full(file, reply, (apr_size_t)info.size, &conf->len)) {
        return "BaselineReply: the file cannot be read";
    }
    conf->reply = reply;
    apr_file_close(file);
    return NULL;
}

/* The whole body in one block of memory, as a check needs it. */
static int read_body(request_rec *r, char **body, apr_size_t *len)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    int done = 0;

    *body = apr_palloc(r->pool, BODY_MAX);
    *len = 0;
    while (!done) {
        apr_status_t rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);
        apr_size_t part = BODY_MAX - *len;

        if (rv) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        done = !APR_BRIGADE_EMPTY(bb) && APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(bb));
        rv = apr_brigade_flatten(bb, *body + *len, &part);
        apr_brigade_cleanup(bb);
        if (rv) {
            return HTTP_BAD_REQUEST;
        }
        *len += part;
    }
    return OK;
}

static int answer(request_rec *r)
{
    baseline_conf *conf = ap_get_module_config(r->server->module_config, &baseline_module);
    char *body;
    apr_size_t len;
    int status;

    if (!r->handler || strcmp(r->handler, "baseline")) {
        return DECLINED;
    }
    status = read_body(r, &body, &len);
    if (status != OK) {
        return status;
    }
    ap_set_content_type(r, "text/xml; charset=utf-8");
    ap_set_content_length(r, (apr_off_t)conf->len);
    ap_rwrite(conf->reply, (int)conf->len, r);
    return OK;
}

static const command_rec commands[] = {
    AP_INIT_TAKE1("BaselineReply", set_reply, NULL, RSRC_CONF, "file with the reply"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_handler(answer, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA baseline_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, create_conf, NULL, commands, register_hooks, AP_MODULE_FLAG_NONE};
