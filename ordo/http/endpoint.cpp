#include "ordo/http/endpoint.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <httplib.h>

#include "ordo/base/error.h"
#include "ordo/base/json.h"
#include "ordo/http/event_parser.h"

namespace ordo::http {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;  // bytes that a server may send

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// While it lives, ends a request that takes too long or is to be stopped: a blocked read does not
// look at a token.
class Watch {
 public:
  Watch(httplib::Client& client, const Context& context, Clock::time_point deadline)
      : thread_([this, &client, stop = context.stop, deadline] {
          std::unique_lock lock(mutex_);
          while (!is_over_) {
            if (stop.stop_requested() || Clock::now() >= deadline) client.stop();
            changed_.wait_for(lock, std::chrono::milliseconds(50));
          }
        }) {}
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Watch(const Watch&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  std::thread thread_;
};

// What an attempt ended with, if not with an answer.
struct Failure {
  std::string message;
  bool may_pass = true;
  std::optional<double> wait = {};  // that the server asks for
};

bool may_pass(int status) {
  return status == 408 || status == 409 || status == 429 || status >= 500;
}

const std::string* text_at(const Json& json, std::string_view first, std::string_view second) {
  if (!json.is_object()) return nullptr;
  const Json* inner = json.find(first);
  if (inner == nullptr) return nullptr;
  if (inner->is_string()) return &inner->as_string();
  if (!inner->is_object()) return nullptr;
  const Json* found = inner->find(second);
  return found != nullptr && found->is_string() ? &found->as_string() : nullptr;
}

// What a server says of an error: {"error": {"message": ...}}, {"error": "..."}, or some text.
std::string message_of(const std::string& body) {
  try {
    const Json json = parse_json(body, "answer");
    for (const auto& [first, second] :
         {std::pair{"error", "message"}, {"message", ""}, {"detail", ""}}) {
      if (const std::string* text = text_at(json, first, second)) return *text;
    }
  } catch (const Error&) {
  }
  std::string start = body.substr(0, 200);
  std::ranges::replace_if(start, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return start;
}

bool is_out_of_quota(const std::string& body) {
  try {
    const Json json = parse_json(body, "answer");
    const std::string* const code = text_at(json, "error", "code");
    return code != nullptr && *code == "insufficient_quota";
  } catch (const Error&) {
    return false;
  }
}

Json body_of(const ChatRequest& request, const EndpointOptions& options, bool as_stream) {
  Json json = Json::object({});
  for (const JsonMember& member : request.more) json[member.key] = member.value;
  if (!options.model.empty()) json["model"] = options.model;
  Json::Array messages;
  for (const ChatMessage& message : request.messages) {
    messages.push_back(Json::object({{"role", message.role}, {"content", message.content}}));
  }
  json["messages"] = std::move(messages);
  if (request.max_tokens) json["max_tokens"] = *request.max_tokens;
  if (request.temperature) json["temperature"] = *request.temperature;
  if (request.seed) json["seed"] = *request.seed;
  if (!request.stop.empty()) json["stop"] = Json::array_of(request.stop);
  if (as_stream) {
    json["stream"] = true;
    json["stream_options"] = Json::object({{"include_usage", true}});
  }
  return json;
}

// An error that a server tells inside an answer.
class Reported : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Adds what an answer, or a piece of one, holds. `part` is "message" or "delta". Returns the text
// that came. Throws InputError for what is no such answer.
std::string take(const Json& json, std::string_view part, ChatAnswer& answer) {
  const Location where{.source = "answer"};
  if (!json.is_object()) throw InputError(where, "expected an object");
  if (json.find("error") != nullptr) {
    const std::string* const text = text_at(json, "error", "message");
    throw Reported(text != nullptr ? *text : "without a message");
  }
  if (const Json* model = json.find("model"); model != nullptr && model->is_string()) {
    answer.model = model->as_string();
  }
  if (const Json* usage = json.find("usage"); usage != nullptr && usage->is_object()) {
    const auto count = [&](std::string_view key) -> std::optional<std::int64_t> {
      const Json* found = usage->find(key);
      if (found == nullptr || !found->is_int()) return std::nullopt;
      return found->as_int();
    };
    answer.prompt_tokens = count("prompt_tokens");
    answer.completion_tokens = count("completion_tokens");
  }
  const Json* const choices = json.find("choices");
  if (choices == nullptr || !choices->is_array()) {
    throw InputError({.source = "answer", .field = "/choices"}, "expected an array");
  }
  if (choices->as_array().empty()) return {};  // the piece that holds the usage
  const Json& choice = choices->as_array().front();
  if (!choice.is_object()) {
    throw InputError({.source = "answer", .field = "/choices/0"}, "expected an object");
  }
  if (const Json* reason = choice.find("finish_reason"); reason != nullptr && reason->is_string()) {
    answer.finish_reason = reason->as_string();
  }
  const std::string field = fmt::format("/choices/0/{}", part);
  const Json* const message = choice.find(part);
  if (message == nullptr || !message->is_object()) {
    throw InputError({.source = "answer", .field = field}, "expected an object");
  }
  const Json* const content = message->find("content");
  if (content == nullptr || content->is_null()) return {};
  if (!content->is_string()) {
    throw InputError({.source = "answer", .field = field + "/content"}, "expected a string");
  }
  answer.content += content->as_string();
  return content->as_string();
}

}  // namespace

std::string Secret::hide_in(std::string text) const {
  if (text_.empty()) return text;
  for (std::size_t at = 0; (at = text.find(text_, at)) != std::string::npos; at += 3) {
    text.replace(at, text_.size(), "***");
  }
  return text;
}

void EndpointOptions::describe(OptionSet& set) {
  set.add("endpoint", url,
          "Address of a server with OpenAI's chat interface, such as http://127.0.0.1:8080/v1.")
      .placeholder("URL");
  set.add("key-variable", key_variable, "Environment variable that holds the server's key.");
  set.add("connect-timeout", connect_timeout, "Seconds to connect to it.").range(0.001);
  set.add("read-timeout", read_timeout, "Seconds without a byte from it.").range(0.001);
  set.add("timeout", timeout, "Seconds for an answer, all attempts together.").range(0.001);
  set.add("retries", retries, "Further attempts after a failure that may pass.").range(0, 100);
  set.add("backoff", backoff, "Seconds of the first pause, doubled with each.").range(0);
  set.add("max-wait", max_wait, "Longest pause in seconds, also where the server asks for one.")
      .range(0);
  set.add("certificates", certificates,
          "PEM file of certificates to trust instead of the system's.");
}

std::optional<double> retry_after(std::string_view header, double now) {
  while (header.starts_with(' ')) header.remove_prefix(1);
  while (header.ends_with(' ')) header.remove_suffix(1);
  if (header.empty() || header.size() > 64) return std::nullopt;
  const std::string text(header);
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (*end == '\0') {
    if (!(seconds >= 0) || std::isinf(seconds)) return std::nullopt;
    return seconds;
  }
  std::tm date{};
  const char* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return std::max(0.0, static_cast<double>(::timegm(&date)) - now);
}

Address parse_address(const std::string& url) {
  const auto refuse = [&](std::string_view what) {
    // The URL itself may hold a password, so it is not repeated then.
    return UsageError(
        fmt::format("the server's address {}: expected one such as "
                    "https://api.openai.com/v1 or http://127.0.0.1:8000/v1",
                    what));
  };
  Address address;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    address.is_encrypted = false;
    address.port = 80;
    rest.remove_prefix(7);
  } else {
    throw refuse("begins neither with https:// nor with http://");
  }
  if (std::ranges::any_of(rest, [](unsigned char c) { return c <= 0x20 || c >= 0x7f; })) {
    throw refuse("holds blanks or other characters that must be escaped");
  }
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  std::string_view path = rest.substr(authority.size());
  if (authority.find('@') != std::string_view::npos) {
    throw refuse("holds a user name or password, which do not belong there");
  }
  if (path.find_first_of("?#") != std::string_view::npos) throw refuse("holds '?' or '#'");
  while (path.ends_with('/')) path.remove_suffix(1);
  address.path = path;
  const bool is_v6 = authority.starts_with('[');
  const std::size_t bracket = is_v6 ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) throw refuse("lacks a ']'");
  const std::size_t colon = authority.find(':', bracket);
  address.host = is_v6 ? authority.substr(1, bracket - 1) : authority.substr(0, colon);
  if (address.host.empty()) throw refuse("has no host");
  if (colon == std::string_view::npos) return address;
  const std::string port(authority.substr(colon + 1));
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  address.port = is_number ? std::stoi(port) : 0;
  if (address.port < 1 || address.port > 65535) throw refuse("has a port that is no port");
  return address;
}

