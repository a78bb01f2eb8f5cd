// The parser keeps what is open (blocks, and the operators and parentheses of an expression) on
// explicit stacks and translates on the way. A block is a list of finished statements; when its '}'
// comes, the statement that it belongs to is put together, or waits for its `else` or `catch`.
#include "ordo/machine/fmc_while.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "ordo/machine/fmc_encode.h"
#include "ordo/machine/integer.h"
#include "ordo/machine/token_reader.h"

namespace ordo::machine::fmc {
namespace {

enum Mark : std::uint32_t {
  kAssign,
  kSemicolon,
  kLeft,
  kRight,
  kOpen,
  kClose,
  kComma,
  kPlus,
  kMinus,
  kTimes,
  kDivide,
  kModulo,
  kEqual,
  kUnequal,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual
};
const std::vector<Punctuation> kMarks{
    {":=", kAssign}, {";", kSemicolon},  {"(", kLeft},    {")", kRight},        {"{", kOpen},
    {"}", kClose},   {",", kComma},      {"+", kPlus},    {"-", kMinus},        {"*", kTimes},
    {"/", kDivide},  {"%", kModulo},     {"=", kEqual},   {"==", kEqual},       {"!=", kUnequal},
    {"<", kLess},    {"<=", kLessEqual}, {">", kGreater}, {">=", kGreaterEqual}};
constexpr std::string_view kWords[] = {"if",    "else",  "while",    "try",  "catch", "throw",
                                       "print", "break", "continue", "read", "fun",   "return"};

struct Operator {
  Mark mark;
  std::string_view primitive;
  int level;  // 0 comparisons, 1 sums, 2 products
};
constexpr Operator kOperators[] = {
    {kEqual, "eq", 0},   {kUnequal, "!=", 0},      {kLess, "lt", 0},   {kLessEqual, "le", 0},
    {kGreater, "gt", 0}, {kGreaterEqual, ">=", 0}, {kPlus, "add", 1},  {kMinus, "sub", 1},
    {kTimes, "mul", 2},  {kDivide, "div", 2},      {kModulo, "mod", 2}};

class Imperative : private TokenReader {
 public:
  Imperative(Terms& terms, const SourceMap& sources, SourceId file, Diagnostics& problems)
      : TokenReader(sources, file, problems, kMarks, kWords),
        terms_(terms),
        encode_(terms),
        problems_(problems) {}

  WhileProgram program() {
    blocks_.push_back({Block::Kind::program});
    while (true) {
      if (at(TokenKind::end) && blocks_.size() == 1) break;
      if (at(kClose) && blocks_.size() > 1) {
        close_block();
      } else {
        statement();
      }
    }
    check_calls();
    TermId body = sequence(blocks_.back().statements);
    for (const auto& [name, function] : functions_)
      body = encode_.then(body, terms_.pop(name, terms_.intern("_"), terms_.skip()));
    // The cells, filled before anything runs: functions with their thunks, all others with 0.
    for (const auto& [name, function] : functions_)
      body = terms_.push(function_thunk(function), name, body);
    for (const Symbol cell : cells_)
      body = terms_.push(terms_.jump(terms_.intern("0")), cell, body);
    return {body, std::move(statements_)};
  }

 private:
  struct Block {
    enum class Kind { program, yes, no, loop, attempt, handler, function } kind;
    Span start = {};
    TermId condition = 0;  // yes, loop; no: the condition too
    TermId first = 0;      // no: the other branch; handler: the body
    Symbol name = 0;       // handler: the exception; function: its name
    Symbol cell = 0;       // handler: the variable
    bool in_loop = false, in_function = false;
    std::vector<TermId> statements = {};
  };
  struct Function {
    std::vector<Symbol> parameters;
    TermId body = 0;
    Span span;
  };
  // One open thing of an expression: a parenthesis, a call, or an operator waiting for its right.
  struct Waiting {
    enum class Kind { parenthesis, call, binary, negation } kind;
    Span span;
    const Operator* op = nullptr;
    TermId left = 0;                     // binary
    Symbol function = 0;                 // call
    std::vector<TermId> arguments = {};  // call
  };

  bool variable_next() const { return at(TokenKind::lower) && !reserved_at(); }

  // Streams keep their meaning, so a variable of their name gets another cell.
  Symbol cell_name() {
    const std::string spelled(text());
    const bool stream = spelled == "in" || spelled == "out" || spelled == "rnd" || spelled == "nd";
    advance();
    return terms_.intern(stream ? spelled + "'" : spelled);
  }
  Symbol variable() {
    if (!variable_next()) expected("a variable");
    const Span span = next().span;
    const Symbol cell = cell_name();
    if (cells_.insert(cell).second) used_.emplace_back(cell, span);
    return cell;
  }
  Symbol exception() {
    if (!at(TokenKind::upper)) expected("an exception's name, with a capital");
    if (Encoder::is_reserved(text())) {
      expected(
          "an exception's name other than True, False, Break, Continue, Ret and K with digits");
    }
    const Symbol made = terms_.intern(text());
    exceptions_.insert(made);
    advance();
    return made;
  }

