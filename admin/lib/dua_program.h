/*
 * What a program of ours does before and after its work, be it a page or the command line.
 */
#ifndef DUA_PROGRAM_H
#define DUA_PROGRAM_H

#include <apr_pools.h>

/* The work; its exit status. */
typedef int dua_work_fn(apr_pool_t *pool, int argc, const char *const *argv, const void *baton);

/* Sets up APR, libxml2 and jansson, works, and tears down; the exit status for main(). Where memory runs out the program ends
 * with status 1 and a line that begins with `name`. */
int dua_program(const char *name, int argc, const char *const *argv, dua_work_fn *work, const void *baton);

#endif
