/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every maximum of the product, with the memory it costs. Reaching one is never
 * silent: it is refused, counted, and reported in stats and evidence.
 */
#ifndef ETWITNESS_LIMITS_H
#define ETWITNESS_LIMITS_H

/* --- recordings: src/capture/etl ----------------------------------------- */

/* Files that can be read as one recording. ETW itself combines at most 64
 * (reference etw.md 3.1.7). */
enum { EW_FILES_MAX = 64 };

/* Bytes of one buffer, on disk and after decompression. ETW's documented maximum
 * is 1 MiB, newer builds take 16 MiB; the stream of one CPU holds one buffer. */
enum { EW_BUFFER_BYTES_MAX = 16 * 1024 * 1024 };

/* Buffers in one file: 8 bytes of index each, 64 MiB at the most; 8 Mi buffers of
 * 64 KiB are half a terabyte. */
enum { EW_BUFFERS_PER_FILE_MAX = 8 * 1024 * 1024 };

/* Processors of one recording; Windows stops at 2048 logical processors. */
enum { EW_CPUS_MAX = 2048 };

/* Buffer memory of all CPU streams together. A recording whose streams would need
 * more (hostile buffer sizes times hostile CPU numbers) is refused. */
enum { EW_STREAM_BYTES_MAX = 256 * 1024 * 1024 };

/* An event is addressed with 16 bits of size, header included. */
enum { EW_EVENT_BYTES_MAX = 65535 };

/* --- queue: src/queue ------------------------------------------------------ */

/* One ring, and one record in it: the largest event with its extended items and header. */
enum { EW_QUEUE_BYTES_MIN = 1024 * 1024, EW_QUEUE_BYTES_MAX = 256 * 1024 * 1024 };
enum { EW_QUEUE_RECORD_BYTES_MAX = 160 * 1024 };

/* --- live collection: src/capture/live, service ----------------------------- */

/* A session's name (reference etw.md 3.1.3), its buffers, and its flush timer. */
enum { EW_SESSION_NAME_MAX = 1024 };
enum { EW_SESSION_BUFFER_KIB_MIN = 64, EW_SESSION_BUFFER_KIB_MAX = 1024 };
enum { EW_SESSION_BUFFERS_MAX = 4096, EW_SESSION_FLUSH_SECONDS_MAX = 60 };

/* Sampling interval in 100 ns: 0.1221 ms to one second (reference etw.md 3.1.6). */
enum { EW_SAMPLE_INTERVAL_MIN = 1221, EW_SAMPLE_INTERVAL_MAX = 10000000 };

/* Providers besides the CLR's, and elements of every other list of the configuration. */
enum { EW_SETTINGS_PROVIDERS_MAX = 32, EW_SETTINGS_LIST_MAX = 256 };

/* The configuration file, and one text in it, in bytes of UTF-8. */
enum { EW_SETTINGS_BYTES_MAX = 1024 * 1024, EW_SETTINGS_TEXT_MAX = 4096 };

/* The base of the sessions' names: room is left for what is appended to it. */
enum { EW_SESSION_BASE_NAME_MAX = EW_SESSION_NAME_MAX - 64 };

/* What the configuration may ask ETW to keep for one session, in MiB. */
enum { EW_SESSION_MIB_MAX = 512 };

/* Longest duration of a run (a year) and time for the look-ups of one window, in seconds. */
enum { EW_DURATION_SECONDS_MAX = 366 * 86400, EW_SYMBOL_SECONDS_MAX = 600 };

/* How long a stop may take, in seconds, and a rundown of one session. */
enum { EW_STOP_SECONDS_MIN = 5, EW_STOP_SECONDS_MAX = 180 };

/* Processes that are known to run in containers; 20 bytes each in two tables and 8 in a list,
 * 384 KiB. Those beyond are told as the host's, and that is reported. */
enum { EW_CONTAINED_MAX = 8192 };

/* Spans without collection that one run remembers until a document has told them. */
enum { EW_GAPS_MAX = 64 };

/* Documents that wait until they can be written, and their bytes; then the oldest is
 * dropped, which is told. */
enum { EW_DOCUMENTS_WAITING_MAX = 64, EW_DOCUMENTS_WAITING_BYTES_MAX = 64 * 1024 * 1024 };

