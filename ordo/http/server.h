// A server on 127.0.0.1 for one page and its data: GET and HEAD, entity tags, one range, files in
// pieces, streams of events. `handler` answers requests that `guard.h` lets pass, in several
// threads at once; what it throws becomes an error in JSON (UsageError 400, NotFound 404, others
// 500).
#pragma once

#include <functional>
#include <memory>

#include "ordo/base/context.h"
#include "ordo/base/error.h"
#include "ordo/http/event_hub.h"
#include "ordo/http/message.h"

namespace ordo::http {

/// There is nothing of that name: status 404.
class NotFound : public UsageError {
 public:
  using UsageError::UsageError;
};

struct ServerOptions {
  int port = 0;                      ///< 0: one that is free
  std::size_t max_connections = 64;  ///< that are answered at once; more are refused with 503
  double head_seconds = 10;          ///< for the whole head of a request
  double idle_seconds = 15;          ///< that a connection is kept between requests
  HubOptions events = {};
};

class Server {
 public:
  using Handler = std::function<Response(const Request&)>;

  /// Binds the port, so that connections are accepted from here on. Throws IoError if it is taken.
  Server(const ServerOptions& options, Handler handler);
  ~Server();

  int port() const;
  /// "http://127.0.0.1:PORT"
  std::string url() const;
  EventHub& events();
  /// Answers until the token is set; then says `event: bye` to the streams and ends them.
  void run(const StopToken& stop);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace ordo::http
