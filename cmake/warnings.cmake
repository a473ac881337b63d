# SPDX-License-Identifier: Apache-2.0
# The warnings that every one of our targets is built with: gcc, clang and MinGW.
add_library(ew_options INTERFACE)
target_compile_options(ew_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wundef -Wvla
  -Wstrict-prototypes -Wmissing-prototypes -Wcast-align -Wcast-qual -Wwrite-strings
  -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference)
if(EW_WERROR)
  target_compile_options(ew_options INTERFACE -Werror)
endif()
target_compile_definitions(ew_options INTERFACE _FILE_OFFSET_BITS=64)
if(WIN32)
  # printf of MinGW's own, so that %zu and %llu mean what C says.
  target_compile_definitions(ew_options INTERFACE __USE_MINGW_ANSI_STDIO=1 _WIN32_WINNT=0x0A00
                             UNICODE _UNICODE)
else()
  target_compile_definitions(ew_options INTERFACE _POSIX_C_SOURCE=200809L)
endif()
