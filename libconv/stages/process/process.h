/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The observer of the prepare phase that fills the machines' timelines with
 * process instances: facts become verbs of the tracker, one for each machine.
 */
#pragma once

#include "stages/observer.h"

#include <glib.h>

G_BEGIN_DECLS

/** tb_process_observer_new: Returns: (transfer full): released by its free() */
TbObserver *tb_process_observer_new(void);

/** tb_process_observer_new_frozen: it also takes what converted files tell; to show, not to convert */
TbObserver *tb_process_observer_new_frozen(void);

G_END_DECLS