/* Documents, as bytes and as files, that a running collection keeps for its merge with
 * callgraphs: when there are more, the older half goes. The names take 104 bytes each, three
 * times: 1.2 MiB. */
enum { EW_MERGE_BYTES_MAX = 16 * 1024 * 1024, EW_MERGE_DOCUMENTS_MAX = 4096 };

/* Callgraphs of a running collection: bytes of each file, nodes and edges of all together, with
 * 48 and 20 bytes each and 176 and 80 of the result. Larger ones are merged elsewhere. */
enum {
    EW_COLLECT_GRAPH_BYTES_MAX = 256 * 1024 * 1024,
    EW_COLLECT_GRAPH_NODES_MAX = 1024 * 1024,
    EW_COLLECT_GRAPH_EDGES_MAX = 1024 * 1024
};

/* --- decoders: src/decode ------------------------------------------------ */

/* Frames in one stack fragment. ETW stops at 192 (reference etw.md 3.2.2); CLR
 * stacks and keyed stacks have no written limit. */
enum { EW_FRAMES_MAX = 512 };

/* Frames that ETW itself writes at the most: a fragment this long was cut. */
enum { EW_FRAMES_ETW_MAX = 192 };

/* Structs inside structs of a TraceLogging event, 24 bytes each while it is read; the
 * JSON writer's 16 levels hold that many, each as an array. */
enum { EW_TLG_DEPTH_MAX = 6 };

/* Values, and beginnings and ends of arrays and structs, of one TraceLogging event, for
 * each byte of its schema and payload: a byte in structs of constant arrays, nested to the
 * limit, makes 27. Stops schemas whose arrays of empty structs multiply. */
enum { EW_TLG_STEPS_PER_BYTE = 32 };

/* --- model: src/model ---------------------------------------------------- */

/* Processes, ended ones included until their windows are closed; 160 bytes each, 10 MiB. */
enum { EW_PROCESSES_MAX = 65536 };

/* Threads known by id; 12 bytes each, 3 MiB. */
enum { EW_THREADS_MAX = 262144 };

/* Images mapped in one process at any time of the open windows. */
enum { EW_IMAGES_PER_PROCESS_MAX = 8192 };

/* Image mappings of all processes together; 48 bytes each, 48 MiB. They share one table
 * with method bodies, which has room for the sum of both maxima. */
enum { EW_IMAGES_MAX = 1024 * 1024 };

/* Distinct builds of modules; 56 bytes each and 8 of hash, 4 MiB. */
enum { EW_MODULES_MAX = 65536 };

/* Managed methods and their compiled bodies, all processes; 64 bytes a method and 48 a
 * body, 112 MiB when full. */
enum { EW_METHODS_MAX = 1024 * 1024 };

/* One method body. The largest seen is far below; a longer one is refused, since
 * it would shadow everything else. */
enum { EW_METHOD_BYTES_MAX = 16 * 1024 * 1024 };

/* Interned names (modules, types, methods, signatures), all together. */
enum { EW_NAMES_MAX = 2 * 1024 * 1024, EW_NAME_BYTES_MAX = 192 * 1024 * 1024 };

/* One name, in bytes of UTF-8, after which it is cut. Signatures are the longest. */
enum { EW_NAME_BYTES_EACH_MAX = 4096 };

/* Events that wait for their stack; 72 bytes each, 9 MiB when all have been used: five
 * seconds of 26,000 events a second. */
enum { EW_STACKS_PENDING_MAX = 128 * 1024 };

/* How long an event waits for the second half of its stack, in 100 ns. The longest
 * seen is 0.29 s (reference etl-format.md 8). */
enum { EW_STACK_WAIT_100NS = 50000000 };

/* Distinct stack fragments (8 bytes each) and the addresses in them (8 bytes each):
 * 68 MiB when full. */
enum { EW_FRAGMENTS_MAX = 512 * 1024, EW_FRAGMENT_ADDRESSES_MAX = 8 * 1024 * 1024 };

/* How full the fragment table may be, in per mille, for stacks of the open window to be held
 * back when the one before it is closed. Above, they are resolved with what is known. */
enum { EW_FRAGMENTS_HELD_PERMILLE = 500 };

/* Stack keys: definitions that one recording may hold when it is surveyed, 24 bytes each;
 * else keys that the open windows refer to, 32 bytes each. */
enum { EW_STACK_KEYS_MAX = 1024 * 1024 };

