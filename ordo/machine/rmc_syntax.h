// The concrete syntax of the Relational Machine Calculus (docs/rmc-grammar.md): parser with several
// located errors a file, and a printer whose text parses back to an equal program.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/machine/rmc_term.h"
#include "ordo/machine/source.h"

namespace ordo::machine::rmc {

/// What a stack holds, bottom first.
struct MemoryEntry {
  Symbol location;
  std::vector<TermId> items;
};
using Memory = std::vector<MemoryEntry>;

/// Items of a stack that come one by one, the top first, above what memory holds there. The items
/// are constants.
struct StackStream {
  Symbol location = kMain;
  std::function<std::optional<TermId>()> next = {};
};

/// `fun f : A * B -> C.`
struct FunctionSort {
  std::vector<Symbol> arguments;
  Symbol result;
  Span span;
};

/// `loc g : A.` gives the sort of a stack's items; `loc g : A*.` also lets a star change its depth.
struct LocationSort {
  std::optional<Symbol> sort;
  bool unbounded = false;
  Span span;
};

/// What a file asks for: `run M from {...}.`, `norm M.`, `type M.`, `equal M == N.`, `dual M.`
struct Query {
  enum class Kind { run, norm, type, equal, dual } kind;
  ProgramId program;
  ProgramId other = 0;  ///< equal: the right side
  Memory memory;
  Span span;
  StackStream stream = {};
};

struct Module {
  std::vector<DefinitionId> definitions;  ///< each refers only to earlier ones
  std::unordered_map<Symbol, Span> sorts;
  std::unordered_map<Symbol, FunctionSort> functions;
  std::unordered_map<Symbol, LocationSort> locations;
  std::vector<Query> queries;
};

/// What `load dialect "path".` does: reads the file and adds to the module. `path` is resolved.
/// Throws ordo::Error; reports problems in the file's text into `problems`.
struct LoadRequest {
  std::string dialect;  ///< "prolog", "petri"; "rmc" is the parser's own
  std::filesystem::path path;
  Span span;
};
using Loader = std::function<void(const LoadRequest& request, Terms& terms, SourceMap& sources,
                                  Module& module, Diagnostics& problems)>;

/// Parses a file (and what it loads) into `module`. Problems are collected, and what is added is
/// the well-formed part.
void parse_module(Terms& terms, SourceMap& sources, SourceId file, Module& module,
                  Diagnostics& problems, const Loader& loader = {});
/// One program; names are definitions of `terms`, free variables are allowed
/// (Terms::free_variable).
ProgramId parse_program(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                        Diagnostics& problems);
/// A program with an optional `from {...}`.
Query parse_query(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                  Diagnostics& problems);
/// "in: b a; q: t t", with or without braces; top is rightmost; `main` or no name for the main one.
Memory parse_memory(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                    Diagnostics& problems);
TermId parse_term(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                  Diagnostics& problems);

/// Whether the grammar keeps the word for itself, so that it is no name.
bool is_reserved(std::string_view word);

/// One line of text that parses back to an equal program; at most `limit` bytes, then "...".
std::string print(const Terms& terms, ProgramId program, std::size_t limit = ~std::size_t{0});
/// A term, lists in brackets. `names` may give other names to variables.
std::string print_term(const Terms& terms, TermId term, std::size_t limit = ~std::size_t{0},
                       const std::unordered_map<VarId, std::string>* names = nullptr);
/// "main: a b; in: c"; "" if all stacks are empty.
std::string print_memory(const Terms& terms, const Memory& memory,
                         std::size_t limit = ~std::size_t{0},
                         const std::unordered_map<VarId, std::string>* names = nullptr);

}  // namespace ordo::machine::rmc
