/* SPDX-License-Identifier: Apache-2.0 */
/* From the ticks of a session's clock to FILETIME (reference etl-format.md 6). */
#ifndef EW_CAPTURE_ETL_READER_CLOCK_H
#define EW_CAPTURE_ETL_READER_CLOCK_H

#include <stdint.h>

enum ew_etl_clock_form {
    EW_ETL_CLOCK_SCALED,
    EW_ETL_CLOCK_100NS,    /* 10 MHz: ticks are the unit already */
    EW_ETL_CLOCK_FILETIME, /* ticks are FILETIME already */
};

/* Above it the remainder of a division times 10^7 would not fit into 64 bits. */
#define EW_ETL_FREQUENCY_MAX UINT64_C(1000000000000)

struct ew_etl_clock {
    uint64_t origin_raw;  /* of the header event */
    uint64_t start_100ns; /* FILETIME at the origin */
    uint64_t frequency;   /* ticks per second, 1 .. EW_ETL_FREQUENCY_MAX */
    uint8_t form;         /* enum ew_etl_clock_form */
};

/* FILETIME of a span of ticks, saturating. */
static inline uint64_t ew_etl_clock_scale(const struct ew_etl_clock *clock, uint64_t ticks)
{
    if (clock->form == EW_ETL_CLOCK_100NS) {
        return ticks;
    }
    uint64_t seconds = ticks / clock->frequency;
    uint64_t rest = ticks % clock->frequency * 10000000 / clock->frequency;
    return seconds > (UINT64_MAX - rest) / 10000000 ? UINT64_MAX : seconds * 10000000 + rest;
}

static inline uint64_t ew_etl_clock_filetime(const struct ew_etl_clock *clock, uint64_t time_raw)
{
    if (clock->form == EW_ETL_CLOCK_FILETIME) {
        return time_raw;
    }
    if (time_raw >= clock->origin_raw) {
        uint64_t since = ew_etl_clock_scale(clock, time_raw - clock->origin_raw);
        return since > UINT64_MAX - clock->start_100ns ? UINT64_MAX : clock->start_100ns + since;
    }
    uint64_t before = ew_etl_clock_scale(clock, clock->origin_raw - time_raw);
    return before > clock->start_100ns ? 0 : clock->start_100ns - before;
}

#endif
