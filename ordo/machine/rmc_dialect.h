// The languages that translate into the Relational Machine Calculus. Each adds a definition of the
// text's program to a module, and a query for every question that the text (or the caller) asks.
//
//   prolog     clauses; a question is a goal                    rmc_from_prolog
//   regex      a regular expression; a question is a word       rmc_from_regex
//   automaton  a finite automaton or transducer; a word         rmc_from_automaton
//   turing     a Turing machine; a tape                         rmc_from_turing
//   petri      a place/transition net, also PNML; a marking     rmc_from_petri
//   inet       a polarised interaction net; a net               rmc_from_inet
//   kappa      the kappa calculus; a stack of values            rmc_from_kappa
#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/machine/rmc_arith.h"
#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {

/// What a translator reads, and what it adds to.
struct Translation {
  const SourceMap& sources;
  SourceId file;
  std::optional<SourceId> question;  ///< asked beside what the text itself asks
  std::string name;                  ///< of the definition
  Terms& terms;
  Module& module;
  Diagnostics& problems;
  /// A word that is asked about and stays in its file; only where the dialect reads word files.
  std::optional<std::filesystem::path> word_file = {};
  Arithmetic arithmetic = Arithmetic::off;

  /// Adds `def name = program.`; a call of it.
  ProgramId define(ProgramId program);
  void ask(ProgramId program, Memory memory = {}, StackStream stream = {});
};

struct Dialect {
  std::string_view name;
  std::string_view question;  ///< what a question is, for messages and help
  void (*translate)(Translation& translation);
  bool reads_word_files = false;
};
const std::vector<Dialect>& dialects();
/// Throws UsageError with the names there are.
const Dialect& find_dialect(std::string_view name);

/// What `load DIALECT "path".` means: the file's translation, named like the file.
Loader dialect_loader();

/// A name that may be a definition: the text in lower case letters, digits and `_`.
std::string definition_name(std::string_view text);
/// Different plain location names for different texts, close to them.
std::vector<std::string> location_names(const std::vector<std::string>& texts);

/// Names that a translation keeps for itself.
using Marks = std::initializer_list<std::string_view>;
/// A foreign name that differs from every mark: one that is a mark, or a mark with primes, gets a
/// prime more. Different names stay different.
std::string unlike_marks(std::string_view name, Marks marks);
/// A constant for a symbol of a foreign alphabet: an integer if it is spelled like one.
TermId symbol_constant(Terms& terms, std::string_view text, Marks marks = {});

/// The words of a text, line by line; comments run from `--` or `%` to the line's end.
struct LineWord {
  std::string_view text;
  Span span;
};
class WordLines {
 public:
  WordLines(const SourceMap& sources, SourceId file) : text_(sources.text(file)), file_(file) {}
  /// The next line that has words; empty at the end.
  std::vector<LineWord> next();

 private:
  std::string_view text_;
  SourceId file_;
  std::size_t at_ = 0;
};

}  // namespace ordo::machine::rmc
