/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of docs/schemas as terminated text, built in by cmake/embed.cmake. */
#ifndef EW_EVIDENCE_EMBEDDED_H
#define EW_EVIDENCE_EMBEDDED_H

extern const char ew_embedded_evidence[];
extern const char ew_embedded_evidence_head[];
extern const char ew_embedded_callgraph[];
extern const char ew_embedded_reach_merge[];

#endif
