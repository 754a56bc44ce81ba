/*
 * What httpd tells a CGI program: the only room that reads the environment and standard input.
 *
 * Header fields that a client sends stand there as they came; nothing of them is trusted. Where the store and the files are
 * comes from the module (mod_devupdate_admin.c), for locations with DevUpdateAdmin On.
 */
#ifndef DUA_ENV_H
#define DUA_ENV_H

#include "du_ctx.h"

/* X(member, variable). A member is NULL if the variable is not there or empty. */
#define DUA_ENV_LIST(X)                                                                                              \
    X(method, "REQUEST_METHOD")                                                                                      \
    X(script, "SCRIPT_NAME")                                                                                         \
    X(path_info, "PATH_INFO")                                                                                        \
    X(query, "QUERY_STRING")                                                                                         \
    X(content_type, "CONTENT_TYPE")                                                                                  \
    X(content_length, "CONTENT_LENGTH")                                                                              \
    X(user, "REMOTE_USER") /* what httpd's authentication found */                                                   \
    X(address, "REMOTE_ADDR")                                                                                        \
    X(https, "HTTPS")                                                                                                \
    X(host, "HTTP_HOST")                                                                                             \
    X(accept, "HTTP_ACCEPT")                                                                                         \
    X(languages, "HTTP_ACCEPT_LANGUAGE")                                                                             \
    X(cookie, "HTTP_COOKIE")                                                                                         \
    X(origin, "HTTP_ORIGIN")                                                                                         \
    X(referer, "HTTP_REFERER")                                                                                       \
    X(fetch_site, "HTTP_SEC_FETCH_SITE")                                                                             \
    X(token, "HTTP_X_DEVUPDATE_TOKEN")                                                                               \
    X(store, "DEVUPDATE_STORE")                                                                                      \
    X(files, "DEVUPDATE_FILES")                                                                                      \
    X(node, "DEVUPDATE_NODE")                                                                                        \
    X(site, "DEVUPDATE_SITE")                                                                                        \
    X(store_timeout, "DEVUPDATE_STORE_TIMEOUT") /* seconds */

typedef struct dua_env_t {
#define DUA_ENV_MEMBER(member, variable) const char *member;
    DUA_ENV_LIST(DUA_ENV_MEMBER)
#undef DUA_ENV_MEMBER
} dua_env_t;

/* The strings live as long as the process. */
void dua_env_read(dua_env_t *env);

/* The value of a cookie, in pool; NULL if it is not there. */
const char *dua_env_cookie(const dua_env_t *env, apr_pool_t *pool, const char *name);

/* Bytes that the body will have; -1 if the client does not say, or nonsense. */
apr_off_t dua_env_length(const dua_env_t *env);

/* The body: up to size bytes of it; *len is 0 at its end. Fails if the client goes away. */
apr_status_t dua_env_body(char *buffer, apr_size_t size, apr_size_t *len);

#endif
