/*
 * The numbers in a cabinet's tables: little-endian, of two and of four bytes.
 */
#ifndef DU_CAB_NUMBERS_H
#define DU_CAB_NUMBERS_H

#include <apr.h>

static inline unsigned du_cab_u2(const unsigned char *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

static inline apr_off_t du_cab_u4(const unsigned char *at)
{
    return (apr_off_t)du_cab_u2(at) | (apr_off_t)du_cab_u2(at + 2) << 16;
}

#endif
