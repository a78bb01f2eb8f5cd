// Chat templates: the Jinja that model folders carry in `chat_template`, which turns messages into
// the prompt the model was trained on. The subset and the settings are those in which such
// templates are rendered everywhere: trim_blocks and lstrip_blocks are on, loops have break and
// continue, and `raise_exception`, `strftime_now`, `namespace`, `range`, `dict` and `joiner` are
// there.
//
// A template comes from outside: it reaches nothing but the variables it is given, and its time,
// depth and output are limited.
#pragma once

#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::text {

struct ChatMessage {
  std::string role;  ///< "system", "user", "assistant", "tool"
  std::string content;
};

struct ChatOptions {
  bool add_generation_prompt = true;  ///< end where the assistant's answer begins
  std::string bos_token, eos_token;   ///< what the template calls by these names
  JsonObject variables = {};  ///< more of them: "tools", "documents", "enable_thinking", ...
};

class ChatTemplate {
 public:
  /// Parses. Throws InputError with `name`, line and column for what is no template, or is one that
  /// needs more of Jinja than there is here (it says what).
  explicit ChatTemplate(std::string_view source, const std::string& name = "<chat template>");

  /// The prompt of a conversation. Throws InputError with the template's line where it fails or
  /// calls raise_exception; LimitError where it does not end.
  std::string render(const std::vector<ChatMessage>& messages, const ChatOptions& options) const;
  /// The same of messages as a chat endpoint takes them: an array of objects (with tool_calls,
  /// lists of content parts, ...).
  std::string render(const Json& messages, const ChatOptions& options) const;
  /// Renders with these variables and no others.
  std::string render_variables(const JsonObject& variables) const;

  /// The time that strftime_now tells; by default the system's, local.
  void set_clock(std::function<std::tm()> clock);

  struct Program;

 private:
  std::shared_ptr<const Program> program_;
  std::function<std::tm()> clock_;
};

/// The template of families whose folders carry none: "chatml", "llama2", "llama3", "mistral",
/// "zephyr". Throws UsageError listing the names.
std::string_view known_chat_template(std::string_view family);

}  // namespace ordo::text