struct Endpoint::Implementation {
  EndpointOptions options;
  Secret key;
  Address address;

  std::string name() const {
    return fmt::format("{}://{}:{}{}", address.is_encrypted ? "https" : "http", address.host,
                       address.port, address.path);
  }

  std::unique_ptr<httplib::Client> connect(double seconds) const {
    const bool is_v6 = address.host.find(':') != std::string::npos;
    auto client = std::make_unique<httplib::Client>(
        fmt::format("{}://{}:{}", address.is_encrypted ? "https" : "http",
                    is_v6 ? "[" + address.host + "]" : address.host, address.port));
    const auto microseconds = [&](double limit) {
      return std::chrono::microseconds(
          static_cast<std::int64_t>(std::max(0.001, std::min(limit, seconds)) * 1e6));
    };
    client->set_connection_timeout(microseconds(options.connect_timeout));
    client->set_read_timeout(microseconds(options.read_timeout));
    client->set_write_timeout(microseconds(options.read_timeout));
    client->set_follow_location(false);  // the key is for this server alone
    client->enable_server_certificate_verification(true);
    if (!options.certificates.empty()) client->set_ca_cert_path(options.certificates.c_str());
    return client;
  }

  /// Sends the request once. `read` gets the body's bytes of a good answer.
  std::optional<Failure> attempt(const std::string& body, bool as_stream,
                                 const std::function<bool(std::string_view)>& read,
                                 Clock::time_point deadline, Context& context) const {
    const double left = Seconds(deadline - Clock::now()).count();
    const auto client = connect(left);
    httplib::Request request;
    request.method = "POST";
    request.path = address.path + "/chat/completions";
    request.headers.emplace("Content-Type", "application/json");
    request.headers.emplace("Accept", as_stream ? "text/event-stream" : "application/json");
    if (!key.empty()) request.headers.emplace("Authorization", "Bearer " + key.text_);
    request.body = body;
    int status = 0;
    std::string said;
    std::size_t bytes = 0;
    std::exception_ptr thrown;
    bool is_enough = false;
    request.response_handler = [&](const httplib::Response& response) {
      status = response.status;
      return true;
    };
    request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t,
                                   std::uint64_t) {
      if ((bytes += size) > kMaxAnswer) return false;
      if (status != 200) {
        said.append(data,
                    std::min(size, std::size_t{65536} - std::min<std::size_t>(said.size(), 65536)));
        return true;
      }
      try {
        is_enough = !read({data, size});
      } catch (...) {  // httplib is no place for our exceptions to pass
        thrown = std::current_exception();
      }
      return !is_enough && !thrown;
    };
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    bool is_whole = false;
    {
      const Watch watch(*client, context, deadline);
      is_whole = client->send(request, response, error);
    }
    if (thrown) std::rethrow_exception(thrown);
    context.check_stop();
    if (is_enough) return std::nullopt;
    if (Clock::now() >= deadline) throw LimitError(out_of_time());
    if (bytes > kMaxAnswer) {
      throw IoError(
          fmt::format("{} sends more than {} MiB as an answer", name(), kMaxAnswer >> 20));
    }
    if (!is_whole) return Failure{connection_failure(error, status)};
    if (status == 200) return std::nullopt;
    return refusal(status, said, response.get_header_value("Retry-After"));
  }

  std::string connection_failure(httplib::Error error, int status) const {
    if (error == httplib::Error::SSLServerVerification ||
        error == httplib::Error::SSLLoadingCerts) {
      throw IoError(
          fmt::format("{} shows a certificate that is not trusted here; if it is your own "
                      "server's, name its certificate by --certificates",
                      name()));
    }
    if (status != 0) return fmt::format("{} broke off its answer", name());
    const bool is_unreached =
        error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout;
    return fmt::format("{} does not answer ({}): {}", name(), httplib::to_string(error),
                       is_unreached ? std::string("is a server running there?")
                                    : fmt::format("it hung up, or was silent for --read-timeout, "
                                                  "{:g} s",
                                                  options.read_timeout));
  }

  Failure refusal(int status, const std::string& body, const std::string& wait) const {
    const std::string said = key.hide_in(message_of(body));
    const std::string text = fmt::format("{} answers with status {}{}{}", name(), status,
                                         said.empty() ? "" : ": ", said);
    if (status == 401 || status == 403) {
      throw UsageError(
          fmt::format("{}. The key is taken from the environment variable {}{}: put the "
                      "server's key there, or name another by --key-variable",
                      text, options.key_variable, key.empty() ? ", which is empty" : ""));
    }
    if (status == 404) {
      throw UsageError(
          text + "; expected an address such as http://127.0.0.1:8080/v1, and a model it knows");
    }
    if (is_out_of_quota(body)) throw LimitError(text);
    if (!may_pass(status)) throw UsageError(text);
    return {.message = text, .wait = retry_after(wait, unix_time())};
  }

  std::string out_of_time() const {
    return fmt::format("{} gave no whole answer within {:g} s (--timeout)", name(),
                       options.timeout);
  }

  /// Waits before attempt number `attempts` + 1, or throws if there is to be none.
  void pause(const Failure& failure, int attempts, Clock::time_point deadline, Random& random,
             Context& context) const {
    if (attempts > options.retries) {
      throw IoError(fmt::format("{}; tried {} time{} (--retries)", failure.message, attempts,
                                attempts == 1 ? "" : "s"));
    }
    if (failure.wait && *failure.wait > options.max_wait) {
      throw LimitError(
          fmt::format("{}; it asks to come back in {:.0f} s, more than the {:g} s of "
                      "--max-wait",
                      failure.message, *failure.wait, options.max_wait));
    }
    const double longest =
        std::min(options.max_wait, options.backoff * std::pow(2.0, attempts - 1));
    const double seconds = failure.wait ? *failure.wait : longest * random.uniform();
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
    if (until >= deadline) throw LimitError(failure.message + "; " + out_of_time());
    context.warn(fmt::format("{}; trying again in {:.1f} s", failure.message, seconds));
    while (Clock::now() < until) {
      context.check_stop();
      std::this_thread::sleep_for(
          std::min<Clock::duration>(std::chrono::milliseconds(50), until - Clock::now()));
    }
  }

  /// Attempts until one is answered. `begin` is called before each; `read` gets bytes, and `end`
  /// says whether they were all, by what is missing.
  ChatAnswer ask(const ChatRequest& request, bool as_stream, const Receiver& receive,
                 Context& context) const;
};

