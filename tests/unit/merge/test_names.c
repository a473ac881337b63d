/* SPDX-License-Identifier: Apache-2.0 */
/* Methods as the CLR, compilers and analysers spell them come to one form. */
#include "merge/names.h"
#include "support/check_main.h"

#include <string.h>

struct spelled {
    const char *name;
    const char *signature;
    const char *doc_id;
};

static struct method_name left;
static struct method_name right;

/* What the runtime told in real recordings, or tells by its rules, and what a compiler writes. */
static const struct spelled same[] = {
    {"Test.Program.Main", "void  (class System.String[])",
     "M:Test.Program.Main(System.String[])"},
    {"A.B.C", "instance void  ()", "M:A.B.C"},
    {"System.DateTime..ctor", "instance void  (int64,value class System.DateTimeKind,bool)",
     "M:System.DateTime.#ctor(System.Int64,System.DateTimeKind,System.Boolean)"},
    {"System.TimeSpan..cctor", "void  ()", "M:System.TimeSpan.#cctor"},
    /* nested types stand in signatures without the type around them */
    {"System.TimeZoneInfo.ValidateTimeZoneInfo",
     "void  (class System.String,value class System.TimeSpan,class AdjustmentRule[],bool&)",
     "M:System.TimeZoneInfo.ValidateTimeZoneInfo(System.String,System.TimeSpan,"
     "System.TimeZoneInfo.AdjustmentRule[],System.Boolean@)"},
    /* generics: instantiations are the definition */
    {"System.Collections.Generic.Dictionary`2[System.__Canon,System.__Canon]..ctor",
     "instance void  (int32,class System.Collections.Generic.IEqualityComparer`1<!0>)",
     "M:System.Collections.Generic.Dictionary`2.#ctor(System.Int32,"
     "System.Collections.Generic.IEqualityComparer{`0})"},
    {"System.Collections.Generic.Dictionary`2[System.__Canon,System.__Canon].Insert",
     "instance void  (!0,!1,bool)",
     "M:System.Collections.Generic.Dictionary`2.Insert(`0,`1,System.Boolean)"},
    {"Newtonsoft.Json.JsonConvert.DeserializeObject", "!!0  (class System.String)",
     "M:Newtonsoft.Json.JsonConvert.DeserializeObject``1(System.String)"},
    {"N.T.F", "void  (!!0,class System.Func`2<!!0,!!1>)", "M:N.T.F``2(``0,System.Func{``0,``1})"},
    {"N.T.F", "void  (value class System.Collections.Generic.List`1/Enumerator<class N.X>)",
     "M:N.T.F(System.Collections.Generic.List{N.X}.Enumerator)"},
    {"N.T.F", "void  (value class System.ReadOnlySpan`1<wchar>)",
     "M:N.T.F(System.ReadOnlySpan{System.Char})"},
    /* nested types of the method itself */
    {"System.IO.TextWriter+SyncTextWriter.WriteLine", "instance void  (class System.String)",
     "M:System.IO.TextWriter.SyncTextWriter.WriteLine(System.String)"},
    /* references, pointers, arrays */
    {"N.T.F", "bool  (value class System.Guid&,void*,unsigned int8*,int32[][],int64[,])",
     "M:N.T.F(System.Guid@,System.Void*,System.Byte*,System.Int32[][],System.Int64[0:,0:])"},
    {"N.T.F", "void  (int,unsigned int,native int,native uint)",
     "M:N.T.F(System.IntPtr,System.UIntPtr,System.IntPtr,System.UIntPtr)"},
    {"N.T.F", "void  (int32& modreq(System.Runtime.InteropServices.InAttribute))",
     "M:N.T.F(System.Int32@!System.Runtime.InteropServices.InAttribute)"},
    /* operators */
    {"System.DateTime.op_Subtraction",
     "value class System.DateTime  (value class System.DateTime,value class System.TimeSpan)",
     "M:System.DateTime.op_Subtraction(System.DateTime,System.TimeSpan)"},
    {"N.T.op_Explicit", "int32  (class N.T)", "M:N.T.op_Explicit(N.T)~System.Int32"},
    /* explicit implementations of interfaces */
    {"N.T.System.IDisposable.Dispose", "instance void  ()", "M:N.T.System#IDisposable#Dispose"},
    {"N.T.System.Collections.Generic.IEnumerable<X>.GetEnumerator", "instance void  ()",
     "M:N.T.System#Collections#Generic#IEnumerable{X}#GetEnumerator"},
};

