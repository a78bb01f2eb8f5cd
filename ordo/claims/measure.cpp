// Reading: the arithmetic grammar with two kinds of names. A name alone is a result or a built-in
// number; a name before a bracket is an aggregate over series or a function of numbers. Each
// aggregate has a signature, a letter an argument: s a series, n a constant, d a direction (may be
// left out), c a condition on a series.
#include "ordo/claims/measure.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "ordo/claims/scanner.h"
#include "ordo/stats/regression.h"

namespace ordo::claims {
namespace {

using Kind = Node::Kind;

struct Aggregate {
  std::string_view name, signature, example;
};

constexpr Aggregate kAggregates[] = {
    {"final", "s", "final(acc)"},
    {"last", "sn", "last(acc, 3)"},
    {"best", "sd", "best(acc) or best(loss, min)"},
    {"max", "s", "max(acc)"},
    {"min", "s", "min(loss)"},
    {"mean", "s", "mean(acc)"},
    {"first_step", "c", "first_step(acc >= 0.97)"},
    {"auc", "s", "auc(acc)"},
    {"slope", "ss", "slope(step, loss)"},
    {"loglog_slope", "ss", "loglog_slope(step, loss)"},
    {"r2", "ss", "r2(step, loss)"},
    {"value_at", "sn", "value_at(acc, 100)"},
    {"count", "s", "count(acc)"},
};

const Aggregate* find_aggregate(std::string_view name) {
  const auto found = std::find_if(std::begin(kAggregates), std::end(kAggregates),
                                  [&](const Aggregate& known) { return known.name == name; });
  return found == std::end(kAggregates) ? nullptr : found;
}

bool is_built_in(const Node& leaf) {
  constexpr std::string_view kBuiltIns[] = {"seconds", "cpu_seconds", "peak_memory", "exit_status"};
  return !leaf.quoted &&
         std::find(std::begin(kBuiltIns), std::end(kBuiltIns), leaf.name) != std::end(kBuiltIns);
}

bool is_step(const Node& leaf) { return leaf.name == "step" && !leaf.quoted; }

class MeasureParser : public ArithmeticParser {
 public:
  using ArithmeticParser::ArithmeticParser;

  Node parse() {
    Node root = parse_sum();
    if (scanner_.peek().kind != Token::Kind::end) scanner_.fail_expected("an operator or the end");
    return root;
  }

 private:
  Node parse_name(const Token& name) override {
    const bool is_quoted = name.kind == Token::Kind::quoted;
    if (is_quoted || !scanner_.next_is("(")) {
      return {.kind = Kind::leaf, .name = name.text, .quoted = is_quoted, .column = name.column};
    }
    scanner_.take();
    const Aggregate* aggregate = find_aggregate(name.text);
    if (aggregate == nullptr && !is_function(name.text)) fail_unknown(name);
    if (aggregate != nullptr && aggregate->signature == "c") return parse_condition(name);
    Node call{.kind = Kind::call, .name = name.text, .column = name.column};
    call.children = parse_arguments(name.text);
    // max, min and mean are both: of one series, or of numbers.
    const bool one_leaf = call.children.size() == 1 && call.children[0].kind == Kind::leaf &&
                          !is_built_in(call.children[0]);
    if (aggregate == nullptr || (is_function(name.text) && !one_leaf)) {
      check_arguments(scanner_, call);
      return call;
    }
    call.kind = Kind::aggregate;
    check_signature(*aggregate, call);
    return call;
  }

  [[noreturn]] void fail_unknown(const Token& name) {
    std::vector<std::string> known = {"log", "exp", "sqrt", "abs"};
    for (const Aggregate& aggregate : kAggregates) known.emplace_back(aggregate.name);
    scanner_.fail(name.column, fmt::format("there is no function '{}'{}", name.text,
                                           hint(name.text, known, "functions")));
  }

