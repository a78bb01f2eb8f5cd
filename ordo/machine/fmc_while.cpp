// Recursive descent, with a bound on depth far below what the native stack holds. A statement is
// translated to a term that exits with `*`, `Break`, `Continue` or an exception; statements are
// put together by `;`.
//
//   if e A else B     e; <b>.((b; False -> (B; K)); True -> A); K -> *       K fresh
//   while e A         ((e; ... A; Continue -> * ... Break)^*); Break -> *
//
// K keeps the normal end of B from running A; `True` itself cannot be thrown.
#include "ordo/machine/fmc_while.h"

#include <set>
#include <string>

#include <fmt/format.h>

#include "ordo/machine/integer.h"
#include "ordo/machine/lexer.h"

namespace ordo::machine::fmc {
namespace {

enum Mark : std::uint32_t {
  kAssign,
  kSemicolon,
  kLeft,
  kRight,
  kOpen,
  kClose,
  kPlus,
  kMinus,
  kTimes,
  kDivide,
  kModulo,
  kEqual,
  kLess,
  kLessEqual,
  kGreater
};
const std::vector<Punctuation> kMarks{
    {":=", kAssign}, {";", kSemicolon}, {"(", kLeft},  {")", kRight},      {"{", kOpen},
    {"}", kClose},   {"+", kPlus},      {"-", kMinus}, {"*", kTimes},      {"/", kDivide},
    {"%", kModulo},  {"=", kEqual},     {"<", kLess},  {"<=", kLessEqual}, {">", kGreater}};
const std::set<std::string_view> kWords{"if",    "else",  "while", "try",      "catch",
                                        "throw", "print", "break", "continue", "read"};
constexpr int kMaxDepth = 10'000;

struct Failed {};

class Imperative {
 public:
  Imperative(Terms& terms, const SourceMap& sources, SourceId file, Diagnostics& problems)
      : terms_(terms),
        sources_(sources),
        problems_(problems),
        lexer_(sources, file, kMarks),
        token_(lexer_.next()) {}

  TermId program() {
    TermId body = terms_.skip();
    while (token_.kind != TokenKind::end) body = then(body, statement(0));
    // The cells, filled with 0 before anything runs.
    for (const Symbol cell : cells_) body = terms_.push(number("0"), cell, body);
    return body;
  }

 private:
  std::string_view text() const { return sources_.text(token_.span); }
  bool at(Mark mark) const { return token_.kind == TokenKind::punctuation && token_.code == mark; }
  bool word(std::string_view w) const { return token_.kind == TokenKind::lower && text() == w; }
  void advance() { token_ = lexer_.next(); }
  [[noreturn]] void expected(std::string_view what) {
    const std::string found =
        token_.kind == TokenKind::end ? "the end of the text" : fmt::format("'{}'", text());
    problems_.error(token_.span, fmt::format("expected {}, found {}", what, found));
    throw Failed{};
  }
  void require(Mark mark, std::string_view what) {
    if (!at(mark)) expected(what);
    advance();
  }
  void check_depth(int depth) {
    if (depth <= kMaxDepth) return;
    problems_.error(token_.span, "nested deeper than 10,000 levels");
    throw Failed{};
  }

  Symbol name(const char* text) { return terms_.intern(text); }
  TermId number(std::string_view digits) { return terms_.jump(terms_.intern(digits)); }
  TermId jump(const char* text) { return terms_.jump(name(text)); }
  TermId then(TermId first, TermId second) {
    if (first == terms_.skip()) return second;
    if (second == terms_.skip()) return first;
    return terms_.join(first, kSkip, second);
  }
  TermId push(TermId value) { return terms_.push(value, kMain, terms_.skip()); }

  Symbol variable() {
    if (token_.kind != TokenKind::lower || kWords.contains(text())) expected("a variable");
    const std::string spelled(text());
    // Streams keep their meaning, so a variable of their name gets another cell.
    const bool stream = spelled == "in" || spelled == "out" || spelled == "rnd" || spelled == "nd";
    const Symbol cell = terms_.intern(stream ? spelled + "'" : spelled);
    cells_.insert(cell);
    advance();
    return cell;
  }
  Symbol exception() {
    if (token_.kind != TokenKind::upper) expected("an exception's name, with a capital");
    const Symbol made = terms_.intern(text());
    const std::string_view t = text();
    const bool label =
        t[0] == 'K' && t.find_first_not_of("0123456789", 1) == std::string_view::npos;
    if (t == "True" || t == "False" || t == "Break" || t == "Continue" || label)
      expected("an exception's name other than True, False, Break, Continue and K with digits");
    advance();
    return made;
  }

  TermId choice(TermId condition, TermId yes, TermId no) {
    const Symbol label = terms_.intern(fmt::format("K{}", ++labels_));
    const TermId decide = terms_.join(terms_.bound(0), terms_.false_jump(),
                                      terms_.join(no, kSkip, terms_.jump(label)));
    const TermId both = terms_.join(decide, terms_.true_jump(), yes);
    const TermId guarded = terms_.join(both, label, terms_.skip());
    return then(condition, terms_.pop(kMain, name("b"), guarded));
  }

