// The processes below this one, read from /proc (Linux with CONFIG_PROC_CHILDREN, which every
// distribution sets). Complete only in a subreaper: elsewhere orphans escape upwards.
#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace ordo {

/// All descendants of the calling process that are alive now; it must be single-threaded.
std::vector<pid_t> descendants();

/// Kills and reaps descendants until there are none, or gives up after five seconds on those that
/// the kernel will not end.
void kill_descendants();

/// Whether the descendants together hold more than `limit` bytes of memory. Pages that several
/// share are counted once (Pss) where the quick sum (Rss) is above the limit.
bool tree_memory_exceeds(std::int64_t limit);

}  // namespace ordo
