/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A static callgraph of a million nodes and five million edges, loaded in every way there is to
 * compare with; each in a process of its own, so that its peak memory is its own.
 *
 * usage: bench_graph make FILE [NODES]      writes the graph, as JSON
 *        bench_graph ours FILE              ew_graph_load()
 *        bench_graph cache FILE DIRECTORY   the same; from the cache when it is there
 *        bench_graph hand FILE              a scanner that knows the bytes and checks nothing
 *        bench_graph jansson FILE           json_load_file(), then columns from its tree
 *        bench_graph read FILE              only reading
 *        bench_graph tables FILE DIRECTORY  writes nodes.csv and edges.csv there, for databases
 *
 * Prints what bench_graph_columns.h says; the sums are the same for all but `read`.
 */
#include "base/index.h"
#include "bench_graph_columns.h"
#include "platform/file.h"

#include <jansson.h>

enum { WINDOW_BYTES = 1 << 20, SLACK_BYTES = 512 };

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
    for (uint64_t i = 0; i < (uint64_t)nodes * BENCH_EDGES_PER_NODE; i++) {
        uint64_t random = mix(i + ((uint64_t)1 << 40));
        (void)fprintf(out, "%s{\"from\":\"n%07u\",\"to\":\"n%07u\",\"kind\":\"%s\"}",
                      i == 0 ? "" : ",\n", (unsigned)(i / BENCH_EDGES_PER_NODE),
                      (unsigned)(random % (nodes / 8) * 8 + i % BENCH_EDGES_PER_NODE),
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

static bool load(const char *path, const char *directory)
{
    struct ew_graph_options options = {.cache_directory = directory};
    struct ew_graph_counts counts;
    struct ew_error error = {0};
    struct ew_graph *graph = NULL;
    struct stopwatch started = stopwatch_start();
    if (ew_graph_load(path, &options, &graph, &counts, &error) != EW_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        return false;
    }
    tell(started, graph);
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

static char *hand_end(char *at)
{
    return memchr(at, '"', 256);
}

static void hand_node(struct columns *columns, char *at)
{
    struct ew_graph_node *node = &columns->nodes[columns->node_count++];
    at += 7;
    char *end = hand_end(at);
    node->id = columns_text(columns, at, (size_t)(end - at));
    node->artifact = (uint32_t)strtoul(end + 13, &at, 10);
    node->token = (uint32_t)strtoul(at + 26, &at, 16);
    at += 10;
    end = hand_end(at);
    node->name = columns_text(columns, at, (size_t)(end - at));
    at = end + 9;
    node->signature = columns_signature(columns, at, (size_t)(hand_end(at) - at));
}

static void hand_edge(struct columns *columns, const char *at)
{
    columns_edge(columns, hand_number(at + 10), hand_number(at + 26),
                 (uint8_t)(at[43] == 'v'   ? EW_EDGE_VIRTUAL
                           : at[43] == 'i' ? EW_EDGE_INTERFACE
                                           : EW_EDGE_CALL));
}

static void hand_line(struct columns *columns, char *line)
{
    if (memcmp(line, "{\"id", 4) == 0) {
        hand_node(columns, line);
    } else if (memcmp(line, "{\"from", 6) == 0) {
        hand_edge(columns, line);
    }
}

static void hand_lines(struct hand *hand, struct columns *columns)
{
    do {
        char *newline;
        while ((newline = memchr(hand->at, '\n', (size_t)(hand->end - hand->at))) != NULL) {
            hand_line(columns, hand->at);
            hand->at = newline + 1;
        }
    } while (hand_fill(hand));
}

static bool scan_by_hand(const char *path)
{
    static struct hand hand;
    struct columns columns;
    struct ew_graph graph;
    struct stopwatch started = stopwatch_start();
    hand.at = hand.end = hand.buffer;
    if (!columns_create(&columns) || ew_file_open(path, &hand.file, NULL) != EW_OK) {
        return false;
    }
    hand_lines(&hand, &columns);
    columns_show(&columns, &graph);
    tell(started, &graph);
    return true;
}

/* --- jansson ----------------------------------------------------------------------------------
 */

/* Nodes by id, as whoever has a tree needs them to make columns of its edges. Our index, so that
 * only reading differs. */
struct ids {
    struct columns *columns;
    struct ew_index index;
    uint64_t seed;
};

static const char *member_text(const json_t *row, const char *name, size_t *byte_count_out)
{
    const json_t *value = json_object_get(row, name);
    *byte_count_out = json_string_length(value);
    return json_string_value(value);
}

static uint32_t find_node(struct ids *ids, const json_t *row, const char *name)
{
    const struct columns *columns = ids->columns;
    size_t byte_count = 0;
    const char *id = member_text(row, name, &byte_count);
    uint64_t hash = ew_index_hash_seeded(id, byte_count, ids->seed);
    for (uint32_t i = ew_index_first(&ids->index, hash); i != EW_INDEX_END;
         i = ew_index_next(&ids->index)) {
        if (memcmp(columns->texts + columns->nodes[i].id, id, byte_count + 1) == 0) {
            return i;
        }
    }
    (void)fprintf(stderr, "%s: no node\n", id);
    exit(EXIT_FAILURE);
}

static void take_tree_node(struct ids *ids, const json_t *row)
{
    struct columns *columns = ids->columns;
    struct ew_graph_node *node = &columns->nodes[columns->node_count];
    size_t byte_count = 0;
    const char *text = member_text(row, "id", &byte_count);
    node->id = columns_text(columns, text, byte_count);
    if (!ew_index_insert(&ids->index, ew_index_hash_seeded(text, byte_count, ids->seed),
                         columns->node_count)) {
        exit(EXIT_FAILURE);
    }
    node->artifact = (uint32_t)json_integer_value(json_object_get(row, "artifact"));
    node->token = (uint32_t)strtoul(member_text(row, "token", &byte_count), NULL, 16);
    node->kind = strcmp(member_text(row, "kind", &byte_count), "method") == 0 ? EW_NODE_METHOD
                                                                              : EW_NODE_EXTERNAL;
    text = member_text(row, "name", &byte_count);
    node->name = columns_text(columns, text, byte_count);
    text = member_text(row, "sig", &byte_count);
    node->signature = columns_signature(columns, text, byte_count);
    columns->node_count++;
}

static void take_tree_edge(struct ids *ids, const json_t *row)
{
    size_t byte_count = 0;
    const char *word = member_text(row, "kind", &byte_count);
    uint8_t kind = strcmp(word, "virtual") == 0     ? EW_EDGE_VIRTUAL
                   : strcmp(word, "interface") == 0 ? EW_EDGE_INTERFACE
                                                    : EW_EDGE_CALL;
    columns_edge(ids->columns, find_node(ids, row, "from"), find_node(ids, row, "to"), kind);
}

static bool load_tree(const char *path)
{
    struct columns columns;
    struct ids ids = {.columns = &columns, .seed = 1};
    struct ew_graph graph;
    json_error_t error;
    size_t i;
    json_t *row;
    struct stopwatch started = stopwatch_start();
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL || !columns_create(&columns)) {
        (void)fprintf(stderr, "%s\n", error.text);
        return false;
    }
    (void)fprintf(stderr, "%llu %llu\n",
                  (unsigned long long)(ew_clock_monotonic_ns() - started.wall_ns),
                  (unsigned long long)(ew_clock_cpu_ns() - started.cpu_ns));
    json_array_foreach(json_object_get(root, "nodes"), i, row)
    {
        take_tree_node(&ids, row);
    }
    json_array_foreach(json_object_get(root, "edges"), i, row)
    {
        take_tree_edge(&ids, row);
    }
    columns_show(&columns, &graph);
    tell(started, &graph);
    return true;
}

/* --- reading
 * ------------------------------------------------------------------------------------ */

static bool read_only(const char *path)
{
    static const uint32_t none[1];
    static char buffer[WINDOW_BYTES];
    struct ew_graph graph = {.first_edge = none};
    struct ew_file *file = NULL;
    uint64_t offset = 0;
    size_t got = 0;
    struct stopwatch started = stopwatch_start();
    if (ew_file_open(path, &file, NULL) != EW_OK) {
        return false;
    }
    while (ew_file_read_at(file, offset, buffer, sizeof buffer, &got, NULL) == EW_OK && got > 0) {
        offset += got;
    }
    ew_file_close(file);
    tell(started, &graph);
    return true;
}

/* --- for databases ----------------------------------------------------------------------------
 */

static FILE *create(const char *directory, const char *name)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *out = fopen(path, "wb");
    if (out == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return out;
}

static bool write_tables(const char *path, const char *directory)
{
    struct ew_graph_options options = {.cache_directory = NULL};
    struct ew_graph_counts counts;
    struct ew_graph *graph = NULL;
    if (ew_graph_load(path, &options, &graph, &counts, NULL) != EW_OK) {
        return false;
    }
    FILE *nodes = create(directory, "nodes.csv");
    FILE *edges = create(directory, "edges.csv");
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct ew_graph_node *node = &graph->nodes[i];
        (void)fprintf(nodes, "%s,%s,%s,%u,%u,%u\n", ew_graph_string(graph, node->id),
                      ew_graph_string(graph, node->name), ew_graph_string(graph, node->signature),
                      (unsigned)node->artifact, (unsigned)node->token, (unsigned)node->kind);
        for (uint32_t at = graph->first_edge[i]; at < graph->first_edge[i + 1]; at++) {
            (void)fprintf(edges, "%u,%u,%u\n", (unsigned)i, (unsigned)graph->edges[at].to,
                          (unsigned)graph->edges[at].kind);
        }
    }
    return fclose(nodes) == 0 && fclose(edges) == 0;
}

static bool run(int argc, char **argv)
{
    const char *way = argv[1];
    const char *path = argv[2];
    return strcmp(way, "ours") == 0      ? load(path, NULL)
           : strcmp(way, "cache") == 0   ? argc > 3 && load(path, argv[3])
           : strcmp(way, "hand") == 0    ? scan_by_hand(path)
           : strcmp(way, "jansson") == 0 ? load_tree(path)
           : strcmp(way, "read") == 0    ? read_only(path)
           : strcmp(way, "tables") == 0  ? argc > 3 && write_tables(path, argv[3])
                                         : false;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        (void)fprintf(stderr,
                      "usage: bench_graph make|ours|cache|hand|jansson|read|tables FILE\n");
        return EXIT_FAILURE;
    }
    if (strcmp(argv[1], "make") == 0) {
        uint32_t nodes = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : BENCH_NODES_MAX;
        return make(argv[2], nodes) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return run(argc, argv) ? EXIT_SUCCESS : EXIT_FAILURE;
}
