/* XML in other encodings, for the tests of everything that reads XML. */
#ifndef XML_TEXT_H
#define XML_TEXT_H

#include <iconv.h>

#include "unit.h"

/* UTF-8 text in another character set, in memory that ends with it, behind `mark` (a byte order mark or ""). */
static inline char *in_charset(const char *charset, const char *mark, apr_size_t mark_len, const char *text,
                               apr_size_t *len)
{
    size_t left = strlen(text), room = 8 * left + mark_len + 8;
    char *buf = apr_palloc(unit.pool, room), *in = apr_pstrdup(unit.pool, text), *out = buf + mark_len;
    iconv_t converter = iconv_open(charset, "UTF-8");

    ck_assert_msg(converter != (iconv_t)-1, "iconv does not know %s", charset);
    memcpy(buf, mark, mark_len);
    room -= mark_len;
    ck_assert_msg(iconv(converter, &in, &left, &out, &room) != (size_t)-1, "not convertible to %s", charset);
    iconv_close(converter);
    *len = (apr_size_t)(out - buf);
    return unit_exact(buf, *len);
}

#endif
