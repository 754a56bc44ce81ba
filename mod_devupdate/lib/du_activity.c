#include "du_activity.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "du_rule.h"
#include "du_text.h"

du_activity_t du_activity_parse(apr_pool_t *pool, const char *const *columns)
{
    du_activity_t row = {.id = apr_atoi64(columns[0]), .time = apr_atoi64(columns[1])};

    columns += 2;
#define PARSE(name) row.name = apr_pstrdup(pool, *columns++);
    DU_ACTIVITY_TEXTS(PARSE)
#undef PARSE
    row.digest = apr_pstrdup(pool, *columns);
    return row;
}

/* With its length before it, no text can pass for the end of one and the beginning of the next. */
static const char *prefixed(apr_pool_t *pool, const char *text)
{
    return apr_psprintf(pool, "%" APR_SIZE_T_FMT ":%s", strlen(text), text);
}

static const char *number(apr_pool_t *pool, apr_int64_t value)
{
    return prefixed(pool, du_text_number(pool, value));
}

const char *du_activity_digest(apr_pool_t *pool, const du_activity_t *row, const char *previous)
{
#define PREFIXED(name) prefixed(pool, row->name),
    const char *text = apr_pstrcat(pool, prefixed(pool, previous), number(pool, row->id), number(pool, row->time),
                                   DU_ACTIVITY_TEXTS(PREFIXED) NULL);
#undef PREFIXED
    unsigned char digest[DU_DIGEST_SIZE];

    return EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL) == 1
               ? du_text_hex(pool, digest, sizeof(digest))
               : NULL;
}
