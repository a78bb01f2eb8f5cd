// A parser without recursion: open brackets and parentheses stand on an explicit stack of groups,
// each with the term read so far and the items of the chain being read. A chain is built from its
// last item backwards once it ends. After an error the parser skips to the next '.' that ends a
// declaration and goes on.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/base/options.h"
#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/fmc_tokens.h"

namespace ordo::machine::fmc {
namespace {

// The files that a text imports: those being read, outermost first, and those that are done.
struct Imports {
  std::vector<std::string> open;
  std::unordered_set<std::string> done;
};
constexpr std::size_t kMaxImports = 200;  // nested; each is a parser on the native stack

class Parser : private TokenStream {
 public:
  Parser(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
         Diagnostics& problems)
      : TokenStream(terms, sources, file, problems),
        terms_(terms),
        sources_(sources),
        module_(module),
        problems_(problems) {}

  TermId term();
  MemoryText memory(bool in_file);
  void module(Module& into, SourceMap& sources, Imports& imports);

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

  bool declaration_starts(std::size_t k) const {
    return at(TokenKind::end, k) || reserved_at(k) ||
           (k < 2 && at(TokenKind::lower, k) && at(kAssign, k + 1));
  }
  void item();
  bool after_item();
  void end_chain();
  void close_group();
  TermId variable(const Token& token);
  void declaration(Module& into, SourceMap& sources, Imports& imports);
  void data(Module& into);
  void add_data(Module& into, DataType type);

