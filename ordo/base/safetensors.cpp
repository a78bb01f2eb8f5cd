// The format: 8 bytes with the header's length, a JSON object {name: {"dtype", "shape",
// "data_offsets": [begin, end]}}, then the data, to which the offsets are relative.
#include "ordo/base/safetensors.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "ordo/base/bytes.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/json.h"

namespace ordo {
namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;  // as the reference implementation
constexpr std::string_view kMetadata = "__metadata__";

struct TypeName {
  std::string_view name;
  Dtype dtype;
};

constexpr TypeName kTypes[] = {
    {"BOOL", Dtype::boolean}, {"I8", Dtype::int8},       {"U8", Dtype::uint8},
    {"I16", Dtype::int16},    {"U16", Dtype::uint16},    {"I32", Dtype::int32},
    {"U32", Dtype::uint32},   {"I64", Dtype::int64},     {"U64", Dtype::uint64},
    {"F16", Dtype::float16},  {"BF16", Dtype::bfloat16}, {"F32", Dtype::float32},
    {"F64", Dtype::float64},  {"C64", Dtype::complex64}};

struct Entry {
  std::string name;
  Dtype dtype;
  Shape shape;
  std::uint64_t begin, end;
};

std::uint64_t offset(const Json& value, const std::string& where) {
  const std::int64_t number = value.as_int(where);
  if (number < 0) throw InputError({.field = where}, "expected at least 0");
  return static_cast<std::uint64_t>(number);
}

Entry entry_of(const std::string& name, const Json& value) {
  const std::string where = "/" + name;
  const std::string& type = value.at("dtype", where).as_string(where + "/dtype");
  const auto known = std::find_if(std::begin(kTypes), std::end(kTypes),
                                  [&](const TypeName& one) { return one.name == type; });
  if (known == std::end(kTypes)) {
    throw InputError({.field = where + "/dtype"}, fmt::format("the type '{}' is unknown", type));
  }
  Entry entry{.name = name, .dtype = known->dtype, .shape = {}, .begin = 0, .end = 0};
  for (const Json& extent : value.at("shape", where).as_array(where + "/shape")) {
    entry.shape.push_back(static_cast<std::int64_t>(offset(extent, where + "/shape")));
  }
  const Json::Array& offsets = value.at("data_offsets", where).as_array(where + "/data_offsets");
  if (offsets.size() != 2) throw InputError({.field = where + "/data_offsets"}, "expected two");
  entry.begin = offset(offsets[0], where + "/data_offsets");
  entry.end = offset(offsets[1], where + "/data_offsets");
  std::int64_t count = 0;
  try {
    count = count_of(entry.shape);
  } catch (const NumericError& error) {
    throw InputError({.field = where + "/shape"}, error.what());
  }
  const std::uint64_t size = size_of(entry.dtype);
  if (entry.end < entry.begin || (entry.end - entry.begin) % size != 0 ||
      (entry.end - entry.begin) / size != static_cast<std::uint64_t>(count)) {
    throw InputError({.field = where},
                     fmt::format("offsets {} to {} do not hold shape {} of {}", entry.begin,
                                 entry.end, to_string(entry.shape), type));
  }
  return entry;
}

std::vector<Entry> entries_of(const Json& header, std::size_t data_size, Safetensors& result) {
  std::vector<Entry> entries;
  for (const JsonMember& member : header.as_object("/")) {
    if (member.key != kMetadata) {
      entries.push_back(entry_of(member.key, member.value));
      continue;
    }
    for (const JsonMember& text : member.value.as_object("/__metadata__")) {
      result.metadata.emplace_back(text.key, text.value.as_string("/__metadata__/" + text.key));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      throw InputError({.field = "/" + entry.name},
                       fmt::format("its data begin at {}, expected {}: the data {}", entry.begin,
                                   end, entry.begin > end ? "have a gap" : "overlap"));
    }
    end = entry.end;
  }
  if (end != data_size) {
    throw InputError(
        {}, fmt::format("the header describes {} bytes of data, the file has {}", end, data_size));
  }
  return entries;
}

}  // namespace

const Array* Safetensors::find(std::string_view name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const auto& tensor) { return tensor.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

const Array& Safetensors::at(std::string_view name) const {
  if (const Array* tensor = find(name)) return *tensor;
  throw InputError({}, fmt::format("there is no tensor '{}' among {}", name, tensors.size()));
}

Safetensors parse_safetensors(std::string_view bytes, const std::string& source,
                              std::shared_ptr<const void> owner) {
  if (bytes.size() < 8) throw InputError({.source = source}, "too short for a safetensors file");
  const auto length = load_little<std::uint64_t>(bytes, 0);
  if (length > kMaxHeader || length > bytes.size() - 8) {
    throw InputError({.source = source},
                     fmt::format("a header of {} bytes; the file has {} and the limit is {}",
                                 length, bytes.size(), kMaxHeader));
  }
  const std::string_view text = bytes.substr(8, length);
  if (!text.starts_with('{')) throw InputError({.source = source}, "the header is no JSON object");
  const Json header = parse_json(text, source);
  const auto data = std::as_bytes(std::span(bytes.substr(8 + length)));
  Safetensors result;
  std::vector<Entry> entries;
  try {
    entries = entries_of(header, data.size(), result);
  } catch (const InputError& error) {
    throw InputError({.source = source}, error.what());
  }
  for (Entry& entry : entries) {
    const auto part = data.subspan(entry.begin, entry.end - entry.begin);
    const bool is_aligned = std::bit_cast<std::uintptr_t>(part.data()) % size_of(entry.dtype) == 0;
    result.tensors.emplace_back(std::move(entry.name),
                                owner && is_aligned
                                    ? Array(entry.dtype, std::move(entry.shape), part, owner)
                                    : Array::copy_of(entry.dtype, std::move(entry.shape), part));
  }
  return result;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  const std::string_view bytes = file->text();
  return parse_safetensors(bytes, path.string(), std::move(file));
}

std::string to_safetensors(const Safetensors& contents) {
  auto tensors = contents.tensors;
  std::sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    const std::size_t size_a = size_of(a.second.dtype()), size_b = size_of(b.second.dtype());
    return size_a != size_b ? size_a > size_b : a.first < b.first;
  });
  JsonObject header;
  JsonObject metadata;
  for (const auto& [key, text] : contents.metadata) metadata[key] = text;
  if (!metadata.empty()) header[kMetadata] = std::move(metadata);
  std::uint64_t end = 0;
  for (const auto& [name, array] : tensors) {
    const auto known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const TypeName& one) {
      return one.dtype == array.dtype();
    });
    if (known == std::end(kTypes)) {
      throw UsageError(fmt::format("safetensors has no type {}", name_of(array.dtype())));
    }
    if (name == kMetadata || header.contains(name)) {
      throw UsageError(fmt::format("the tensor name '{}' is reserved or used twice", name));
    }
    const std::uint64_t begin = std::exchange(end, end + array.bytes().size());
    header[name] = Json::object({{"dtype", known->name},
                                 {"shape", Json::array_of(array.shape())},
                                 {"data_offsets", Json::array({begin, end})}});
  }
  std::string text = Json(std::move(header)).dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string bytes;
  bytes.reserve(8 + text.size() + end);
  append_little<std::uint64_t>(bytes, text.size());
  bytes += text;
  for (const auto& [name, array] : tensors) {
    bytes.append(reinterpret_cast<const char*>(array.bytes().data()), array.bytes().size());
  }
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& contents) {
  write_file_atomic(path, to_safetensors(contents));
}

}  // namespace ordo
