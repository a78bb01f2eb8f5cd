// A parser without recursion: open brackets and parentheses stand on an explicit stack of groups,
// each with the term read so far and the items of the chain being read. A chain is built from its
// last item backwards once it ends. After an error the parser skips to the next '.' that ends a
// declaration and goes on.
#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/base/options.h"
#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/lexer.h"

namespace ordo::machine::fmc {
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
  kStar,
  kCaret,
  kAssign,
  kColon,
  kEquals,
  kBar,
  kComma
};

const std::vector<Punctuation> kMarks{
    {".", kDot},   {";", kSemicolon}, {"->", kArrow}, {"→", kArrow},   {"[", kOpen},
    {"]", kClose}, {"<", kLess},      {"⟨", kLess},   {">", kGreater}, {"⟩", kGreater},
    {"(", kLeft},  {")", kRight},     {"*", kStar},   {"⋆", kStar},    {"★", kStar},
    {"^", kCaret}, {":=", kAssign},   {"≔", kAssign}, {":", kColon},   {"=", kEquals},
    {"|", kBar},   {",", kComma}};

const std::set<std::string_view> kKeywords{"run", "reduce", "typeof", "data", "import", "with"};

struct Failed {};  // thrown from the innermost helper to the declaration's loop

class Parser {
 public:
  Parser(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
         Diagnostics& problems)
      : terms_(terms), sources_(sources), problems_(problems), lexer_(sources, file, kMarks) {
    for (Token& token : ahead_) token = lexer_.next();
    for (const Definition& definition : module.definitions) defined_.insert(definition.name);
  }

  TermId term();
  MemoryText memory(bool in_file);
  void module(Module& into, SourceMap& sources, std::vector<std::string>& importing);

  bool at(TokenKind kind, std::size_t k = 0) const { return ahead_[k].kind == kind; }
  bool at(Mark mark, std::size_t k = 0) const {
    return ahead_[k].kind == TokenKind::punctuation && ahead_[k].code == mark;
  }
  [[noreturn]] void expected(std::string_view what, std::string hint = {}) {
    const Token& token = ahead_[0];
    std::string found = token.kind == TokenKind::end   ? "the end of the text"
                        : token.kind == TokenKind::bad ? lexer_problem_
                                                       : fmt::format("'{}'", text(token));
    problems_.error(token.span, fmt::format("expected {}, found {}", what, found), std::move(hint));
    throw Failed{};
  }
  void recover() {
    while (!at(TokenKind::end)) {
      const bool dot = at(kDot);
      advance();
      if (dot && declaration_starts(0)) return;
    }
  }
  void finish_text() {
    if (!at(TokenKind::end)) expected("the end of the term");
  }

 private:
  struct Item {
    enum class Kind { push, pop, atom } kind;
    TermId term;  // what is pushed; the atom; pop: the binder's name
    Symbol location;
    Span span;
  };
  struct Group {
    Token open;             // '[' or '('; kind end: the outermost
    bool has_left = false;  // a term stands left of the chain being read
    TermId left = 0;
    Symbol jump = kSkip;  // how the chain joins it
    std::size_t first_item = 0;
    Span begin;
  };

  std::string_view text(const Token& token) const { return sources_.text(token.span); }
  Token advance() {
    const Token token = ahead_[0];
    ahead_[0] = ahead_[1];
    ahead_[1] = ahead_[2];
    ahead_[2] = lexer_.next();
    if (ahead_[0].kind == TokenKind::bad) lexer_problem_ = lexer_.problem();
    last_ = token.span;
    return token;
  }
  bool take(Mark mark) {
    if (!at(mark)) return false;
    advance();
    return true;
  }
  void require(Mark mark, std::string_view what) {
    if (!take(mark)) expected(what);
  }
  bool keyword(std::size_t k) const {
    return at(TokenKind::lower, k) && kKeywords.contains(text(ahead_[k]));
  }
  bool declaration_starts(std::size_t k) const {
    return at(TokenKind::end, k) || keyword(k) ||
           (k < 2 && at(TokenKind::lower, k) && at(kAssign, k + 1));
  }
  bool jump_at(std::size_t k) const {
    return at(TokenKind::upper, k) || at(TokenKind::integer, k) || at(TokenKind::string, k) ||
           at(kStar, k);
  }
  Symbol take_jump();
  Symbol take_lower(std::string_view what);
  void item();
  bool after_item();
  void end_chain();
  void close_group();
  TermId variable(const Token& token);
  void declaration(Module& into, SourceMap& sources, std::vector<std::string>& importing);
  void data(Module& into);

