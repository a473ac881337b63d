/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging what bench_merge_make wrote, by SQLite. Built where libsqlite3 is there.
 *
 * usage: bench_merge_sqlite import DIRECTORY   tables into DIRECTORY/sqlite.db
 *        bench_merge_sqlite join DIRECTORY
 *        bench_merge_sqlite merge DIRECTORY
 *
 * The database is copied into memory before it is asked, with tables ordered by the keys that the
 * questions need. Prints what bench_merge does.
 */
#include "bench/bench_merge_stamp.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024, COLUMNS_MAX = 8 };

static void must(int code, sqlite3 *database)
{
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE) {
        (void)fprintf(stderr, "bench_merge_sqlite: %s\n", sqlite3_errmsg(database));
        exit(EXIT_FAILURE);
    }
}

static void run(sqlite3 *database, const char *text)
{
    must(sqlite3_exec(database, text, NULL, NULL, NULL), database);
}

/* --- importing ---------------------------------------------------------------------------------
 */

/* Fields of a line, cut at its commas; no text of ours has one. */
static int split(char *line, const char *fields[COLUMNS_MAX])
{
    int count = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; at != NULL && count < COLUMNS_MAX; count++) {
        char *comma = strchr(at, ',');
        fields[count] = at;
        at = comma != NULL ? comma + 1 : NULL;
        if (comma != NULL) {
            *comma = '\0';
        }
    }
    return count;
}

