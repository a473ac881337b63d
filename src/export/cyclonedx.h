/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the CycloneDX writer share. */
#ifndef EW_EXPORT_CYCLONEDX_H
#define EW_EXPORT_CYCLONEDX_H

#include "export/formats.h"

/* The bom-ref of a component: its package, or the key of its module. */
const char *ew_cyclonedx_reference(const struct ew_tables *tables, uint32_t component);

/* The member `vulnerabilities`, when the merge names any. EW_NO_MEMORY. */
EW_MUST_USE enum ew_status ew_cyclonedx_vulnerabilities(const struct ew_export_job *job,
                                                        struct ew_json_writer *writer);

#endif
