#include "ordo/machine/rmc_prolog.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "ordo/machine/lexer.h"

namespace ordo::machine::rmc {
namespace {

struct Refused {
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view kArithmetic =
    "arithmetic is not in the subset; count with s(N) and z, whose addition also runs backwards, "
    "or "
    "ask add(X,Y,Z) and lt(X,Y) with --arith";
constexpr std::string_view kNegation = "negation is not a Horn clause; ask for what must hold";
constexpr std::string_view kInspects =
    "it depends on which variables are bound, so it is no relation; compare by clauses";
constexpr std::string_view kChanges = "a program's clauses do not change while it runs";
constexpr std::string_view kCollects =
    "answers are not collected inside a program; run the goal as a query";
constexpr std::string_view kPrints = "a relation does not read or write; ask for a variable";

// Goals of Prolog that are no relations, whatever their number of arguments.
constexpr Refused kRefused[] = {
    {"!", "a cut depends on the search, so the clauses are no relation any more; leave it out"},
    {"\\+", kNegation},
    {"not", kNegation},
    {"\\=", kNegation},
    {"dif", kNegation},
    {"->", "a conditional cuts; write a clause for each case"},
    {"*->", "a conditional cuts; write a clause for each case"},
    {";", "write a clause for each side of the disjunction"},
    {"is", kArithmetic},
    {"=:=", kArithmetic},
    {"=\\=", kArithmetic},
    {"<", kArithmetic},
    {">", kArithmetic},
    {"=<", kArithmetic},
    {">=", kArithmetic},
    {"between", kArithmetic},
    {"==", kInspects},
    {"\\==", kInspects},
    {"@<", kInspects},
    {"@>", kInspects},
    {"@=<", kInspects},
    {"@>=", kInspects},
    {"var", kInspects},
    {"nonvar", kInspects},
    {"ground", kInspects},
    {"atom", kInspects},
    {"number", kInspects},
    {"integer", kInspects},
    {"=..", kInspects},
    {"functor", kInspects},
    {"copy_term", kInspects},
    {"assert", kChanges},
    {"asserta", kChanges},
    {"assertz", kChanges},
    {"retract", kChanges},
    {"findall", kCollects},
    {"bagof", kCollects},
    {"setof", kCollects},
    {"forall", kCollects},
    {"write", kPrints},
    {"writeln", kPrints},
    {"print", kPrints},
    {"format", kPrints},
    {"nl", kPrints},
    {"read", kPrints},
    {"call", "goals are not data in the subset; call the predicate by its name"},
    {",", "goals are not data in the subset"},
    {":-", "':-' stands between a clause's head and its body"},
    {"?-", "'?-' stands before a query"},
    {"-->", "grammar rules are not in the subset; write the two list arguments"},
    {"{}", "grammar rules are not in the subset; write the two list arguments"},
    {":", "modules are not in the subset; name the predicate alone"}};

const Refused* refused(std::string_view name) {
  for (const Refused& r : kRefused)
    if (r.name == name) return &r;
  return nullptr;
}

class ClauseMaker {
 public:
  ClauseMaker(PrologProgram& program, Diagnostics& problems)
      : program_(program), terms_(program.terms), problems_(problems) {}

  void add(PrologId term) {
    const Span span = terms_[term].span;
    if (terms_.is(term, "?-", 1)) return add_query(terms_.argument(term, 0), span);
    const bool rule = terms_.is(term, ":-", 2);
    const PrologId head = rule ? terms_.argument(term, 0) : term;
    if (!check_head(head)) return;
    PrologClause clause{head, {}, span};
    if (rule && !add_goals(terms_.argument(term, 1), clause.goals)) return;
    program_.clauses.push_back(std::move(clause));
  }

  void add_query(PrologId body, Span span) {
    PrologClause query{0, {}, span};
    if (add_goals(body, query.goals)) program_.queries.push_back(std::move(query));
  }

 private:
  bool check_head(PrologId head) {
    if (terms_[head].kind != PrologTerms::Kind::compound) {
      problems_.error(terms_[head].span, "a clause's head must be an atom or f(t, ...)");
      return false;
    }
    const std::string& name = terms_.name(head);
    const bool reserved = name == "=" || name == "true" || name == "fail" || name == "false";
    if (const Refused* r = refused(name); r != nullptr || reserved) {
      problems_.error(terms_[head].span, fmt::format("'{}' cannot be defined by clauses", name),
                      r != nullptr ? std::string(r->why) : "its meaning is fixed");
      return false;
    }
    return true;
  }

  // The goals of a conjunction, left to right.
  bool add_goals(PrologId body, std::vector<PrologId>& goals) {
    const std::size_t before = problems_.count();
    std::vector<PrologId> rest{body};
    while (!rest.empty()) {
      const PrologId goal = rest.back();
      rest.pop_back();
      if (terms_.is(goal, ",", 2)) {
        rest.push_back(terms_.argument(goal, 1));
        rest.push_back(terms_.argument(goal, 0));
      } else if (!terms_.is(goal, "true", 0) && check_goal(goal)) {
        goals.push_back(goal);
      }
    }
    return problems_.count() == before;
  }

