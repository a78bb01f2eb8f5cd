// A model server for tests that says whatever it is told, byte for byte, also what no server
// should.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ordo::http {

class RawServer {
 public:
  /// One client's connection, whose request was read.
  class Peer {
   public:
    Peer(int socket, const std::atomic<bool>& is_over) : socket_(socket), is_over_(is_over) {}
    void send(std::string_view bytes) {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
    }
    /// Says nothing until the test is over.
    void hang() const {
      while (!is_over_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }

   private:
    int socket_;
    const std::atomic<bool>& is_over_;
  };
  /// Answers the n-th request (from 1); then the connection is closed.
  using Handler = std::function<void(int number, Peer& peer)>;

  explicit RawServer(Handler handler)
      : handler_(std::move(handler)), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(socket_, 16);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~RawServer() {
    is_over_ = true;
    thread_.join();
    for (std::thread& peer : peers_) peer.join();
    ::close(socket_);
  }
  RawServer(const RawServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  /// Heads and bodies of the requests so far.
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void accept_all() {
    pollfd waiting{socket_, POLLIN, 0};
    while (!is_over_) {
      if (::poll(&waiting, 1, 10) <= 0) continue;
      const int peer = ::accept(socket_, nullptr, nullptr);
      if (peer >= 0) peers_.emplace_back([this, peer] { serve(peer); });
    }
  }
  void serve(int socket) {
    const std::string request = read_request(socket);
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      number = static_cast<int>(requests_.size());
    }
    Peer peer(socket, is_over_);
    handler_(number, peer);
    ::close(socket);
  }
  static std::string read_request(int socket) {
    std::string request;
    char bytes[4096];
    while (!is_whole(request)) {
      const ssize_t got = ::recv(socket, bytes, sizeof bytes, 0);
      if (got <= 0) break;
      request.append(bytes, static_cast<std::size_t>(got));
    }
    return request;
  }
  static bool is_whole(const std::string& request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::string mark = "Content-Length: ";
    const std::size_t length = request.find(mark);
    return length > end ||
           request.size() >= end + 4 + std::stoul(request.substr(length + mark.size()));
  }

  Handler handler_;
  int socket_;
  int port_ = 0;
  std::thread thread_;
  std::vector<std::thread> peers_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::atomic<bool> is_over_ = false;
};

/// A whole response. Without a length, its end is that of the connection.
inline std::string response(const std::string& status, const std::string& body,
                            const std::string& more = "") {
  return "HTTP/1.1 " + status + "\r\n" + more + "Content-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}
/// A whole answer of the chat interface.
inline std::string answer(const std::string& content) {
  return response("200 OK", R"({"choices":[{"message":{"role":"assistant","content":")" + content +
                                R"("},"finish_reason":"stop"}]})");
}
/// A streamed answer: how it begins, a piece, how it ends.
inline constexpr std::string_view kStreamBegin =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
inline std::string chunk(const std::string& data) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}
inline std::string piece(const std::string& content) {
  return chunk(R"(data: {"choices":[{"delta":{"content":")" + content + "\"}}]}\n\n");
}
inline const std::string kStreamEnd =
    chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n") +
    "0\r\n\r\n";

}  // namespace ordo::http
