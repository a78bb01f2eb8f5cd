// Pipes from a started process, read as their bytes come.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "ordo/base/error.h"

namespace ordo {

/// A pipe whose reading end does not block. Both ends close with it.
class Pipe {
 public:
  Pipe() {  // throws IoError
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw IoError::from_errno("make", "a pipe", errno);
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    ::fcntl(ends_[0], F_SETPIPE_SZ, 1 << 18);  // fewer turns for talkative cells; may be refused
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write() { close(ends_[1]); }

  /// Calls take(bytes) with what is there, at most `kAtOnce` so that other pipes get their turn;
  /// whether more may be waiting. Closes the reading end at the end of the stream.
  template <class Take>
  bool drain(std::vector<char>& block, Take take) {
    for (std::size_t read = 0; ends_[0] >= 0 && read < kAtOnce;) {
      const ssize_t got = ::read(ends_[0], block.data(), block.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return false;
      if (got <= 0) {
        close(ends_[0]);
        return false;
      }
      take(std::string_view(block.data(), static_cast<std::size_t>(got)));
      read += static_cast<std::size_t>(got);
    }
    return ends_[0] >= 0;
  }

 private:
  static constexpr std::size_t kAtOnce = 1 << 20;
  static void close(int& end) {
    if (end >= 0) ::close(std::exchange(end, -1));
  }
  std::array<int, 2> ends_{-1, -1};
};

}  // namespace ordo
