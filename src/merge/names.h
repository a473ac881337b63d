/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of methods in one form, whoever spelled them: the CLR ("Ns.T+N`1[System.__Canon].M",
 * "instance void  (class System.String,int32&)"), a compiler's documentation id
 * ("M:Ns.T.N`1.M(System.String,System.Int32@)"), or an analyser in its own way.
 *
 * The form: "Ns.T.N`1.M" and a list of parameter types. Generic instantiations are their
 * definition. Nested types are parted by dots, since nobody agrees on another sign.
 */
#ifndef EW_MERGE_NAMES_H
#define EW_MERGE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { METHOD_PATH_BYTES = 4200, METHOD_TYPES_BYTES = 4200, METHOD_TYPES_MAX = 256 };

struct method_name {
    bool has_types;      /* parameters are known; else only the path is */
    bool cut;            /* too long to be compared: equal to nothing */
    unsigned type_count; /* of parameters, and the result of a conversion operator */
    size_t path_bytes;
    size_t types_bytes;
    char path[METHOD_PATH_BYTES];   /* terminated */
    char types[METHOD_TYPES_BYTES]; /* each terminated */
};

/* Who spelled a name. They differ in one word: "int" is a pointer's size to the CLR. */
enum method_dialect { METHOD_BY_RUNTIME, METHOD_BY_PRODUCER };

/* From a documentation id, with or without "M:". */
void ew_merge_method_from_doc_id(const char *doc_id, struct method_name *out);

/* From a name and a signature, which may be NULL or "". Parameters may stand in the name. */
void ew_merge_method_from_name(const char *name, const char *signature,
                               enum method_dialect dialect, struct method_name *out);

/*
 * The same parameters. The CLR spells nested types in signatures without the type around them
 * (mscorlib 4.0: "class AdjustmentRule[]"), so that a type without a dot is the same as one
 * that ends in it.
 */
bool ew_merge_method_same_types(const struct method_name *a, const struct method_name *b);

/*
 * The method that the user wrote, of one that the compiler made of it: an async or iterator
 * method, a lambda, a local function. Its parameters are not known. False when the path is not
 * of such a method.
 */
bool ew_merge_method_of_user(const struct method_name *made, struct method_name *out);

#endif
