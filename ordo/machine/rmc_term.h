// Programs of the Relational Machine Calculus (Barrett, Castle, Heijltjes, LICS 2024) over
// first-order terms, as nodes in one growing pool:
//
//   t ::= X | f(t1, ..., tn)
//   M ::= skip | M; N | fail | M + N | M* | new X. M | [t]a | a<t> | {s = t} | name | ~name
//
// `{s = t}` is `[s]a; a<t>`, whatever a. Definitions are closed programs with a name; a call keeps
// the name (so that a program prints as it was written) and may be dual. Duality of anything else
// is pushed inwards when it is built, so `~M` is no node of its own.
//
//   Terms terms;
//   const VarId x = terms.fresh_variable("X");
//   const ProgramId dup = terms.fresh(x, terms.seq({terms.pop("", terms.var(x)),
//                                                   terms.push(terms.var(x)),
//                                                   terms.push(terms.var(x))}));
//
// A variable is a number of its own, so composing programs needs no renaming; its name is kept for
// display. Nodes never change and are shared freely: a program is a graph without cycles.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ordo/machine/pool.h"
#include "ordo/machine/source.h"

namespace ordo::machine::rmc {

using Symbol = std::uint32_t;     ///< a functor, location, sort or name, in its canonical spelling
using VarId = std::uint32_t;      ///< a logic variable
using TermId = std::uint32_t;     ///< a first-order term
using ProgramId = std::uint32_t;  ///< a program
using DefinitionId = std::uint32_t;

inline constexpr Symbol kMain = 0;  ///< the unnamed location, also written `main`

struct TermNode {
  bool is_variable;
  bool ground;          ///< holds no variable
  std::uint32_t label;  ///< VarId or functor
  std::uint32_t args;   ///< where the arguments begin in the pool's list
  std::uint32_t arity;
};

enum class Op : std::uint8_t { skip, fail, seq, sum, star, fresh, push, pop, equate, call };

struct ProgramNode {
  Op op;
  bool dual = false;         ///< call: of the definition's dual
  std::uint32_t label = 0;   ///< push, pop: location; fresh: VarId; call: DefinitionId
  std::uint32_t first = 0;   ///< seq, sum: left; star, fresh: body; push, pop, equate: TermId
  std::uint32_t second = 0;  ///< seq, sum: right; equate: TermId
};

struct Definition {
  Symbol name;
  ProgramId body;
  Span span;
};

class Terms {
 public:
  Terms();

  // ---- symbols; names that are not plain are spelled with their quotes: 'Has space', '42' ----
  Symbol intern(std::string_view canonical);
  const std::string& text(Symbol symbol) const { return symbols_[symbol]; }
  /// The symbol of an atom with this name, quoted where it must be. Text is UTF-8.
  Symbol atom(std::string_view name);
  /// The location of that name; "" and "main" are the main one.
  Symbol location(std::string_view name);
  Symbol nil() const { return nil_; }
  Symbol cons() const { return cons_; }

  // ---- variables ----
  /// A new variable whose hint is `name`: it is printed so where that is unambiguous.
  VarId fresh_variable(std::string_view name);
  /// The variable that a free name of a query stands for: the same for the same name.
  VarId free_variable(std::string_view name);
  /// The same for a name that was a variable's before.
  VarId fresh_variable(Symbol name);
  Symbol variable_symbol(VarId variable) const { return variables_[variable]; }
  const std::string& variable_name(VarId variable) const { return text(variables_[variable]); }
  std::size_t variable_count() const { return variables_.size(); }

  // ---- terms ----
  TermId var(VarId variable);
  TermId app(Symbol functor, std::span<const TermId> args);
  TermId app(std::string_view name, std::initializer_list<TermId> args) {
    return app(atom(name), std::span(args.begin(), args.size()));
  }
  TermId constant(Symbol functor);
  TermId constant(std::string_view name) { return constant(atom(name)); }
  TermId integer(std::string_view digits);
  /// cons(items..., tail).
  TermId list(std::span<const TermId> items, TermId tail);
  const TermNode& term(TermId id) const { return terms_[id]; }
  std::span<const TermId> args(TermId id) const {
    return {args_.data() + terms_[id].args, terms_[id].arity};
  }

