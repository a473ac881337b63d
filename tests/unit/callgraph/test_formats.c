/* SPDX-License-Identifier: Apache-2.0 */
/* The other formats: what becomes of them, that they are told apart, what is refused. */
#include "callgraph/graph_text.h"
#include "support/check_main.h"

#include <stdio.h>
#include <string.h>

#define NO_HEAD "graph - closed=0 presence=0 unsound=0\n"

START_TEST(stella__nodes_edges_entries__become_columns)
{
    graph_expect(
        "{\"schema\":\"stella.callgraph.v1\",\"id\":\"cg-1\",\"language\":\"DotNet\",\"extra\":1,\n"
        "\"nodes\":[{\"id\":\"n2\",\"name\":\"Get\",\"kind\":\"method\",\"symbolKey\":\"M:A.Get\","
        "\"line\":3,\"file\":null},{\"id\":\"n1\",\"symbolKey\":\"void Run()\"}],\n"
        "\"edges\":[{\"sourceId\":\"n1\",\"targetId\":\"n2\",\"kind\":\"static\",\"reason\":"
        "\"virtualCall\",\"weight\":0.85,\"isResolved\":true,\"candidates\":[\"n3\"]},"
        "{\"sourceId\":\"n2\",\"targetId\":\"n1\",\"kind\":\"runtime\",\"reason\":\"directCall\"},"
        "{\"sourceId\":\"n2\",\"targetId\":\"n2\",\"kind\":\"heuristic\",\"reason\":null,"
        "\"weight\":1,\"candidates\":null}],\n"
        "\"entrypoints\":[{\"nodeId\":\"n1\",\"kind\":\"Http\",\"route\":\"/\"}]}",
        "graph cg-1 closed=0 presence=0 unsound=0\n"
        "node n1 kind=1 sig=void Run()\n"
        "node n2 kind=0 name=Get doc=M:A.Get\n"
        "node n3 kind=3\n"
        "edge n1 -> n2 kind=1 reason=virtualCall confidence=850 candidate=n3\n"
        "edge n2 -> n2 kind=0\n"
        "entry n1 kind=1\n");
}
END_TEST

START_TEST(stella__edges_of_run_time__are_counted_not_claimed)
{
    struct graph_outcome outcome = graph_from_text(
        "{\"nodes\":[],\"edges\":[{\"sourceId\":\"a\",\"targetId\":\"b\",\"kind\":"
        "\"runtime\"}]}");
    ck_assert_msg(outcome.status == EW_OK, "%s", outcome.error.text);
    ck_assert_uint_eq(outcome.graph->edge_count, 0);
    ck_assert_uint_eq(outcome.counts.observed_edges, 1);
    ew_graph_free(outcome.graph);
}
END_TEST

START_TEST(richgraph__symbols_builds_evidence__become_columns)
{
    graph_expect(
        "{\"schema\":\"richgraph-v1\",\"analyzer\":{\"name\":\"scan\",\"version\":\"3\","
        "\"toolchain_digest\":\"x\"},\n"
        "\"nodes\":[{\"id\":\"sym:b\",\"symbol_id\":\"sym:b\",\"display\":\"shown\",\"kind\":"
        "\"function\",\"build_id\":\"b1\",\"purl\":\"pkg:x\"},{\"id\":\"sym:a\",\"symbol\":{"
        "\"mangled\":\"_Za\",\"demangled\":\"a()\",\"source\":\"DWARF\"},\"build_id\":\"b1\","
        "\"purl\":\"pkg:x\"},{\"id\":\"sym:c\",\"symbol\":null}],\n"
        "\"edges\":[{\"from\":\"sym:a\",\"to\":\"sym:b\",\"kind\":\"call\",\"confidence\":0.5,"
        "\"evidence\":[\"runtime\",\"plt-stub\"]},{\"from\":\"sym:a\",\"to\":\"sym:c\","
        "\"evidence\":[\"runtime\"]}],\n"
        "\"roots\":[{\"id\":\"sym:a\",\"phase\":\"runtime\"},{\"id\":\"sym:c\",\"phase\":"
        "\"load\"}]}",
        "graph - name=scan version=3 closed=0 presence=0 unsound=0\n"
        "artifact debug=b1 purl=pkg:x\n"
        "node sym:a kind=1 name=a() decorated=_Za artifact=0\n"
        "node sym:b kind=1 name=shown artifact=0\n"
        "node sym:c kind=1\n"
        "edge sym:a -> sym:b kind=7 reason=plt-stub confidence=500\n"
        "entry sym:a kind=0\n"
        "entry sym:c kind=9\n");
}
END_TEST

