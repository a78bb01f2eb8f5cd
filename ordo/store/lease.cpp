#include "ordo/store/lease.h"

#include <fstream>
#include <sstream>

#include <unistd.h>

namespace ordo::store {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::int64_t process_start(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat((std::istreambuf_iterator<char>(file)), {});
  // The second field is the program's name in parentheses, which may hold spaces and parentheses.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string state;
  fields >> state;
  if (state == "Z" || state == "X") return 0;  // dead, only not waited for yet
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  std::int64_t start = 0;
  fields >> start;
  return fields ? start : 0;
}

const ProcessIdentity& this_process() {
  thread_local ProcessIdentity identity;
  if (identity.pid != ::getpid()) {  // the first call, or the first after a fork
    char host[256] = {};
    ::gethostname(host, sizeof(host) - 1);
    identity = {host, first_line("/proc/sys/kernel/random/boot_id"), ::getpid(),
                process_start(::getpid())};
  }
  return identity;
}

Liveness liveness(const ProcessIdentity& process) {
  const ProcessIdentity& self = this_process();
  if (process.host != self.host) return Liveness::elsewhere;
  if (process.boot != self.boot) return Liveness::gone;
  return process_start(process.pid) == process.start ? Liveness::alive : Liveness::gone;
}

}  // namespace ordo::store
