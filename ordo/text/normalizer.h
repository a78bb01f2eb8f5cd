// Normalizers of tokenizer.json: what happens to a text before it is cut.
#pragma once

#include <functional>
#include <vector>

#include "ordo/text/config.h"
#include "ordo/text/normalized.h"

namespace ordo::text {

class Normalizer {
 public:
  Normalizer() = default;
  /// Throws InputError for a type it does not know, listing those it does.
  explicit Normalizer(const Config& config);

  void apply(Normalized& text) const {
    for (const Step& step : steps_) step(text);
  }
  bool empty() const { return steps_.empty(); }

 private:
  using Step = std::function<void(Normalized&)>;
  void add(const Config& config);

  std::vector<Step> steps_;
};

}  // namespace ordo::text
