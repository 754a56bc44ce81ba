/*
 * Addresses and subnets: which site a phone is at.
 *
 * IPv4 is kept as IPv4-mapped IPv6 (::ffff:a.b.c.d), so that there is one kind of address; texts show IPv4 as people
 * write it.
 */
#ifndef DU_SUBNET_H
#define DU_SUBNET_H

#include <apr_pools.h>

typedef struct du_address_t {
    unsigned char bytes[16];
} du_address_t;

typedef struct du_subnet_t {
    du_address_t address; /* host bits are zero */
    int bits;             /* of the prefix, 0 to 128; an IPv4 prefix counts 96 more */
} du_subnet_t;

/* 1 if the text is an IPv4 or IPv6 address. NULL is none. A zone id does not count: fe80::1%eth0 is fe80::1, because the zone
 * is a link of this host and says nothing about the other one (RFC 4007 11). */
int du_address_parse(const char *text, du_address_t *address);

/* 1 if the text is a subnet like 10.1.0.0/16 or 2001:db8::/32, or a single address, without a zone id. Host bits are
 * cleared. */
int du_subnet_parse(apr_pool_t *pool, const char *text, du_subnet_t *subnet);

/* The subnet as text, in one spelling for each subnet. */
const char *du_subnet_text(apr_pool_t *pool, const du_subnet_t *subnet);

int du_subnet_same(const du_subnet_t *one, const du_subnet_t *other);

int du_subnet_contains(const du_subnet_t *subnet, const du_address_t *address);

#endif