/* Columns with a type of their own take numbers from texts by themselves. */
static void import_file(sqlite3 *database, const char *directory, const char *table,
                        const char *insert)
{
    char path[PATH_BYTES];
    char line[512];
    (void)snprintf(path, sizeof path, "%s/%s.csv", directory, table);
    FILE *in = fopen(path, "r");
    sqlite3_stmt *statement = NULL;
    must(sqlite3_prepare_v2(database, insert, -1, &statement, NULL), database);
    while (in != NULL && fgets(line, sizeof line, in) != NULL) {
        const char *fields[COLUMNS_MAX];
        int count = split(line, fields);
        for (int i = 0; i < count; i++) {
            must(sqlite3_bind_text(statement, i + 1, fields[i], -1, SQLITE_STATIC), database);
        }
        must(sqlite3_step(statement), database);
        must(sqlite3_reset(statement), database);
    }
    must(sqlite3_finalize(statement), database);
    if (in == NULL || fclose(in) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void import(sqlite3 *database, const char *directory)
{
    run(database,
        "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-1000000; BEGIN;"
        "CREATE TABLE nodes (id INTEGER PRIMARY KEY, mvid TEXT, token INTEGER);"
        "CREATE TABLE edges (f INTEGER, t INTEGER, PRIMARY KEY (f, t)) WITHOUT ROWID;"
        "CREATE TABLE pairs (f INTEGER, t INTEGER, PRIMARY KEY (f, t)) WITHOUT ROWID;"
        "CREATE TABLE functions (w INTEGER, p INTEGER, key TEXT, mvid TEXT, token INTEGER, "
        "PRIMARY KEY (w, p)) WITHOUT ROWID;"
        "CREATE TABLE seen (w INTEGER, p INTEGER, hits INTEGER, first INTEGER, last INTEGER, "
        "PRIMARY KEY (w, p)) WITHOUT ROWID;"
        "CREATE TABLE calls (w INTEGER, f INTEGER, t INTEGER, hits INTEGER, first INTEGER, "
        "last INTEGER, PRIMARY KEY (w, f, t)) WITHOUT ROWID;");
    import_file(database, directory, "nodes", "INSERT INTO nodes VALUES (?,?,?)");
    import_file(database, directory, "edges", "INSERT INTO edges VALUES (?,?)");
    import_file(database, directory, "pairs", "INSERT INTO pairs VALUES (?,?)");
    import_file(database, directory, "functions", "INSERT INTO functions VALUES (?,?,?,?,?)");
    import_file(database, directory, "seen", "INSERT INTO seen VALUES (?,?,?,?,?)");
    import_file(database, directory, "calls", "INSERT INTO calls VALUES (?,?,?,?,?,?)");
    run(database, "CREATE UNIQUE INDEX nodes_identity ON nodes (mvid, token); ANALYZE; COMMIT");
}

/* --- asking ------------------------------------------------------------------------------------
 */

static sqlite3 *open_copy(const char *path)
{
    sqlite3 *file = NULL;
    sqlite3 *memory = NULL;
    must(sqlite3_open_v2(path, &file, SQLITE_OPEN_READONLY, NULL), file);
    must(sqlite3_open(":memory:", &memory), memory);
    run(memory, "PRAGMA temp_store=MEMORY; PRAGMA journal_mode=OFF");
    sqlite3_backup *backup = sqlite3_backup_init(memory, "main", file, "main");
    must(sqlite3_backup_step(backup, -1), memory);
    must(sqlite3_backup_finish(backup), memory);
    must(sqlite3_close(file), file);
    return memory;
}

/* The numbers of a query's one row, after the figures. */
static void print_numbers(sqlite3 *database, const char *text)
{
    sqlite3_stmt *statement = NULL;
    must(sqlite3_prepare_v2(database, text, -1, &statement, NULL), database);
    must(sqlite3_step(statement), database);
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        (void)printf(" %lld", (long long)sqlite3_column_int64(statement, i));
    }
    must(sqlite3_finalize(statement), database);
}

/* The question is asked twice: what is loaded or learnt at first is not counted. */
static void join(sqlite3 *database)
{
    static const char question[] =
        "SELECT (SELECT count(*) FROM pairs r JOIN edges e ON e.f = r.f AND e.t = r.t), (SELECT "
        "count(*) FROM pairs r WHERE NOT EXISTS (SELECT 1 FROM edges e WHERE e.f = r.f AND e.t = "
        "r.t))";
    sqlite3_stmt *statement = NULL;
    struct bench_stamp stamp;
    must(sqlite3_prepare_v2(database, question, -1, &statement, NULL), database);
    must(sqlite3_step(statement), database);
    must(sqlite3_reset(statement), database);
    bench_stamp_begin(&stamp);
    must(sqlite3_step(statement), database);
    bench_stamp_print("join", &stamp);
    (void)printf(" %lld %lld\n", (long long)sqlite3_column_int64(statement, 0),
                 (long long)sqlite3_column_int64(statement, 1));
    must(sqlite3_finalize(statement), database);
}

/*
 * Identity by text, then by number: which node each function of each document is. A full join of
 * SQLite's own is slower than the two halves.
 */
static const char *const merge_steps[] = {
    "CREATE TABLE identity AS SELECT f.mvid AS mvid, f.token AS token, coalesce(n.id, 1000000000 "
    "+ row_number() OVER (ORDER BY f.key)) AS id, f.key AS key FROM (SELECT DISTINCT key, mvid, "
    "token FROM functions) f LEFT JOIN nodes n ON n.mvid = f.mvid AND n.token = f.token",
    "CREATE UNIQUE INDEX identity_key ON identity (mvid, token)",
    "CREATE TABLE place (w INTEGER, p INTEGER, id INTEGER, PRIMARY KEY (w, p)) WITHOUT ROWID",
    "INSERT INTO place SELECT f.w, f.p, i.id FROM functions f JOIN identity i ON i.mvid = f.mvid "
    "AND i.token = f.token ORDER BY f.w, f.p",
    "CREATE TABLE seen_nodes (id INTEGER PRIMARY KEY, hits INTEGER, first INTEGER, last INTEGER, "
    "windows INTEGER)",
    "INSERT INTO seen_nodes SELECT p.id, sum(s.hits), min(s.first), max(s.last), count(*) FROM "
    "seen s JOIN place p ON p.w = s.w AND p.p = s.p GROUP BY p.id",
    "CREATE TABLE merged_nodes AS SELECT n.id AS id, s.hits AS hits, s.first AS first, s.last AS "
    "last, s.windows AS windows FROM nodes n LEFT JOIN seen_nodes s ON s.id = n.id UNION ALL "
    "SELECT s.id, s.hits, s.first, s.last, s.windows FROM seen_nodes s WHERE s.id >= 1000000000",
    "CREATE TABLE runtime (f INTEGER, t INTEGER, hits INTEGER, first INTEGER, last INTEGER, "
    "windows INTEGER, PRIMARY KEY (f, t)) WITHOUT ROWID",
    "INSERT INTO runtime SELECT a.id, b.id, sum(c.hits), min(c.first), max(c.last), count(*) FROM "
    "calls c JOIN place a ON a.w = c.w AND a.p = c.f JOIN place b ON b.w = c.w AND b.p = c.t "
    "GROUP BY a.id, b.id",
    "CREATE TABLE merged AS SELECT e.f AS f, e.t AS t, CASE WHEN r.f IS NULL THEN 0 ELSE 1 END AS "
    "class, r.hits AS hits, r.first AS first, r.last AS last, r.windows AS windows FROM edges e "
    "LEFT JOIN runtime r ON r.f = e.f AND r.t = e.t UNION ALL SELECT r.f, r.t, 2, r.hits, "
    "r.first, r.last, r.windows FROM runtime r WHERE NOT EXISTS (SELECT 1 FROM edges e WHERE e.f "
    "= r.f AND e.t = r.t)",
};

static void merge(sqlite3 *database)
{
    struct bench_stamp stamp;
    bench_stamp_begin(&stamp);
    for (size_t i = 0; i < sizeof merge_steps / sizeof merge_steps[0]; i++) {
        run(database, merge_steps[i]);
    }
    bench_stamp_print("merge", &stamp);
    print_numbers(
        database,
        "SELECT count(*) FILTER (WHERE class = 1), count(*) FILTER (WHERE class = 2), "
        "count(*) FILTER (WHERE class = 0), sum(hits), sum(first - 134168994000000000 + "
        "last - 134168994000000000), (SELECT count(hits) FROM merged_nodes) FROM merged");
    (void)puts("");
}

int main(int argc, char **argv)
{
    char path[PATH_BYTES];
    sqlite3 *database = NULL;
    if (argc < 3) {
        (void)fputs("usage: bench_merge_sqlite import|join|merge DIRECTORY\n", stderr);
        return EXIT_FAILURE;
    }
    (void)snprintf(path, sizeof path, "%s/sqlite.db", argv[2]);
    if (strcmp(argv[1], "import") == 0) {
        (void)remove(path);
        must(sqlite3_open(path, &database), database);
        struct bench_stamp stamp;
        bench_stamp_begin(&stamp);
        import(database, argv[2]);
        bench_stamp_print("import", &stamp);
        (void)puts("");
    } else {
        database = open_copy(path);
        if (strcmp(argv[1], "join") == 0) {
            join(database);
        } else {
            merge(database);
        }
    }
    return sqlite3_close(database) == SQLITE_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
