/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many inputs and few descriptors: raise the soft limit, and where that is not enough, park inputs. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** tb_open_files_raise: the soft limit of open files up to the hard one */
void tb_open_files_raise(void);

/** tb_open_files_are_few: whether @n_inputs cannot all stay open; they must then be parked */
gboolean tb_open_files_are_few(guint n_inputs);

G_END_DECLS
