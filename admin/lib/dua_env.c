#include "dua_env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "du_text.h"

void dua_env_read(dua_env_t *env)
{
#define READ_VARIABLE(member, variable) env->member = du_text_or_null(getenv(variable));
    DUA_ENV_LIST(READ_VARIABLE)
#undef READ_VARIABLE
}

const char *dua_env_cookie(const dua_env_t *env, apr_pool_t *pool, const char *name)
{
    char *rest, *pair = env->cookie ? apr_strtok(apr_pstrdup(pool, env->cookie), "; ", &rest) : NULL;
    apr_size_t len = strlen(name);

    for (; pair; pair = apr_strtok(NULL, "; ", &rest)) {
        if (strncmp(pair, name, len) == 0 && pair[len] == '=') {
            return pair + len + 1;
        }
    }
    return NULL;
}

apr_off_t dua_env_length(const dua_env_t *env)
{
    apr_off_t length;
    char *end;

    if (!env->content_length || apr_strtoff(&length, env->content_length, &end, 10) != APR_SUCCESS || *end ||
        length < 0) {
        return -1;
    }
    return length;
}

apr_status_t dua_env_body(char *buffer, apr_size_t size, apr_size_t *len)
{
    ssize_t n;

    do {
        n = read(STDIN_FILENO, buffer, size);
    } while (n < 0 && errno == EINTR);
    *len = n > 0 ? (apr_size_t)n : 0;
    return n < 0 ? errno : APR_SUCCESS;
}
