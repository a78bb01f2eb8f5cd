// A parser without recursion: open parentheses and the scopes of `new` stand on an explicit stack
// of groups, each with the summands and the sequence read so far; open functors and lists of a term
// on another. `~` is a parity of the groups: where it is odd, pushes become pops and sequences are
// built from the end. After an error the parser skips to the next '.' before a declaration.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "ordo/base/options.h"
#include "ordo/machine/lexer.h"
#include "ordo/machine/rmc_syntax.h"

namespace ordo::machine::rmc {
namespace {

enum Mark : std::uint32_t {
  kDot,
  kSemicolon,
  kArrow,
  kOpen,
  kClose,
  kLess,
  kGreater,
  kLeft,
  kRight,
  kLeftBrace,
  kRightBrace,
  kStar,
  kPlus,
  kTilde,
  kColon,
  kEqual,
  kSame,
  kBar,
  kComma,
  kSkipSign,
  kFailSign,
  kNewSign
};

const std::vector<Punctuation> kMarks{
    {".", kDot},    {";", kSemicolon}, {"->", kArrow},    {"→", kArrow},      {"[", kOpen},
    {"]", kClose},  {"<", kLess},      {"⟨", kLess},      {">", kGreater},    {"⟩", kGreater},
    {"(", kLeft},   {")", kRight},     {"{", kLeftBrace}, {"}", kRightBrace}, {"*", kStar},
    {"+", kPlus},   {"~", kTilde},     {"∼", kTilde},     {":", kColon},      {"==", kSame},
    {"=", kEqual},  {"|", kBar},       {",", kComma},     {"⋆", kSkipSign},   {"∅", kFailSign},
    {"∃", kNewSign}};

const std::set<std::string_view> kReserved{"skip", "fail", "new", "from", "def",  "sort",  "fun",
                                           "loc",  "load", "run", "norm", "type", "equal", "dual"};
const std::set<std::string_view> kDeclarations{"def", "sort", "fun",  "loc",   "load",
                                               "run", "norm", "type", "equal", "dual"};

struct Failed {};  // thrown from the innermost helper to the declaration's loop

class Parser {
 public:
  Parser(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
         Diagnostics& problems)
      : terms_(terms),
        sources_(sources),
        module_(module),
        problems_(problems),
        lexer_(sources, file, kMarks) {
    for (Token& token : ahead_) {
      token = lexer_.next();
      if (token.kind == TokenKind::bad) lexer_problem_ = lexer_.problem();
    }
  }

  ProgramId program(bool allow_free);
  TermId term();
  Memory memory();
  void from(Query& query) {
    if (!word("from")) return;
    advance();
    if (!at(kLeftBrace)) expected("'{' before what the stacks hold", "from {in: a b; out: c}");
    query.memory = memory();
  }
  void module(Module& into, SourceMap& sources, const Loader& loader,
              std::vector<std::string>& loading);
  void finish_text(std::string_view what) {
    if (!at(TokenKind::end)) expected(what);
  }

 private:
  struct Item {
    ProgramId program;
    Span span;
  };
  struct Group {
    enum class Kind { outer, parenthesis, fresh } kind;
    Token open;
    bool odd;  // under an odd number of `~`
    std::size_t first_summand;
    std::size_t first_item;
    std::size_t first_variable = 0;  // fresh: its variables
  };
  struct OpenTerm {
    enum class Kind { arguments, list, tail } kind;
    Token open;
    Symbol functor;
    std::size_t first;
  };

