#include "ordo/data/table.h"

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/npy.h"

namespace ordo::data {
namespace {

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

CsvTable read_table(const std::filesystem::path& path) {
  if (path.extension() == ".npy") return table_of(read_npy(path), path.string());
  return read_csv(path, {.delimiter = path.extension() == ".tsv" ? '\t' : ','});
}

}  // namespace ordo::data
