// A connected socket whose reads and writes have deadlines. Inside the room only.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace ordo::http {

struct ConnectionLimits {
  double head_seconds = 10;           ///< for the whole head of a request, from its first byte
  double idle_seconds = 15;           ///< between requests
  double write_seconds = 30;          ///< without a byte going out
  double response_seconds = 600;      ///< for a whole response
  double linger_seconds = 0.1;        ///< for which what still comes is taken in at the end
  std::size_t head_bytes = 16 << 10;  ///< request line and headers together
};

/// Why reading ended.
enum class ReadEnd { none, closed, too_slow, too_large };

/// Owns the socket.
class Connection {
 public:
  Connection(int socket, const ConnectionLimits& limits) : socket_(socket), limits_(limits) {}
  ~Connection();
  Connection(const Connection&) = delete;

  /// Waits for the first byte of a request. False if none came in time or the peer has gone.
  bool await_request();
  /// The head was read: nothing more is, and the response's limits hold.
  void begin_response();

  /// At most `size` bytes of the head; -1 at its limits and at the end of the stream.
  ssize_t read(char* bytes, std::size_t size);
  /// All of them, or -1.
  ssize_t write(const char* bytes, std::size_t size);
  /// Whether nothing more can be written: the peer has gone, or was too slow.
  bool is_broken() const { return is_broken_; }
  ReadEnd read_end() const { return read_end_; }
  /// Bytes read but not used yet.
  bool has_rest() const { return used_ < buffer_.size(); }

  int socket() const { return socket_; }
  /// Gives the socket away: it is not closed here.
  int release();

 private:
  using Time = std::chrono::steady_clock::time_point;
  bool wait_for(short events, Time deadline) const;
  bool fill(Time deadline);

  int socket_;
  ConnectionLimits limits_;
  std::string buffer_;
  std::size_t used_ = 0;
  std::size_t head_read_ = 0;
  bool in_head_ = false;
  bool is_broken_ = false;
  ReadEnd read_end_ = ReadEnd::none;
  Time head_deadline_, response_deadline_;
};

}  // namespace ordo::http
