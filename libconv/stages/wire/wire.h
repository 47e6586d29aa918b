/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wire: what several stages of the prepare phase ask of packets and buffers, found out once.
 * An observer that stands before its readers (alignment, owners, links): when they are shown a
 * packet, its headers are read already; when they are told a step of a buffer, it has been taken.
 * A reader gets the TbWire when it is made, observes what it wants of TB_WIRE_STEPS and packets, and
 * asks here what the present one is. Nothing is found out of sources that are frozen.
 */
#pragma once

#include "stages/observer.h"
#include "stages/wire/buffers.h"
#include "stages/wire/headers.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TbWire:
 * @headers: of the packet that observers are shown; borrowed bytes are the packet's
 * @step: of the fact that observers are told, one of %TB_WIRE_STEPS
 * @buffers: of the recording that tells it
 */
typedef struct {
  TbObserver observer;
  TbNetHeaders headers;
  TbWireStep step;
  TbWireBuffers *buffers;
} TbWire;

/** tb_wire_new: Returns: (transfer full): released by its free(), after its readers */
TbWire *tb_wire_new(void);

/** tb_wire_get_buffers: Returns: (transfer none): those of the recording @source, new where there are none */
TbWireBuffers *tb_wire_get_buffers(TbWire *wire, const TbSource *source);

/**
 * tb_wire_step_again: while records are written: takes the steps that @item, an event of a type
 * that tells some of %TB_WIRE_FACTS, means; behind tb_wire_restart(), in the order of its source
 * Returns: (transfer none) (nullable): the last one, valid until the next call
 */
const TbWireStep *tb_wire_step_again(TbWire *wire, const TbItem *item);

/** tb_wire_lost_again: the same where records of @item's source were lost */
void tb_wire_lost_again(TbWire *wire, const TbItem *item);

/** tb_wire_restart: the records come again */
void tb_wire_restart(TbWire *wire);

G_END_DECLS