START_TEST(method__told_by_runtime_and_compiler__is_one)
{
    const struct spelled *row = &same[_i];
    ew_merge_method_from_name(row->name, row->signature, METHOD_BY_RUNTIME, &left);
    ew_merge_method_from_doc_id(row->doc_id, &right);
    ck_assert_str_eq(left.path, right.path);
    ck_assert(left.has_types && right.has_types);
    ck_assert_msg(ew_merge_method_same_types(&left, &right),
                  "%s: %u and %u types, first %s and %s", row->doc_id, left.type_count,
                  right.type_count, left.types, right.types);
}
END_TEST

static const struct spelled different[] = {
    {"N.T.F", "void  (int32)", "M:N.T.F(System.Int64)"},
    {"N.T.F", "void  (int32)", "M:N.T.F(System.Int32,System.Int32)"},
    {"N.T.F", "void  (int32&)", "M:N.T.F(System.Int32)"},
    {"N.T.F", "void  (int32[])", "M:N.T.F(System.Int32[0:,0:])"},
    {"N.T.F", "void  (class A.Rule)", "M:N.T.F(B.Rule)"},
    {"N.T.F", "void  (class Rule)", "M:N.T.F(B.OtherRule)"},
    {"N.T.F", "void  (class System.Func`1<int32>)", "M:N.T.F(System.Func{System.String})"},
    {"N.T.op_Explicit", "int32  (class N.T)", "M:N.T.op_Explicit(N.T)~System.Int64"},
};

START_TEST(method__other_parameters__is_another)
{
    const struct spelled *row = &different[_i];
    ew_merge_method_from_name(row->name, row->signature, METHOD_BY_RUNTIME, &left);
    ew_merge_method_from_doc_id(row->doc_id, &right);
    ck_assert_str_eq(left.path, right.path);
    ck_assert_msg(!ew_merge_method_same_types(&left, &right), "%s %s", row->signature,
                  row->doc_id);
}
END_TEST

START_TEST(path__other_arity_of_type__is_another)
{
    ew_merge_method_from_name("N.List`1[System.__Canon].Add", "void  ()", METHOD_BY_RUNTIME,
                              &left);
    ew_merge_method_from_doc_id("M:N.List.Add", &right);
    ck_assert_str_ne(left.path, right.path);
}
END_TEST

START_TEST(method__told_by_analyser_in_its_own_way__is_one)
{
    static const char *const names[] = {"N.T.F(string name, int count)", "N.T::F(string, int)",
                                        "N.T.F(System.String,System.Int32)"};
    ew_merge_method_from_name("N.T.F", "void  (class System.String,int32)", METHOD_BY_RUNTIME,
                              &left);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ew_merge_method_from_name(names[i], "", METHOD_BY_PRODUCER, &right);
        ck_assert_str_eq(left.path, right.path);
        ck_assert_msg(ew_merge_method_same_types(&left, &right), "%s", names[i]);
    }
    ew_merge_method_from_name("N.List<T>.Add", "void Add(T)", METHOD_BY_PRODUCER, &right);
    ck_assert_str_eq(right.path, "N.List`1.Add");
}
END_TEST

START_TEST(int__of_a_producer__may_be_either)
{
    ew_merge_method_from_name("N.T.F", "void  (int)", METHOD_BY_RUNTIME, &left);
    ew_merge_method_from_name("N.T.F", "(int)", METHOD_BY_PRODUCER, &right);
    ck_assert(ew_merge_method_same_types(&left, &right));
    ew_merge_method_from_name("N.T.F", "void  (int32)", METHOD_BY_RUNTIME, &left);
    ck_assert(ew_merge_method_same_types(&left, &right));
    ew_merge_method_from_doc_id("M:N.T.F(System.IntPtr)", &right);
    ck_assert(!ew_merge_method_same_types(&left, &right));
}
END_TEST

