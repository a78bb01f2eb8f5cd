// A message is a header, "Content-Length: N" and an empty line, then N bytes of JSON-RPC 2.0. Whole
// documents are sent on each change (full synchronisation): texts are small and parsing is fast.
#include "ordo/machine/lsp.h"

#include <algorithm>
#include <charconv>
#include <istream>
#include <ostream>
#include <unordered_map>

#include <fmt/format.h>

namespace ordo::machine {
namespace {

constexpr std::size_t kLongestMessage = std::size_t{256} << 20;
constexpr std::size_t kLongestHeader = 4096;

// Codes of JSON-RPC and the protocol.
constexpr int kParseError = -32700, kInvalidRequest = -32600, kUnknownMethod = -32601,
              kInvalidParameters = -32602, kInternalError = -32603, kNotInitialized = -32002;

[[noreturn]] void broken_framing(const std::string& what) {
  throw InputError({}, "language server protocol: " + what);
}

// A line without its end; nullopt at the end of input.
std::optional<std::string> header_line(std::istream& in) {
  std::string line;
  for (int c = in.get(); c != std::istream::traits_type::eof(); c = in.get()) {
    if (c == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    line += static_cast<char>(c);
    if (line.size() > kLongestHeader)
      broken_framing("expected a header 'Content-Length: N', found a longer line");
  }
  if (line.empty()) return std::nullopt;
  broken_framing("the input ended inside a message's header");
}

// The next message's body; nullopt at the end of input.
std::optional<std::string> read_message(std::istream& in) {
  std::optional<std::size_t> length;
  bool any = false;
  while (true) {
    const auto line = header_line(in);
    if (!line && !any) return std::nullopt;
    if (!line) broken_framing("the input ended inside a message's header");
    if (line->empty()) break;
    any = true;
    constexpr std::string_view kLength = "content-length:";
    std::string name = line->substr(0, kLength.size());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (name != kLength) continue;
    const std::size_t digits = line->find_first_not_of(" \t", kLength.size());
    std::size_t value = 0;
    const char* end = line->data() + line->size();
    const auto [rest, error] =
        std::from_chars(line->data() + std::min(digits, line->size()), end, value);
    if (error != std::errc() || rest != end || value > kLongestMessage)
      broken_framing(fmt::format("expected a message of at most {} bytes, found '{}'",
                                 kLongestMessage, *line));
    length = value;
  }
  if (!length) broken_framing("expected a header 'Content-Length: N', found none");
  // Read by pieces, so that a wrong length does not take the memory for it.
  std::string body;
  while (body.size() < *length) {
    const std::size_t before = body.size();
    body.resize(std::min(*length, before + (std::size_t{1} << 20)));
    in.read(body.data() + before, static_cast<std::streamsize>(body.size() - before));
    if (static_cast<std::size_t>(in.gcount()) < body.size() - before)
      broken_framing(fmt::format("the input ended inside a message of {} bytes", *length));
  }
  return body;
}

struct Failure {
  int code;
  std::string message;
};

class Server {
 public:
  Server(const LspLanguage& language, std::ostream& out) : language_(language), out_(out) {}

  /// False after `exit`.
  bool handle(const std::string& body) {
    Json message;
    try {
      message = parse_json(body, "message");
    } catch (const Error& error) {
      // The parser cites what it met, which must not be cited here where it is not UTF-8.
      const bool is_text = !find_invalid_utf8(body);
      reply_error(Json(), {kParseError, is_text ? error.what() : "a message is not UTF-8"});
      return true;
    }
    const Json* method = message.find("method");
    const Json* id = message.find("id");
    if (method == nullptr || !method->is_string()) {
      // An answer to something that was never asked has an id and a result.
      if (message.find("result") == nullptr && message.find("error") == nullptr)
        reply_error(id == nullptr ? Json() : *id, {kInvalidRequest, "a message needs a method"});
      return true;
    }
    const Json* given = message.find("params");
    const Json parameters = given == nullptr ? Json::object() : *given;
    if (id == nullptr) return notified(method->as_string(), parameters);
    try {
      reply(*id, requested(method->as_string(), parameters));
    } catch (const Failure& failure) {
      reply_error(*id, failure);
    } catch (const InputError& error) {
      reply_error(*id, {kInvalidParameters, error.what()});
    } catch (const Error& error) {
      reply_error(*id, {kInternalError, error.what()});
    }
    return true;
  }
  bool was_shut_down() const { return shut_down_; }

 private:
  void send(const Json& message) {
    const std::string body = message.dump();
    out_ << "Content-Length: " << body.size() << "\r\n\r\n" << body << std::flush;
  }
  void reply(const Json& id, Json result) {
    send(Json::object({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}));
  }
  void reply_error(const Json& id, const Failure& failure) {
    send(Json::object(
        {{"jsonrpc", "2.0"},
         {"id", id},
         {"error", Json::object({{"code", failure.code}, {"message", failure.message}})}}));
  }

  Json requested(const std::string& method, const Json& parameters) {
    if (method == "initialize") return initialize(parameters);
    if (!initialized_) throw Failure{kNotInitialized, "expected 'initialize' first"};
    if (shut_down_) throw Failure{kInvalidRequest, "the server is shutting down"};
    if (method == "shutdown") {
      shut_down_ = true;
      return {};
    }
    if (method == "textDocument/hover") return hover(parameters);
    if (method == "textDocument/definition") return definition(parameters);
    throw Failure{kUnknownMethod, fmt::format("there is no method '{}'", method)};
  }

  // Nothing is told about a notification that makes no sense: the protocol has no way to.
  bool notified(const std::string& method, const Json& parameters) {
    if (method == "exit") return false;
    if (!initialized_ || shut_down_) return true;
    try {
      if (method == "textDocument/didOpen") {
        const Json& document = parameters.at("textDocument");
        look_at(document.at("uri").as_string(), document.at("text").as_string());
      } else if (method == "textDocument/didChange") {
        const Json::Array& changes = parameters.at("contentChanges").as_array();
        if (!changes.empty())
          look_at(parameters.at("textDocument").at("uri").as_string(),
                  changes.back().at("text").as_string());
      } else if (method == "textDocument/didClose") {
        const std::string uri = parameters.at("textDocument").at("uri").as_string();
        documents_.erase(uri);
        publish(uri, Json::array());
      }
    } catch (const InputError&) {
    }
    return true;
  }

  Json initialize(const Json& parameters) {
    initialized_ = true;
    const Json* capabilities = parameters.find("capabilities");
    const Json* general = capabilities == nullptr ? nullptr : capabilities->find("general");
    const Json* known = general == nullptr ? nullptr : general->find("positionEncodings");
    if (known != nullptr && known->is_array()) {
      for (const Json& encoding : known->as_array()) {
        if (encoding == Json("utf-8")) unit_ = PositionUnit::utf8;
      }
    }
    return Json::object(
        {{"capabilities",
          Json::object({{"positionEncoding", unit_ == PositionUnit::utf8 ? "utf-8" : "utf-16"},
                        {"textDocumentSync", Json::object({{"openClose", true}, {"change", 1}})},
                        {"hoverProvider", true},
                        {"definitionProvider", true}})},
         {"serverInfo", Json::object({{"name", language_.name}})}});
  }

  Json range(const SourceMap& sources, Span span) const {
    const std::string_view text = sources.text(span.source);
    return Json::object({{"start", position_of(text, span.begin, unit_)},
                         {"end", position_of(text, std::max(span.begin, span.end), unit_)}});
  }

  void look_at(const std::string& uri, const std::string& text) {
    documents_.erase(uri);
    Json shown = Json::array();
    try {
      auto analysis = language_.analyse(path_of_uri(uri), text);
      const SourceMap& sources = analysis->sources();
      for (const Diagnostic& problem : analysis->problems()) {
        std::string message = problem.message;
        if (!problem.hint.empty()) message += "\n" + problem.hint;
        Span span = problem.span;
        if (span.source != analysis->document()) {  // in an imported file: said at the top
          message = sources.locate(span).to_string() + ": " + message;
          span = {analysis->document(), 0, 0};
        }
        shown.push_back(diagnostic(range(sources, span), message));
      }
      documents_[uri] = std::move(analysis);
    } catch (const Error& error) {  // no text at all: not UTF-8
      const Json start = Json::object({{"line", 0}, {"character", 0}});
      shown.push_back(diagnostic(Json::object({{"start", start}, {"end", start}}), error.what()));
    }
    publish(uri, std::move(shown));
  }
  Json diagnostic(Json place, const std::string& message) const {
    return Json::object({{"range", std::move(place)},
                         {"severity", 1},
                         {"source", language_.name},
                         {"message", message}});
  }
  void publish(const std::string& uri, Json diagnostics) {
    send(Json::object(
        {{"jsonrpc", "2.0"},
         {"method", "textDocument/publishDiagnostics"},
         {"params", Json::object({{"uri", uri}, {"diagnostics", std::move(diagnostics)}})}}));
  }

  // The open document and the place that a request names; nullptr if it is not open.
  std::pair<LspAnalysis*, std::uint32_t> place(const Json& parameters) {
    const auto found = documents_.find(parameters.at("textDocument").at("uri").as_string());
    const Json& position = parameters.at("position");
    const std::int64_t line = position.at("line").as_int();
    const std::int64_t column = position.at("character").as_int();
    if (line < 0 || column < 0)
      throw Failure{kInvalidParameters, "lines and characters count from 0"};
    if (found == documents_.end()) return {nullptr, 0};
    LspAnalysis& analysis = *found->second;
    return {&analysis,
            offset_of(analysis.sources().text(analysis.document()),
                      static_cast<std::uint64_t>(line), static_cast<std::uint64_t>(column), unit_)};
  }
  Json hover(const Json& parameters) {
    const auto [analysis, offset] = place(parameters);
    const auto found = analysis == nullptr ? std::nullopt : analysis->hover(offset);
    if (!found) return {};
    const std::string text = fmt::format("```{}\n{}\n```", language_.id, found->text);
    return Json::object({{"contents", Json::object({{"kind", "markdown"}, {"value", text}})},
                         {"range", range(analysis->sources(), found->span)}});
  }
  Json definition(const Json& parameters) {
    const auto [analysis, offset] = place(parameters);
    const auto found = analysis == nullptr ? std::nullopt : analysis->definition(offset);
    if (!found) return {};
    const SourceMap& sources = analysis->sources();
    return Json::object(
        {{"uri", uri_of_path(sources.name(found->source))}, {"range", range(sources, *found)}});
  }

  const LspLanguage& language_;
  std::ostream& out_;
  bool initialized_ = false, shut_down_ = false;
  PositionUnit unit_ = PositionUnit::utf16;
  std::unordered_map<std::string, std::unique_ptr<LspAnalysis>> documents_;
};

}  // namespace

int serve_lsp(const LspLanguage& language, std::istream& in, std::ostream& out) {
  Server server(language, out);
  while (const auto body = read_message(in)) {
    if (!server.handle(*body)) return server.was_shut_down() ? 0 : 1;
  }
  return 1;
}

std::uint32_t offset_of(std::string_view text, std::uint64_t line, std::uint64_t column,
                        PositionUnit unit) {
  std::size_t at = 0;
  for (; line > 0; --line) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return static_cast<std::uint32_t>(text.size());
    at = end + 1;
  }
  const std::size_t end = std::min(text.find('\n', at), text.size());
  while (at < end && column > 0) {
    const CodePoint point = decode_utf8(text, at);
    const std::uint64_t width = unit == PositionUnit::utf8 ? point.length
                                : point.value > 0xFFFF     ? 2
                                                           : 1;
    if (width > column) break;
    column -= width;
    at += point.length;
  }
  return static_cast<std::uint32_t>(at);
}

Json position_of(std::string_view text, std::uint32_t offset, PositionUnit unit) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  std::size_t at = before.rfind('\n') + 1;  // npos + 1 is 0
  std::int64_t column = 0;
  while (at < before.size()) {
    const CodePoint point = decode_utf8(text, at);
    column += unit == PositionUnit::utf8 ? point.length : point.value > 0xFFFF ? 2 : 1;
    at += point.length;
  }
  return Json::object({{"line", static_cast<std::int64_t>(lines)}, {"character", column}});
}

std::string path_of_uri(std::string_view uri) {
  if (!uri.starts_with("file://")) return std::string(uri);
  uri.remove_prefix(7);
  uri.remove_prefix(std::min(uri.find('/'), uri.size()));  // a host
  std::string path;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  for (std::size_t i = 0; i < uri.size(); ++i) {
    const bool coded =
        uri[i] == '%' && i + 2 < uri.size() && digit(uri[i + 1]) >= 0 && digit(uri[i + 2]) >= 0;
    path += coded ? static_cast<char>(16 * digit(uri[i + 1]) + digit(uri[i + 2])) : uri[i];
    if (coded) i += 2;
  }
  return path;
}

std::string uri_of_path(std::string_view path) {
  if (!path.starts_with('/')) return std::string(path);
  std::string uri = "file://";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

}  // namespace ordo::machine
