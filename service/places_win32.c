/* SPDX-License-Identifier: Apache-2.0 */
/* Where the service's files are, and where this program is. */
#include "service_win32.h"

#include "platform/win32/wide_win32.h"

#include <shlobj.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

wchar_t *service_wide(const char *text)
{
    int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = units > 0 ? malloc((size_t)units * sizeof *wide) : NULL;
    if (wide != NULL && MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, units) != units) {
        free(wide);
        return NULL;
    }
    return wide;
}

/* "a\b"; NULL without memory. */
static char *join(const char *a, const char *b)
{
    size_t bytes = strlen(a) + strlen(b) + 2;
    char *joined = malloc(bytes);
    if (joined != NULL) {
        (void)snprintf(joined, bytes, "%s\\%s", a, b);
    }
    return joined;
}

/* Asked of the shell, not of the environment: that is whatever started us made it. */
enum ew_status service_places_find(struct service_places *places_out, struct ew_error *error)
{
    wchar_t wide[MAX_PATH] = L"";
    HRESULT result = SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, SHGFP_TYPE_CURRENT, wide);
    if (FAILED(result)) {
        return ew_wide_fail(error, (DWORD)result, "find", "ProgramData");
    }
    char *data = ew_wide_to_utf8(wide);
    struct service_places places = {NULL, NULL};
    places.folder = data != NULL ? join(data, EW_SERVICE_NAME) : NULL;
    places.config = places.folder != NULL ? join(places.folder, EW_SERVICE_NAME ".json") : NULL;
    free(data);
    if (places.config == NULL) {
        service_places_free(&places);
        return ew_fail(error, EW_NO_MEMORY, "no memory for the paths of the service");
    }
    *places_out = places;
    return EW_OK;
}

void service_places_free(struct service_places *places)
{
    free(places->folder);
    free(places->config);
    memset(places, 0, sizeof *places);
}

char *service_program_path(void)
{
    enum { UNITS_MAX = 32768 };
    wchar_t *wide = malloc(UNITS_MAX * sizeof *wide);
    DWORD units = wide != NULL ? GetModuleFileNameW(NULL, wide, UNITS_MAX) : 0;
    char *path = units > 0 && units < UNITS_MAX ? ew_wide_to_utf8(wide) : NULL;
    free(wide);
    return path;
}
