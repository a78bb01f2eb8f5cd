// Measures: one number out of what one run recorded.
//
//   final(acc)                 the last value of the series `acc`
//   first_step(acc >= 0.97)    the first step at which it is reached; +inf if never
//   accuracy                   a result by its name
//   seconds / count(acc)       arithmetic over measures and built-in numbers
//
// docs/claims.md is the reference of the language.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/claims/expression.h"

namespace ordo::claims {

/// One metric's points in the order in which they were recorded.
struct SeriesView {
  std::string name;
  std::span<const double> steps;   ///< [points]
  std::span<const double> values;  ///< [points]
};

/// What one run recorded. The spans and the results are borrowed.
struct CellView {
  std::vector<SeriesView> series = {};
  const JsonObject* results = nullptr;     ///< by name; numbers and booleans (0 or 1) are usable
  std::optional<double> seconds = {};      ///< wall-clock time
  std::optional<double> cpu_seconds = {};  ///< user and system time
  std::optional<double> peak_memory = {};  ///< bytes
  std::optional<double> exit_status = {};
};

/// A measure that was read. Copies are cheap enough to hand around.
class Measure {
 public:
  const std::string& text() const { return text_; }
  const Location& where() const { return where_; }
  const Node& root() const { return root_; }
  /// Names of the series it needs, each once, so that a caller need load no others.
  const std::vector<std::string>& series() const { return series_; }
  /// Names of the results it needs, each once.
  const std::vector<std::string>& results() const { return results_; }

 private:
  friend Measure parse_measure(std::string_view text, const Location& where);
  std::string text_;
  Location where_;
  Node root_;
  std::vector<std::string> series_, results_;
};

/// Reads a measure. `where` is the place of the text, for errors. Throws InputError with a caret
/// below the place, what was expected, and the nearest function's name.
Measure parse_measure(std::string_view text, const Location& where = {});

/// The measure's number for one run; +inf where `first_step` never came. Throws InputError if the
/// run did not report a series or result that is needed (with the nearest name and the list of what
/// it did report) or reported too few points, and NumericError if the result is not a number.
double evaluate(const Measure& measure, const CellView& cell);

}  // namespace ordo::claims
