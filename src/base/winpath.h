/* SPDX-License-Identifier: Apache-2.0 */
/* Windows paths as events spell them, on any platform. */
#ifndef EW_BASE_WINPATH_H
#define EW_BASE_WINPATH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The path without its volume: "\Windows\x.dll" of "C:\Windows\x.dll", of
 * "\??\C:\Windows\x.dll" and of "\Device\HarddiskVolume3\Windows\x.dll". The path itself
 * where it names no volume.
 */
const char *ew_winpath_on_volume(const char *path);

/*
 * The path as it may be published: without volume, a user's folder replaced by
 * %USERPROFILE%. False, with an empty text, for paths that name a server (UNC) and for
 * those longer than `capacity`.
 */
bool ew_winpath_scrub(const char *path, char *out, size_t capacity);

#endif