  // To the right, so that each statement waits behind one handler only.
  TermId sequence(const std::vector<TermId>& statements) {
    TermId made = terms_.skip();
    for (auto s = statements.rbegin(); s != statements.rend(); ++s) made = encode_.then(*s, made);
    return made;
  }
  void finish(TermId statement, Span span) {
    if (statement != terms_.skip()) {
      terms_.set_span(statement, span);
      statements_.emplace_back(statement, span);
    }
    blocks_.back().statements.push_back(statement);
  }
  void open_block(Block block) {
    require(kOpen, "'{'");
    const Block& around = blocks_.back();
    const bool function = block.kind == Block::Kind::function;
    block.in_loop = !function && (around.in_loop || block.kind == Block::Kind::loop);
    block.in_function = function || around.in_function;
    blocks_.push_back(std::move(block));
  }

  void statement();
  bool simple_statement(Span start);
  void close_block();
  void function();
  void check_calls();
  TermId function_thunk(const Function& function);
  // Division by zero exits without a value; its variable becomes 0.
  TermId caught(const Block& handler) {
    const TermId store = encode_.set(handler.cell);
    if (handler.name != terms_.division_by_zero()) return store;
    return encode_.then(encode_.constant("0"), store);
  }
  TermId expression();
  bool operand(TermId& made);
  TermId literal();
  TermId combine(const Waiting& waiting, TermId right);
  TermId call(const Waiting& waiting);
  // A node of its own for the text's place, which errors at run time name.
  TermId placed(TermId term, Span span) {
    terms_.set_span(term, span);
    return term;
  }

