/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small program, its static graph and what was seen of it, made line by line. Methods are
 * letters: 'A' is N.T.A of App.dll with token 06000001, on both sides.
 */
#ifndef EW_TESTS_MERGE_WORLD_H
#define EW_TESTS_MERGE_WORLD_H

#include "etwitness/merge.h"

#define WORLD_START UINT64_C(134321760000000000) /* 2026-08-26T00:00:00Z */
#define WORLD_DEBUG_ID "0f0e0d0c0b0a090807060504030201001"
#define WORLD_OTHER_ID "ffffffffffffffffffffffffffffffff2"

void world_begin(void);
void world_end(void);

/* --- what was seen ---------------------------------------------------------- */

/* Begins the next window of a stream, or changes the last one. App.dll is its module 0. */
struct ew_evidence *world_window(void);
struct ew_evidence *world_stream(const char *stream_id);

/* What the set tells of the window that was begun last. */
struct ew_window *world_last_window(void);

/* What the set tells of the stream that was begun last. */
struct ew_window_stream *world_last_stream(void);

uint32_t world_module(const char *name, const char *debug_id, enum ew_evidence_module_kind kind);
struct ew_evidence_module *world_module_row(uint32_t module);

/* A function that frames can name; `name` is its word in stacks. */
struct ew_evidence_function *world_function(const char *word, const char *key, uint32_t module);
/* The row of a letter, or of a word that was told. */
struct ew_evidence_function *world_row(const char *word);

/* "A>B>C": a complete stack, root first. "..>B>C": its root is not known. '~' instead of '>' is
 * a bridge, '=' an inline site of the JIT compiler. */
void world_stack(const char *frames, uint64_t hits);

/* "A|B": one of these was seen. */
void world_ambiguous(const char *words, enum ew_ambiguity reason, uint64_t hits);

/* --- what is claimed --------------------------------------------------------- */

void claim_begin(bool closed);
/* The artifact instead of App.dll with its build: members of an object, in single quotes. */
void claim_artifact(const char *members);
void claim_node(char letter, const char *members);      /* ",'inline':'never'" */
void claim_member(const char *object);                  /* a whole node */
void claim_edge(const char *edge, const char *members); /* "A>B" */
void claim_entry(char letter);                          /* of kind main */
void claim_entry_kind(char letter, const char *kind);
void claim_entry_of(const char *id, const char *kind);
void claim_target(char letter, const char *vulnerability);
const struct ew_graph *claim_end(void);

/* --- what comes out ------------------------------------------------------------ */

const struct ew_merged *world_merge(void);
const struct ew_merged *world_merge_asking(void);
const struct ew_merged *world_merge_with(const struct ew_merge_options *options);

/* By name ("N.T.A", or "A" for short); fails the test when there is none. */
const struct ew_reach_node *world_node(const char *name);
const struct ew_reach_node *world_find(const char *name);
/* "A>B"; NULL when there is none. */
const struct ew_reach_edge *world_edge(const char *edge);
const char *world_label(const char *name);
const char *world_edge_label(const char *edge);

size_t world_conflicts(enum ew_conflict conflict);
/* The sentence of the first one of a class. */
const char *world_sentence(enum ew_conflict conflict);
/* All conflicts are of these classes, once each. Ends with -1. */
void world_only(int first, ...);

/* The document; valid until the next call. */
const char *world_document(size_t *byte_count_out);

#endif
