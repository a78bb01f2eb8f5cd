// Ctrl-C in a session: it cancels the line being typed or stops the entry that runs, and is never
// lost in between. Each entry has a stop of its own, which exists from before its line is read; the
// signal is blocked while stops change hands, so that the handler sees a whole one.
#pragma once

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "ordo/base/context.h"

namespace ordo::apps {

/// One a program: the handler has nothing but a global to go by.
class Interrupts {
 public:
  Interrupts() {
    current_ = &source_;
    struct sigaction action{};
    action.sa_flags = SA_RESTART;  // a long answer is written to its end
    action.sa_handler = [](int) { current_->request_stop(); };
    ::sigaction(SIGINT, &action, nullptr);
    action.sa_handler = [](int) { redraw_ = 1; };
    ::sigaction(SIGWINCH, &action, nullptr);
    ::sigaction(SIGCONT, &action, nullptr);
  }
  ~Interrupts() {
    ::signal(SIGINT, SIG_DFL);
    if (input_ != STDIN_FILENO) ::close(input_);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// The stop of the next entry.
  StopToken next_entry() {
    const Blocked blocked;
    source_ = StopSource();
    return source_.token();
  }
  bool stop_requested() const { return source_.token().stop_requested(); }

  enum class Event { input, stop, redraw };
  /// Waits for input (also its end), a stop or a window of another size. No signal slips in between
  /// the look at the flag and the wait.
  Event wait() const {
    const Blocked blocked;
    pollfd wanted{input_, POLLIN, 0};
    while (true) {
      if (stop_requested()) return Event::stop;
      if (redraw_ != 0) {
        redraw_ = 0;
        return Event::redraw;
      }
      if (::ppoll(&wanted, 1, nullptr, &blocked.before) >= 0 || errno != EINTR) return Event::input;
    }
  }

  /// Reads what a wait saw: the number of bytes, 0 at the end, -1 if there is nothing after all.
  ssize_t read(char* bytes, std::size_t size) const {
    const ssize_t count = ::read(input_, bytes, size);
    if (count >= 0) return count;
    return errno == EINTR || errno == EAGAIN ? -1 : 0;
  }

 private:
  // Ctrl-C takes away what was typed, also what a wait has just seen; the read must not block then.
  // A terminal is opened anew, because a flag set on the descriptor would hold for all who share
  // it.
  static int open_input() {
    const char* terminal = ::ttyname(STDIN_FILENO);
    const int opened =
        terminal == nullptr ? -1 : ::open(terminal, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return opened < 0 ? STDIN_FILENO : opened;
  }
  struct Blocked {
    sigset_t before;
    Blocked() {
      sigset_t mask;
      ::sigemptyset(&mask);
      for (const int signal : {SIGINT, SIGWINCH, SIGCONT}) ::sigaddset(&mask, signal);
      ::sigprocmask(SIG_BLOCK, &mask, &before);
    }
    ~Blocked() { ::sigprocmask(SIG_SETMASK, &before, nullptr); }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;
  };

  StopSource source_;
  int input_ = open_input();
  inline static StopSource* current_ = nullptr;
  inline static volatile std::sig_atomic_t redraw_ = 0;
};

}  // namespace ordo::apps
