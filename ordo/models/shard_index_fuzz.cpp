// Any text is an index or an InputError; no file outside of the folder is named.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ordo/base/error.h"
#include "ordo/models/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto index =
        ordo::models::parse_shard_index({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const std::string& file : index.files()) {
      if (file.find('/') != std::string::npos) std::abort();
    }
  } catch (const ordo::InputError&) {
  }
  return 0;
}
