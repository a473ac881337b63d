/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the program that runs as LocalSystem is whose it should be. */
#include "doctor.h"

#include <string.h>

static void advise(struct doctor_finding *finding, const char *advice)
{
    (void)snprintf(finding->advice, sizeof finding->advice, "%s", advice);
}

/* As long as nothing is installed, nobody runs it as LocalSystem: then it is a warning. */
void doctor_check_program(const struct doctor_program *program,
                          struct doctor_finding *finding_out)
{
    if (program->unquoted) {
        finding_out->level = DOCTOR_FAIL;
        (void)snprintf(finding_out->detail, sizeof finding_out->detail,
                       "the service's command line has no quotes: %s", program->path);
        advise(finding_out, "sc.exe delete etwitness, then etwitness service install: Windows "
                            "would try a program at each blank");
    } else if (program->problem[0] != '\0') {
        finding_out->level = program->installed ? DOCTOR_FAIL : DOCTOR_WARN;
        (void)snprintf(finding_out->detail, sizeof finding_out->detail, "%s", program->problem);
        advise(finding_out, program->installed
                                ? "who can do that is LocalSystem: service remove, put it below "
                                  "C:\\Program Files, and install it from there"
                                : "before service install put it where administrators alone can "
                                  "write, such as below C:\\Program Files");
    } else {
        (void)snprintf(finding_out->detail, sizeof finding_out->detail,
                       "administrators alone can change %s", program->path);
    }
}
