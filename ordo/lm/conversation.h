// What was said so far, by whom, and how it goes on.
#pragma once

#include <filesystem>
#include <string>

#include "ordo/base/json.h"
#include "ordo/lm/speaker.h"

namespace ordo::lm {

class Conversation {
 public:
  Conversation() = default;
  /// From a file with an array of messages ({"role": ..., "content": ...}). Throws IoError and
  /// InputError.
  static Conversation read(const std::filesystem::path& file);
  /// Replaces the file as a whole. Throws IoError.
  void save(const std::filesystem::path& file) const;

  /// Puts instructions before all else.
  void instruct(const std::string& system);
  /// Whether the user spoke last.
  bool waits_for_answer() const;
  /// Lets `speaker` answer what waits for it.
  void answer(Speaker& speaker, const TextReceiver& receive, Context& context);
  /// Says `words` and lets `speaker` answer. If that fails, the words are taken back; but of an
  /// answer that is interrupted, what has come stays.
  void say(const std::string& words, Speaker& speaker, const TextReceiver& receive,
           Context& context);
  /// Forgets all but the instructions at its beginning.
  void reset();

  const Json::Array& messages() const { return messages_; }

 private:
  void add(const std::string& role, const std::string& content);
  Json::Array messages_;
};

}  // namespace ordo::lm
