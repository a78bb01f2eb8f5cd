// Whoever answers in a conversation: a model here, or one behind an endpoint. Rooms that ask a
// model ask a Speaker, and their users choose.
#pragma once

#include <memory>
#include <string>

#include "ordo/base/context.h"
#include "ordo/base/json.h"
#include "ordo/base/options.h"
#include "ordo/http/endpoint.h"
#include "ordo/lm/text_model.h"
#include "ordo/lm/writing.h"

namespace ordo::lm {

class Speaker {
 public:
  virtual ~Speaker() = default;
  /// What the assistant says after `messages`, objects with the strings "role" and "content".
  /// `receive`, where there is one, gets it piece by piece.
  virtual std::string answer(const Json::Array& messages, const TextReceiver& receive,
                             Context& context) = 0;
};

struct SpeakerOptions {
  ModelChoice model;                   ///< at an endpoint, its path is its name there
  http::EndpointOptions endpoint;      ///< a model here while its url is empty
  std::string chat_template = "auto";  ///< the model's own, or a known family's
  WritingOptions writing;
  void describe(OptionSet& set);
  /// Throws UsageError for options that the speaker does not have.
  void check() const;
};

/// Opens a model, or an endpoint with the key that it asks for (which may be empty). Throws what
/// SpeakerOptions::check and loading throw, and UsageError for a model without a chat template.
std::unique_ptr<Speaker> open_speaker(const SpeakerOptions& options, http::Secret key,
                                      const Context& context);

}  // namespace ordo::lm
