/*
 * What pages say, in the languages there are: admin/texts/<language>.txt, one phrase a line as "key = phrase". A test
 * compares them: no phrase is missing in any, and none is without use.
 */
#ifndef DUA_TEXTS_H
#define DUA_TEXTS_H

#include <apr_hash.h>

/* X(code, name of itself). The first one is what people get who want none of them. */
#define DUA_LANGUAGES(X) X(en, "English") X(ja, "日本語")

typedef struct dua_language_t {
    const char *code; /* en, ja */
    const char *name; /* as its speakers call it */
} dua_language_t;

/* All of them, {NULL} at the end. */
const dua_language_t *dua_languages(void);

/* The language of a request: `chosen` if there is such a language, else the first of an Accept-Language header's by weight
 * that there is, else the first one. Both may be NULL. */
const dua_language_t *dua_language_find(apr_pool_t *pool, const char *chosen, const char *accepted);

/* Its phrases by key; in pool. */
apr_hash_t *dua_texts(apr_pool_t *pool, const dua_language_t *language);

#endif