  // ---- programs ----
  ProgramId skip() const { return skip_; }
  ProgramId fail() const { return fail_; }
  ProgramId seq(ProgramId first, ProgramId second);
  /// In order; skip for none.
  ProgramId seq(std::span<const ProgramId> parts);
  ProgramId seq(std::initializer_list<ProgramId> parts) {
    return seq(std::span(parts.begin(), parts.size()));
  }
  ProgramId sum(ProgramId left, ProgramId right);
  /// In order; fail for none.
  ProgramId sum(std::span<const ProgramId> parts);
  ProgramId star(ProgramId body);
  ProgramId fresh(VarId variable, ProgramId body);
  /// new X Y ... . body, the first outermost.
  ProgramId fresh(std::span<const VarId> variables, ProgramId body);
  ProgramId push(TermId term, Symbol location = kMain);
  ProgramId pop(Symbol location, TermId term);
  ProgramId pop(std::string_view name, TermId term) { return pop(location(name), term); }
  ProgramId equate(TermId left, TermId right);
  ProgramId call(DefinitionId definition);
  const ProgramNode& program(ProgramId id) const { return programs_[id]; }
  std::size_t program_count() const { return programs_.size(); }
  std::size_t term_count() const { return terms_.size(); }

  /// Where a parsed program stands; an empty span for built ones.
  Span span(ProgramId id) const { return id < spans_.size() ? spans_[id] : Span{}; }
  void set_span(ProgramId id, Span span);

  // ---- definitions ----
  /// Later look-ups of `name` give this one. The body must be closed.
  DefinitionId define(Symbol name, ProgramId body, Span span = {});
  std::optional<DefinitionId> find_definition(Symbol name) const;
  const Definition& definition(DefinitionId id) const { return definitions_[id]; }
  std::size_t definition_count() const { return definitions_.size(); }

  // ---- operations; none recurses ----
  /// M~: sequences reversed, pushes and pops exchanged. An involution. O(nodes).
  ProgramId dual(ProgramId program);
  /// The same program without calls. O(nodes): what was shared stays shared.
  ProgramId expand(ProgramId program);
  /// The same program with each push, pop, equation, call, skip and fail replaced by what `leaf`
  /// gives for it; spans are kept. O(nodes).
  ProgramId map_leaves(ProgramId program, const std::function<ProgramId(ProgramId)>& leaf);
  /// Variables that no `new` binds, in order of first occurrence.
  std::vector<VarId> free_variables(ProgramId program) const;
  /// Variables of a term, in order of first occurrence.
  std::vector<VarId> variables_of(TermId term) const;
  /// Same program up to the names of bound variables and the bracketing of `;` and `+`.
  bool equal(ProgramId a, ProgramId b) const;
  bool equal_terms(TermId a, TermId b) const;

 private:
  ProgramId add(ProgramNode node);
  TermId add_term(TermNode node);

  std::deque<std::string> symbols_;
  std::unordered_map<std::string_view, Symbol> index_;
  Pool<Symbol> variables_;  // their names
  std::unordered_map<Symbol, VarId> free_;
  Pool<TermNode> terms_;
  Pool<TermId> args_;
  Pool<TermId> variable_terms_, constant_terms_;  // by variable and symbol; each has one node
  Pool<ProgramNode> programs_;
  Pool<Span> spans_;
  std::vector<Definition> definitions_;
  std::unordered_map<Symbol, DefinitionId> defined_;
  std::unordered_map<ProgramId, ProgramId> expanded_, expanded_dual_;  // definition bodies
  ProgramId skip_ = 0, fail_ = 0;
  Symbol nil_ = 0, cons_ = 0;
};

/// Whether a symbol's spelling is an integer.
inline bool is_integer(std::string_view text) {
  return !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
}

}  // namespace ordo::machine::rmc
