#include "ordo/claims/scanner.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

namespace ordo::claims {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool continues_name(char c) { return starts_name(c) || is_digit(c) || c == '.'; }

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::end:
      return "the end";
    case Token::Kind::quoted:
      return fmt::format("\"{}\"", token.text);
    default:
      return fmt::format("'{}'", token.text);
  }
}

/// Counts one level of brackets or signs for as long as it lives.
class Level {
 public:
  Level(std::size_t& depth, Scanner& scanner) : depth_(depth) {
    if (depth_ >= kMaxDepth) {
      scanner.fail(
          scanner.peek().column,
          fmt::format("nested deeper than {} levels; define parts of it as measures", kMaxDepth));
    }
    ++depth_;
  }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  ~Level() { --depth_; }

 private:
  std::size_t& depth_;
};

}  // namespace

const Token& Scanner::peek() {
  if (!has_ahead_) {
    ahead_ = scan();
    has_ahead_ = true;
  }
  return ahead_;
}

Token Scanner::take() {
  Token token = peek();
  has_ahead_ = false;
  end_of_last_ = position_;
  return token;
}

bool Scanner::next_is(std::string_view text) {
  const Token& next = peek();
  return (next.kind == Token::Kind::symbol || next.kind == Token::Kind::name) && next.text == text;
}

bool Scanner::accept(std::string_view text) {
  if (!next_is(text)) return false;
  take();
  return true;
}

void Scanner::expect(std::string_view symbol, const std::string& what) {
  if (!accept(symbol)) fail_expected(what);
}

void Scanner::fail(std::size_t column, const std::string& message) const {
  throw syntax_error(where_, text_, column, message);
}

void Scanner::fail_expected(const std::string& what) {
  fail(peek().column, fmt::format("expected {}, found {}", what, describe(peek())));
}

void Scanner::skip_space() {
  while (position_ < text_.size() && is_space(text_[position_])) ++position_;
}

Token Scanner::scan() {
  skip_space();
  Token token;
  token.column = position_ + 1;
  if (position_ == text_.size()) return token;
  const char first = text_[position_];
  const bool dot_number =
      first == '.' && position_ + 1 < text_.size() && is_digit(text_[position_ + 1]);
  if (is_digit(first) || dot_number) return scan_number(std::move(token));
  if (first == '"' || first == '\'') return scan_quoted(std::move(token));
  const std::size_t begin = position_++;
  if (starts_name(first)) {
    token.kind = Token::Kind::name;
    while (position_ < text_.size() && continues_name(text_[position_])) ++position_;
  } else {
    token.kind = Token::Kind::symbol;
    const bool pair = std::string_view("<>~=!").find(first) != std::string_view::npos;
    if (pair && position_ < text_.size() && text_[position_] == '=') ++position_;
  }
  token.text = text_.substr(begin, position_ - begin);
  return token;
}

Token Scanner::scan_number(Token token) {
  const char* begin = text_.data() + position_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), token.number);
  if (error == std::errc::result_out_of_range) {
    fail(token.column, "the number is outside the range of doubles");
  }
  token.kind = Token::Kind::number;
  token.text = std::string(begin, end);
  position_ += token.text.size();
  if (position_ < text_.size() && starts_name(text_[position_])) {
    fail(token.column, fmt::format("'{}{}...' is neither a number nor a name (names that do not "
                                   "begin with a letter need quotes)",
                                   token.text, text_[position_]));
  }
  return token;
}

Token Scanner::scan_quoted(Token token) {
  const std::size_t end = text_.find(text_[position_], position_ + 1);
  if (end == std::string_view::npos) fail(token.column, "this quote is never closed");
  token.kind = Token::Kind::quoted;
  token.text = text_.substr(position_ + 1, end - position_ - 1);
  position_ = end + 1;
  if (token.text.empty()) fail(token.column, "an empty name");
  return token;
}

