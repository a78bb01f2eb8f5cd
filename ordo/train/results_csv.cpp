#include "ordo/train/results_csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ordo::train {

std::string results_header(const std::optional<DistanceTracker>& tracker) {
  std::string header =
      "epoch,steps,rate,train-loss,train-accuracy,gradient-norm,validation-loss,"
      "validation-accuracy,validation-top5-accuracy,distance";
  if (tracker) {
    for (const std::string& layer : tracker->layers()) header += ",distance." + layer;
  }
  return header + "\n";
}

std::string results_line(const Epoch& epoch, const std::optional<Evaluation>& validation,
                         const std::optional<DistanceTracker>& tracker) {
  std::string line = fmt::format("{},{},{},{},{},{}", epoch.number, epoch.steps, epoch.rate,
                                 epoch.loss, epoch.accuracy, epoch.gradient_norm);
  line += validation ? fmt::format(",{},{},{},", validation->loss, validation->accuracy,
                                   validation->top5_accuracy)
                     : ",,,,";
  if (tracker) {
    const Distance& distance = tracker->distances().back();
    line += fmt::format("{},{}", distance.total, fmt::join(distance.layers, ","));
  }
  return line + "\n";
}

}  // namespace ordo::train
