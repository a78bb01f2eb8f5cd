// Arithmetic on integers, where a run asks for it (--arith). Then the stack `arith` keeps nothing:
// a push to it and a pop from it both solve their term at once, so programs can still be turned
// round.
//
//   add(X, Y, Z)   X + Y = Z, for any two known integers of the three
//   lt(X, Y)       X < Y, for two known integers
//
// This leaves the calculus: what is known depends on the order of actions, and normal forms take
// `arith` for a stack like others.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordo::machine::rmc {

enum class Arithmetic { off, on };

inline constexpr std::string_view kArithmeticStack = "arith";

/// An argument of a goal: its text, or nothing where it is an unbound variable.
using ArithmeticArgument = std::optional<std::string>;

/// The arguments' values, each an integer's text, or nothing if the goal fails. Throws InputError
/// for goals that are none of the above, and where too few arguments are known integers.
std::optional<std::vector<std::string>> solve_arithmetic(
    std::string_view functor, const std::vector<ArithmeticArgument>& arguments);

}  // namespace ordo::machine::rmc
