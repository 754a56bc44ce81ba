/*
 * Who may do what: looked at before any page code runs (house.md section 9).
 *
 * A request passes if its method is GET or, where the page changes something, POST; if httpd's authentication has found an
 * account; if the store has a role for it, and that role the page's right. What changes something is no GET, and no token
 * stands in its URL, where logs and histories would keep it. A POST also comes from this very server, as far as the client
 * says where it comes from (Sec-Fetch-Site, else Origin, else Referer), and carries a token (du_token.h) that was made for
 * this account and this page, in the parameter "token" or the field X-DevUpdate-Token; of a form with a file, nothing but the
 * fields before the file has been read by then (dua_upload.h). A client that says nothing of where it comes from is a script,
 * and the token decides.
 *
 * The functions are called in this order; each fails with a sentence. What was refused is put on record.
 */
#ifndef DUA_GUARD_H
#define DUA_GUARD_H

#include "dua.h"

#define DUA_TOKEN_SECONDS 14400 /* that a token holds */

/* What needs neither parameters nor store: path, account, method, length and type of the body. Fills the actor's name. */
apr_status_t dua_guard_request(dua_t *dua);

/* With the parameters of the query, before those of the body. */
apr_status_t dua_guard_query(dua_t *dua);

/* With the store open: role and right. Fills dua->grant, the actor's role, dua->operators_approve. DU_E_FORBIDDEN. */
apr_status_t dua_guard_role(dua_t *dua);

/* For a POST, when its parameters are read: origin and token. DU_E_FORBIDDEN. */
apr_status_t dua_guard_post(dua_t *dua);

/* Puts dua->ctx->failure on record as a refused attempt of the account, if there is one and the store is open: an activity
 * "refuse" on "page NAME" with the message's id, and its sentence as the note. The failure stays what it was. */
void dua_guard_record(dua_t *dua);

/* 1 if the token was made so. */
int dua_guard_is_token(dua_t *dua, const char *page, const char *token);

/* A token for this account and that page; NULL, with the failure recorded, if the store has no key and cannot make one. */
const char *dua_guard_token(dua_t *dua, const char *page);

/* Until when a token holds that is made now. */
apr_time_t dua_guard_expiry(const dua_t *dua);

#endif
