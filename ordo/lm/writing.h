// What a model writes after a prompt, as text: tokens drawn or searched for, decoded, and ended
// before a stop string.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/lm/generate.h"
#include "ordo/lm/text_model.h"

namespace ordo::lm {

/// How texts are written, whatever their prompt.
struct WritingOptions {
  std::int64_t max_tokens = 128;
  SamplingOptions sampling;
  std::int64_t beams = 1;           ///< above 1: beam search instead of sampling
  double length_penalty = 1;        ///< of beam search
  std::vector<std::string> stop;    ///< a text ends before any of these
  std::string overflow = "refuse";  ///< refuse, slide
  void describe(OptionSet& set);
  /// Throws UsageError for options that contradict each other.
  void check() const;
};

struct Written {
  std::string text;
  std::string end;  ///< "token", "limit" or "stop"
  std::int64_t tokens = 0;
  double log_probability = 0;
};

/// Gets a text piece by piece; no piece ends within a character.
using TextReceiver = std::function<void(std::string_view piece)>;

/// The text of each request. `receive`, where there is one, gets the pieces of each as they are
/// certain: what a beam search finds is so at its end. `reading` is that of generate(); a beam
/// search reads all anew.
std::vector<Written> write_texts(
    const TextModel& opened, const WritingOptions& options, const std::vector<Request>& requests,
    Context& context,
    const std::function<void(std::size_t request, std::string_view piece)>& receive = {},
    Reading* reading = nullptr);

}  // namespace ordo::lm