  Node parse_condition(const Token& name) {
    Node condition{.kind = Kind::compare, .column = scanner_.peek().column};
    condition.children.push_back(parse_sum());
    require_series(condition.children[0], *find_aggregate(name.text));
    const Token relation = scanner_.peek();
    condition.name = relation.text;
    const bool known =
        relation.kind == Token::Kind::symbol && (condition.name == "<" || condition.name == "<=" ||
                                                 condition.name == ">" || condition.name == ">=");
    if (!known) scanner_.fail_expected("<, <=, > or >=, as in first_step(acc >= 0.97)");
    scanner_.take();
    const Node threshold = parse_sum();
    condition.children.push_back({.kind = Kind::number,
                                  .number = constant(threshold, "the value to reach"),
                                  .column = threshold.column});
    scanner_.expect(")", fmt::format("the ')' of {}", name.text));
    Node call{.kind = Kind::aggregate, .name = name.text, .column = name.column};
    call.children.push_back(std::move(condition));
    return call;
  }

  void require_series(const Node& argument, const Aggregate& aggregate) {
    if (argument.kind == Kind::leaf) return;
    scanner_.fail(argument.column,
                  fmt::format("expected the name of a series, as in {}", aggregate.example));
  }

  void check_signature(const Aggregate& aggregate, Node& call) {
    const std::size_t wanted = aggregate.signature.size();
    const std::size_t found = call.children.size();
    const bool optional = aggregate.signature.back() == 'd';
    if (found != wanted && !(optional && found + 1 == wanted)) {
      scanner_.fail(call.column,
                    fmt::format("{} takes {} argument{}, found {}; write {}", aggregate.name,
                                wanted, wanted == 1 ? "" : "s", found, aggregate.example));
    }
    for (std::size_t i = 0; i < found; ++i) {
      check_argument(aggregate, aggregate.signature[i], call.children[i]);
    }
    if (wanted == 2 && found == 2 && is_step(call.children[0]) && is_step(call.children[1])) {
      scanner_.fail(call.column, "one of the two must be a series other than step");
    }
  }

  void check_argument(const Aggregate& aggregate, char kind, Node& argument) {
    if (kind == 's') {
      require_series(argument, aggregate);
      if (is_step(argument) && aggregate.signature != "ss") {
        scanner_.fail(argument.column,
                      "step is no series of its own; use it in slope, "
                      "loglog_slope and r2");
      }
    } else if (kind == 'd') {
      const bool known = argument.kind == Kind::leaf && !argument.quoted &&
                         (argument.name == "min" || argument.name == "max");
      if (!known) scanner_.fail(argument.column, "expected min or max");
    } else {
      const double value = constant(argument, "this argument");
      if (aggregate.name == "last" && !(value >= 1 && value <= 1e9 && value == std::floor(value))) {
        scanner_.fail(argument.column, "expected a number of points, at least 1");
      }
      argument = {.kind = Kind::number, .number = value, .column = argument.column};
    }
  }
};

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void collect(const Node& node, bool in_aggregate, std::vector<std::string>& series,
             std::vector<std::string>& results) {
  if (node.kind == Kind::leaf) {
    if (in_aggregate && !is_step(node)) add_once(series, node.name);
    if (!in_aggregate && !is_built_in(node)) add_once(results, node.name);
  }
  const bool series_below = in_aggregate || node.kind == Kind::aggregate;
  // The second argument of best is the word min or max, not a series.
  const bool is_best = node.kind == Kind::aggregate && node.name == "best";
  const std::size_t used = is_best ? 1 : node.children.size();
  for (std::size_t i = 0; i < used; ++i) collect(node.children[i], series_below, series, results);
}

// ---- evaluating ----

bool compare(double value, const std::string& relation, double threshold) {
  if (relation == "<") return value < threshold;
  if (relation == "<=") return value <= threshold;
  if (relation == ">") return value > threshold;
  return value >= threshold;
}

double mean_of(std::span<const double> values) {
  double total = 0;
  for (const double value : values) total += value;
  return total / static_cast<double>(values.size());
}

/// The extreme of the points that are numbers; NaN if none is.
double extreme(std::span<const double> values, bool largest) {
  double found = std::numeric_limits<double>::quiet_NaN();
  for (const double value : values) {
    if (std::isnan(value)) continue;
    if (std::isnan(found) || (largest ? value > found : value < found)) found = value;
  }
  return found;
}

/// Area under the polygon through the points over the range of steps: a mean over steps.
double mean_over_steps(const SeriesView& series) {
  const std::span<const double> steps = series.steps, values = series.values;
  const double range = steps.back() - steps.front();
  if (range == 0) return mean_of(values);
  double area = 0;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    area += (steps[i] - steps[i - 1]) * (values[i] + values[i - 1]) / 2;
  }
  return area / range;
}

class Evaluator {
 public:
  Evaluator(const Measure& measure, const CellView& cell) : measure_(measure), cell_(cell) {}

