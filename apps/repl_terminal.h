// A session on standard input and output: lines are edited where a person types them and
// libedit was there when the program was built, and read plainly from pipes and files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

#include "apps/interrupts.h"
#ifdef ORDO_LIBEDIT
#include "apps/line_editor.h"
#endif
#include "ordo/base/options.h"
#include "ordo/base/repl.h"

namespace ordo::apps {

class PlainLines : public LineReader {
 public:
  explicit PlainLines(const Interrupts& interrupts)
      : interrupts_(interrupts), is_terminal_(::isatty(STDIN_FILENO) != 0) {}

  std::optional<std::string> read_line(const std::string& prompt) override {
    if (is_terminal_) std::cout << prompt << std::flush;
    while (true) {
      if (const std::size_t end = read_.find('\n', from_); end != std::string::npos) {
        std::string line = read_.substr(from_, end - from_);
        from_ = end + 1;
        return line;
      }
      read_.erase(0, from_);
      from_ = 0;
      const Interrupts::Event event = interrupts_.wait();
      if (event == Interrupts::Event::stop) {
        read_.clear();
        if (is_terminal_) std::cout << "\n";
        throw Interrupted();
      }
      if (event == Interrupts::Event::redraw) continue;
      char bytes[1 << 16];
      const ssize_t count = interrupts_.read(bytes, sizeof bytes);
      if (count < 0) continue;
      if (count > 0) {
        read_.append(bytes, static_cast<std::size_t>(count));
        continue;
      }
      if (is_terminal_) std::cout << "\n";
      if (read_.empty()) return std::nullopt;
      return std::exchange(read_, {});
    }
  }

 private:
  const Interrupts& interrupts_;
  bool is_terminal_;
  std::string read_;  // what came but was not asked for yet, from `from_` on
  std::size_t from_ = 0;
};

#ifdef ORDO_LIBEDIT
/// Where a session's lines are kept: $XDG_STATE_HOME/ordo, else ~/.local/state/ordo.
inline std::filesystem::path history_file(const std::string& name) {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "ordo" / name;
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return {};
  return std::filesystem::path(home) / ".local/state/ordo" / name;
}
#endif

inline std::unique_ptr<LineReader> open_lines(const Interrupts& interrupts,
                                              [[maybe_unused]] const Repl& session,
                                              [[maybe_unused]] const std::string& name) {
#ifdef ORDO_LIBEDIT
  const char* terminal = std::getenv("TERM");
  const bool capable = terminal != nullptr && std::string(terminal) != "dumb";
  if (capable && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0) {
    return std::make_unique<LineEditor>(
        interrupts, history_file(name + "_history"),
        [&session](std::string_view line) { return session.complete(line); });
  }
#endif
  return std::make_unique<PlainLines>(interrupts);
}

struct ReplOptions {
  std::string file;  ///< declarations to begin with
  void describe(OptionSet& set) { set.positional("file", file, "Declarations to load first."); }
};

/// What is left of a session: it has shown everything already.
struct ReplEnd {};
inline Json to_json(const ReplEnd&) { return Json::object(); }
inline std::string to_text(const ReplEnd&) { return {}; }

/// Runs a session from `lines` to standard output; each entry has a context like `surroundings`,
/// but with a stop of its own.
inline void run_session(Repl& session, LineReader& lines, Interrupts& interrupts,
                        const Context& surroundings) {
  session.run(
      lines, [](std::string_view text) { std::cout << text << std::flush; },
      [&] {
        Context context = surroundings;
        context.stop = interrupts.next_entry();
        return context;
      });
}

/// The session of a machine; `name` is its program's: "fmc".
inline ReplEnd run_repl(const std::string& name, ReplLanguage language,
                        const ReplOptions& options) {
  Interrupts interrupts;
  Repl session(std::move(language));
  if (!options.file.empty()) {
    Context context;
    bool done = false;
    std::cout << session.enter(":load " + options.file, context, done) << std::flush;
  }
  run_session(session, *open_lines(interrupts, session, name), interrupts, Context());
  return {};
}

}  // namespace ordo::apps