START_TEST(adjacency__callers_with_callees__are_edges)
{
    graph_expect("{\"b\": [], \"a\": [\"b\", \"c\"],\n \"c\": [\"a\", \"a\"]}",
                 NO_HEAD "node a kind=1\nnode b kind=1\nnode c kind=1\n"
                         "edge a -> b kind=0\nedge a -> c kind=0\nedge c -> a kind=0\n");
    graph_expect("{}", NO_HEAD);
    graph_expect_failure("{\"a\": [],\n\"b\": [\"a\"],\n\"a\": [\"b\"]}", EW_FORMAT,
                         "line 3, column 1, a: the member is there twice");
    graph_expect_failure("{\"a\": [\"b\"],\n\"b\": [\"a\", {}]}", EW_FORMAT,
                         "line 2, column 12, b[1]: is an object, must be a string");
}
END_TEST

#define THREE_EDGES                                         \
    NO_HEAD "node a kind=1\nnode b kind=1\nnode c kind=1\n" \
            "edge a -> b kind=0\nedge a -> c kind=2\nedge c -> a kind=0\n"

START_TEST(edges__as_lines_of_json__are_read)
{
    graph_expect("{\"from\":\"c\",\"to\":\"a\"}\n{\"from\":\"a\",\"to\":\"c\",\"kind\":"
                 "\"interface\",\"x\":0}\n{\"to\":\"b\",\"from\":\"a\"}\n",
                 THREE_EDGES);
    graph_expect("[\"c\",\"a\"]\n[\"a\",\"c\",\"interface\"]\n[\"a\",\"b\"]", THREE_EDGES);
    graph_expect_failure("{\"from\":\"c\",\"to\":\"a\"}\n{\"from\":\"c\"}\n", EW_FORMAT,
                         "line 2, column 12: the member to is missing");
    graph_expect_failure("[\"c\",\"a\"]\n[\"c\"]\n", EW_FORMAT,
                         "line 2, column 5: an edge has two or three elements");
}
END_TEST

START_TEST(edges__as_separated_values__are_read)
{
    graph_expect("c,a\na,c,interface\na,b\n", THREE_EDGES);
    graph_expect("From,To,Kind\r\nc,a,call\r\na,\"c\",interface\r\n\r\na,b,\r\n", THREE_EDGES);
    graph_expect("caller\tcallee\nc\ta\na\tc\tinterface\na\tb", THREE_EDGES);
    graph_expect("\"x,\"\"1\"\"\",\"two\nlines\"\n",
                 NO_HEAD "node two\nlines kind=1\nnode x,\"1\" kind=1\n"
                         "edge x,\"1\" -> two\nlines kind=0\n");
    graph_expect_failure("a,b\na,b,blue\n", EW_FORMAT,
                         "line 3, column 1: the row before has a kind that the schema has not");
    graph_expect_failure("a,b\na\n", EW_FORMAT,
                         "line 3, column 1: the row before has no two fields");
    graph_expect_failure("a,b\n\"a,b\n", EW_FORMAT,
                         "line 3, column 1: the input ends inside a quoted field");
    graph_expect_failure("a,b\na,\xff\n", EW_FORMAT, "line 3, column 1: a text is not UTF-8");
    graph_expect_failure("a,b,call,x\n", EW_FORMAT,
                         "line 1, column 10: a row has more than from, to and kind");
    graph_expect_failure("a,b\n,b\n", EW_FORMAT, "line 3, column 1: an id must not be empty");
}
END_TEST

START_TEST(dot__as_tools_write_it__is_read)
{
    graph_expect("digraph \"Call graph\" {\n\tlabel=\"Call graph\";\n"
                 "\tNode0x1 [shape=record,label=\"{main}\"];\n\tNode0x1 -> Node0x2;\n"
                 "\tNode0x2 [shape=record,label=\"{work|x}\"];\n}\n",
                 NO_HEAD "node Node0x1 kind=1 name=main\nnode Node0x2 kind=1 name=work\n"
                         "edge Node0x1 -> Node0x2 kind=0\n");
    graph_expect(
        "/* c */ strict digraph { // c\n# c\n node [color=red]; subgraph cluster_0 { a; }"
        "\n a:p:n -> \"b\\\"c\" -> -1.5 [label=x] ; { d } <<b>x</b>> }",
        NO_HEAD "node -1.5 kind=1\nnode <<b>x</b>> kind=1\nnode a kind=1\n"
                "node b\"c kind=1\nnode d kind=1\n"
                "edge a -> b\"c kind=0\nedge b\"c -> -1.5 kind=0\n");
    graph_expect_failure("digraph {\n a -- b }", EW_FORMAT,
                         "line 2, column 5: an undirected edge is no call");
    graph_expect_failure("digraph {\n a -> { b } }", EW_FORMAT,
                         "line 2, column 8: an edge must end at a node");
    graph_expect_failure("digraph {\n { a } -> b }", EW_FORMAT,
                         "line 2, column 10: an edge must begin at a node");
    graph_expect_failure("digraph { a -> b", EW_FORMAT,
                         "line 1, column 17: the input ends inside the graph");
    graph_expect_failure("digraph { a [x=", EW_FORMAT,
                         "line 1, column 16: the input ends inside attributes");
    graph_expect_failure("digraph {} x", EW_FORMAT, "line 1, column 13: text follows the graph");
}
END_TEST

