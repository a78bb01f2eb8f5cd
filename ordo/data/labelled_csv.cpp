#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/csv.h"
#include "ordo/base/error.h"
#include "ordo/data/class_names.h"
#include "ordo/data/readers.h"

namespace ordo::data {
namespace {

class TableReader {
 public:
  TableReader(std::string_view text, const std::string& source, const LoadOptions& options)
      : text_(text), source_(source), options_(options), classifier_(options.classes) {}

  Labelled read() {
    const bool has_tabs = source_.ends_with(".tsv") || source_.ends_with(".tsv.gz");
    visit_csv(text_, source_, {.delimiter = has_tabs ? '\t' : ',', .header = CsvHeader::absent},
              [&](const CsvRow& row) { names_.empty() ? read_header(row) : read_row(row); });
    if (names_.empty()) throw InputError({.source = source_}, "expected a header line");
    return finish();
  }

 private:
  void read_header(const CsvRow& row) {
    for (const std::string_view field : row.fields) {
      if (std::find(names_.begin(), names_.end(), field) != names_.end()) {
        throw InputError(place_of(row, field, {}),
                         fmt::format("two columns are named '{}'", field));
      }
      names_.emplace_back(field);
    }
    label_ = find(options_.label, "the column of classes; choose it by --label");
    std::vector<bool> is_left_out(names_.size());
    is_left_out[label_] = true;
    for (const std::string& name : options_.drop) is_left_out[find(name, "to leave out")] = true;
    for (std::size_t column = 0; column < names_.size(); ++column) {
      if (is_left_out[column]) continue;
      features_.push_back(column);
    }
    if (features_.empty()) {
      throw InputError({.source = source_, .line = row.line},
                       "expected columns of features beside the class");
    }
  }

  std::size_t find(const std::string& name, std::string_view what) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    const auto near = nearest(name, names_);
    constexpr std::size_t kShown = 12;
    const std::span<const std::string> some(names_.data(), std::min(kShown, names_.size()));
    const std::string hint = near ? fmt::format("did you mean '{}'?", *near)
                                  : fmt::format("there are {}{}", fmt::join(some, ", "),
                                                some.size() < names_.size() ? ", ..." : "");
    throw InputError({.source = source_, .line = 1},
                     fmt::format("there is no column '{}', {}; {}", name, what, hint));
  }

  void read_row(const CsvRow& row) {
    for (const std::size_t column : features_) {
      const std::string_view field = row.fields[column];
      const float value = number(row, field, names_[column]);
      are_bytes_ = are_bytes_ && value >= 0 && value <= 255 && value == std::floor(value);
      values_.push_back(value);
    }
    const std::string_view label = row.fields[label_];
    classifier_.add(label, [&] { return place_of(row, label, names_[label_]); });
  }

  float number(const CsvRow& row, std::string_view field, const std::string& name) const {
    std::string_view digits = field;
    if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
    double value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, value);
    const bool is_number = error == std::errc() && rest == end;
    if (is_number && std::abs(value) <= std::numeric_limits<float>::max()) {
      return static_cast<float>(value);
    }
    const std::string found = field.empty() ? "an empty field" : fmt::format("'{}'", field);
    throw InputError(place_of(row, field, name),
                     fmt::format("expected a finite number, found {}; fill in what is missing, "
                                 "code categories as numbers, or leave the column out by --drop",
                                 found));
  }

  // Where a field begins. One that was unquoted into other memory is placed at its row.
  Location place_of(const CsvRow& row, std::string_view field, const std::string& name) const {
    const bool is_inside = !std::less<>()(field.data(), text_.data()) &&
                           !std::less<>()(text_.data() + text_.size(), field.data());
    if (!is_inside) return {.source = source_, .line = row.line, .field = name};
    const std::string_view before =
        text_.substr(0, static_cast<std::size_t>(field.data() - text_.data()));
    const std::size_t newline = before.rfind('\n');
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    return {.source = source_, .line = line, .column = before.size() - start + 1, .field = name};
  }

  Labelled finish() {
    const Shape shape{static_cast<std::int64_t>(classifier_.size()),
                      static_cast<std::int64_t>(features_.size())};
    Labelled data{.source = source_};
    data.examples =
        are_bytes_ ? Array::of(std::vector<std::uint8_t>(values_.begin(), values_.end()), shape)
                   : Array::of(std::move(values_), shape);
    Classified classified = std::move(classifier_).finish();
    data.labels = std::move(classified.labels);
    data.classes = std::move(classified.classes);
    for (const std::size_t column : features_) data.features.push_back(names_[column]);
    return data;
  }

  std::string_view text_;
  const std::string& source_;
  const LoadOptions& options_;
  std::vector<std::string> names_;
  std::size_t label_ = 0;
  std::vector<std::size_t> features_;
  Classifier classifier_;
  std::vector<float> values_;
  bool are_bytes_ = true;
};

}  // namespace

Labelled parse_labelled_csv(std::string_view text, const std::string& source,
                            const LoadOptions& options) {
  return TableReader(text, source, options).read();
}

}  // namespace ordo::data
