// Any bytes are a claim or an InputError; its comparisons read back, and resolve or fail.
#include <cstdint>

#include "ordo/claims/claim.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::claims;
  static const std::vector<std::string> variants = {"a", "b", "x y"}, measures = {"m", "s"};
  try {
    const Claim claim = parse_claim({reinterpret_cast<const char*>(data), size});
    for (const Comparison& one : claim.comparisons) parse_claim(one.text);
    for (const Comparison& one : resolve(claim, variants, measures).comparisons) {
      parse_claim(one.text);
    }
  } catch (const ordo::InputError&) {
  }
  return 0;
}