  Terms& terms_;
  const SourceMap& sources_;
  Diagnostics& problems_;
  Lexer lexer_;
  std::array<Token, 3> ahead_;
  std::string lexer_problem_ = "a stray character";
  Span last_;
  std::vector<Group> groups_;
  std::vector<Item> items_;
  std::uint32_t depth_ = 0;                                         // binders in scope
  std::unordered_map<Symbol, std::vector<std::uint32_t>> binders_;  // their levels, by name
  std::unordered_set<Symbol> closed_;  // names of binders that were in scope earlier
  std::unordered_set<Symbol> defined_;
};

Symbol Parser::take_jump() {
  const Token token = advance();
  if (token.kind == TokenKind::punctuation) return kSkip;
  if (token.kind == TokenKind::string)
    return terms_.intern(quote(unquote(text(token), token.span, problems_)));
  if (token.kind == TokenKind::integer) {  // canonical: no leading zeros, no -0
    std::string_view digits = text(token);
    const bool negative = digits[0] == '-';
    digits.remove_prefix(negative ? 1 : 0);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return terms_.intern((negative && digits != "0" ? "-" : "") + std::string(digits));
  }
  return terms_.intern(text(token));
}

Symbol Parser::take_lower(std::string_view what) {
  if (!at(TokenKind::lower) || keyword(0)) expected(what);
  return terms_.intern(text(advance()));
}

TermId Parser::variable(const Token& token) {
  const Symbol name = terms_.intern(text(token));
  if (const auto found = binders_.find(name); found != binders_.end() && !found->second.empty())
    return terms_.bound(depth_ - 1 - found->second.back());
  if (closed_.contains(name) && !defined_.contains(name)) {
    problems_.error(token.span, fmt::format("{} is not in scope here", text(token)),
                    fmt::format("a binder's scope ends with its chain, at ';' or ')'; did you mean "
                                "to parenthesise after <{}>.?",
                                text(token)));
  }
  return terms_.free(name);
}

// Reads one item, or opens a group.
void Parser::item() {
  Token token = ahead_[0];
  while (at(kOpen) || at(kLeft)) {
    advance();
    if (token.code == kOpen && at(kClose)) {
      advance();
      const Symbol location =
          at(TokenKind::lower) && !keyword(0) ? take_lower("a location") : kMain;
      items_.push_back({Item::Kind::push, terms_.skip(), location, Span::join(token.span, last_)});
      return;
    }
    groups_.push_back({token, false, 0, kSkip, items_.size(), ahead_[0].span});
    token = ahead_[0];
  }
  if (at(kLess) || (at(TokenKind::lower) && !keyword(0) && at(kLess, 1))) {
    const Symbol location = at(kLess) ? kMain : take_lower("a location");
    advance();
    const Symbol name = take_lower("a variable's name");
    require(kGreater, "'>' after the variable's name");
    binders_[name].push_back(depth_++);
    items_.push_back({Item::Kind::pop, name, location, Span::join(token.span, last_)});
    return;
  }
  if (at(TokenKind::lower) && !keyword(0)) {
    items_.push_back({Item::Kind::atom, variable(advance()), kMain, token.span});
  } else if (jump_at(0)) {
    items_.push_back({Item::Kind::atom, terms_.jump(take_jump()), kMain, token.span});
  } else {
    expected("a term: a variable, a jump, a literal, '[', '<' or '('");
  }
  terms_.set_span(items_.back().term, token.span);
}

