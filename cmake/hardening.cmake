# SPDX-License-Identifier: Apache-2.0
# What the compiler can do against our own mistakes, and the sanitizers of the presets.
if(EW_SANITIZE)
  target_compile_options(ew_options INTERFACE -fsanitize=${EW_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(ew_options INTERFACE -fsanitize=${EW_SANITIZE})
  if(EW_SANITIZE MATCHES "undefined")
    target_compile_options(ew_options INTERFACE -fno-sanitize-recover=undefined)
  endif()
else()
  # Named when linking as well: MinGW's canary is in a library of its own.
  target_compile_options(ew_options INTERFACE -fstack-protector-strong)
  target_link_options(ew_options INTERFACE -fstack-protector-strong)
  target_compile_definitions(ew_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
if(EW_FUZZ)
  target_compile_options(ew_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(WIN32)
  target_link_options(ew_options INTERFACE -static -Wl,--dynamicbase -Wl,--nxcompat
                      -Wl,--high-entropy-va -Wl,--no-insert-timestamp)
  # What is shipped does not depend on the folder it was built in.
  target_compile_options(ew_options INTERFACE "-ffile-prefix-map=${CMAKE_BINARY_DIR}=build"
                         "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")
else()
  target_link_options(ew_options INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()
