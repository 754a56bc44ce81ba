#include "du_text.h"

#include <string.h>

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
