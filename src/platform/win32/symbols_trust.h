/* SPDX-License-Identifier: Apache-2.0 */
/* Who may write: the part of symbols.h that decides, apart from the file it is asked for. */
#ifndef EW_PLATFORM_SYMBOLS_TRUST_H
#define EW_PLATFORM_SYMBOLS_TRUST_H

#include <stdbool.h>
#include <windows.h>

/* Whether an owner and an access list let only administrators, the system and Windows'
 * installer change what they stand for. No list at all lets everybody. */
bool ew_symbol_acl_is_trusted(PSID owner, const ACL *list);

#endif
