#include "ordo/http/event_hub.h"

#include <cerrno>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ordo/base/error.h"

namespace ordo::http {

using Clock = std::chrono::steady_clock;

std::string event_text(std::string_view name, std::string_view data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);
}

struct EventHub::Implementation {
  explicit Implementation(const HubOptions& given)
      : options(given), wake_descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_descriptor < 0) throw IoError::from_errno("make", "an eventfd", errno);
    thread = std::thread([this] { serve(); });
  }
  ~Implementation() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
    }
    wake();
    if (thread.joinable()) thread.join();
    for (const Stream& stream : streams) ::close(stream.socket);
    ::close(wake_descriptor);
  }

  struct Stream {
    int socket = -1;
    std::string topic;
    std::string backlog;
    bool is_dead = false;
  };

  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_descriptor, &one, sizeof one);
  }

  void append(Stream& stream, std::string_view text) const {
    if (stream.backlog.size() + text.size() > options.max_backlog) {
      stream.is_dead = true;
    } else {
      stream.backlog += text;
    }
  }

  // Sends what the socket takes now.
  static void flush(Stream& stream) {
    while (!stream.is_dead && !stream.backlog.empty()) {
      const ssize_t sent = ::send(stream.socket, stream.backlog.data(), stream.backlog.size(),
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0) {
        stream.backlog.erase(0, static_cast<std::size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return;
      } else if (errno != EINTR) {
        stream.is_dead = true;
      }
    }
  }

  // Listeners send nothing; what is readable is their end, or to be ignored.
  static void drain(Stream& stream) {
    char bytes[512];
    const ssize_t got = ::recv(stream.socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
      stream.is_dead = true;
    }
  }

  void remove_dead() {
    streams.remove_if([](const Stream& stream) {
      if (stream.is_dead) ::close(stream.socket);
      return stream.is_dead;
    });
  }

  void serve() {
    const auto beat = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(options.beat_seconds));
    auto next_beat = Clock::now() + beat;
    std::vector<pollfd> polled;
    while (true) {
      polled.assign(1, {wake_descriptor, POLLIN, 0});
      {
        const std::lock_guard lock(mutex);
        if (Clock::now() >= next_beat) {
          for (Stream& stream : streams) append(stream, ": beat\n\n");
          next_beat = Clock::now() + beat;
        }
        for (Stream& stream : streams) flush(stream);
        remove_dead();
        if (is_stopping) return;
        for (const Stream& stream : streams) {
          const int wanted = stream.backlog.empty() ? POLLIN : POLLIN | POLLOUT;
          polled.push_back({stream.socket, static_cast<short>(wanted), 0});
        }
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(next_beat - Clock::now()).count();
      ::poll(polled.data(), polled.size(), static_cast<int>(std::max<long long>(left, 0)) + 1);
      if (polled[0].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(wake_descriptor, &count, sizeof count);
      }
      const std::lock_guard lock(mutex);
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents == 0) continue;
        for (Stream& stream : streams) {
          if (stream.socket == polled[i].fd && (polled[i].revents & ~POLLOUT) != 0) drain(stream);
        }
      }
    }
  }

  HubOptions options;
  int wake_descriptor = -1;
  mutable std::mutex mutex;  // guards what follows
  std::list<Stream> streams;
  bool is_stopping = false;
  std::thread thread;
};

EventHub::EventHub(const HubOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {}
EventHub::~EventHub() = default;

bool EventHub::has_room() const { return size() < implementation_->options.max_streams; }

std::size_t EventHub::size() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->streams.size();
}

void EventHub::adopt(int socket, const std::string& topic, std::string first) {
  {
    const std::lock_guard lock(implementation_->mutex);
    implementation_->streams.push_back({socket, topic, std::move(first)});
  }
  implementation_->wake();
}

void EventHub::send(std::string_view text) {
  {
    const std::lock_guard lock(implementation_->mutex);
    for (auto& stream : implementation_->streams) implementation_->append(stream, text);
  }
  implementation_->wake();
}

void EventHub::send(const std::string& topic, std::string_view text) {
  {
    const std::lock_guard lock(implementation_->mutex);
    for (auto& stream : implementation_->streams) {
      if (stream.topic == topic) implementation_->append(stream, text);
    }
  }
  implementation_->wake();
}

std::set<std::string> EventHub::topics() const {
  const std::lock_guard lock(implementation_->mutex);
  std::set<std::string> topics;
  for (const auto& stream : implementation_->streams) topics.insert(stream.topic);
  return topics;
}

void EventHub::stop(std::string_view last) {
  send(last);
  const auto deadline = Clock::now() + std::chrono::milliseconds(200);
  while (Clock::now() < deadline) {
    {
      const std::lock_guard lock(implementation_->mutex);
      bool is_sent = true;
      for (const auto& stream : implementation_->streams) is_sent &= stream.backlog.empty();
      if (is_sent) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const std::lock_guard lock(implementation_->mutex);
  for (auto& stream : implementation_->streams) stream.is_dead = true;
  implementation_->remove_dead();
}

}  // namespace ordo::http
