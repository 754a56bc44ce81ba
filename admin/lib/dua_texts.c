#include "dua_texts.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "admin/texts/texts.h"

/* The languages in the order of their list, each with its phrases: key, phrase, key, phrase, NULL. */
static const struct {
    dua_language_t language;
    const char *const *phrases;
} catalogues[] = {
#define CATALOGUE(code, name) {{#code, name}, dua_texts_##code},
    DUA_LANGUAGES(CATALOGUE)
#undef CATALOGUE
};

#define COUNT (sizeof(catalogues) / sizeof(catalogues[0]))

const dua_language_t *dua_languages(void)
{
    static const dua_language_t list[] = {
#define LANGUAGE(code, name) {#code, name},
        DUA_LANGUAGES(LANGUAGE)
#undef LANGUAGE
            {NULL, NULL}};

    return list;
}

/* By its code, as the whole of text or up to a region: "ja" or "ja-JP". */
static const dua_language_t *by_code(const char *text)
{
    apr_size_t len = strcspn(text, "-;, \t");

    for (const dua_language_t *language = dua_languages(); language->code; language++) {
        if (strlen(language->code) == len && strncasecmp(language->code, text, len) == 0) {
            return language;
        }
    }
    return NULL;
}

/* The q of one range of an Accept-Language header, 1 if it has none. */
static double weight_of(const char *range)
{
    const char *q = strstr(range, "q=");

    return q ? atof(q + 2) : 1;
}

const dua_language_t *dua_language_find(apr_pool_t *pool, const char *chosen, const char *accepted)
{
    const dua_language_t *best = chosen ? by_code(chosen) : NULL;
    char *rest, *range = accepted ? apr_strtok(apr_pstrdup(pool, accepted), ",", &rest) : NULL;
    double weight = 0;

    if (best) {
        return best;
    }
    for (; range; range = apr_strtok(NULL, ",", &rest)) {
        const dua_language_t *language = by_code(range + strspn(range, " \t"));

        if (language && weight_of(range) > weight) {
            best = language;
            weight = weight_of(range);
        }
    }
    return best ? best : dua_languages();
}

apr_hash_t *dua_texts(apr_pool_t *pool, const dua_language_t *language)
{
    apr_hash_t *texts = apr_hash_make(pool);

    for (apr_size_t i = 0; i < COUNT; i++) {
        if (strcmp(catalogues[i].language.code, language->code) == 0) {
            for (const char *const *phrase = catalogues[i].phrases; *phrase; phrase += 2) {
                apr_hash_set(texts, phrase[0], APR_HASH_KEY_STRING, phrase[1]);
            }
        }
    }
    return texts;
}