/* --- aggregate: src/aggregate -------------------------------------------- */

/* Distinct stacks of the open windows; 56 bytes each, 14 MiB. When full they are folded
 * into functions and edges, which loses nothing in a replay. */
enum { EW_STACKS_MAX = 256 * 1024 };

/* Windows open at the same time: the current one and the one in its grace. */
enum { EW_WINDOWS_OPEN_MAX = 2 };

/* Shortest and default window, in seconds; the longest is a day. 0 means one
 * window for the whole recording. */
enum {
    EW_WINDOW_SECONDS_MIN = 10,
    EW_WINDOW_SECONDS_DEFAULT = 300,
    EW_WINDOW_SECONDS_MAX = 86400
};

/* Containers seen in one window, the host included. */
enum { EW_SCOPES_MAX = 256 };

/* Streams of one replay: the host and every container ever seen in it. */
enum { EW_STREAMS_MAX = 4096 };

/* Sources of observations (sample, or provider and event id). */
enum { EW_SOURCES_MAX = 64 };

/* Functions, function observations and edges of one window, all scopes together. */
enum { EW_FUNCTIONS_MAX = 512 * 1024, EW_EDGES_MAX = 2 * 1024 * 1024 };

/* Witness paths: per leaf function, and per window. */
enum { EW_PATHS_PER_LEAF_MAX = 8, EW_PATHS_MAX = 32768 };

/* --- symbols: src/symbols -------------------------------------------------- */

/* Builds that are looked into; 184 bytes each, 3 MiB, and their texts. */
enum { EW_SYMBOL_BUILDS_MAX = 16 * 1024 };

/* Paths that one build was seen at and is looked for. */
enum { EW_SYMBOL_PATHS_EACH_MAX = 4 };

/* Addresses that were asked for, 16 bytes each, and the functions they lie in, 48 bytes
 * each; 8 and 12 MiB, and 12 MiB of index. When full, no more is answered. */
enum { EW_SYMBOL_ADDRESSES_MAX = 512 * 1024, EW_SYMBOL_FUNCTIONS_MAX = 256 * 1024 };

/* Names and paths of all of them; twice for one window after some were forgotten. */
enum { EW_SYMBOL_TEXT_BYTES_MAX = 64 * 1024 * 1024 };

/* How many windows ago something was asked for, at most, to be kept when the tables fill up. Less
 * when that leaves no room. */
enum { EW_SYMBOL_WINDOWS_KEPT = 8 };

/* Addresses that wait for an answer, and those looked up in one go, 80 bytes each. */
enum { EW_SYMBOL_WISHES_MAX = 64 * 1024, EW_SYMBOL_BATCH_MAX = 4096 };

/* Folders and stores that are searched. */
enum { EW_SYMBOL_FOLDERS_MAX = 256 };

/* How long one build may take in one go before it is given up, in seconds. */
enum { EW_SYMBOL_BUILD_SECONDS_MAX = 10 };

/* Sections of an image, and its exports: 12 bytes each, 10 while they are read, 1.4 MiB. */
enum { EW_PE_SECTIONS_MAX = 96, EW_PE_EXPORTS_MAX = 65536 };

/* The directory of a PDB (4 bytes for each of its blocks, so 16 GiB with blocks of 4 KiB),
 * and its public names, which are read in pieces. */
enum {
    EW_PDB_DIRECTORY_BYTES_MAX = 16 * 1024 * 1024,
    EW_PDB_PUBLICS_BYTES_MAX = 512 * 1024 * 1024
};

/* --- evidence: src/evidence ---------------------------------------------- */

/* One document. Larger ones are neither written nor read, but for merged ones, which have a
 * maximum of their own; the tree of one takes about twelve times its bytes while it is checked
 * (reference performance.md 3). */
enum { EW_DOCUMENT_BYTES_MAX = 128 * 1024 * 1024 };

/* A head: it is read and written in memory. */
enum { EW_HEAD_BYTES_MAX = 4096 };

/* Values (objects, lists, texts, numbers) of one document: 150 bytes each in the tree of a
 * window, 232 for an empty object, the dearest; so 2.4 to 3.6 GiB, whatever the bytes are. */
enum { EW_DOCUMENT_VALUES_MAX = 16 * 1024 * 1024 };

/* Nesting of a JSON document that is read. */
enum { EW_JSON_DEPTH_MAX = 64 };

