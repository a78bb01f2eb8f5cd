#include "ordo/base/worker.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ordo/base/json.h"
#include "ordo/base/process_tree.h"

namespace ordo {
namespace {

using Clock = std::chrono::steady_clock;
using Run = std::function<int(const std::vector<std::string>&)>;

double to_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

class Worker {
 public:
  Worker(int socket, const Run& run) : socket_(socket), run_(run) {
    ::fcntl(socket_, F_SETFD, FD_CLOEXEC);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child_signal, &mask_);
    child_signals_ = ::signalfd(-1, &child_signal, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    ::close(child_signals_);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }

  void serve() {
    say(R"({"ordo":1,"ready":true})");
    while (true) {
      std::array<pollfd, 2> ready{{{socket_, POLLIN, 0}, {child_signals_, POLLIN, 0}}};
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) break;
      if (ready[1].revents != 0) reap();
      if (ready[0].revents != 0 && !receive()) break;
    }
    kill_descendants();
  }

 private:
  void say(const std::string& line) const { send_with_descriptors(socket_, line + "\n", {}); }

  // Reads what is there; false at the end.
  bool receive() {
    std::array<char, 65536> block;  // NOLINT: filled by recvmsg
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kWorkerDescriptors)> control{};
    iovec bytes{block.data(), block.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
      const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      descriptors_.resize(count);
      std::memcpy(descriptors_.data(), CMSG_DATA(part), count * sizeof(int));
    }
    text_.append(block.data(), static_cast<std::size_t>(got));
    std::size_t newline = 0;
    while ((newline = text_.find('\n')) != std::string::npos) {
      const Json line = parse_json(text_.substr(0, newline), "a worker's job");
      text_.erase(0, newline + 1);
      if (line.find("stop") != nullptr)
        stop();
      else
        start(line);
    }
    return true;
  }

  void start(const Json& job) {
    id_ = job.at("id").as_int("id");
    started_ = Clock::now();
    child_ = ::fork();
    if (child_ == 0) ::_exit(become(job));
    if (child_ > 0) ::setpgid(child_, child_);  // also in the child: whoever comes first
    for (int descriptor : descriptors_) ::close(descriptor);
    descriptors_.clear();
    if (child_ < 0) {
      say(fmt::format(R"({{"ordo":1,"id":{},"status":127,"signal":0,"wall":0,"user":0,"system":0,)"
                      R"("peak_memory":0}})",
                      id_));
    }
  }

  // In the child: everything up to its exit status.
  int become(const Json& job) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    ::setpgid(0, 0);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    std::vector<int> high;
    high.reserve(descriptors_.size());
    for (int descriptor : descriptors_) high.push_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, 64));
    ::close(child_signals_);
    ::close(socket_);
    for (std::size_t i = 0; i < high.size(); ++i) ::dup2(high[i], static_cast<int>(i));
    int status = 1;
    try {
      for (const JsonMember& variable : job.at("env").as_object("env")) {
        ::setenv(variable.key.c_str(), variable.value.as_string(variable.key).c_str(), 1);
      }
      ::unsetenv("ORDO_WORKER_FD");
      const std::string& folder = job.at("folder").as_string("folder");
      if (::chdir(folder.c_str()) != 0) throw IoError::from_errno("enter", folder, errno);
      std::vector<std::string> arguments;
      for (const Json& word : job.at("arguments").as_array("arguments")) {
        arguments.push_back(word.as_string("arguments"));
      }
      status = run_(arguments);
    } catch (const std::exception& error) {
      const std::string text = fmt::format("error: {}\n", error.what());
      [[maybe_unused]] const ssize_t told = ::write(2, text.data(), text.size());
    }
    std::fflush(nullptr);
    return status;
  }

  void stop() const {
    if (child_ > 0) ::kill(-child_, SIGTERM);
  }

  void reap() {
    signalfd_siginfo information;
    while (::read(child_signals_, &information, sizeof information) > 0) {
    }
    int status = 0;
    rusage usage{};
    pid_t ended = 0;
    while ((ended = ::wait4(-1, &status, WNOHANG, &usage)) > 0) {
      if (ended != child_) continue;
      child_ = -1;
      kill_descendants();
      const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
      say(Json(JsonObject{{"ordo", 1},
                          {"id", id_},
                          {"status", signal != 0 ? 128 + signal : WEXITSTATUS(status)},
                          {"signal", signal},
                          {"wall", std::chrono::duration<double>(Clock::now() - started_).count()},
                          {"user", to_seconds(usage.ru_utime)},
                          {"system", to_seconds(usage.ru_stime)},
                          {"peak_memory", static_cast<std::int64_t>(usage.ru_maxrss) * 1024}})
              .dump());
      return;
    }
  }

  int socket_;
  const Run& run_;
  sigset_t mask_{};
  int child_signals_ = -1;
  std::string text_;
  std::vector<int> descriptors_;
  std::int64_t id_ = 0;
  pid_t child_ = -1;
  Clock::time_point started_;
};

}  // namespace

void serve_worker(int descriptor, const Run& run) { Worker(descriptor, run).serve(); }

void send_with_descriptors(int socket, const std::string& bytes,
                           const std::vector<int>& descriptors) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kWorkerDescriptors)> control{};
  std::string_view rest = bytes;
  bool with_descriptors = !descriptors.empty();
  while (!rest.empty()) {
    iovec part{const_cast<char*>(rest.data()), rest.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (with_descriptors) {
      const std::size_t size = sizeof(int) * descriptors.size();
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(size);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(size);
      std::memcpy(CMSG_DATA(header), descriptors.data(), size);
    }
    const ssize_t sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      pollfd ready{socket, POLLOUT, 0};
      ::poll(&ready, 1, 1000);
      continue;
    }
    if (sent < 0) throw IoError::from_errno("write to", "a worker's socket", errno);
    with_descriptors = false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace ordo
