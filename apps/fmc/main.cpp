#include <csignal>
#include <iostream>

#include "apps/repl_terminal.h"
#include "ordo/cli/program.h"
#include "ordo/machine/fmc_lsp.h"
#include "ordo/machine/fmc_repl.h"
#include "ordo/machine/fmc_verbs.h"

namespace {

struct NoOptions {
  void describe(ordo::OptionSet&) {}
};

// Speaks the protocol only; a signal ends it at once, since it waits for its editor most of the
// time.
ordo::machine::fmc::Answer serve(const NoOptions&, ordo::Context&) {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
  ordo::machine::fmc::Answer ended;
  const int status =
      ordo::machine::serve_lsp(ordo::machine::fmc::lsp_language(), std::cin, std::cout);
  if (status != 0) ended.code = ordo::ExitCode::no;
  return ended;
}

}  // namespace

int main(int argc, char** argv) {
  namespace fmc = ordo::machine::fmc;
  ordo::cli::Program program("fmc", "The Functional Machine Calculus: run, trace, reduce, type.");
  program.command<fmc::RunVerb>("run", "Runs a term on the compiled machine.", fmc::run_verb)
      .example("ordo fmc run -e '[3].[4].add'")
      .command<fmc::TraceVerb>("trace", "Shows every state of a run.", fmc::trace_verb)
      .example("ordo fmc trace -e '[1].[2].<x>.<y>.[x].[y].sub' --html steps.html")
      .command<fmc::ReduceVerb>("reduce", "Rewrites a term to its normal form.", fmc::reduce_verb)
      .example("ordo fmc reduce -e '[m].[n].<x>.<y>.[x].[y]' --log")
      .command<fmc::EqualVerb>("equal", "Compares normal forms.", fmc::equal_verb)
      .example("ordo fmc equal -e '(c<x>.[x]c.[x]).(<v>.c<_>.[v]c)' --other '*' --eta --mem 'c: 0'")
      .command<fmc::TermVerb>("type", "Infers stack types.", fmc::type_verb)
      .example("ordo fmc type -e '<x>.<y>.[x].[y]'")
      .command<fmc::TermVerb>("check", "Parses and types a file.", fmc::check_verb)
      .example("ordo fmc check prog.fmc")
      .command<fmc::FmtVerb>("fmt", "Lays out a file, with its comments.", fmc::fmt_verb)
      .example("ordo fmc fmt prog.fmc --write")
      .command<fmc::TranslateVerb>("translate", "Translates from and to other calculi.",
                                   fmc::translate_verb)
      .example("ordo fmc translate --from lambda-cbv -e '(\\x. x x) (\\y. y)'")
      .command<ordo::apps::ReplOptions>("repl", "A session: terms, definitions, commands.",
                                        [](const ordo::apps::ReplOptions& options, ordo::Context&) {
                                          return ordo::apps::run_repl("fmc", fmc::repl_language(),
                                                                      options);
                                        })
      .example("ordo fmc repl")
      .command<NoOptions>("lsp", "A language server on standard input and output.", serve)
      .example("ordo fmc lsp", "started by an editor; the manual says how");
  return program.run(argc, argv);
}