  double operator()(const Node& node) const {
    return node.kind == Kind::leaf ? scalar(node) : aggregate(node);
  }

 private:
  [[noreturn]] void fail(const Node& node, const std::string& message) const {
    throw syntax_error(measure_.where(), measure_.text(), node.column, message);
  }

  double scalar(const Node& node) const {
    if (is_built_in(node)) return built_in(node);
    const Json* value = cell_.results == nullptr ? nullptr : cell_.results->find(node.name);
    if (value == nullptr) fail_no_result(node);
    if (value->is_bool()) return value->as_bool() ? 1 : 0;
    try {
      return value->as_double();
    } catch (const InputError&) {
      fail(node, fmt::format("the result '{}' is {}, not a number", node.name, value->type_name()));
    }
  }

  double built_in(const Node& node) const {
    const std::optional<double>& value = node.name == "seconds"       ? cell_.seconds
                                         : node.name == "cpu_seconds" ? cell_.cpu_seconds
                                         : node.name == "peak_memory" ? cell_.peak_memory
                                                                      : cell_.exit_status;
    if (!value) fail(node, fmt::format("{} was not recorded for this run", node.name));
    return *value;
  }

  const SeriesView* find_series(const std::string& name) const {
    for (const SeriesView& series : cell_.series) {
      if (series.name == name) return &series;
    }
    return nullptr;
  }

  [[noreturn]] void fail_no_result(const Node& node) const {
    if (find_series(node.name) != nullptr) {
      fail(node, fmt::format("'{0}' is a series, not one number; write final({0}), best({0}) or "
                             "another function of it",
                             node.name));
    }
    if (cell_.results == nullptr || cell_.results->empty()) {
      fail(node, fmt::format("the run reported no result '{}', nor any other; a program reports "
                             "results as a JSON object in its last line, or by events",
                             node.name));
    }
    std::vector<std::string> known;
    for (const JsonMember& member : *cell_.results) known.push_back(member.key);
    fail(node, fmt::format("the run reported no result '{}'{}", node.name,
                           hint(node.name, known, "results")));
  }

  const SeriesView& series_of(const Node& node) const {
    const SeriesView* series = find_series(node.name);
    if (series == nullptr) {
      if (cell_.results != nullptr && cell_.results->contains(node.name)) {
        fail(node,
             fmt::format("'{}' is a result, one number, not a series; write it alone", node.name));
      }
      std::vector<std::string> known;
      for (const SeriesView& other : cell_.series) known.push_back(other.name);
      fail(node, fmt::format("the run reported no series '{}'{}", node.name,
                             hint(node.name, known, "series")));
    }
    return *series;
  }

  double aggregate(const Node& node) const {
    if (node.name == "first_step") return first_step(node.children[0]);
    if (node.children.size() == 2 && node.children[1].kind == Kind::leaf && node.name != "best") {
      return fit(node);
    }
    const SeriesView& series = series_of(node.children[0]);
    if (node.name == "count") return static_cast<double>(series.values.size());
    if (series.values.empty()) {
      fail(node.children[0], fmt::format("the series '{}' has no points", series.name));
    }
    if (node.name == "final") return series.values.back();
    if (node.name == "last") return last(node, series);
    if (node.name == "mean") return mean_of(series.values);
    if (node.name == "max") return extreme(series.values, true);
    if (node.name == "min") return extreme(series.values, false);
    if (node.name == "best") {
      return extreme(series.values, node.children.size() == 1 || node.children[1].name == "max");
    }
    check_order(node, series);
    return node.name == "auc" ? mean_over_steps(series) : value_at(node, series);
  }

  double first_step(const Node& condition) const {
    const SeriesView& series = series_of(condition.children[0]);
    for (std::size_t i = 0; i < series.values.size(); ++i) {
      if (compare(series.values[i], condition.name, condition.children[1].number)) {
        return series.steps[i];
      }
    }
    return std::numeric_limits<double>::infinity();
  }

