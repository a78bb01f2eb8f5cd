# Writes OUTPUT, a source file that holds the bytes of INPUT.
file(READ ${INPUT} hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${OUTPUT} "#include \"ordo/report/page.h\"

namespace ordo::report {
namespace {
constexpr unsigned char kBytes[] = {
${bytes}};
}
std::string_view page_template() {
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}
}  // namespace ordo::report
")
