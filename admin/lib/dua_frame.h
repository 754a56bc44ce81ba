/*
 * What stands around every page, and how a page becomes a response.
 */
#ifndef DUA_FRAME_H
#define DUA_FRAME_H

#include "dua.h"

/* Makes the response of a page that has said what it knows: JSON, or its template in the frame. */
apr_status_t dua_frame_page(dua_t *dua);

/* The response for a failure: that of dua->ctx, with its status. Cannot fail: without anything else it is a plain text. */
void dua_frame_failure(dua_t *dua, apr_status_t status);

/* The response for a change that was made. */
void dua_frame_done(dua_t *dua);

/* The page for a database that does not answer, as it stands. */
const char *dua_frame_busy(dua_t *dua);

#endif