// What may follow an item; false when the outermost group's term is complete.
bool Parser::after_item() {
  while (true) {
    if (items_.back().kind == Item::Kind::atom && at(kCaret)) {
      advance();
      if (!jump_at(0)) expected("a jump after '^'");
      Item& body = items_.back();
      body.term = terms_.loop(body.term, take_jump());
      body.span = Span::join(body.span, last_);
      terms_.set_span(body.term, body.span);
      continue;
    }
    const bool outermost = groups_.size() == 1;
    if (at(kDot) && !declaration_starts(1)) {
      advance();
      item();
      continue;
    }
    end_chain();
    if (take(kSemicolon)) {
      groups_.back().jump = kSkip;
      if (jump_at(0) && at(kArrow, 1)) {
        groups_.back().jump = take_jump();
        advance();
      }
      item();
      continue;
    }
    if (outermost) return false;
    close_group();
  }
}

// Builds the chain's items from the last one backwards and joins it to what stands left of it.
void Parser::end_chain() {
  Group& group = groups_.back();
  TermId chain = terms_.skip();
  const Span end = items_.back().span;
  for (bool last = true; items_.size() > group.first_item; last = false) {
    const Item entry = items_.back();
    items_.pop_back();
    const Span span = Span::join(entry.span, end);
    if (entry.kind == Item::Kind::push) {
      chain = terms_.push(entry.term, entry.location, chain);
    } else if (entry.kind == Item::Kind::pop) {
      chain = terms_.pop(entry.location, entry.term, chain);
      --depth_;
      binders_[entry.term].pop_back();
      closed_.insert(entry.term);
    } else {
      chain = last ? entry.term : terms_.join(entry.term, kSkip, chain);
    }
    terms_.set_span(chain, entry.kind == Item::Kind::atom ? span : entry.span);
  }
  if (group.has_left) chain = terms_.join(group.left, group.jump, chain);
  if (group.has_left) terms_.set_span(chain, Span::join(group.begin, end));
  group.has_left = true;
  group.left = chain;
}

void Parser::close_group() {
  const Group group = groups_.back();
  const bool pushed = group.open.code == kOpen;
  if (!at(pushed ? kClose : kRight)) {
    const Location place = sources_.locate(group.open.span);
    const std::string close = pushed ? "']'" : "')'";
    expected(at(kDot) ? close + " before the declaration ends" : "'.', ';' or " + close,
             fmt::format("'{}' was opened at {}", pushed ? "[" : "(", place.to_string()));
  }
  advance();
  groups_.pop_back();
  Item made{Item::Kind::atom, group.left, kMain, {}};
  if (pushed) {
    made.kind = Item::Kind::push;
    if (at(TokenKind::lower) && !keyword(0)) made.location = take_lower("a location");
  }
  made.span = Span::join(group.open.span, last_);
  items_.push_back(made);
}

TermId Parser::term() {
  groups_.assign(1, {{}, false, 0, kSkip, 0, ahead_[0].span});
  items_.clear();
  binders_.clear();
  closed_.clear();
  depth_ = 0;
  item();
  after_item();
  return groups_.back().left;
}

MemoryText Parser::memory(bool in_file) {
  MemoryText memory;
  const auto ended = [&] { return at(TokenKind::end) || (in_file && at(kDot)); };
  while (!ended()) {
    MemoryEntry entry{kMain, {}};
    if (at(TokenKind::lower)) {
      const Symbol name = take_lower("a location");
      entry.location = terms_.text(name) == "main" ? kMain : name;
    }
    require(kColon, "':' after the location");
    while (!ended() && !at(kSemicolon)) {
      if (take(kOpen)) {
        entry.values.push_back(take(kClose) ? terms_.skip() : term());
        if (entry.values.back() != terms_.skip()) require(kClose, "']'");
      } else if (jump_at(0)) {
        entry.values.push_back(terms_.jump(take_jump()));
      } else {
        expected("a value: a literal, a jump or a term in brackets");
      }
    }
    memory.push_back(std::move(entry));
    if (!take(kSemicolon) && !ended()) expected("';'");
  }
  return memory;
}

