// Any bytes are a SentencePiece model or an InputError; one that is taken encodes.
#include <cstddef>
#include <cstdint>

#include "ordo/base/error.h"
#include "ordo/text/tokenizer_spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::text;
  try {
    const Tokenizer tokenizer(
        parse_sentencepiece({reinterpret_cast<const char*>(data), size}, "fuzz"));
    tokenizer.decode(tokenizer.encode("Hello, wörld! 123  x\n"));
  } catch (const ordo::Error&) {
  }
  return 0;
}
