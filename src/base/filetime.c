/* SPDX-License-Identifier: Apache-2.0 */
/* FILETIME: 100 ns since 1601-01-01 UTC, and its text form. */
#include "base/filetime.h"

/* 1601 begins a 400-year cycle of the Gregorian calendar, so days count from there. */
enum { DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1461 };

static unsigned month_days(unsigned month, unsigned year)
{
    static const unsigned char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month] + (month == 1 ? leap : 0);
}

static void put(char *at, unsigned value, unsigned digits)
{
    while (digits > 0) {
        at[--digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Days since 1601-01-01 to year; leaves the day of the year in `*day`. */
static unsigned year_of(unsigned *day)
{
    unsigned n400 = *day / DAYS_400;
    *day %= DAYS_400;
    unsigned n100 = *day / DAYS_100;
    n100 = n100 == 4 ? 3 : n100;
    *day -= n100 * DAYS_100;
    unsigned n4 = *day / DAYS_4;
    *day %= DAYS_4;
    unsigned n1 = *day / 365;
    n1 = n1 == 4 ? 3 : n1;
    *day -= n1 * 365;
    return 1601 + n400 * 400 + n100 * 100 + n4 * 4 + n1;
}

void ew_filetime_format(uint64_t filetime, char text_out[EW_FILETIME_TEXT_BYTES])
{
    static const char shape[EW_FILETIME_TEXT_BYTES] = "0000-00-00T00:00:00.0000000Z";
    if (filetime > EW_FILETIME_MAX) {
        filetime = EW_FILETIME_MAX;
    }
    for (unsigned i = 0; i < EW_FILETIME_TEXT_BYTES; i++) {
        text_out[i] = shape[i];
    }
    uint64_t seconds = filetime / EW_FILETIME_SECOND;
    unsigned day = (unsigned)(seconds / 86400);
    unsigned second = (unsigned)(seconds % 86400);
    unsigned year = year_of(&day);
    unsigned month = 0;
    while (day >= month_days(month, year)) {
        day -= month_days(month, year);
        month++;
    }
    put(text_out, year, 4);
    put(text_out + 5, month + 1, 2);
    put(text_out + 8, day + 1, 2);
    put(text_out + 11, second / 3600, 2);
    put(text_out + 14, second / 60 % 60, 2);
    put(text_out + 17, second % 60, 2);
    put(text_out + 20, (unsigned)(filetime % EW_FILETIME_SECOND), 7);
}
