#include "du_multipart.h"

#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

#define MAX_BOUNDARY 70 /* RFC 2046 section 5.1.1 */
#define CRLF         "\r\n"

typedef enum {
    PREAMBLE,  /* before the first delimiter */
    HEADERS,   /* of a part */
    DATA,      /* of a part */
    LINE_END,  /* behind a delimiter: "--", or padding and a line end */
    LAST_DASH, /* behind a delimiter and a "-" */
    LINE_FEED, /* behind a delimiter, padding and a CR */
    EPILOGUE,  /* behind the last delimiter */
} state_e;

struct du_multipart_t {
    du_ctx_t *ctx;
    du_multipart_sink_t sink;
    state_e state;
    char delimiter[sizeof(CRLF "--") + MAX_BOUNDARY]; /* CR LF "--" boundary */
    apr_size_t delimiter_len, matched;                /* bytes of it that were seen and not yet taken for data */
    int nparts;
    apr_size_t header_len;
    char header[DU_MULTIPART_MAX_HEADER + 1];
};

int du_multipart_is(const char *content_type)
{
    return content_type && du_text_begins(content_type, "multipart/");
}

/*
 * Headers: "Name: value; parameter=value; parameter="quoted value""
 */

/* Takes a quoted text or a token out of *text, which is cut in place. A backslash stands for itself unless a quote or
 * another one follows: browsers send "C:\logs\a.clg". NULL if a quote is missing or something sticks to the last one. */
static char *take_value(char **text)
{
    char *value = *text, *to = value, *from = value + 1;

    if (*value != '"') {
        from = value + strcspn(value, "; \t");
        *text = from + (*from != '\0');
        *from = '\0';
        return value;
    }
    for (; *from && *from != '"'; from++) {
        from += from[0] == '\\' && (from[1] == '"' || from[1] == '\\');
        *to++ = *from;
    }
    if (!*from || (from[1] && !strchr("; \t", from[1]))) {
        return NULL;
    }
    *text = from + 1;
    *to = '\0';
    return value;
}

/* Finds parameters among `rest` ("a=b; c=d"); *values must be NULL each. 0 for a form that is not accepted, or for two
 * values of one of them: others might take the other one. */
static int take_parameters(char *rest, const char *const *names, const char ***values)
{
    while (*(rest += strspn(rest, " \t;"))) {
        char *name = rest, *value;
        apr_size_t len = strcspn(rest, "=; \t");

        rest += len;
        if (*rest != '=') {
            return 0;
        }
        *rest++ = '\0';
        value = take_value(&rest);
        if (!value) {
            return 0;
        }
        for (int i = 0; names[i]; i++) {
            if (du_text_same(names[i], name)) {
                if (*values[i]) {
                    return 0;
                }
                *values[i] = value;
            }
        }
    }
    return 1;
}

/* The value of a Content-Type or Content-Disposition: its parameters. */
static int read_parameters(char *value, const char *const *names, const char ***values)
{
    char *rest = value + strcspn(value, ";");

    if (*rest) {
        *rest++ = '\0';
    }
    return take_parameters(rest, names, values);
}

static int take_disposition(du_part_t *part, char *value)
{
    static const char *const names[] = {"name", "filename", NULL};
    const char **values[] = {&part->name, &part->filename};

    return !part->name && !part->filename && read_parameters(value, names, values);
}

static int is_plain_encoding(const char *value)
{
    return du_text_same(value, "binary") || du_text_same(value, "8bit") || du_text_same(value, "7bit");
}

/* One header line. Answers what is wrong with it, or NULL. */
static const char *take_header(du_part_t *part, char *line)
{
    char *value = strchr(line, ':');

    if (!value || value == line || *line == ' ' || *line == '\t') {
        return "a header line that is none";
    }
    *value++ = '\0';
    value = du_text_trim(value);
    if (du_text_same(line, "Content-Disposition") && !take_disposition(part, value)) {
        return "a Content-Disposition that is not understood";
    }
    if (du_text_same(line, "Content-Transfer-Encoding") && !is_plain_encoding(value)) {
        return "an encoded part";
    }
    if (du_text_same(line, "Content-Type")) {
        if (part->media_type) {
            return "two Content-Types";
        }
        part->media_type = value;
    }
    return NULL;
}

/* Reads the collected headers, which end with an empty line, in place. */
static apr_status_t begin_part(du_multipart_t *reader)
{
    du_part_t part = {NULL, NULL, NULL};
    char *line = reader->header;
    const char *wrong = memchr(line, '\0', reader->header_len) ? "a NUL byte" : NULL;

    reader->header[reader->header_len] = '\0';
    while (!wrong) {
        char *end = strstr(line, CRLF);

        if (end == line) {
            break;
        }
        *end = '\0';
        wrong = line[strcspn(line, CRLF)] ? "half a line end" : take_header(&part, line);
        line = end + strlen(CRLF);
    }
    if (wrong) {
        return du_fail(reader->ctx, DU_E_MALFORMED, DUNO(0403), "the headers of a part have %s", wrong);
    }
    reader->state = DATA;
    return reader->sink.begin(reader->sink.baton, &part);
}

