#include "ordo/base/process_tree.h"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dirent.h>

namespace ordo {
namespace {

// A small file of /proc; empty if the process is gone.
std::string read_proc(pid_t process, const char* name) {
  const std::string path = "/proc/" + std::to_string(process) + "/" + name;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::string text;
  char block[4096];
  ssize_t got = 0;
  while ((got = ::read(file, block, sizeof block)) > 0) text.append(block, block + got);
  ::close(file);
  return text;
}

void append_listed(const std::string& list, std::vector<pid_t>& found) {
  const char* at = list.data();
  const char* end = at + list.size();
  while (at < end) {
    pid_t child = 0;
    const auto parsed = std::from_chars(at, end, child);
    if (parsed.ec != std::errc()) return;
    found.push_back(child);
    at = parsed.ptr;
    while (at < end && *at == ' ') ++at;
  }
}

// Each thread of a process lists the children that it forked.
void append_children(pid_t process, std::vector<pid_t>& found) {
  const std::string folder = "/proc/" + std::to_string(process) + "/task";
  DIR* threads = ::opendir(folder.c_str());
  if (threads == nullptr) return;
  while (const dirent* entry = ::readdir(threads)) {
    if (entry->d_name[0] == '.') continue;
    append_listed(read_proc(process, ("task/" + std::string(entry->d_name) + "/children").c_str()),
                  found);
  }
  ::closedir(threads);
}

std::int64_t resident_bytes(pid_t process) {
  const std::string text = read_proc(process, "statm");
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return 0;
  return std::strtoll(text.c_str() + space, nullptr, 10) * ::sysconf(_SC_PAGESIZE);
}

std::int64_t proportional_bytes(pid_t process) {
  const std::string text = read_proc(process, "smaps_rollup");
  const std::size_t line = text.find("\nPss:");
  if (line == std::string::npos) return resident_bytes(process);
  return std::strtoll(text.c_str() + line + 5, nullptr, 10) * 1024;
}

}  // namespace

std::vector<pid_t> descendants() {
  std::vector<pid_t> found;
  append_children(::getpid(), found);
  for (std::size_t i = 0; i < found.size(); ++i) append_children(found[i], found);
  return found;
}

void kill_descendants() {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (true) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended > 0) continue;
    if (ended < 0 && errno == ECHILD) return;
    for (pid_t process : descendants()) ::kill(process, SIGKILL);
    if (std::chrono::steady_clock::now() > patience) return;
    ::usleep(500);
  }
}

bool tree_memory_exceeds(std::int64_t limit) {
  const std::vector<pid_t> processes = descendants();
  std::int64_t sum = 0;
  for (pid_t process : processes) sum += resident_bytes(process);
  if (sum <= limit) return false;
  sum = 0;
  for (pid_t process : processes) sum += proportional_bytes(process);
  return sum > limit;
}

}  // namespace ordo
