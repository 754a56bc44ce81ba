#include "du_cab_tables.h"

#include <string.h>

#include "du_cab_input.h"
#include "du_cab_numbers.h"

/* The records of the format, [MS-CAB] 2: sizes, and offsets of the fields that are used. */
#define HEADER_SIZE    36
#define HEADER_CABINET 8  /* u4: bytes of the whole cabinet */
#define HEADER_FOLDERS 26 /* u2 */
#define HEADER_FILES   28 /* u2 */
#define HEADER_FLAGS   30 /* u2 */
#define FLAG_PREVIOUS  1
#define FLAG_NEXT      2
#define FLAG_RESERVE   4
#define RESERVE_SIZE   4 /* u2 header, u1 folder, u1 block: bytes reserved in each of them */
#define FOLDER_SIZE    8
#define FOLDER_OFFSET  0 /* u4: of the first block */
#define FOLDER_BLOCKS  4 /* u2 */
#define BLOCK_SIZE     8
#define BLOCK_PACKED   4 /* u2 */
#define BLOCK_UNPACKED 6 /* u2 */

typedef struct scan_t {
    int fd;
    du_cab_record_t *fault;
    apr_off_t size;   /* of the cabinet as its header says */
    apr_off_t folder; /* where the next folder's record is */
    apr_off_t data;   /* where the next folder's blocks may begin */
    unsigned folder_reserve;
    unsigned block_reserve;
    apr_off_t content;
} scan_t;

/* Answers 0, for `return`. */
static int fault(scan_t *scan, du_cab_reason_e reason, apr_status_t status, const char *what)
{
    *scan->fault = (du_cab_record_t){
        .kind = DU_CAB_FAULT, .count = reason, .status = status, .bytes = what, .len = strlen(what)};
    return 0;
}

static int damaged(scan_t *scan, const char *what)
{
    return fault(scan, DU_CAB_BAD_TABLES, APR_SUCCESS, what);
}

static int read_at(scan_t *scan, apr_off_t offset, unsigned char *bytes, apr_size_t size)
{
    apr_size_t len;
    apr_status_t rv = du_cab_input_read_at(scan->fd, offset, bytes, size, &len);

    if (rv != APR_SUCCESS) {
        return fault(scan, DU_CAB_CANNOT_READ, rv, "");
    }
    return len == size || damaged(scan, "it is truncated");
}

static int scan_reserve(scan_t *scan)
{
    unsigned char reserve[RESERVE_SIZE];

    if (!read_at(scan, HEADER_SIZE, reserve, sizeof(reserve))) {
        return 0;
    }
    scan->folder = HEADER_SIZE + RESERVE_SIZE + (apr_off_t)du_cab_u2(reserve);
    scan->folder_reserve = reserve[2];
    scan->block_reserve = reserve[3];
    return 1;
}

static int scan_header(scan_t *scan, apr_off_t file_size, unsigned *nfolders, int *members)
{
    unsigned char header[HEADER_SIZE] = {0};
    unsigned flags;

    if (file_size >= HEADER_SIZE && !read_at(scan, 0, header, sizeof(header))) {
        return 0;
    }
    if (memcmp(header, "MSCF", 4) != 0) {
        return fault(scan, DU_CAB_NO_CABINET, APR_SUCCESS, "");
    }
    flags = du_cab_u2(header + HEADER_FLAGS);
    if (flags & (FLAG_PREVIOUS | FLAG_NEXT)) {
        return fault(scan, DU_CAB_VOLUMES, APR_SUCCESS, "");
    }
    scan->size = du_cab_u4(header + HEADER_CABINET);
    if (scan->size > file_size) {
        return damaged(scan, "it is truncated");
    }
    *nfolders = du_cab_u2(header + HEADER_FOLDERS);
    *members = (int)du_cab_u2(header + HEADER_FILES);
    scan->folder = HEADER_SIZE;
    return !(flags & FLAG_RESERVE) || scan_reserve(scan);
}

static int scan_blocks(scan_t *scan, apr_off_t at, unsigned nblocks)
{
    unsigned char block[BLOCK_SIZE];

    for (unsigned i = 0; i < nblocks; i++) {
        if (!read_at(scan, at, block, sizeof(block))) {
            return 0;
        }
        at += BLOCK_SIZE + (apr_off_t)(scan->block_reserve + du_cab_u2(block + BLOCK_PACKED));
        scan->content += du_cab_u2(block + BLOCK_UNPACKED);
        if (at > scan->size) {
            return damaged(scan, "a data block reaches beyond its end");
        }
    }
    scan->data = at;
    return 1;
}

/* Folders whose blocks overlap would let a small file keep us busy for long. */
static int scan_folder(scan_t *scan)
{
    unsigned char folder[FOLDER_SIZE];

    if (!read_at(scan, scan->folder, folder, sizeof(folder))) {
        return 0;
    }
    if (du_cab_u4(folder + FOLDER_OFFSET) < scan->data) {
        return damaged(scan, "the data of its folders overlap");
    }
    scan->folder += FOLDER_SIZE + (apr_off_t)scan->folder_reserve;
    return scan_blocks(scan, du_cab_u4(folder + FOLDER_OFFSET), du_cab_u2(folder + FOLDER_BLOCKS));
}

int du_cab_tables_read(int fd, apr_off_t size, du_cab_tables_t *tables, du_cab_record_t *fault_record)
{
    scan_t scan = {.fd = fd, .fault = fault_record};
    unsigned nfolders = 0;

    if (!scan_header(&scan, size, &nfolders, &tables->members)) {
        return 0;
    }
    for (unsigned i = 0; i < nfolders; i++) {
        if (!scan_folder(&scan)) {
            return 0;
        }
    }
    tables->content = scan.content;
    return 1;
}
