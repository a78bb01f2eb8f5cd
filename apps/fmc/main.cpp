#include <csignal>
#include <iostream>
#include <string>

#include <unistd.h>

#include "ordo/cli/program.h"
#include "ordo/machine/fmc_repl.h"
#include "ordo/machine/fmc_verbs.h"

namespace {

namespace fmc = ordo::machine::fmc;

// Plain lines from standard input; the prompt is shown only to a person.
class PlainLines : public ordo::machine::LineReader {
 public:
  std::optional<std::string> read_line(const std::string& prompt) override {
    if (::isatty(STDIN_FILENO)) std::cout << prompt << std::flush;
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
  }
};

ordo::StopSource* interrupted = nullptr;

// Ctrl-C stops the entry that runs; the session goes on.
int repl() {
  PlainLines lines;
  ordo::StopSource source;
  interrupted = &source;
  std::signal(SIGINT, [](int) { interrupted->request_stop(); });
  ordo::machine::Repl session(fmc::repl_language());
  session.run(
      lines, [](std::string_view text) { std::cout << text << std::flush; },
      [&] {
        source = ordo::StopSource();
        ordo::Context context;
        context.stop = source.token();
        return context;
      });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "repl") return repl();
  ordo::cli::Program program("fmc", "The Functional Machine Calculus: run, trace, reduce, type.");
  program.command<fmc::RunVerb>("run", "Runs a term on the compiled machine.", fmc::run_verb)
      .example("ordo fmc run -e '[3].[4].add'")
      .command<fmc::TraceVerb>("trace", "Shows every state of a run.", fmc::trace_verb)
      .example("ordo fmc trace -e '[1].[2].<x>.<y>.[x].[y].sub' --html steps.html")
      .command<fmc::ReduceVerb>("reduce", "Rewrites a term to its normal form.", fmc::reduce_verb)
      .example("ordo fmc reduce -e '[m].[n].<x>.<y>.[x].[y]' --log")
      .command<fmc::TermVerb>("type", "Infers stack types.", fmc::type_verb)
      .example("ordo fmc type -e '<x>.<y>.[x].[y]'")
      .command<fmc::TermVerb>("check", "Parses and types a file.", fmc::check_verb)
      .example("ordo fmc check prog.fmc")
      .command<fmc::FmtVerb>("fmt", "Lays out a file, with its comments.", fmc::fmt_verb)
      .example("ordo fmc fmt prog.fmc --write")
      .command<fmc::TranslateVerb>("translate", "Translates from and to other calculi.",
                                   fmc::translate_verb)
      .example("ordo fmc translate --from lambda-cbv -e '(\\x. x x) (\\y. y)'");
  return program.run(argc, argv);
}