// One answer being read, whole or as a stream.
class Reading {
 public:
  Reading(bool as_stream, const Endpoint::Receiver& receive)
      : as_stream_(as_stream), receive_(receive) {}

  bool take_bytes(std::string_view bytes) {
    if (!as_stream_) {
      body_ += bytes;
      return true;
    }
    return parser_.feed(bytes,
                        [this](const EventParser::Event& event) { return take_event(event); });
  }
  /// Throws InputError if what came is no answer.
  void finish() {
    if (!as_stream_) {
      take(parse_json(body_, "answer"), "message", answer_);
    } else if (!is_done_ && answer_.finish_reason.empty()) {
      throw InputError({.source = "answer"}, "the stream ends before the answer does");
    }
  }
  bool has_told() const { return has_told_; }
  ChatAnswer& answer() { return answer_; }

 private:
  bool take_event(const EventParser::Event& event) {
    if (event.data == "[DONE]") {
      is_done_ = true;
      return false;
    }
    const std::string text = take(parse_json(event.data, "answer"), "delta", answer_);
    if (text.empty()) return true;
    has_told_ = true;
    is_done_ = !receive_(text);
    return !is_done_;
  }

  bool as_stream_;
  const Endpoint::Receiver& receive_;
  EventParser parser_;
  std::string body_;
  ChatAnswer answer_;
  bool is_done_ = false, has_told_ = false;
};