  Terms& terms_;
  const SourceMap& sources_;
  const Module& module_;
  Diagnostics& problems_;
  std::vector<Group> groups_;
  std::vector<Item> items_;
  std::uint32_t depth_ = 0;                                         // binders in scope
  std::unordered_map<Symbol, std::vector<std::uint32_t>> binders_;  // their levels, by name
  std::vector<std::pair<Symbol, Span>> open_names_;                 // used, not defined yet
  std::unordered_set<Symbol> closed_;  // names of binders that were in scope earlier
};

TermId Parser::variable(const Token& token) {
  const Symbol name = terms_.intern(text(token));
  if (const auto found = binders_.find(name); found != binders_.end() && !found->second.empty())
    return terms_.bound(depth_ - 1 - found->second.back());
  if (closed_.contains(name) && module_.find(name) == nullptr) {
    problems_.error(token.span, fmt::format("{} is not in scope here", text(token)),
                    fmt::format("a binder's scope ends with its chain, at ';' or ')'; did you mean "
                                "to parenthesise after <{}>.?",
                                text(token)));
  } else if (module_.find(name) == nullptr && terms_.primitive(name) == nullptr) {
    open_names_.emplace_back(name, token.span);
  }
  return terms_.free(name);
}

// Reads one item, or opens a group.
void Parser::item() {
  Token token = next();
  while (at(kOpen) || at(kLeft)) {
    advance();
    if (token.code == kOpen && at(kClose)) {
      advance();
      const Symbol location = name() ? take_name("a location") : kMain;
      items_.push_back({Item::Kind::push, terms_.skip(), location, Span::join(token.span, last())});
      return;
    }
    groups_.push_back({token, false, 0, kSkip, items_.size(), next().span});
    token = next();
  }
  if (at(kLess) || (at(TokenKind::lower) && !reserved_at() && at(kLess, 1))) {
    const Symbol location = at(kLess) ? kMain : take_name("a location");
    advance();
    const Symbol name = take_name("a variable's name");
    Symbol binder = name;
    if (take(kColon)) {
      TypeSyntax type = parse_type(*this);
      const std::string spelled = to_text(terms_, type);
      binder = terms_.annotate(name, std::move(type), spelled);
    }
    require(kGreater, "'>' after the variable's name");
    binders_[name].push_back(depth_++);
    items_.push_back({Item::Kind::pop, binder, location, Span::join(token.span, last())});
    return;
  }
  if (at(TokenKind::lower) && !reserved_at()) {
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
      body.span = Span::join(body.span, last());
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
      binders_[terms_.binder_name(entry.term)].pop_back();
      closed_.insert(terms_.binder_name(entry.term));
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
    if (at(TokenKind::lower) && !reserved_at()) made.location = take_name("a location");
  }
  made.span = Span::join(group.open.span, last());
  items_.push_back(made);
}

TermId Parser::term() {
  groups_.assign(1, {{}, false, 0, kSkip, 0, next().span});
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
      const Symbol name = take_name("a location");
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
  DataType type;
  type.span = next().span;
  if (!at(TokenKind::upper)) expected("the data type's name, with a capital");
  type.name = terms_.intern(text(advance()));
  while (name()) type.parameters.push_back(take_name("a parameter"));
  require(kEquals, "'='");
  do {
    Constructor made{0, {}, next().span};
    if (!at(TokenKind::upper)) expected("a constructor's name, with a capital");
    made.name = terms_.intern(text(advance()));
    while (at(TokenKind::upper) || name() || at(kLeft))
      made.arguments.push_back(parse_type_atom(*this));
    type.constructors.push_back(std::move(made));
  } while (take(kBar));
  if (at(kDot)) add_data(into, std::move(type));
}

// Keeps a type whose names are new. What its constructors carry is looked at once all types of the
// text are known, since they may refer to each other.
void Parser::add_data(Module& into, DataType type) {
  const std::string& name = terms_.text(type.name);
  if (name == "Int" || name == "Str" || into.find_data(type.name) != nullptr)
    return problems_.error(type.span, fmt::format("the type '{}' is declared already", name));
  std::unordered_set<Symbol> seen;
  for (const Constructor& made : type.constructors) {
    const DataType* other = into.data_of(made.name);
    if (other == nullptr && seen.insert(made.name).second) continue;
    return problems_.error(
        made.span,
        fmt::format("'{}' constructs the type '{}' already", terms_.text(made.name),
                    other != nullptr ? terms_.text(other->name) : name),
        "a constructor belongs to one type");
  }
  into.add(std::move(type));
}

void Parser::declaration(Module& into, SourceMap& sources, Imports& imports) {
  const Token start = next();
  const std::string_view word = text(start);
  if (at(TokenKind::lower) && at(kAssign, 1)) {
    if (reserved_at()) expected("a name that is not a keyword");
    const Symbol name = take_name("a name");
    advance();
    if (into.find(name) != nullptr || terms_.primitive(name) != nullptr)
      problems_.error(start.span, fmt::format("'{}' is defined already", terms_.text(name)));
    const TermId body = term();
    into.add(Definition{name, body, start.span});
  } else if (!reserved_at()) {
    expected("a declaration: 'name := term.', run, reduce, typeof, data or import");
  } else if (advance(); word == "data") {
    data(into);
  } else if (word == "import") {
    if (!at(TokenKind::string)) expected("a file's name in quotes");
    const Token name = advance();
    const auto path = resolve_import(sources.name(name.span.source),
                                     unquote(text(name), name.span, problems_), ".fmc");
    if (std::find(imports.open.begin(), imports.open.end(), path.string()) != imports.open.end()) {
      problems_.error(name.span, fmt::format("'{}' imports itself in a circle", path.string()));
    } else if (imports.open.size() > kMaxImports) {
      problems_.error(name.span, fmt::format("imports nest deeper than {} files", kMaxImports));
    } else if (imports.done.insert(path.string()).second) {  // what two files import is read once
      imports.open.push_back(path.string());
      try {
        const SourceId file = sources.add_file(path);
        Parser inner(terms_, sources, file, into, problems_);
        inner.module(into, sources, imports);
      } catch (const Error& error) {
        problems_.error(name.span, error.what());
      }
      imports.open.pop_back();
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
    if (reserved_at() && text(next()) == "with") {
      advance();
      action.memory = memory(true);
    }
    into.actions.push_back(std::move(action));
  }
  require(kDot, "'.' at the end of the declaration");
}

void Parser::module(Module& into, SourceMap& sources, Imports& imports) {
  while (!at(TokenKind::end)) {
    try {
      declaration(into, sources, imports);
    } catch (const ParseFailed&) {
      recover();
    }
  }
  for (const auto& [name, span] : open_names_) {
    if (into.find(name) == nullptr) continue;
    problems_.error(span, fmt::format("'{}' is defined only later", terms_.text(name)),
                    "definitions use earlier ones; a term repeats itself by a loop, M^*");
  }
}

}  // namespace

void parse_module(Terms& terms, SourceMap& sources, SourceId file, Module& module,
                  Diagnostics& problems) {
  Parser parser(terms, sources, file, module, problems);
  Imports imports{{sources.name(file)}, {}};
  const std::size_t known = module.data().size();
  parser.module(module, sources, imports);
  check_data(terms, module, known, problems);
}

TermId parse_term(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                  Diagnostics& problems) {
  try {
    Parser parser(terms, sources, file, module, problems);
    const TermId term = parser.term();
    parser.finish_text();
    return term;
  } catch (const ParseFailed&) {
    return terms.skip();
  }
}

MemoryText parse_memory(Terms& terms, const SourceMap& sources, SourceId file, const Module& module,
                        Diagnostics& problems) {
  try {
    return Parser(terms, sources, file, module, problems).memory(false);
  } catch (const ParseFailed&) {
    return {};
  }
}

}  // namespace ordo::machine::fmc
