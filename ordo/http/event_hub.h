// Server-sent events for many listeners in one thread: a stream costs a socket and a buffer, never
// a thread. A listener that does not keep up is cut (its browser comes back by itself), so that
// nobody's slowness costs memory or delays others.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace ordo::http {

struct HubOptions {
  std::size_t max_streams = 100;
  double beat_seconds = 15;                        ///< between comments that keep streams alive
  std::size_t max_backlog = std::size_t{1} << 20;  ///< bytes that a listener may be behind
};

/// One event as it goes over the wire. `data` must be one line (JSON is).
std::string event_text(std::string_view name, std::string_view data);

class EventHub {
 public:
  explicit EventHub(const HubOptions& options);
  ~EventHub();
  EventHub(const EventHub&) = delete;

  /// Whether another stream may begin.
  bool has_room() const;
  /// Takes over a connected socket, which is closed at its end, and sends `first`.
  void adopt(int socket, const std::string& topic, std::string first);
  /// To all streams.
  void send(std::string_view text);
  /// To the streams of that topic.
  void send(const std::string& topic, std::string_view text);
  std::size_t size() const;
  /// The topics that somebody listens to.
  std::set<std::string> topics() const;
  /// Sends `last` to all and closes them once it is sent, at the latest after a fifth of a second.
  void stop(std::string_view last);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace ordo::http
