#include "ordo/models/gguf.h"

#include <bit>
#include <limits>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/base/bytes.h"
#include "ordo/base/error.h"
#include "ordo/models/gguf_format.h"

namespace ordo::models {
namespace {

constexpr int kMaxNesting = 4;  // arrays within arrays

using Value = GgufValue;

class Reader {
 public:
  Reader(std::string_view bytes, std::string source) : bytes_(bytes), source_(std::move(source)) {}

  std::size_t position() const { return position_; }
  std::size_t left() const { return bytes_.size() - position_; }
  const std::string& source() const { return source_; }

  [[noreturn]] void fail(const std::string& field, const std::string& message) const {
    throw InputError({.source = source_, .field = field},
                     fmt::format("{} (at byte {})", message, position_));
  }

  template <class T>
  T number(const std::string& what) {
    if (left() < sizeof(T)) fail(what, "the file ends here; it is truncated");
    const T value = load_little<T>(bytes_, position_);
    position_ += sizeof(T);
    return value;
  }

  std::string string(const std::string& what) {
    const auto length = number<std::uint64_t>(what);
    if (length > left()) {
      fail(what, fmt::format("a string of {} bytes, but only {} are left", length, left()));
    }
    std::string text(bytes_.substr(position_, length));
    position_ += length;
    return text;
  }

  /// A number of things that take at least `each` bytes, so that a lie is found before memory is
  /// taken for it.
  std::uint64_t count(const std::string& what, std::size_t each) {
    const auto number_of = number<std::uint64_t>(what);
    if (number_of > left() / each) {
      fail(what,
           fmt::format("{} of them cannot be in the {} bytes that are left", number_of, left()));
    }
    return number_of;
  }

  Json value(Value type, const std::string& key, int depth = 0);

