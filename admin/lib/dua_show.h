/*
 * How pages show values: the forms that a template can ask for as du:text="name:form".
 *
 *   (none)      text fit for the eye (du_text_visible())
 *   lines       the same line by line, for a <textarea>
 *   number      with thousands apart: 12,345
 *   bytes       12.1 MB
 *   time, day   of 2026-11-23T02:49:30Z: 2026-11-23 02:49 UTC, 2026-11-23
 *   dash        the text, or a dash if it is empty
 *   say.KEY     the phrase KEY.<text>, for words of ours: states, roles, results
 */
#ifndef DUA_SHOW_H
#define DUA_SHOW_H

#include <apr_hash.h>

#include "du_template.h"

/* Phrases of texts (dua_texts()), and these forms. Lives as long as texts. */
du_words_t dua_words(apr_hash_t *texts);

#endif
