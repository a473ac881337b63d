// SPDX-License-Identifier: Apache-2.0
// A library with known answers for symbols.sh: static functions, a method, two functions that
// the linker folds into one, exports. It needs no C library.
#ifndef SHOP_RATE
#define SHOP_RATE 3
#endif

static volatile int sink;

namespace
{
__declspec(noinline) int parse_line(int count)
{
    for (int i = 0; i < count; i++) {
        sink = sink + i;
    }
    return sink;
}

__declspec(noinline) int read_order(int count)
{
    return parse_line(count) + SHOP_RATE + sink;
}
} // namespace

namespace shop
{
struct Cart {
    int total(int count);
};

__declspec(noinline) int Cart::total(int count)
{
    return read_order(count) * SHOP_RATE + sink;
}
} // namespace shop

extern "C" {
__declspec(dllexport) __declspec(noinline) int twin_one(int count)
{
    return count * 77 + sink;
}

__declspec(dllexport) __declspec(noinline) int twin_two(int count)
{
    return count * 77 + sink;
}

__declspec(dllexport) int checkout(int count)
{
    shop::Cart cart;
    return cart.total(count) + twin_one(count) + twin_two(count + 1);
}
}