/* Largest integer in a document (reference evidence.md 4.1, rule 4). */
#define EW_JSON_INTEGER_MAX UINT64_C(9007199254740991)

/* Retention of an evidence directory: documents and bytes, of all its streams together. */
enum { EW_RETENTION_FILES_MAX = 100000 };
#define EW_RETENTION_BYTES_DEFAULT (UINT64_C(4) * 1024 * 1024 * 1024)

/* --- exports: src/export ---------------------------------------------------- */

/* Distinct functions, stacks and frames of stacks of all windows that one export tells: 80, 32
 * and 4 bytes each, and 13 of index for the first two; 372, 45 and 256 MiB when full. */
enum {
    EW_EXPORT_FUNCTIONS_MAX = 4 * 1024 * 1024,
    EW_EXPORT_STACKS_MAX = 1024 * 1024,
    EW_EXPORT_FRAMES_MAX = 64 * 1024 * 1024
};

/* Occurrences of one component; what is left out is counted in a property. */
enum { EW_EXPORT_OCCURRENCES_MAX = 1024 };

/* Of a SARIF log: results, the most that code-scanning services take from one run; frames of
 * the stacks that witness them; and what of the graph is told besides what results are about.
 * Together they keep a log below the 10 MiB that services take when it is packed. Results take
 * 37 bytes each, 0.9 MiB; the rest is output. What is left out is counted in properties. */
enum {
    EW_EXPORT_RESULTS_MAX = 25000,
    EW_EXPORT_WITNESS_FRAMES_MAX = 100000,
    EW_EXPORT_GRAPH_NODES_MAX = 100000,
    EW_EXPORT_GRAPH_EDGES_MAX = 100000
};

/* A ledger's batches, and one record of it: a window of it takes some 80 bytes as text, 56 in
 * memory; 56 MiB for a million windows. */
enum {
    EW_LEDGER_BATCHES_MAX = 100000,
    EW_LEDGER_RECORD_BYTES_MAX = 64 * 1024 * 1024,
    EW_LEDGER_WINDOWS_MAX = 1024 * 1024
};

/* --- static callgraphs: src/callgraph --------------------------------------- */

/* Nodes of one graph: 48 bytes each and 4 of its first edge, 832 MiB; while it is read 16 to
 * 26 of index. */
enum { EW_GRAPH_NODES_MAX = 16 * 1024 * 1024 };

/* Edges: 20 bytes each, 1.25 GiB. */
enum { EW_GRAPH_EDGES_MAX = 64 * 1024 * 1024 };

/* Overrides and candidates (4 bytes each, 12 and 8 while it is read), entry points and targets
 * (8 bytes each): of each kind, at most 192 MiB. */
enum { EW_GRAPH_ROWS_MAX = 16 * 1024 * 1024 };

/* Artifacts; 24 bytes each, 1.5 MiB. */
enum { EW_GRAPH_ARTIFACTS_MAX = 65536 };

/* Texts of one graph, all together and one of them; the window that a file is read through
 * holds several. */
enum {
    EW_GRAPH_TEXT_BYTES_MAX = 1024 * 1024 * 1024,
    EW_GRAPH_TEXT_EACH_MAX = 32 * 1024,
    EW_GRAPH_WINDOW_BYTES = 1024 * 1024
};

/* --- merge: src/merge ------------------------------------------------------- */

/* Graphs of one merge. */
enum { EW_MERGE_GRAPHS_MAX = 64 };

/* Distinct runtime functions of all documents; 48 bytes each and 13 of index, 12 for each graph:
 * 244 MiB and 48 MiB a graph. */
enum { EW_MERGE_FUNCTIONS_MAX = 4 * 1024 * 1024 };

/* Nodes of a result, 120 bytes each, and edges, 48 bytes each: 3.75 and 3 GiB when full. What
 * a graph claims of one takes 8 bytes more, what a stream saw of it 64. */
enum { EW_MERGE_NODES_MAX = 32 * 1024 * 1024, EW_MERGE_EDGES_MAX = 64 * 1024 * 1024 };

/* Texts that a merge makes: keys, sentences of conflicts; and those of a document read. Keys of
 * nodes that nobody saw have 20 bytes and their ids': 16 million with short ids fill it. */
#define EW_MERGE_TEXT_BYTES_MAX ((size_t)512 * 1024 * 1024)

