#include "du_cab_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "du_cab_input.h"
#include "du_cab_tables.h"

typedef struct reading_t {
    const du_cab_reader_t *reader;
    struct archive *archive;
    apr_off_t position;  /* in the file */
    apr_status_t failed; /* why it cannot be read; APR_SUCCESS as long as it can */
    unsigned char *buffer;
} reading_t;

static apr_status_t say(const reading_t *reading, du_cab_record_t record)
{
    const du_cab_reader_t *reader = reading->reader;

    record.position = reading->position;
    if (record.kind != DU_CAB_DATA && record.len > DU_CAB_WIRE_MAX_TEXT) {
        record.len = DU_CAB_WIRE_MAX_TEXT; /* more than any limit of a name, so it is refused all the same */
    }
    return reader->say(reader->baton, &record);
}

static apr_status_t say_fault(const reading_t *reading, du_cab_reason_e reason, apr_status_t status, const char *text)
{
    return say(reading, (du_cab_record_t){.kind = DU_CAB_FAULT,
                                          .count = reason,
                                          .status = status,
                                          .bytes = text ? text : "",
                                          .len = text ? strlen(text) : 0});
}

/* What libarchive says of what it does not accept, its warnings included: a package is whole or refused. */
static apr_status_t refuse(const reading_t *reading)
{
    if (reading->failed != APR_SUCCESS) {
        return say_fault(reading, DU_CAB_CANNOT_READ, reading->failed, NULL);
    }
    return say_fault(reading, DU_CAB_BAD_ARCHIVE, APR_SUCCESS, archive_error_string(reading->archive));
}

/* An archive_read_callback. libarchive gets no way to seek or skip, so that it sees every byte, and once. */
static la_ssize_t read_block(struct archive *archive, void *baton, const void **data)
{
    reading_t *reading = baton;
    apr_off_t rest = reading->reader->total - reading->position;
    apr_size_t len;

    reading->failed = du_cab_input_read_at(reading->reader->fd, reading->position, reading->buffer,
                                           rest < DU_CAB_INPUT_BLOCK ? (apr_size_t)rest : DU_CAB_INPUT_BLOCK, &len);
    if (reading->failed != APR_SUCCESS) {
        archive_set_error(archive, EIO, "the file cannot be read");
        return -1;
    }
    reading->position += (apr_off_t)len;
    *data = reading->buffer;
    return (la_ssize_t)len;
}

static apr_status_t say_data(const reading_t *reading, const char *data, apr_size_t len)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && len > 0) {
        apr_size_t part = len < DU_CAB_WIRE_MAX_DATA ? len : DU_CAB_WIRE_MAX_DATA;

        rv = say(reading, (du_cab_record_t){.kind = DU_CAB_DATA, .bytes = data, .len = part});
        data += part;
        len -= part;
    }
    return rv;
}

static apr_status_t say_content(const reading_t *reading, int *ended)
{
    apr_status_t rv = APR_SUCCESS;
    const void *data;
    size_t len;
    la_int64_t offset;
    int said = ARCHIVE_OK;

    while (rv == APR_SUCCESS &&
           (said = archive_read_data_block(reading->archive, &data, &len, &offset)) == ARCHIVE_OK) {
        rv = say_data(reading, data, len);
    }
    *ended = said != ARCHIVE_EOF;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return *ended ? refuse(reading) : say(reading, (du_cab_record_t){.kind = DU_CAB_MEMBER_END});
}

/* `said` is what libarchive said of the member's header. *ended is 1 if this was the last record. */
static apr_status_t say_member(const reading_t *reading, struct archive_entry *entry, int said, int *ended)
{
    const char *name = archive_entry_pathname(entry);
    apr_status_t rv = say(reading, (du_cab_record_t){.kind = DU_CAB_MEMBER,
                                                     .number = archive_entry_size(entry),
                                                     .bytes = name ? name : "",
                                                     .len = name ? strlen(name) : 0});

    if (rv == APR_SUCCESS && said != ARCHIVE_OK) {
        *ended = 1;
        return refuse(reading);
    }
    return rv == APR_SUCCESS ? say_content(reading, ended) : rv;
}

static void say_members(const reading_t *reading)
{
    struct archive_entry *entry;
    int said, ended = 0;

    while ((said = archive_read_next_header(reading->archive, &entry)) == ARCHIVE_OK || said == ARCHIVE_WARN) {
        if (say_member(reading, entry, said, &ended) != APR_SUCCESS || ended) {
            return;
        }
    }
    if (said == ARCHIVE_EOF) {
        say(reading, (du_cab_record_t){.kind = DU_CAB_END});
    } else {
        refuse(reading);
    }
}

static void read_archive(reading_t *reading)
{
    if (archive_read_support_format_cab(reading->archive) != ARCHIVE_OK ||
        archive_read_open(reading->archive, reading, NULL, read_block, NULL) != ARCHIVE_OK) {
        refuse(reading);
        return;
    }
    say_members(reading);
}

/* Names in a cabinet are UTF-8, whatever the locale of the process is. libarchive converts them to the encoding of the
 * thread's locale, so that is made UTF-8 for the time being. */
static void read_in_utf8(reading_t *reading)
{
    locale_t before = uselocale(reading->reader->utf8);

    reading->archive = archive_read_new();
    reading->buffer = malloc(DU_CAB_INPUT_BLOCK);
    if (reading->archive && reading->buffer) {
        read_archive(reading);
    } else {
        say_fault(reading, DU_CAB_NO_LIBRARY, APR_SUCCESS, NULL);
    }
    archive_read_free(reading->archive);
    free(reading->buffer);
    uselocale(before);
}

void du_cab_reader_run(const du_cab_reader_t *reader)
{
    reading_t reading = {.reader = reader};
    du_cab_tables_t tables;
    du_cab_record_t fault;

    if (!reader->utf8) {
        say_fault(&reading, DU_CAB_NO_LOCALE, APR_SUCCESS, NULL);
        return;
    }
    if (!du_cab_tables_read(reader->fd, reader->total, &tables, &fault)) {
        say(&reading, fault);
        return;
    }
    if (say(&reading, (du_cab_record_t){.kind = DU_CAB_TABLES, .number = tables.content, .count = tables.members}) ==
        APR_SUCCESS) {
        read_in_utf8(&reading);
    }
}

void du_cab_reader_prepare(du_cab_reader_t *reader)
{
    reader->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void du_cab_reader_release(du_cab_reader_t *reader)
{
    if (reader->utf8) {
        freelocale(reader->utf8);
        reader->utf8 = (locale_t)0;
    }
}
