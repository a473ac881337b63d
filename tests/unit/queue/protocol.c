/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The model and how it corresponds to src/queue/queue.c.
 *
 * Memory. Each of the words `published`, `committed` and `released` is the list of all stores
 * to it, in order; it has one writer. A load sees any store that is not older than one its
 * thread knows of already: stores arrive late and stores to different words in any order, as
 * in a store buffer or on a weak processor. What a thread knows is its view: for each word the
 * oldest store it may still see, for each cell the writes and reads that happened before. A
 * release store carries its thread's view, an acquire load of it takes that over, a relaxed one
 * on either side does not. This is C11's happens-before but for cycles in which a load sees a
 * store that depends on it, which no load here does.
 *
 * Cells are plain memory. A read must know of the last write to its cell, and a write of every
 * read of it; else the two race, whatever the processor would do, and that is a violation. The
 * sequentially consistent order of cell accesses that is left is then the only one.
 *
 * Steps. One step is one access of memory that both threads touch:
 *
 *   BEGIN       ew_queue_reserve() on what it knows of room
 *   LOOK_FULL   reserve_slowly(): look_for_room(), then room or the drop
 *   COPY        one cell of the record: its head in ew_queue_reserve(), then what the caller
 *               writes before it commits
 *   COMMIT      the store to `committed` in commit_record()
 *   PUBLISH     the store to `published` in publish_batch(), when the batch is due
 *   LOOK_AFTER  look_for_room() in publish_batch()
 *   PEEK        take_published() in ew_queue_peek(), or none when records are known
 *   LOOK        ew_queue_look()
 *   READ        one cell: the head in ew_queue_peek(), then what the caller reads
 *   GIVE_BACK   give_back() in ew_queue_advance() or ew_queue_release()
 *
 * A byte beyond the ring's end stands for the same positions as one at its beginning, so the
 * model needs no slack. It has no counts: nothing is decided by them. Positions are in cells.
 */
#include "unit/queue/protocol.h"

#include <stdlib.h>
#include <string.h>

enum { PHASES = 4 };

enum producer_step { BEGIN, LOOK_FULL, WORK, LAST_PUBLISH, LAST_LOOK, DONE };
enum producer_phase { COPY, COMMIT, PUBLISH, LOOK_AFTER };
enum consumer_step { IDLE, READ, ADVANCE };

/* --- memory ---------------------------------------------------------------------- */

