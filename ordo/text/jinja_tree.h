// A template as a tree, and the parser that makes it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/text/jinja_value.h"

namespace ordo::text::jinja {

inline constexpr std::string_view kTuple = "tuple";

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

enum class ExpressionKind {
  constant,  ///< value
  name,      ///< text
  list,      ///< children; text: kTuple or empty
  dict,      ///< children: key, value, key, value, ...
  negate,    ///< children: one
  logical_not,
  logical_and,
  logical_or,
  binary,     ///< text: the operator; children: two
  compare,    ///< operators; children: one more
  choice,     ///< children: if true, condition, if false (may be null)
  attribute,  ///< children: object; text
  item,       ///< children: object, key
  slice,      ///< children: object, begin, end, step (each may be null)
  call,       ///< children: what is called; arguments
  filter,     ///< children: the value; text, arguments
  test,       ///< children: the value; text, arguments
};

struct Expression {
  ExpressionKind kind = ExpressionKind::constant;
  std::size_t line = 0;
  Value value;
  std::string text;
  std::vector<ExpressionPtr> children;
  std::vector<std::string> operators;
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
};

struct Statement;
using Block = std::vector<Statement>;

enum class StatementKind {
  text,       ///< text
  print,      ///< expression
  condition,  ///< branches: condition (null: else) and block
  loop,       ///< targets, expression, filter (a condition); body, otherwise
  set,        ///< targets, expression; or body and filter (may be null)
  macro,      ///< text: the name; parameters; body
  filter,     ///< filter: its innermost value, null, is the body's text
  block,      ///< body (generation, which only marks)
  loop_break,
  loop_continue,
};

struct Branch {
  ExpressionPtr condition;
  std::unique_ptr<Block> body;
};

struct Statement {
  StatementKind kind = StatementKind::text;
  std::size_t line = 0;
  std::string text;
  ExpressionPtr expression, filter;
  std::vector<Branch> branches;
  std::vector<std::string> targets;  ///< "a", or "a.b" of a namespace
  std::vector<std::pair<std::string, ExpressionPtr>>
      parameters;  ///< with defaults, which may be null
  std::unique_ptr<Block> body, otherwise;
};

/// Throws InputError naming `name`, line and column.
Block parse_template(std::string_view source, const std::string& name);

}  // namespace ordo::text::jinja
