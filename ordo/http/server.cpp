#include "ordo/http/server.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <fstream>
#include <list>
#include <map>
#include <mutex>
#include <queue>
#include <thread>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

#include "ordo/http/connection.h"
#include "ordo/http/guard.h"
#include "ordo/http/range.h"

namespace ordo::http {
namespace {

constexpr auto kStopPoll = std::chrono::milliseconds(50);
constexpr auto kGrace = std::chrono::seconds(1);  // for answers under way when the server stops
constexpr double kLinger = 0.1;                   // seconds
constexpr std::size_t kFilePiece = 256 << 10;     // bytes of a file in memory at a time
constexpr std::size_t kMaxTarget = 8 << 10;

// Set while a connection is to be refused, by the thread that accepts them.
thread_local bool t_refuses = false;

// httplib's view of a Connection. Its versions differ in what they ask of a stream, so that nothing
// here says `override`.
class ConnectionStream : public httplib::Stream {
 public:
  explicit ConnectionStream(Connection& connection) : connection_(connection) {}
  bool is_readable() const { return !connection_.is_broken(); }
  bool is_writable() const { return !connection_.is_broken(); }
  bool wait_readable() const { return !connection_.is_broken(); }
  bool wait_writable() const { return !connection_.is_broken(); }
  time_t duration() const { return 0; }
  ssize_t read(char* bytes, std::size_t size) { return connection_.read(bytes, size); }
  ssize_t write(const char* bytes, std::size_t size) { return connection_.write(bytes, size); }
  void get_remote_ip_and_port(std::string& ip, int& port) const { local(ip, port); }
  void get_local_ip_and_port(std::string& ip, int& port) const { local(ip, port); }
  socket_t socket() const { return connection_.socket(); }

 private:
  static void local(std::string& ip, int& port) {
    ip = "127.0.0.1";
    port = 0;
  }
  Connection& connection_;
};

// Threads that are made when they are needed, up to a limit; beyond it, work is done at once with
// `t_refuses` set, which for a connection means: say so and close.
class GrowingPool : public httplib::TaskQueue {
 public:
  explicit GrowingPool(std::size_t limit) : limit_(limit) {}

  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  // Void, or in newer versions whether it was taken.
  using Enqueued = decltype(std::declval<httplib::TaskQueue&>().enqueue({}));
  Enqueued enqueue(std::function<void()> task) override {
    if (!take(task)) {
      t_refuses = true;
      task();
      t_refuses = false;
    }
    return Enqueued(true);
  }

 private:
  bool take(std::function<void()>& task) {
    const std::lock_guard lock(mutex_);
    if (waiting_ > tasks_.size() || threads_.size() < limit_) {
      tasks_.push(std::move(task));
      if (waiting_ < tasks_.size()) threads_.emplace_back([this] { work(); });
      wake_.notify_one();
      return true;
    }
    return false;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++waiting_;
      wake_.wait(lock, [this] { return is_ending_ || !tasks_.empty(); });
      --waiting_;
      if (tasks_.empty()) return;
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::size_t limit_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::queue<std::function<void()>> tasks_;
  std::list<std::thread> threads_;
  std::size_t waiting_ = 0;
  bool is_ending_ = false;
};

void write_plain(Connection& connection, std::string_view status, std::string_view message) {
  const std::string body = Json::object({{"error", message}}).dump();
  const std::string text = fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: "
      "close\r\n\r\n{}",
      status, body.size(), body);
  connection.write(text.data(), text.size());
}

Request to_request(const httplib::Request& from) {
  Request request;
  request.method = from.method;
  for (const auto& [name, value] : from.headers) request.headers.emplace_back(name, value);
  if (from.target.size() > kMaxTarget) throw UsageError("the address is too long");
  Target target = parse_target(from.target);
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  return request;
}

// Whether a list of entity tags, or "*", has this one.
bool matches_tag(std::string_view list, const std::string& tag) {
  if (list == "*") return true;
  return list.find(fmt::format("\"{}\"", tag)) != std::string_view::npos;
}

// Sends `size` bytes of `file` from `first` on, a piece at a time.
void send_file(const std::filesystem::path& file, const std::string& type, ByteRange range,
               httplib::Response& to) {
  auto in = std::make_shared<std::ifstream>(file, std::ios::binary);
  auto piece = std::make_shared<std::string>();
  to.set_content_provider(static_cast<std::size_t>(range.size), type,
                          [in, piece, first = range.first](std::size_t offset, std::size_t length,
                                                           httplib::DataSink& sink) {
                            piece->resize(std::min(length, kFilePiece));
                            in->seekg(first + static_cast<std::int64_t>(offset));
                            in->read(piece->data(), static_cast<std::streamsize>(piece->size()));
                            if (in->gcount() != static_cast<std::streamsize>(piece->size()))
                              return false;  // cut short
                            return sink.write(piece->data(), piece->size());
                          });
}

void send_body(std::shared_ptr<const std::string> body, const std::string& type, ByteRange range,
               httplib::Response& to) {
  const auto size = static_cast<std::size_t>(range.size);
  to.set_content_provider(size, type,
                          [body = std::move(body), first = static_cast<std::size_t>(range.first)](
                              std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                            return sink.write(body->data() + first + offset, length);
                          });
}

bool has_policy(const Response& response) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [](const auto& header) { return header.first == "Content-Security-Policy"; });
}

