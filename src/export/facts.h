/* SPDX-License-Identifier: Apache-2.0 */
/* Which windows an export of facts tells: its writer and the ledger have to agree on it. */
#ifndef EW_EXPORT_FACTS_H
#define EW_EXPORT_FACTS_H

#include "etwitness/export.h"

enum ew_facts_answer {
    EW_FACTS_TELL,
    EW_FACTS_SENT,   /* the ledger has all of it */
    EW_FACTS_OPEN,   /* not sealed: a revision may come */
    EW_FACTS_PARTLY, /* a roll-up of which the ledger has a part: its sums cannot be split */
};

enum ew_facts_answer ew_facts_ask(const struct ew_export_options *options,
                                  const struct ew_window *window);

#endif
