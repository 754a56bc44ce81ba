/*
 * libarchive with a bug that somebody uses: its archive_read_next_header() does what the environment's HOSTILE says, as code would
 * that a cabinet brought in. Without HOSTILE it is the real one.
 *
 * Linked into a unit test, or preloaded into devupdatectl. HOSTILE_FILE names a file to make, HOSTILE_PORT where somebody listens.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "du_cab_wire.h"
#include "du_sandbox.h"

static void crash(void)
{
    static int *volatile nowhere;

    *nowhere = 1;
}

static void give_up(void)
{
    abort();
}

static void make_file(void)
{
    close(open(getenv("HOSTILE_FILE"), O_CREAT | O_WRONLY, 0600));
}

static void run_program(void)
{
    const char *file = getenv("HOSTILE_FILE");
    char *const argv[] = {(char *)"touch", (char *)file, NULL};

    execve("/usr/bin/touch", argv, NULL);
}

static void make_connection(void)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((unsigned short)atoi(getenv("HOSTILE_PORT"))),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};

    connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&at, sizeof(at));
}

static void start_process(void)
{
    if (fork() == 0) {
        make_file();
    }
}

static void loop(void)
{
    for (volatile int forever = 1; forever;) {
    }
}

static void take_all_memory(void)
{
    for (;;) {
        memset(malloc(1 << 20), 1, 1 << 20); /* a null pointer in the end */
    }
}

static void end_early(void)
{
    _exit(0);
}

static void say(du_cab_record_t record)
{
    du_cab_wire_write(DU_SANDBOX_OUT, &record);
}

static void say_nonsense(void)
{
    static char bytes[4096];
    struct iovec part = {memset(bytes, 'n', sizeof(bytes)), sizeof(bytes)};

    writev(DU_SANDBOX_OUT, &part, 1);
}

/* A member that the tables did not promise, where no member may be. */
static void say_climbing_member(void)
{
    say((du_cab_record_t){.kind = DU_CAB_MEMBER, .position = 1, .number = 1, .bytes = "../../x", .len = 7});
}

static void say_more_than_promised(void)
{
    static char data[DU_CAB_WIRE_MAX_DATA];

    say((du_cab_record_t){.kind = DU_CAB_MEMBER, .position = 1, .number = 1, .bytes = "x", .len = 1});
    for (;;) {
        say((du_cab_record_t){.kind = DU_CAB_DATA, .position = 1, .bytes = data, .len = sizeof(data)});
    }
}

/* "It was imported already": a status that would be no refusal. */
static void say_done_before(void)
{
    say((du_cab_record_t){
        .kind = DU_CAB_FAULT, .position = 1, .count = DU_CAB_CANNOT_READ, .status = DU_E_EXISTS});
}

/* A terminal would obey it. */
static void say_escape(void)
{
    static const char text[] = "\033[2J\033]0;owned\007";

    say((du_cab_record_t){.kind = DU_CAB_FAULT, .position = 1, .count = DU_CAB_BAD_TABLES, .bytes = text,
                          .len = sizeof(text) - 1});
}

static const struct {
    const char *name;
    void (*act)(void);
} acts[] = {
    {"crash", crash},
    {"abort", give_up},
    {"file", make_file},
    {"exec", run_program},
    {"connect", make_connection},
    {"fork", start_process},
    {"loop", loop},
    {"memory", take_all_memory},
    {"exit", end_early},
    {"nonsense", say_nonsense},
    {"climb", say_climbing_member},
    {"more", say_more_than_promised},
    {"before", say_done_before},
    {"escape", say_escape},
};

int archive_read_next_header(struct archive *archive, struct archive_entry **entry)
{
    static int (*real)(struct archive *, struct archive_entry **);
    const char *name = getenv("HOSTILE");

    for (size_t i = 0; name && i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (strcmp(acts[i].name, name) == 0) {
            acts[i].act();
        }
    }
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "archive_read_next_header");
    }
    return real(archive, entry);
}
