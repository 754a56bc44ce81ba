#include "du_cab_tables.h"

#include <string.h>

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
    du_ctx_t *ctx;
    apr_file_t *file;
    apr_off_t size;   /* of the cabinet as its header says */
    apr_off_t folder; /* where the next folder's record is */
    apr_off_t data;   /* where the next folder's blocks may begin */
    unsigned folder_reserve;
    unsigned block_reserve;
    apr_off_t content;
} scan_t;

static unsigned u2(const unsigned char *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

static apr_off_t u4(const unsigned char *at)
{
    return (apr_off_t)u2(at) | (apr_off_t)u2(at + 2) << 16;
}

static apr_status_t damaged(scan_t *scan, const char *what)
{
    return du_fail(scan->ctx, DU_E_PACKAGE, DUNO(0601), "the cabinet is damaged: %s", what);
}

static apr_status_t read_at(scan_t *scan, apr_off_t offset, unsigned char *bytes, apr_size_t len)
{
    apr_status_t rv = apr_file_seek(scan->file, APR_SET, &offset);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(scan->file, bytes, len, NULL);
    }
    if (APR_STATUS_IS_EOF(rv)) {
        return damaged(scan, "it is truncated");
    }
    return rv == APR_SUCCESS ? rv : du_fail(scan->ctx, rv, DUNO(0617), "cannot read the cabinet: %pm", &rv);
}

static apr_status_t scan_reserve(scan_t *scan)
{
    unsigned char reserve[RESERVE_SIZE];
    apr_status_t rv = read_at(scan, HEADER_SIZE, reserve, sizeof(reserve));

    if (rv == APR_SUCCESS) {
        scan->folder = HEADER_SIZE + RESERVE_SIZE + (apr_off_t)u2(reserve);
        scan->folder_reserve = reserve[2];
        scan->block_reserve = reserve[3];
    }
    return rv;
}

static apr_status_t scan_header(scan_t *scan, apr_off_t file_size, unsigned *nfolders, int *members)
{
    unsigned char header[HEADER_SIZE] = {0};
    unsigned flags;
    apr_status_t rv = file_size < HEADER_SIZE ? APR_SUCCESS : read_at(scan, 0, header, sizeof(header));

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (memcmp(header, "MSCF", 4) != 0) {
        return du_fail(scan->ctx, DU_E_PACKAGE, DUNO(0602), "the file is not a cabinet");
    }
    flags = u2(header + HEADER_FLAGS);
    if (flags & (FLAG_PREVIOUS | FLAG_NEXT)) {
        return du_fail(scan->ctx, DU_E_PACKAGE, DUNO(0603), "the cabinet is one of several volumes");
    }
    scan->size = u4(header + HEADER_CABINET);
    if (scan->size > file_size) {
        return damaged(scan, "it is truncated");
    }
    *nfolders = u2(header + HEADER_FOLDERS);
    *members = (int)u2(header + HEADER_FILES);
    scan->folder = HEADER_SIZE;
    return flags & FLAG_RESERVE ? scan_reserve(scan) : APR_SUCCESS;
}

static apr_status_t scan_blocks(scan_t *scan, apr_off_t at, unsigned nblocks)
{
    unsigned char block[BLOCK_SIZE];

    for (unsigned i = 0; i < nblocks; i++) {
        apr_status_t rv = read_at(scan, at, block, sizeof(block));

        if (rv != APR_SUCCESS) {
            return rv;
        }
        at += BLOCK_SIZE + (apr_off_t)(scan->block_reserve + u2(block + BLOCK_PACKED));
        scan->content += u2(block + BLOCK_UNPACKED);
        if (at > scan->size) {
            return damaged(scan, "a data block reaches beyond its end");
        }
    }
    scan->data = at;
    return APR_SUCCESS;
}

/* Folders whose blocks overlap would let a small file keep us busy for long. */
static apr_status_t scan_folder(scan_t *scan)
{
    unsigned char folder[FOLDER_SIZE];
    apr_status_t rv = read_at(scan, scan->folder, folder, sizeof(folder));

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (u4(folder + FOLDER_OFFSET) < scan->data) {
        return damaged(scan, "the data of its folders overlap");
    }
    scan->folder += FOLDER_SIZE + (apr_off_t)scan->folder_reserve;
    return scan_blocks(scan, u4(folder + FOLDER_OFFSET), u2(folder + FOLDER_BLOCKS));
}

apr_status_t du_cab_tables_read(du_ctx_t *ctx, apr_file_t *file, apr_off_t size, du_cab_tables_t *tables)
{
    scan_t scan = {.ctx = ctx, .file = file};
    unsigned nfolders = 0;
    apr_status_t rv = scan_header(&scan, size, &nfolders, &tables->members);

    for (unsigned i = 0; rv == APR_SUCCESS && i < nfolders; i++) {
        rv = scan_folder(&scan);
    }
    tables->content = scan.content;
    return rv;
}
