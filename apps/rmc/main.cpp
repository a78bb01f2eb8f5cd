#include "apps/repl_terminal.h"
#include "ordo/cli/program.h"
#include "ordo/machine/rmc_repl.h"
#include "ordo/machine/rmc_verbs.h"

int main(int argc, char** argv) {
  namespace rmc = ordo::machine::rmc;
  ordo::cli::Program program("rmc", "The Relational Machine Calculus: run, trace, reduce, type.");
  program.command<rmc::RunVerb>("run", "Runs a program and shows its results.", rmc::run_verb)
      .example("ordo rmc run -e '[a]; [b]; <X>; <Y>; [X]; [Y]'")
      .command<rmc::TraceVerb>("trace", "Shows every state of a run.", rmc::trace_verb)
      .example("ordo rmc trace -e '[a]; (<a>; [b] + <X>; [c])' --html steps.html")
      .command<rmc::ReduceVerb>("reduce", "Prints the normal form.", rmc::reduce_verb)
      .example("ordo rmc reduce -e 'new X. [X]; <f(a)>; [g(X)]' --log")
      .command<rmc::TermVerb>("type", "Infers stack types.", rmc::type_verb)
      .example("ordo rmc type -e 'new X. <X>; [X]; [X]'")
      .command<rmc::EqualVerb>("equal", "Compares normal forms.", rmc::equal_verb)
      .example("ordo rmc equal -e '[a]; <a>' --other skip")
      .command<rmc::TermVerb>("dual", "Prints what runs a program backwards.", rmc::dual_verb)
      .example("ordo rmc dual -e 'new X. <X>; [X]; [X]'")
      .command<rmc::TermVerb>("check", "Parses and types a file.", rmc::check_verb)
      .example("ordo rmc check append.rmc")
      .command<rmc::TermVerb>("fmt", "Prints the canonical form; comments are not kept.",
                              rmc::fmt_verb)
      .example("ordo rmc fmt append.rmc")
      .command<rmc::TranslateVerb>("translate", "Translates from and to other languages.",
                                   rmc::translate_verb)
      .example("ordo rmc translate --from prolog family.pl")
      .command<ordo::apps::ReplOptions>("repl", "A session: programs, definitions, commands.",
                                        [](const ordo::apps::ReplOptions& options, ordo::Context&) {
                                          return ordo::apps::run_repl("rmc", rmc::repl_language(),
                                                                      options);
                                        })
      .example("ordo rmc repl");
  return program.run(argc, argv);
}