  TermId block(int depth) {
    require(kOpen, "'{'");
    TermId body = terms_.skip();
    while (!at(kClose)) {
      if (token_.kind == TokenKind::end) expected("'}'");
      body = then(body, statement(depth + 1));
    }
    advance();
    return body;
  }

  TermId statement(int depth);
  TermId assignment();
  TermId attempt(int depth);
  TermId expression(int depth, int level = 0);
  TermId operand(int depth);
  TermId set(Symbol cell) {
    const TermId store = terms_.push(terms_.bound(1), cell, terms_.skip());
    return terms_.pop(kMain, name("x"), terms_.pop(cell, name("_"), store));
  }

  Terms& terms_;
  const SourceMap& sources_;
  Diagnostics& problems_;
  Lexer lexer_;
  Token token_;
  std::set<Symbol> cells_;
  int labels_ = 0;
};

TermId Imperative::statement(int depth) {
  check_depth(depth);
  if (word("if")) {
    advance();
    const TermId condition = expression(depth + 1);
    const TermId yes = block(depth);
    TermId no = terms_.skip();
    if (word("else")) {
      advance();
      no = word("if") ? statement(depth + 1) : block(depth);
    }
    return choice(condition, yes, no);
  }
  if (word("while")) {
    advance();
    const TermId condition = expression(depth + 1);
    const TermId body = terms_.join(block(depth), name("Continue"), terms_.skip());
    const TermId round = choice(condition, body, jump("Break"));
    return terms_.join(terms_.loop(round, kSkip), name("Break"), terms_.skip());
  }
  if (word("try")) return attempt(depth);
  TermId made = 0;
  if (word("break") || word("continue")) {
    made = jump(word("break") ? "Break" : "Continue");
    advance();
  } else if (word("print")) {
    advance();
    const TermId write = terms_.push(terms_.bound(0), name("out"), terms_.skip());
    made = then(expression(depth + 1), terms_.pop(kMain, name("x"), write));
  } else if (word("throw")) {
    advance();
    const Symbol thrown = exception();
    require(kLeft, "'('");
    made = then(expression(depth + 1), terms_.jump(thrown));
    require(kRight, "')'");
  } else {
    made = assignment();
  }
  require(kSemicolon, "';'");
  return made;
}

TermId Imperative::assignment() {
  const Symbol cell = variable();
  require(kAssign, "':='");
  return then(expression(0), set(cell));
}

TermId Imperative::attempt(int depth) {
  advance();
  const TermId body = block(depth);
  if (!word("catch")) expected("'catch'");
  advance();
  const Symbol caught = exception();
  require(kLeft, "'('");
  const Symbol cell = variable();
  require(kRight, "')'");
  const TermId handler = block(depth);
  return terms_.join(body, caught, then(set(cell), handler));
}

// Levels: 0 comparisons, 1 sums, 2 products. The right operand is computed first, so that the left
// one is popped first.
TermId Imperative::expression(int depth, int level) {
  check_depth(depth);
  if (level == 3) return operand(depth);
  struct Operator {
    Mark mark;
    const char* primitive;
    int level;
  };
  static constexpr Operator kOperators[] = {
      {kEqual, "eq", 0},   {kLess, "lt", 0},    {kLessEqual, "le", 0},
      {kGreater, "gt", 0}, {kPlus, "add", 1},   {kMinus, "sub", 1},
      {kTimes, "mul", 2},  {kDivide, "div", 2}, {kModulo, "mod", 2}};
  TermId left = expression(depth, level + 1);
  while (true) {
    const Operator* found = nullptr;
    for (const Operator& o : kOperators) {
      if (o.level == level && at(o.mark)) found = &o;
    }
    if (found == nullptr) return left;
    advance();
    const TermId right = expression(depth, level + 1);
    left = then(then(right, left), terms_.free(name(found->primitive)));
    if (level == 0) return left;
  }
}

TermId Imperative::operand(int depth) {
  if (token_.kind == TokenKind::integer || token_.kind == TokenKind::string) {
    const bool is_number = token_.kind == TokenKind::integer;
    const TermId literal = is_number ? number(Integer::parse(text())->to_string())
                                     : number(quote(unquote(text(), token_.span, problems_)));
    advance();
    return push(literal);
  }
  if (at(kMinus)) {
    advance();
    const TermId value = expression(depth + 1, 3);
    return then(then(value, push(number("0"))), terms_.free(name("sub")));
  }
  if (at(kLeft)) {
    advance();
    const TermId inner = expression(depth + 1);
    require(kRight, "')'");
    return inner;
  }
  if (word("read")) {
    advance();
    return terms_.pop(name("in"), name("x"), push(terms_.bound(0)));
  }
  if (token_.kind != TokenKind::lower || kWords.contains(text()))
    expected("an expression: a number, a string, a variable, read or '('");
  const Symbol cell = variable();
  const TermId again = terms_.push(terms_.bound(0), cell, push(terms_.bound(0)));
  return terms_.pop(cell, name("x"), again);
}

}  // namespace

TermId from_while(Terms& terms, const SourceMap& sources, SourceId file, Diagnostics& problems) {
  try {
    return Imperative(terms, sources, file, problems).program();
  } catch (const Failed&) {
    return terms.skip();
  }
}

}  // namespace ordo::machine::fmc