START_TEST(dgml__is_a_closed_world_of_nodes)
{
    graph_expect("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- a -- b --->\n"
                 "<DirectedGraph xmlns=\"http://schemas.microsoft.com/vs/2009/dgml\">\n <Nodes>\n"
                 "  <Node Id=\"1\" Label=\"A&lt;T&gt; &amp; &quot;b&apos;&#xe9;&#65;\"/>\n"
                 "  <Node Id=\"2\" />\n </Nodes>\n <Links>\n"
                 "  <Link Source=\"1\" Target='2' Reason=\"x\"/>\n </Links>\n"
                 " <Properties><Property Id=\"Label\"/></Properties>\n</DirectedGraph>\n",
                 "graph - closed=1 presence=1 unsound=0\n"
                 "node 1 kind=1 name=A<T> & \"b'\xc3\xa9"
                 "A\nnode 2 kind=1\nedge 1 -> 2 kind=11\n");
    graph_expect_failure("<!DOCTYPE x [<!ENTITY a \"b\">]><DirectedGraph/>", EW_FORMAT,
                         "line 1, column 3: a document type or marked section is not read");
    graph_expect_failure("<DirectedGraph><Nodes><Node Id=\"&a;\"/>", EW_FORMAT,
                         "line 1, column 36: an entity that XML itself has not");
    graph_expect_failure("<DirectedGraph><Nodes><Node Label=\"x\"/>", EW_FORMAT,
                         "line 1, column 39: a Node without an Id");
    graph_expect_failure("<DirectedGraph><Nodes></DirectedGraph>", EW_FORMAT,
                         "line 1, column 38: an element ends that did not begin");
    graph_expect_failure("<DirectedGraph>\n", EW_FORMAT,
                         "line 2, column 1: the input ends before its outermost element does");
    graph_expect_failure("<html/>", EW_FORMAT, "line 1, column 7: is no DirectedGraph");
}
END_TEST

START_TEST(unknown__formats__are_refused)
{
    static const char sentence[] = "is no callgraph of a format that is known; name the format";
    graph_expect_failure("", EW_FORMAT, sentence);
    graph_expect_failure(" \n", EW_FORMAT, sentence);
    graph_expect_failure("hello\n", EW_FORMAT, sentence);
    graph_expect_failure("{\"a\":1}", EW_FORMAT, sentence);
    graph_expect_failure("{\"a\":[1]}", EW_FORMAT, sentence);
}
END_TEST

START_TEST(format__that_is_named__is_taken)
{
    const char *text = "{\"a\":[1]}";
    struct graph_outcome outcome = graph_from_bytes(text, strlen(text), EW_GRAPH_ADJACENCY);
    ck_assert_int_eq(outcome.status, EW_FORMAT);
    ck_assert_str_eq(outcome.error.text,
                     "graph-test.in: line 1, column 7, a[0]: is a number, must be a string");
}
END_TEST

START_TEST(file__that_is_not_there__is_told)
{
    struct graph_outcome outcome = graph_from_file("no-such-graph", NULL);
    ck_assert_int_eq(outcome.status, EW_NOT_FOUND);
}
END_TEST

Suite *ew_suite(void)
{
    Suite *suite = suite_create("graph_formats");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, stella__nodes_edges_entries__become_columns);
    tcase_add_test(tests, stella__edges_of_run_time__are_counted_not_claimed);
    tcase_add_test(tests, richgraph__symbols_builds_evidence__become_columns);
    tcase_add_test(tests, adjacency__callers_with_callees__are_edges);
    tcase_add_test(tests, edges__as_lines_of_json__are_read);
    tcase_add_test(tests, edges__as_separated_values__are_read);
    tcase_add_test(tests, dot__as_tools_write_it__is_read);
    tcase_add_test(tests, dgml__is_a_closed_world_of_nodes);
    tcase_add_test(tests, unknown__formats__are_refused);
    tcase_add_test(tests, format__that_is_named__is_taken);
    tcase_add_test(tests, file__that_is_not_there__is_told);
    suite_add_tcase(suite, tests);
    return suite;
}
