#include "dua_show.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

static const char *phrase(void *texts, const char *key)
{
    return apr_hash_get(texts, key, APR_HASH_KEY_STRING);
}

static const char *show_number(apr_pool_t *pool, const char *text)
{
    apr_size_t len = strlen(text), first = len % 3 ? len % 3 : 3;
    const char *out = apr_pstrndup(pool, text, first);

    for (apr_size_t i = first; i < len; i += 3) {
        out = apr_pstrcat(pool, out, ",", apr_pstrndup(pool, text + i, 3), NULL);
    }
    return out;
}

static const char *show_bytes(apr_pool_t *pool, const char *text)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double size = atof(text);
    int unit = 0;

    while (size >= 1000 && unit < 5) {
        size /= 1000;
        unit++;
    }
    return apr_psprintf(pool, unit == 0 || size >= 100 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

/* "2026-11-23T02:49:30Z": what is not of this form is shown as it is. */
static const char *show_time(apr_pool_t *pool, const char *text)
{
    if (strlen(text) != 20 || text[10] != 'T') {
        return du_text_visible(pool, text);
    }
    return apr_psprintf(pool, "%.10s %.5s UTC", text, text + 11);
}

static const char *show_day(apr_pool_t *pool, const char *text)
{
    return strlen(text) == 20 ? apr_pstrndup(pool, text, 10) : du_text_visible(pool, text);
}

static const char *show_dash(apr_pool_t *pool, const char *text)
{
    return *text ? du_text_visible(pool, text) : "\xE2\x80\x93";
}

static const char *show_lines(apr_pool_t *pool, const char *text)
{
    return du_text_visible_lines(pool, text, strlen(text));
}

static const struct {
    const char *form;
    const char *(*show)(apr_pool_t *pool, const char *text);
} forms[] = {{"", du_text_visible}, {"number", show_number}, {"bytes", show_bytes}, {"time", show_time},
             {"day", show_day},     {"dash", show_dash},     {"lines", show_lines}};

static const char *show(void *texts, const char *form, const char *text, apr_pool_t *pool)
{
    if (strncmp(form, "say.", 4) == 0) {
        return *text ? phrase(texts, apr_pstrcat(pool, form + 4, ".", text, NULL)) : "";
    }
    if (strncmp(form, "maybe.", 6) == 0) {
        const char *words = phrase(texts, apr_pstrcat(pool, form + 6, ".", text, NULL));

        return words ? words : du_text_visible(pool, text);
    }
    for (apr_size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].form, form) == 0) {
            return forms[i].show(pool, text);
        }
    }
    return NULL;
}

du_words_t dua_words(apr_hash_t *texts)
{
    return (du_words_t){phrase, show, texts};
}