 private:
  std::string_view bytes_;
  std::string source_;
  std::size_t position_ = 0;
};

std::size_t least_size(Value type) {
  switch (type) {
    case Value::u8:
    case Value::i8:
    case Value::boolean:
      return 1;
    case Value::u16:
    case Value::i16:
      return 2;
    case Value::u32:
    case Value::i32:
    case Value::f32:
      return 4;
    case Value::array:
      return 12;
    default:
      return 8;
  }
}

Json Reader::value(Value type, const std::string& key, int depth) {
  switch (type) {
    case Value::u8:
      return Json(std::int64_t{number<std::uint8_t>(key)});
    case Value::i8:
      return Json(std::int64_t{static_cast<std::int8_t>(number<std::uint8_t>(key))});
    case Value::u16:
      return Json(std::int64_t{number<std::uint16_t>(key)});
    case Value::i16:
      return Json(std::int64_t{static_cast<std::int16_t>(number<std::uint16_t>(key))});
    case Value::u32:
      return Json(std::int64_t{number<std::uint32_t>(key)});
    case Value::i32:
      return Json(std::int64_t{static_cast<std::int32_t>(number<std::uint32_t>(key))});
    case Value::f32:
      return Json(double{std::bit_cast<float>(number<std::uint32_t>(key))});
    case Value::boolean:
      return Json(number<std::uint8_t>(key) != 0);
    case Value::string:
      return Json(string(key));
    case Value::u64: {
      const auto whole = number<std::uint64_t>(key);
      if (whole > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        fail(key, fmt::format("the number {} is too large", whole));
      }
      return Json(static_cast<std::int64_t>(whole));
    }
    case Value::i64:
      return Json(static_cast<std::int64_t>(number<std::uint64_t>(key)));
    case Value::f64:
      return Json(std::bit_cast<double>(number<std::uint64_t>(key)));
    case Value::array: {
      if (depth == kMaxNesting) fail(key, "arrays within arrays too deep");
      const auto inner = static_cast<Value>(number<std::uint32_t>(key));
      const std::uint64_t size = count(key, least_size(inner));
      Json::Array items;
      items.reserve(size);
      for (std::uint64_t item = 0; item < size; ++item) {
        items.push_back(value(inner, key, depth + 1));
      }
      return Json(std::move(items));
    }
  }
  fail(key, fmt::format("a value of the unknown type {}", static_cast<std::uint32_t>(type)));
}

struct Placed {
  GgufTensor tensor;
  std::uint64_t offset, size;
};

// Extents come innermost first.
Shape shape_of(Reader& reader, const std::string& name) {
  const auto dimensions = reader.number<std::uint32_t>(name);
  if (dimensions > kGgufMaxDimensions) {
    reader.fail(name,
                fmt::format("{} dimensions; there are at most {}", dimensions, kGgufMaxDimensions));
  }
  Shape shape(dimensions);
  for (std::uint32_t axis = 0; axis < dimensions; ++axis) {
    const auto extent = reader.number<std::uint64_t>(name);
    if (extent > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      reader.fail(name, fmt::format("an extent of {}", extent));
    }
    shape[dimensions - 1 - axis] = static_cast<std::int64_t>(extent);
  }
  return shape;
}

Placed tensor_of(Reader& reader) {
  Placed placed;
  GgufTensor& tensor = placed.tensor;
  tensor.name = reader.string("a tensor's name");
  tensor.shape = shape_of(reader, tensor.name);
  const auto type = reader.number<std::uint32_t>(tensor.name);
  tensor.type = static_cast<GgufType>(type);
  const auto layout = layout_of(tensor.type);
  if (!layout) {
    reader.fail(tensor.name,
                fmt::format("its numbers are of the type {}, which cannot be read; those that can "
                            "are F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K and Q6_K",
                            gguf_type_name(type)));
  }
  std::int64_t count = 0;
  try {
    count = count_of(tensor.shape);
  } catch (const NumericError& error) {
    reader.fail(tensor.name, error.what());
  }
  const std::int64_t innermost = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (innermost % static_cast<std::int64_t>(layout->numbers) != 0) {
    reader.fail(tensor.name, fmt::format("rows of {} do not consist of {}'s blocks of {}",
                                         innermost, layout->name, layout->numbers));
  }
  const std::uint64_t blocks = static_cast<std::uint64_t>(count) / layout->numbers;
  if (blocks > std::numeric_limits<std::uint64_t>::max() / layout->bytes) {
    reader.fail(tensor.name, "its shape is too large");
  }
  placed.size = blocks * layout->bytes;
  placed.offset = reader.number<std::uint64_t>(tensor.name);
  return placed;
}

std::uint64_t alignment_of(const Reader& reader, const JsonObject& metadata) {
  const Json* const given = metadata.find("general.alignment");
  if (given == nullptr) return kGgufAlignment;
  const std::int64_t alignment = given->is_int() ? given->as_int() : 0;
  if (alignment < 1 || alignment > 1 << 20 ||
      !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    reader.fail("general.alignment",
                fmt::format("expected a power of two, found {}", given->dump()));
  }
  return static_cast<std::uint64_t>(alignment);
}

std::uint32_t read_version(Reader& reader) {
  if (reader.left() < 4 || reader.number<std::uint32_t>("magic") != kGgufMagic) {
    throw InputError({.source = reader.source()}, "is no GGUF file: it does not begin with 'GGUF'");
  }
  const auto version = reader.number<std::uint32_t>("version");
  if (version != 2 && version != 3) {
    reader.fail("version", version >> 16 != 0
                               ? std::string("the file is big-endian, which cannot be read")
                               : fmt::format("version {}; 2 and 3 can be read", version));
  }
  return version;
}

}  // namespace

const GgufTensor* Gguf::find(std::string_view name) const {
  for (const GgufTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Gguf parse_gguf(std::string_view bytes, const std::string& source,
                std::shared_ptr<const void> owner) {
  Reader reader(bytes, source);
  Gguf result;
  result.owner = std::move(owner);
  result.source = source;
  result.version = read_version(reader);
  const std::uint64_t tensors = reader.count("number of tensors", 24);
  const std::uint64_t entries = reader.count("number of entries", 13);
  for (std::uint64_t entry = 0; entry < entries; ++entry) {
    const std::string key = reader.string("a key");
    if (result.metadata.contains(key)) reader.fail(key, "the key is there twice");
    const auto type = static_cast<Value>(reader.number<std::uint32_t>(key));
    result.metadata[key] = reader.value(type, key);
  }
  std::vector<Placed> placed;
  std::unordered_set<std::string> names;
  for (std::uint64_t tensor = 0; tensor < tensors; ++tensor) {
    placed.push_back(tensor_of(reader));
    const std::string& name = placed.back().tensor.name;
    if (!names.insert(name).second) reader.fail(name, "the tensor is there twice");
  }
  const std::uint64_t alignment = alignment_of(reader, result.metadata);
  const std::uint64_t begin = (reader.position() + alignment - 1) / alignment * alignment;
  const std::uint64_t room = begin > bytes.size() ? 0 : bytes.size() - begin;
  for (Placed& one : placed) {
    if (one.offset % alignment != 0 || one.offset > room || one.size > room - one.offset) {
      reader.fail(one.tensor.name,
                  fmt::format("its {} bytes at {} are not inside the file's {} bytes of data (or "
                              "not at a multiple of {}); the file is truncated or damaged",
                              one.size, one.offset, room, alignment));
    }
    if (one.size > 0) {
      one.tensor.bytes = std::as_bytes(std::span(bytes)).subspan(begin + one.offset, one.size);
    }
    result.tensors.push_back(std::move(one.tensor));
  }
  return result;
}

Gguf read_gguf(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  const std::string_view bytes = file->text();
  return parse_gguf(bytes, path.string(), std::move(file));
}

std::vector<float> to_floats(const GgufTensor& tensor) {
  std::vector<float> numbers(static_cast<std::size_t>(count_of(tensor.shape)));
  unpack(tensor.type, tensor.bytes, numbers);
  return numbers;
}

}  // namespace ordo::models