void send_content(const Request& request, const Response& response, httplib::Response& to) {
  const bool is_file = !response.file.empty();
  std::int64_t size = response.body ? static_cast<std::int64_t>(response.body->size()) : 0;
  if (is_file) {
    std::error_code error;
    size = static_cast<std::int64_t>(std::filesystem::file_size(response.file, error));
    if (error) throw NotFound("the file is not in the store any more");
  }
  RangeAnswer answer;
  const std::string_view condition = request.header("If-Range");
  const bool is_fresh = condition.empty() || matches_tag(condition, response.tag);
  if (response.status == 200 && is_fresh) answer = parse_range(request.header("Range"), size);
  if (answer.kind == RangeKind::unsatisfiable) {
    to.status = 416;
    to.set_header("Content-Range", fmt::format("bytes */{}", size));
    return;
  }
  ByteRange range{0, size};
  if (answer.kind == RangeKind::part) {
    range = answer.range;
    to.status = 206;
    to.set_header("Content-Range",
                  fmt::format("bytes {}-{}/{}", range.first, range.first + range.size - 1, size));
  }
  to.set_header("Accept-Ranges", "bytes");
  if (range.size == 0) {
    to.set_header("Content-Type", response.type);
  } else if (is_file) {
    send_file(response.file, response.type, range, to);
  } else {
    send_body(response.body, response.type, range, to);
  }
}

}  // namespace

struct Server::Implementation : httplib::Server {
  using Answerer = std::function<Response(const Request&)>;

