#include "ordo/base/array.h"

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ordo/base/error.h"

namespace ordo {
namespace {

struct DtypeFacts {
  std::size_t size;
  std::string_view name;
  std::size_t alignment;
};

constexpr DtypeFacts kFacts[] = {{1, "bool", 1},    {1, "int8", 1},      {1, "uint8", 1},
                                 {2, "int16", 2},   {2, "uint16", 2},    {4, "int32", 4},
                                 {4, "uint32", 4},  {8, "int64", 8},     {8, "uint64", 8},
                                 {2, "float16", 2}, {2, "bfloat16", 2},  {4, "float32", 4},
                                 {8, "float64", 8}, {8, "complex64", 4}, {16, "complex128", 8}};

const DtypeFacts& facts(Dtype dtype) { return kFacts[static_cast<std::size_t>(dtype)]; }

template <class T, class Convert>
std::vector<double> converted(std::span<const std::byte> bytes, Convert convert) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (std::size_t place = 0; place < values.size(); ++place) {
    T element;
    std::memcpy(&element, bytes.data() + place * sizeof(T), sizeof(T));
    values[place] = convert(element);
  }
  return values;
}

template <class T>
std::vector<double> cast(std::span<const std::byte> bytes) {
  return converted<T>(bytes, [](T element) { return static_cast<double>(element); });
}

}  // namespace

std::size_t size_of(Dtype dtype) { return facts(dtype).size; }

std::string_view name_of(Dtype dtype) { return facts(dtype).name; }

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::int64_t count_of(const Shape& shape) {
  std::int64_t count = 1;
  bool overflow = false;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) throw NumericError("the shape " + to_string(shape) + " is negative");
    empty = empty || extent == 0;
    overflow = overflow || __builtin_mul_overflow(count, extent, &count);
  }
  if (empty) return 0;
  if (overflow) throw NumericError("the shape " + to_string(shape) + " has over 2^63 elements");
  return count;
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw IoError::from_errno("open", path.string(), errno);
  struct stat status{};
  void* address = nullptr;
  int reason = ::fstat(file, &status) == 0 ? 0 : errno;
  if (reason == 0 && S_ISDIR(status.st_mode)) reason = EISDIR;
  if (reason == 0 && !S_ISREG(status.st_mode)) reason = ENODEV;
  if (reason == 0 && status.st_size > 0) {
    size_ = static_cast<std::size_t>(status.st_size);
    address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    if (address == MAP_FAILED) reason = errno;
  }
  ::close(file);
  if (reason != 0) throw IoError::from_errno("map", path.string(), reason);
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Array::Array(Dtype dtype, Shape shape, std::span<const std::byte> bytes,
             std::shared_ptr<const void> owner)
    : dtype_(dtype), shape_(std::move(shape)), bytes_(bytes), owner_(std::move(owner)) {
  const auto count = static_cast<std::size_t>(count_of(shape_));
  if (bytes.size() % size_of(dtype) != 0 || bytes.size() / size_of(dtype) != count) {
    throw UsageError(fmt::format("{} bytes are no {} array of shape {}", bytes.size(),
                                 name_of(dtype), to_string(shape_)));
  }
  if (std::bit_cast<std::uintptr_t>(bytes.data()) % facts(dtype).alignment != 0) {
    throw UsageError(fmt::format("the memory is not aligned for {}", name_of(dtype)));
  }
}

Array Array::copy_of(Dtype dtype, Shape shape, std::span<const std::byte> bytes) {
  auto owner = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
  const std::span<const std::byte> copy(*owner);
  return Array(dtype, std::move(shape), copy, std::move(owner));
}

void Array::require(Dtype wanted) const {
  if (wanted != dtype_) {
    throw InputError(
        {}, fmt::format("expected {} elements, found {}", name_of(wanted), name_of(dtype_)));
  }
}

std::vector<double> Array::to_doubles() const {
  switch (dtype_) {
    case Dtype::boolean:
    case Dtype::uint8:
      return cast<std::uint8_t>(bytes_);
    case Dtype::int8:
      return cast<std::int8_t>(bytes_);
    case Dtype::int16:
      return cast<std::int16_t>(bytes_);
    case Dtype::uint16:
      return cast<std::uint16_t>(bytes_);
    case Dtype::int32:
      return cast<std::int32_t>(bytes_);
    case Dtype::uint32:
      return cast<std::uint32_t>(bytes_);
    case Dtype::int64:
      return cast<std::int64_t>(bytes_);
    case Dtype::uint64:
      return cast<std::uint64_t>(bytes_);
    case Dtype::float16:
      return converted<std::uint16_t>(bytes_, half_to_float);
    case Dtype::bfloat16:
      return converted<std::uint16_t>(bytes_, bfloat_to_float);
    case Dtype::float32:
      return cast<float>(bytes_);
    case Dtype::float64:
      return cast<double>(bytes_);
    case Dtype::complex64:
    case Dtype::complex128:
      break;
  }
  throw InputError({}, fmt::format("expected real elements, found {}", name_of(dtype_)));
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 31;
  const std::uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0) {  // zero and subnormals: fraction * 2^-24
    const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t widened = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | (widened << 23) | (fraction << 13));
}

float bfloat_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace ordo
