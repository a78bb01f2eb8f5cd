// Decoders of tokenizer.json: tokens back to text.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ordo/text/config.h"

namespace ordo::text {

class Decoder {
 public:
  /// Without a configuration tokens are joined by spaces.
  Decoder() = default;
  /// Throws InputError for a type it does not know, listing those it does.
  explicit Decoder(const Config& config);

  std::string decode(std::vector<std::string> tokens) const;

 private:
  using Step = std::function<void(std::vector<std::string>&)>;
  void add(const Config& config);

  std::vector<Step> steps_;
  bool joins_by_spaces_ = true;
};

}  // namespace ordo::text
