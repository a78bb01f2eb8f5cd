// The concrete syntax of the Functional Machine Calculus (docs/fmc-grammar.md): parser with
// several located errors a file, and a printer whose text parses back to the same term.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ordo/machine/fmc_term.h"
#include "ordo/machine/source.h"

namespace ordo::machine::fmc {

/// What each stack holds at the start, bottom first: closed terms that are pushed as they are.
struct MemoryEntry {
  Symbol location;
  std::vector<TermId> values;
};
using MemoryText = std::vector<MemoryEntry>;

struct Definition {
  Symbol name;
  TermId term;
  Span span;
};

/// `data Shape = Circle 1 | Square 1.`: constructors and how many values each carries.
struct DataType {
  Symbol name;
  std::vector<std::pair<Symbol, std::uint32_t>> constructors;
};

/// `run M with ...`, `reduce M`, `typeof M` in a file.
struct Action {
  enum class Kind { run, reduce, type } kind;
  TermId term;
  MemoryText memory;
  Span span;
};

struct Module {
  std::vector<Definition> definitions;  ///< each refers only to earlier ones
  std::vector<DataType> data;
  std::vector<Action> actions;

  const Definition* find(Symbol name) const;
};

/// Parses a file (and what it imports) into `module`, or one term. Problems are collected, and the
/// returned parts are the well-formed ones.
void parse_module(Terms& terms, SourceMap& sources, SourceId file, Module& module,
                  Diagnostics& problems);
TermId parse_term(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                  Diagnostics& problems);
/// "c: 0; in: 5 3": values are literals, jumps or bracketed terms; no name or `main` for the main
/// stack.
MemoryText parse_memory(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                        Diagnostics& problems);

/// One line of text that parses back to `term`; at most `limit` bytes, then "...".
std::string print(const Terms& terms, TermId term, std::size_t limit = ~std::size_t{0});

}  // namespace ordo::machine::fmc
