// One scanner splits rows into fields without copying; a field that has quotes inside is unescaped
// into a scratch string. A table is built in one pass: each column starts as integers and widens to
// numbers or texts when a field does not fit; what was already read is converted from the original
// text by a second scan of only those columns, which is rare and keeps the common path fast.
#include "ordo/base/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/base/archive.h"
#include "ordo/base/array.h"
#include "ordo/base/file.h"
#include "ordo/base/options.h"

namespace ordo {
namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";  // UTF-8's byte order mark

class Scanner {
 public:
  Scanner(std::string_view text, const std::string& source, char delimiter)
      : text_(text), source_(source), delimiter_(delimiter) {
    if (text_.starts_with(kMark)) at_ = 3;
  }

  // Reads the next row that is not empty; false at the end.
  bool next() {
    skip_empty_lines();
    if (at_ >= text_.size()) return false;
    row_line_ = line_;
    fields_.clear();
    places_.clear();
    scratch_.clear();
    while (read_field()) {
    }
    return true;
  }

  CsvRow row() const { return {row_line_, fields_}; }

  // Where a field of the current row begins.
  Location place_of(std::size_t field, const std::string& name = {}) const {
    return place_at(places_[field], name);
  }

 private:
  void skip_empty_lines() {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n")) {
      at_ += text_[at_] == '\n' ? 1 : 2;
      ++line_;
    }
  }

  Location place_at(std::size_t position, const std::string& name = {}) const {
    // Quoted newlines put a position on a later line than its row's.
    const std::string_view before = text_.substr(0, position);
    const std::size_t newline = before.rfind('\n');
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const bool has_mark = text_.starts_with(kMark);
    const std::size_t start = newline == std::string_view::npos ? (has_mark ? 3 : 0) : newline + 1;
    return {.source = source_, .line = line, .column = position - start + 1, .field = name};
  }

  // Reads one field; false if it was the row's last.
  bool read_field() {
    places_.push_back(at_);
    if (at_ < text_.size() && text_[at_] == '"') {
      read_quoted();
    } else {
      const std::size_t start = at_;
      const char* const end = text_.data() + text_.size();
      const char* here = text_.data() + at_;
      while (here != end && *here != delimiter_ && *here != '\n') {
        if (*here == '"') {
          throw InputError(
              place_at(static_cast<std::size_t>(here - text_.data())),
              "a quote inside an unquoted field; quote the field and double the quote");
        }
        ++here;
      }
      at_ = static_cast<std::size_t>(here - text_.data());
      std::string_view field = text_.substr(start, at_ - start);
      if (field.ends_with('\r') && (at_ == text_.size() || text_[at_] == '\n')) {
        field.remove_suffix(1);
      }
      fields_.push_back(field);
    }
    if (at_ < text_.size() && text_[at_] == delimiter_) {
      ++at_;
      return true;
    }
    if (at_ < text_.size()) {
      ++at_;  // the newline
      ++line_;
    }
    return false;
  }

  void read_quoted() {
    const std::size_t open = at_;
    std::string* unescaped = nullptr;
    std::size_t start = open + 1;
    at_ = start;
    while (true) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos) {
        throw InputError(place_at(open), "this quoted field never ends");
      }
      if (text_.substr(quote, 2) != "\"\"") {
        at_ = quote;
        break;
      }
      if (unescaped == nullptr) unescaped = &scratch_.emplace_back();
      unescaped->append(text_.substr(start, quote + 1 - start));
      at_ = start = quote + 2;
    }
    const std::string_view last = text_.substr(start, at_ - start);
    fields_.push_back(unescaped == nullptr ? last : std::string_view(unescaped->append(last)));
    line_ += static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(open),
                                                 text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                 '\n'));
    ++at_;
    if (text_.substr(at_, 2) == "\r\n" || (at_ + 1 == text_.size() && text_[at_] == '\r')) ++at_;
    if (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n') {
      throw InputError(place_at(at_),
                       "expected a delimiter or the end of the line after the closing quote");
    }
  }

  std::string_view text_;
  const std::string& source_;
  char delimiter_;
  std::size_t at_ = 0, line_ = 1, row_line_ = 1;
  std::vector<std::string_view> fields_;
  std::vector<std::size_t> places_;
  std::deque<std::string> scratch_;  // a deque, so that views into it stay valid
};

