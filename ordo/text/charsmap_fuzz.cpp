// Any bytes are a character map or an InputError, and a map that is taken makes UTF-8 of UTF-8.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ordo/base/error.h"
#include "ordo/text/charsmap.h"
#include "ordo/text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::text;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string text = repair_utf8(bytes) + "e\u0301 \uFB01 abc";
  for (const CharsmapMatch match : {CharsmapMatch::longest, CharsmapMatch::shortest_of_grapheme}) {
    try {
      const Charsmap map(bytes, match, "fuzz");
      Normalized normalized(text, 0, Track::origins);
      map.apply(normalized);
      if (repair_utf8(normalized.text()) != normalized.text()) std::abort();
    } catch (const ordo::InputError&) {
    }
  }
  return 0;
}
