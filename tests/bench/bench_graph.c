/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A static callgraph of a million nodes and five million edges, loaded in every way there is to
 * compare with; each in a process of its own, so that its peak memory is its own.
 *
 * usage: bench_graph make FILE [NODES]      writes the graph, as JSON
 *        bench_graph ours FILE              ew_graph_load()
 *        bench_graph cache FILE DIRECTORY   the same; from the cache when it is there
 *        bench_graph hand FILE              a scanner that knows the bytes and checks nothing
 *        bench_graph jansson FILE           json_load_file() and a walk into columns
 *        bench_graph read FILE              only reading
 *
 * Prints wall time and CPU time in ns, the bytes of the result, the peak resident size, and a
 * sum over the graph, which is the same for all but `read`.
 */
#include "base/index.h"
#include "etwitness/callgraph.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_DEFAULT = 1000000, EDGES_PER_NODE = 5, WINDOW_BYTES = 1 << 20, SLACK_BYTES = 512 };

struct result {
    uint64_t nodes;
    uint64_t edges;
    uint64_t sum;
    uint64_t bytes; /* of columns */
};

/* --- making -----------------------------------------------------------------------------------
 */

static uint64_t mix(uint64_t value)
{
    return ew_index_hash_u64(value + 1);
}

static const char *const kinds[] = {"call", "virtual", "call", "interface"};

static void write_nodes(FILE *out, uint32_t nodes)
{
    for (uint32_t i = 0; i < nodes; i++) {
        uint64_t random = mix(i);
        (void)fprintf(out,
                      "%s{\"id\":\"n%07u\",\"artifact\":%u,\"kind\":\"method\",\"token\":"
                      "\"0x06%06x\",\"name\":\"Space%u.Class%u.Method%u\",\"sig\":\"void "
                      "(int32)\"}",
                      i == 0 ? "" : ",\n", (unsigned)i, (unsigned)(i % 50), (unsigned)(i / 50),
                      (unsigned)(random % 97), (unsigned)(random / 97 % 9973), (unsigned)i);
    }
}

/* By caller, as analysers write them; callees are anywhere, and each but once. */
static void write_edges(FILE *out, uint32_t nodes)
{
    for (uint64_t i = 0; i < (uint64_t)nodes * EDGES_PER_NODE; i++) {
        uint64_t random = mix(i + ((uint64_t)1 << 40));
        (void)fprintf(out, "%s{\"from\":\"n%07u\",\"to\":\"n%07u\",\"kind\":\"%s\"}",
                      i == 0 ? "" : ",\n", (unsigned)(i / EDGES_PER_NODE),
                      (unsigned)(random % (nodes / 8) * 8 + i % EDGES_PER_NODE),
                      kinds[random >> 60 & 3]);
    }
}

static bool make(const char *path, uint32_t nodes)
{
    FILE *out = fopen(path, "wb");
    if (out == NULL) {
        perror(path);
        return false;
    }
    (void)fputs("{\"schema\":\"static-callgraph/1\",\"graphId\":\"bench\",\"analyzer\":{\"name\":"
                "\"bench\",\"version\":\"1\"},\"world\":{\"closed\":false},\"artifacts\":[",
                out);
    for (unsigned i = 0; i < 50; i++) {
        (void)fprintf(out, "%s{\"name\":\"module%u.dll\"}", i == 0 ? "" : ",", i);
    }
    (void)fputs("],\"nodes\":[\n", out);
    write_nodes(out, nodes);
    (void)fputs("],\n\"edges\":[\n", out);
    write_edges(out, nodes);
    (void)fputs("],\"entrypoints\":[{\"node\":\"n0000000\",\"kind\":\"main\"}]}\n", out);
    return fclose(out) == 0;
}

/* --- ours -------------------------------------------------------------------------------------
 */

/* What every loader has to find: each edge with its ends and kind, by the number in the ids. */
static uint64_t edge_sum(uint64_t from, uint64_t to, uint64_t kind)
{
    return (from * 31 + to) * 7 + kind;
}

