#include "ordo/stats/regression.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/stats/check.h"
#include "ordo/stats/distributions.h"
#include "ordo/stats/estimates.h"

namespace ordo::stats {
namespace {

// Sums of squares and products about the means of a selection of rows.
struct Moments {
  double mean_x = 0, mean_y = 0;
  double xx = 0, xy = 0, yy = 0;
};

Moments moments(std::span<const double> x, std::span<const double> y,
                std::span<const std::size_t> rows) {
  Moments m;
  for (const std::size_t row : rows) m.mean_x += x[row], m.mean_y += y[row];
  m.mean_x /= static_cast<double>(rows.size());
  m.mean_y /= static_cast<double>(rows.size());
  for (const std::size_t row : rows) {
    const double dx = x[row] - m.mean_x, dy = y[row] - m.mean_y;
    m.xx += dx * dx, m.xy += dx * dy, m.yy += dy * dy;
  }
  return m;
}

bool is_constant(std::span<const double> values, std::span<const std::size_t> rows) {
  return std::ranges::all_of(rows, [&](std::size_t row) { return values[row] == values[rows[0]]; });
}

std::vector<std::size_t> all_rows(std::size_t size) {
  std::vector<std::size_t> rows(size);
  for (std::size_t row = 0; row < size; ++row) rows[row] = row;
  return rows;
}

double r_squared(const Moments& m) { return std::min(1.0, m.xy * m.xy / (m.xx * m.yy)); }

}  // namespace

Line fit_line(std::span<const double> x, std::span<const double> y, double level) {
  require_same_size(x, y, "a line");
  require_sample(x, 2, "a line's x");
  require_sample(y, 2, "a line's y");
  require_level(level, "a confidence level");
  const auto rows = all_rows(x.size());
  if (is_constant(x, rows)) {
    throw NumericError(
        fmt::format("a line needs x that varies, but all {} are {}", x.size(), x[0]));
  }
  const Moments m = moments(x, y, rows);
  Line line;
  line.slope = m.xy / m.xx;
  line.intercept = m.mean_y - line.slope * m.mean_x;
  line.r_squared = is_constant(y, rows) ? 1 : r_squared(m);
  if (x.size() == 2) return line;
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double residual = (y[i] - m.mean_y) - line.slope * (x[i] - m.mean_x);
    squares += residual * residual;
  }
  const auto degrees = static_cast<double>(x.size() - 2);
  line.residual_error = std::sqrt(squares / degrees);
  line.slope_error = line.residual_error / std::sqrt(m.xx);
  const double reach = -student_t_quantile((1 - level) / 2, degrees) * line.slope_error;
  line.slope_interval = {line.slope - reach, line.slope + reach};
  return line;
}

Line fit_power_law(std::span<const double> x, std::span<const double> y, double level) {
  return fit_line(logarithms(x, "a power law's x"), logarithms(y, "a power law's y"), level);
}

FitComparison compare_fits(std::span<const double> first, std::span<const double> second,
                           std::span<const double> y, const BootstrapOptions& options,
                           Random& random) {
  require_same_size(first, y, "a comparison of fits");
  require_same_size(second, y, "a comparison of fits");
  require_sample(y, 3, "a comparison of fits");
  FitComparison result;
  result.first = fit_line(first, y).r_squared;
  result.second = fit_line(second, y).r_squared;
  const auto difference = [&](std::span<const std::size_t> rows) {
    if (is_constant(first, rows) || is_constant(second, rows) || is_constant(y, rows)) return 0.0;
    return r_squared(moments(first, y, rows)) - r_squared(moments(second, y, rows));
  };
  result.difference = bca_interval(y.size(), difference, options, random);
  return result;
}

}  // namespace ordo::stats
