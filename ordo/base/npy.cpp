// An NPY file (NEP 1) is "\x93NUMPY", two bytes of version, the header's length (2 bytes in version
// 1, else 4), a header that is a Python dictionary of three known keys, and the elements. The
// dictionary is parsed by hand: its grammar here is strings, True, False and a tuple of integers.
#include "ordo/base/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "ordo/base/archive.h"
#include "ordo/base/bytes.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic("\x93NUMPY", 6);

struct Header {
  std::string descr;
  std::optional<bool> is_fortran;
  std::optional<Shape> shape;
};

class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::size_t start, const std::string& source)
      : text_(text), start_(start), source_(source) {}

  Header parse() {
    Header header;
    expect('{');
    while (!take('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr" && header.descr.empty()) {
        if (peek() == '[') fail("records are not supported; save each field as an array");
        header.descr = string();
      } else if (key == "fortran_order" && !header.is_fortran) {
        header.is_fortran = boolean();
      } else if (key == "shape" && !header.shape) {
        header.shape = tuple();
      } else {
        fail(fmt::format("the key '{}' is unknown or repeated", key));
      }
      if (!take(',') && peek() != '}') fail("expected ',' or '}'");
    }
    if (peek() != '\0') fail("text follows the dictionary");
    if (header.descr.empty() || !header.is_fortran || !header.shape) {
      fail("expected the keys 'descr', 'fortran_order' and 'shape'");
    }
    return header;
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw InputError({.source = source_, .field = fmt::format("byte {}", start_ + at_)},
                     "malformed NPY header: " + reason);
  }

 private:
  char peek() {
    at_ = std::min(text_.find_first_not_of(" \n\t\r", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail(fmt::format("expected '{}'", c));
  }

  bool take_word(std::string_view word) {
    peek();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("expected a string");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a string never ends");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }

  bool boolean() {
    if (take_word("True")) return true;
    if (!take_word("False")) fail("expected True or False");
    return false;
  }

  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      if (shape.size() == 64) fail("over 64 dimensions");
      peek();
      std::int64_t extent = 0;
      const char* const end = text_.data() + text_.size();
      const auto [rest, error] = std::from_chars(text_.data() + at_, end, extent);
      if (error != std::errc() || extent < 0) fail("expected an extent of at least 0");
      at_ = static_cast<std::size_t>(rest - text_.data());
      shape.push_back(extent);
      take_word("L");  // Python 2 wrote long integers so
      if (!take(',') && peek() != ')') fail("expected ',' or ')'");
    }
    return shape;
  }

  std::string_view text_;
  std::size_t start_, at_ = 0;
  const std::string& source_;
};

struct TypeCode {
  std::string_view code;
  Dtype dtype;
};

constexpr TypeCode kCodes[] = {
    {"b1", Dtype::boolean},   {"i1", Dtype::int8},       {"u1", Dtype::uint8},
    {"i2", Dtype::int16},     {"u2", Dtype::uint16},     {"i4", Dtype::int32},
    {"u4", Dtype::uint32},    {"i8", Dtype::int64},      {"u8", Dtype::uint64},
    {"f2", Dtype::float16},   {"f4", Dtype::float32},    {"f8", Dtype::float64},
    {"c8", Dtype::complex64}, {"c16", Dtype::complex128}};

std::optional<Dtype> dtype_of_code(std::string_view code) {
  for (const TypeCode& known : kCodes) {
    if (known.code == code) return known.dtype;
  }
  return std::nullopt;
}

void swap_bytes(std::span<std::byte> bytes, Dtype dtype) {
  const bool is_complex = dtype == Dtype::complex64 || dtype == Dtype::complex128;
  const std::size_t size = size_of(dtype) / (is_complex ? 2 : 1);
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    std::reverse(bytes.data() + at, bytes.data() + at + size);
  }
}

