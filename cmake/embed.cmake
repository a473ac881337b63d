# SPDX-License-Identifier: Apache-2.0
# cmake -DOUT=file.c -DNAMES=a_b,c -DFOLDER=dir -P embed.cmake
# Makes a C file with the bytes of dir/a-b.schema.json and so on, as the terminated texts
# `const char ew_embedded_a_b[]`.
string(REPLACE "," ";" NAMES "${NAMES}")
set(text "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made from docs/schemas by cmake/embed.cmake. */\n")
string(APPEND text "#include \"evidence/embedded.h\"\n")
foreach(name IN LISTS NAMES)
  string(REPLACE "_" "-" file "${name}")
  file(READ "${FOLDER}/${file}.schema.json" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
  string(APPEND text "\nconst char ew_embedded_${name}[] = {\n${bytes}0x00};\n")
endforeach()
file(WRITE "${OUT}" "${text}")