  bool at(TokenKind kind, std::size_t k = 0) const { return ahead_[k].kind == kind; }
  bool at(Mark mark, std::size_t k = 0) const {
    return ahead_[k].kind == TokenKind::punctuation && ahead_[k].code == mark;
  }
  std::string_view text(const Token& token) const { return sources_.text(token.span); }
  bool word(std::string_view spelling) const {
    return at(TokenKind::lower) && text(ahead_[0]) == spelling;
  }
  bool name_at(std::size_t k = 0) const {  // a lower-case name that is not reserved
    return at(TokenKind::lower, k) && text(ahead_[k])[0] != '_' &&
           !kReserved.contains(text(ahead_[k]));
  }
  bool variable_at() const {
    return at(TokenKind::upper) || (at(TokenKind::lower) && text(ahead_[0])[0] == '_');
  }
  Token advance() {
    const Token token = ahead_[0];
    ahead_[0] = ahead_[1];
    ahead_[1] = lexer_.next();
    if (ahead_[1].kind == TokenKind::bad) lexer_problem_ = lexer_.problem();
    last_ = token.span;
    return token;
  }
  bool take(Mark mark) {
    if (!at(mark)) return false;
    advance();
    return true;
  }
  void require(Mark mark, std::string_view what, std::string hint = {}) {
    if (!take(mark)) expected(what, std::move(hint));
  }
  [[noreturn]] void expected(std::string_view what, std::string hint = {}) {
    const Token& token = ahead_[0];
    const std::string found = token.kind == TokenKind::end   ? "the end of the text"
                              : token.kind == TokenKind::bad ? lexer_problem_
                                                             : fmt::format("'{}'", text(token));
    problems_.error(token.span, fmt::format("expected {}, found {}", what, found), std::move(hint));
    throw Failed{};
  }
  void recover() {
    groups_.clear();
    while (!at(TokenKind::end)) {
      const bool dot = at(kDot);
      advance();
      if (dot && (at(TokenKind::end) || declaration_at())) return;
    }
  }
  bool declaration_at() const {
    return at(TokenKind::lower) && kDeclarations.contains(text(ahead_[0]));
  }
  std::string opened(const Token& open) const {
    return fmt::format("'{}' was opened at {}", text(open), sources_.locate(open.span).to_string());
  }
  Symbol take_name(std::string_view what) {
    if (!name_at()) expected(what);
    return terms_.intern(text(advance()));
  }

  // programs
  void open_atom();
  void simple_atom(bool odd, Token start);
  ProgramId definition_call(bool odd);
  bool after_atom();
  ProgramId end_sequence();
  void leave_scope(const Group& group);
  void open_new(Token start, bool odd);
  void add_item(ProgramId program, Span span) {
    terms_.set_span(program, span);
    items_.push_back({program, span});
  }
  std::string unknown_name(std::string_view name) const;
  Symbol known_location(const Token& token);

  // terms
  VarId variable(const Token& token);
  bool open_term();
  bool close_terms(std::size_t outermost);
  TermId application(Symbol functor, Span span, std::size_t first);

  // declarations
  void declaration(Module& into, SourceMap& sources, const Loader& loader,
                   std::vector<std::string>& loading);
  void definition(Module& into);
  void function(Module& into);
  void location(Module& into);
  void load(Module& into, SourceMap& sources, const Loader& loader,
            std::vector<std::string>& loading);
  void query(Module& into);
  Symbol sort();

  Terms& terms_;
  const SourceMap& sources_;
  const Module& module_;
  Diagnostics& problems_;
  Lexer lexer_;
  std::array<Token, 2> ahead_;
  std::string lexer_problem_ = "a stray character";
  Span last_;
  std::vector<Group> groups_;
  std::vector<Item> items_;
  std::vector<Item> summands_;
  std::vector<VarId> variables_;  // of the open `new`s
  std::vector<std::string_view> variable_names_;
  std::vector<OpenTerm> open_terms_;
  std::vector<TermId> values_;
  std::vector<VarId> anonymous_;  // the `_`s of the atom being read
  std::unordered_map<std::string_view, std::vector<VarId>> scope_;
  bool allow_free_ = true;
  std::string_view defining_;  // the name whose definition is being read
};

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
      require(kRight, "',' or ')' in the arguments", opened(open.open));
      values_.push_back(application(open.functor, open.open.span, open.first));
    } else {
      const bool tail = open.kind == OpenTerm::Kind::tail;
      require(kClose, tail ? "']' after the list's tail" : "',', '|' or ']' in the list",
              opened(open.open));
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
    require(kClose, "']' after the pushed term", opened(open));
    const Symbol where = name_at() ? known_location(advance()) : kMain;
    made = odd ? terms_.pop(where, pushed) : terms_.push(pushed, where);
  } else if (at(kLess) || (name_at() && at(kLess, 1))) {
    const Symbol where = at(kLess) ? kMain : known_location(advance());
    const Token open = advance();
    const TermId popped = term();
    require(kGreater, "'>' after the popped term", opened(open));
    made = odd ? terms_.push(popped, where) : terms_.pop(where, popped);
  } else if (at(kLeftBrace)) {
    const Token open = advance();
    const TermId left = term();
    require(kEqual, "'=' in the equation", "{s = t} unifies s and t");
    const TermId right = term();
    require(kRightBrace, "'}' after the equation", opened(open));
    made = odd ? terms_.equate(right, left) : terms_.equate(left, right);
  } else if (name_at()) {
    made = definition_call(odd);
  } else {
    expected("a program: '[', '<', a name, '{', '(', '~', new, skip or fail");
  }
  const Span span = Span::join(start.span, last_);
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
  Token start = ahead_[0];
  bool odd = groups_.back().odd;
  while (true) {
    if (take(kTilde)) {
      odd = !odd;
    } else if (at(kLeft)) {
      groups_.push_back(
          {Group::Kind::parenthesis, advance(), odd, summands_.size(), items_.size()});
      start = ahead_[0];
    } else if (word("new") || at(kNewSign)) {
      open_new(start, odd);
      start = ahead_[0];
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
      item.span = Span::join(item.span, last_);
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
      span = Span::join(group.open.span, last_);
    }
    items_.push_back({made, span});
    if (group.kind == Group::Kind::outer) return false;
  }
}

