#include "ordo/http/message.h"

#include <algorithm>

#include <strings.h>

namespace ordo::http {
namespace {

bool is_called(const std::pair<std::string, std::string>& header, std::string_view name) {
  return header.first.size() == name.size() &&
         ::strncasecmp(header.first.data(), name.data(), name.size()) == 0;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& header : headers) {
    if (is_called(header, name)) return header.second;
  }
  return {};
}

std::size_t Request::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(), [&](const auto& header) { return is_called(header, name); }));
}

Response text_response(std::string text, std::string type) {
  Response response;
  response.type = std::move(type);
  response.body = std::make_shared<const std::string>(std::move(text));
  return response;
}

Response json_response(const Json& value) {
  return text_response(value.dump(), "application/json");
}

Response error_response(int status, std::string_view message) {
  Response response = json_response(Json::object({{"error", message}}));
  response.status = status;
  return response;
}

}  // namespace ordo::http
