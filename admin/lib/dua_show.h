/*
 * How pages show values: the forms that a template can ask for as du:text="name:form".
 *
 *   (none)      text fit for the eye (du_text_visible())
 *   number      with thousands apart: 12,345
 *   bytes       12.1 MB
 *   time, day   of 2026-11-23T02:49:30Z: 2026-11-23 02:49 UTC, 2026-11-23
 *   dash        the text, or a dash if it is empty
 *   lines       of more than one line (a file, a <textarea>): as (none), but lines and tabs stay
 *   say.KEY     the phrase KEY.<text>, for words of ours: states, roles, results
 *   maybe.KEY   likewise, or the text itself if there is no such phrase: words that records of another version may have
 */
#ifndef DUA_SHOW_H
#define DUA_SHOW_H

#include <apr_hash.h>

#include "du_template.h"

/* Phrases of texts (dua_texts()), and these forms. Lives as long as texts. */
du_words_t dua_words(apr_hash_t *texts);

#endif
