/*
 * What is known about the files of a package: each judged by the catalogue that the description names for it.
 */
#ifndef DU_TRUST_H
#define DU_TRUST_H

#include "du_anchors.h"
#include "du_package.h"

/*
 * Judges the images of an unpacked package (du_package_image_t): fills image.trust, image.signer and doubt. Each catalogue is
 * read once. Members are digested anew only where a catalogue has SHA-1; SHA-256 is there from unpacking. A status is only for
 * a file that cannot be read: DU_E_PACKAGE never, since whether an image that is not verified comes in is not decided here.
 */
apr_status_t du_trust_judge(du_ctx_t *ctx, const du_anchors_t *anchors, apr_array_header_t *images);

/* The lesser of two DU_TRUST_... */
const char *du_trust_least(const char *a, const char *b);

#endif
