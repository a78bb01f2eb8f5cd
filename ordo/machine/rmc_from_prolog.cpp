#include "ordo/machine/rmc_from_prolog.h"

#include <unordered_map>
#include <vector>

#include "ordo/machine/rmc_prolog.h"

namespace ordo::machine::rmc {
namespace {

class ClauseTranslator {
 public:
  ClauseTranslator(Terms& terms, const PrologTerms& prolog)
      : terms_(terms), prolog_(prolog), goals_(terms.location("g")) {}

  ProgramId clause(const PrologClause& clause) {
    begin(Variables::bound);
    const TermId head = term(clause.head);
    std::vector<ProgramId> parts{terms_.pop(goals_, head)};
    push_goals(clause, parts);
    return terms_.fresh(fresh_, terms_.seq(parts));
  }

  // new X. g<X = X>
  ProgramId equality() {
    const VarId x = terms_.fresh_variable("X");
    return terms_.fresh(x, terms_.pop(goals_, terms_.app("=", {terms_.var(x), terms_.var(x)})));
  }

  // new X Y Z. g<add(X,Y,Z)>; [add(X,Y,Z)]arith
  ProgramId built_in(std::string_view name, int arity) {
    std::vector<VarId> variables;
    std::vector<TermId> args;
    for (int i = 0; i < arity; ++i) {
      variables.push_back(terms_.fresh_variable(std::string(1, "XYZ"[i])));
      args.push_back(terms_.var(variables.back()));
    }
    const TermId goal = terms_.app(terms_.atom(name), args);
    return terms_.fresh(
        variables,
        terms_.seq(terms_.pop(goals_, goal), terms_.push(goal, terms_.location(kArithmeticStack))));
  }

  ProgramId query(const PrologClause& query, ProgramId program) {
    begin(Variables::free);
    const TermId end = terms_.constant("end");
    std::vector<ProgramId> parts{terms_.push(end, goals_)};
    push_goals(query, parts);
    parts.push_back(program);
    parts.push_back(terms_.pop(goals_, end));
    return terms_.fresh(fresh_, terms_.seq(parts));
  }

 private:
  enum class Variables { bound, free };

  void begin(Variables kind) {
    kind_ = kind;
    variables_.clear();
    fresh_.clear();
  }

  void push_goals(const PrologClause& clause, std::vector<ProgramId>& parts) {
    // Terms are made in textual order, so that variables are bound in that order too.
    std::vector<TermId> goals;
    for (const PrologId goal : clause.goals) goals.push_back(term(goal));
    for (auto goal = goals.rbegin(); goal != goals.rend(); ++goal)
      parts.push_back(terms_.push(*goal, goals_));
  }

  TermId variable(PrologId id) {
    const std::string& name = prolog_.name(id);
    if (name != "_") {
      if (kind_ == Variables::free) return terms_.var(terms_.free_variable(name));
      const auto known = variables_.find(prolog_[id].name);
      if (known != variables_.end()) return terms_.var(known->second);
    }
    const VarId made = terms_.fresh_variable(name);
    if (name != "_") variables_.emplace(prolog_[id].name, made);
    fresh_.push_back(made);
    return terms_.var(made);
  }

  Symbol functor(PrologId id) {
    const std::string& name = prolog_.name(id);
    const std::uint32_t arity = prolog_[id].arity;
    if (name == "[]" && arity == 0) return terms_.nil();
    if (name == "[|]" && arity == 2) return terms_.cons();
    if (arity == 0) return terms_.atom(unlike_marks(name, {"nil", "end"}));
    return terms_.atom(arity == 2 ? unlike_marks(name, {"cons"}) : name);
  }

  // Arguments wait on a stack until the last is there.
  TermId term(PrologId root) {
    struct Open {
      PrologId id;
      std::uint32_t next;
      std::size_t base;
    };
    std::vector<Open> open{{root, 0, 0}};
    std::vector<TermId> made;
    while (!open.empty()) {
      Open& top = open.back();
      const PrologTerms::Node& node = prolog_[top.id];
      if (node.kind == PrologTerms::Kind::compound && top.next < node.arity) {
        const PrologId argument = prolog_.argument(top.id, top.next++);
        open.push_back({argument, 0, made.size()});
        continue;
      }
      const Open done = top;
      open.pop_back();
      TermId result = 0;
      if (node.kind == PrologTerms::Kind::variable) {
        result = variable(done.id);
      } else if (node.kind == PrologTerms::Kind::integer) {
        result = terms_.integer(prolog_.name(done.id));
      } else {
        result = terms_.app(functor(done.id), std::span(made).subspan(done.base));
      }
      made.resize(done.base);
      made.push_back(result);
    }
    return made.back();
  }

  Terms& terms_;
  const PrologTerms& prolog_;
  Symbol goals_;
  Variables kind_ = Variables::bound;
  std::unordered_map<std::uint32_t, VarId> variables_;
  std::vector<VarId> fresh_;
};

bool uses_equality(const PrologProgram& program) {
  for (const auto* list : {&program.clauses, &program.queries}) {
    for (const PrologClause& clause : *list) {
      for (const PrologId goal : clause.goals)
        if (program.terms.is(goal, "=", 2)) return true;
    }
  }
  return false;
}

}  // namespace

void from_prolog(Translation& t) {
  PrologProgram prolog;
  read_prolog(t.sources, t.file, prolog, t.problems);
  if (t.question) read_prolog_query(t.sources, *t.question, prolog, t.problems);
  if (t.problems.empty()) check_prolog_predicates(prolog, t.arithmetic, t.problems);
  ClauseTranslator translator(t.terms, prolog.terms);
  std::vector<ProgramId> clauses;
  for (const PrologClause& clause : prolog.clauses) clauses.push_back(translator.clause(clause));
  if (uses_equality(prolog)) clauses.push_back(translator.equality());
  if (t.arithmetic == Arithmetic::on) {
    clauses.push_back(translator.built_in("add", 3));
    clauses.push_back(translator.built_in("lt", 2));
  }
  const ProgramId program = t.define(t.terms.star(t.terms.sum(clauses)));
  for (const PrologClause& query : prolog.queries) t.ask(translator.query(query, program));
}

}  // namespace ordo::machine::rmc
