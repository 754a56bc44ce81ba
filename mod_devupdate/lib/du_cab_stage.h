/*
 * The half of reading a cabinet that nobody can reach from inside of one: takes the reader's records, holds them against the
 * limits and against each other, and stages the members.
 */
#ifndef DU_CAB_STAGE_H
#define DU_CAB_STAGE_H

#include "du_cab.h"
#include "du_cab_wire.h"

typedef struct du_cab_stage_t du_cab_stage_t;

/* Into the existing directory `staging`; members go to cab->members, and size is that of the cabinet's file. The limits must
 * outlive it. */
du_cab_stage_t *du_cab_stage_make(du_ctx_t *ctx, const char *staging, const du_import_limits_t *limits,
                                  apr_off_t size, du_cab_t *cab);
void du_cab_stage_close(du_cab_stage_t *stage);

/* A du_cab_record_fn; baton is the stage. Fails as du_cab_unpack() says. */
apr_status_t du_cab_stage_take(void *stage, const du_cab_record_t *record);

#endif
