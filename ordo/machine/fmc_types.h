// Stack types with principal inference. A type says what a term takes from the tops of the stacks
// and what it leaves there, for each jump that it may exit with:
//
//   <x>.[x].[x] : ..s a => *: ..s a a
//
// First-order unification with a tail variable per stack, a row for untouched locations and a row
// for exits; definitions generalise, variables bound by pops are monomorphic unless annotated.
//
// Data types are iso-recursive. A thunk whose exits are a type's constructors becomes a value of
// the type where it is pushed; running a variable of the type is a case on it, whose handlers must
// name every constructor:
//
//   data List a = Nil | Cons a (List a).
//   <l>.((l; Nil -> [0]); Cons -> <h>.<t>.[h])  :  ..s (List Int) => *: ..s Int
//
// Running a variable directly under handlers of numbers is a case on a number; since no handlers
// name all numbers, such a term may also exit by `any Int`.
#pragma once

#include <memory>
#include <string>

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {

/// Types of one module's terms; each definition is typed once, when first asked for.
class TypeChecker {
 public:
  TypeChecker(const Terms& terms, const Module& module);
  ~TypeChecker();
  TypeChecker(const TypeChecker&) = delete;
  TypeChecker& operator=(const TypeChecker&) = delete;

  /// The type of a closed term as text, or "" with the problems reported at their places; those of
  /// definitions that the term comes after are reported once. Cost: nearly linear in the sizes.
  std::string type_of(TermId term, Diagnostics& problems);
  std::string type_of(const Definition& definition, Diagnostics& problems);

  /// What is known where `part` stands in `root`: the value of a variable or of what a pop binds,
  /// else the memory and the exits there. "" if inference did not come as far.
  std::string type_at(TermId root, TermId part);

 private:
  class Inference;
  std::unique_ptr<Inference> inference_;
};

/// TypeChecker::type_of for one term.
std::string infer(const Terms& terms, const Module& module, TermId term, Diagnostics& problems);

}  // namespace ordo::machine::fmc
