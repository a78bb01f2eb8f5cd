# Writes OUTPUT, a source file in which FUNCTION ("ordo::report::page_template"), declared in HEADER,
# returns the bytes of INPUT.
string(REGEX MATCH "^(.*)::([^:]+)$" matched ${FUNCTION})
set(namespace ${CMAKE_MATCH_1})
set(name ${CMAKE_MATCH_2})
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace ${namespace} {
namespace {
constexpr unsigned char kBytes[] = {
${bytes}};
}
std::string_view ${name}() {
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}
}  // namespace ${namespace}
")
