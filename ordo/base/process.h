// Processes with limits, none of which outlives its parent.
//
// Every process is started by a `Guardian`: a small process forked from this one that is a
// subreaper, so that whatever a program leaves behind (daemons that called setsid and forked twice
// too) becomes the guardian's child and is found and killed when the program ends, is stopped, or
// when this process disappears: its socket to the guardian closes then, even after SIGKILL.
//
// Limits. Wall time: TERM to the tree, a grace, KILL. Memory: the guardian adds up the resident
// memory of the whole tree every twentieth of a second, counting shared pages once where it
// matters. RLIMIT_AS would be exact but counts address space, which language runtimes, sanitizers
// and GPU drivers reserve by the terabyte; a burst between two looks can pass the limit for that
// long.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "ordo/base/context.h"

namespace ordo {

/// A program and its surroundings.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH unless it has a '/'
  std::vector<std::pair<std::string, std::string>> env = {};  ///< set on top of this process's own
  std::filesystem::path folder = {};  ///< working folder; empty: this process's
};

/// What a process tree may use. Zero means no limit.
struct ProcessLimits {
  double wall_seconds = 0;        ///< from start to exit
  std::int64_t memory_bytes = 0;  ///< resident in the whole tree
  std::int64_t output_bytes = 0;  ///< printed on stdout and stderr together (run_process only)
  double grace_seconds = 2;       ///< between TERM and KILL
};

/// How a process ended and what it took.
struct ProcessExit {
  enum class Reason {
    exited,      ///< by itself, with `status`
    signalled,   ///< by a signal nobody here sent: a crash
    time_limit,  ///< killed here, as are the next three
    memory_limit,
    output_limit,
    stopped,      ///< by request
    not_started,  ///< exec failed; `error` says why
    lost,         ///< its guardian was killed
  };
  Reason reason = Reason::exited;
  int status = 0;                ///< exit status; 128 + signal if it died of one
  int signal = 0;                ///< the signal it died of, or 0
  std::string error;             ///< why it could not be started
  double wall_seconds = 0;       ///< elapsed, on the monotonic clock
  double user_seconds = 0;       ///< of the process and of its children that it waited for
  double system_seconds = 0;     ///< the same
  std::int64_t peak_memory = 0;  ///< bytes: the largest resident size of one process of the tree
};

/// "exited with status 3", "killed by signal 11 (Segmentation fault)", "ran longer than 2 s".
std::string to_string(const ProcessExit& exit);

/// A descriptor of this process and its number in the started one.
struct DescriptorPass {
  int here = -1;
  int there = -1;
};

/// Runs one process at a time, and the next when that has ended. Not for several threads at once.
class Guardian {
 public:
  /// Forks the guardian: cheapest early, while this process is small. Throws IoError.
  Guardian();
  Guardian(Guardian&&) noexcept;
  Guardian& operator=(Guardian&&) noexcept;
  /// Kills what still runs, without grace.
  ~Guardian();

  /// Starts a program in a process group of its own without a terminal. Descriptors 0 to 2 that
  /// `pass` does not name are /dev/null; all others are closed. Returns at once; throws IoError if
  /// the command is not there, with the nearest one that is.
  void start(const Command& command, const ProcessLimits& limits,
             const std::vector<DescriptorPass>& pass);
  /// Readable (poll) when `poll` has something to say.
  int descriptor() const { return socket_; }
  /// The end of the process, once; nothing while it runs.
  std::optional<ProcessExit> poll();
  /// Waits for the end.
  ProcessExit wait();
  /// Asks for TERM, grace, KILL; the exit will say `reason`.
  void stop(ProcessExit::Reason reason = ProcessExit::Reason::stopped);
  bool running() const { return running_; }

 private:
  void close();
  int socket_ = -1;
  pid_t pid_ = -1;
  bool running_ = false;
  std::chrono::steady_clock::time_point started_;
};

/// Keeps the head and the tail of a stream of any length in bounded memory.
class HeadTail {
 public:
  explicit HeadTail(std::size_t head = 64 << 10, std::size_t tail = 64 << 10)
      : head_limit_(head), tail_limit_(tail) {}
  void append(std::string_view bytes);
  std::int64_t total() const { return total_; }
  const std::string& head() const { return head_; }
  std::string_view tail() const;
  /// All bytes if they fit, else head, "\n... 1234 bytes left out ...\n", tail.
  std::string text() const;

 private:
  std::size_t head_limit_, tail_limit_;
  std::string head_, tail_;  // the tail is cut down whenever it has twice its size
  std::int64_t total_ = 0;
};

/// `bytes` as valid UTF-8: bytes that are not become \xHH, and so do control characters other than
/// tab, newline, carriage return and escape.
std::string escape_invalid_utf8(std::string_view bytes);

/// A text as an open file at its beginning (in memory), to be a process's standard input.
class InputFile {
 public:
  explicit InputFile(std::string_view text);  ///< throws IoError
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

struct ProcessOutput {
  ProcessExit exit;
  std::string out;  ///< head and tail of standard output, as bytes
  std::string err;  ///< the same of standard error
};

/// Runs a program to its end with `input` on its standard input. Throws IoError if the command is
/// not there or cannot be started, Interrupted (after killing it) once `stop` is set.
ProcessOutput run_process(const Command& command, const ProcessLimits& limits = {},
                          std::string_view input = {}, const StopToken& stop = {});

/// The file that `name` means: itself if it has a '/' (relative to `folder`), else the first
/// executable in `path` (as in PATH). Throws IoError with the nearest command's name.
std::filesystem::path find_program(const std::string& name, const std::filesystem::path& folder,
                                   std::string_view path);
/// The same for the program of a command, with the PATH that the command will see.
std::filesystem::path find_program(const Command& command);

}  // namespace ordo