void check_options(const CsvOptions& options) {
  const char c = options.delimiter;
  if (c == '"' || c == '\n' || c == '\r' || c == '\0') {
    throw UsageError("a CSV delimiter cannot be a quote, a newline or a zero byte");
  }
}

std::vector<std::string> names_of(std::span<const std::string_view> first_row,
                                  const CsvOptions& options) {
  std::vector<std::string> names;
  for (std::size_t column = 0; column < first_row.size(); ++column) {
    names.push_back(options.header == CsvHeader::present ? std::string(first_row[column])
                                                         : fmt::format("c{}", column));
  }
  return names;
}

// Walks the rows, the header taken off, each as wide as the first. `visit(scanner)`.
template <class Visit>
std::vector<std::string> walk(std::string_view text, const std::string& source,
                              const CsvOptions& options, Visit visit) {
  check_options(options);
  Scanner scanner(text, source, options.delimiter);
  std::vector<std::string> names;
  bool is_first = true;
  while (scanner.next()) {
    const auto fields = scanner.row().fields;
    if (is_first) {
      is_first = false;
      names = names_of(fields, options);
      if (options.header == CsvHeader::present) continue;
    }
    if (fields.size() != names.size()) {
      const std::size_t last = std::min(fields.size(), names.size() + 1) - 1;
      throw InputError(scanner.place_of(last),
                       fmt::format("expected {} fields, found {}", names.size(), fields.size()));
    }
    visit(scanner);
  }
  return names;
}

bool parse_integer(std::string_view field, std::int64_t& value) {
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  const char* const end = field.data() + field.size();
  const auto [rest, error] = std::from_chars(field.data(), end, value);
  return error == std::errc() && rest == end;
}