static bool load(const char *path, const char *directory, struct result *result)
{
    struct ew_graph_options options = {.cache_directory = directory};
    struct ew_graph_counts counts;
    struct ew_error error = {0};
    struct ew_graph *graph = NULL;
    if (ew_graph_load(path, &options, &graph, &counts, &error) != EW_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return false;
    }
    result->nodes = graph->node_count;
    result->edges = graph->edge_count;
    result->bytes = graph->text_bytes + graph->node_count * (sizeof *graph->nodes + 4)
                    + graph->edge_count * sizeof *graph->edges;
    for (uint32_t from = 0; from < graph->node_count; from++) {
        for (uint32_t i = graph->first_edge[from]; i < graph->first_edge[from + 1]; i++) {
            result->sum += edge_sum(from, graph->edges[i].to, graph->edges[i].kind);
        }
    }
    (void)fprintf(stderr, "%s\n", counts.from_cache ? "from cache" : "read");
    return true; /* the graph lives until the end of the process, as the others' do */
}

/* --- hand
 * --------------------------------------------------------------------------------------- */

/* Knows that ids are numbers with an "n" before them, what members there are and in which
 * order, and that nothing is ever wrong; and it needs no table to find a node. */
struct hand {
    struct ew_file *file;
    uint64_t offset;
    char *at;
    char *end;
    char buffer[WINDOW_BYTES + SLACK_BYTES];
};

static bool hand_fill(struct hand *hand)
{
    size_t kept = (size_t)(hand->end - hand->at);
    size_t got = 0;
    memmove(hand->buffer, hand->at, kept);
    if (ew_file_read_at(hand->file, hand->offset, hand->buffer + kept, WINDOW_BYTES - kept, &got,
                        NULL)
        != EW_OK) {
        return false;
    }
    hand->offset += got;
    hand->at = hand->buffer;
    hand->end = hand->buffer + kept + got;
    memset(hand->end, 0, SLACK_BYTES);
    return got > 0;
}

static uint32_t hand_number(const char *at)
{
    uint32_t number = 0;
    for (unsigned i = 0; i < 7; i++) {
        number = number * 10 + (uint32_t)(at[i] - '0');
    }
    return number;
}

/* Columns as ours: what is written is as much. */
struct hand_columns {
    struct ew_graph_node *nodes;
    struct ew_graph_edge *edges;
    uint32_t *first_edge;
    char *texts;
    size_t text_bytes;
    uint32_t node_count;
    uint32_t edge_count;
};

static ew_graph_text hand_text(struct hand_columns *columns, char **at)
{
    char *end = memchr(*at, '"', 256);
    size_t length = (size_t)(end - *at);
    ew_graph_text text = (ew_graph_text)columns->text_bytes;
    memcpy(columns->texts + text, *at, length);
    columns->texts[text + length] = '\0';
    columns->text_bytes += length + 1;
    *at = end + 1;
    return text;
}

static void hand_node(struct hand_columns *columns, char *at)
{
    struct ew_graph_node *node = &columns->nodes[columns->node_count++];
    at += 7;
    node->id = hand_text(columns, &at);
    at += 12;
    node->artifact = (uint32_t)strtoul(at, &at, 10);
    at += 26;
    node->token = (uint32_t)strtoul(at, &at, 16);
    at += 10;
    node->name = hand_text(columns, &at);
}

static void hand_edge(struct hand_columns *columns, const char *at)
{
    uint32_t from = hand_number(at + 10);
    struct ew_graph_edge *edge = &columns->edges[columns->edge_count++];
    edge->to = hand_number(at + 26);
    edge->confidence = 1000;
    edge->site = EW_GRAPH_NONE;
    edge->kind = (uint8_t)(at[43] == 'v'   ? EW_EDGE_VIRTUAL
                           : at[43] == 'i' ? EW_EDGE_INTERFACE
                                           : EW_EDGE_CALL);
    columns->first_edge[from + 1] = columns->edge_count;
}

static void hand_line(struct hand_columns *columns, char *line)
{
    if (memcmp(line, "{\"id", 4) == 0) {
        hand_node(columns, line);
    } else if (memcmp(line, "{\"from", 6) == 0) {
        hand_edge(columns, line);
    }
}

static void hand_lines(struct hand *hand, struct hand_columns *columns)
{
    do {
        char *newline;
        while ((newline = memchr(hand->at, '\n', (size_t)(hand->end - hand->at))) != NULL) {
            hand_line(columns, hand->at);
            hand->at = newline + 1;
        }
    } while (hand_fill(hand));
}