  bool check_goal(PrologId goal) {
    const PrologTerms::Node& node = terms_[goal];
    if (node.kind != PrologTerms::Kind::compound) {
      const bool variable = node.kind == PrologTerms::Kind::variable;
      problems_.error(node.span, fmt::format("a {} is no goal", variable ? "variable" : "number"),
                      variable ? "goals are not data in the subset" : "");
      return false;
    }
    const Refused* r = refused(terms_.name(goal));
    if (r == nullptr) return true;
    problems_.error(node.span, fmt::format("'{}' is not in the subset", terms_.name(goal)),
                    std::string(r->why));
    return false;
  }

  PrologProgram& program_;
  PrologTerms& terms_;
  Diagnostics& problems_;
};

using Predicate = std::pair<std::string_view, std::uint32_t>;

std::string indicator(const Predicate& p) {
  return fmt::format("{}/{}", prolog_atom(p.first), p.second);
}

// What to do about a goal without clauses.
std::string advice(const Predicate& goal, const std::set<Predicate>& defined) {
  for (const Predicate& p : defined)
    if (p.first == goal.first) return fmt::format("there is {}", indicator(p));
  static const std::set<std::string_view> kLibrary{"append", "member",      "length",  "reverse",
                                                   "select", "permutation", "nth0",    "nth1",
                                                   "last",   "msort",       "sumlist", "sum_list"};
  if (kLibrary.contains(goal.first)) return "no library is loaded; write the clauses you need";
  return "write a clause for it, or correct the name";
}

}  // namespace

void read_prolog(const SourceMap& sources, SourceId file, PrologProgram& program,
                 Diagnostics& problems) {
  PrologReader reader(sources, file, program.terms, problems);
  ClauseMaker maker(program, problems);
  while (const auto term = reader.next()) maker.add(*term);
}

void read_prolog_query(const SourceMap& sources, SourceId file, PrologProgram& program,
                       Diagnostics& problems) {
  PrologReader reader(sources, file, program.terms, problems);
  const auto term = reader.only();
  if (!term) return;
  const bool marked = program.terms.is(*term, "?-", 1);
  ClauseMaker(program, problems)
      .add_query(marked ? program.terms.argument(*term, 0) : *term, program.terms[*term].span);
}

void check_prolog_predicates(const PrologProgram& program, Arithmetic arithmetic,
                             Diagnostics& problems) {
  const PrologTerms& terms = program.terms;
  const auto predicate = [&](PrologId id) { return Predicate{terms.name(id), terms[id].arity}; };
  std::set<Predicate> defined;
  for (const PrologClause& clause : program.clauses) defined.insert(predicate(clause.head));
  std::set<Predicate> known{{"=", 2}, {"fail", 0}, {"false", 0}};
  if (arithmetic == Arithmetic::on) {
    const std::set<Predicate> built_in{{"add", 3}, {"lt", 2}};
    for (const PrologClause& clause : program.clauses) {
      if (!built_in.contains(predicate(clause.head))) continue;
      problems.error(clause.span,
                     fmt::format("{} is built in with --arith", indicator(predicate(clause.head))),
                     "call yours something else, or leave out --arith");
    }
    known.insert(built_in.begin(), built_in.end());
  }
  const auto check = [&](const PrologClause& clause) {
    for (const PrologId goal : clause.goals) {
      const Predicate p = predicate(goal);
      if (defined.contains(p) || known.contains(p)) continue;
      problems.error(terms[goal].span, fmt::format("no clause defines {}", indicator(p)),
                     advice(p, defined));
    }
  };
  for (const PrologClause& clause : program.clauses) check(clause);
  for (const PrologClause& query : program.queries) check(query);
}

std::string prolog_atom(std::string_view text) {
  if (text == "[]" || text == "{}" || text == "!" || text == ";") return std::string(text);
  constexpr std::string_view kSymbols = "+-*/\\^<>=~:.?@#&$";
  const bool symbols = !text.empty() && text.find_first_not_of(kSymbols) == std::string_view::npos;
  if (symbols && text != "." && !text.starts_with("/*")) return std::string(text);
  const auto plain = [&] {
    if (text.empty() || text[0] < 'a' || text[0] > 'z') return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    });
  };
  if (plain()) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\n')
      quoted += "\\n";
    else if (c == '\'' || c == '\\')
      (quoted += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      quoted += fmt::format("\\x{:x}\\", static_cast<unsigned>(c));
    else
      quoted += c;
  }
  return quoted += '\'';
}

}  // namespace ordo::machine::rmc
