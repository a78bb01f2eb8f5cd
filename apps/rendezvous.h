// Where the processes of one training meet, as torchrun and its kin tell them.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/tensor/process_group.h"

namespace ordo::apps {

inline int number_of(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < 0 || value > 65535) {
    throw UsageError(fmt::format("{}: expected a number, found '{}'", variable, text));
  }
  return static_cast<int>(value);
}

inline std::string text_of(const char* variable, const std::string& otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? text : otherwise;
}

inline tensor::Rendezvous rendezvous() {
  tensor::Rendezvous meeting;
  meeting.rank = number_of("RANK", 0);
  meeting.world = number_of("WORLD_SIZE", 1);
  meeting.port = number_of("MASTER_PORT", meeting.port);
  meeting.host = text_of("MASTER_ADDR", meeting.host);
  if (text_of("TORCHELASTIC_USE_AGENT_STORE", "") == "True") {
    meeting.listener = tensor::Rendezvous::Listener::launcher;
  }
  meeting.name += "/" + text_of("TORCHELASTIC_RESTART_COUNT", "0");
  return meeting;
}

}  // namespace ordo::apps