// Column-major elements in row-major order.
std::vector<std::byte> transposed(std::span<const std::byte> from, const Shape& shape,
                                  std::size_t size) {
  std::vector<std::byte> to(from.size());
  std::vector<std::size_t> strides(shape.size(), 1), index(shape.size(), 0);
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    strides[axis] = strides[axis - 1] * static_cast<std::size_t>(shape[axis - 1]);
  }
  std::size_t source = 0;
  for (std::size_t at = 0; at < to.size(); at += size) {
    std::memcpy(to.data() + at, from.data() + source * size, size);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      source += strides[axis];
      if (++index[axis] < static_cast<std::size_t>(shape[axis])) break;
      source -= strides[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return to;
}

// `owner` keeps `bytes` alive; null: they are copied.
Array parse(std::string_view bytes, const std::string& source, std::shared_ptr<const void> owner) {
  const auto fail = [&](const std::string& reason) -> void {
    throw InputError({.source = source}, reason);
  };
  if (!bytes.starts_with(kMagic) || bytes.size() < 10) fail("this is no NPY file");
  const int version = bytes[6];
  if (version < 1 || version > 3 || bytes[7] != 0) {
    fail(fmt::format("NPY version {}.{}; expected 1.0, 2.0 or 3.0", version, +bytes[7]));
  }
  if (version > 1 && bytes.size() < 12) fail("the file ends within its header");
  const std::size_t start = version == 1 ? 10 : 12;
  const std::size_t length =
      version == 1 ? load_little<std::uint16_t>(bytes, 8) : load_little<std::uint32_t>(bytes, 8);
  if (bytes.size() - start < length) fail("the file ends within its header");
  const Header header = HeaderParser(bytes.substr(start, length), start, source).parse();

  const char order = header.descr[0];
  const auto dtype = dtype_of_code(std::string_view(header.descr).substr(1));
  if (!dtype || (order != '<' && order != '>' && order != '|' && order != '=')) {
    fail(fmt::format("elements of type '{}'; expected bool, integers, floats or complex numbers",
                     header.descr));
  }
  std::int64_t count = 0;
  try {
    count = count_of(*header.shape);
  } catch (const NumericError& error) {
    fail(error.what());
  }
  const std::string_view body = bytes.substr(start + length);
  if (body.size() % size_of(*dtype) != 0 ||
      body.size() / size_of(*dtype) != static_cast<std::size_t>(count)) {
    fail(fmt::format("shape {} of {} does not fit {} bytes of data", to_string(*header.shape),
                     name_of(*dtype), body.size()));
  }
  const auto data = std::as_bytes(std::span(body));
  const bool is_swapped = order == '>' && size_of(*dtype) > 1;
  const bool is_transposed = *header.is_fortran && header.shape->size() > 1;
  const bool is_aligned = std::bit_cast<std::uintptr_t>(data.data()) % 8 == 0;
  if (owner && !is_swapped && !is_transposed && is_aligned) {
    return Array(*dtype, *header.shape, data, std::move(owner));
  }
  auto copy = std::make_shared<std::vector<std::byte>>(
      is_transposed ? transposed(data, *header.shape, size_of(*dtype))
                    : std::vector<std::byte>(data.begin(), data.end()));
  if (is_swapped) swap_bytes(*copy, *dtype);
  const std::span<const std::byte> elements(*copy);
  return Array(*dtype, *header.shape, elements, std::move(copy));
}

}  // namespace

Array parse_npy(std::string_view bytes, const std::string& source) {
  return parse(bytes, source, nullptr);
}

Array read_npy(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  const std::string_view bytes = file->text();
  return parse(bytes, path.string(), std::move(file));
}

std::string to_npy(const Array& array) {
  const auto known = std::find_if(std::begin(kCodes), std::end(kCodes), [&](const TypeCode& code) {
    return code.dtype == array.dtype();
  });
  if (known == std::end(kCodes)) {
    throw UsageError(
        fmt::format("NumPy has no type {}; convert to float32 first", name_of(array.dtype())));
  }
  std::string extents;
  for (const std::int64_t extent : array.shape()) extents += fmt::format("{}, ", extent);
  if (array.shape().size() > 1) extents.resize(extents.size() - 2);
  if (array.shape().size() == 1) extents.pop_back();
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                   size_of(array.dtype()) == 1 ? '|' : '<', known->code, extents);
  // The elements begin at a multiple of 64, as NumPy does it; the header ends with a newline.
  const std::size_t before = header.size() + 1 > 65000 ? 12 : 10;
  header.append((64 - (before + header.size() + 1) % 64) % 64, ' ').push_back('\n');
  std::string bytes(kMagic);
  bytes.append(before == 10 ? std::string_view("\x01\0", 2) : std::string_view("\x02\0", 2));
  if (before == 10)
    append_little<std::uint16_t>(bytes, static_cast<std::uint16_t>(header.size()));
  else
    append_little<std::uint32_t>(bytes, static_cast<std::uint32_t>(header.size()));
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(array.bytes().data()), array.bytes().size());
  return bytes;
}

void write_npy(const std::filesystem::path& path, const Array& array) {
  write_file_atomic(path, to_npy(array));
}

NamedArrays parse_npz(std::string_view bytes, const std::string& source) {
  const ZipReader zip(bytes, source);
  NamedArrays arrays;
  for (const ZipEntry& entry : zip.entries()) {
    std::string name = entry.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    arrays.emplace_back(name, parse_npy(zip.read(entry), source + ": " + entry.name));
  }
  return arrays;
}

NamedArrays read_npz(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_npz(file.text(), path.string());
}

std::string to_npz(const NamedArrays& arrays, NpzCompression compression) {
  ZipWriter zip;
  for (const auto& [name, array] : arrays) {
    zip.add(name + ".npy", to_npy(array),
            compression == NpzCompression::deflate ? ZipMethod::deflated : ZipMethod::stored);
  }
  return zip.finish();
}

void write_npz(const std::filesystem::path& path, const NamedArrays& arrays,
               NpzCompression compression) {
  write_file_atomic(path, to_npz(arrays, compression));
}

}  // namespace ordo
