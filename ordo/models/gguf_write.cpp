#include "ordo/models/gguf_write.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/base/atomic_file.h"
#include "ordo/base/bytes.h"
#include "ordo/base/error.h"
#include "ordo/models/gguf_format.h"

namespace ordo::models {
namespace {

using Value = GgufValue;
using Sink = std::function<void(std::string_view)>;

[[noreturn]] void refuse(const std::string& name, const std::string& message) {
  throw UsageError(fmt::format("'{}' cannot be written into a GGUF file: {}", name, message));
}

std::uint64_t aligned(std::uint64_t size) {
  return (size + kGgufAlignment - 1) / kGgufAlignment * kGgufAlignment;
}

void append_string(std::string& bytes, std::string_view text) {
  append_little(bytes, std::uint64_t{text.size()});
  bytes += text;
}

bool fits_int32(std::int64_t number) {
  return number >= std::numeric_limits<std::int32_t>::min() &&
         number <= std::numeric_limits<std::int32_t>::max();
}

Value type_of_one(const Json& value, const std::string& key) {
  if (value.is_bool()) return Value::boolean;
  if (value.is_string()) return Value::string;
  if (value.is_array()) return Value::array;
  if (value.is_int()) {
    const bool fits = value.as_int() >= 0 &&
                      value.as_int() <= std::int64_t{std::numeric_limits<std::uint32_t>::max()};
    return fits ? Value::u32 : Value::i64;
  }
  if (value.is_number()) return Value::f32;
  refuse(key, fmt::format("there is no type for {}", value.type_name()));
}

// Whole numbers among others count as numbers: JSON writes 1.0 as 1.
Value type_of_items(const Json::Array& items, const std::string& key) {
  const auto all = [&](auto is_so) { return std::ranges::all_of(items, is_so); };
  if (all([](const Json& item) { return item.is_string(); })) return Value::string;
  if (all([](const Json& item) { return item.is_bool(); })) return Value::boolean;
  if (all([](const Json& item) { return item.is_int(); })) {
    return all([](const Json& item) { return fits_int32(item.as_int()); }) ? Value::i32
                                                                           : Value::i64;
  }
  if (all([](const Json& item) { return item.is_number(); })) return Value::f32;
  refuse(key, "expected an array of strings, of numbers or of booleans");
}

void append_one(std::string& bytes, const Json& value, Value type) {
  switch (type) {
    case Value::boolean:
      append_little(bytes, static_cast<std::uint8_t>(value.as_bool()));
      break;
    case Value::string:
      append_string(bytes, value.as_string());
      break;
    case Value::f32:
      append_little(bytes, std::bit_cast<std::uint32_t>(static_cast<float>(value.as_double())));
      break;
    case Value::i64:
      append_little(bytes, static_cast<std::uint64_t>(value.as_int()));
      break;
    default:  // u32, i32
      append_little(bytes, static_cast<std::uint32_t>(value.as_int()));
  }
}

void append_entry(std::string& bytes, const std::string& key, const Json& value) {
  if (key == "general.alignment") refuse(key, "data always begin at multiples of 32");
  append_string(bytes, key);
  const Value type = type_of_one(value, key);
  append_little(bytes, static_cast<std::uint32_t>(type));
  if (type != Value::array) return append_one(bytes, value, type);
  const Json::Array& items = value.as_array();
  const Value inner = type_of_items(items, key);
  append_little(bytes, static_cast<std::uint32_t>(inner));
  append_little(bytes, std::uint64_t{items.size()});
  for (const Json& item : items) append_one(bytes, item, inner);
}

// Bytes of its data.
std::uint64_t size_of(const GgufOutput& tensor) {
  const auto layout = layout_of(tensor.type);
  const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (!layout || row % static_cast<std::int64_t>(layout->numbers) != 0) {
    refuse(tensor.name, fmt::format("rows of {} do not consist of {}'s blocks", row,
                                    gguf_type_name(static_cast<std::uint32_t>(tensor.type))));
  }
  return static_cast<std::uint64_t>(count_of(tensor.shape)) / layout->numbers * layout->bytes;
}

void append_table(std::string& bytes, const std::vector<GgufOutput>& tensors) {
  std::uint64_t offset = 0;
  std::unordered_set<std::string_view> names;
  for (const GgufOutput& tensor : tensors) {
    if (!names.insert(tensor.name).second) refuse(tensor.name, "the tensor is there twice");
    if (tensor.shape.size() > kGgufMaxDimensions) {
      refuse(tensor.name, fmt::format("it has {} dimensions, more than {}", tensor.shape.size(),
                                      kGgufMaxDimensions));
    }
    append_string(bytes, tensor.name);
    append_little(bytes, static_cast<std::uint32_t>(tensor.shape.size()));
    for (auto extent = tensor.shape.rbegin(); extent != tensor.shape.rend(); ++extent) {
      append_little(bytes, static_cast<std::uint64_t>(*extent));
    }
    append_little(bytes, static_cast<std::uint32_t>(tensor.type));
    append_little(bytes, offset);
    offset += aligned(size_of(tensor));
  }
}

std::string header_of(const GgufContents& contents) {
  std::string bytes;
  append_little(bytes, kGgufMagic);
  append_little(bytes, kGgufVersion);
  append_little(bytes, std::uint64_t{contents.tensors.size()});
  append_little(bytes, std::uint64_t{contents.metadata.size()});
  for (const JsonMember& entry : contents.metadata) append_entry(bytes, entry.key, entry.value);
  append_table(bytes, contents.tensors);
  return bytes;
}

std::vector<std::byte> packed(const GgufOutput& tensor) {
  const std::vector<float> numbers = tensor.numbers();
  if (std::cmp_not_equal(numbers.size(), count_of(tensor.shape))) {
    refuse(tensor.name, fmt::format("it has {} numbers, but the shape {}", numbers.size(),
                                    to_string(tensor.shape)));
  }
  try {
    return pack(tensor.type, numbers);
  } catch (const UsageError& error) {
    refuse(tensor.name, error.what());
  } catch (const NumericError& error) {
    throw NumericError(
        fmt::format("the tensor '{}': {}; another type may", tensor.name, error.what()));
  }
}

// Everything is padded to the alignment, the last tensor too.
void write(const GgufContents& contents, const Sink& sink) {
  const auto pad = [&](std::uint64_t size) { sink(std::string(aligned(size) - size, '\0')); };
  const std::string header = header_of(contents);
  sink(header);
  pad(header.size());
  for (const GgufOutput& tensor : contents.tensors) {
    const std::vector<std::byte> bytes = packed(tensor);
    sink({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    pad(bytes.size());
  }
}

}  // namespace

void write_gguf(const std::filesystem::path& path, const GgufContents& contents) {
  AtomicFile file(path);
  write(contents, [&](std::string_view bytes) { file.write(bytes); });
  file.commit();
}

std::string to_gguf(const GgufContents& contents) {
  std::string whole;
  write(contents, [&](std::string_view bytes) { whole += bytes; });
  return whole;
}

}  // namespace ordo::models