  double last(const Node& node, const SeriesView& series) const {
    const auto wanted = static_cast<std::size_t>(node.children[1].number);
    if (series.values.size() < wanted) {
      fail(node, fmt::format("the series '{}' has {} points, fewer than the {} asked for",
                             series.name, series.values.size(), wanted));
    }
    return mean_of(series.values.last(wanted));
  }

  void check_order(const Node& node, const SeriesView& series) const {
    for (std::size_t i = 1; i < series.steps.size(); ++i) {
      if (!(series.steps[i] >= series.steps[i - 1])) {
        fail(node,
             fmt::format("{} needs steps that do not go back; in '{}' step {} follows step {}",
                         node.name, series.name, series.steps[i], series.steps[i - 1]));
      }
    }
  }

  /// Linear between points; the last of several points at one step.
  double value_at(const Node& node, const SeriesView& series) const {
    const double step = node.children[1].number;
    const std::span<const double> steps = series.steps;
    if (!(step >= steps.front() && step <= steps.back())) {
      fail(node, fmt::format("step {} lies outside the recorded steps {} to {} of '{}'", step,
                             steps.front(), steps.back(), series.name));
    }
    const auto above = std::upper_bound(steps.begin(), steps.end(), step);
    const auto after = static_cast<std::size_t>(above - steps.begin());
    const std::size_t before = after - 1;
    if (steps[before] == step) return series.values[before];
    const double share = (step - steps[before]) / (steps[after] - steps[before]);
    return series.values[before] + share * (series.values[after] - series.values[before]);
  }

  /// The points of both series at the steps that they share, in pairs.
  double fit(const Node& node) const {
    const Node &first = node.children[0], &second = node.children[1];
    const SeriesView& guide = series_of(is_step(first) ? second : first);
    std::vector<double> x, y;
    const std::map<double, double> xs = by_step(first, guide), ys = by_step(second, guide);
    for (const auto& [step, value] : xs) {
      if (const auto found = ys.find(step); found != ys.end()) {
        x.push_back(value);
        y.push_back(found->second);
      }
    }
    const bool logarithmic = node.name == "loglog_slope";
    check_fit(node, x, y, logarithmic);
    const stats::Line line = logarithmic ? stats::fit_power_law(x, y) : stats::fit_line(x, y);
    return node.name == "r2" ? line.r_squared : line.slope;
  }

  std::map<double, double> by_step(const Node& name, const SeriesView& guide) const {
    std::map<double, double> points;
    const SeriesView& series = is_step(name) ? guide : series_of(name);
    const std::span<const double> values = is_step(name) ? series.steps : series.values;
    for (std::size_t i = 0; i < values.size(); ++i) points[series.steps[i]] = values[i];
    return points;
  }

  void check_fit(const Node& node, const std::vector<double>& x, const std::vector<double>& y,
                 bool logarithmic) const {
    if (x.size() < 2) {
      fail(node, fmt::format("{} needs at least 2 steps with a point in both series, found {}",
                             node.name, x.size()));
    }
    const auto unusable = [&](double value) {
      return !std::isfinite(value) || (logarithmic && value <= 0);
    };
    if (std::any_of(x.begin(), x.end(), unusable) || std::any_of(y.begin(), y.end(), unusable)) {
      fail(node, fmt::format("{} needs {} numbers at every step", node.name,
                             logarithmic ? "positive finite" : "finite"));
    }
    if (std::all_of(x.begin(), x.end(), [&](double value) { return value == x.front(); })) {
      fail(node, fmt::format("{} needs at least 2 different values of '{}'", node.name,
                             node.children[0].name));
    }
  }

  const Measure& measure_;
  const CellView& cell_;
};

}  // namespace

Measure parse_measure(std::string_view text, const Location& where) {
  Measure measure;
  measure.text_ = text;
  measure.where_ = where;
  measure.root_ = MeasureParser(text, where).parse();
  collect(measure.root_, false, measure.series_, measure.results_);
  return measure;
}

double evaluate(const Measure& measure, const CellView& cell) {
  const double value = evaluate(measure.root(), Evaluator(measure, cell));
  if (std::isnan(value)) throw NumericError(fmt::format("{} is not a number", measure.text()));
  return value;
}

}  // namespace ordo::claims
