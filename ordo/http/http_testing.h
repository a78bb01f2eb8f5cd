// A client for tests that sends whatever it is told, byte for byte.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ordo/base/context.h"
#include "ordo/http/server.h"

namespace ordo::http {

/// A connection to 127.0.0.1.
class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;

  bool is_connected() const { return is_connected_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Reads until `text` came, the peer closed, or the time is up; returns everything so far.
  std::string read_until(std::string_view text, double seconds = 20) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (text.empty() || received_.find(text) == std::string::npos) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      pollfd polled{socket_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&polled, 1, static_cast<int>(left.count())) <= 0) break;
      char bytes[65536];
      const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
      if (got <= 0) {
        is_closed_ = true;
        break;
      }
      received_.append(bytes, static_cast<std::size_t>(got));
    }
    return received_;
  }
  /// Everything until the peer closes.
  std::string read_all(double seconds = 20) { return read_until("", seconds); }
  bool is_closed() const { return is_closed_; }
  /// One whole response, by its Content-Length; what follows stays for the next.
  std::string read_response() {
    read_until("\r\n\r\n");
    const std::size_t end = received_.find("\r\n\r\n");
    if (end == std::string::npos) return std::exchange(received_, {});
    std::size_t size = 0;
    const std::string mark = "Content-Length: ";
    const std::size_t at = received_.find(mark);
    if (at != std::string::npos && at < end) size = std::stoul(received_.substr(at + mark.size()));
    while (received_.size() < end + 4 + size && !is_closed_) {
      const std::size_t before = received_.size();
      read_until(std::string(1, '\0') + "never" + std::string(1, '\0'), 0.2);
      if (received_.size() == before && is_closed_) break;
    }
    std::string response = received_.substr(0, end + 4 + size);
    received_.erase(0, response.size());
    return response;
  }

 private:
  int socket_;
  bool is_connected_ = false;
  bool is_closed_ = false;
  std::string received_;
};

/// The head of a GET request with the right Host.
inline std::string get(std::string_view target, int port, std::string_view more = "") {
  std::string head = "GET ";
  head += target;
  head += " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n";
  head += more;
  return head + "\r\n";
}

/// Sends `bytes` on a connection of its own, and gives back the response.
inline std::string ask(int port, std::string_view bytes) {
  RawClient client(port);
  client.send(bytes);
  return client.read_response();
}

inline int status_of(const std::string& response) {
  return response.size() > 12 ? std::atoi(response.c_str() + 9) : 0;
}
inline std::string body_of(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}
inline std::string header_of(const std::string& response, const std::string& name) {
  const std::size_t at = response.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return response.substr(begin, response.find("\r\n", begin) - begin);
}

/// A server that runs in a thread while this object lives.
class RunningServer {
 public:
  RunningServer(const ServerOptions& options, Server::Handler handler)
      : server_(options, std::move(handler)), thread_([this] { server_.run(stop_.token()); }) {}
  ~RunningServer() { stop(); }
  void stop() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  int port() const { return server_.port(); }
  Server& server() { return server_; }

 private:
  StopSource stop_;
  Server server_;
  std::thread thread_;
};

}  // namespace ordo::http
