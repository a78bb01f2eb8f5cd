// Two zero bytes, a type byte, the number of dimensions, each extent in 4 bytes, the elements;
// everything big-endian.
#include "ordo/data/idx.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "ordo/base/archive.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo::data {
namespace {

std::optional<Dtype> idx_type(unsigned char code) {
  switch (code) {
    case 0x08:
      return Dtype::uint8;
    case 0x09:
      return Dtype::int8;
    case 0x0B:
      return Dtype::int16;
    case 0x0C:
      return Dtype::int32;
    case 0x0D:
      return Dtype::float32;
    case 0x0E:
      return Dtype::float64;
    default:
      return std::nullopt;
  }
}

}  // namespace

Array parse_idx(std::string bytes, const std::string& source) {
  if (is_gzip(bytes)) bytes = gunzip(bytes, source);
  const auto fail = [&](const std::string& reason) {
    throw InputError({.source = source}, reason);
  };
  const auto byte = [&](std::size_t place) { return static_cast<unsigned char>(bytes[place]); };
  if (bytes.size() < 4 || byte(0) != 0 || byte(1) != 0) fail("this is no IDX file");
  const std::optional<Dtype> dtype = idx_type(byte(2));
  if (!dtype) fail(fmt::format("the IDX type 0x{:02x} is unknown", byte(2)));
  const std::size_t start = 4 + 4 * std::size_t{byte(3)};
  if (bytes.size() < start) fail("the file ends within its header");
  Shape shape;
  for (std::size_t place = 4; place < start; place += 4) {
    shape.push_back(std::int64_t{byte(place)} << 24 | byte(place + 1) << 16 | byte(place + 2) << 8 |
                    byte(place + 3));
  }
  std::int64_t count = 0;
  try {
    count = count_of(shape);
  } catch (const NumericError& error) {
    fail(error.what());
  }
  const std::size_t size = size_of(*dtype), length = bytes.size() - start;
  if (length % size != 0 || length / size != static_cast<std::size_t>(count)) {
    fail(fmt::format("shape {} of {} does not fit {} bytes", to_string(shape), name_of(*dtype),
                     length));
  }
  for (std::size_t place = start; size > 1 && place < bytes.size(); place += size) {
    std::reverse(bytes.data() + place, bytes.data() + place + size);
  }
  // A header of an odd number of dimensions leaves doubles aligned, one of an even number does not.
  if (start % size != 0) {
    return Array::copy_of(*dtype, std::move(shape), std::as_bytes(std::span(bytes)).subspan(start));
  }
  const auto owner = std::make_shared<const std::string>(std::move(bytes));
  return Array(*dtype, std::move(shape), std::as_bytes(std::span(*owner)).subspan(start), owner);
}

Array read_idx(const std::filesystem::path& path) {
  return parse_idx(read_file(path), path.string());
}

}  // namespace ordo::data
