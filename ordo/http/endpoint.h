// A client of language models behind the chat interface that OpenAI began and most servers speak
// (vLLM, llama.cpp, Ollama, ...): POST {url}/chat/completions. Failures that pass are tried again:
// no connection, a broken one, status 408, 409, 429 and 5xx, after what Retry-After says or else
// after a pause drawn from [0, backoff * 2^attempt].
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/options.h"

namespace ordo::http {

/// A text that is used and never shown: it has no way into JSON, logs or messages.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  bool empty() const { return text_.empty(); }
  /// `text` with every occurrence of the secret replaced by "***".
  std::string hide_in(std::string text) const;

 private:
  friend class Endpoint;
  std::string text_;
};

struct EndpointOptions {
  std::string url;                              ///< what /chat/completions is added to
  std::string model;                            ///< as the server calls it; empty: its only one
  std::string key_variable = "OPENAI_API_KEY";  ///< environment variable of the key
  double connect_timeout = 10;                  ///< seconds
  double read_timeout = 120;                    ///< seconds without a byte
  double timeout = 600;                         ///< seconds for an answer, attempts together
  int retries = 5;                              ///< further attempts
  double backoff = 0.5;                         ///< seconds, doubled with each attempt
  double max_wait = 60;                         ///< seconds before one attempt
  std::filesystem::path certificates;           ///< PEM file to trust instead of the system's
  /// All but `model`: the verb's own --model tells it, which without an endpoint is a path.
  void describe(OptionSet& set);
};

struct ChatMessage {
  std::string role;  ///< "system", "user", "assistant"
  std::string content;
};

struct ChatRequest {
  std::vector<ChatMessage> messages;
  std::optional<std::int64_t> max_tokens = {};
  std::optional<double> temperature = {};
  std::optional<std::int64_t> seed = {};
  std::vector<std::string> stop = {};
  JsonObject more = {};  ///< further members of the request as the server knows them
};

struct ChatAnswer {
  std::string content;
  std::string finish_reason;  ///< "stop", "length", ...
  std::string model;          ///< as the server says
  std::optional<std::int64_t> prompt_tokens = {}, completion_tokens = {};
  int attempts = 1;
};

class Endpoint {
 public:
  /// Throws UsageError for an address that is no http or https URL, that holds a password, or that
  /// would carry the key over plain http to another machine.
  Endpoint(EndpointOptions options, Secret key);
  ~Endpoint();
  Endpoint(Endpoint&&) noexcept;

  /// The whole answer. Throws
  ///   UsageError  the server refuses the request (400, 404, 422) or the key (401, 403)
  ///   IoError     no answer after all attempts, or one that is malformed
  ///   LimitError  time is up, the account's quota is used up, or Retry-After asks for longer than
  ///               max_wait
  ///   Interrupted as the context's token asks, within a tenth of a second
  ChatAnswer complete(const ChatRequest& request, Context& context) const;

  /// The same as a stream: `receive` gets the text piece by piece as it is generated; false from it
  /// ends the stream. What breaks off after the first piece is not tried again, but thrown.
  using Receiver = std::function<bool(std::string_view text)>;
  ChatAnswer stream(const ChatRequest& request, const Receiver& receive, Context& context) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Seconds that a Retry-After header asks for: a number, or an HTTP date after `now` (Unix time).
/// Nothing for what is neither.
std::optional<double> retry_after(std::string_view header, double now);

/// A URL of http or https taken apart.
struct Address {
  bool is_encrypted = true;
  std::string host;
  int port = 443;
  std::string path;  ///< without a '/' at its end
};
/// Throws UsageError.
Address parse_address(const std::string& url);

}  // namespace ordo::http
