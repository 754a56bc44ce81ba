#include "ctl_doctor.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

/* SNTP, RFC 4330: one packet there, one back. */
#define PACKET      48
#define TO_UNIX     2208988800U /* seconds from 1900 to 1970 */
#define FIRST       0x23        /* no leap, version 4, client */
#define MODE_SERVER 4
#define AT_ORIGIN   24 /* our own time stamp, sent back */
#define AT_TRANSMIT 40
#define STRATUM_MAX 15
#define NEAR_ENOUGH apr_time_from_sec(5)   /* an HTTP date has whole seconds, and the way takes time */
#define TOO_FAR     apr_time_from_sec(300) /* what Kerberos bears */
#define UNSYNCED(x) (((x) >> 6) == 3)
#define MODE(x)     ((x)&7)

static apr_time_t time_at(const unsigned char *packet)
{
    apr_uint32_t seconds, fraction;

    memcpy(&seconds, packet, 4);
    memcpy(&fraction, packet + 4, 4);
    return apr_time_from_sec((apr_time_t)(apr_uint32_t)(ntohl(seconds) - TO_UNIX)) +
           (apr_time_t)(((apr_uint64_t)ntohl(fraction) * 1000000) >> 32);
}

/* Why the answer is none, or NULL. */
static const char *judge_packet(const unsigned char *sent, const unsigned char *packet, apr_size_t len)
{
    if (len < PACKET || MODE(packet[0]) != MODE_SERVER || memcmp(packet + AT_ORIGIN, sent + AT_TRANSMIT, 8) != 0) {
        return "the answer is not one to our question";
    }
    if (UNSYNCED(packet[0]) || packet[1] == 0 || packet[1] > STRATUM_MAX) {
        return "it does not know the time itself";
    }
    return NULL;
}

static apr_status_t exchange(ctl_doctor_t *doctor, apr_sockaddr_t *server, const unsigned char *sent,
                             unsigned char *packet, apr_size_t *len)
{
    apr_pool_t *pool = doctor->ctl->pool;
    apr_size_t out = PACKET;
    apr_socket_t *socket;
    apr_status_t status = apr_socket_create(&socket, server->family, SOCK_DGRAM, APR_PROTO_UDP, pool);

    if (status == APR_SUCCESS) {
        apr_socket_timeout_set(socket, apr_time_from_sec(CTL_DOCTOR_PATIENCE));
        status = apr_socket_connect(socket, server);
        status = status == APR_SUCCESS ? apr_socket_send(socket, (const char *)sent, &out) : status;
        status = status == APR_SUCCESS ? apr_socket_recv(socket, (char *)packet, len) : status;
        apr_socket_close(socket);
    }
    return status;
}

/* How far this host is ahead of the server of --ntp; why that is not known, or NULL. */
static const char *ask_ntp(ctl_doctor_t *doctor, apr_time_t *ahead)
{
    unsigned char sent[PACKET] = {FIRST}, packet[PACKET] = {0};
    apr_size_t len = sizeof(packet);
    apr_time_t before, after;
    apr_sockaddr_t *server;
    const char *host, *fault;
    apr_port_t port;
    apr_status_t status = ctl_doctor_address(doctor->ctl, CTL_OPT_NTP, 123, &host, &port);

    status =
        status == APR_SUCCESS ? apr_sockaddr_info_get(&server, host, APR_UNSPEC, port, 0, doctor->ctl->pool) : status;
    apr_generate_random_bytes(sent + AT_TRANSMIT, 8); /* nobody needs our time, and nobody can guess this */
    before = apr_time_now();
    status = status == APR_SUCCESS ? exchange(doctor, server, sent, packet, &len) : status;
    after = apr_time_now();
    if (status != APR_SUCCESS) {
        return apr_psprintf(doctor->ctl->pool, "%pm", (void *)&status);
    }
    fault = judge_packet(sent, packet, len);
    *ahead = before + (after - before) / 2 - time_at(packet + AT_TRANSMIT);
    return fault;
}

static void judge(ctl_doctor_t *doctor, const char *whose, const char *than, apr_time_t ahead)
{
    apr_time_t off = ahead < 0 ? -ahead : ahead;

    if (off <= NEAR_ENOUGH) {
        ctl_doctor_right(doctor, CTL_OK, "%s is within %" APR_TIME_T_FMT " seconds of %s", whose,
                         apr_time_sec(NEAR_ENOUGH), than);
        return;
    }
    ctl_doctor_wrong(doctor, off > TOO_FAR ? CTL_PROBLEM : CTL_WARNING, DUNO(1036),
                     "let both follow NTP: phones judge certificates by NTP's time",
                     "%s is %" APR_TIME_T_FMT " seconds %s %s", whose, apr_time_sec(off),
                     ahead < 0 ? "behind" : "ahead of", than);
}

/* Without NTP the two clocks there are can only be compared with each other. */
void ctl_doctor_clock(ctl_doctor_t *doctor)
{
    int has_ntp = doctor->ctl->option[CTL_OPT_NTP] != NULL;
    apr_time_t ahead = 0, server_ahead = doctor->date - doctor->date_seen;
    const char *fault = has_ntp ? ask_ntp(doctor, &ahead) : NULL;

    if (fault) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1035), "name the time server that phones use, and let it answer",
                         "%s does not say what time it is: %s", doctor->ctl->option[CTL_OPT_NTP], fault);
        has_ntp = 0;
    }
    if (has_ntp) {
        judge(doctor, "this host", "NTP", ahead);
    }
    if (doctor->date) {
        judge(doctor, "the server", has_ntp ? "NTP" : "this host", server_ahead + (has_ntp ? ahead : 0));
    } else if (!has_ntp && !fault) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "there is nothing to compare with; --ntp names a time server");
    }
}
