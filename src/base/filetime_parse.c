/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 times in UTC into FILETIME. */
#include "base/filetime.h"

#include <string.h>

enum { YEAR_MIN = 1601, YEAR_MAX = 9999, FRACTION_DIGITS = 7 };

/* `digits` digits at `*at`, then one character `after`. */
static bool read_part(const char **at, unsigned digits, char after, unsigned *value_out)
{
    unsigned value = 0;
    const char *text = *at;
    for (unsigned i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    if (after != '\0' && text[digits] != after) {
        return false;
    }
    *at = text + digits + (after != '\0' ? 1 : 0);
    *value_out = value;
    return true;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1601-01-01. */
static uint64_t days_before(unsigned year, unsigned month, unsigned day)
{
    unsigned years = year - YEAR_MIN;
    uint64_t days = (uint64_t)years * 365 + years / 4 - years / 100 + years / 400;
    for (unsigned before = 1; before < month; before++) {
        days += days_of_month(year, before);
    }
    return days + day - 1;
}

/* "Z" or ".1234567Z": hundreds of nanoseconds. */
static bool read_fraction(const char *at, uint64_t *value_out)
{
    uint64_t value = 0;
    if (*at == '.') {
        unsigned digits = 0;
        for (at++; *at >= '0' && *at <= '9' && digits < FRACTION_DIGITS; at++, digits++) {
            value = value * 10 + (uint64_t)(*at - '0');
        }
        if (digits == 0) {
            return false;
        }
        for (; digits < FRACTION_DIGITS; digits++) {
            value *= 10;
        }
    }
    *value_out = value;
    return strcmp(at, "Z") == 0;
}

bool ew_filetime_parse(const char *text, uint64_t *filetime_out)
{
    unsigned year, month, day, hour, minute, second;
    uint64_t fraction;
    const char *at = text;
    if (!read_part(&at, 4, '-', &year) || !read_part(&at, 2, '-', &month)
        || !read_part(&at, 2, 'T', &day) || !read_part(&at, 2, ':', &hour)
        || !read_part(&at, 2, ':', &minute) || !read_part(&at, 2, '\0', &second)
        || !read_fraction(at, &fraction)) {
        return false;
    }
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1
        || day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    uint64_t seconds = ((days_before(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    *filetime_out = seconds * EW_FILETIME_SECOND + fraction;
    return true;
}
