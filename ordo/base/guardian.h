// Between Guardian and the process it forks: what goes over their socket. Private to base.
#pragma once

#include <cstdint>

namespace ordo::guardian_detail {

inline constexpr int kMaxPassed = 16;      ///< descriptors that one start may pass
inline constexpr int kMaxDescriptor = 64;  ///< their numbers in the started process are below

/// Followed by `size` bytes: program, folder, argv, environment, each text ended by a zero byte.
/// The passed descriptors travel with the header. A size of 0 asks to stop for `reason`.
struct Request {
  std::uint32_t size;
  std::uint32_t arguments;
  std::uint32_t variables;
  std::uint32_t passed;
  std::int32_t there[kMaxPassed];
  std::int32_t reason;
  double wall_seconds;
  double grace_seconds;
  std::int64_t memory_bytes;
};

/// The end of a process.
struct Reply {
  std::int32_t reason;
  std::int32_t wait_status;  ///< as waitpid gives it
  std::int32_t error;        ///< errno if it could not be started
  double wall_seconds, user_seconds, system_seconds;
  std::int64_t peak_memory;
};

/// The life of a guardian: serves its socket until the other end closes, kills what is left, exits.
[[noreturn]] void serve(int socket);

}  // namespace ordo::guardian_detail
