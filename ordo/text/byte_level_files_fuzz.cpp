// Any text is a tiktoken file, or GPT-2's merges over a small vocabulary, or an InputError.
#include <cstddef>
#include <cstdint>

#include "ordo/base/error.h"
#include "ordo/text/tokenizer_spec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::text;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kVocab =
      R"({"a":0,"b":1,"c":2,"ab":3,"abc":4,"Ġ":5,"Ġa":6,"<|endoftext|>":7})";
  try {
    if (text.size() < 100'000) Tokenizer(parse_tiktoken(text, "fuzz")).encode("abc it's 123");
  } catch (const ordo::Error&) {
  }
  try {
    Tokenizer(parse_gpt2(kVocab, text, "fuzz")).encode("abc abc");
  } catch (const ordo::Error&) {
  }
  return 0;
}