void Parser::data(Module& into) {
  if (!at(TokenKind::upper)) expected("the data type's name, with a capital");
  DataType type{terms_.intern(text(advance())), {}};
  while (at(TokenKind::lower)) advance();
  require(kEquals, "'='");
  do {
    if (!at(TokenKind::upper)) expected("a constructor's name, with a capital");
    const Symbol name = terms_.intern(text(advance()));
    std::uint32_t count = 0;
    while (at(TokenKind::upper) || at(TokenKind::lower) || at(kLeft)) {
      int open = 0;
      do {
        if (at(TokenKind::end)) expected("')'");
        open += at(kLeft) ? 1 : at(kRight) ? -1 : 0;
        advance();
      } while (open > 0);
      ++count;
    }
    type.constructors.emplace_back(name, count);
  } while (take(kBar));
  into.data.push_back(std::move(type));
}

void Parser::declaration(Module& into, SourceMap& sources, std::vector<std::string>& importing) {
  const Token start = ahead_[0];
  const std::string_view word = text(start);
  if (at(TokenKind::lower) && at(kAssign, 1)) {
    if (keyword(0)) expected("a name that is not a keyword");
    const Symbol name = take_lower("a name");
    advance();
    if (defined_.contains(name) || terms_.primitive(name) != nullptr)
      problems_.error(start.span, fmt::format("'{}' is defined already", terms_.text(name)));
    const TermId body = term();
    into.definitions.push_back({name, body, start.span});
    defined_.insert(name);
  } else if (!keyword(0)) {
    expected("a declaration: 'name := term.', run, reduce, typeof, data or import");
  } else if (advance(); word == "data") {
    data(into);
  } else if (word == "import") {
    if (!at(TokenKind::string)) expected("a file's name in quotes");
    const Token name = advance();
    const auto path = resolve_import(sources.name(name.span.source),
                                     unquote(text(name), name.span, problems_), ".fmc");
    if (std::find(importing.begin(), importing.end(), path.string()) != importing.end()) {
      problems_.error(name.span, fmt::format("'{}' imports itself in a circle", path.string()));
    } else {
      importing.push_back(path.string());
      try {
        const SourceId file = sources.add_file(path);
        Parser inner(terms_, sources, file, into, problems_);
        inner.module(into, sources, importing);
      } catch (const Error& error) {
        problems_.error(name.span, error.what());
      }
      importing.pop_back();
      for (const Definition& definition : into.definitions) defined_.insert(definition.name);
    }
  } else if (word == "with") {
    expected("a declaration");
  } else {
    Action action{word == "run"      ? Action::Kind::run
                  : word == "reduce" ? Action::Kind::reduce
                                     : Action::Kind::type,
                  0,
                  {},
                  start.span};
    action.term = term();
    if (keyword(0) && text(ahead_[0]) == "with") {
      advance();
      action.memory = memory(true);
    }
    into.actions.push_back(std::move(action));
  }
  require(kDot, "'.' at the end of the declaration");
}

void Parser::module(Module& into, SourceMap& sources, std::vector<std::string>& importing) {
  while (!at(TokenKind::end)) {
    try {
      declaration(into, sources, importing);
    } catch (const Failed&) {
      recover();
    }
  }
}

}  // namespace

const Definition* Module::find(Symbol name) const {
  for (const Definition& definition : definitions) {
    if (definition.name == name) return &definition;
  }
  return nullptr;
}

void parse_module(Terms& terms, SourceMap& sources, SourceId file, Module& module,
                  Diagnostics& problems) {
  Parser parser(terms, sources, file, module, problems);
  std::vector<std::string> importing{sources.name(file)};
  parser.module(module, sources, importing);
}

TermId parse_term(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                  Diagnostics& problems) {
  try {
    Parser parser(terms, sources, file, module, problems);
    const TermId term = parser.term();
    parser.finish_text();
    return term;
  } catch (const Failed&) {
    return terms.skip();
  }
}

MemoryText parse_memory(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                        Diagnostics& problems) {
  try {
    return Parser(terms, sources, file, module, problems).memory(false);
  } catch (const Failed&) {
    return {};
  }
}

}  // namespace ordo::machine::fmc
