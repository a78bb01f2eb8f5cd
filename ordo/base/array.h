// Arrays over memory that somebody owns: a mapped file, a vector, a tensor. Readers of NPY, NPZ and
// safetensors return them without copying; rooms with tensors wrap the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ordo {

enum class Dtype : std::uint8_t {
  boolean,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,
  float16,   ///< IEEE 754 binary16
  bfloat16,  ///< the upper half of a float32
  float32,
  float64,
  complex64,
  complex128,
};

/// Bytes of one element.
std::size_t size_of(Dtype dtype);
/// "float32", "int64", "bool": NumPy's names.
std::string_view name_of(Dtype dtype);

/// The Dtype of a C++ type; float16 and bfloat16 have none and are read as raw bytes.
template <class T>
constexpr Dtype dtype_of();

using Shape = std::vector<std::int64_t>;

/// "[2, 3]".
std::string to_string(const Shape& shape);
/// The product of the extents, 1 for a scalar. Throws NumericError if an extent is negative or the
/// product does not fit.
std::int64_t count_of(const Shape& shape);

/// A whole file in memory by mmap, private to this process: writing to the bytes is not possible,
/// and a file that another program shortens meanwhile ends this one (SIGBUS), so don't map files
/// that change; our own writers replace files instead.
class MappedFile {
 public:
  /// Throws IoError if the file cannot be opened, mapped, or is no regular file.
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A read-only n-dimensional array in row-major order, contiguous, in this machine's byte order.
/// Copies share the memory.
class Array {
 public:
  Array() = default;
  /// Over memory that `owner` keeps alive. Throws UsageError unless `bytes` is exactly
  /// count_of(shape) elements, aligned for the type.
  Array(Dtype dtype, Shape shape, std::span<const std::byte> bytes,
        std::shared_ptr<const void> owner);
  /// Over a copy of `bytes`.
  static Array copy_of(Dtype dtype, Shape shape, std::span<const std::byte> bytes);
  /// Takes the values over. One dimension if no shape is given.
  template <class T>
  static Array of(std::vector<T> values, Shape shape = {-1});

  Dtype dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t count() const { return static_cast<std::int64_t>(bytes_.size() / size_of(dtype_)); }
  std::span<const std::byte> bytes() const { return bytes_; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// The elements. Throws InputError if the array's type is another.
  template <class T>
  std::span<const T> as() const {
    require(dtype_of<T>());
    return {reinterpret_cast<const T*>(bytes_.data()), static_cast<std::size_t>(count())};
  }
  /// The elements as doubles, whatever real type they have. Throws InputError for complex ones.
  std::vector<double> to_doubles() const;

 private:
  void require(Dtype wanted) const;

  Dtype dtype_ = Dtype::float64;
  Shape shape_ = {0};
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

/// binary16 and bfloat16 as float, exactly.
float half_to_float(std::uint16_t bits);
float bfloat_to_float(std::uint16_t bits);

// ---- templates ----

template <class T>
constexpr Dtype dtype_of() {
  if constexpr (std::is_same_v<T, bool>)
    return Dtype::boolean;
  else if constexpr (std::is_same_v<T, float>)
    return Dtype::float32;
  else if constexpr (std::is_same_v<T, double>)
    return Dtype::float64;
  else {
    static_assert(std::is_integral_v<T>, "no Dtype for this type");
    constexpr int kind = sizeof(T) == 1 ? 1 : sizeof(T) == 2 ? 3 : sizeof(T) == 4 ? 5 : 7;
    return static_cast<Dtype>(kind + (std::is_unsigned_v<T> ? 1 : 0));
  }
}

template <class T>
Array Array::of(std::vector<T> values, Shape shape) {
  auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  if (shape == Shape{-1}) shape = {static_cast<std::int64_t>(owner->size())};
  const auto bytes = std::as_bytes(std::span<const T>(*owner));
  return Array(dtype_of<T>(), std::move(shape), bytes, std::move(owner));
}

}  // namespace ordo
