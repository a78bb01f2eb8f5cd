// The primitives on literals: one definition for the reducer and the substitution machine (the
// compiled machine has its own, on unboxed values, which is tested against this one).
#pragma once

#include "ordo/machine/fmc_term.h"

namespace ordo::machine::fmc {

struct Delta {
  bool defined = false;  ///< the operands are literals of the right kind
  Symbol value = 0;      ///< the result, a literal or True or False
  Symbol exit = kSkip;   ///< DivZero where that is the outcome
};

/// `left` is the operand popped first; pass kSkip for what is no literal, and for a missing right.
Delta apply(Terms& terms, Primitive primitive, Symbol left, Symbol right);

/// The text between a string literal's quotes.
std::string string_value(const Terms& terms, Symbol literal);

}  // namespace ordo::machine::fmc
