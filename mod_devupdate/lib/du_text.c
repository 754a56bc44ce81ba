#include "du_text.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_strings.h>

#define LOG_TEXT_MAX 100 /* bytes of a stranger's text in one log message */

int du_text_same(const char *a, const char *b)
{
    return a && b && apr_cstr_casecmp(a, b) == 0;
}

int du_text_equal(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

int du_text_begins(const char *text, const char *prefix)
{
    return text && prefix && apr_cstr_casecmpn(text, prefix, strlen(prefix)) == 0;
}

int du_text_contains(const char *text, const char *part)
{
    for (; text && *text; text++) {
        if (du_text_begins(text, part)) {
            return 1;
        }
    }
    return 0;
}

const char *du_text_or_null(const char *text)
{
    return text && *text ? text : NULL;
}

const char *du_text_or_empty(const char *text)
{
    return text ? text : "";
}

/* XML's white space; isspace() would ask the locale. */
static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *du_text_trim(char *text)
{
    char *end;

    while (is_space(*text)) {
        text++;
    }
    end = text + strlen(text);
    while (end > text && is_space(end[-1])) {
        end--;
    }
    *end = '\0';
    return text;
}

char *du_text_fold(apr_pool_t *pool, const char *text)
{
    char *folded = apr_pstrdup(pool, text);

    for (char *c = folded; *c; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c += 'a' - 'A';
        }
    }
    return folded;
}

/* Length of the UTF-8 sequence at s (at most left bytes), or 0 if it is not valid: overlong forms, surrogates and
 * everything beyond U+10FFFF are not. */
static apr_size_t utf8_sequence(const unsigned char *s, apr_size_t left)
{
    static const apr_uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    apr_size_t len = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    apr_uint32_t code;

    if (len < 2) {
        return len;
    }
    if (len > left) {
        return 0;
    }
    code = s[0] & (0xFF >> (len + 1));
    for (apr_size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (s[i] & 0x3F);
    }
    return code >= least[len] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF) ? len : 0;
}

int du_text_is_utf8(const char *text, apr_size_t len)
{
    const unsigned char *s = (const unsigned char *)text;

    while (len > 0) {
        apr_size_t step = *s ? utf8_sequence(s, len) : 0;

        if (step == 0) {
            return 0;
        }
        s += step;
        len -= step;
    }
    return 1;
}

int du_text_is_segment(const char *text, apr_size_t limit)
{
    apr_size_t len = text ? strlen(text) : 0;

    if (len == 0 || len > limit || !du_text_is_utf8(text, len)) {
        return 0;
    }
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        int is_c1 = c[0] == 0xC2 && c[1] < 0xA0; /* U+0080 to U+009F, which terminals obey like escape sequences */

        if (*c < ' ' || *c == 0x7F || is_c1 || strchr("/\\:*?\"<>|", *c)) {
            return 0;
        }
    }
    return text[0] != '.' && text[0] != ' ' && text[len - 1] != '.' && text[len - 1] != ' ';
}

const char *du_text_for_log(apr_pool_t *pool, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t len = text ? strlen(text) : 0;
    apr_size_t shown = len > LOG_TEXT_MAX ? LOG_TEXT_MAX : len;
    char *out, *to;

    if (!text) {
        return "-";
    }
    to = out = apr_palloc(pool, shown * 4 + sizeof("..."));
    for (apr_size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' || c > '~' || c == '"' || c == '\\') {
            *to++ = '\\';
            *to++ = 'x';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        } else {
            *to++ = (char)c;
        }
    }
    apr_cpystrn(to, shown < len ? "..." : "", sizeof("..."));
    return out;
}

const char *du_text_number(apr_pool_t *pool, apr_int64_t value)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, value);
}

const char *du_text_hex(apr_pool_t *pool, const unsigned char *bytes, apr_size_t len)
{
    return apr_pescape_hex(pool, bytes, len, 0);
}

int du_text_unhex(const char *text, unsigned char *bytes, apr_size_t len)
{
    apr_size_t got = 0;

    return text && strlen(text) == 2 * len &&
           apr_unescape_hex(bytes, text, (apr_ssize_t)(2 * len), 0, &got) == APR_SUCCESS && got == len;
}
