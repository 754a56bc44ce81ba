/*
 * Records of phones as a node writes them, and the inventory that is made of them. For the tests of the reader.
 */
#ifndef UNIT_RECORDS_H
#define UNIT_RECORDS_H

#include "store.h"

#include <unistd.h>

#include <apr_file_info.h>

#include "du_ingest.h"
#include "du_journal.h"
#include "du_setting.h"

#define HEADER                                                                                                         \
    "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,"           \
    "Request Modules,Response Modules,User ID,Endpoint,Result,Reason\n"
#define DOWNLOAD_HEADER                                                                                                \
    "Logging DateTime,User Host Address,Endpoint,Path,Status,Bytes Sent,Size,Complete,Duration ms,User\n"
#define UPLOAD_HEADER                                                                                                  \
    "Logging DateTime,User Host Address,Endpoint,Type,Mac Address,Serial Number,Device File Name,Stored File,Size,"    \
    "Status,Result,Reason,User\n"

#define CHECKS    "DeviceUpdateLogs/Server/Audit/ImageUpdates/RequestHandlerAuditLog_n1_2026-11-20.log"
#define DOWNLOADS "DeviceUpdateLogs/Server/Downloads/DevUpdateDownloads_n1_2026-11-20.log"
#define UPLOADS   "DeviceUpdateLogs/Server/Uploads/DevUpdateUploads_n1_2026-11-20.log"

#define PATH "UCPhone/POLYCOM/CX600/A/ENU/2.0/CPE/"

static const char *spec;
static du_store_t *store;
static du_ingest_t *ingest;
static du_ingest_report_t report;

static inline void begin(void)
{
    spec = fresh_store();
    store = made_store(spec);
    ingest = du_ingest_make(store, unit.pool);
}

static inline const char *sql(const char *statement)
{
    return run_sql(spec, statement);
}

/* Appends text to a file of the file store; a new file begins with the header. */
static inline void append(const char *name, const char *header, const char *text)
{
    const char *path = unit_path(name);
    FILE *file;

    ck_assert_int_eq(apr_dir_make_recursive(apr_pstrmemdup(unit.pool, path, (apr_size_t)(strrchr(path, '/') - path)),
                                            APR_FPROT_OS_DEFAULT, unit.pool), APR_SUCCESS);
    if (access(path, F_OK) != 0) {
        unit_write(path, header, strlen(header));
    }
    file = fopen(path, "ab");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* A check of 2026-11-20. */
static inline void check(const char *clock, const char *address, const char *mac, const char *serial, const char *version,
                  const char *offered, const char *result, const char *reason)
{
    append(CHECKS, HEADER,
           apr_psprintf(unit.pool, "2026-11-20 %s,%s,UCPhone,%s,%s,POLYCOM,CX600,A,ENU,CPE.nbt;%s;,%s%s%s,kim,internal,%s,%s\n",
                        clock, address, mac, serial, version, *offered ? "CPE.nbt;CPE.cat;" : "", offered, *offered ? ";" : "",
                        result, reason));
}

static inline void download(const char *clock, const char *address, const char *file, int http, int sent, int size)
{
    append(DOWNLOADS, DOWNLOAD_HEADER,
           apr_psprintf(unit.pool, "2026-11-20 %s,%s,internal,%s,%d,%d,%d,yes,5,\n", clock, address, file, http, sent, size));
}

/* Whatever was read, the counts are those of the phones, and events belong to phones. */
static inline void check_counts(void)
{
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_count c WHERE c.phones <> "
                         "(SELECT COUNT(*) FROM device d WHERE d.count_id = c.id)"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device d WHERE NOT EXISTS (SELECT 1 FROM device_count c WHERE c.id = d.count_id "
                         "AND c.state = d.state)"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM (SELECT device_key, version, SUM(phones) AS phones FROM device_count "
                         "GROUP BY device_key, version) c LEFT JOIN device_version v ON v.device_key = c.device_key "
                         "AND v.version = c.version WHERE c.phones <> COALESCE(v.phones, 0)"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_event e WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.id = e.device_id "
                         "AND d.events >= e.number)"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device d FULL JOIN device_name n ON n.device_id = d.id "
                         "WHERE n.device_id IS NULL OR d.id IS NULL"), "0");
}

static inline void take_in(int good, int bad)
{
    assert_ok(du_ingest_run(unit.ctx, ingest, unit.dir, NULL, &report));
    ck_assert_int_eq(report.good, good);
    ck_assert_int_eq(report.bad, bad);
    check_counts();
}

#define ALICE "00-04-F2-00-00-01"
#define BOB   "00-04-F2-00-00-02"

#define OF_PHONES "FROM device d JOIN device_name n ON n.device_id = d.id JOIN device_count c ON c.id = d.count_id "

#define PHONE                                                                                                          \
    "SELECT n.mac || ' ' || n.serial || ' ' || c.version || ' ' || d.version_before || ' ' || d.checks || ' ' || d.offered " \
    "|| ' ' || d.offers || ' ' || d.taken || ' ' || d.taken_bytes || ' ' || c.state || ' ' || d.events "               \
    OF_PHONES

#endif