ChatAnswer Endpoint::Implementation::ask(const ChatRequest& request, bool as_stream,
                                         const Receiver& receive, Context& context) const {
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           Seconds(std::min(options.timeout, 1e9)));
  const std::string body = body_of(request, options, as_stream).dump();
  Random random = context.random.split("backoff");
  for (int attempts = 1;; ++attempts) {
    context.check_stop();
    Reading reading(as_stream, receive);
    std::optional<Failure> failure;
    try {
      failure = attempt(
          body, as_stream, [&](std::string_view bytes) { return reading.take_bytes(bytes); },
          deadline, context);
      if (!failure) reading.finish();
    } catch (const InputError& error) {
      failure = Failure{
          fmt::format("{} sends a malformed answer: {}", name(), key.hide_in(error.what()))};
    } catch (const Reported& error) {
      failure = Failure{fmt::format("{} reports an error: {}", name(), key.hide_in(error.what()))};
    }
    if (!failure) {
      reading.answer().attempts = attempts;
      return std::move(reading.answer());
    }
    if (reading.has_told())
      throw IoError(failure->message + " after a part of it was received; ask again");
    pause(*failure, attempts, deadline, random, context);
  }
}

Endpoint::Endpoint(EndpointOptions options, Secret key)
    : implementation_(std::make_unique<Implementation>()) {
  Address address = parse_address(options.url);
  const bool is_here =
      address.host == "localhost" || address.host == "127.0.0.1" || address.host == "::1";
  if (!key.empty() && !address.is_encrypted && !is_here) {
    throw UsageError(fmt::format(
        "the key would travel to {} in the clear: use https, or leave {} empty if the server wants "
        "none",
        address.host, options.key_variable));
  }
  implementation_->options = std::move(options);
  implementation_->key = std::move(key);
  implementation_->address = std::move(address);
}
Endpoint::~Endpoint() = default;
Endpoint::Endpoint(Endpoint&&) noexcept = default;

ChatAnswer Endpoint::complete(const ChatRequest& request, Context& context) const {
  return implementation_->ask(request, /*as_stream=*/false, {}, context);
}

ChatAnswer Endpoint::stream(const ChatRequest& request, const Receiver& receive,
                            Context& context) const {
  return implementation_->ask(request, /*as_stream=*/true, receive, context);
}

}  // namespace ordo::http
