// The face of every verb: `Program` turns described options into a command line, runs one library
// function, and shows its result as text for a person or JSON for a program.
//
//   int main(int argc, char** argv) {
//     ordo::cli::Program program("flaky", "Finds tests whose outcome depends on their order.");
//     program.example("ordo flaky -- pytest", "the test suite of this folder");
//     return program.run<ordo::flaky::Options>(argc, argv, ordo::flaky::find);
//   }
//
// A library function has the form `Result f(const Options&, Context&)`, or takes an Output& too, to
// show text before it is done. Found by argument-dependent
// look-up beside Result:
//   Json to_json(const Result&)           what --json prints; an object
//   std::string to_text(const Result&)    optional: what a person sees; default: the JSON, indented
//   ExitCode exit_code(const Result&)     optional: done or no; default: done
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/error.h"
#include "ordo/base/options.h"

namespace ordo::cli {

/// What a command leaves: the result in both its forms, and the exit code it means.
struct Outcome {
  Json json;
  std::string text;
  ExitCode code = ExitCode::done;
};

/// Standard output while the function still runs, for texts that people want to see as they grow.
/// What is written must be how to_text(result) begins: only the rest of it is printed in the end.
class Output {
 public:
  virtual ~Output() = default;
  /// Whether the result will be printed as text; with --json, nothing is written.
  virtual bool is_text() const = 0;
  /// Writes at once. Throws IoError.
  virtual void write(std::string_view text) = 0;
};

/// A command with its options, ready to be parsed into and called.
class BoundCommand {
 public:
  virtual ~BoundCommand() = default;
  virtual const OptionSet& options() const = 0;
  virtual Outcome call(Context& context, Output& output) const = 0;
};

class Program {
 public:
  /// `verb` is the word after `ordo`; `summary` one sentence.
  Program(std::string verb, std::string summary);
  ~Program();

  /// A line for the help's examples; the first is also shown after a usage error.
  Program& example(std::string command, std::string meaning = {});

  /// Adds a subcommand: `ordo VERB NAME`; a name of two words is a command of a group. Examples
  /// added after it (and before the next) are its own.
  template <class Options, class Function>
  Program& command(std::string name, std::string summary, Function function);

  /// Runs the subcommand that the command line names. Returns the exit status; never throws.
  int run(int argc, char** argv);
  /// Runs a verb without subcommands.
  template <class Options, class Function>
  int run(int argc, char** argv, Function function);

 private:
  using Maker = std::function<std::unique_ptr<BoundCommand>()>;
  void add_command(std::string name, std::string summary, Maker maker);

  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

namespace program_detail {

template <class Result>
Outcome to_outcome(const Result& result) {
  Outcome outcome{.json = to_json(result), .text = {}, .code = ExitCode::done};
  if constexpr (requires { to_text(result); })
    outcome.text = to_text(result);
  else
    outcome.text = outcome.json.dump(2) + "\n";
  if constexpr (requires { exit_code(result); }) outcome.code = exit_code(result);
  return outcome;
}

template <class Options, class Function>
class Bound : public BoundCommand {
 public:
  explicit Bound(Function function) : function_(std::move(function)), set_(describe(values_)) {}
  Bound(const Bound&) = delete;
  const OptionSet& options() const override { return set_; }
  Outcome call(Context& context, Output& output) const override {
    if constexpr (std::is_invocable_v<const Function&, const Options&, Context&, Output&>)
      return to_outcome(std::invoke(function_, std::as_const(values_), context, output));
    else
      return to_outcome(std::invoke(function_, std::as_const(values_), context));
  }

 private:
  Options values_;
  Function function_;
  OptionSet set_;
};

}  // namespace program_detail

template <class Options, class Function>
Program& Program::command(std::string name, std::string summary, Function function) {
  add_command(std::move(name), std::move(summary), [function]() -> std::unique_ptr<BoundCommand> {
    return std::make_unique<program_detail::Bound<Options, Function>>(function);
  });
  return *this;
}

template <class Options, class Function>
int Program::run(int argc, char** argv, Function function) {
  command<Options>("", "", std::move(function));
  return run(argc, argv);
}

}  // namespace ordo::cli
