#include "ordo/study/environment.h"

#include <cmath>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "ordo/base/error.h"
#include "ordo/base/process.h"
#include "ordo/base/version.h"

namespace ordo::study {
namespace {

constexpr double kGigabyte = 1 << 30;

// The value of the first line "name : value" of a file; empty if there is none.
std::string value_in(const char* file, std::string_view name, char separator) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(name)) continue;
    const std::size_t mark = line.find(separator);
    if (mark == std::string::npos) continue;
    std::string value = line.substr(mark + 1);
    value.erase(0, value.find_first_not_of(" \""));
    value.erase(value.find_last_not_of(" \"") + 1);
    return value;
  }
  return {};
}

// What git prints; nullopt where there is no git, no repository, or no answer in time.
std::optional<std::string> git(const std::filesystem::path& folder, std::vector<std::string> words,
                               Context& context) {
  words.insert(words.begin(), {"git", "--no-optional-locks", "-C", folder.string()});
  try {
    const ProcessOutput output = run_process(
        {.argv = std::move(words)}, {.wall_seconds = 5, .output_bytes = 1 << 20}, {}, context.stop);
    if (output.exit.reason != ProcessExit::Reason::exited || output.exit.status != 0) {
      return std::nullopt;
    }
    return output.out;
  } catch (const IoError&) {
    return std::nullopt;  // no git here
  }
}

}  // namespace

JsonObject describe_environment(const std::filesystem::path& folder, Context& context) {
  JsonObject environment;
  utsname system{};
  ::uname(&system);
  environment["host"] = std::string(system.nodename);
  const std::string distribution = value_in("/etc/os-release", "PRETTY_NAME=", '=');
  environment["system"] =
      fmt::format("{} {} {}{}{}", system.sysname, system.release, system.machine,
                  distribution.empty() ? "" : ", ", distribution);
  const std::string processor = value_in("/proc/cpuinfo", "model name", ':');
  if (!processor.empty()) environment["processor"] = processor;
  environment["cores"] = std::thread::hardware_concurrency();
  struct sysinfo info{};
  if (::sysinfo(&info) == 0) {
    environment["memory_gb"] =
        std::round(static_cast<double>(info.totalram) * info.mem_unit / kGigabyte * 10) / 10;
  }
  environment["versions"] = Json::object({{"ordo", version()}});
  if (auto commit = git(folder, {"rev-parse", "HEAD"}, context)) {
    commit->erase(commit->find_last_not_of('\n') + 1);
    environment["commit"] = *commit;
    const auto changes = git(folder, {"status", "--porcelain", "--untracked-files=no"}, context);
    environment["dirty"] = changes && !changes->empty();
  }
  return environment;
}

}  // namespace ordo::study
