/*
 * The signature of a cabinet itself (Authenticode): reserved bytes in the header say where behind the cabinet it is.
 *
 * It is reported and never takes the place of the catalogues, which are what phones look at.
 */
#ifndef DU_CAB_SIGNATURE_H
#define DU_CAB_SIGNATURE_H

#include "du_signature.h"

/*
 * Judges the signature of the cabinet at `path`. *said says what came of it, to be kept with the package: "" if it has
 * none; whom it is from and until when if it is good or expired ("Name (valid until 2030-01-01)"); "not trusted: it is signed
 * by Name, ..."; "broken: it ...". A status is only for a file that cannot be read. Reads the file once more if it is signed.
 */
apr_status_t du_cab_signature_read(du_ctx_t *ctx, const du_anchors_t *anchors, const char *path, const char **said);

#endif
