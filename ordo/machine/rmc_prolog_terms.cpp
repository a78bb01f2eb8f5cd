// Between brackets stand operands and pending operators. An infix operator first takes what binds
// tighter: pending operators whose priority its left side allows are built; then it must fit what
// is still pending, as its right operand. xfx, xfy, yfx differ in what their sides allow.
#include "ordo/machine/rmc_prolog_terms.h"

#include <fmt/format.h>

namespace ordo::machine::rmc {
namespace {

struct Operator {
  std::string_view name;
  int left;      // highest priority of the left operand; 0: a prefix operator
  int priority;  // of the whole
  int right;     // highest priority of the right operand
};

// The table of ISO 13211-1, 6.3.4.4, and SWI-Prolog's `*->`.
constexpr Operator kOperators[] = {
    {":-", 1199, 1200, 1199}, {"-->", 1199, 1200, 1199}, {":-", 0, 1200, 1199},
    {"?-", 0, 1200, 1199},    {"|", 1099, 1100, 1100},   {";", 1099, 1100, 1100},
    {"->", 1049, 1050, 1050}, {"*->", 1049, 1050, 1050}, {",", 999, 1000, 1000},
    {"\\+", 0, 900, 900},     {"=", 699, 700, 699},      {"\\=", 699, 700, 699},
    {"==", 699, 700, 699},    {"\\==", 699, 700, 699},   {"@<", 699, 700, 699},
    {"@=<", 699, 700, 699},   {"@>", 699, 700, 699},     {"@>=", 699, 700, 699},
    {"=..", 699, 700, 699},   {"is", 699, 700, 699},     {"=:=", 699, 700, 699},
    {"=\\=", 699, 700, 699},  {"<", 699, 700, 699},      {"=<", 699, 700, 699},
    {">", 699, 700, 699},     {">=", 699, 700, 699},     {":", 199, 200, 200},
    {"+", 500, 500, 499},     {"-", 500, 500, 499},      {"/\\", 500, 500, 499},
    {"\\/", 500, 500, 499},   {"*", 400, 400, 399},      {"/", 400, 400, 399},
    {"//", 400, 400, 399},    {"rem", 400, 400, 399},    {"mod", 400, 400, 399},
    {"div", 400, 400, 399},   {"<<", 400, 400, 399},     {">>", 400, 400, 399},
    {"**", 199, 200, 199},    {"^", 199, 200, 200},      {"-", 0, 200, 200},
    {"+", 0, 200, 200},       {"\\", 0, 200, 200}};

const Operator* find_infix(const PrologToken& token) {
  if (token.kind != PrologTokenKind::name) return nullptr;
  for (const Operator& o : kOperators)
    if (o.left > 0 && o.name == token.text) return &o;
  return nullptr;
}
const Operator* find_prefix(const PrologToken& token) {
  if (token.kind != PrologTokenKind::name) return nullptr;
  for (const Operator& o : kOperators)
    if (o.left == 0 && o.name == token.text) return &o;
  return nullptr;
}

bool is_name(const PrologToken& token, std::string_view text) {
  return token.kind == PrologTokenKind::name && token.text == text;
}
bool is_bracket(const PrologToken& token, std::string_view text) {
  return (token.kind == PrologTokenKind::open || token.kind == PrologTokenKind::close) &&
         token.text == text;
}
bool separator(const PrologToken& token) { return is_name(token, ",") || is_name(token, "|"); }

constexpr int kArgument = 999, kTerm = 1200;

}  // namespace

std::uint32_t PrologTerms::intern(std::string_view text) {
  const auto found = index_.find(text);
  if (found != index_.end()) return found->second;
  names_.emplace_back(text);
  const auto id = static_cast<std::uint32_t>(names_.size() - 1);
  index_.emplace(names_.back(), id);
  return id;
}

PrologId PrologTerms::add(Kind kind, std::string_view name, Span span) {
  nodes_.push_back({kind, intern(name), 0, 0, span});
  return static_cast<PrologId>(nodes_.size() - 1);
}

PrologId PrologTerms::add(std::string_view name, const std::vector<PrologId>& arguments,
                          Span span) {
  const auto first = static_cast<std::uint32_t>(arguments_.size());
  for (const PrologId argument : arguments) arguments_.push_back(argument);
  nodes_.push_back(
      {Kind::compound, intern(name), first, static_cast<std::uint32_t>(arguments.size()), span});
  return static_cast<PrologId>(nodes_.size() - 1);
}

PrologReader::PrologReader(const SourceMap& sources, SourceId file, PrologTerms& terms,
                           Diagnostics& problems)
    : terms_(terms), problems_(problems), lexer_(sources, file) {
  advance();
  advance();
}

void PrologReader::advance() {
  token_ = std::move(peek_);
  peek_ = lexer_.next();
}

void PrologReader::fail(Span span, std::string message, std::string hint) {
  problems_.error(span, std::move(message), std::move(hint));
  throw Failed{};
}

void PrologReader::expected(std::string_view what) {
  if (token_.kind == PrologTokenKind::bad) fail(token_.span, token_.text);
  const std::string found = token_.kind == PrologTokenKind::end_of_text
                                ? "the end of the text"
                                : fmt::format("'{}'", token_.text);
  const Frame* bracket = frames_.size() > 1 ? &frames_.back() : nullptr;
  const bool ends =
      token_.kind == PrologTokenKind::end_of_text || token_.kind == PrologTokenKind::full_stop;
  if (bracket != nullptr && ends) fail(bracket->begin, "this bracket is not closed");
  fail(token_.span, fmt::format("expected {}, found {}", what, found));
}

// Skips to behind the next full stop.
void PrologReader::recover() {
  while (token_.kind != PrologTokenKind::full_stop && token_.kind != PrologTokenKind::end_of_text)
    advance();
  if (token_.kind == PrologTokenKind::full_stop) advance();
}

std::optional<PrologId> PrologReader::next() {
  while (token_.kind != PrologTokenKind::end_of_text) {
    try {
      if (is_name(token_, ":-")) {
        fail(token_.span, "directives are not in the subset",
             "leave it out; queries are written '?- goal.'");
      }
      const PrologId term = read_clause();
      if (token_.kind != PrologTokenKind::full_stop) expected("an operator or '.'");
      advance();
      return term;
    } catch (const Failed&) {
      recover();
    }
  }
  return std::nullopt;
}

std::optional<PrologId> PrologReader::only() {
  try {
    const PrologId term = read_clause();
    if (token_.kind == PrologTokenKind::full_stop) advance();
    if (token_.kind != PrologTokenKind::end_of_text) expected("an operator or the query's end");
    return term;
  } catch (const Failed&) {
    return std::nullopt;
  }
}

PrologId PrologReader::read_clause() {
  frames_.clear();
  operands_.clear();
  operators_.clear();
  items_.clear();
  open(Bracket::top, {}, token_.span);
  bool wants_operand = true;
  while (true) {
    if (wants_operand) {
      wants_operand = read_operand();
    } else if (read_operator()) {
      wants_operand = true;
    } else if (frames_.size() == 1) {
      return finish_expression(kTerm);
    } else {
      wants_operand = close_or_separate();
    }
  }
}

void PrologReader::open(Bracket bracket, std::string functor, Span begin) {
  frames_.push_back(
      {bracket, std::move(functor), begin, operands_.size(), operators_.size(), items_.size()});
}

// Reads one step of an operand; true while the operand is still to come.
bool PrologReader::read_operand() {
  const Span span = token_.span;
  if (token_.kind == PrologTokenKind::variable || token_.kind == PrologTokenKind::integer) {
    const bool variable = token_.kind == PrologTokenKind::variable;
    operands_.push_back(terms_.add(
        variable ? PrologTerms::Kind::variable : PrologTerms::Kind::integer, token_.text, span));
    advance();
    return false;
  }
  if (is_bracket(token_, "(")) {
    advance();
    open(Bracket::parenthesis, {}, span);
    return true;
  }
  if (is_bracket(token_, "[") || is_bracket(token_, "{")) {
    const bool list = token_.text == "[";
    advance();
    if (is_bracket(token_, list ? "]" : "}")) {
      operands_.push_back(terms_.add(list ? "[]" : "{}", {}, Span::join(span, token_.span)));
      advance();
      return false;
    }
    open(list ? Bracket::list : Bracket::curly, {}, span);
    return true;
  }
  if (token_.kind == PrologTokenKind::name || token_.kind == PrologTokenKind::quoted)
    return read_name_operand();
  expected("a term");
}

bool PrologReader::starts_term() const {
  switch (peek_.kind) {
    case PrologTokenKind::variable:
    case PrologTokenKind::integer:
    case PrologTokenKind::quoted:
    case PrologTokenKind::open:
      return true;
    case PrologTokenKind::name:
      return find_prefix(peek_) != nullptr || find_infix(peek_) == nullptr;
    default:
      return false;
  }
}

bool PrologReader::read_name_operand() {
  const Span span = token_.span;
  if (is_bracket(peek_, "(") && !peek_.after_blank && !separator(token_)) {
    open(Bracket::arguments, token_.text, span);
    advance();
    advance();
    return true;
  }
  if (separator(token_)) expected("a term");
  if (is_name(token_, "-") && peek_.kind == PrologTokenKind::integer && !peek_.after_blank) {
    advance();
    operands_.push_back(terms_.add(PrologTerms::Kind::integer,
                                   token_.text == "0" ? "0" : "-" + token_.text,
                                   Span::join(span, token_.span)));
    advance();
    return false;
  }
  const Operator* prefix = find_prefix(token_);
  if (prefix != nullptr && starts_term()) {
    push_prefix(prefix->priority, prefix->right);
    advance();
    return true;
  }
  operands_.push_back(terms_.add(token_.text, {}, span));
  advance();
  return false;
}

void PrologReader::push_prefix(int priority, int right) {
  if (operators_.size() > frames_.back().operators && operators_.back().right < priority) {
    fail(token_.span, fmt::format("'{}' cannot stand right of '{}' without parentheses",
                                  token_.text, operators_.back().name));
  }
  operators_.push_back({token_.text, true, priority, right, token_.span});
}

// An infix operator at the token, if there is one.
bool PrologReader::read_operator() {
  const Operator* infix = find_infix(token_);
  const Bracket bracket = frames_.back().bracket;
  const bool lists =
      bracket == Bracket::arguments || bracket == Bracket::list || bracket == Bracket::tail;
  if (infix == nullptr || (lists && separator(token_))) return false;
  push_infix(token_.text == "|" ? ";" : token_.text, infix->left, infix->priority, infix->right);
  advance();
  return true;
}

void PrologReader::push_infix(const std::string& name, int left, int priority, int right) {
  const std::size_t base = frames_.back().operators;
  while (operators_.size() > base && operators_.back().priority <= left) reduce();
  if (operators_.size() > base && operators_.back().right < priority) {
    fail(token_.span, fmt::format("'{}' and '{}' do not combine without parentheses",
                                  operators_.back().name, name));
  }
  operators_.push_back({name, false, priority, right, token_.span});
}

// Builds the last pending operator's term.
void PrologReader::reduce() {
  const Pending made = std::move(operators_.back());
  operators_.pop_back();
  std::vector<PrologId> arguments{operands_.back()};
  operands_.pop_back();
  if (!made.prefix) {
    arguments.insert(arguments.begin(), operands_.back());
    operands_.pop_back();
  }
  const Span first = made.prefix ? made.span : terms_[arguments.front()].span;
  operands_.push_back(
      terms_.add(made.name, arguments, Span::join(first, terms_[arguments.back()].span)));
}

PrologId PrologReader::finish_expression(int limit) {
  while (operators_.size() > frames_.back().operators) {
    if (operators_.back().priority > limit) {
      fail(operators_.back().span,
           fmt::format("'{}' needs parentheses around its term here", operators_.back().name));
    }
    reduce();
  }
  const PrologId term = operands_.back();
  operands_.pop_back();
  return term;
}

// After an operand inside brackets: `,`, `|` or what closes them. True if an operand follows.
bool PrologReader::close_or_separate() {
  Frame& frame = frames_.back();
  const bool lists = frame.bracket == Bracket::arguments || frame.bracket == Bracket::list;
  if (lists && is_name(token_, ",")) {
    items_.push_back(finish_expression(kArgument));
    advance();
    return true;
  }
  if (frame.bracket == Bracket::list && is_name(token_, "|")) {
    items_.push_back(finish_expression(kArgument));
    frame.bracket = Bracket::tail;
    advance();
    return true;
  }
  const bool square = frame.bracket == Bracket::list || frame.bracket == Bracket::tail;
  const char* closing = square ? "]" : frame.bracket == Bracket::curly ? "}" : ")";
  if (!is_bracket(token_, closing)) expected(fmt::format("an operator, ',' or '{}'", closing));
  const Frame closed = frame;
  const bool whole = closed.bracket == Bracket::parenthesis || closed.bracket == Bracket::curly;
  items_.push_back(finish_expression(whole ? kTerm : kArgument));
  frames_.pop_back();
  close(closed);
  advance();
  return false;
}

// Makes the operand that a closed bracket means, out of the items since it was opened.
void PrologReader::close(const Frame& frame) {
  const Span span = Span::join(frame.begin, token_.span);
  const auto first = items_.begin() + static_cast<std::ptrdiff_t>(frame.items);
  switch (frame.bracket) {
    case Bracket::arguments:
      operands_.push_back(terms_.add(frame.functor, {first, items_.end()}, span));
      break;
    case Bracket::curly:
      operands_.push_back(terms_.add("{}", {items_.back()}, span));
      break;
    case Bracket::list:
      operands_.push_back(make_list(frame.items, terms_.add("[]", {}, token_.span), span));
      break;
    case Bracket::tail: {
      const PrologId tail = items_.back();
      items_.pop_back();
      operands_.push_back(make_list(frame.items, tail, span));
      break;
    }
    default:
      operands_.push_back(items_.back());
  }
  items_.resize(frame.items);
}

PrologId PrologReader::make_list(std::size_t first, PrologId tail, Span span) {
  for (std::size_t i = items_.size(); i-- > first;)
    tail = terms_.add("[|]", {items_[i], tail}, span);
  return tail;
}

}  // namespace ordo::machine::rmc