// Decimals of at most 15 digits and a small power of ten are exact in one division (Clinger's fast
// path); everything else goes to from_chars.
bool parse_short_decimal(std::string_view field, double& value) {
  static constexpr double kPowers[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const char* here = field.data();
  const char* const end = here + field.size();
  const bool negative = here != end && *here == '-';
  if (negative) ++here;
  std::int64_t digits = 0;
  const char* const start = here;
  while (here != end && static_cast<unsigned char>(*here - '0') < 10) {
    digits = 10 * digits + (*here++ - '0');
    if (here - start > 15) return false;
  }
  std::ptrdiff_t count = here - start, after = 0;
  if (here != end && *here == '.') {
    const char* const point = ++here;
    while (here != end && static_cast<unsigned char>(*here - '0') < 10) {
      digits = 10 * digits + (*here++ - '0');
      if (count + (here - point) > 15) return false;
    }
    after = here - point;
  }
  if (here != end || count + after == 0) return false;
  const double magnitude = static_cast<double>(digits) / kPowers[after];
  value = negative ? -magnitude : magnitude;
  return true;
}

bool parse_number(std::string_view field, double& value) {
  if (field.empty()) {
    value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (parse_short_decimal(field, value)) return true;
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  const char* const end = field.data() + field.size();
  const auto [rest, error] = std::from_chars(field.data(), end, value);
  return error == std::errc() && rest == end;
}

std::string shown(std::string_view field) {
  return field.size() <= 40 ? std::string(field) : std::string(field.substr(0, 37)) + "...";
}

class TableBuilder {
 public:
  TableBuilder(std::string_view text, const std::string& source, const CsvOptions& options)
      : text_(text), source_(source), options_(options) {}

  CsvTable build() {
    std::vector<std::string> names = walk(text_, source_, options_, [&](const Scanner& scanner) {
      if (columns_.empty()) start(scanner.row().fields.size());
      add_row(scanner);
    });
    if (columns_.empty()) start(names.size());
    for (std::size_t column = 0; column < names.size(); ++column) {
      columns_[column].name = std::move(names[column]);
    }
    if (std::find(widened_.begin(), widened_.end(), true) != widened_.end()) reread();
    check_names();
    return CsvTable(source_, std::move(columns_));
  }

 private:
  void start(std::size_t count) {
    columns_.resize(count);
    fixed_.assign(count, false);
    widened_.assign(count, false);
    if (options_.types.empty()) return;
    const std::vector<std::string> names = first_names();
    for (std::size_t column = 0; column < count; ++column) {
      for (const auto& [name, type] : options_.types) {
        if (name != names[column]) continue;
        fixed_[column] = true;
        set_type(columns_[column], type);
      }
    }
  }

  std::vector<std::string> first_names() const {
    Scanner scanner(text_, source_, options_.delimiter);
    return scanner.next() ? names_of(scanner.row().fields, options_) : std::vector<std::string>();
  }

  static void set_type(CsvColumn& column, ColumnType type) {
    if (type == ColumnType::integer) column.values.emplace<0>();
    if (type == ColumnType::number) column.values.emplace<1>();
    if (type == ColumnType::text) column.values.emplace<2>();
  }

  void add_row(const Scanner& scanner) {
    const auto fields = scanner.row().fields;
    for (std::size_t column = 0; column < fields.size(); ++column) {
      if (!add(columns_[column], fields[column])) misfit(scanner, column);
    }
  }

  static bool add(CsvColumn& column, std::string_view field) {
    if (auto* integers = std::get_if<0>(&column.values)) {
      std::int64_t value = 0;
      if (!parse_integer(field, value)) return false;
      integers->push_back(value);
    } else if (auto* numbers = std::get_if<1>(&column.values)) {
      double value = 0;
      if (!parse_number(field, value)) return false;
      numbers->push_back(value);
    } else {
      std::get<2>(column.values).emplace_back(field);
    }
    return true;
  }

  void misfit(const Scanner& scanner, std::size_t column) {
    CsvColumn& values = columns_[column];
    const std::string_view field = scanner.row().fields[column];
    if (fixed_[column]) {
      throw InputError(scanner.place_of(column, first_names()[column]),
                       fmt::format("expected {}, found '{}'",
                                   values.type() == ColumnType::integer ? "an integer" : "a number",
                                   shown(field)));
    }
    if (values.type() == ColumnType::integer) {
      // Integers of up to 2^53 convert exactly; the others are read again from the text.
      const auto& integers = std::get<0>(values.values);
      const bool exact = std::all_of(integers.begin(), integers.end(), [](std::int64_t value) {
        return value <= (std::int64_t{1} << 53) && value >= -(std::int64_t{1} << 53);
      });
      std::vector<double> numbers(integers.begin(), integers.end());
      if (!exact) widened_[column] = true;
      values.values = std::move(numbers);
      if (add(values, field)) return;
    }
    widened_[column] = !std::get<1>(values.values).empty() || widened_[column];
    values.values.emplace<2>();
    std::get<2>(values.values).emplace_back(field);
  }

  // Reads the columns again that became text or number after their beginning was read as less.
  void reread() {
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      if (widened_[column]) set_type(columns_[column], columns_[column].type());
    }
    walk(text_, source_, options_, [&](const Scanner& scanner) {
      const auto fields = scanner.row().fields;
      for (std::size_t column = 0; column < fields.size(); ++column) {
        if (widened_[column]) add(columns_[column], fields[column]);
      }
    });
  }

  void check_names() const {
    std::unordered_set<std::string_view> names;
    for (const CsvColumn& column : columns_) {
      if (!names.insert(column.name).second) {
        throw InputError({.source = source_, .line = 1},
                         fmt::format("two columns are named '{}'", column.name));
      }
    }
    for (const auto& [name, type] : options_.types) {
      if (!names.contains(name)) {
        throw InputError({.source = source_, .line = 1},
                         fmt::format("the column '{}' is missing", name));
      }
    }
  }

  std::string_view text_;
  const std::string& source_;
  const CsvOptions& options_;
  std::vector<CsvColumn> columns_;
  std::vector<bool> fixed_, widened_;
};

void append_field(std::string& out, std::string_view field, char delimiter) {
  // A byte order mark at the file's beginning would be taken for one unless it is quoted.
  const bool needs_quotes = field.starts_with(kMark) ||
                            field.find_first_of("\"\n\r") != std::string_view::npos ||
                            field.find(delimiter) != std::string_view::npos;
  if (!needs_quotes) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_value(std::string& out, const CsvColumn& column, std::size_t row, char delimiter) {
  char buffer[32];
  if (const auto* integers = std::get_if<0>(&column.values)) {
    out.append(buffer, std::to_chars(buffer, buffer + 32, (*integers)[row]).ptr);
  } else if (const auto* numbers = std::get_if<1>(&column.values)) {
    if (std::isnan((*numbers)[row])) return;  // an empty field
    out.append(buffer, std::to_chars(buffer, buffer + 32, (*numbers)[row]).ptr);
  } else {
    append_field(out, std::get<2>(column.values)[row], delimiter);
  }
}

[[noreturn]] void wrong_type(const CsvTable& table, std::string_view name,
                             std::string_view expected) {
  throw InputError({.source = table.source(), .field = std::string(name)},
                   fmt::format("expected a column of {}", expected));
}

}  // namespace

std::size_t CsvColumn::size() const {
  return std::visit([](const auto& column) { return column.size(); }, values);
}

CsvTable::CsvTable(std::string source, std::vector<CsvColumn> columns)
    : source_(std::move(source)), columns_(std::move(columns)) {
  std::unordered_set<std::string_view> names;
  for (const CsvColumn& column : columns_) {
    if (column.size() != rows()) {
      throw UsageError(fmt::format("column '{}' has {} rows, the first has {}", column.name,
                                   column.size(), rows()));
    }
    if (!names.insert(column.name).second) {
      throw UsageError(fmt::format("two columns are named '{}'", column.name));
    }
  }
}

const CsvColumn* CsvTable::find(std::string_view name) const {
  const auto found = std::find_if(columns_.begin(), columns_.end(),
                                  [&](const CsvColumn& column) { return column.name == name; });
  return found == columns_.end() ? nullptr : &*found;
}

const CsvColumn& CsvTable::at(std::string_view name) const {
  if (const CsvColumn* column = find(name)) return *column;
  std::vector<std::string> names;
  for (const CsvColumn& column : columns_) names.push_back(column.name);
  const auto near = nearest(std::string(name), names);
  throw InputError({.source = source_},
                   fmt::format("there is no column '{}'{}", name,
                               near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

std::span<const std::int64_t> CsvTable::integers(std::string_view name) const {
  if (const auto* values = std::get_if<0>(&at(name).values)) return *values;
  wrong_type(*this, name, "integers");
}

std::span<const std::string> CsvTable::texts(std::string_view name) const {
  if (const auto* values = std::get_if<2>(&at(name).values)) return *values;
  wrong_type(*this, name, "texts");
}

std::vector<double> CsvTable::numbers(std::string_view name) const {
  const CsvColumn& column = at(name);
  if (const auto* values = std::get_if<1>(&column.values)) return *values;
  if (const auto* values = std::get_if<0>(&column.values)) return {values->begin(), values->end()};
  wrong_type(*this, name, "numbers");
}

std::vector<std::string> visit_csv(std::string_view text, const std::string& source,
                                   const CsvOptions& options,
                                   const std::function<void(const CsvRow&)>& visit) {
  return walk(text, source, options, [&](const Scanner& scanner) { visit(scanner.row()); });
}

CsvTable parse_csv(std::string_view text, const std::string& source, const CsvOptions& options) {
  return TableBuilder(text, source, options).build();
}

CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  const MappedFile file(path);
  if (is_gzip(file.text())) {
    return parse_csv(gunzip(file.text(), path.string()), path.string(), options);
  }
  return parse_csv(file.text(), path.string(), options);
}

std::string to_csv(const CsvTable& table, const CsvOptions& options) {
  check_options(options);
  const auto& columns = table.columns();
  std::string out;
  const auto end_row = [&](std::size_t row_start) {
    // A row of one empty field would be an empty line, which readers skip.
    if (out.size() == row_start && columns.size() == 1) out += "\"\"";
    out += '\n';
  };
  if (options.header == CsvHeader::present && !columns.empty()) {
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (column > 0) out += options.delimiter;
      append_field(out, columns[column].name, options.delimiter);
    }
    end_row(0);
  }
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const std::size_t start = out.size();
    for (std::size_t column = 0; column < columns.size(); ++column) {
      if (column > 0) out += options.delimiter;
      append_value(out, columns[column], row, options.delimiter);
    }
    end_row(start);
  }
  return out;
}

void write_csv(const std::filesystem::path& path, const CsvTable& table,
               const CsvOptions& options) {
  write_file_atomic(path, to_csv(table, options));
}

}  // namespace ordo
