// Words, terms and programs.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/options.h"
#include "ordo/machine/rmc_parser.h"

namespace ordo::machine::rmc {
namespace {

const std::vector<Punctuation> kMarks{
    {".", kDot},    {";", kSemicolon}, {"->", kArrow},    {"→", kArrow},      {"[", kOpen},
    {"]", kClose},  {"<", kLess},      {"⟨", kLess},      {">", kGreater},    {"⟩", kGreater},
    {"(", kLeft},   {")", kRight},     {"{", kLeftBrace}, {"}", kRightBrace}, {"*", kStar},
    {"+", kPlus},   {"~", kTilde},     {"∼", kTilde},     {":", kColon},      {"==", kSame},
    {"=", kEqual},  {"|", kBar},       {",", kComma},     {"⋆", kSkipSign},   {"∅", kFailSign},
    {"∃", kNewSign}};

constexpr std::string_view kReserved[] = {"def",  "sort",  "fun",  "loc",  "load", "run", "norm",
                                          "type", "equal", "dual", "skip", "fail", "new", "from"};
constexpr std::size_t kDeclarations = 10;  // those of them that begin one, the first

}  // namespace

Parser::Parser(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
               Diagnostics& problems)
    : TokenReader(sources, file, problems, kMarks, kReserved),
      terms_(terms),
      sources_(sources),
      module_(module),
      problems_(problems) {}

bool is_reserved(std::string_view word) {
  return std::find(std::begin(kReserved), std::end(kReserved), word) != std::end(kReserved);
}

bool Parser::declaration_at() const { return reserved_at() && next().code <= kDeclarations; }
std::vector<std::string> Parser::declaration_words() {
  return {std::begin(kReserved), std::begin(kReserved) + kDeclarations};
}

std::string Parser::opened(const Token& open) const {
  return fmt::format("'{}' was opened at {}", text(open), sources_.locate(open.span).to_string());
}

// ---- terms ----

VarId Parser::variable(const Token& token) {
  const std::string_view name = text(token);
  if (name == "_") {
    anonymous_.push_back(terms_.fresh_variable("_"));
    return anonymous_.back();
  }
  const auto found = scope_.find(name);
  if (found != scope_.end() && !found->second.empty()) return found->second.back();
  if (!allow_free_) {
    problems_.error(token.span, fmt::format("the variable {} has no 'new' around it", name),
                    fmt::format("a definition is closed: write 'new {}.' where it begins", name));
  }
  return terms_.free_variable(name);
}

TermId Parser::application(Symbol functor, Span span, std::size_t first) {
  const std::size_t count = values_.size() - first;
  const auto declared = module_.functions.find(functor);
  if (declared != module_.functions.end() && declared->second.arguments.size() != count) {
    problems_.error(
        span,
        fmt::format("'{}' takes {} arguments, not {}", terms_.text(functor),
                    declared->second.arguments.size(), count),
        fmt::format("it is declared at {}", sources_.locate(declared->second.span).to_string()));
  }
  const TermId made = terms_.app(functor, std::span(values_).subspan(first));
  values_.resize(first);
  return made;
}

// Reads one term without arguments, or opens one. True if a value is complete.
bool Parser::open_term() {
  if (variable_at()) {
    values_.push_back(terms_.var(variable(advance())));
    return true;
  }
  if (at(TokenKind::integer)) {
    values_.push_back(terms_.integer(text(advance())));
    return true;
  }
  if (at(kOpen)) {
    const Token open = advance();
    if (take(kClose)) {
      values_.push_back(terms_.constant(terms_.nil()));
      return true;
    }
    open_terms_.push_back({OpenTerm::Kind::list, open, 0, values_.size()});
    return false;
  }
  if (!at(TokenKind::lower) && !at(TokenKind::quoted)) {
    expected("a term: a variable, a name, an integer or a list");
  }
  const Token token = advance();
  const Symbol functor = token.kind == TokenKind::quoted
                             ? terms_.atom(unquote(text(token), token.span, problems_))
                             : terms_.atom(text(token));
  if (take(kLeft)) {
    open_terms_.push_back({OpenTerm::Kind::arguments, token, functor, values_.size()});
    return false;
  }
  values_.push_back(application(functor, token.span, values_.size()));
  return true;
}

// After a complete value: closes what ends here. True if the outermost term is complete.
bool Parser::close_terms(std::size_t outermost) {
  while (open_terms_.size() > outermost) {
    OpenTerm& open = open_terms_.back();
    if (open.kind != OpenTerm::Kind::tail && take(kComma)) return false;
    if (open.kind == OpenTerm::Kind::list && take(kBar)) {
      open.kind = OpenTerm::Kind::tail;
      return false;
    }
    if (open.kind == OpenTerm::Kind::arguments) {
      if (!take(kRight)) expected("',' or ')' in the arguments", opened(open.open));
      values_.push_back(application(open.functor, open.open.span, open.first));
    } else {
      const bool tail = open.kind == OpenTerm::Kind::tail;
      if (!take(kClose)) {
        expected(tail ? "']' after the list's tail" : "',', '|' or ']' in the list",
                 opened(open.open));
      }
      TermId rest = terms_.constant(terms_.nil());
      if (tail) {
        rest = values_.back();
        values_.pop_back();
      }
      const TermId made = terms_.list(std::span(values_).subspan(open.first), rest);
      values_.resize(open.first);
      values_.push_back(made);
    }
    open_terms_.pop_back();
  }
  return true;
}

TermId Parser::term() {
  const std::size_t outermost = open_terms_.size();
  while (!open_term() || !close_terms(outermost)) {
  }
  const TermId made = values_.back();
  values_.pop_back();
  return made;
}

// ---- programs ----

Symbol Parser::known_location(const Token& token) {
  const Symbol name = terms_.location(text(token));
  if (name != kMain && !module_.locations.empty() && !module_.locations.contains(name)) {
    std::vector<std::string> known;
    for (const auto& [location, sort] : module_.locations) known.push_back(terms_.text(location));
    const auto guess = nearest(std::string(text(token)), known);
    problems_.error(token.span, fmt::format("the location '{}' is not declared", text(token)),
                    guess ? fmt::format("did you mean '{}'?", *guess)
                          : fmt::format("add 'loc {} : SORT.' before it", text(token)));
  }
  return name;
}

std::string Parser::unknown_name(std::string_view name) const {
  if (problems_.full()) return {};
  if (name == defining_) {
    return "a definition cannot call itself: recursion goes through '*' with a control stack";
  }
  std::vector<std::string> known{"skip", "fail", "new"};
  for (std::size_t i = 0; i < terms_.definition_count(); ++i) {
    known.push_back(terms_.text(terms_.definition(static_cast<DefinitionId>(i)).name));
  }
  if (const auto guess = nearest(std::string(name), known)) {
    return fmt::format("did you mean '{}'?", *guess);
  }
  return fmt::format(
      "define it before: 'def {} = ... .'; a constant is pushed with [{}] and popped "
      "with <{}>",
      name, name, name);
}

ProgramId Parser::definition_call(bool odd) {
  const Token token = advance();
  const auto found = terms_.find_definition(terms_.intern(text(token)));
  if (!found) {
    problems_.error(token.span, fmt::format("the name '{}' is not defined", text(token)),
                    unknown_name(text(token)));
    return terms_.fail();
  }
  const ProgramId call = terms_.call(*found);
  return odd ? terms_.dual(call) : call;
}

void Parser::simple_atom(bool odd, Token start) {
  anonymous_.clear();
  ProgramId made = 0;
  if (take(kSkipSign)) {
    made = terms_.skip();
  } else if (take(kFailSign)) {
    made = terms_.fail();
  } else if (word("skip") || word("fail")) {
    made = text(advance()) == "skip" ? terms_.skip() : terms_.fail();
  } else if (at(kOpen)) {
    const Token open = advance();
    const TermId pushed = term();
    if (!take(kClose)) expected("']' after the pushed term", opened(open));
    const Symbol where = name_at() ? known_location(advance()) : kMain;
    made = odd ? terms_.pop(where, pushed) : terms_.push(pushed, where);
  } else if (at(kLess) || (name_at() && at(kLess, 1))) {
    const Symbol where = at(kLess) ? kMain : known_location(advance());
    const Token open = advance();
    const TermId popped = term();
    if (!take(kGreater)) expected("'>' after the popped term", opened(open));
    made = odd ? terms_.push(popped, where) : terms_.pop(where, popped);
  } else if (at(kLeftBrace)) {
    const Token open = advance();
    const TermId left = term();
    require(kEqual, "'=' in the equation", "{s = t} unifies s and t");
    const TermId right = term();
    if (!take(kRightBrace)) expected("'}' after the equation", opened(open));
    made = odd ? terms_.equate(right, left) : terms_.equate(left, right);
  } else if (name_at()) {
    made = definition_call(odd);
  } else {
    expected("a program: '[', '<', a name, '{', '(', '~', new, skip or fail");
  }
  const Span span = Span::join(start.span, last());
  terms_.set_span(made, span);
  made = terms_.fresh(anonymous_, made);
  add_item(made, span);
}

void Parser::open_new(Token start, bool odd) {
  groups_.push_back(
      {Group::Kind::fresh, start, odd, summands_.size(), items_.size(), variables_.size()});
  advance();
  if (!variable_at()) expected("a variable after 'new'", "variables begin with a capital or '_'");
  while (variable_at()) {
    const Token token = advance();
    const VarId made = terms_.fresh_variable(text(token));
    variables_.push_back(made);
    variable_names_.push_back(text(token));
    scope_[text(token)].push_back(made);
  }
  require(kDot, "a variable or '.' after the variables of 'new'");
}

// Reads one atom without parts, after opening the groups before it.
void Parser::open_atom() {
  Token start = next();
  bool odd = groups_.back().odd;
  while (true) {
    if (take(kTilde)) {
      odd = !odd;
    } else if (at(kLeft)) {
      groups_.push_back(
          {Group::Kind::parenthesis, advance(), odd, summands_.size(), items_.size()});
      start = next();
    } else if (word("new") || at(kNewSign)) {
      open_new(start, odd);
      start = next();
    } else {
      return simple_atom(odd, start);
    }
  }
}

ProgramId Parser::end_sequence() {
  const Group& group = groups_.back();
  std::vector<ProgramId> parts;
  const Span span = Span::join(items_[group.first_item].span, items_.back().span);
  for (std::size_t i = group.first_item; i < items_.size(); ++i) parts.push_back(items_[i].program);
  if (group.odd) std::reverse(parts.begin(), parts.end());
  items_.resize(group.first_item);
  const ProgramId made = terms_.seq(parts);
  if (parts.size() > 1) terms_.set_span(made, span);
  items_.push_back({made, span});
  return made;
}

void Parser::leave_scope(const Group& group) {
  for (std::size_t i = variables_.size(); i-- > group.first_variable;) {
    scope_[variable_names_[i]].pop_back();
  }
  variables_.resize(group.first_variable);
  variable_names_.resize(group.first_variable);
}

// What may follow an atom; false when the outermost program is complete.
bool Parser::after_atom() {
  while (true) {
    while (at(kStar)) {
      advance();
      Item& item = items_.back();
      item.span = Span::join(item.span, last());
      item.program = terms_.star(item.program);
      terms_.set_span(item.program, item.span);
    }
    if (take(kSemicolon)) return true;
    end_sequence();
    const Group group = groups_.back();
    Item item = items_.back();
    items_.pop_back();
    if (group.kind == Group::Kind::fresh) {
      item.program =
          terms_.fresh(std::span(variables_).subspan(group.first_variable), item.program);
      item.span = Span::join(group.open.span, item.span);
      leave_scope(group);
      groups_.pop_back();
      add_item(item.program, item.span);
      continue;
    }
    summands_.push_back(item);
    if (take(kPlus)) return true;
    if (group.kind == Group::Kind::parenthesis && !at(kRight)) {
      expected("';', '+', '*' or ')'", opened(group.open));
    }
    std::vector<ProgramId> parts;
    for (std::size_t i = group.first_summand; i < summands_.size(); ++i) {
      parts.push_back(summands_[i].program);
    }
    Span span = Span::join(summands_[group.first_summand].span, item.span);
    summands_.resize(group.first_summand);
    const ProgramId made = terms_.sum(parts);
    if (parts.size() > 1) terms_.set_span(made, span);
    groups_.pop_back();
    if (group.kind == Group::Kind::parenthesis) {
      advance();
      span = Span::join(group.open.span, last());
    }
    items_.push_back({made, span});
    if (group.kind == Group::Kind::outer) return false;
  }
}

ProgramId Parser::program(bool allow_free) {
  groups_.assign(1, {Group::Kind::outer, next(), false, 0, 0});
  items_.clear();
  summands_.clear();
  variables_.clear();
  variable_names_.clear();
  open_terms_.clear();
  values_.clear();
  scope_.clear();
  allow_free_ = allow_free;
  do {
    open_atom();
  } while (after_atom());
  allow_free_ = true;
  return items_.back().program;
}

Memory Parser::memory() {
  Memory memory;
  const bool braces = take(kLeftBrace);
  const auto ended = [&] { return at(TokenKind::end) || at(kRightBrace); };
  scope_.clear();
  while (!ended()) {
    Symbol location = kMain;
    if (name_at() && at(kColon, 1)) location = known_location(advance());
    take(kColon);
    // What is said of a stack that was named before lies on top of it.
    auto entry = std::ranges::find(memory, location, &MemoryEntry::location);
    if (entry == memory.end()) entry = memory.insert(entry, {location, {}});
    while (!ended() && !at(kSemicolon)) entry->items.push_back(term());
    if (!take(kSemicolon) && !ended()) expected("a term, ';' or '}'");
  }
  if (braces) require(kRightBrace, "'}' after what the stacks hold");
  return memory;
}

}  // namespace ordo::machine::rmc