static bool scan_by_hand(const char *path, struct result *result)
{
    static struct hand hand;
    struct hand_columns columns = {.text_bytes = 1};
    size_t nodes = NODES_DEFAULT;
    hand.at = hand.end = hand.buffer;
    columns.nodes = calloc(nodes, sizeof *columns.nodes);
    columns.edges = calloc(nodes * EDGES_PER_NODE, sizeof *columns.edges);
    columns.first_edge = calloc(nodes + 1, sizeof *columns.first_edge);
    columns.texts = malloc(nodes * 64);
    if (columns.nodes == NULL || columns.edges == NULL || columns.first_edge == NULL
        || columns.texts == NULL || ew_file_open(path, &hand.file, NULL) != EW_OK) {
        return false;
    }
    hand_lines(&hand, &columns);
    result->nodes = columns.node_count;
    result->edges = columns.edge_count;
    result->bytes = columns.text_bytes + columns.node_count * (sizeof *columns.nodes + 4)
                    + columns.edge_count * sizeof *columns.edges;
    for (uint32_t from = 0; from < columns.node_count; from++) {
        for (uint32_t i = columns.first_edge[from]; i < columns.first_edge[from + 1]; i++) {
            result->sum += edge_sum(from, columns.edges[i].to, columns.edges[i].kind);
        }
    }
    return true;
}

/* --- jansson
 * ------------------------------------------------------------------------------------ */

static uint64_t id_number(const json_t *id)
{
    return strtoul(json_string_value(id) + 1, NULL, 10);
}

static uint64_t kind_number(const json_t *kind)
{
    const char *word = json_string_value(kind);
    return word[0] == 'v' ? EW_EDGE_VIRTUAL : word[0] == 'i' ? EW_EDGE_INTERFACE : EW_EDGE_CALL;
}

/* The tree, and a walk over what the others take into columns. */
static bool load_tree(const char *path, struct result *result)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    size_t i;
    json_t *row;
    if (root == NULL) {
        (void)fprintf(stderr, "%s\n", error.text);
        return false;
    }
    json_array_foreach(json_object_get(root, "nodes"), i, row)
    {
        result->nodes += json_string_length(json_object_get(row, "name")) > 0;
    }
    json_array_foreach(json_object_get(root, "edges"), i, row)
    {
        result->edges++;
        result->sum += edge_sum(id_number(json_object_get(row, "from")),
                                id_number(json_object_get(row, "to")),
                                kind_number(json_object_get(row, "kind")));
    }
    return true;
}

/* --- reading
 * ------------------------------------------------------------------------------------ */

static bool read_only(const char *path, struct result *result)
{
    static char buffer[WINDOW_BYTES];
    struct ew_file *file = NULL;
    uint64_t offset = 0;
    size_t got = 0;
    if (ew_file_open(path, &file, NULL) != EW_OK) {
        return false;
    }
    while (ew_file_read_at(file, offset, buffer, sizeof buffer, &got, NULL) == EW_OK && got > 0) {
        offset += got;
        result->sum += (unsigned char)buffer[got - 1];
    }
    ew_file_close(file);
    result->bytes = offset;
    return true;
}

static bool run(int argc, char **argv, struct result *result)
{
    const char *way = argv[1];
    const char *path = argv[2];
    return strcmp(way, "ours") == 0      ? load(path, NULL, result)
           : strcmp(way, "cache") == 0   ? argc > 3 && load(path, argv[3], result)
           : strcmp(way, "hand") == 0    ? scan_by_hand(path, result)
           : strcmp(way, "jansson") == 0 ? load_tree(path, result)
           : strcmp(way, "read") == 0    ? read_only(path, result)
                                         : false;
}

int main(int argc, char **argv)
{
    struct result result = {0};
    if (argc < 3) {
        (void)fprintf(stderr, "usage: bench_graph make|ours|cache|hand|jansson|read FILE\n");
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "make") == 0) {
        uint32_t nodes = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : NODES_DEFAULT;
        return make(argv[2], nodes) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    uint64_t wall = ew_clock_monotonic_ns();
    uint64_t cpu = ew_clock_cpu_ns();
    if (!run(argc, argv, &result)) {
        return EXIT_FAILURE;
    }
    (void)printf("%llu %llu %llu %llu %llu %llu %llx\n",
                 (unsigned long long)(ew_clock_monotonic_ns() - wall),
                 (unsigned long long)(ew_clock_cpu_ns() - cpu), (unsigned long long)result.bytes,
                 (unsigned long long)ew_memory_peak_bytes(), (unsigned long long)result.nodes,
                 (unsigned long long)result.edges, (unsigned long long)result.sum);
    return EXIT_SUCCESS;
}
