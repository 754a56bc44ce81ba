#include "du_token.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "du_rule.h"
#include "du_text.h"

#define DIGITS "0123456789"

/* With its length before it, no text can pass for the end of one and the beginning of the next. */
static const char *prefixed(apr_pool_t *pool, const char *text)
{
    return apr_psprintf(pool, "%" APR_SIZE_T_FMT ":%s", strlen(text), text);
}

static const char *make(apr_pool_t *pool, const char *key, const char *account, const char *page, apr_int64_t seconds)
{
    const char *until = du_text_number(pool, seconds);
    const char *text = apr_pstrcat(pool, prefixed(pool, account), prefixed(pool, page), prefixed(pool, until), NULL);
    unsigned char digest[DU_DIGEST_SIZE];
    unsigned int size = sizeof(digest);

    return HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text, strlen(text), digest, &size)
               ? apr_pstrcat(pool, until, "-", du_text_hex(pool, digest, sizeof(digest)), NULL)
               : NULL;
}

static int are_there(const char *key, const char *account, const char *page)
{
    return du_text_or_null(key) && du_text_or_null(account) && du_text_or_null(page);
}

const char *du_token_make(apr_pool_t *pool, const char *key, const char *account, const char *page, apr_time_t until)
{
    return are_there(key, account, page) ? make(pool, key, account, page, apr_time_sec(until)) : NULL;
}

/* The whole text is compared with the one that we would have made for its time: a token has one spelling. */
du_token_e du_token_judge(apr_pool_t *pool, const char *key, const char *account, const char *page, const char *token,
                          apr_time_t now)
{
    apr_int64_t until;
    const char *ours;
    apr_size_t len;

    if (!du_text_or_null(token)) {
        return DU_TOKEN_MISSING;
    }
    if (!are_there(key, account, page) || !strchr(DIGITS, *token)) {
        return DU_TOKEN_WRONG;
    }
    until = apr_atoi64(token);
    ours = make(pool, key, account, page, until);
    len = ours ? strlen(ours) : 0;
    if (!ours || strlen(token) != len || CRYPTO_memcmp(ours, token, len) != 0) {
        return DU_TOKEN_WRONG;
    }
    return until < apr_time_sec(now) ? DU_TOKEN_EXPIRED : DU_TOKEN_GOOD;
}
