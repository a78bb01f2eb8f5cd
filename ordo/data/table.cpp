// IDX: two zero bytes, a type byte, the number of dimensions, each extent in 4 bytes, the elements;
// everything big-endian.
#include "ordo/data/table.h"

#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/archive.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/npy.h"

namespace ordo::data {
namespace {

Dtype idx_type(unsigned char code, const std::string& source) {
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
      throw InputError({.source = source}, fmt::format("the IDX type 0x{:02x} is unknown", code));
  }
}

CsvTable table_of(const Array& array, const std::string& source) {
  if (array.shape().empty() || array.shape().size() > 2) {
    throw InputError({.source = source}, fmt::format("expected shape [rows, columns], found {}",
                                                     to_string(array.shape())));
  }
  const auto rows = static_cast<std::size_t>(array.shape()[0]);
  const auto count = array.shape().size() == 2 ? static_cast<std::size_t>(array.shape()[1]) : 1;
  const std::vector<double> values = array.to_doubles();
  std::vector<CsvColumn> columns(values.empty() && rows > 0 ? 0 : count);
  for (std::size_t column = 0; column < columns.size(); ++column) {
    std::vector<double> one(rows);
    for (std::size_t row = 0; row < rows; ++row) one[row] = values[row * count + column];
    columns[column] = {fmt::format("c{}", column), std::move(one)};
  }
  return CsvTable(source, std::move(columns));
}

}  // namespace

Array read_idx(const std::filesystem::path& path) {
  const std::string source = path.string();
  std::string bytes = read_file(path);
  if (is_gzip(bytes)) bytes = gunzip(bytes, source);
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (bytes.size() < 4 || byte(0) != 0 || byte(1) != 0) {
    throw InputError({.source = source}, "this is no IDX file");
  }
  const Dtype dtype = idx_type(byte(2), source);
  const std::size_t start = 4 + 4 * std::size_t{byte(3)};
  if (bytes.size() < start) throw InputError({.source = source}, "ends within its header");
  Shape shape;
  for (std::size_t at = 4; at < start; at += 4) {
    shape.push_back(std::int64_t{byte(at)} << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 |
                    byte(at + 3));
  }
  const std::size_t size = size_of(dtype);
  std::vector<std::byte> data(bytes.size() - start);
  std::transform(bytes.begin() + static_cast<std::ptrdiff_t>(start), bytes.end(), data.begin(),
                 [](char c) { return static_cast<std::byte>(c); });
  std::int64_t count = 0;
  try {
    count = count_of(shape);
  } catch (const NumericError& error) {
    throw InputError({.source = source}, error.what());
  }
  if (data.size() % size != 0 || data.size() / size != static_cast<std::size_t>(count)) {
    throw InputError({.source = source},
                     fmt::format("shape {} of {} does not fit {} bytes", to_string(shape),
                                 name_of(dtype), data.size()));
  }
  for (std::size_t at = 0; size > 1 && at < data.size(); at += size) {
    std::reverse(data.data() + at, data.data() + at + size);
  }
  return Array::copy_of(dtype, std::move(shape), data);
}

CsvTable read_table(const std::filesystem::path& path) {
  if (path.extension() == ".npy") return table_of(read_npy(path), path.string());
  return read_csv(path, {.delimiter = path.extension() == ".tsv" ? '\t' : ','});
}

}  // namespace ordo::data
