// Any JSON object, taken for GGUF's metadata, is a tokenizer or an error; one that is taken
// encodes.
#include <cstddef>
#include <cstdint>

#include "ordo/base/error.h"
#include "ordo/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::text;
  try {
    const ordo::Json metadata =
        ordo::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz");
    const Tokenizer tokenizer = Tokenizer::from_gguf(metadata.as_object("fuzz"), "fuzz");
    tokenizer.decode(tokenizer.encode("Hello, wörld! 123  ▁x\n<s> e\u0301"));
  } catch (const ordo::Error&) {
  }
  return 0;
}
