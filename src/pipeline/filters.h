/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are looked at. */
#ifndef EW_PIPELINE_FILTERS_H
#define EW_PIPELINE_FILTERS_H

#include "etwitness/pipeline.h"

/* Whether the filters let a process through. */
bool filters_want(const struct ew_replay_filters *filters, const struct ew_process *process);

#endif