/* Collects headers up to the empty line behind them; *used bytes of the piece belong to them. */
static apr_status_t feed_headers(du_multipart_t *reader, const char *bytes, apr_size_t len, apr_size_t *used)
{
    static const char end[] = CRLF CRLF;
    char *header = reader->header;

    for (*used = 0; *used < len;) {
        if (reader->header_len == DU_MULTIPART_MAX_HEADER) {
            return du_fail(reader->ctx, DU_E_MALFORMED, DUNO(0402), "the headers of a part have more than %d bytes",
                           DU_MULTIPART_MAX_HEADER);
        }
        header[reader->header_len++] = bytes[(*used)++];
        if ((reader->header_len == 2 && memcmp(header, end, 2) == 0) ||
            (reader->header_len >= 4 && memcmp(header + reader->header_len - 4, end, 4) == 0)) {
            return begin_part(reader);
        }
    }
    return APR_SUCCESS;
}

/*
 * Data and delimiters
 */

static apr_status_t give(du_multipart_t *reader, const char *bytes, apr_size_t len)
{
    return len && reader->state == DATA ? reader->sink.data(reader->sink.baton, bytes, len) : APR_SUCCESS;
}

static apr_status_t end_part(du_multipart_t *reader)
{
    apr_status_t rv = reader->state == DATA ? reader->sink.end(reader->sink.baton) : APR_SUCCESS;

    reader->state = LINE_END;
    reader->matched = 0;
    return rv;
}

/* Hands out data up to a delimiter or the end of the piece. A delimiter has its only CR at its beginning, so when the next
 * byte does not continue it, what was held is data and only that byte can begin another one. */
static apr_status_t feed_data(du_multipart_t *reader, const char *bytes, apr_size_t len, apr_size_t *used)
{
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i = 0;

    while (i < len && rv == APR_SUCCESS) {
        if (reader->matched == 0) {
            const char *cr = memchr(bytes + i, '\r', len - i);
            apr_size_t plain = cr ? (apr_size_t)(cr - bytes) - i : len - i;

            rv = give(reader, bytes + i, plain);
            i += plain + (cr != NULL);
            reader->matched = cr != NULL;
        } else if (bytes[i] == reader->delimiter[reader->matched]) {
            i++;
            if (++reader->matched == reader->delimiter_len) {
                rv = end_part(reader);
                break;
            }
        } else {
            apr_size_t held = reader->matched;

            reader->matched = 0;
            rv = give(reader, reader->delimiter, held);
        }
    }
    *used = i;
    return rv;
}

static apr_status_t next_part(du_multipart_t *reader)
{
    if (++reader->nparts > DU_MULTIPART_MAX_PARTS) {
        return du_fail(reader->ctx, DU_E_MALFORMED, DUNO(0404), "more than %d parts", DU_MULTIPART_MAX_PARTS);
    }
    reader->state = HEADERS;
    reader->header_len = 0;
    return APR_SUCCESS;
}

/* One byte of the rest of a delimiter's line. */
static apr_status_t feed_line_end(du_multipart_t *reader, char c)
{
    if (reader->state == LINE_FEED && c == '\n') {
        return next_part(reader);
    }
    if (reader->state == LAST_DASH && c == '-') {
        reader->state = EPILOGUE;
        return APR_SUCCESS;
    }
    if (reader->state == LINE_END && c && strchr("-\r \t", c)) {
        reader->state = c == '-' ? LAST_DASH : c == '\r' ? LINE_FEED : LINE_END;
        return APR_SUCCESS;
    }
    return du_fail(reader->ctx, DU_E_MALFORMED, DUNO(0405), "a delimiter is not followed by a line end");
}

apr_status_t du_multipart_feed(du_multipart_t *reader, const char *bytes, apr_size_t len)
{
    apr_status_t rv = APR_SUCCESS;

    while (len > 0 && rv == APR_SUCCESS && reader->state != EPILOGUE) {
        apr_size_t used = 1;

        if (reader->state == HEADERS) {
            rv = feed_headers(reader, bytes, len, &used);
        } else if (reader->state == DATA || reader->state == PREAMBLE) {
            rv = feed_data(reader, bytes, len, &used);
        } else {
            rv = feed_line_end(reader, *bytes);
        }
        bytes += used;
        len -= used;
    }
    return rv;
}

apr_status_t du_multipart_finish(du_multipart_t *reader)
{
    return reader->state == EPILOGUE
               ? APR_SUCCESS
               : du_fail(reader->ctx, DU_E_MALFORMED, DUNO(0406), "the body ends before its last delimiter");
}

/*
 * Making one
 */

/* RFC 2046 section 5.1.1: 1 to 70 of these characters, the last one no space. */
static int is_boundary(const char *text)
{
    apr_size_t len = text ? strlen(text) : 0;

    return len > 0 && len <= MAX_BOUNDARY && text[len - 1] != ' ' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'()+_,-./:=? ") == len;
}

apr_status_t du_multipart_make(du_ctx_t *ctx, const char *content_type, const du_multipart_sink_t *sink,
                               du_multipart_t **reader)
{
    static const char *const names[] = {"boundary", NULL};
    const char *boundary = NULL, **values[] = {&boundary};
    du_multipart_t *made;

    *reader = NULL;
    if (!du_multipart_is(content_type) || !read_parameters(apr_pstrdup(ctx->pool, content_type), names, values) ||
        !is_boundary(boundary)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0401), "a Content-Type without a usable boundary: %s",
                       du_text_for_log(ctx->pool, content_type));
    }
    made = apr_palloc(ctx->pool, sizeof(*made));
    made->ctx = ctx;
    made->sink = *sink;
    made->state = PREAMBLE;
    made->delimiter_len = (apr_size_t)apr_snprintf(made->delimiter, sizeof(made->delimiter), CRLF "--%s", boundary);
    made->matched = strlen(CRLF); /* a delimiter at the very beginning has no line end before it */
    made->nparts = 0;
    made->header_len = 0;
    *reader = made;
    return APR_SUCCESS;
}
