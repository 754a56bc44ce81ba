#include "du_text.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* The character at s: its length in bytes, 0 if it is not valid UTF-8. */
static apr_size_t character(const char *s, apr_uint32_t *code)
{
    static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    unsigned char lead = (unsigned char)s[0];
    apr_size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

    for (apr_size_t i = 0; i < len; i++) {
        if (s[i] == '\0') {
            return 0;
        }
    }
    if (!du_text_is_utf8(s, len)) {
        return 0;
    }
    *code = lead & first_bits[len];
    for (apr_size_t i = 1; i < len; i++) {
        *code = *code << 6 | ((unsigned char)s[i] & 0x3F);
    }
    return len;
}

/* What moves the cursor, starts an escape sequence (U+009B is one by itself), hides, or turns the
 * direction of reading can make a terminal or a page show something else than what is there. */
static int is_harmless(apr_uint32_t code)
{
    static const struct {
        apr_uint32_t from, to;
    } harmful[] = {{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x200B, 0x200F},
                   {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};

    for (apr_size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
        if (code >= harmful[i].from && code <= harmful[i].to) {
            return 0;
        }
    }
    return 1;
}

const char *du_text_visible(apr_pool_t *pool, const char *text)
{
    char *out = apr_palloc(pool, strlen(text) * 4 + 1), *to = out;

    while (*text) {
        apr_uint32_t code = 0;
        apr_size_t len = character(text, &code);

        if (len > 0 && is_harmless(code)) {
            memcpy(to, text, len);
            to += len;
            text += len;
            continue;
        }
        for (len = len ? len : 1; len > 0; len--) {
            to += apr_snprintf(to, 5, "\\x%02x", (unsigned char)*text++);
        }
    }
    *to = '\0';
    return out;
}

/*
 * Files
 */

/* How many bytes stand before the next one of `ends`, or before the end. */
static apr_size_t piece_of(const char *bytes, apr_size_t len, const char *ends, apr_size_t n_ends)
{
    apr_size_t n = 0;

    while (n < len && !memchr(ends, bytes[n], n_ends)) {
        n++;
    }
    return n;
}

const char *du_text_visible_lines(apr_pool_t *pool, const char *bytes, apr_size_t len)
{
    static const char ends[] = "\n\t\r"; /* with its NUL */
    char *out = apr_palloc(pool, len * 4 + 1), *to = out;

    while (len > 0) {
        apr_size_t n = piece_of(bytes, len, ends, sizeof(ends));

        to = apr_cpystrn(to, du_text_visible(pool, apr_pstrmemdup(pool, bytes, n)), n * 4 + 1);
        if (n == len) {
            break;
        }
        if (bytes[n] == '\n' || bytes[n] == '\t') {
            *to++ = bytes[n];
        } else if (bytes[n] == '\0' || n + 1 == len || bytes[n + 1] != '\n') {
            to += apr_snprintf(to, 5, "\\x%02x", (unsigned char)bytes[n]);
        }
        bytes += n + 1;
        len -= n + 1;
    }
    *to = '\0';
    return out;
}

int du_text_is_binary(apr_pool_t *pool, const char *bytes, apr_size_t len)
{
    /* what is made visible is four times as long */
    return memchr(bytes, '\0', len) || strlen(du_text_visible_lines(pool, bytes, len)) > len + len / 8 * 3;
}

#define DUMP_BYTES 16
#define DUMP_LINE  80 /* at most: place, bytes, characters, line feed */

static char *dump_line(char *to, apr_size_t place, const unsigned char *bytes, apr_size_t n)
{
    to += apr_snprintf(to, DUMP_LINE, "%08x  ", (unsigned)place);
    for (apr_size_t i = 0; i < DUMP_BYTES; i++) {
        to += i < n ? apr_snprintf(to, 4, "%02x ", bytes[i]) : apr_snprintf(to, 4, "   ");
    }
    *to++ = ' ';
    for (apr_size_t i = 0; i < n; i++) {
        *to++ = (char)(bytes[i] < 0x80 && apr_isprint(bytes[i]) ? bytes[i] : '.');
    }
    *to++ = '\n';
    return to;
}

const char *du_text_dump(apr_pool_t *pool, const char *bytes, apr_size_t len)
{
    char *out = apr_palloc(pool, (len / DUMP_BYTES + 1) * DUMP_LINE + 1), *to = out;

    for (apr_size_t i = 0; i < len; i += DUMP_BYTES) {
        to = dump_line(to, i, (const unsigned char *)bytes + i, len - i < DUMP_BYTES ? len - i : DUMP_BYTES);
    }
    *to = '\0';
    return out;
}