  Implementation(const ServerOptions& given, Answerer the_handler)
      : options(given), handler(std::move(the_handler)), hub(given.events) {
    new_task_queue = [this] { return new GrowingPool(options.max_connections); };
    // Not SO_REUSEPORT, which httplib would set: with it two servers could share a port unseen.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_tcp_nodelay(true);
    set_keep_alive_timeout(static_cast<time_t>(options.idle_seconds));
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
      return HandlerResponse::Handled;
    });
    bind();
  }

  void bind() {
    const std::string host = "127.0.0.1";
    if (options.port == 0) {
      port = bind_to_any_port(host);
      if (port <= 0) throw IoError::from_errno("listen on", host, errno);
      return;
    }
    if (!bind_to_port(host, options.port)) {
      throw IoError(fmt::format(
          "cannot listen on port {} of {}: it is in use or not allowed; another --port, or 0 for "
          "one that is free",
          options.port, host));
    }
    port = options.port;
  }

  // ---- connections ----

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, {.head_seconds = options.head_seconds,
                                   .idle_seconds = options.idle_seconds,
                                   .linger_seconds = t_refuses ? 0 : kLinger});
    if (t_refuses) {
      write_plain(connection, "503 Service Unavailable", "too many connections; try again");
      return true;
    }
    ConnectionStream stream(connection);
    while (serve_one(connection, stream)) {
    }
    forget(connection);
    return true;
  }

  // Waits for a request and answers it. False if the connection is at its end.
  bool serve_one(Connection& connection, ConnectionStream& stream) {
    if (!enter_idle(connection)) return false;
    const bool is_there = connection.await_request();
    leave_idle(connection);
    if (!is_there) return false;
    must_close = true;  // unless `answer` knows where the request ends
    events.reset();
    bool is_closing = false;
    const bool is_answered = process(stream, is_closing, [&](httplib::Request& request) {
      connection.begin_response();
      request.ranges.clear();  // answered here, one at most
    });
    if (connection.read_end() == ReadEnd::too_large) {
      write_plain(connection, "431 Request Header Fields Too Large",
                  "the head of the request is too large");
    } else if (connection.read_end() == ReadEnd::too_slow) {
      write_plain(connection, "408 Request Timeout", "the request did not come in time");
    }
    if (!is_answered || connection.is_broken()) return false;
    if (events) {
      forget(connection);
      hub.adopt(connection.release(), events->topic, std::move(events->first));
      return false;
    }
    return !is_closing && !must_close && connection.read_end() == ReadEnd::none;
  }

  // httplib reads the head, asks `answer` and writes; newer versions want the addresses, too.
  template <class SetUp>
  bool process(httplib::Stream& stream, bool& is_closing, SetUp set_up) {
    const std::string none;
    if constexpr (requires {
                    this->process_request(stream, none, 0, none, 0, false, is_closing, set_up);
                  }) {
      return this->process_request(stream, none, 0, none, 0, false, is_closing, set_up);
    } else {
      return this->process_request(stream, false, is_closing, set_up);
    }
  }

  // When the server stops, idle connections are cut at once, and the others after a moment.
  bool enter_idle(const Connection& connection) {
    const std::lock_guard lock(mutex);
    if (is_stopping) return false;
    is_idle[connection.socket()] = true;
    return true;
  }
  void leave_idle(const Connection& connection) {
    const std::lock_guard lock(mutex);
    is_idle[connection.socket()] = false;
  }
  // Before the socket is closed, since another connection may then get its number.
  void forget(const Connection& connection) {
    const std::lock_guard lock(mutex);
    is_idle.erase(connection.socket());
  }

  // ---- answers ----

  void answer(const httplib::Request& from, httplib::Response& to) {
    must_close = false;
    Request request;
    Response response;
    try {
      response = respond(from, request);
    } catch (const NotFound& error) {
      response = error_response(404, error.what());
    } catch (const UsageError& error) {
      response = error_response(400, error.what());
    } catch (const std::exception& error) {
      response = error_response(500, error.what());
    }
    try {
      send(request, response, to);
    } catch (const Error& error) {
      to = httplib::Response();
      send({}, error_response(404, error.what()), to);
    }
    if (must_close) to.set_header("Connection", "close");
  }

  Response respond(const httplib::Request& from, Request& request) {
    const bool has_body =
        from.has_header("Transfer-Encoding") ||
        (from.has_header("Content-Length") && from.get_header_value("Content-Length") != "0");
    if (from.method != "GET" && from.method != "HEAD") {
      must_close = true;  // what follows may be a body
      Response response = error_response(405, "only GET and HEAD are answered here");
      response.headers.emplace_back("Allow", "GET, HEAD");
      return response;
    }
    if (has_body) {
      must_close = true;
      return error_response(413, "a request with a body is not answered here");
    }
    request = to_request(from);
    if (const auto refusal = refuse(request, port)) {
      return error_response(refusal->status, refusal->reason);
    }
    return handler(request);
  }

  void send(const Request& request, const Response& response, httplib::Response& to) {
    to.status = response.status;
    to.set_header("X-Content-Type-Options", "nosniff");
    to.set_header("Referrer-Policy", "no-referrer");
    to.set_header("Cross-Origin-Resource-Policy", "same-origin");
    to.set_header("Cross-Origin-Opener-Policy", "same-origin");
    for (const auto& [name, value] : response.headers) to.set_header(name, value);
    to.set_header("Cache-Control", response.tag.empty() ? "no-store" : "no-cache");
    if (!has_policy(response)) {
      to.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    }
    if (response.events) {
      if (request.method == "GET") begin_stream(*response.events, to);
      return;
    }
    if (!response.tag.empty()) {
      to.set_header("ETag", fmt::format("\"{}\"", response.tag));
      if (response.status == 200 && matches_tag(request.header("If-None-Match"), response.tag)) {
        to.status = 304;
        return;
      }
    }
    send_content(request, response, to);
  }

  void begin_stream(const EventStream& stream, httplib::Response& to) {
    if (!hub.has_room()) {
      send({}, error_response(503, "too many streams of events; close another tab"), to);
      return;
    }
    must_close = true;  // the answer ends with the connection
    events = stream;
    to.set_content_provider("text/event-stream", [](std::size_t, httplib::DataSink& sink) {
      constexpr std::string_view kRetry = "retry: 2000\n\n";
      sink.write(kRetry.data(), kRetry.size());
      sink.done();
      return true;
    });
  }

  void end() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
      for (const auto& [socket, idle] : is_idle) {
        if (idle) ::shutdown(socket, SHUT_RDWR);
      }
    }
    hub.stop(event_text("bye", "{}"));
    stop();
    const auto deadline = std::chrono::steady_clock::now() + kGrace;
    while (std::chrono::steady_clock::now() < deadline) {
      {
        const std::lock_guard lock(mutex);
        if (is_idle.empty()) return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const std::lock_guard lock(mutex);
    for (const auto& [socket, idle] : is_idle) ::shutdown(socket, SHUT_RDWR);
  }

  ServerOptions options;
  Answerer handler;
  EventHub hub;
  int port = 0;
  std::mutex mutex;             // guards what follows
  std::map<int, bool> is_idle;  // of every socket that is served
  bool is_stopping = false;

  // Of the request that this thread answers.
  static thread_local bool must_close;
  static thread_local std::optional<EventStream> events;
};

thread_local bool Server::Implementation::must_close = false;
thread_local std::optional<EventStream> Server::Implementation::events;

Server::Server(const ServerOptions& options, Handler handler)
    : implementation_(std::make_unique<Implementation>(options, std::move(handler))) {}
Server::~Server() = default;

int Server::port() const { return implementation_->port; }
std::string Server::url() const { return fmt::format("http://127.0.0.1:{}", port()); }
EventHub& Server::events() { return implementation_->hub; }

void Server::run(const StopToken& stop) {
  std::thread listener([this] { implementation_->listen_after_bind(); });
  while (!stop.stop_requested()) std::this_thread::sleep_for(kStopPoll);
  while (!implementation_->is_running()) std::this_thread::yield();  // stop() would miss it
  implementation_->end();
  listener.join();
}

}  // namespace ordo::http
