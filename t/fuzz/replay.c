/*
 * Replays a corpus through a fuzz target and says in TAP what came of it. A file whose name begins with "ok-" must be
 * accepted, one that begins with "bad-" refused; what a fuzzer found has any other name and must merely end well.
 *
 * Usage: replay_TARGET [FILE...]; without files those of $srcdir/t/fuzz/corpus/TARGET.
 */
#include <dirent.h>
#include <string.h>

#include <apr_strings.h>

#include "fuzz.h"

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long length;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    rewind(file);
    *size = (size_t)length;
    bytes = malloc(*size ? *size : 1); /* ends where it ends, so that sanitizers see one byte too many */
    if (!bytes || fread(bytes, 1, *size, file) != *size) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    return bytes;
}

static int replay(int number, const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    size_t size;
    char *bytes = read_file(path, &size);
    int accepted = fuzz_one((const uint8_t *)bytes, size);
    int ok = strncmp(name, "ok-", 3) == 0 ? accepted : strncmp(name, "bad-", 4) == 0 ? !accepted : 1;

    free(bytes);
    printf("%sok %d - %s %s\n", ok ? "" : "not ", number, name, accepted ? "accepted" : "refused");
    fflush(stdout);
    return ok;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Replays every file of a directory; counts those that must be accepted. */
static int replay_directory(const char *directory, int *replayed, int *successes)
{
    struct dirent **entries;
    int n = scandir(directory, &entries, is_visible, by_name), ok = 1;

    for (int i = 0; i < n; i++) {
        char path[4096];

        apr_snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
        *successes += strncmp(entries[i]->d_name, "ok-", 3) == 0;
        ok &= replay(++*replayed, path);
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return ok;
}

int main(int argc, const char *const argv[])
{
    const char *target = strstr(argv[0], "replay_"), *srcdir = getenv("srcdir");
    int replayed = 0, successes = 0, ok = 1;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1) {
        for (int i = 1; i < argc; i++) {
            ok &= replay(++replayed, argv[i]);
        }
        printf("1..%d\n", replayed);
        return ok ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (target && srcdir) {
        char directory[4096];

        apr_snprintf(directory, sizeof(directory), "%s/t/fuzz/corpus/%s", srcdir, target + strlen("replay_"));
        ok = replay_directory(directory, &replayed, &successes);
    }
    replayed++;
    printf("%sok %d - the corpus has %d files, of which %d must be accepted\n", successes ? "" : "not ", replayed, replayed - 1,
           successes);
    printf("1..%d\n", replayed);
    return ok && successes ? EXIT_SUCCESS : EXIT_FAILURE;
}
