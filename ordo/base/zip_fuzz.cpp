#include <cstdint>
#include <string>
#include <string_view>

#include "ordo/base/archive.h"
#include "ordo/base/error.h"
#include "ordo/base/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    if (ordo::is_gzip(bytes)) ordo::gunzip(bytes, "x", {.max_bytes = 1 << 20});
    const ordo::ZipReader zip(bytes);
    for (const ordo::ZipEntry& entry : zip.entries()) {
      try {
        zip.read(entry, {.max_bytes = 1 << 20});
      } catch (const ordo::InputError&) {  // one damaged member does not hide the others
      }
    }
    ordo::parse_npz(bytes);
  } catch (const ordo::InputError&) {
  } catch (const ordo::LimitError&) {
  }
  return 0;
}
