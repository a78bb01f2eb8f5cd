// The guardian's side. It is the subreaper of what it starts: an orphan anywhere below becomes its
// child, so "wait says there are no children" means that nothing at all is left, whatever sessions
// and groups the program made.

#include "ordo/base/guardian.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>

#include "ordo/base/process.h"
#include "ordo/base/process_tree.h"

namespace ordo::guardian_detail {
namespace {

using Clock = std::chrono::steady_clock;
using Reason = ProcessExit::Reason;

constexpr int kSocket = 3;
constexpr auto kMemoryLook = std::chrono::milliseconds(50);

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Clock::duration to_duration(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(std::min(seconds, 1e9)));
}

double to_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

struct Start {
  Request header{};
  std::string texts;
  std::vector<int> passed;
  std::vector<char*> argv, environment;
  const char* program = nullptr;
  const char* folder = nullptr;
};

// Reads a request; false once the other end is gone.
bool receive(Start& start) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxPassed)> control{};
  iovec bytes{&start.header, sizeof(Request)};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(kSocket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL) != sizeof(Request)) return false;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    std::array<int, kMaxPassed> numbers{};
    const std::size_t size = part->cmsg_len - CMSG_LEN(0);
    std::memcpy(numbers.data(), CMSG_DATA(part), size);
    for (std::size_t i = 0; i < size / sizeof(int); ++i) {
      // Out of the way of the numbers that they get in the program.
      start.passed.push_back(::fcntl(numbers[i], F_DUPFD_CLOEXEC, kMaxDescriptor));
      ::close(numbers[i]);
    }
  }
  start.texts.resize(start.header.size);
  std::size_t filled = 0;
  while (filled < start.texts.size()) {
    const ssize_t got =
        ::recv(kSocket, start.texts.data() + filled, start.texts.size() - filled, MSG_WAITALL);
    if (got <= 0) return false;
    filled += static_cast<std::size_t>(got);
  }
  return true;
}

// Points into the texts of a complete request.
void index(Start& start) {
  char* text = start.texts.data();
  const auto next = [&text] {
    char* begin = text;
    text += std::strlen(text) + 1;
    return begin;
  };
  start.program = next();
  start.folder = next();
  for (std::uint32_t i = 0; i < start.header.arguments; ++i) start.argv.push_back(next());
  start.argv.push_back(nullptr);
  for (std::uint32_t i = 0; i < start.header.variables; ++i) start.environment.push_back(next());
  start.environment.push_back(nullptr);
}

// In the child, between clone and exec: only system calls. Returns where exec failed.
int become(const Start& start) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(start.folder) != 0) return errno;
  for (std::size_t i = 0; i < start.passed.size(); ++i) {
    if (::dup2(start.passed[i], start.header.there[i]) < 0) return errno;
  }
  ::execve(start.program, start.argv.data(), start.environment.data());
  return errno;
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define ORDO_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define ORDO_SANITIZED 1
#endif
#endif

struct Becoming {
  const Start& start;
  int failure;  // where errno goes if exec fails
};

int become_or_tell(void* argument) {
  const auto& becoming = *static_cast<const Becoming*>(argument);
  const int reason = become(becoming.start);
  [[maybe_unused]] const ssize_t told = ::write(becoming.failure, &reason, sizeof reason);
  ::_exit(127);
}

// As posix_spawn does it: the child borrows this memory until it execs, on a stack of its own, so
// that no page tables are copied. Sanitizers, which do not know of borrowing, get a plain fork.
pid_t fork_and_become(Becoming becoming) {
#ifdef ORDO_SANITIZED
  const pid_t child = ::fork();
  if (child == 0) become_or_tell(&becoming);
  return child;
#else
  alignas(16) static std::array<char, 64 << 10> stack;
  return ::clone(become_or_tell, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD,
                 &becoming);
#endif
}

class Server {
 public:
  explicit Server(int child_signals) : child_signals_(child_signals) {}

  [[noreturn]] void run() {
    while (true) {
      std::array<pollfd, 2> ready{{{kSocket, POLLIN, 0}, {child_signals_, POLLIN, 0}}};
      if (::poll(ready.data(), ready.size(), timeout()) < 0 && errno != EINTR) leave();
      if (ready[0].revents != 0) take_request();
      if (ready[1].revents != 0) {
        signalfd_siginfo information;
        while (::read(child_signals_, &information, sizeof information) > 0) {
        }
        reap();
      }
      if (child_ > 0) look_at_limits();
    }
  }

 private:
  [[noreturn]] static void leave() {
    kill_descendants();
    ::_exit(0);
  }

