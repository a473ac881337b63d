/* SPDX-License-Identifier: Apache-2.0 */
/* send_control SERVICE CODE: what `sc.exe control` does, which Wine's does not know. Prints the
 * Windows error and exits 1 when the manager or the service refuses. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    SERVICE_STATUS status;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: send_control SERVICE CODE\n");
        return EXIT_FAILURE;
    }
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service =
        manager != NULL ? OpenServiceA(manager, argv[1], SERVICE_ALL_ACCESS) : NULL;
    DWORD code = (DWORD)strtoul(argv[2], NULL, 10);
    if (service == NULL || !ControlService(service, code, &status)) {
        (void)printf("Windows error %lu\n", GetLastError());
        return EXIT_FAILURE;
    }
    (void)printf("state %lu\n", status.dwCurrentState);
    return EXIT_SUCCESS;
}
