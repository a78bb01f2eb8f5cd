#include "ordo/train/distance.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/optimize/kernels.h"

namespace ordo::train {
namespace {

double squared_distance(const torch::Tensor& a, const torch::Tensor& b) {
  if (a.is_cpu() && a.scalar_type() == torch::kFloat32) {
    return optimize::kernels::sum_of_squared_differences(a.const_data_ptr<float>(),
                                                         b.const_data_ptr<float>(), a.numel());
  }
  if (a.is_cpu() && a.scalar_type() == torch::kFloat64) {
    return optimize::kernels::sum_of_squared_differences(a.const_data_ptr<double>(),
                                                         b.const_data_ptr<double>(), a.numel());
  }
  return (a.to(torch::kFloat64) - b.to(torch::kFloat64)).square().sum().item<double>();
}

}  // namespace

DistanceTracker::DistanceTracker(const nets::FlatParameters& parameters) {
  for (const nets::FlatParameters::Entry& entry : parameters.entries()) {
    const std::string& name = entry.parameter.name;
    const std::string layer = name.substr(0, name.rfind('.'));
    auto found = std::ranges::find(layers_, layer);
    if (found == layers_.end()) found = layers_.insert(found, layer);
    layer_of_entry_.push_back(static_cast<std::size_t>(found - layers_.begin()));
  }
  const torch::NoGradGuard no_grad;
  origin_ = parameters.values().clone();
}

DistanceTracker::DistanceTracker(const nets::FlatParameters& parameters, torch::Tensor origin,
                                 const Json& state)
    : DistanceTracker(parameters) {
  if (origin.sizes() != origin_.sizes() || origin.dtype() != origin_.dtype()) {
    throw InputError({.field = "origin"},
                     fmt::format("the weights that distances count from are {} numbers, the "
                                 "network has {}",
                                 origin.numel(), origin_.numel()));
  }
  origin_.copy_(origin);
  for (const Json& one : state.as_array("/distance")) {
    Distance distance{.update = one.at("update").as_int(),
                      .rate = one.at("rate").as_double(),
                      .total = one.at("total").as_double()};
    for (const Json& layer : one.at("layers").as_array()) {
      distance.layers.push_back(layer.as_double());
    }
    distances_.push_back(std::move(distance));
  }
}

const Distance& DistanceTracker::measure(const nets::FlatParameters& parameters,
                                         std::int64_t update, double rate) {
  Distance distance{.update = update, .rate = rate, .layers = std::vector<double>(layers_.size())};
  for (std::size_t index = 0; index < parameters.entries().size(); ++index) {
    const nets::FlatParameters::Entry& entry = parameters.entries()[index];
    const torch::Tensor now = parameters.value(entry);
    const double squares =
        squared_distance(now.flatten(), origin_.narrow(0, entry.offset, now.numel()));
    distance.layers[layer_of_entry_[index]] += squares;
    distance.total += squares;
  }
  distance.total = std::sqrt(distance.total);
  for (double& layer : distance.layers) layer = std::sqrt(layer);
  distances_.push_back(std::move(distance));
  return distances_.back();
}

Json DistanceTracker::state() const {
  Json::Array all;
  for (const Distance& distance : distances_) {
    all.push_back(Json::object({{"update", distance.update},
                                {"rate", distance.rate},
                                {"total", distance.total},
                                {"layers", Json::array_of(distance.layers)}}));
  }
  return Json(std::move(all));
}

std::optional<DistanceFits> DistanceTracker::fits() const {
  std::vector<double> times, totals;
  for (const Distance& distance : distances_) {
    if (distance.rate != distances_.front().rate) break;
    if (!is_due(distance.update) || !(distance.total > 0)) continue;
    times.push_back(static_cast<double>(distance.update));
    totals.push_back(distance.total);
  }
  if (times.size() < 3) return std::nullopt;
  return DistanceFits{.points = static_cast<std::int64_t>(times.size()),
                      .last = static_cast<std::int64_t>(times.back()),
                      .log = fit_log(times, totals),
                      .sqrt = fit_sqrt(times, totals),
                      .power = fit_power(times, totals)};
}

}  // namespace ordo::train