  void take_request() {
    Start start;
    if (!receive(start)) leave();
    if (start.header.size == 0) {
      if (child_ > 0) stop(static_cast<Reason>(start.header.reason));
    } else {
      index(start);
      begin(start);
    }
    for (int descriptor : start.passed) ::close(descriptor);
  }

  void begin(const Start& start) {
    request_ = start.header;
    killing_ = false;
    reason_ = Reason::exited;
    std::array<int, 2> failure{};
    int error = ::pipe2(failure.data(), O_CLOEXEC) == 0 ? 0 : errno;
    if (error == 0) {
      started_ = Clock::now();
      const pid_t child = fork_and_become({start, failure[1]});
      if (child < 0) error = errno;
      ::close(failure[1]);
      if (child > 0 && ::read(failure[0], &error, sizeof error) != sizeof error) error = 0;
      ::close(failure[0]);
      if (child > 0 && error != 0) ::waitpid(child, nullptr, 0);
      if (error == 0) child_ = child;
    }
    if (error != 0) {
      Reply reply{};
      reply.reason = static_cast<std::int32_t>(Reason::not_started);
      reply.error = error;
      send(reply);
      return;
    }
    next_look_ = started_ + kMemoryLook;
  }

  void reap() {
    int status = 0;
    rusage usage{};
    pid_t ended = 0;
    while ((ended = ::wait4(-1, &status, WNOHANG, &usage)) > 0) {
      if (ended != child_) continue;
      Reply reply{};
      reply.wall_seconds = seconds_since(started_);
      reply.user_seconds = to_seconds(usage.ru_utime);
      reply.system_seconds = to_seconds(usage.ru_stime);
      reply.peak_memory = static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
      reply.wait_status = status;
      if (reason_ == Reason::exited && WIFSIGNALED(status)) reason_ = Reason::signalled;
      reply.reason = static_cast<std::int32_t>(reason_);
      child_ = -1;
      kill_descendants();
      send(reply);
      return;
    }
  }

  void send(const Reply& reply) {
    if (::send(kSocket, &reply, sizeof reply, MSG_NOSIGNAL) != sizeof reply) leave();
  }

  // TERM now; `look_at_limits` kills when the grace is over.
  void stop(Reason reason) {
    if (reason_ != Reason::exited) return;
    reason_ = reason;
    kill_at_ = Clock::now() + to_duration(request_.grace_seconds);
    for (pid_t process : descendants()) ::kill(process, SIGTERM);
  }

  void look_at_limits() {
    const auto now = Clock::now();
    if (reason_ == Reason::exited && request_.wall_seconds > 0 &&
        now >= started_ + to_duration(request_.wall_seconds)) {
      stop(Reason::time_limit);
    }
    if (reason_ == Reason::exited && request_.memory_bytes > 0 && now >= next_look_) {
      next_look_ = now + kMemoryLook;
      if (tree_memory_exceeds(request_.memory_bytes)) {
        reason_ = Reason::memory_limit;  // no grace: a machine without memory helps nobody
        kill_at_ = now;
      }
    }
    if (reason_ != Reason::exited && now >= kill_at_) {
      // Again at every turn until it is reaped: it may be forking.
      killing_ = true;
      for (pid_t process : descendants()) ::kill(process, SIGKILL);
    }
  }

  int timeout() const {
    if (child_ < 0) return -1;
    auto next = Clock::time_point::max();
    if (killing_) {
      next = Clock::now() + std::chrono::milliseconds(10);
    } else if (reason_ != Reason::exited) {
      next = kill_at_;
    } else {
      if (request_.wall_seconds > 0) next = started_ + to_duration(request_.wall_seconds);
      if (request_.memory_bytes > 0) next = std::min(next, next_look_);
    }
    if (next == Clock::time_point::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
  }

  int child_signals_;
  pid_t child_ = -1;
  Request request_{};
  Reason reason_ = Reason::exited;  // what the exit will be said to be; exited: no stop was asked
  bool killing_ = false;
  Clock::time_point started_, next_look_, kill_at_;
};

}  // namespace

void serve(int socket) {
  ::setsid();
  ::prctl(PR_SET_NAME, "ordo-guardian");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const int nothing = ::open("/dev/null", O_RDWR);
  // Nothing of the parent's may stay open here, or its readers would wait for this process too.
  const int high_socket = ::fcntl(socket, F_DUPFD, 16);
  const int high_nothing = ::fcntl(nothing, F_DUPFD, 16);
  for (int standard : {0, 1, 2}) ::dup2(high_nothing, standard);
  ::dup3(high_socket, kSocket, O_CLOEXEC);
  ::closefrom(kSocket + 1);
  [[maybe_unused]] const int moved = ::chdir("/");
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
  ::sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int child_signals = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  Server(child_signals).run();
}

}  // namespace ordo::guardian_detail
