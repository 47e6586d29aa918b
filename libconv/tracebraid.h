/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Umbrella of libconv's public headers. */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/damage.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/input.h"
#include "base/limits.h"
#include "base/output.h"
#include "base/strpool.h"
#include "base/window.h"
#include "format/reader.h"
#include "format/registry.h"
#include "format/writer.h"
#include "model/clock.h"
#include "model/event.h"
#include "model/machine.h"
#include "model/schema.h"
#include "model/source.h"
#include "model/timeline.h"
