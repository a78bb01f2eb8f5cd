#include "ordo/http/connection.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ordo::http {
namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point in_seconds(double seconds) {
  return Clock::now() +
         std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

Connection::~Connection() {
  if (socket_ < 0) return;
  // What the peer still sends is taken in for a moment, or closing would reset the connection and
  // with it the answer that is on its way.
  ::shutdown(socket_, SHUT_WR);
  const auto deadline = in_seconds(limits_.linger_seconds);
  char bytes[4096];
  for (int round = 0; round < 64 && wait_for(POLLIN, deadline); ++round) {
    if (::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) break;
  }
  ::close(socket_);
}

int Connection::release() {
  const int socket = socket_;
  socket_ = -1;
  return socket;
}

bool Connection::wait_for(short events, Time deadline) const {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd polled{socket_, events, 0};
    const int ready = ::poll(&polled, 1, static_cast<int>(std::min<long long>(left, 3'600'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool Connection::fill(Time deadline) {
  while (wait_for(POLLIN, deadline)) {
    char bytes[4096];
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
      buffer_.assign(bytes, static_cast<std::size_t>(got));
      used_ = 0;
      return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
      read_end_ = ReadEnd::closed;
      return false;
    }
  }
  read_end_ = ReadEnd::too_slow;
  return false;
}

bool Connection::await_request() {
  if (!has_rest() && !fill(in_seconds(limits_.idle_seconds))) return false;
  in_head_ = true;
  head_read_ = 0;
  head_deadline_ = in_seconds(limits_.head_seconds);
  response_deadline_ = in_seconds(limits_.response_seconds);
  return true;
}

void Connection::begin_response() {
  in_head_ = false;
  response_deadline_ = in_seconds(limits_.response_seconds);
}

ssize_t Connection::read(char* bytes, std::size_t size) {
  if (read_end_ != ReadEnd::none || !in_head_) return -1;  // bodies are never read
  if (!has_rest() && !fill(head_deadline_)) return -1;
  const std::size_t count = std::min(size, buffer_.size() - used_);
  head_read_ += count;
  if (head_read_ > limits_.head_bytes) {
    read_end_ = ReadEnd::too_large;
    return -1;
  }
  std::copy_n(buffer_.data() + used_, count, bytes);
  used_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* bytes, std::size_t size) {
  std::size_t written = 0;
  while (written < size && !is_broken_) {
    const ssize_t sent =
        ::send(socket_, bytes + written, size - written, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      written += static_cast<std::size_t>(sent);
      continue;
    }
    if (errno == EINTR) continue;
    const auto deadline = std::min(in_seconds(limits_.write_seconds), response_deadline_);
    const bool is_full = errno == EAGAIN || errno == EWOULDBLOCK;
    if (!is_full || !wait_for(POLLOUT, deadline)) is_broken_ = true;
  }
  return is_broken_ ? -1 : static_cast<ssize_t>(written);
}

}  // namespace ordo::http
