/*
 * What a fuzz target is: a function that takes bytes. libFuzzer calls it for what it invents (t/fuzz/run), replay.c for
 * what is kept in t/fuzz/corpus (make check).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "du_ctx.h"

/* 1 if the parser accepted the bytes, 0 if it refused them. Written by each target. */
int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size);

/* The same with a context of its own; what libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int fuzz_one(const uint8_t *data, size_t size);

/* What must hold of everything that is accepted; ends the program otherwise, which is how a fuzzer learns of it. */
#define FUZZ_HOLDS(condition)                                                      \
    do {                                                                           \
        if (!(condition)) {                                                        \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            abort();                                                               \
        }                                                                          \
    } while (0)

#endif
