// Errors. Everything that can go wrong for a reason outside the program is one of the kinds below;
// each carries the exit code its program ends with. A message says what was expected, what came,
// where, and what to do about it, in words that stand alone on a terminal.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace ordo {

/// What a program's exit status means. A verb's own codes are 10 to 19.
enum class ExitCode : int {
  done = 0,           ///< done, and the answer (if there is one) is yes
  no = 1,             ///< done, and the answer is no: a claim fails, nothing found
  usage = 2,          ///< the command line or an option is wrong
  input = 3,          ///< something read is malformed
  numeric = 4,        ///< a computation left the range of numbers
  io = 5,             ///< files, processes and network
  limit = 6,          ///< a limit or budget was reached
  interrupted = 130,  ///< stopped by the user
};

/// A place in something read. Lines and columns count from 1; 0 means unknown.
struct Location {
  std::string source = {};  ///< file name, or what stands for one ("<stdin>")
  std::size_t line = 0;     ///< 1-based
  std::size_t column = 0;   ///< 1-based, in bytes
  std::string field = {};   ///< JSON pointer, option or column name; may be empty

  /// "file:line:column: field" with the unknown parts left out.
  std::string to_string() const;
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// The caller asked for something that makes no sense: an unknown flag, a value out of range.
class UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(ExitCode::usage, message) {}
};

/// Something read is malformed. The message begins with the location.
class InputError : public Error {
 public:
  InputError(Location location, const std::string& message);
  const Location& location() const { return location_; }

 private:
  Location location_;
};

/// A computation overflowed, diverged, or met a NaN.
class NumericError : public Error {
 public:
  explicit NumericError(const std::string& message) : Error(ExitCode::numeric, message) {}
};

/// A file, process or connection refused. `from_errno` appends the system's reason.
class IoError : public Error {
 public:
  explicit IoError(const std::string& message) : Error(ExitCode::io, message) {}
  /// "cannot <action> '<path>': <strerror(errno_value)>".
  static IoError from_errno(const std::string& action, const std::string& path, int errno_value);
};

/// A limit of time, memory, steps or budget was reached.
class LimitError : public Error {
 public:
  explicit LimitError(const std::string& message) : Error(ExitCode::limit, message) {}
};

/// The stop token was set while work was under way.
class Interrupted : public Error {
 public:
  explicit Interrupted(const std::string& message = "interrupted")
      : Error(ExitCode::interrupted, message) {}
};

}  // namespace ordo
