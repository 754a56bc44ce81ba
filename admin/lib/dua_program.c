#include "dua_program.h"

#include <stdio.h>
#include <stdlib.h>

#include <apr_general.h>
#include <apr_signal.h>
#include <jansson.h>

#include "du_xml.h"

/* For those who are told that there is no memory and nothing else. */
static const char *program;

/* Called by APR; does not come back. */
static int out_of_memory(int status)
{
    fprintf(stderr, "%s: out of memory\n", program);
    exit(1);
    return status;
}

/* jansson would answer NULL, and leave members out of the document. */
static void *must_allocate(size_t size)
{
    void *memory = malloc(size);

    if (!memory) {
        out_of_memory(APR_ENOMEM);
    }
    return memory;
}

int dua_program(const char *name, int argc, const char *const *argv, dua_work_fn *work, const void *baton)
{
    apr_pool_t *pool;
    int result;

    program = name;
    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS ||
        apr_pool_create_ex(&pool, NULL, out_of_memory, NULL) != APR_SUCCESS) {
        return 1;
    }
    apr_signal(SIGCHLD, SIG_DFL); /* who started us may ignore it, and then no child can be waited for */
    json_set_alloc_funcs(must_allocate, free);
    du_xml_setup();
    result = work(pool, argc, argv, baton);
    apr_pool_destroy(pool);
    apr_terminate();
    return result;
}
