// `ordo lm chat`: answers, and conversations at a terminal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/repl.h"
#include "ordo/lm/conversation.h"
#include "ordo/lm/speaker.h"

namespace ordo::lm {

struct ChatOptions {
  SpeakerOptions speaker;
  std::vector<std::string> say;        ///< what the user says, one message after another
  std::string system;                  ///< instructions before all else
  std::filesystem::path conversation;  ///< JSON array of messages to go on from
  void describe(OptionSet& set);
};

struct ChatResult {
  Json::Array messages;  ///< the conversation, with the answers
  std::size_t first_new = 0;
};
Json to_json(const ChatResult& result);
std::string to_text(const ChatResult& result);

/// The conversation to go on from, with the instructions. Throws what reading it throws.
Conversation begin_conversation(const ChatOptions& options);

/// Answers each thing said in turn. `receive`, where there is one, gets to_text(result) as it
/// grows. Throws UsageError if there is nothing to answer.
ChatResult chat(const ChatOptions& options, http::Secret key, Context& context,
                const TextReceiver& receive = {});

/// A session: what is typed is said to `speaker`, whose answers go to `write` as they grow; what
/// begins with '/' is a command. `/save` without a file saves to `file`.
ReplLanguage chat_language(Conversation& conversation, Speaker& speaker, TextReceiver write,
                           std::filesystem::path file);

}  // namespace ordo::lm
