// Any text is a tokenizer.json or an error; one that is taken encodes, and what it saves is taken
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ordo/base/error.h"
#include "ordo/text/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::text;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Tokenizer tokenizer = Tokenizer::from_json(text, "fuzz");
    if (tokenizer.vocab_size() > 1'000'000) return 0;
    const std::string sample = "Hello, wörld! 123  ▁x\n<s> e\u0301";
    tokenizer.decode(tokenizer.encode(sample));
    tokenizer.encode_pair(sample, "b");
    const Tokenizer again = Tokenizer::from_json(tokenizer.to_json());
    if (again.encode(sample) != tokenizer.encode(sample)) std::abort();
  } catch (const ordo::Error&) {
  }
  return 0;
}
