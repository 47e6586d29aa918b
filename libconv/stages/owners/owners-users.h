/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether one task alone used a socket, by all that was seen of it. */
#pragma once

#include "stages/owners/owners-ends.h"
#include "stages/resource/resource.h"

G_BEGIN_DECLS

/** owners_users_find: of each socket of @resource, whose @ends are sealed */
void owners_users_find(TbResource *resource, const OwnersEnds *ends);

G_END_DECLS
