// A machine's session on standard input and output: a prompt for a person, none for a pipe; Ctrl-C
// stops the entry that runs, and the session goes on.
#pragma once

#include <csignal>
#include <iostream>
#include <optional>
#include <string>

#include <unistd.h>

#include "ordo/machine/repl.h"

namespace ordo::apps {

class PlainLines : public machine::LineReader {
 public:
  std::optional<std::string> read_line(const std::string& prompt) override {
    if (::isatty(STDIN_FILENO) != 0) std::cout << prompt << std::flush;
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
};

inline StopSource* interrupted_entry = nullptr;

inline int run_repl(machine::ReplLanguage language) {
  PlainLines lines;
  StopSource source;
  interrupted_entry = &source;
  std::signal(SIGINT, [](int) { interrupted_entry->request_stop(); });
  machine::Repl session(std::move(language));
  session.run(
      lines, [](std::string_view text) { std::cout << text << std::flush; },
      [&] {
        source = StopSource();
        Context context;
        context.stop = source.token();
        return context;
      });
  return 0;
}

}  // namespace ordo::apps
