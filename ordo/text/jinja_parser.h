// Expressions of templates, by recursive descent in Jinja's order of precedence.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ordo/text/jinja_lexer.h"
#include "ordo/text/jinja_tree.h"

namespace ordo::text::jinja {

/// The tokens of a template and where the parser stands.
class TokenStream {
 public:
  TokenStream(std::vector<Token> tokens, std::string name)
      : tokens_(std::move(tokens)), name_(std::move(name)) {}

  const Token& peek() const { return tokens_[at_]; }
  const Token& peek_after() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool is_symbol(std::string_view text) const { return is(TokenKind::symbol, text); }
  bool is_name(std::string_view text) const { return is(TokenKind::name, text); }
  bool take_symbol(std::string_view text) { return take(TokenKind::symbol, text); }
  bool take_name(std::string_view text) { return take(TokenKind::name, text); }
  void expect_symbol(std::string_view text);
  void expect_name(std::string_view text);
  /// Any name.
  std::string expect_identifier();
  void expect_end(TokenKind kind);
  [[noreturn]] void fail(const std::string& message) const;
  [[noreturn]] void fail_expecting(const std::string& what) const;

 private:
  bool is(TokenKind kind, std::string_view text) const {
    return peek().kind == kind && peek().text == text;
  }
  bool take(TokenKind kind, std::string_view text) {
    if (!is(kind, text)) return false;
    ++at_;
    return true;
  }

  std::vector<Token> tokens_;
  std::string name_;
  std::size_t at_ = 0;
};

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  /// With a conditional; without a comma.
  ExpressionPtr parse();
  /// Without a conditional, as after `for x in`.
  ExpressionPtr parse_or();
  /// Several with commas are a list.
  ExpressionPtr parse_tuple();
  /// `| name(arguments)` after a value.
  ExpressionPtr parse_filter(ExpressionPtr value);
  /// `name(arguments)`; the value it filters is null.
  ExpressionPtr parse_named_filter();

 private:
  ExpressionPtr parse_and();
  ExpressionPtr parse_joined(const char* word, ExpressionKind kind,
                             ExpressionPtr (ExpressionParser::*part)());
  ExpressionPtr parse_not();
  ExpressionPtr parse_compare();
  ExpressionPtr parse_binary(int level);
  ExpressionPtr parse_power();
  ExpressionPtr parse_unary(bool with_filters);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_postfix(ExpressionPtr value);
  ExpressionPtr parse_filters(ExpressionPtr value);
  ExpressionPtr parse_test(ExpressionPtr value);
  ExpressionPtr parse_subscript(ExpressionPtr value);
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  void parse_arguments(Expression& call);
  ExpressionPtr make(ExpressionKind kind) const;
  void link();

  TokenStream& tokens_;
  int depth_ = 0, links_ = 0;
};

}  // namespace ordo::text::jinja
