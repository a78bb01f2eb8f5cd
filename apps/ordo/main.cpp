// `ordo VERB ...` starts the program ordo-VERB, which stands beside this one or on the PATH, as git
// and cargo do. So each verb links only what it needs, and this one starts in a millisecond.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "ordo/base/error.h"
#include "ordo/base/options.h"
#include "ordo/base/version.h"
#include "ordo/cli/completion.h"

namespace {

namespace fs = std::filesystem;
using ordo::ExitCode;

constexpr std::string_view kPrefix = "ordo-";

// What each verb is for, in the order in which the help shows them. Verbs found on the PATH that
// are not listed here are shown after these.
const std::vector<std::pair<std::string, std::string>> kVerbs = {
    {"study", "compare programs over seeds, with claims that are tested"},
    {"board", "look at studies in the browser, live"},
    {"store", "check, merge, clean and export what studies recorded"},
    {"data", "data sets: list, get, describe"},
    {"train", "train networks; compare warm starts"},
    {"fmc", "the Functional Machine Calculus: run, trace, type, translate"},
    {"rmc", "the Relational Machine Calculus: run, trace, type, translate"},
    {"doctor", "what is installed and what is missing"},
};

fs::path own_folder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : self.parent_path();
}

std::vector<fs::path> search_folders() {
  std::vector<fs::path> folders = {own_folder()};
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    folders.emplace_back(rest.substr(0, colon));
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return folders;
}

// Every verb that can be started here, with its program; the first folder wins.
std::map<std::string, fs::path> installed_verbs() {
  std::map<std::string, fs::path> verbs;
  for (const fs::path& folder : search_folders()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(kPrefix) || ::access(entry.path().c_str(), X_OK) != 0) continue;
      if (!entry.is_regular_file(error)) continue;
      verbs.emplace(name.substr(kPrefix.size()), entry.path());
    }
  }
  return verbs;
}

void print_help() {
  fmt::print(
      "Ordo: learning where order matters.\n\n"
      "Usage: ordo VERB [ARGUMENTS]\n\nVerbs:\n");
  auto verbs = installed_verbs();
  for (const auto& [name, meaning] : kVerbs) {
    if (verbs.erase(name) > 0) fmt::print("  {:<12}{}\n", name, meaning);
  }
  for (const auto& [name, program] : verbs) fmt::print("  {:<12}{}\n", name, program.string());
  fmt::print(
      "\nExample:\n  ordo study run studies/digits.toml\n\n"
      "'ordo VERB --help' tells more of a verb, with an example. 'ordo completion bash|zsh|fish'\n"
      "prints what makes the shell complete verbs and flags. 'ordo --version' names the "
      "version.\n");
}

// Starts ordo-VERB in place of this process; returns only if it cannot.
int start(const std::string& verb, char** argv) {
  const fs::path beside = own_folder() / (std::string(kPrefix) + verb);
  const std::string name = std::string(kPrefix) + verb;
  argv[0] = const_cast<char*>(name.c_str());
  if (::access(beside.c_str(), X_OK) == 0) {
    ::execv(beside.c_str(), argv);
  } else {
    ::execvp(name.c_str(), argv);
  }
  if (errno != ENOENT) {
    fmt::print(stderr, "ordo: cannot start '{}': {}\n", name, std::strerror(errno));
    return static_cast<int>(ExitCode::io);
  }
  std::vector<std::string> names;
  for (const auto& [known, program] : installed_verbs()) names.push_back(known);
  const auto near = ordo::nearest(verb, names);
  fmt::print(stderr, "ordo: there is no verb '{}'{}\nSee 'ordo --help'.\n", verb,
             near ? fmt::format("; did you mean '{}'?", *near) : "");
  return static_cast<int>(ExitCode::usage);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "--help";
  if (verb == "--help" || verb == "-h" || verb == "help") {
    if (verb == "help" && argc > 2) {
      std::string help = "--help";
      char* words[] = {argv[0], help.data(), nullptr};
      return start(argv[2], words);
    }
    print_help();
    return argc > 1 ? 0 : static_cast<int>(ExitCode::usage);
  }
  if (verb == "--version") {
    fmt::print("ordo {}\n", ordo::version());
    return 0;
  }
  if (verb == "completion") {
    try {
      fmt::print("{}", ordo::cli::completion_script(argc > 2 ? argv[2] : ""));
      return 0;
    } catch (const ordo::Error& error) {
      fmt::print(stderr, "ordo completion: {}\n", error.what());
      return static_cast<int>(error.code());
    }
  }
  if (verb == "__verbs") {  // asked by the completion scripts
    for (const auto& [name, program] : installed_verbs()) fmt::print("{}\n", name);
    return 0;
  }
  return start(verb, argv + 1);
}