static uint8_t later(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

static void join(struct view *view, const struct view *other)
{
    for (size_t i = 0; i < WORDS; i++) {
        view->stores[i] = later(view->stores[i], other->stores[i]);
    }
    for (size_t i = 0; i < CELLS_MAX; i++) {
        view->writes[i] = later(view->writes[i], other->writes[i]);
        view->reads[i] = later(view->reads[i], other->reads[i]);
    }
}

static void store(struct state *state, size_t thread, size_t word, uint8_t value, bool release)
{
    struct view *view = &state->views[thread];
    uint8_t at = state->store_counts[word]++;
    if (at >= STORES_MAX) {
        abort();
    }
    view->stores[word] = at;
    state->stores[word][at].value = value;
    if (release) {
        state->stores[word][at].view = *view;
    }
}

/* Loads the store that is `choice` after the oldest that can be seen; false: there is none.
 * Stores that can never be seen again are wiped, so that states which differ in nothing
 * else are one. Each word has one reader. */
static bool load(struct protocol *protocol, struct state *state, size_t thread, size_t word,
                 size_t choice, bool acquire, uint8_t *value_out)
{
    struct view *view = &state->views[thread];
    size_t at = view->stores[word] + choice;
    if (at >= state->store_counts[word]) {
        return false;
    }
    protocol->result.stale_loads += at + 1 < state->store_counts[word];
    *value_out = state->stores[word][at].value;
    if (acquire) {
        struct view seen = state->stores[word][at].view;
        join(view, &seen);
    }
    view->stores[word] = (uint8_t)at;
    memset(state->stores[word], 0, at * sizeof(struct store));
    return true;
}

static void violate(struct protocol *protocol, const char *what)
{
    if (protocol->result.violation == NULL) {
        protocol->result.violation = what;
    }
}

static void write_cell(struct protocol *protocol, struct state *state, uint8_t position,
                       struct cell value)
{
    size_t at = position % protocol->scenario->capacity;
    if (state->views[PRODUCER].reads[at] != state->views[CONSUMER].reads[at]) {
        violate(protocol, "a record is overwritten while it may still be read");
    }
    state->views[PRODUCER].writes[at]++;
    state->cells[at] = value;
}

static struct cell read_cell(struct protocol *protocol, struct state *state, uint8_t position)
{
    size_t at = position % protocol->scenario->capacity;
    if (state->views[CONSUMER].writes[at] != state->views[PRODUCER].writes[at]) {
        violate(protocol, "a record is read while it may still be written");
    }
    state->views[CONSUMER].reads[at]++;
    return state->cells[at];
}

/* --- producer -------------------------------------------------------------------- */

static const uint8_t *put_order(const struct protocol *protocol)
{
    static const uint8_t right[PHASES] = {COPY, COMMIT, PUBLISH, LOOK_AFTER};
    static const uint8_t commit_first[PHASES] = {COMMIT, PUBLISH, LOOK_AFTER, COPY};
    static const uint8_t publish_first[PHASES] = {PUBLISH, LOOK_AFTER, COPY, COMMIT};
    static const uint8_t commit_last[PHASES] = {COPY, PUBLISH, LOOK_AFTER, COMMIT};
    switch (protocol->mutation) {
    case COMMITTED_BEFORE_COPY:
        return commit_first;
    case PUBLISHED_BEFORE_COPY:
        return publish_first;
    case PUBLISHED_BEFORE_COMMITTED:
        return commit_last;
    default:
        return right;
    }
}

static uint8_t put_size(const struct protocol *protocol, const struct state *state)
{
    return protocol->scenario->sizes[state->producer.put];
}

static uint8_t room_of_class(const struct scenario *scenario, uint8_t record_class)
{
    return record_class == EW_QUEUE_SAMPLE ? scenario->capacity - scenario->reserve
                                           : scenario->capacity;
}

static bool has_room(const struct protocol *protocol, const struct state *state)
{
    const struct scenario *scenario = protocol->scenario;
    const struct producer_state *producer = &state->producer;
    uint8_t record_class = scenario->classes[producer->put];
    uint8_t room = room_of_class(scenario, record_class);
    if (protocol->mutation == RESERVE_FORGOTTEN) {
        room = scenario->capacity;
    } else if (protocol->mutation == ROOM_ONE_CELL_TOO_MUCH) {
        room++;
    }
    return producer->committed + put_size(protocol, state) <= producer->released + room;
}

static void next_put(struct protocol *protocol, struct state *state)
{
    struct producer_state *producer = &state->producer;
    producer->put++;
    producer->phase = 0;
    producer->copied = 0;
    producer->due = 0;
    producer->step = BEGIN;
    if (producer->put == protocol->scenario->put_count) {
        bool publishes =
            protocol->scenario->publishes_last && producer->published != producer->committed;
        producer->step = publishes ? LAST_PUBLISH : DONE;
    }
}

static void accept(struct protocol *protocol, struct state *state)
{
    const struct scenario *scenario = protocol->scenario;
    struct producer_state *producer = &state->producer;
    producer->end = (uint8_t)(producer->committed + put_size(protocol, state));
    producer->accepted = (uint8_t)(producer->accepted | 1U << producer->put);
    producer->due = producer->batch + 1 >= scenario->batch_records
                    || producer->end - producer->published > scenario->batch_cells;
    producer->step = WORK;
    uint8_t released = state->stores[RELEASED][state->store_counts[RELEASED] - 1].value;
    if (producer->end > released + room_of_class(scenario, scenario->classes[producer->put])) {
        violate(protocol, "a record takes room that is not its class's");
    }
}

static void copy_cell(struct protocol *protocol, struct state *state)
{
    struct producer_state *producer = &state->producer;
    uint8_t size = put_size(protocol, state);
    uint8_t begin = (uint8_t)(producer->end - size);
    struct cell value = {.record = (uint8_t)(producer->put + 1),
                         .size = producer->copied == 0 ? size : 0};
    write_cell(protocol, state, (uint8_t)(begin + producer->copied), value);
    producer->copied++;
}

static void store_committed(struct protocol *protocol, struct state *state)
{
    struct producer_state *producer = &state->producer;
    producer->committed = producer->end;
    producer->batch++;
    store(state, PRODUCER, COMMITTED, producer->end,
          protocol->mutation != COMMITTED_STORED_RELAXED);
}

static void store_published(struct protocol *protocol, struct state *state, uint8_t position)
{
    struct producer_state *producer = &state->producer;
    producer->published = position;
    producer->batch = 0;
    store(state, PRODUCER, PUBLISHED, position, protocol->mutation != PUBLISHED_STORED_RELAXED);
}

static bool load_released(struct protocol *protocol, struct state *state, size_t choice)
{
    return load(protocol, state, PRODUCER, RELEASED, choice,
                protocol->mutation != RELEASED_LOADED_RELAXED, &state->producer.released);
}

/* One access of the put that is under way; false when there is no such choice. */
static bool work(struct protocol *protocol, struct state *state, size_t choice)
{
    struct producer_state *producer = &state->producer;
    switch ((enum producer_phase)put_order(protocol)[producer->phase]) {
    case COPY:
        copy_cell(protocol, state);
        if (producer->copied < put_size(protocol, state)) {
            return true;
        }
        break;
    case COMMIT:
        store_committed(protocol, state);
        break;
    case PUBLISH:
        store_published(protocol, state, producer->end);
        break;
    case LOOK_AFTER:
        if (!load_released(protocol, state, choice)) {
            return false;
        }
        break;
    }
    producer->phase++;
    return true;
}

/* Whether the next access is a load, which may have several outcomes. */
static bool producer_loads(const struct protocol *protocol, const struct producer_state *producer)
{
    return producer->step == LOOK_FULL || producer->step == LAST_LOOK
           || (producer->step == WORK && put_order(protocol)[producer->phase] == LOOK_AFTER);
}

/* Steps over what this put does not do, to the next one when all is done. */
static void finish_phases(struct protocol *protocol, struct state *state)
{
    struct producer_state *producer = &state->producer;
    while (producer->step == WORK && producer->phase < PHASES && !producer->due
           && put_order(protocol)[producer->phase] >= PUBLISH) {
        producer->phase++;
    }
    if (producer->step == WORK && producer->phase == PHASES) {
        next_put(protocol, state);
    }
}

/* What the producer may do next, by number; false when there is no such choice. */
static bool step_producer(struct protocol *protocol, struct state *state, size_t choice)
{
    struct producer_state *producer = &state->producer;
    bool good = true;
    if (choice != 0 && !producer_loads(protocol, producer)) {
        return false;
    }
    switch ((enum producer_step)producer->step) {
    case BEGIN:
        if (has_room(protocol, state)) {
            accept(protocol, state);
        } else {
            producer->step = LOOK_FULL;
        }
        break;
    case LOOK_FULL:
        good = load_released(protocol, state, choice);
        if (good && has_room(protocol, state)) {
            accept(protocol, state);
        } else if (good) {
            next_put(protocol, state);
        }
        break;
    case WORK:
        good = work(protocol, state, choice);
        break;
    case LAST_PUBLISH:
        store_published(protocol, state, producer->committed);
        producer->step = LAST_LOOK;
        break;
    case LAST_LOOK:
        good = load_released(protocol, state, choice);
        producer->step = DONE;
        break;
    case DONE:
        return false;
    }
    finish_phases(protocol, state);
    return good;
}

/* --- consumer -------------------------------------------------------------------- */

static void give_back(struct protocol *protocol, struct state *state, uint8_t position)
{
    state->consumer.given = position;
    store(state, CONSUMER, RELEASED, position, protocol->mutation != RELEASED_STORED_RELAXED);
}

static bool peek(struct protocol *protocol, struct state *state, size_t choice)
{
    struct consumer_state *consumer = &state->consumer;
    if (consumer->position != consumer->limit) {
        consumer->step = READ;
        return choice == 0;
    }
    uint8_t published = 0;
    if (!load(protocol, state, CONSUMER, PUBLISHED, choice,
              protocol->mutation != PUBLISHED_LOADED_RELAXED, &published)) {
        return false;
    }
    if (published > consumer->limit || protocol->mutation == LIMIT_FOLLOWS_PUBLISHED) {
        consumer->limit = published;
    }
    return true;
}

static bool look(struct protocol *protocol, struct state *state, size_t choice)
{
    size_t word = protocol->mutation == LOOK_AT_PUBLISHED ? PUBLISHED : COMMITTED;
    uint8_t value = 0;
    if (!load(protocol, state, CONSUMER, word, choice,
              protocol->mutation != COMMITTED_LOADED_RELAXED, &value)) {
        return false;
    }
    if (word == COMMITTED || value > state->consumer.limit) {
        state->consumer.limit = value;
    }
    return true;
}

/* The record must be the one accepted next after those that came. */
static void check_record(struct protocol *protocol, struct state *state)
{
    struct consumer_state *consumer = &state->consumer;
    unsigned missing = state->producer.accepted & ~(unsigned)consumer->taken;
    unsigned bit = consumer->record == 0 ? 0 : 1U << (consumer->record - 1);
    if (bit == 0 || (missing & bit) == 0 || (missing & (bit - 1)) != 0) {
        violate(protocol, "a record comes that is not the next one");
    }
    consumer->taken = (uint8_t)(consumer->taken | bit);
}

static void read_one_cell(struct protocol *protocol, struct state *state)
{
    struct consumer_state *consumer = &state->consumer;
    struct cell cell = read_cell(protocol, state, (uint8_t)(consumer->position + consumer->read));
    if (consumer->read == 0) {
        consumer->size = cell.size;
        consumer->record = cell.record;
        check_record(protocol, state);
    }
    if (cell.record != consumer->record
        || cell.size != (consumer->read == 0 ? consumer->size : 0)) {
        violate(protocol, "a record is not whole");
    }
    consumer->read++;
    if (consumer->read >= consumer->size) {
        consumer->step = ADVANCE;
    }
}

static void advance(struct protocol *protocol, struct state *state)
{
    struct consumer_state *consumer = &state->consumer;
    consumer->position = (uint8_t)(consumer->position + consumer->size);
    consumer->step = IDLE;
    consumer->size = 0;
    consumer->read = 0;
    consumer->record = 0;
    if (consumer->position - consumer->given >= protocol->scenario->give_back
        && !consumer->released) {
        give_back(protocol, state, consumer->position);
    }
    consumer->released = 0;
}

/* The mutant gives a record's room back as soon as it knows its size. */
static bool gives_back_early(const struct protocol *protocol,
                             const struct consumer_state *consumer)
{
    return protocol->mutation == RELEASED_BEFORE_READ && consumer->read == 1
           && !consumer->released;
}

/* Idle, the consumer may peek, look or give room back. */
static bool step_idle(struct protocol *protocol, struct state *state, size_t choice)
{
    struct consumer_state *consumer = &state->consumer;
    switch (choice % 3) {
    case 0:
        return peek(protocol, state, choice / 3);
    case 1:
        return look(protocol, state, choice / 3);
    default:
        if (choice / 3 != 0 || consumer->position == consumer->given) {
            return false;
        }
        give_back(protocol, state, consumer->position);
        return true;
    }
}

static bool step_consumer(struct protocol *protocol, struct state *state, size_t choice)
{
    struct consumer_state *consumer = &state->consumer;
    if (consumer->step == IDLE) {
        return step_idle(protocol, state, choice);
    }
    if (choice != 0) {
        return false;
    }
    if (gives_back_early(protocol, consumer)) {
        consumer->released = 1;
        give_back(protocol, state, (uint8_t)(consumer->position + consumer->size));
    } else if (consumer->step == READ) {
        read_one_cell(protocol, state);
    } else {
        advance(protocol, state);
    }
    return true;
}

/* --- what the search sees --------------------------------------------------------- */

static unsigned count_bits(unsigned bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1) {
        count++;
    }
    return count;
}

void protocol_end(struct protocol *protocol, const struct state *state)
{
    unsigned taken = count_bits(state->consumer.taken);
    if (state->producer.step != DONE || state->consumer.taken != state->producer.accepted) {
        violate(protocol, "a record never comes");
    }
    protocol->result.ends++;
    protocol->result.drops += taken < protocol->scenario->put_count;
    if (taken > protocol->result.most_taken) {
        protocol->result.most_taken = taken;
    }
}

void protocol_begin(struct state *state_out)
{
    memset(state_out, 0, sizeof *state_out);
    for (size_t i = 0; i < WORDS; i++) {
        state_out->store_counts[i] = 1; /* of zero, which everybody knows */
    }
}

bool protocol_step(struct protocol *protocol, struct state *state, size_t thread, size_t choice)
{
    return thread == PRODUCER ? step_producer(protocol, state, choice)
                              : step_consumer(protocol, state, choice);
}
