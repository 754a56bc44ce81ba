/*
 * Names of a deployment's own for the fields of what phones send: update checks and log uploads (house.md D5).
 *
 * Whoever reads a field has a shipped table of the names that are accepted for it (du_request.c, du_upload_identity.c). A
 * name that is added here goes in front of the table of every place that has the field, so a phone which calls its MAC
 * address "hw" in a check may call it so in an upload.
 */
#ifndef DU_NAMES_H
#define DU_NAMES_H

#include <apr_tables.h>

#include "du_xml.h"

#define DU_NAMES_MAX 64 /* of a deployment's own; every attribute of a request is compared with all of them */

/* Where a field is read; bits, since a field may be read at several places. */
typedef enum {
    DU_IN_REQUEST = 1,        /* an update check */
    DU_IN_MODULE = 2,         /* an installed file inside it */
    DU_IN_MODULE_ELEMENT = 4, /* the element that begins one */
    DU_IN_UPLOAD = 8,         /* a log upload: query string, headers, form fields, XML part */
} du_place_e;

/* One more name for a field. */
typedef struct du_added_name_t {
    int field; /* du_names_field() */
    const char *name;
} du_added_name_t;

/* The fields that can be given names, as an administrator spells them: "DeviceType, MacAddress, ...". Module is the element
 * that begins a module; Filename, Version and Timestamp are what stands in it; LogType and LogFileName are an upload's. */
const char *du_names_fields(apr_pool_t *pool);

/* The field of that spelling, without regard to case; -1 if there is none. */
int du_names_field(const char *text);

/* 1 if both are read at the same place, so that one name cannot stand for both. */
int du_names_compete(int one, int other);

/* The shipped table of a place behind these names (array of du_added_name_t, the earlier the better), in pool. In the table
 * each field of that place has the name that an administrator spells. */
const du_name_t *du_names_extend(apr_pool_t *pool, const apr_array_header_t *additions, du_place_e place,
                                 const du_name_t *shipped);

/* Likewise the names of the elements that begin a module; NULL at the end of both. */
const char *const *du_names_extend_elements(apr_pool_t *pool, const apr_array_header_t *additions,
                                            const char *const *shipped);

#endif
