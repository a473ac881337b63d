/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence directories as tests look at them. */
#include "support/evidence_files.h"

#include "etwitness/limits.h"
#include "platform/file.h"
#include "support/check_main.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 512, PATH_BYTES = 512 };

static char names[NAMES_MAX][PATH_BYTES];
static size_t name_count;
static struct ew_error error;

static bool note_name(void *context, const char *name, uint64_t bytes)
{
    (void)bytes;
    (void)snprintf(names[name_count++], PATH_BYTES, "%s/%s", (const char *)context, name);
    return name_count < NAMES_MAX;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void list(const char *directory, const char *folder)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s%s", directory, folder);
    name_count = 0;
    (void)!ew_directory_list(path, note_name, path, NULL);
    qsort(names, name_count, sizeof names[0], by_text);
}

void evidence_files_remove(const char *directory)
{
    static const char *const folders[] = {"/tmp", "/evidence", "/heads", ""};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[PATH_BYTES];
        list(directory, folders[i]);
        for (size_t k = 0; k < name_count; k++) {
            (void)!ew_file_remove(names[k], NULL);
        }
        (void)snprintf(path, sizeof path, "%s%s", directory, folders[i]);
        if (ew_directory_remove(path, NULL) != EW_OK) {
            (void)!ew_file_remove(path, NULL); /* a file of that name, or nothing */
        }
    }
}

void evidence_files_write(const char *path, const char *text)
{
    struct ew_file *file = NULL;
    ck_assert_msg(ew_file_create(path, true, &file, &error) == EW_OK, "%s", error.text);
    ck_assert_int_eq(ew_file_write_at(file, 0, text, strlen(text), &error), EW_OK);
    ew_file_close(file);
}

size_t evidence_files_count(const char *directory)
{
    list(directory, "/evidence");
    return name_count;
}

const char *evidence_files_path(const char *directory, size_t index)
{
    list(directory, "/evidence");
    ck_assert_uint_lt(index, name_count);
    return names[index];
}

static char *read_path(const char *path)
{
    char *bytes = NULL;
    size_t byte_count = 0;
    ck_assert_msg(ew_file_read_all(path, EW_DOCUMENT_BYTES_MAX, &bytes, &byte_count, &error)
                      == EW_OK,
                  "%s", error.text);
    return bytes;
}

size_t evidence_files_with(const char *directory, const char *text)
{
    size_t found = 0;
    list(directory, "/evidence");
    for (size_t i = 0; i < name_count; i++) {
        char *bytes = read_path(names[i]);
        found += strstr(bytes, text) != NULL;
        free(bytes);
    }
    return found;
}

static uint64_t number_in(const char *path, const char *object, const char *member)
{
    json_error_t broken;
    json_t *document = json_load_file(path, 0, &broken);
    ck_assert_msg(document != NULL, "%s: %s", path, broken.text);
    const json_t *quality = json_object_get(document, "quality");
    const json_t *inner = json_object_get(quality, object);
    const json_t *number = json_object_get(inner != NULL ? inner : quality, member);
    ck_assert_msg(json_is_integer(number), "%s: has no %s.%s", path, object, member);
    uint64_t value = (uint64_t)json_integer_value(number);
    json_decref(document);
    return value;
}

uint64_t evidence_files_sum(const char *directory, const char *object, const char *member)
{
    uint64_t sum = 0;
    list(directory, "/evidence");
    for (size_t i = 0; i < name_count; i++) {
        sum += number_in(names[i], object, member);
    }
    return sum;
}

/* --- comparison --------------------------------------------------------------------- */

/* The documents of a directory in one object: container id and number in its stream as name. */
static json_t *read_documents(const char *directory)
{
    json_t *documents = json_object();
    list(directory, "/evidence");
    for (size_t i = 0; i < name_count; i++) {
        json_error_t broken;
        char key[128];
        json_t *document = json_load_file(names[i], 0, &broken);
        ck_assert_msg(document != NULL, "%s: %s", names[i], broken.text);
        const char *container =
            json_string_value(json_object_get(json_object_get(document, "container"), "id"));
        json_int_t number =
            json_integer_value(json_object_get(json_object_get(document, "stream"), "seq"));
        (void)snprintf(key, sizeof key, "%s %lld", container != NULL ? container : "host",
                       (long long)number);
        (void)json_object_del(document, "stream");
        (void)json_object_del(document, "host");
        (void)json_object_del(document, "producer");
        (void)json_object_del(document, "window");
        ck_assert_int_eq(json_object_set_new(documents, key, document), 0);
    }
    return documents;
}

enum { DIFFERENCE_BYTES = 2048, SHOWN_BYTES = 400, WHERE_BYTES = 256 };

static char difference[DIFFERENCE_BYTES];

static void show(const char *where, const json_t *left, const json_t *right)
{
    char *left_text = left != NULL ? json_dumps(left, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    char *right_text = right != NULL ? json_dumps(right, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    (void)snprintf(difference, sizeof difference, "%s:\n  %.*s\n  %.*s", where, SHOWN_BYTES,
                   left_text != NULL ? left_text : "nothing", SHOWN_BYTES,
                   right_text != NULL ? right_text : "nothing");
    free(left_text);
    free(right_text);
}

/* One place of two documents that is compared next. */
struct place {
    const json_t *left;
    const json_t *right;
    char where[WHERE_BYTES];
};

/* The first member or element that differs, or NULL members when none does. */
static struct place step_into(const struct place *place)
{
    struct place inner = {.left = NULL};
    if (json_is_object(place->left) && json_is_object(place->right)) {
        const char *key;
        json_t *value;
        json_t *both = json_copy((json_t *)(uintptr_t)place->left);
        (void)json_object_update_missing(both, (json_t *)(uintptr_t)place->right);
        json_object_foreach(both, key, value)
        {
            inner.left = json_object_get(place->left, key);
            inner.right = json_object_get(place->right, key);
            (void)snprintf(inner.where, sizeof inner.where, "%.100s/%.100s", place->where, key);
            if (!json_equal(inner.left, inner.right)) {
                break;
            }
        }
        json_decref(both);
    } else if (json_is_array(place->left) && json_is_array(place->right)) {
        size_t index = 0;
        while (json_equal(json_array_get(place->left, index), json_array_get(place->right, index))
               && index < json_array_size(place->left)) {
            index++;
        }
        inner.left = json_array_get(place->left, index);
        inner.right = json_array_get(place->right, index);
        (void)snprintf(inner.where, sizeof inner.where, "%.200s/%zu", place->where, index);
    }
    return inner;
}

const char *evidence_files_difference(const char *left, const char *right)
{
    json_t *left_documents = read_documents(left);
    json_t *right_documents = read_documents(right);
    struct place place = {left_documents, right_documents, ""};
    difference[0] = '\0';
    if (!json_equal(left_documents, right_documents)) {
        for (;;) {
            struct place inner = step_into(&place);
            if (inner.left == NULL || inner.right == NULL) {
                show(place.where, inner.where[0] != '\0' ? inner.left : place.left,
                     inner.where[0] != '\0' ? inner.right : place.right);
                break;
            }
            place = inner;
        }
    }
    json_decref(left_documents);
    json_decref(right_documents);
    return difference;
}

void evidence_files_compare(const char *left, const char *right)
{
    const char *text = evidence_files_difference(left, right);
    ck_assert_msg(text[0] == '\0', "%s and %s differ at %s", left, right, text);
}
