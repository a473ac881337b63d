/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence directories as tests look at them: counted, searched, compared. */
#ifndef EW_TESTS_EVIDENCE_FILES_H
#define EW_TESTS_EVIDENCE_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Removes a directory that a publisher made, or a file of that name. */
void evidence_files_remove(const char *directory);

/* A file with that text. */
void evidence_files_write(const char *path, const char *text);

/* Documents, and the path of one of them in order of names; valid until the next call. */
size_t evidence_files_count(const char *directory);
const char *evidence_files_path(const char *directory, size_t index);

/* Documents that contain a text. */
size_t evidence_files_with(const char *directory, const char *text);

/* The sum over all documents of quality.OBJECT.MEMBER, or quality.MEMBER when there is no such
 * object. */
uint64_t evidence_files_sum(const char *directory, const char *object, const char *member);

/* What differs between the documents of two directories, apart from stream, host, producer
 * and window: "" when nothing does. */
const char *evidence_files_difference(const char *left, const char *right);

/* Fails the test when something differs. */
void evidence_files_compare(const char *left, const char *right);

#endif