/* A merged document that is read, which `export` does: its bytes and its tables lie in
 * memory, 1.4 times the bytes of one that was written by a merge, 3.3 times those of the dearest
 * forged one that was tried; so 1.4 and 3.3 GiB. Its texts keep to EW_MERGE_TEXT_BYTES_MAX.
 * `check` makes a tree of it and keeps to EW_DOCUMENT_BYTES_MAX. Larger ones are written, and
 * whoever writes one is told. */
enum { EW_MERGE_DOCUMENT_BYTES_MAX = 1024 * 1024 * 1024 };

/* Edges of a path that inlining or tail calls may have hidden, and edges that are looked at in
 * search of one: beyond, nothing is called a contradiction. While a graph is searched, its edges
 * turned round take 4 bytes each, as its candidates and nodes do: 384 MiB when full. */
enum { EW_ELISION_EDGES_MAX = 4, EW_ELISION_STEPS_MAX = 65536 };

/* Overridden methods that are followed for one method. */
enum { EW_OVERRIDES_MAX = 256 };

/* Stacks in a module, all adequate windows together, for "not sampled" to be said of its
 * functions: then the share of an unseen one is below 3 in that many with 95 % confidence. */
enum { EW_UNOBSERVED_STACKS_MIN = 3000 };

/* --- sets of windows: src/windows -------------------------------------------- */

/* Distinct documents of one set, 128 bytes and 13 of index each, 134 MiB; and what the tables
 * of those that count take together. */
enum { EW_WINDOW_DOCUMENTS_MAX = 1000000 };
#define EW_WINDOW_SET_BYTES_MAX (UINT64_C(4) * 1024 * 1024 * 1024)

/* Heads that a set keeps, one a stream; 256 bytes each, 25 MiB. */
enum { EW_WINDOW_HEADS_MAX = 100000 };

/* Documents in one roll-up at most: two weeks of the default window. Their tables are in
 * memory together, within the bytes of a set. The names of a whole directory are, too: 104
 * bytes each, 100 MiB. */
enum { EW_ROLL_UP_WINDOWS_MAX = 4096, EW_ROLL_UP_WINDOWS_DEFAULT = 16 };

/* Tables of one roll-up while it is made. */
#define EW_ROLL_UP_BYTES_MAX (UINT64_C(1) * 1024 * 1024 * 1024)

/* --- imports: src/import ------------------------------------------------------ */

/* An input, the names and stacks that are made of it, and the tables of its document. */
enum {
    EW_IMPORT_BYTES_MAX = 512 * 1024 * 1024,
    EW_IMPORT_TEXT_BYTES_MAX = 512 * 1024 * 1024,
    EW_IMPORT_TABLE_BYTES_MAX = 512 * 1024 * 1024
};

/* Modules, distinct stacks and facts of one import: 32, 24 and 96 bytes each, and 13 of index
 * for the first two; 136 MiB. */
enum {
    EW_IMPORT_MODULES_MAX = 65536,
    EW_IMPORT_STACKS_MAX = 1024 * 1024,
    EW_IMPORT_FACTS_MAX = 1024 * 1024
};

/* --- scenarios: src/synth ------------------------------------------------- */

/* A scenario as text, and what is made of it in memory. */
enum { EW_SCENARIO_BYTES_MAX = 16 * 1024 * 1024, EW_SCENARIO_MEMORY_MAX = 256 * 1024 * 1024 };

/* Elements of one list of a scenario. */
enum { EW_SCENARIO_LIST_MAX = 65536 };

/* Events of a scenario that are no samples or stacks; 48 bytes each, 192 MiB. */
enum { EW_SCENARIO_EVENTS_MAX = 4 * 1024 * 1024 };

/* Samples of one made recording, idle ones included. */
enum { EW_SCENARIO_SAMPLES_MAX = 1000 * 1000 * 1000 };

/* Stack halves of a made recording that are on their way; 56 bytes each, 3.5 MiB. */
enum { EW_SCENARIO_PENDING_MAX = 65536 };

/* --- command line: src/cli ------------------------------------------------- */

/* Kinds of events that `stats` tells apart; 72 bytes each and 1 MiB of index, 5.5 MiB. */
enum { EW_EVENT_KINDS_MAX = 65536 };

/* Filters on the command line (--pid, --process, --container), each. */
enum { EW_FILTERS_MAX = 64 };

#endif