ProgramId Parser::program(bool allow_free) {
  groups_.assign(1, {Group::Kind::outer, ahead_[0], false, 0, 0});
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
    MemoryEntry entry{kMain, {}};
    if (name_at() && at(kColon, 1)) entry.location = known_location(advance());
    take(kColon);
    while (!ended() && !at(kSemicolon)) entry.items.push_back(term());
    memory.push_back(std::move(entry));
    if (!take(kSemicolon) && !ended()) expected("a term, ';' or '}'");
  }
  if (braces) require(kRightBrace, "'}' after what the stacks hold");
  return memory;
}

// ---- declarations ----

Symbol Parser::sort() {
  const Token token = ahead_[0];
  const Symbol name = take_name("a sort");
  if (!module_.sorts.empty() && !module_.sorts.contains(name)) {
    std::vector<std::string> known;
    for (const auto& [sort, span] : module_.sorts) known.push_back(terms_.text(sort));
    const auto guess = nearest(terms_.text(name), known);
    problems_.error(token.span, fmt::format("the sort '{}' is not declared", terms_.text(name)),
                    guess ? fmt::format("did you mean '{}'?", *guess)
                          : fmt::format("add 'sort {}.' before it", terms_.text(name)));
  }
  return name;
}

void Parser::definition(Module& into) {
  const Token token = ahead_[0];
  if (at(TokenKind::lower) && kReserved.contains(text(token))) {
    expected("a name that is not reserved");
  }
  const Symbol name = take_name("a name to define, in lower case");
  require(kEqual, "'=' after the name");
  if (const auto known = terms_.find_definition(name)) {
    const bool here = std::find(into.definitions.begin(), into.definitions.end(), *known) !=
                      into.definitions.end();
    if (here) {
      problems_.error(
          token.span, fmt::format("'{}' is defined already", text(token)),
          fmt::format("at {}", sources_.locate(terms_.definition(*known).span).to_string()));
    }
  }
  defining_ = text(token);
  const std::size_t before = problems_.count();
  const ProgramId body = program(false);
  defining_ = {};
  // A body with problems may hold free variables; fail stands for it.
  into.definitions.push_back(
      terms_.define(name, problems_.count() == before ? body : terms_.fail(), token.span));
}

void Parser::function(Module& into) {
  const Token token = ahead_[0];
  if (!at(TokenKind::quoted) && !at(TokenKind::lower)) expected("a function's name");
  const Symbol name = at(TokenKind::quoted)
                          ? terms_.atom(unquote(text(token), token.span, problems_))
                          : terms_.atom(text(token));
  advance();
  require(kColon, "':' after the function's name");
  FunctionSort made{{sort()}, 0, token.span};
  while (take(kStar)) made.arguments.push_back(sort());
  if (take(kArrow)) {
    made.result = sort();
  } else if (made.arguments.size() == 1) {
    made.result = made.arguments[0];
    made.arguments.clear();
  } else {
    expected("'*' or '->'");
  }
  into.functions[name] = made;
}

void Parser::location(Module& into) {
  const Token token = ahead_[0];
  if (!name_at()) expected("a location's name");
  const Symbol name = terms_.location(text(advance()));
  LocationSort made{std::nullopt, false, token.span};
  if (take(kColon)) {
    made.sort = sort();
    made.unbounded = take(kStar);
  }
  into.locations[name] = made;
}

void Parser::load(Module& into, SourceMap& sources, const Loader& loader,
                  std::vector<std::string>& loading) {
  LoadRequest request{"rmc", {}, ahead_[0].span};
  if (at(TokenKind::lower)) request.dialect = std::string(text(advance()));
  if (!at(TokenKind::string)) expected("a file's name in double quotes");
  const Token name = advance();
  request.span = name.span;
  const std::string extension = request.dialect == "rmc" ? ".rmc" : "";
  request.path = resolve_import(sources.name(name.span.source),
                                unquote(text(name), name.span, problems_), extension);
  try {
    if (request.dialect != "rmc") {
      if (!loader) {
        throw UsageError(fmt::format("there is no translator from '{}' here", request.dialect));
      }
      loader(request, terms_, sources, into, problems_);
    } else if (std::find(loading.begin(), loading.end(), request.path.string()) != loading.end()) {
      problems_.error(name.span,
                      fmt::format("'{}' loads itself in a circle", request.path.string()));
    } else {
      loading.push_back(request.path.string());
      const SourceId file = sources.add_file(request.path);
      Parser(terms_, sources, file, into, problems_).module(into, sources, loader, loading);
      loading.pop_back();
    }
  } catch (const Error& error) {
    problems_.error(name.span, error.what());
  }
}

