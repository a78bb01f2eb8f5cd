#include "ordo/http/guard.h"

#include <algorithm>

#include <fmt/format.h>

namespace ordo::http {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

bool is_own_host(std::string_view host, int port) {
  const std::string given = lower_case(host);
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) {
    if (given == fmt::format("{}:{}", name, port)) return true;
    if (port == 80 && given == name) return true;
  }
  return false;
}

bool is_way_to_the_page(const Request& request) {
  return request.path == "/" && request.header("Sec-Fetch-Mode") == "navigate" &&
         request.header("Sec-Fetch-Dest") == "document";
}

}  // namespace

std::optional<Refusal> refuse(const Request& request, int port) {
  if (request.count("Host") != 1 || !is_own_host(request.header("Host"), port)) {
    return Refusal{421, fmt::format("this server answers to 127.0.0.1:{0} and localhost:{0} only; "
                                    "through a tunnel, use the same port on both ends",
                                    port)};
  }
  if (request.count("Origin") > 0) {
    const std::string origin = lower_case(request.header("Origin"));
    constexpr std::string_view kScheme = "http://";
    if (request.count("Origin") != 1 || !origin.starts_with(kScheme) ||
        !is_own_host(std::string_view(origin).substr(kScheme.size()), port)) {
      return Refusal{403, "requests of other origins are refused"};
    }
  }
  if (request.count("Sec-Fetch-Site") > 0) {
    const std::string_view site = request.header("Sec-Fetch-Site");
    const bool is_own =
        request.count("Sec-Fetch-Site") == 1 && (site == "same-origin" || site == "none");
    if (!is_own && !is_way_to_the_page(request)) {
      return Refusal{403, "requests of other sites are refused; open the page itself"};
    }
  }
  return std::nullopt;
}

}  // namespace ordo::http
