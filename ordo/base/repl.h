// A session, line by line: over injected lines and output, so that programs give it a terminal and
// tests give it a list of strings.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/context.h"

namespace ordo {

/// Where lines come from. A terminal's reader keeps history and completes words.
class LineReader {
 public:
  virtual ~LineReader() = default;
  /// The next line without its line break; nullopt at the end of input. Throws Interrupted when the
  /// user cancels the line (Ctrl-C).
  virtual std::optional<std::string> read_line(const std::string& prompt) = 0;
  /// Called for each line that is worth keeping.
  virtual void remember(const std::string&) {}
};

/// A command ":name argument".
struct ReplCommand {
  std::string name;      ///< without the sign
  std::string argument;  ///< how its argument is called in the help: "TERM"; may be empty
  std::string help;      ///< one line
  std::function<std::string(const std::string& argument, Context& context)> run;
  std::string short_name = {};  ///< another name, which need not be unambiguous: "t"
};

/// What may stand from byte `start` of a line on: whole words, sorted.
struct Completion {
  std::size_t start = 0;
  std::vector<std::string> words;
};

/// What a language brings: what a plain line means, its commands, its names.
struct ReplLanguage {
  std::string greeting;
  std::string prompt;
  char command_sign = ':';  ///< what commands begin with
  /// Evaluates a complete entry; the returned text is shown. Errors are shown and the session goes
  /// on.
  std::function<std::string(const std::string& entry, Context& context)> evaluate;
  /// Whether the entry needs a further line (an open bracket). May be empty.
  std::function<bool(const std::string& entry)> is_incomplete;
  std::vector<ReplCommand> commands;
  /// Names in scope, for completion. May be empty.
  std::function<std::vector<std::string>()> names;
};

class Repl {
 public:
  explicit Repl(ReplLanguage language);

  /// Runs to the end of input or the command `quit`. `write` takes what is to be shown.
  /// `make_context` gives each entry a context of its own, before its line is read, so that a
  /// Ctrl-C stops the entry and not the session.
  void run(LineReader& reader, const std::function<void(std::string_view)>& write,
           const std::function<Context()>& make_context);

  /// What Tab offers for a line whose cursor is at its end: commands, the language's names, files
  /// for a command whose argument is a FILE.
  Completion complete(std::string_view line) const;

  /// Runs one entry and returns what it shows; sets `done` on the command `quit`.
  std::string enter(const std::string& entry, Context& context, bool& done);

 private:
  std::string help() const;
  const ReplCommand& find_command(const std::string& name) const;
  ReplLanguage language_;
};

}  // namespace ordo
