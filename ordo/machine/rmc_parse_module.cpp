// Declarations, and what the parser is called for.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/base/options.h"
#include "ordo/machine/rmc_parser.h"

namespace ordo::machine::rmc {

void Parser::recover() {
  groups_.clear();
  while (!at(TokenKind::end)) {
    const bool dot = at(kDot);
    advance();
    if (dot && (at(TokenKind::end) || declaration_at())) return;
  }
}

Symbol Parser::sort() {
  const Token token = next();
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
  const Token token = next();
  if (reserved_at()) expected("a name that is not reserved");
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
  const Token token = next();
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
  const Token token = next();
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
  LoadRequest request{"rmc", {}, next().span};
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
  made.span = Span::join(start.span, last());
  into.queries.push_back(std::move(made));
}

void Parser::declaration(Module& into, SourceMap& sources, const Loader& loader,
                         std::vector<std::string>& loading) {
  if (!declaration_at()) {
    std::string hint = "a file holds def, sort, fun, loc, load, run, norm, type, equal and dual";
    if (at(TokenKind::lower)) {
      const auto guess = nearest(std::string(text()), declaration_words());
      if (guess) hint = fmt::format("did you mean '{}'?", *guess);
    }
    expected("a declaration", hint);
  }
  const std::string_view kind = text();
  if (kind == "def") {
    advance();
    definition(into);
  } else if (kind == "sort") {
    advance();
    const Token token = next();
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
    } catch (const ParseFailed&) {
      defining_ = {};
      recover();
    }
  }
}

void Parser::from(Query& query) {
  if (!word("from")) return;
  advance();
  if (!at(kLeftBrace)) expected("'{' before what the stacks hold", "from {in: a b; out: c}");
  query.memory = memory();
}

namespace {

template <class Result, class Work>
Result or_default(Result fallback, const Work& work) {
  try {
    return work();
  } catch (const ParseFailed&) {
    return fallback;
  }
}

}  // namespace

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
