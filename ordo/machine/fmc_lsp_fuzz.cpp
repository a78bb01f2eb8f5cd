// Any bytes as a stream of messages; and each of their lines as the body of one, so that the
// handlers are reached without guessing lengths.
#include <cstdint>
#include <sstream>

#include "ordo/machine/fmc_lsp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::machine;
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string wrapped;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    wrapped += "Content-Length: " + std::to_string(line.size()) + "\r\n\r\n" + line;
  for (const std::string& input : {text, wrapped}) {
    std::istringstream in(input);
    std::ostringstream out;
    try {
      serve_lsp(fmc::lsp_language(), in, out);
    } catch (const ordo::Error&) {
    }
  }
  return 0;
}
