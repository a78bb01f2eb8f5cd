#include "ordo/train/distance_fit.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::train {
namespace {

using Points = std::span<const double>;

void require(Points times, Points distances) {
  if (times.size() != distances.size() || times.size() < 2) {
    throw UsageError(
        fmt::format("a curve needs two points at least, of a time and a distance each; "
                    "got {} times and {} distances",
                    times.size(), distances.size()));
  }
  for (const double time : times) {
    if (!(time > 0)) throw UsageError(fmt::format("time {:g}: expected one above 0", time));
  }
}

double mean_of(Points values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

LineFit line(Points x, Points y) {
  const double x_mean = mean_of(x), y_mean = mean_of(y);
  double xx = 0, xy = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - x_mean) * (x[i] - x_mean);
    xy += (x[i] - x_mean) * (y[i] - y_mean);
    yy += (y[i] - y_mean) * (y[i] - y_mean);
  }
  if (xx == 0) throw UsageError("a curve needs points at two different times at least");
  const double b = xy / xx;
  return {y_mean - b * x_mean, b, yy == 0 ? 1 : xy * xy / (xx * yy)};
}

LineFit line_over(double (*f)(double), Points times, Points distances) {
  require(times, distances);
  std::vector<double> x(times.size());
  std::ranges::transform(times, x.begin(), f);
  return line(x, distances);
}

// With the power given, the best scale is known; returns it and the sum of squared errors.
std::pair<double, double> scaled(Points times, Points distances, double power) {
  double dot = 0, square = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double x = std::pow(times[i], power);
    dot += x * distances[i];
    square += x * x;
  }
  const double scale = dot / square;
  double errors = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double error = distances[i] - scale * std::pow(times[i], power);
    errors += error * error;
  }
  return {scale, errors};
}

// The minimum between `low` and `high` by golden section.
double best_power(Points times, Points distances, double low, double high) {
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  for (int i = 0; i < 80; ++i) {
    const double left = high - ratio * (high - low), right = low + ratio * (high - low);
    if (scaled(times, distances, left).second < scaled(times, distances, right).second) {
      high = right;
    } else {
      low = left;
    }
  }
  return (low + high) / 2;
}

}  // namespace

LineFit fit_log(Points times, Points distances) {
  return line_over([](double t) { return std::log(t); }, times, distances);
}

LineFit fit_sqrt(Points times, Points distances) {
  return line_over([](double t) { return std::sqrt(t); }, times, distances);
}

PowerFit fit_power(Points times, Points distances) {
  std::vector<double> logs(distances.size());
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if (!(distances[i] > 0)) {
      throw UsageError(fmt::format("distance {:g}: a power law needs one above 0", distances[i]));
    }
    logs[i] = std::log(distances[i]);
  }
  const LineFit in_logs = fit_log(times, logs);
  PowerFit fit{.log_power = in_logs.b, .log_scale = std::exp(in_logs.a), .log_r2 = in_logs.r2};
  fit.power = best_power(times, distances, -2, 2);
  const auto [scale, errors] = scaled(times, distances, fit.power);
  fit.scale = scale;
  const double mean = mean_of(distances);
  double total = 0;
  for (const double distance : distances) total += (distance - mean) * (distance - mean);
  fit.r2 = total == 0 ? 1 : 1 - errors / total;
  return fit;
}

Json to_json(const DistanceFits& fits) {
  const auto json_of = [](const LineFit& fit) {
    return Json::object({{"a", fit.a}, {"b", fit.b}, {"r2", fit.r2}});
  };
  return Json::object({{"points", fits.points},
                       {"last-update", fits.last},
                       {"log", json_of(fits.log)},
                       {"sqrt", json_of(fits.sqrt)},
                       {"power", Json::object({{"scale", fits.power.scale},
                                               {"power", fits.power.power},
                                               {"r2", fits.power.r2},
                                               {"log-log-power", fits.power.log_power},
                                               {"log-log-r2", fits.power.log_r2}})}});
}

}  // namespace ordo::train
