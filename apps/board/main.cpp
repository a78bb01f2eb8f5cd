// `ordo board`: the store of this folder as a page in the browser.
#include <algorithm>
#include <cstdio>
#include <string>

#include <unistd.h>

#include <spawn.h>

#include "ordo/board/board.h"
#include "ordo/cli/program.h"

namespace {

// Starts the desktop's browser. Where there is none, the address that was printed has to do.
void open_in_browser(const std::string& url) {
  std::string program = "xdg-open", address = url;
  char* words[] = {program.data(), address.data(), nullptr};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // Ctrl-C here is not for it
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, program.c_str(), nullptr, &attributes, words, environ);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) std::fprintf(stderr, "ordo board: cannot open a browser: no xdg-open here\n");
}

}  // namespace

int main(int argc, char** argv) {
  const bool wants_json =
      std::any_of(argv, argv + argc, [](const std::string& word) { return word == "--json"; });
  const auto serve = [wants_json](const ordo::board::Options& options, ordo::Context& context) {
    const auto ready = [&](const ordo::board::Served& served) {
      if (wants_json) {
        std::printf("%s\n", to_json(served).dump().c_str());
      } else {
        std::printf("board: %s  (Ctrl-C stops it)\n", served.url.c_str());
      }
      std::fflush(stdout);
      if (options.open) open_in_browser(served.url);
    };
    return ordo::board::serve(options, {.ready = ready}, context);
  };
  ordo::cli::Program program("board", "Shows the store of this folder as a page in the browser.");
  program.example("ordo board --open", "studies live, curves, claims, runs, artifacts");
  return program.run<ordo::board::Options>(argc, argv, serve);
}
