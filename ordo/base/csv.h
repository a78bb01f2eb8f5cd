// CSV as RFC 4180 describes it, and what is found in the wild: other delimiters, CRLF or LF, a byte
// order mark, newlines inside quotes. `read_csv` gives typed columns; `visit_csv` streams rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ordo/base/error.h"

namespace ordo {

enum class CsvHeader { present, absent };
enum class ColumnType { integer, number, text };

struct CsvOptions {
  char delimiter = ',';                   ///< not a quote, newline or letter
  CsvHeader header = CsvHeader::present;  ///< absent: columns are named c0, c1, ...
  /// Declared types by column name; the others are inferred: integer if every field is one, else
  /// number if every field is one (an empty field is NaN), else text.
  std::vector<std::pair<std::string, ColumnType>> types = {};
};

/// A column; the alternative says its type.
struct CsvColumn {
  std::string name;
  std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>> values;

  ColumnType type() const { return static_cast<ColumnType>(values.index()); }
  std::size_t size() const;
};

/// Columns of equal length.
class CsvTable {
 public:
  CsvTable() = default;
  /// Throws UsageError if the columns differ in length or two share a name.
  CsvTable(std::string source, std::vector<CsvColumn> columns);

  const std::string& source() const { return source_; }
  const std::vector<CsvColumn>& columns() const { return columns_; }
  std::size_t rows() const { return columns_.empty() ? 0 : columns_[0].size(); }
  const CsvColumn* find(std::string_view name) const;
  /// Throws InputError naming the nearest column if there is none of that name.
  const CsvColumn& at(std::string_view name) const;
  // Each throws InputError if the column is missing or has another type.
  std::span<const std::int64_t> integers(std::string_view name) const;
  std::span<const std::string> texts(std::string_view name) const;
  /// Integers are converted.
  std::vector<double> numbers(std::string_view name) const;

 private:
  std::string source_;
  std::vector<CsvColumn> columns_;
};

/// One row while it is visited; the fields live until the visitor returns.
struct CsvRow {
  std::size_t line = 0;                      ///< of the file, where the row begins, from 1
  std::span<const std::string_view> fields;  ///< unquoted
};

/// Calls `visit` for each row after the header, in order. Empty lines are skipped. Throws
/// InputError with line and column for a quote that is misplaced or never closes, and for rows
/// whose number of fields differs from the first row's. Returns the column names.
std::vector<std::string> visit_csv(std::string_view text, const std::string& source,
                                   const CsvOptions& options,
                                   const std::function<void(const CsvRow&)>& visit);

/// Parses a whole table. As visit_csv, and throws InputError with line, column and column name for
/// a field that does not have the declared type, for repeated names and for declared columns that
/// are missing.
CsvTable parse_csv(std::string_view text, const std::string& source = "<csv>",
                   const CsvOptions& options = {});
/// Of a file, mapped; gzip is unpacked.
CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

/// The table as CSV with LF ends; fields are quoted where they need it. Numbers are written with
/// the fewest digits that read back to the same double.
std::string to_csv(const CsvTable& table, const CsvOptions& options = {});
/// Replaces the file atomically.
void write_csv(const std::filesystem::path& path, const CsvTable& table,
               const CsvOptions& options = {});

}  // namespace ordo
