/* SPDX-License-Identifier: Apache-2.0 */
/* Ids made by hashing what they stand for. */
#ifndef EW_PIPELINE_IDENTITY_H
#define EW_PIPELINE_IDENTITY_H

#include "etwitness/pipeline.h"
#include "platform/hash.h"

/* "sha256:" and 64 digits. */
enum { IDENTITY_DIGEST_BYTES = EW_SHA256_HEX_BYTES + 7 };

/* Parts of what is hashed; a text goes in with its length, so that no two lists of texts
 * hash alike. */
void identity_u64(struct ew_sha256 *hash, uint64_t value);
void identity_text(struct ew_sha256 *hash, const char *text);
EW_MUST_USE enum ew_status identity_finish(struct ew_sha256 *hash,
                                           char hex_out[EW_SHA256_HEX_BYTES]);

/*
 * The root id of a replay's streams, from what the recording says of itself and the
 * settings: two replays with different windows or filters are different streams, since their
 * documents with equal sequence numbers hold different things. Also fills `digest_out` with
 * "sha256:..." of the settings.
 */
EW_MUST_USE enum ew_status identity_of_replay(const struct ew_replay_options *options,
                                              const struct ew_recording *recording,
                                              char root_out[EW_STREAM_ID_BYTES],
                                              char digest_out[IDENTITY_DIGEST_BYTES]);

#endif
