/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the settings share: members by key. */
#ifndef EW_SERVICE_SETTINGS_INTERNAL_H
#define EW_SERVICE_SETTINGS_INTERNAL_H

#include "etwitness/settings.h"

/* The prefix of the keys of each element of "providers". */
#define EW_SETTINGS_PROVIDER_PREFIX "providers[]"

/* The member of a key in its struct: the settings, or one provider. */
void *ew_settings_member(const struct ew_settings_key *key, void *base);
const void *ew_settings_member_const(const struct ew_settings_key *key, const void *base);

/* A number or bool by its key. */
uint64_t ew_settings_number(const struct ew_settings_key *key, const void *base);
void ew_settings_store_number(const struct ew_settings_key *key, void *base, uint64_t value);

/* True for keys whose values ew_settings_number() takes. */
bool ew_settings_is_number(const struct ew_settings_key *key);

/* True when the key belongs to an element of "providers". */
bool ew_settings_is_of_provider(const struct ew_settings_key *key);

/* True when the table allows the number. */
bool ew_settings_is_in_range(const struct ew_settings_key *key, uint64_t value);

/* A provider with its defaults, still without a GUID. */
struct ew_settings_provider ew_settings_provider_preset(void);

/* A copy that the caller frees with free(); NULL without memory. */
char *ew_settings_text_copy(const char *text, size_t byte_count);

void ew_settings_list_free(struct ew_settings_list *list);

/* Deep. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_settings_copy(const struct ew_settings *settings,
                                            struct ew_settings *copy_out);

#endif
