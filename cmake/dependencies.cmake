# SPDX-License-Identifier: Apache-2.0
# jansson, Check, xxhash and libcrypto: from the system, or jansson and Check from source.
# What the stages link is ew_jansson and ew_check, wherever they come from.

# From the system's library, found by pkg-config.
function(ew_dependency_from_system target module)
  if(CMAKE_CROSSCOMPILING)
    message(FATAL_ERROR
      "${module} has to be built from source for another system: fetch it with\n"
      "  cmake/fetch-dependencies.sh build/deps\n"
      "(./dev does), or give -DEW_JANSSON_SOURCE=DIR -DEW_CHECK_SOURCE=DIR.")
  endif()
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${module})
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE PkgConfig::${target})
endfunction()

# From a source tree with a CMake build of its own. Only the library itself is built, with
# its own language rules and without our warnings.
function(ew_dependency_from_source target module source)
  if(NOT EXISTS "${source}/CMakeLists.txt")
    message(FATAL_ERROR "${source}: is not a source tree of ${module} (no CMakeLists.txt)")
  endif()
  foreach(off IN ITEMS JANSSON_BUILD_DOCS JANSSON_EXAMPLES JANSSON_INSTALL
                       JANSSON_BUILD_SHARED_LIBS CHECK_ENABLE_TESTS CHECK_INSTALL BUILD_TESTING)
    set(${off} OFF CACHE BOOL "For the dependencies built from source" FORCE)
  endforeach()
  set(JANSSON_WITHOUT_TESTS ON CACHE BOOL "For the dependencies built from source" FORCE)
  # Check would take a libsubunit that happens to be there, and does not build with it.
  set(HAVE_SUBUNIT "" CACHE INTERNAL "For Check")
  set(CMAKE_C_EXTENSIONS ON)
  set(CMAKE_EXPORT_COMPILE_COMMANDS OFF)
  set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
  set(CMAKE_WARN_DEPRECATED OFF)
  add_subdirectory("${source}" "${CMAKE_BINARY_DIR}/${module}" EXCLUDE_FROM_ALL SYSTEM)
  target_compile_options(${module} PRIVATE -w)
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE ${module})
  # Their targets do not say all that their users need.
  if(module STREQUAL "jansson")
    target_include_directories(${target} SYSTEM INTERFACE "${CMAKE_BINARY_DIR}/jansson/include")
  elseif(WIN32)
    # Check finds the pthreads of MinGW, and does not say that it uses them. Its messages
    # are to have C's formats; its header claims msvcrt's, which lack %zu.
    target_link_libraries(${target} INTERFACE winpthread)
    target_compile_definitions(${module} PRIVATE __USE_MINGW_ANSI_STDIO=1)
    target_compile_options(${target} INTERFACE -Wno-format -Wno-format-extra-args)
  endif()
endfunction()

function(ew_dependency target module source)
  if(source)
    ew_dependency_from_source(${target} ${module} "${source}")
  else()
    ew_dependency_from_system(${target} ${module})
  endif()
endfunction()

# xxhash is used as a header, so that every system's serves. A cross-build may not look
# into /usr/include, which has far more than that: it gets a copy of this one file.
function(ew_find_xxhash)
  find_path(EW_XXHASH_INCLUDE xxhash.h DOC "Where xxhash.h is" REQUIRED NO_CMAKE_FIND_ROOT_PATH)
  if(CMAKE_CROSSCOMPILING)
    file(COPY "${EW_XXHASH_INCLUDE}/xxhash.h" DESTINATION "${CMAKE_BINARY_DIR}/include")
    target_include_directories(ew_options SYSTEM INTERFACE "${CMAKE_BINARY_DIR}/include")
  else()
    target_include_directories(ew_options SYSTEM INTERFACE "${EW_XXHASH_INCLUDE}")
  endif()
endfunction()

ew_dependency(ew_jansson jansson "${EW_JANSSON_SOURCE}")
if(EW_TESTS)
  ew_dependency(ew_check check "${EW_CHECK_SOURCE}")
endif()
ew_find_xxhash()
if(NOT WIN32)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(crypto REQUIRED IMPORTED_TARGET libcrypto)
endif()