Token Scanner::take_variant() {
  skip_space();
  Token token;
  token.column = position_ + 1;
  if (position_ < text_.size() && (text_[position_] == '"' || text_[position_] == '\'')) {
    token = scan_quoted(std::move(token));
  } else {
    const std::size_t end = std::min(text_.find_first_of("()<>\"'", position_), text_.size());
    token.kind = Token::Kind::name;
    token.text = text_.substr(position_, end - position_);
    while (!token.text.empty() && is_space(token.text.back())) token.text.pop_back();
    position_ = end;
    if (token.text.empty()) fail_expected("a variant's name or *");
  }
  end_of_last_ = position_;
  return token;
}

Node ArithmeticParser::make(Node node) {
  if (++nodes_ > kMaxNodes) {
    scanner_.fail(node.column,
                  fmt::format("longer than {} terms; define parts of it as measures", kMaxNodes));
  }
  return node;
}

Node ArithmeticParser::join(Node::Kind kind, Node left, Node right, std::size_t column) {
  Node node{.kind = kind, .column = column};
  node.children.push_back(std::move(left));
  node.children.push_back(std::move(right));
  return make(std::move(node));
}

Node ArithmeticParser::parse_sum() {
  const Level level(depth_, scanner_);
  Node left = parse_product();
  while (scanner_.next_is("+") || scanner_.next_is("-")) {
    const Token sign = scanner_.take();
    const Node::Kind kind = sign.text == "+" ? Node::Kind::add : Node::Kind::subtract;
    left = join(kind, std::move(left), parse_product(), sign.column);
  }
  return left;
}

Node ArithmeticParser::parse_product() {
  Node left = parse_unary();
  while (scanner_.next_is("*") || scanner_.next_is("/")) {
    const Token sign = scanner_.take();
    const Node::Kind kind = sign.text == "*" ? Node::Kind::multiply : Node::Kind::divide;
    left = join(kind, std::move(left), parse_unary(), sign.column);
  }
  return left;
}

Node ArithmeticParser::parse_unary() {
  const Level level(depth_, scanner_);
  if (scanner_.next_is("-")) {
    Node negated{.kind = Node::Kind::negate, .column = scanner_.take().column};
    negated.children.push_back(parse_unary());
    return make(std::move(negated));
  }
  Node base = parse_primary();
  if (!scanner_.next_is("^")) return base;
  const std::size_t column = scanner_.take().column;
  return join(Node::Kind::power, std::move(base), parse_unary(), column);
}

Node ArithmeticParser::parse_primary() {
  const Token::Kind kind = scanner_.peek().kind;
  if (kind == Token::Kind::number) {
    const Token token = scanner_.take();
    return make({.kind = Node::Kind::number, .number = token.number, .column = token.column});
  }
  if (kind == Token::Kind::name || kind == Token::Kind::quoted) {
    const Token token = scanner_.take();
    return make(parse_name(token));
  }
  if (scanner_.accept("(")) {
    Node inner = parse_sum();
    scanner_.expect(")", "')'");
    return inner;
  }
  scanner_.fail_expected("a number, a name or '('");
}

std::vector<Node> ArithmeticParser::parse_arguments(const std::string& function) {
  std::vector<Node> arguments;
  do {
    arguments.push_back(parse_sum());
  } while (scanner_.accept(","));
  scanner_.expect(")", fmt::format("',' or the ')' of {}", function));
  return arguments;
}

double ArithmeticParser::constant(const Node& node, const std::string& what) const {
  try {
    return evaluate(node, [&](const Node& leaf) -> double {
      scanner_.fail(leaf.column, fmt::format("{} must be a number", what));
    });
  } catch (const NumericError& error) {
    scanner_.fail(node.column, error.what());
  }
}

bool is_function(std::string_view name) {
  constexpr std::string_view kFunctions[] = {"log", "exp", "sqrt", "abs", "min", "max", "mean"};
  return std::find(std::begin(kFunctions), std::end(kFunctions), name) != std::end(kFunctions);
}

void check_arguments(const Scanner& scanner, const Node& call) {
  const bool takes_many = call.name == "min" || call.name == "max" || call.name == "mean";
  if (takes_many || call.children.size() == 1) return;
  scanner.fail(call.column,
               fmt::format("{} takes 1 argument, found {}", call.name, call.children.size()));
}

}  // namespace ordo::claims
