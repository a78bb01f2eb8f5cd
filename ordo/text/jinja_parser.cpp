#include "ordo/text/jinja_parser.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::text::jinja {
namespace {

constexpr int kDeepest = 200;
constexpr int kMostLinks = 2000;  // of a.b.c, a + b + c and the like in one expression

// What stands there, in words.
std::string shown(const Token& token) {
  switch (token.kind) {
    case TokenKind::text:
      return "text";
    case TokenKind::print_begin:
      return "'{{'";
    case TokenKind::print_end:
      return "'}}'";
    case TokenKind::block_begin:
      return "'{%'";
    case TokenKind::block_end:
      return "'%}'";
    case TokenKind::end:
      return "the template's end";
    default:
      return "'" + token.text + "'";
  }
}

// Counts how deep expressions stand in each other.
class Deeper {
 public:
  Deeper(int& depth, const TokenStream& tokens) : depth_(depth) {
    if (++depth_ > kDeepest) {
      --depth_;
      tokens.fail("expressions stand too deep in each other");
    }
  }
  ~Deeper() { --depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  int& depth_;
};

}  // namespace

void TokenStream::fail(const std::string& message) const {
  throw InputError({.source = name_, .line = peek().line, .column = peek().column}, message);
}

void TokenStream::fail_expecting(const std::string& what) const {
  fail(fmt::format("expected {}, found {}", what, shown(peek())));
}

void TokenStream::expect_symbol(std::string_view text) {
  if (!take_symbol(text)) fail_expecting(fmt::format("'{}'", text));
}

void TokenStream::expect_name(std::string_view text) {
  if (!take_name(text)) fail_expecting(fmt::format("'{}'", text));
}

std::string TokenStream::expect_identifier() {
  if (peek().kind != TokenKind::name) fail_expecting("a name");
  return next().text;
}

void TokenStream::expect_end(TokenKind kind) {
  if (peek().kind != kind) fail_expecting(kind == TokenKind::block_end ? "'%}'" : "'}}'");
  ++at_;
}

void ExpressionParser::link() {
  if (++links_ > kMostLinks) tokens_.fail("the expression is too long");
}

ExpressionPtr ExpressionParser::make(ExpressionKind kind) const {
  auto made = std::make_unique<Expression>();
  made->kind = kind;
  made->line = tokens_.peek().line;
  return made;
}

ExpressionPtr ExpressionParser::parse() {
  if (depth_ == 0) links_ = 0;
  const Deeper deeper(depth_, tokens_);
  ExpressionPtr value = parse_or();
  while (tokens_.is_name("if")) {
    link();
    ExpressionPtr choice = make(ExpressionKind::choice);
    tokens_.next();
    choice->children.push_back(std::move(value));
    choice->children.push_back(parse_or());
    choice->children.push_back(tokens_.take_name("else") ? parse() : nullptr);
    value = std::move(choice);
  }
  return value;
}

ExpressionPtr ExpressionParser::parse_tuple() {
  ExpressionPtr first = parse();
  if (!tokens_.is_symbol(",")) return first;
  ExpressionPtr list = make(ExpressionKind::list);
  list->text = kTuple;
  list->children.push_back(std::move(first));
  while (tokens_.take_symbol(",")) {
    if (tokens_.is_symbol(")") || tokens_.peek().kind == TokenKind::block_end ||
        tokens_.peek().kind == TokenKind::print_end) {
      break;
    }
    list->children.push_back(parse());
  }
  return list;
}

ExpressionPtr ExpressionParser::parse_or() {
  return parse_joined("or", ExpressionKind::logical_or, &ExpressionParser::parse_and);
}

ExpressionPtr ExpressionParser::parse_and() {
  return parse_joined("and", ExpressionKind::logical_and, &ExpressionParser::parse_not);
}

// part word part word ..., from the left.
ExpressionPtr ExpressionParser::parse_joined(const char* word, ExpressionKind kind,
                                             ExpressionPtr (ExpressionParser::*part)()) {
  ExpressionPtr left = (this->*part)();
  while (tokens_.is_name(word)) {
    link();
    ExpressionPtr both = make(kind);
    tokens_.next();
    both->children.push_back(std::move(left));
    both->children.push_back((this->*part)());
    left = std::move(both);
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_not() {
  if (!tokens_.is_name("not")) return parse_compare();
  const Deeper deeper(depth_, tokens_);
  ExpressionPtr negation = make(ExpressionKind::logical_not);
  tokens_.next();
  negation->children.push_back(parse_not());
  return negation;
}

ExpressionPtr ExpressionParser::parse_compare() {
  ExpressionPtr first = parse_binary(0);
  ExpressionPtr chain;
  while (true) {
    std::string how;
    for (const char* const symbol : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (how.empty() && tokens_.take_symbol(symbol)) how = symbol;
    }
    if (how.empty() && tokens_.take_name("in")) how = "in";
    const Token& after = tokens_.peek_after();
    if (how.empty() && tokens_.is_name("not") && after.kind == TokenKind::name &&
        after.text == "in") {
      tokens_.next();
      tokens_.next();
      how = "not in";
    }
    if (how.empty()) return chain ? std::move(chain) : std::move(first);
    if (!chain) {
      chain = make(ExpressionKind::compare);
      chain->children.push_back(std::move(first));
    }
    chain->operators.push_back(how);
    chain->children.push_back(parse_binary(0));
  }
}

ExpressionPtr ExpressionParser::parse_binary(int level) {
  static const std::vector<std::vector<std::string>> levels = {
      {"+", "-"}, {"~"}, {"*", "//", "/", "%"}};
  if (level == static_cast<int>(levels.size())) return parse_power();
  ExpressionPtr left = parse_binary(level + 1);
  while (true) {
    const auto& symbols = levels[static_cast<std::size_t>(level)];
    const auto found = std::find_if(symbols.begin(), symbols.end(), [&](const std::string& symbol) {
      return tokens_.is_symbol(symbol);
    });
    if (found == symbols.end()) return left;
    link();
    ExpressionPtr both = make(ExpressionKind::binary);
    tokens_.next();
    both->text = *found;
    both->children.push_back(std::move(left));
    both->children.push_back(parse_binary(level + 1));
    left = std::move(both);
  }
}

ExpressionPtr ExpressionParser::parse_power() {
  ExpressionPtr left = parse_unary(true);
  while (tokens_.is_symbol("**")) {
    link();
    ExpressionPtr both = make(ExpressionKind::binary);
    tokens_.next();
    both->text = "**";
    both->children.push_back(std::move(left));
    both->children.push_back(parse_unary(true));
    left = std::move(both);
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(bool with_filters) {
  const Deeper deeper(depth_, tokens_);
  ExpressionPtr value;
  if (tokens_.is_symbol("-")) {
    value = make(ExpressionKind::negate);
    tokens_.next();
    value->children.push_back(parse_unary(false));
  } else if (tokens_.take_symbol("+")) {
    value = parse_unary(false);
  } else {
    value = parse_primary();
  }
  value = parse_postfix(std::move(value));
  return with_filters ? parse_filters(std::move(value)) : std::move(value);
}

ExpressionPtr ExpressionParser::parse_primary() {
  const Token& token = tokens_.peek();
  ExpressionPtr value = make(ExpressionKind::constant);
  switch (token.kind) {
    case TokenKind::name: {
      const std::string name = tokens_.next().text;
      if (name == "true" || name == "True" || name == "false" || name == "False") {
        value->value = name == "true" || name == "True";
      } else if (name != "none" && name != "None") {
        value->kind = ExpressionKind::name;
        value->text = name;
      }
      return value;
    }
    case TokenKind::string: {
      std::string text;
      while (tokens_.peek().kind == TokenKind::string) text += tokens_.next().text;
      value->value = text;
      return value;
    }
    case TokenKind::whole: {
      std::int64_t number = 0;
      const auto [end, error] =
          std::from_chars(token.text.data(), token.text.data() + token.text.size(), number);
      if (error != std::errc()) tokens_.fail(fmt::format("the number {} is too large", token.text));
      value->value = number;
      tokens_.next();
      return value;
    }
    case TokenKind::real:
      value->value = std::strtod(token.text.c_str(), nullptr);
      tokens_.next();
      return value;
    default:
      break;
  }
  if (tokens_.is_symbol("[")) return parse_list();
  if (tokens_.is_symbol("{")) return parse_dict();
  if (tokens_.take_symbol("(")) {
    if (tokens_.take_symbol(")")) {
      value->kind = ExpressionKind::list;
      value->text = kTuple;
      return value;
    }
    value = parse_tuple();
    tokens_.expect_symbol(")");
    return value;
  }
  tokens_.fail_expecting("an expression");
}

ExpressionPtr ExpressionParser::parse_list() {
  ExpressionPtr list = make(ExpressionKind::list);
  tokens_.expect_symbol("[");
  while (!tokens_.take_symbol("]")) {
    if (!list->children.empty()) tokens_.expect_symbol(",");
    if (tokens_.take_symbol("]")) break;
    list->children.push_back(parse());
  }
  return list;
}

ExpressionPtr ExpressionParser::parse_dict() {
  ExpressionPtr dict = make(ExpressionKind::dict);
  tokens_.expect_symbol("{");
  while (!tokens_.take_symbol("}")) {
    if (!dict->children.empty()) tokens_.expect_symbol(",");
    if (tokens_.take_symbol("}")) break;
    dict->children.push_back(parse());
    tokens_.expect_symbol(":");
    dict->children.push_back(parse());
  }
  return dict;
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr value) {
  while (true) {
    link();
    if (tokens_.is_symbol(".")) {
      ExpressionPtr attribute = make(ExpressionKind::attribute);
      tokens_.next();
      if (tokens_.peek().kind == TokenKind::whole) {
        attribute->kind = ExpressionKind::item;
        attribute->children.push_back(std::move(value));
        attribute->children.push_back(parse_primary());
      } else {
        attribute->text = tokens_.expect_identifier();
        attribute->children.push_back(std::move(value));
      }
      value = std::move(attribute);
    } else if (tokens_.is_symbol("[")) {
      value = parse_subscript(std::move(value));
    } else if (tokens_.is_symbol("(")) {
      ExpressionPtr call = make(ExpressionKind::call);
      call->children.push_back(std::move(value));
      parse_arguments(*call);
      value = std::move(call);
    } else {
      return value;
    }
  }
}

ExpressionPtr ExpressionParser::parse_subscript(ExpressionPtr value) {
  ExpressionPtr item = make(ExpressionKind::item);
  tokens_.expect_symbol("[");
  item->children.push_back(std::move(value));
  const auto part = [&]() -> ExpressionPtr {
    if (tokens_.is_symbol(":") || tokens_.is_symbol("]")) return nullptr;
    return parse();
  };
  item->children.push_back(part());
  if (tokens_.is_symbol(":")) {
    item->kind = ExpressionKind::slice;
    tokens_.next();
    item->children.push_back(part());
    item->children.push_back(tokens_.take_symbol(":") ? part() : nullptr);
  } else if (!item->children[1]) {
    tokens_.fail_expecting("an index");
  }
  tokens_.expect_symbol("]");
  return item;
}

void ExpressionParser::parse_arguments(Expression& call) {
  tokens_.expect_symbol("(");
  bool first = true;
  while (!tokens_.take_symbol(")")) {
    if (!first) tokens_.expect_symbol(",");
    if (tokens_.take_symbol(")")) break;
    first = false;
    if (tokens_.is_symbol("*") || tokens_.is_symbol("**")) {
      tokens_.fail("arguments out of a list ('*') are not supported");
    }
    const Token& after = tokens_.peek_after();
    if (tokens_.peek().kind == TokenKind::name && after.kind == TokenKind::symbol &&
        after.text == "=") {
      std::string name = tokens_.next().text;
      tokens_.next();
      call.named.emplace_back(std::move(name), parse());
    } else {
      if (!call.named.empty()) tokens_.fail("an argument without a name after one with a name");
      call.positional.push_back(parse());
    }
  }
}

ExpressionPtr ExpressionParser::parse_filters(ExpressionPtr value) {
  while (true) {
    link();
    if (tokens_.is_symbol("|")) {
      value = parse_filter(std::move(value));
    } else if (tokens_.is_name("is")) {
      value = parse_test(std::move(value));
    } else if (tokens_.is_symbol("(")) {
      ExpressionPtr call = make(ExpressionKind::call);
      call->children.push_back(std::move(value));
      parse_arguments(*call);
      value = std::move(call);
    } else {
      return value;
    }
  }
}

ExpressionPtr ExpressionParser::parse_filter(ExpressionPtr value) {
  tokens_.expect_symbol("|");
  ExpressionPtr filter = parse_named_filter();
  filter->children[0] = std::move(value);
  return filter;
}

ExpressionPtr ExpressionParser::parse_named_filter() {
  ExpressionPtr filter = make(ExpressionKind::filter);
  filter->text = tokens_.expect_identifier();
  filter->children.push_back(nullptr);
  if (tokens_.is_symbol("(")) parse_arguments(*filter);
  return filter;
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr value) {
  ExpressionPtr test = make(ExpressionKind::test);
  tokens_.expect_name("is");
  const bool negated = tokens_.take_name("not");
  test->text = tokens_.expect_identifier();
  test->children.push_back(std::move(value));
  const Token& token = tokens_.peek();
  const bool is_value = token.kind == TokenKind::string || token.kind == TokenKind::whole ||
                        token.kind == TokenKind::real || tokens_.is_symbol("[") ||
                        tokens_.is_symbol("{");
  const bool is_other_name = token.kind == TokenKind::name && token.text != "else" &&
                             token.text != "or" && token.text != "and" && token.text != "is" &&
                             token.text != "if";
  if (tokens_.is_symbol("(")) {
    parse_arguments(*test);
  } else if (is_value || is_other_name) {
    test->positional.push_back(parse_postfix(parse_primary()));
  }
  if (!negated) return test;
  ExpressionPtr negation = make(ExpressionKind::logical_not);
  negation->children.push_back(std::move(test));
  return negation;
}

}  // namespace ordo::text::jinja
