// The encodings of effects and control as terms, for the translators: statements leave the main
// stack as it was, expressions leave their value on it.
//
//   get c = c<x>.[x]c.[x]            set c = <x>.c<_>.[x]c
//   read  = in<x>.[x]                write = <x>.[x]out
//   if B then M else N = B; <b>.((b; False -> (N; K)); True -> M); K -> *          K fresh
//   M or N             = rnd<b>.((b; False -> (N; K)); True -> M); K -> *          or nd
//   while B do M       = ((B; <b>.((b; False -> Break); True -> (M; Continue -> *)))^*); Break -> *
//
// K keeps the normal end of N from running M. A handler catches what stands left of it, so N must
// not itself exit by True: translators do not let programs name True, False or K with digits.
//
// What is the same for each use of a cell is built once. The outermost node of `get`, `set` and
// `read` is new each time, so that it can carry a place in the text.
#pragma once

#include <string_view>
#include <unordered_map>

#include "ordo/machine/fmc_term.h"

namespace ordo::machine::fmc {

class Encoder {
 public:
  explicit Encoder(Terms& terms);

  /// first; second. `*` is left out.
  TermId then(TermId first, TermId second);
  /// Pushes a value on the main stack.
  TermId push(TermId value) { return terms_.push(value, kMain, terms_.skip()); }
  TermId get(Symbol cell);
  TermId set(Symbol cell);
  TermId read();
  TermId write() const { return write_; }
  TermId drop() const { return drop_; }
  /// Pushes a jump, such as a literal.
  TermId constant(Symbol jump);
  TermId constant(std::string_view jump) { return constant(terms_.intern(jump)); }
  TermId jump(std::string_view name) { return terms_.jump(terms_.intern(name)); }
  TermId primitive(std::string_view name) { return terms_.free(terms_.intern(name)); }

  /// The branches stand under one binder more than the condition.
  TermId conditional(TermId condition, TermId yes, TermId no);
  /// The branches stand under one binder more than the whole; `stream` is rnd or nd.
  TermId choice(std::string_view stream, TermId first, TermId second);
  TermId loop(TermId condition, TermId body);

  /// Whether a program may use the name for an exception of its own.
  static bool is_reserved(std::string_view jump);

 private:
  TermId branch(Symbol location, TermId yes, TermId no);

  Terms& terms_;
  std::uint32_t labels_ = 0;
  Symbol x_, ignored_;
  std::unordered_map<Symbol, TermId> put_back_, store_, constants_;
  TermId push_bound_, write_, drop_;
};

}  // namespace ordo::machine::fmc
