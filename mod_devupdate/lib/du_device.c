#include "du_device.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "du_text.h"

#define MAC_MIN_DIGITS 12 /* six pairs; more are legal (protocol.md 8.3) */
#define MAC_MAX_DIGITS 64 /* ours */

int du_key_is_complete(const du_key_t *key)
{
    int complete = 1;

#define LOOK_AT(part) complete = complete && key->part && *key->part != '\0';
    DU_KEY_PARTS(LOOK_AT)
#undef LOOK_AT
    return complete;
}

int du_key_same(const du_key_t *a, const du_key_t *b)
{
    int same = 1;

#define COMPARE(part) same = same && du_text_same(a->part, b->part);
    DU_KEY_PARTS(COMPARE)
#undef COMPARE
    return same;
}

/* FNV-1a over the folded text and a separator, so that {"ab","c"} and {"a","bc"} differ. */
static apr_uint32_t hash_part(apr_uint32_t hash, const char *part)
{
    for (; *part; part++) {
        unsigned char c = (unsigned char)*part;

        hash = (hash ^ (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)) * 16777619u;
    }
    return (hash ^ '/') * 16777619u;
}

apr_uint32_t du_key_hash(const du_key_t *key)
{
    apr_uint32_t hash = 2166136261u;

#define HASH_PART(part) hash = hash_part(hash, key->part);
    DU_KEY_PARTS(HASH_PART)
#undef HASH_PART
    return hash;
}

char *du_key_path(apr_pool_t *pool, const du_key_t *key)
{
    return apr_pstrcat(pool, key->type, "/", key->brand, "/", key->model, "/", key->revision, "/", key->locale, NULL);
}

/* Takes the hexadecimal digits out of text; 0 if it is not a MAC address. The separator is none, '-' or ':', the same
 * throughout and between pairs only. */
static int mac_digits(const char *text, char *digits)
{
    char separator = strlen(text) > 2 && (text[2] == '-' || text[2] == ':') ? text[2] : '\0';
    int n = 0;

    while (*text) {
        if (n == MAC_MAX_DIGITS || !apr_isxdigit(text[0]) || !apr_isxdigit(text[1])) {
            return 0;
        }
        digits[n++] = (char)apr_toupper(text[0]);
        digits[n++] = (char)apr_toupper(text[1]);
        text += 2;
        if (separator && *text) {
            if (*text != separator || !text[1]) {
                return 0;
            }
            text++;
        }
    }
    return n >= MAC_MIN_DIGITS ? n : 0;
}

const char *du_mac_canonical(apr_pool_t *pool, const char *text)
{
    char digits[MAC_MAX_DIGITS];
    int n = text ? mac_digits(text, digits) : 0;
    char *mac, *to;

    if (!n) {
        return NULL;
    }
    to = mac = apr_palloc(pool, (apr_size_t)n / 2 * 3);
    for (int i = 0; i < n; i += 2) {
        *to++ = digits[i];
        *to++ = digits[i + 1];
        *to++ = '-';
    }
    to[-1] = '\0';
    return mac;
}

const char *du_serial_canonical(apr_pool_t *pool, const char *text)
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    apr_size_t len = text ? strlen(text) : 0;

    return len > 0 && len <= DU_KEY_PART_MAX && strspn(text, legal) == len ? du_text_fold(pool, text) : NULL;
}
