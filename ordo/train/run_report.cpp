// What a run tells: as JSON, and as text for a person.
#include <fmt/format.h>

#include "ordo/train/run.h"

namespace ordo::train {

Json to_json(const RunResult& result) {
  Json json = to_json(result.fit);
  json["accuracy"] = result.test.examples > 0 ? Json(result.test.accuracy) : Json();
  json["loss"] = result.test.examples > 0 ? Json(result.test.loss) : Json();
  if (result.validation.examples > 0) {
    json["validation-accuracy"] = result.validation.accuracy;
    json["validation-loss"] = result.validation.loss;
  }
  json["parameters"] = result.parameters;
  json["train-examples"] = result.train_examples;
  json["test-examples"] = result.test.examples;
  json["noisy-labels"] = result.noisy_labels;
  json["examples-per-second"] = result.images_per_second;
  if (!result.distances.empty()) {
    Json::Array distances;
    for (const Distance& distance : result.distances) {
      Json one = Json::object({{"update", distance.update}, {"total", distance.total}});
      for (std::size_t layer = 0; layer < result.layers.size(); ++layer) {
        one["layers"][result.layers[layer]] = distance.layers[layer];
      }
      distances.push_back(std::move(one));
    }
    json["distance"] = result.distances.back().total;
    json["distances"] = Json(std::move(distances));
  }
  if (result.fits) {
    json["distance-fits"] = to_json(*result.fits);
    json["diffusion-rate"] = result.fits->log.b;
    json["log-r2"] = result.fits->log.r2;
    json["sqrt-r2"] = result.fits->sqrt.r2;
    json["power-r2"] = result.fits->power.r2;
  }
  if (result.drift) json["drift"] = data::to_json(*result.drift);
  if (!result.out.empty()) json["out"] = result.out.string();
  return json;
}

std::string to_text(const RunResult& result) {
  const Fit& fit = result.fit;
  std::string text = fmt::format(
      "{} parameters, {} training examples{}\n{} epochs, {} steps, {:.2f} s ({:.0f} examples/s)\n"
      "stopped: {}; accuracy on the training examples as they came by {:.4f}\n",
      result.parameters, result.train_examples,
      result.noisy_labels > 0 ? fmt::format(" ({} with a wrong label)", result.noisy_labels) : "",
      fit.epochs, fit.steps, fit.seconds, result.images_per_second, to_string(fit.reason),
      fit.accuracy);
  if (result.validation.examples > 0) {
    text +=
        fmt::format("validation: accuracy {:.4f}, loss {:.4f} ({} examples)\n",
                    result.validation.accuracy, result.validation.loss, result.validation.examples);
  }
  if (result.test.examples > 0) {
    text += fmt::format("test: accuracy {:.4f}, loss {:.4f} ({} examples)\n", result.test.accuracy,
                        result.test.loss, result.test.examples);
  }
  if (!result.distances.empty()) {
    text += fmt::format("distance of the weights from where they began: {:.4g}\n",
                        result.distances.back().total);
  }
  if (result.fits) {
    const DistanceFits& fits = *result.fits;
    text += fmt::format(
        "distance over the first {} updates, t: {:.3g} + {:.4g} ln t (R2 {:.4f}); as a root of t "
        "R2 {:.4f}, as {:.3g} t^{:.3g} R2 {:.4f}\n",
        fits.last, fits.log.a, fits.log.b, fits.log.r2, fits.sqrt.r2, fits.power.scale,
        fits.power.power, fits.power.r2);
  }
  if (result.drift && !result.drift->moved.empty()) text += data::to_text(*result.drift);
  if (!result.out.empty()) text += fmt::format("model: {}\n", result.out.string());
  return text;
}

ExitCode exit_code(const RunResult& result) {
  return result.fit.reached() ? ExitCode::done : ExitCode::limit;
}

}  // namespace ordo::train
