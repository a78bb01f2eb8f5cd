// Words of the two languages, and the arithmetic grammar that both build on:
//
//   sum     = product (("+" | "-") product)*
//   product = unary (("*" | "/") unary)*
//   unary   = "-" unary | primary ("^" unary)?
//   primary = number | "(" sum ")" | what the language makes of a name
//
// Descent is by hand and bounded by kMaxDepth and kMaxNodes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ordo/claims/expression.h"

namespace ordo::claims {

struct Token {
  enum class Kind { end, number, name, quoted, symbol };
  Kind kind = Kind::end;
  std::string text = {};  ///< without the quotes
  double number = 0;
  std::size_t column = 1;  ///< 1-based byte
};

class Scanner {
 public:
  /// The text must outlive the scanner.
  Scanner(std::string_view text, const Location& where) : text_(text), where_(where) {}

  /// The next word, left where it is.
  const Token& peek();
  Token take();
  /// Takes the next word if it is this symbol or name.
  bool accept(std::string_view text);
  bool next_is(std::string_view text);
  /// Takes this symbol; else fails with "expected <what>, found ...".
  void expect(std::string_view symbol, const std::string& what);
  /// Everything up to a bracket or quote, or a quoted string: a variant's name. Right after "(".
  Token take_variant();

  [[noreturn]] void fail(std::size_t column, const std::string& message) const;
  /// Fails at the next word with "expected <what>, found <it>".
  [[noreturn]] void fail_expected(const std::string& what);
  std::string_view text() const { return text_; }
  /// Where the last word taken ends, as an offset into the text.
  std::size_t end_of_last() const { return end_of_last_; }

 private:
  Token scan();
  Token scan_quoted(Token token);
  Token scan_number(Token token);
  void skip_space();

  std::string_view text_;
  const Location& where_;
  std::size_t position_ = 0;
  std::size_t end_of_last_ = 0;
  Token ahead_;
  bool has_ahead_ = false;
};

class ArithmeticParser {
 public:
  ArithmeticParser(std::string_view text, const Location& where) : scanner_(text, where) {}
  virtual ~ArithmeticParser() = default;

 protected:
  Node parse_sum();
  /// What a name (quoted or not), just taken, begins.
  virtual Node parse_name(const Token& name) = 0;
  /// "a, b, c)" after an opening bracket that was taken.
  std::vector<Node> parse_arguments(const std::string& function);
  /// Counts the node against kMaxNodes.
  Node make(Node node);
  /// The value of an expression that names nothing; fails if it does name something.
  double constant(const Node& node, const std::string& what) const;

  Scanner scanner_;

 private:
  /// left kind right, counted.
  Node join(Node::Kind kind, Node left, Node right, std::size_t column);
  Node parse_product();
  Node parse_unary();
  Node parse_primary();

  std::size_t depth_ = 0;
  std::size_t nodes_ = 0;
};

/// The functions of numbers: log, exp, sqrt, abs (one argument) and min, max, mean (one or more).
bool is_function(std::string_view name);
/// Fails unless the function takes that many arguments.
void check_arguments(const Scanner& scanner, const Node& call);

}  // namespace ordo::claims
