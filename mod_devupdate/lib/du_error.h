/*
 * What can go wrong, as apr_status_t values of our own.
 *
 * One list: code, the HTTP status a request gets for it, and the words for it. The codes start behind
 * APR_OS_START_USERERR, so they travel in an apr_status_t beside APR's and errno's.
 */
#ifndef DU_ERROR_H
#define DU_ERROR_H

#include <apr_errno.h>

/* clang-format off */
#define DU_ERROR_LIST(X)                                                              \
    X(DU_E_MALFORMED,   400, "not well-formed, or of a form that is not accepted")    \
    X(DU_E_TOO_LARGE,   413, "larger than the limit")                                 \
    X(DU_E_NOT_FOUND,   404, "not there")                                             \
    X(DU_E_PACKAGE,     422, "package refused")                                       \
    X(DU_E_EXISTS,      409, "already there")                                         \
    X(DU_E_CONFLICT,    409, "somebody else was faster")                              \
    X(DU_E_NOTHING,     200, "nothing to do")                                         \
    X(DU_E_STORE,       503, "the store does not answer")                             \
    X(DU_E_SCHEMA,      503, "the store has another schema")                          \
    X(DU_E_DAMAGED,     500, "the store is damaged")                                  \
    X(DU_E_RULESET,     503, "no usable rule set")                                    \
    X(DU_E_TEMPLATE,    500, "template not usable")                                   \
    X(DU_E_PEER,        502, "the other side answered something unexpected")          \
    X(DU_E_LOG_KIND,    415, "a kind of log that is not accepted")                    \
    X(DU_E_FULL,        507, "no room for it")                                        \
    X(DU_E_FORBIDDEN,   403, "not allowed")                                           \
    X(DU_E_METHOD,      405, "not with this method")
/* clang-format on */

enum {
    DU_E_FIRST = APR_OS_START_USERERR + 7100,
#define DU_ERROR_CODE(code, http, text) code,
    DU_ERROR_LIST(DU_ERROR_CODE)
#undef DU_ERROR_CODE
        DU_E_LAST
};

/* The words for a status of ours, of APR's or of the system's; never NULL. buf holds the answer for the latter two. */
const char *du_error_text(apr_status_t status, char *buf, apr_size_t size);

/* The HTTP status for a status: as in the list; 200 for APR_SUCCESS; 500 for everything foreign. */
int du_error_http(apr_status_t status);

#endif
