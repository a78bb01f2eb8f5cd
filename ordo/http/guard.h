// Who may ask a server that stands on 127.0.0.1. Any page that the same browser shows can send it
// requests, and a name that its owner points at 127.0.0.1 (DNS rebinding) would even let such a
// page read the answers. So:
//   - the Host header must name this machine and the server's port, which a foreign name does not;
//   - the Origin header, if there is one, must be this server's own, and so must Sec-Fetch-Site,
//     which current browsers add to everything. Another port of this machine is another site.
//   - Only a person's way to the page itself (a link, a bookmark, an address typed) may begin
//     elsewhere: it holds nothing, and it cannot be framed.
// What is no browser (curl) sends neither header and runs as the user anyway.
#pragma once

#include <optional>
#include <string>

#include "ordo/http/message.h"

namespace ordo::http {

struct Refusal {
  int status = 403;
  std::string reason;
};

/// Why the request is refused by a server on `port` whose page is at `/`; nothing if it may pass.
std::optional<Refusal> refuse(const Request& request, int port);

}  // namespace ordo::http
