# SPDX-License-Identifier: Apache-2.0
# jansson, Check, xxhash and libcrypto: from the system, or jansson and Check from source.
find_package(PkgConfig)

function(ew_dependency target module source)
  if(source)
    add_subdirectory("${source}" "${CMAKE_BINARY_DIR}/${target}-build" EXCLUDE_FROM_ALL)
    return()
  endif()
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${module})
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE PkgConfig::${target})
endfunction()

ew_dependency(ew_jansson jansson "${EW_JANSSON_SOURCE}")
if(EW_TESTS)
  ew_dependency(ew_check check "${EW_CHECK_SOURCE}")
endif()
if(NOT WIN32)
  pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
endif()