struct made {
    const char *name;
    const char *user;
};

static const struct made made[] = {
    {"Kestrel.HttpProtocol+<ProcessRequests>d__238`1.MoveNext",
     "Kestrel.HttpProtocol.ProcessRequests"},
    {"PerfView.CommandProcessor+<>c__DisplayClass15_0.<Stop>b__0",
     "PerfView.CommandProcessor.Stop"},
    {"N.T+<>c.<Run>b__3_1", "N.T.Run"},
    {"N.T+<>c+<<Run>b__3_1>d.MoveNext", "N.T.Run"},
    {"N.T.<Run>g__Local|0_0", "N.T.Run"},
    {"N.T+<>c.<.ctor>b__0_0", "N.T..ctor"},
    {"N.G`1+<Get>d__0[System.__Canon].MoveNext", "N.G`1.Get"},
};

START_TEST(method__made_by_the_compiler__leads_to_the_users)
{
    ew_merge_method_from_name(made[_i].name, "instance void  ()", METHOD_BY_RUNTIME, &left);
    ck_assert(ew_merge_method_of_user(&left, &right));
    ck_assert_str_eq(right.path, made[_i].user);
    ck_assert(!right.has_types);
}
END_TEST

START_TEST(method__written_by_the_user__is_not_made)
{
    ew_merge_method_from_name("N.T.Run", "void  ()", METHOD_BY_RUNTIME, &left);
    ck_assert(!ew_merge_method_of_user(&left, &right));
    ew_merge_method_from_name("N.T+<>c..ctor", "void  ()", METHOD_BY_RUNTIME, &left);
    ck_assert(!ew_merge_method_of_user(&left, &right));
}
END_TEST

START_TEST(name__hostile__ends_within_its_bounds)
{
    static char long_name[20000];
    static const char *const odd[] = {"",        "<",    "<<<<", ">>>", "[",   "]]",    "(",
                                      ")",       "()",   "`",    "``",  "M:",  "~",     "M:~",
                                      "a(b",     "a)b(", "{",    "}",   "!",   "!!",    ",,,",
                                      "modreq(", "&*@[", "a<b",  "+",   "a(`", "a({})", "::::"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        ew_merge_method_from_doc_id(odd[i], &left);
        ew_merge_method_from_name(odd[i], odd[i], METHOD_BY_RUNTIME, &left);
        (void)ew_merge_method_of_user(&left, &right);
        (void)ew_merge_method_same_types(&left, &left);
    }
    memset(long_name, 'a', sizeof long_name - 1);
    ew_merge_method_from_name(long_name, "void  ()", METHOD_BY_RUNTIME, &left);
    ck_assert(left.cut);
    memset(long_name, '<', sizeof long_name - 1);
    ew_merge_method_from_doc_id(long_name, &left);
    memset(long_name, ',', sizeof long_name - 2);
    long_name[0] = '(';
    long_name[sizeof long_name - 2] = ')';
    ew_merge_method_from_name("a", long_name, METHOD_BY_RUNTIME, &left);
    ck_assert(left.cut && !ew_merge_method_same_types(&left, &left));
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof(array)[0])

Suite *ew_suite(void)
{
    Suite *suite = suite_create("names");
    TCase *tests = tcase_create("names");
    tcase_add_loop_test(tests, method__told_by_runtime_and_compiler__is_one, 0, COUNT(same));
    tcase_add_loop_test(tests, method__other_parameters__is_another, 0, COUNT(different));
    tcase_add_test(tests, path__other_arity_of_type__is_another);
    tcase_add_test(tests, method__told_by_analyser_in_its_own_way__is_one);
    tcase_add_test(tests, int__of_a_producer__may_be_either);
    tcase_add_loop_test(tests, method__made_by_the_compiler__leads_to_the_users, 0, COUNT(made));
    tcase_add_test(tests, method__written_by_the_user__is_not_made);
    tcase_add_test(tests, name__hostile__ends_within_its_bounds);
    suite_add_tcase(suite, tests);
    return suite;
}
