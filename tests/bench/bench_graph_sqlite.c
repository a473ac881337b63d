/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of bench_graph in SQLite: what reading it from a database costs. Built where
 * libsqlite3 is there.
 *
 * usage: bench_graph_sqlite import FILE DATABASE   from the graph, not measured
 *        bench_graph_sqlite scan DATABASE          every row into columns
 *
 * Prints what bench_graph does.
 */
#include "bench_graph_columns.h"

#include <sqlite3.h>

static void must(int code, sqlite3 *database)
{
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
        (void)fprintf(stderr, "%s\n", sqlite3_errmsg(database));
        exit(EXIT_FAILURE);
    }
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *text)
{
    sqlite3_stmt *statement = NULL;
    must(sqlite3_prepare_v2(database, text, -1, &statement, NULL), database);
    return statement;
}

static void insert_nodes(sqlite3 *database, const struct ew_graph *graph)
{
    sqlite3_stmt *statement = prepare(database, "INSERT INTO nodes VALUES (?,?,?,?,?,?,?)");
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct ew_graph_node *node = &graph->nodes[i];
        must(sqlite3_bind_int64(statement, 1, i), database);
        must(sqlite3_bind_text(statement, 2, ew_graph_string(graph, node->id), -1, NULL),
             database);
        must(sqlite3_bind_text(statement, 3, ew_graph_string(graph, node->name), -1, NULL),
             database);
        must(sqlite3_bind_int64(statement, 4, node->artifact), database);
        must(sqlite3_bind_int64(statement, 5, node->token), database);
        must(sqlite3_bind_int64(statement, 6, node->kind), database);
        must(sqlite3_bind_text(statement, 7, ew_graph_string(graph, node->signature), -1, NULL),
             database);
        must(sqlite3_step(statement), database);
        must(sqlite3_reset(statement), database);
    }
    must(sqlite3_finalize(statement), database);
}

static void insert_edges(sqlite3 *database, const struct ew_graph *graph)
{
    sqlite3_stmt *statement = prepare(database, "INSERT INTO edges VALUES (?,?,?)");
    for (uint32_t from = 0; from < graph->node_count; from++) {
        for (uint32_t i = graph->first_edge[from]; i < graph->first_edge[from + 1]; i++) {
            must(sqlite3_bind_int64(statement, 1, from), database);
            must(sqlite3_bind_int64(statement, 2, graph->edges[i].to), database);
            must(sqlite3_bind_int64(statement, 3, graph->edges[i].kind), database);
            must(sqlite3_step(statement), database);
            must(sqlite3_reset(statement), database);
        }
    }
    must(sqlite3_finalize(statement), database);
}

static void import(const char *path, sqlite3 *database)
{
    struct ew_graph_options options = {.cache_directory = NULL};
    struct ew_graph_counts counts;
    struct ew_error error = {0};
    struct ew_graph *graph = NULL;
    if (ew_graph_load(path, &options, &graph, &counts, &error) != EW_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        exit(EXIT_FAILURE);
    }
    must(sqlite3_exec(database,
                      "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;"
                      "CREATE TABLE nodes (n INTEGER PRIMARY KEY, id TEXT, name TEXT, artifact "
                      "INTEGER, token INTEGER, kind INTEGER, signature TEXT);"
                      "CREATE TABLE edges (f INTEGER, t INTEGER, kind INTEGER);",
                      NULL, NULL, NULL),
         database);
    insert_nodes(database, graph);
    insert_edges(database, graph);
    must(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL), database);
    ew_graph_free(graph);
}

static ew_graph_text keep_text(struct columns *columns, sqlite3_stmt *statement, int column)
{
    const void *text = sqlite3_column_text(statement, column);
    return columns_text(columns, text, (size_t)sqlite3_column_bytes(statement, column));
}

static void scan_nodes(sqlite3 *database, struct columns *columns)
{
    sqlite3_stmt *statement = prepare(
        database, "SELECT id, name, artifact, token, kind, signature FROM nodes ORDER BY n");
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct ew_graph_node *node = &columns->nodes[columns->node_count++];
        node->id = keep_text(columns, statement, 0);
        node->name = keep_text(columns, statement, 1);
        node->artifact = (uint32_t)sqlite3_column_int64(statement, 2);
        node->token = (uint32_t)sqlite3_column_int64(statement, 3);
        node->kind = (uint8_t)sqlite3_column_int64(statement, 4);
        const void *signature = sqlite3_column_text(statement, 5);
        node->signature =
            columns_signature(columns, signature, (size_t)sqlite3_column_bytes(statement, 5));
    }
    must(sqlite3_finalize(statement), database);
}

static void scan_edges(sqlite3 *database, struct columns *columns)
{
    sqlite3_stmt *statement = prepare(database, "SELECT f, t, kind FROM edges");
    while (sqlite3_step(statement) == SQLITE_ROW) {
        columns_edge(columns, (uint32_t)sqlite3_column_int64(statement, 0),
                     (uint32_t)sqlite3_column_int64(statement, 1),
                     (uint8_t)sqlite3_column_int64(statement, 2));
    }
    must(sqlite3_finalize(statement), database);
}

static void scan(sqlite3 *database)
{
    struct columns columns;
    struct ew_graph graph;
    struct stopwatch started = stopwatch_start();
    if (!columns_create(&columns)) {
        exit(EXIT_FAILURE);
    }
    scan_nodes(database, &columns);
    scan_edges(database, &columns);
    columns_show(&columns, &graph);
    tell(started, &graph);
}

int main(int argc, char **argv)
{
    sqlite3 *database = NULL;
    if (argc < 3) {
        (void)fprintf(stderr, "usage: bench_graph_sqlite import FILE DATABASE | scan DATABASE\n");
        return EXIT_FAILURE;
    }
    must(sqlite3_open(argv[argc - 1], &database), database);
    if (strcmp(argv[1], "import") == 0) {
        import(argv[2], database);
    } else {
        scan(database);
    }
    return sqlite3_close(database) == SQLITE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
