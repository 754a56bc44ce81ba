/*
 * Why a phone is answered as it is, as JSON: the same for devupdatectl and for the page of one phone.
 */
#ifndef DUA_WHY_H
#define DUA_WHY_H

#include <jansson.h>

#include "du_why_phone.h"

json_t *dua_json_why(apr_pool_t *pool, const du_why_phone_t *why);

#endif