  Terms& terms_;
  Encoder encode_;
  Diagnostics& problems_;
  std::vector<Block> blocks_;
  std::vector<Waiting> waiting_;
  std::vector<std::pair<TermId, Span>> statements_;
  std::set<Symbol> cells_, exceptions_;
  std::map<Symbol, Function> functions_;
  struct Call {
    Symbol function;
    std::size_t arguments;
    Span span;
  };
  std::vector<Call> calls_;
  std::vector<std::pair<Symbol, Span>> used_;  // variables, each where it is used first
};

void Imperative::statement() {
  const Span start = next().span;
  if (word("fun")) return function();
  if (take_word("if")) {
    const TermId condition = expression();
    return open_block({.kind = Block::Kind::yes, .start = start, .condition = condition});
  }
  if (take_word("while")) {
    const TermId condition = expression();
    return open_block({.kind = Block::Kind::loop, .start = start, .condition = condition});
  }
  if (take_word("try")) return open_block({.kind = Block::Kind::attempt, .start = start});
  if (!simple_statement(start)) expected("a statement");
}

// A statement that ends with ';'.
bool Imperative::simple_statement(Span start) {
  const Block& block = blocks_.back();
  TermId made = 0;
  if (word("break") || word("continue")) {
    if (!block.in_loop) problems_.error(start, fmt::format("'{}' outside a loop", text()));
    made = encode_.jump(word("break") ? "Break" : "Continue");
    advance();
  } else if (take_word("return")) {
    if (!block.in_function) problems_.error(start, "'return' outside a function");
    const TermId value = expression();
    made = encode_.then(value, placed(encode_.jump("Ret"), start));
  } else if (take_word("print")) {
    const TermId value = expression();
    made = encode_.then(value, encode_.write());
  } else if (take_word("throw")) {
    if (text() == "DivZero") expected("an exception's name; DivZero comes of dividing");
    const Symbol thrown = exception();
    require(kLeft, "'('");
    const TermId value = expression();
    require(kRight, "')'");
    made = encode_.then(value, placed(terms_.jump(thrown), start));
  } else if (variable_next() && at(kLeft, 1)) {
    made = encode_.then(expression(), encode_.drop());
  } else if (variable_next()) {
    const Symbol cell = variable();
    require(kAssign, "':='");
    const TermId value = expression();
    made = encode_.then(value, placed(encode_.set(cell), start));
  } else {
    return false;
  }
  require(kSemicolon, "';'");
  finish(made, Span::join(start, last()));
  return true;
}

void Imperative::close_block() {
  Block block = std::move(blocks_.back());
  blocks_.pop_back();
  advance();
  const TermId body = sequence(block.statements);
  switch (block.kind) {
    case Block::Kind::yes:
      if (take_word("else")) {
        Block other{.kind = Block::Kind::no, .start = block.start, .condition = block.condition};
        other.first = body;
        if (!word("if")) return open_block(std::move(other));
        // `else if`: a block of one statement, which its own end closes.
        other.in_loop = blocks_.back().in_loop;
        other.in_function = blocks_.back().in_function;
        other.cell = 1;
        blocks_.push_back(std::move(other));
        return statement();
      }
      finish(encode_.conditional(block.condition, body, terms_.skip()),
             Span::join(block.start, last()));
      break;
    case Block::Kind::no:
      finish(encode_.conditional(block.condition, block.first, body),
             Span::join(block.start, last()));
      break;
    case Block::Kind::loop:
      finish(encode_.loop(block.condition, body), Span::join(block.start, last()));
      break;
    case Block::Kind::attempt: {
      if (!take_word("catch")) expected("'catch'");
      Block handler{.kind = Block::Kind::handler, .start = block.start};
      handler.first = body;
      handler.name = exception();
      require(kLeft, "'('");
      handler.cell = variable();
      require(kRight, "')'");
      return open_block(std::move(handler));
    }
    case Block::Kind::handler:
      finish(terms_.join(block.first, block.name, encode_.then(caught(block), body)),
             Span::join(block.start, last()));
      break;
    case Block::Kind::function:
      functions_[block.name].body = body;
      return;
    case Block::Kind::program:
      return;
  }
  // The statement that ended may have been all of an `else if`.
  while (blocks_.back().kind == Block::Kind::no && blocks_.back().cell == 1) {
    Block other = std::move(blocks_.back());
    blocks_.pop_back();
    finish(encode_.conditional(other.condition, other.first, sequence(other.statements)),
           Span::join(other.start, last()));
  }
}

void Imperative::function() {
  const Span start = next().span;
  if (blocks_.size() > 1)
    problems_.error(start, "functions are declared outside all blocks", "move it to the top");
  advance();
  if (!variable_next()) expected("the function's name");
  const Span span = next().span;
  const Symbol name = cell_name();
  if (functions_.contains(name))
    problems_.error(span, fmt::format("the function '{}' is declared twice", terms_.text(name)));
  Function made{{}, 0, span};
  require(kLeft, "'('");
  while (!at(kRight)) {
    const Span place = next().span;
    const Symbol parameter = variable();
    const auto& known = made.parameters;
    if (std::find(known.begin(), known.end(), parameter) != known.end())
      problems_.error(place, "two parameters have this name");
    made.parameters.push_back(parameter);
    if (!at(kRight)) require(kComma, "',' or ')'");
  }
  advance();
  functions_[name] = std::move(made);
  open_block({.kind = Block::Kind::function, .start = start, .name = name});
}

// Arguments lie on the main stack, the first on top. They are pushed on the parameters' cells, and
// popped again however the body ends.
TermId Imperative::function_thunk(const Function& function) {
  const auto& parameters = function.parameters;
  const auto cleanup = [&](TermId end) {
    for (auto p = parameters.rbegin(); p != parameters.rend(); ++p)
      end = terms_.pop(*p, terms_.intern("_"), end);
    return end;
  };
  const TermId zero = encode_.constant("0");
  TermId body = encode_.then(function.body, encode_.then(zero, encode_.jump("Ret")));
  if (!parameters.empty()) {
    std::set<Symbol> ways = exceptions_;
    ways.insert(terms_.division_by_zero());
    for (const Symbol way : ways) body = terms_.join(body, way, cleanup(terms_.jump(way)));
  }
  body = terms_.join(body, terms_.intern("Ret"), cleanup(terms_.skip()));
  for (auto p = parameters.rbegin(); p != parameters.rend(); ++p) {
    body = terms_.pop(kMain, terms_.intern("a"), terms_.push(terms_.bound(0), *p, body));
  }
  return body;
}

void Imperative::check_calls() {
  for (const Call& made : calls_) {
    const auto found = functions_.find(made.function);
    const std::string& name = terms_.text(made.function);
    if (found == functions_.end()) {
      problems_.error(made.span, fmt::format("there is no function '{}'", name),
                      fmt::format("declare it: fun {}(...) {{ ... }}", name));
    } else if (const std::size_t wanted = found->second.parameters.size();
               wanted != made.arguments) {
      problems_.error(made.span, fmt::format("'{}' takes {} argument{}, not {}", name, wanted,
                                             wanted == 1 ? "" : "s", made.arguments));
    }
  }
  for (const auto& [name, span] : used_) {
    if (functions_.contains(name))
      problems_.error(span, fmt::format("'{}' is a function, not a variable", terms_.text(name)));
  }
}

// ---- expressions: operators by precedence, with what waits on a stack ----

TermId Imperative::expression() {
  const std::size_t floor = waiting_.size();
  TermId value = 0;
  while (true) {
    if (!operand(value)) continue;
    // An operand is complete: apply what binds tighter than what comes, until an operand is wanted.
    while (true) {
      const Operator* op = nullptr;
      for (const Operator& o : kOperators) {
        if (at(o.mark)) op = &o;
      }
      // `n-1` is read as `n` and the number -1; here the sign is the operator.
      const bool glued = at(TokenKind::integer) && text().starts_with('-');
      if (glued) op = &kOperators[7];
      const int level = op == nullptr ? -1 : op->level;
      while (waiting_.size() > floor && (waiting_.back().kind == Waiting::Kind::negation ||
                                         (waiting_.back().kind == Waiting::Kind::binary &&
                                          waiting_.back().op->level >= level))) {
        if (waiting_.back().kind == Waiting::Kind::binary && level == 0 &&
            waiting_.back().op->level == 0)
          expected("';', ')' or '{': comparisons do not chain");
        value = combine(waiting_.back(), value);
        waiting_.pop_back();
      }
      if (op != nullptr) {
        waiting_.push_back({Waiting::Kind::binary, next().span, op, value});
        if (glued)
          split_next(1);
        else
          advance();
        break;
      }
      if (waiting_.size() == floor) return value;
      Waiting& open = waiting_.back();
      if (open.kind == Waiting::Kind::call) {
        open.arguments.push_back(value);
        if (at(kComma)) {
          advance();
          break;
        }
        require(kRight, "',' or ')'");
        value = call(open);
      } else {
        require(kRight, "')'");
      }
      waiting_.pop_back();
    }
  }
}

// Reads what begins an operand. True with a complete one; false if more is to come.
bool Imperative::operand(TermId& made) {
  const Span span = next().span;
  if (at(TokenKind::integer) || at(TokenKind::string)) {
    made = literal();
    return true;
  }
  if (at(kMinus)) {
    advance();
    waiting_.push_back({Waiting::Kind::negation, span});
    return false;
  }
  if (at(kLeft)) {
    advance();
    waiting_.push_back({Waiting::Kind::parenthesis, span});
    return false;
  }
  if (take_word("read")) {
    made = placed(encode_.read(), span);
    return true;
  }
  if (!variable_next()) {
    expected("an expression: a number, a string, a variable, a call, read or '('");
  }
  if (!at(kLeft, 1)) {
    made = placed(encode_.get(variable()), span);
    return true;
  }
  waiting_.push_back({Waiting::Kind::call, span});
  waiting_.back().function = cell_name();
  advance();
  if (!at(kRight)) return false;
  advance();
  made = call(waiting_.back());
  waiting_.pop_back();
  return true;
}

TermId Imperative::literal() {
  const std::string value = at(TokenKind::integer) ? Integer::parse(text())->to_string()
                                                   : quote(unquote(text(), next().span, problems_));
  advance();
  return encode_.constant(value);
}

// The right operand is computed first, so that the left one is popped first.
TermId Imperative::combine(const Waiting& waiting, TermId right) {
  const auto apply = [&](std::string_view primitive) {
    return placed(encode_.primitive(primitive), waiting.span);
  };
  if (waiting.kind == Waiting::Kind::negation) {
    const TermId zero = encode_.constant("0");
    return encode_.then(encode_.then(right, zero), apply("sub"));
  }
  const TermId both = encode_.then(right, waiting.left);
  if (waiting.op->mark == kGreaterEqual) {  // the same two, popped the other way round
    const TermId swapped = encode_.then(
        terms_.push(terms_.bound(1), kMain, encode_.push(terms_.bound(0))), apply("le"));
    return encode_.then(both, terms_.pop(kMain, terms_.intern("x"),
                                         terms_.pop(kMain, terms_.intern("y"), swapped)));
  }
  if (waiting.op->mark == kUnequal) {
    const TermId no = encode_.jump("False"), yes = encode_.jump("True");
    return encode_.conditional(encode_.then(both, apply("eq")), encode_.push(no),
                               encode_.push(yes));
  }
  return encode_.then(both, apply(waiting.op->primitive));
}

// The last argument is computed first, so that the first one is popped first.
TermId Imperative::call(const Waiting& waiting) {
  calls_.push_back({waiting.function, waiting.arguments.size(), waiting.span});
  TermId made = terms_.skip();
  for (auto a = waiting.arguments.rbegin(); a != waiting.arguments.rend(); ++a)
    made = encode_.then(made, *a);
  const TermId again = terms_.push(terms_.bound(0), waiting.function, terms_.bound(0));
  const TermId run = terms_.pop(waiting.function, terms_.intern("f"), again);
  return encode_.then(made, placed(run, waiting.span));
}

}  // namespace

WhileProgram from_while(Terms& terms, const SourceMap& sources, SourceId file,
                        Diagnostics& problems) {
  try {
    return Imperative(terms, sources, file, problems).program();
  } catch (const ParseFailed&) {
    return {terms.skip(), {}};
  }
}

}  // namespace ordo::machine::fmc
