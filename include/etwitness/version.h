/* SPDX-License-Identifier: Apache-2.0 */
/* The version of the program, as evidence documents name it. */
#ifndef ETWITNESS_VERSION_H
#define ETWITNESS_VERSION_H

#define EW_VERSION "0.1.0"

#endif
