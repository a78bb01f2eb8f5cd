// The concrete syntax of the Functional Machine Calculus (docs/fmc-grammar.md): parser with
// several located errors a file, and a printer whose text parses back to the same term.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/machine/fmc_term.h"
#include "ordo/machine/fmc_type_syntax.h"
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

/// `data List a = Nil | Cons a (List a).` A value of the type is a thunk that pushes a
/// constructor's arguments, the last one first, and exits with the constructor.
struct Constructor {
  Symbol name;
  std::vector<TypeSyntax> arguments;
  Span span;
};
struct DataType {
  Symbol name;
  std::vector<Symbol> parameters;
  std::vector<Constructor> constructors;
  Span span;
};

/// `run M with ...`, `reduce M`, `typeof M` in a file.
struct Action {
  enum class Kind { run, reduce, type } kind;
  TermId term;
  MemoryText memory;
  Span span;
};

class Module {
 public:
  std::vector<Action> actions;

  /// In the order of the text; each refers only to earlier ones.
  const std::vector<Definition>& definitions() const { return definitions_; }
  const std::vector<DataType>& data() const { return data_; }
  void add(Definition definition);
  void add(DataType type);

  const Definition* find(Symbol name) const;
  const DataType* find_data(Symbol name) const;
  /// The type that the jump constructs, or nullptr.
  const DataType* data_of(Symbol constructor) const;

 private:
  std::vector<Definition> definitions_;
  std::vector<DataType> data_;
  std::unordered_map<Symbol, std::size_t> definition_index_, data_index_, constructor_index_;
};

/// What is wrong with a data type's name and number of arguments, or "".
std::string arity_problem(const Terms& terms, const Module& module, const TypeSyntax& type);
/// Reports unknown types, wrong numbers of arguments and unknown variables in the declarations from
/// number `first` on.
void check_data(const Terms& terms, const Module& module, std::size_t first, Diagnostics& problems);

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

/// The same with a comment line before each term that `notes` has; each comment once.
using Notes = std::unordered_map<TermId, std::string>;
std::string print_with_notes(const Terms& terms, TermId term, const Notes& notes);

}  // namespace ordo::machine::fmc
