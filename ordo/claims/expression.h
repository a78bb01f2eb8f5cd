// The arithmetic that measures and claims share: a syntax tree, and its value once the leaves that
// only one of the two languages knows (a series' last value, a measure of a variant) have theirs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/error.h"

namespace ordo::claims {

/// The most that a measure's or claim's text may hold; beyond either it is refused, so that reading
/// and evaluating need only little native stack whatever the input.
inline constexpr std::size_t kMaxDepth = 100;
inline constexpr std::size_t kMaxNodes = 2000;

/// A node of an expression.
struct Node {
  enum class Kind {
    number,     ///< `number`
    leaf,       ///< named by `name`: a result or built-in (measure), or a measure (claim)
    aggregate,  ///< `name` applied to the series and constants in `children` (measure only)
    compare,    ///< a series (first child) against a number (second), `name` the relation
    negate,     ///< -child
    add,
    subtract,
    multiply,
    divide,
    power,  ///< child ^ child
    call,   ///< a function of numbers: log, exp, sqrt, abs, min, max, mean
  };

  Kind kind = Kind::number;
  double number = 0;         ///< of a `number`
  std::string name = {};     ///< of a `leaf`, `aggregate` or `call`
  std::string variant = {};  ///< of a claim's `leaf`: which variant, or "*"
  bool quoted = false;       ///< the name (measure) or variant (claim) stood in quotes
  std::size_t column = 1;    ///< 1-based byte in the text
  std::vector<Node> children = {};
};

/// The value of an expression; `leaf` gives that of a `leaf` or `aggregate`. Infinities pass
/// through. Throws NumericError for a division by zero, and for the logarithm or root of a negative
/// number.
double evaluate(const Node& node, const std::function<double(const Node&)>& leaf);

/// The expression as text that parses back to it, with no more brackets than it needs.
std::string to_string(const Node& node);

/// An InputError whose message shows the text with a caret below `column`:
///
///     study.toml:14: expected a variant's name, found ')'
///       acc() > 0.9
///           ^
[[nodiscard]] InputError syntax_error(const Location& where, std::string_view text,
                                      std::size_t column, const std::string& message);

/// "; did you mean 'x'?" if a candidate is near, then "; <what>: a, b, c" with the first few
/// candidates (or "; there are no <what>").
std::string hint(const std::string& word, const std::vector<std::string>& candidates,
                 const std::string& what);

}  // namespace ordo::claims
