// Who holds a cell. A process is named by host, boot, pid and start time, so that neither a reused
// pid nor a restarted machine is taken for the holder that is gone.
#pragma once

#include <cstdint>
#include <string>

namespace ordo::store {

struct ProcessIdentity {
  std::string host;        ///< the machine's name
  std::string boot;        ///< the kernel's boot id; empty where there is none
  std::int64_t pid = 0;    ///< on that host
  std::int64_t start = 0;  ///< clock ticks since boot, field 22 of /proc/<pid>/stat

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// The calling process.
const ProcessIdentity& this_process();

/// When the process with this pid started, in clock ticks since boot; 0 if there is none.
std::int64_t process_start(std::int64_t pid);

enum class Liveness { alive, gone, elsewhere };
/// Whether the process lives; `elsewhere` if it belongs to another host, where only the age of its
/// heartbeat can tell.
Liveness liveness(const ProcessIdentity& process);

}  // namespace ordo::store
