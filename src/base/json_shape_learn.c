/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are spelt like others before them: what is learnt from one. */
#include "base/json_shape.h"

#include <string.h>

/* A record whose every spelling is new to the last would be learnt from for ever. */
enum { LESSONS_MAX = 1000 };

/* A record while it is learnt from. It is JSON, so what is asked is only where its values are. */
struct learner {
    struct ew_json_shape *shape;
    const char *at;
    const char *end;
    const char *piece; /* begin of the piece that goes on at `at` */
    uint8_t *link;     /* says the next piece */
    uint8_t before;
    unsigned depth;
    unsigned depth_wanted; /* where members are */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The quote that ends the text which begins at `at`; NULL: an escape stands before it, and
 * `escapes` are not wanted. */
static const char *text_end(const char *at, const char *end, bool escapes)
{
    while (at < end && *at != '"') {
        if (*at == '\\' && !escapes) {
            return NULL;
        }
        at += *at == '\\' ? 2 : 1;
    }
    return at < end ? at : NULL;
}

static int find_member(const char *name, size_t length, const struct ew_json_member *members,
                       size_t member_count)
{
    for (size_t i = 0; i < member_count; i++) {
        if (members[i].name_bytes == length && memcmp(members[i].name, name, length) == 0) {
            return (int)i;
        }
    }
    return EW_JSON_UNKNOWN;
}

/* The position of a piece as the one that ends at `at`, which is added if there is none;
 * `piece_count` without room for it. */
static unsigned keep_piece(struct learner *learner, const struct ew_json_piece *piece)
{
    struct ew_json_shape *shape = learner->shape;
    for (unsigned i = 0; i < shape->piece_count; i++) {
        const struct ew_json_piece *known = &shape->pieces[i];
        if (known->byte_count == piece->byte_count && known->before == piece->before
            && known->behind == piece->behind
            && memcmp(known->bytes, piece->bytes, piece->byte_count) == 0) {
            return i;
        }
    }
    if (shape->piece_count < EW_JSON_SHAPE_PIECES_MAX) {
        shape->pieces[shape->piece_count] = *piece;
        return shape->piece_count++;
    }
    return EW_JSON_SHAPE_PIECES_MAX;
}

/* Ends a piece at `at`, where a value begins, or where a literal or the record is over. */
static bool end_piece(struct learner *learner, enum ew_json_spelling behind, int member)
{
    size_t length = (size_t)(learner->at - learner->piece);
    bool text = behind == EW_JSON_SPELT_TEXT;
    struct ew_json_piece piece = {.byte_count = (uint8_t)length,
                                  .behind = (uint8_t)behind,
                                  .before = learner->before,
                                  .next_before =
                                      (uint8_t)(text ? EW_JSON_SPELT_TEXT : EW_JSON_SPELT_NUMBER),
                                  .member = (uint8_t)(member >= 0 ? member : EW_JSON_MEMBERS_MAX),
                                  .bit = member >= 0 ? UINT32_C(1) << member : 0};
    if (length > sizeof piece.bytes) {
        return false;
    }
    memcpy(piece.bytes, learner->piece, length);
    memset(piece.masks, 0xff, length < sizeof piece.masks ? length : sizeof piece.masks);
    piece.has_newline = memchr(piece.bytes, '\n', length) != NULL;
    unsigned at = keep_piece(learner, &piece);
    if (at == EW_JSON_SHAPE_PIECES_MAX) {
        return false;
    }
    *learner->link = (uint8_t)at;
    learner->link = &learner->shape->pieces[at].next;
    learner->before = piece.next_before;
    return true;
}

static bool learn_value(struct learner *learner, int member)
{
    char c = *learner->at;
    if (c == '"') {
        learner->at++;
        const char *behind = text_end(learner->at, learner->end, true);
        if (behind == NULL || !end_piece(learner, EW_JSON_SPELT_TEXT, member)) {
            return false;
        }
        learner->at = behind + 1; /* the quote belongs to the next piece */
        learner->piece = behind;
        return true;
    }
    if (c == 't' || c == 'f') {
        learner->at += c == 't' ? 4 : 5;
        if (!end_piece(learner, EW_JSON_SPELT_LITERAL, member)) {
            return false;
        }
        learner->piece = learner->at;
        return true;
    }
    if (!is_digit(c) || !end_piece(learner, EW_JSON_SPELT_NUMBER, member)) {
        return false;
    }
    while (is_digit(*learner->at)) {
        learner->at++;
    }
    learner->piece = learner->at;
    return *learner->at != '.' && (*learner->at | 0x20) != 'e';
}

/* From a member's name to behind its value; or to the object that the name wraps. */
static bool learn_member(struct learner *learner, const struct ew_json_member *members,
                         size_t member_count)
{
    const char *name = learner->at + 1;
    const char *name_end = text_end(name, learner->end, false);
    if (name_end == NULL) {
        return false;
    }
    learner->at = name_end + 1;
    while (strchr(": \t\r\n", *learner->at) != NULL) {
        learner->at++;
    }
    if (learner->depth == learner->depth_wanted) {
        return learn_value(learner,
                           find_member(name, (size_t)(name_end - name), members, member_count));
    }
    return *learner->at == '{';
}

void ew_json_shape_learn(struct ew_json_shape *shape, const struct ew_json_scan *scan,
                         uint64_t start, unsigned depth, const struct ew_json_member *members,
                         size_t member_count)
{
    const struct ew_byte_window *window = scan->window;
    if (start < window->begin_offset || scan->status != EW_OK
        || shape->lesson_count == LESSONS_MAX) {
        return;
    }
    const char *begin = window->begin + (start - window->begin_offset);
    struct learner learner = {.shape = shape,
                              .at = begin,
                              .end = window->at,
                              .piece = begin,
                              .link = &shape->first,
                              .before = EW_JSON_SPELT_NOTHING,
                              .depth_wanted = depth};
    shape->lesson_count++;
    while (learner.at < learner.end) {
        char c = *learner.at;
        if (c == '"') {
            if (!learn_member(&learner, members, member_count)) {
                return;
            }
            continue;
        }
        learner.at++;
        learner.depth += c == '{';
        learner.depth -= c == '}';
    }
    (void)end_piece(&learner, EW_JSON_SPELT_NOTHING, EW_JSON_UNKNOWN);
}
