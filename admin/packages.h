/*
 * The page of packages: its parts.
 */
#ifndef PACKAGES_H
#define PACKAGES_H

#include "dua.h"

/* Jobs of imports (packages_job.c). The list puts "jobs" into what the page says; one job puts "job", and has the page renew
 * itself until it has ended. */
apr_status_t packages_list_jobs(dua_t *dua);
apr_status_t packages_show_job(dua_t *dua, const char *id);
apr_status_t packages_cancel_job(dua_t *dua);

/* A form with a package becomes a job. */
apr_status_t packages_upload(dua_t *dua);

/* Stored versions with their sizes (packages_files.c); what of them no rule needs, to be confirmed; removing that. */
apr_status_t packages_show_files(dua_t *dua);
apr_status_t packages_show_clear(dua_t *dua);
apr_status_t packages_clear(dua_t *dua);

/* The style of a state in the style sheet: for trust and ends of jobs. A member "class" of object. */
void packages_set_class(json_t *object, int is_good, int is_bad);

/* A link to a rule's row or another record by number. */
void packages_set_link(dua_t *dua, json_t *object, const char *name, const char *target, apr_int64_t id);

/* "class" for a trust (du_trust.h). */
void packages_set_trust_class(json_t *object, const char *trust);

#endif
