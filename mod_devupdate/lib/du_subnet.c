#include "du_subnet.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#define V4_PREFIX 96 /* bits of ::ffff:0:0/96 */

static const unsigned char v4_mapped[V4_PREFIX / 8] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static int is_v4(const du_address_t *address)
{
    return memcmp(address->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
}

static int parse_v6(const char *text, du_address_t *address)
{
    char plain[INET6_ADDRSTRLEN];
    apr_size_t len = strcspn(text, "%");

    if (len >= sizeof(plain) || (text[len] == '%' && text[len + 1] == '\0')) {
        return 0;
    }
    apr_cpystrn(plain, text, len + 1);
    return inet_pton(AF_INET6, plain, address->bytes) == 1;
}

int du_address_parse(const char *text, du_address_t *address)
{
    if (text && inet_pton(AF_INET, text, address->bytes + sizeof(v4_mapped)) == 1) {
        memcpy(address->bytes, v4_mapped, sizeof(v4_mapped));
        return 1;
    }
    return text && parse_v6(text, address);
}

/* The bits of byte `i` that belong to a prefix. */
static unsigned char mask_of(int bits, int i)
{
    int left = bits - 8 * i;

    return left >= 8 ? 0xFF : left <= 0 ? 0 : (unsigned char)(0xFF << (8 - left));
}

int du_subnet_parse(apr_pool_t *pool, const char *text, du_subnet_t *subnet)
{
    char *host = apr_pstrdup(pool, text);
    char *slash = strchr(host, '/');
    int most, bits;

    if (slash) {
        *slash++ = '\0';
    }
    if (strchr(host, '%') || !du_address_parse(host, &subnet->address)) {
        return 0;
    }
    most = strchr(host, ':') ? 128 : 32;
    bits = most;
    if (slash) {
        if (!*slash || strlen(slash) > 3 || strspn(slash, "0123456789") != strlen(slash) || atoi(slash) > most) {
            return 0;
        }
        bits = atoi(slash);
    }
    subnet->bits = bits + (128 - most);
    for (int i = 0; i < 16; i++) {
        subnet->address.bytes[i] &= mask_of(subnet->bits, i);
    }
    return 1;
}

const char *du_subnet_text(apr_pool_t *pool, const du_subnet_t *subnet)
{
    char text[INET6_ADDRSTRLEN];
    int v4 = subnet->bits >= V4_PREFIX && is_v4(&subnet->address);

    inet_ntop(v4 ? AF_INET : AF_INET6, subnet->address.bytes + (v4 ? sizeof(v4_mapped) : 0), text, sizeof(text));
    return apr_psprintf(pool, "%s/%d", text, subnet->bits - (v4 ? V4_PREFIX : 0));
}

int du_subnet_same(const du_subnet_t *one, const du_subnet_t *other)
{
    return one->bits == other->bits && memcmp(&one->address, &other->address, sizeof(one->address)) == 0;
}

int du_subnet_contains(const du_subnet_t *subnet, const du_address_t *address)
{
    for (int i = 0; i < 16; i++) {
        if ((address->bytes[i] & mask_of(subnet->bits, i)) != subnet->address.bytes[i]) {
            return 0;
        }
    }
    return 1;
}
