// The first byte chooses the format: the package's JSON digits, or CIFAR's records.
#include <cstdint>
#include <string_view>

#include "ordo/base/error.h"
#include "ordo/data/labelled_testing.h"
#include "ordo/data/readers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ordo::data;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] == 'j') {
      const ordo::Array images = parse_digits_json(bytes);
      if (images.count() != images.shape()[0] * 784) __builtin_trap();
    } else {
      const auto [images, labels] =
          parse_cifar(bytes, "c", data[0] == 'c' ? Cifar::hundred : Cifar::ten);
      trap_unless_sound(label(images, labels, "c"));
    }
  } catch (const ordo::InputError&) {
  }
  return 0;
}
