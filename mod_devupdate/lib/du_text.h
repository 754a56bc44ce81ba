/*
 * Text from strangers: comparing, trimming, checking and showing it.
 *
 * Names of devices compare without regard to the case of ASCII letters; other bytes compare as they are.
 */
#ifndef DU_TEXT_H
#define DU_TEXT_H

#include <apr_pools.h>

/* 1 if both are there and equal but for the case of ASCII letters. NULL equals nothing, not even NULL. */
int du_text_same(const char *a, const char *b);

/* 1 if both are there and equal byte by byte: versions are strings (protocol.md 8.4). NULL equals nothing. */
int du_text_equal(const char *a, const char *b);

/* 1 if text begins with prefix, without regard to case. */
int du_text_begins(const char *text, const char *prefix);

/* 1 if part stands somewhere in text, without regard to case. A missing text has no parts. */
int du_text_contains(const char *text, const char *part);

/* An empty or missing text is NULL; everything else is itself. */
const char *du_text_or_null(const char *text);

/* The text, "" for NULL. */
const char *du_text_or_empty(const char *text);

/* Without white space at both ends; cuts text in place. */
char *du_text_trim(char *text);

/* A copy with ASCII letters in lower case. */
char *du_text_fold(apr_pool_t *pool, const char *text);

/* 1 if the text can be one segment of a file store path and of a URL: 1 to limit bytes of valid UTF-8, no control
 * character (C1 included), none of / \ : * ? " < > | and no leading or trailing dot or space. Those are refused by Windows
 * too, so that a store can be copied there; its device names (CON, NUL) are not treated specially. */
int du_text_is_segment(const char *text, apr_size_t limit);

/* 1 if the bytes are valid UTF-8 without NUL. */
int du_text_is_utf8(const char *text, apr_size_t len);

/* Device text for a log line: control characters, quotes, backslashes and non-ASCII bytes as \xHH, at most 100 bytes of
 * it, "..." where it was cut; "-" for NULL. */
const char *du_text_for_log(apr_pool_t *pool, const char *text);

/* A text that a person can be shown: characters that control, format, hide or turn the direction of reading and what is not
 * UTF-8 as \xHH (du_text_visible.c). */
const char *du_text_visible(apr_pool_t *pool, const char *text);

/* The same for the bytes of a file: lines and tabs stay, a carriage return before a line feed goes, and a NUL is \x00. */
const char *du_text_visible_lines(apr_pool_t *pool, const char *bytes, apr_size_t len);

/* 1 if bytes look like no text: a NUL among them, or one in eight of them would have to be made visible. */
int du_text_is_binary(apr_pool_t *pool, const char *bytes, apr_size_t len);

/* Sixteen bytes a line: their place, as hexadecimal, and those that are ASCII. */
const char *du_text_dump(apr_pool_t *pool, const char *bytes, apr_size_t len);

/* In decimal. */
const char *du_text_number(apr_pool_t *pool, apr_int64_t value);

/* A digest or any other bytes as lower-case hexadecimal. */
const char *du_text_hex(apr_pool_t *pool, const unsigned char *bytes, apr_size_t len);

/* The way back: 1 and len bytes, or 0 if text is not exactly 2 * len hexadecimal digits. */
int du_text_unhex(const char *text, unsigned char *bytes, apr_size_t len);

#endif