void Parser::query(Module& into) {
  const Token start = advance();
  const std::string_view kind = text(start);
  Query made{kind == "run"     ? Query::Kind::run
             : kind == "norm"  ? Query::Kind::norm
             : kind == "type"  ? Query::Kind::type
             : kind == "equal" ? Query::Kind::equal
                               : Query::Kind::dual,
             program(true),
             0,
             {},
             start.span};
  if (made.kind == Query::Kind::equal) {
    require(kSame, "'==' between the two programs");
    made.other = program(true);
  }
  if (made.kind == Query::Kind::run) from(made);
  made.span = Span::join(start.span, last_);
  into.queries.push_back(std::move(made));
}

void Parser::declaration(Module& into, SourceMap& sources, const Loader& loader,
                         std::vector<std::string>& loading) {
  if (!declaration_at()) {
    std::string hint = "a file holds def, sort, fun, loc, load, run, norm, type, equal and dual";
    if (at(TokenKind::lower)) {
      const auto guess =
          nearest(std::string(text(ahead_[0])),
                  std::vector<std::string>(kDeclarations.begin(), kDeclarations.end()));
      if (guess) hint = fmt::format("did you mean '{}'?", *guess);
    }
    expected("a declaration", hint);
  }
  const std::string_view kind = text(ahead_[0]);
  if (kind == "def") {
    advance();
    definition(into);
  } else if (kind == "sort") {
    advance();
    const Token token = ahead_[0];
    into.sorts.try_emplace(take_name("a sort's name"), token.span);
  } else if (kind == "fun") {
    advance();
    function(into);
  } else if (kind == "loc") {
    advance();
    location(into);
  } else if (kind == "load") {
    advance();
    load(into, sources, loader, loading);
  } else {
    query(into);
  }
  require(kDot, "'.' at the end of the declaration");
}

void Parser::module(Module& into, SourceMap& sources, const Loader& loader,
                    std::vector<std::string>& loading) {
  while (!at(TokenKind::end)) {
    try {
      declaration(into, sources, loader, loading);
    } catch (const Failed&) {
      defining_ = {};
      recover();
    }
  }
}

template <class Result, class Work>
Result or_default(Result fallback, const Work& work) {
  try {
    return work();
  } catch (const Failed&) {
    return fallback;
  }
}

}  // namespace

bool is_reserved(std::string_view word) { return kReserved.contains(word); }

void parse_module(Terms& terms, SourceMap& sources, SourceId file, Module& module,
                  Diagnostics& problems, const Loader& loader) {
  Parser parser(terms, sources, file, module, problems);
  std::vector<std::string> loading{sources.name(file)};
  parser.module(module, sources, loader, loading);
}

ProgramId parse_program(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                        Diagnostics& problems) {
  return or_default(terms.fail(), [&] {
    Parser parser(terms, sources, file, module, problems);
    const ProgramId made = parser.program(true);
    parser.finish_text("';', '+', '*' or the end of the program");
    return made;
  });
}

Query parse_query(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                  Diagnostics& problems) {
  const Span whole{file, 0, static_cast<std::uint32_t>(sources.text(file).size())};
  return or_default(Query{Query::Kind::run, terms.fail(), 0, {}, whole}, [&] {
    Parser parser(terms, sources, file, module, problems);
    Query made{Query::Kind::run, parser.program(true), 0, {}, whole};
    parser.from(made);
    parser.finish_text("';', '+', '*', 'from {...}' or the end of the program");
    return made;
  });
}

Memory parse_memory(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                    Diagnostics& problems) {
  return or_default(Memory{}, [&] {
    Parser parser(terms, sources, file, module, problems);
    Memory made = parser.memory();
    parser.finish_text("the end of the memory");
    return made;
  });
}

TermId parse_term(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                  Diagnostics& problems) {
  return or_default(terms.constant(terms.nil()), [&] {
    Parser parser(terms, sources, file, module, problems);
    const TermId made = parser.term();
    parser.finish_text("the end of the term");
    return made;
  });
}

}  // namespace ordo::machine::rmc
