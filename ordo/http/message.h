// What a handler gets and gives. No third-party types.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ordo/base/json.h"
#include "ordo/http/target.h"

namespace ordo::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  ///< "GET" or "HEAD"
  std::string path;    ///< unescaped
  Query query;
  Headers headers;

  /// The value of a header, whatever its case; empty if there is none.
  std::string_view header(std::string_view name) const;
  /// How often the header is there.
  std::size_t count(std::string_view name) const;
};

/// A stream of events that takes over the connection.
struct EventStream {
  std::string topic;  ///< what it wants to hear of; see EventHub
  std::string first;  ///< text of the first events
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  Headers headers = {};
  std::shared_ptr<const std::string> body = {};      ///< may be shared by many responses
  std::filesystem::path file = {};                   ///< sent instead of `body`, in pieces
  std::string tag = {};                              ///< entity tag without quotes; empty: none
  std::optional<EventStream> events = std::nullopt;  ///< instead of either
};

Response json_response(const Json& value);
/// {"error": message}
Response error_response(int status, std::string_view message);
Response text_response(std::string text, std::string type);

}  // namespace ordo::http
