// Logic programs answer as SLD resolution does (a resolution written here, beside the oracles); the
// kappa calculus as its environments do.
#include <map>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_dialect_testing.h"
#include "ordo/machine/rmc_machine.h"

namespace ordo::machine::rmc {
namespace {

std::vector<std::string> answers(const std::string& program, const std::string& goal,
                                 std::uint64_t limit = 0) {
  Translated t("prolog", program, goal);
  EXPECT_EQ(t.problems_text, "");
  RunOptions options;
  options.search = Search::dfs;
  options.limits.max_answers = limit;
  std::vector<std::string> found;
  for (const Answer& a :
       run(t.terms, t.query().program, t.query().memory, options, t.context).answers)
    found.push_back(print_answer(t.terms, a));
  return found;
}

using Lines = std::vector<std::string>;

constexpr const char* kAppend =
    "app([], L, L). app([H|T], L, [H|R]) :- app(T, L, R).\n"
    "rev([], []). rev([H|T], R) :- rev(T, S), app(S, [H], R).\n";

TEST(RmcLogic, Oracle02AppendForwardsAndBackwards) {
  EXPECT_EQ(answers(kAppend, "app([a], [b], Z)"), Lines{"Z = [a,b]"});
  EXPECT_EQ(answers(kAppend, "app(X, Y, [a, b, c])"),
            (Lines{"X = [], Y = [a,b,c]", "X = [a], Y = [b,c]", "X = [a,b], Y = [c]",
                   "X = [a,b,c], Y = []"}));
}

TEST(RmcLogic, Oracle03NaiveReverse) {
  EXPECT_EQ(answers(kAppend, "rev([1, 2, 3, 4], R)"), Lines{"R = [4,3,2,1]"});
}

TEST(RmcLogic, Oracle04Family) {
  const char* family =
      "par(tom, bob). par(tom, liz). par(bob, ann). par(bob, pat). par(pat, jim).\n"
      "anc(X, Y) :- par(X, Y). anc(X, Y) :- par(X, Z), anc(Z, Y).";
  EXPECT_EQ(answers(family, "anc(tom, W)"),
            (Lines{"W = bob", "W = liz", "W = ann", "W = pat", "W = jim"}));
  EXPECT_EQ(answers(family, "anc(W, jim)"), (Lines{"W = pat", "W = tom", "W = bob"}));
}

TEST(RmcLogic, AnswersCountAsOftenAsTheyAreDerived) {
  EXPECT_EQ(answers("p(a). p(a). p(b).", "p(X), p(X)").size(), 5U);
  EXPECT_EQ(answers("p(a).", "p(b)"), Lines{});
  EXPECT_EQ(answers("p(X) :- X = f(Y), Y = a.", "p(X)"), Lines{"X = f(a)"});
  EXPECT_EQ(answers("p(X, X).", "p(Y, f(Y))"), Lines{});  // the occurs check
}

// ---- SLD resolution over ground facts and rules, with environments of strings ----

// Random datalog: predicates p0..p2 of two arguments over constants a, b, c. Acyclic, so that
// depth-first search ends: a body calls only predicates of smaller number.
struct Literal {
  int predicate;
  std::string arguments[2];  // capitals are variables
};
struct Rule {
  Literal head;
  std::vector<Literal> body;
};
using Environment = std::map<std::string, std::string>;

std::string spell(const Literal& l) {
  return "p" + std::to_string(l.predicate) + "(" + l.arguments[0] + ", " + l.arguments[1] + ")";
}
bool is_variable(const std::string& text) { return text[0] >= 'A' && text[0] <= 'Z'; }

class Resolution {
 public:
  explicit Resolution(const std::vector<Rule>& rules) : rules_(rules) {}
  // Every derivation's X and Y, in textual order; "_" where unbound.
  Lines solve(const Literal& goal) {
    prove({goal}, {});
    return std::move(found_);
  }

 private:
  static std::string walk(const Environment& e, std::string text) {
    for (auto at = e.find(text); at != e.end(); at = e.find(text)) text = at->second;
    return text;
  }
  static bool unify(Environment& e, const std::string& left, const std::string& right) {
    const std::string a = walk(e, left), b = walk(e, right);
    if (a == b) return true;
    if (is_variable(a))
      e[a] = b;
    else if (is_variable(b))
      e[b] = a;
    else
      return false;
    return true;
  }
  void prove(std::vector<Literal> goals, const Environment& e) {
    if (goals.empty()) {
      const std::string x = walk(e, "X"), y = walk(e, "Y");
      if (is_variable(x) && x == y)
        found_.push_back("same");
      else
        found_.push_back((is_variable(x) ? "_" : x) + "," + (is_variable(y) ? "_" : y));
      return;
    }
    const Literal goal = goals.front();
    goals.erase(goals.begin());
    for (const Rule& rule : rules_) {
      if (rule.head.predicate != goal.predicate) continue;
      const std::string mark = std::to_string(++renamings_);
      const auto rename = [&](const std::string& s) { return is_variable(s) ? s + mark : s; };
      Environment next = e;
      if (!unify(next, goal.arguments[0], rename(rule.head.arguments[0])) ||
          !unify(next, goal.arguments[1], rename(rule.head.arguments[1])))
        continue;
      std::vector<Literal> rest;
      for (const Literal& l : rule.body)
        rest.push_back({l.predicate, {rename(l.arguments[0]), rename(l.arguments[1])}});
      rest.insert(rest.end(), goals.begin(), goals.end());
      prove(rest, next);
    }
  }

  const std::vector<Rule>& rules_;
  Lines found_;
  int renamings_ = 0;
};

TEST(RmcLogic, RandomProgramsAnswerInTheOrderOfResolution) {
  Random random(26);
  const char* terms[] = {"a", "b", "c", "U", "V", "W"};
  std::size_t total = 0;
  for (int i = 0; i < 100; ++i) {
    std::vector<Rule> rules;
    const auto literal = [&](int predicate, std::uint64_t first) {
      return Literal{
          predicate,
          {terms[first + random.below(6 - first)], terms[first + random.below(6 - first)]}};
    };
    std::string text;
    for (int k = 0; k < 8; ++k) {
      const int predicate = k < 3 ? k : static_cast<int>(random.below(3));
      Rule rule{literal(predicate, 0), {}};
      for (std::uint64_t n = predicate == 0 ? 0 : random.below(3); n > 0; --n)
        rule.body.push_back(
            literal(static_cast<int>(random.below(static_cast<std::uint64_t>(predicate))),
                    random.below(2) * 3));
      text += spell(rule.head);
      for (std::size_t b = 0; b < rule.body.size(); ++b)
        text += (b == 0 ? " :- " : ", ") + spell(rule.body[b]);
      text += ".\n";
      rules.push_back(std::move(rule));
    }
    const Literal goal{2, {"X", "Y"}};
    const Lines expected = Resolution(rules).solve(goal);
    Translated t("prolog", text, spell(goal));
    ASSERT_EQ(t.problems_text, "") << text;
    RunOptions options;
    options.search = Search::dfs;
    options.limits.max_answers = 0;
    Lines found;
    for (const Answer& a :
         run(t.terms, t.query().program, t.query().memory, options, t.context).answers) {
      std::map<std::string, TermId> value;
      for (const auto& [variable, term] : a.bindings) value[t.terms.variable_name(variable)] = term;
      const bool unbound = t.terms.term(value.at("X")).is_variable;
      if (unbound && t.terms.equal_terms(value["X"], value.at("Y"))) {
        found.push_back("same");
        continue;
      }
      const auto shown = [&](TermId term) {
        return t.terms.term(term).is_variable ? "_" : print_term(t.terms, term);
      };
      found.push_back(shown(value["X"]) + "," + shown(value["Y"]));
    }
    ASSERT_EQ(found, expected) << text;
    total += expected.size();
  }
  EXPECT_GT(total, 300U);
}

// ---- the kappa calculus: a stack of texts and environments ----

struct Kappa;
using KappaPtr = std::shared_ptr<const Kappa>;
struct Kappa {
  enum Kind { identity, push, abstraction, sequence } kind;
  std::string text = {};  // the term, or the variable
  KappaPtr left = nullptr, right = nullptr;
};
KappaPtr make(Kappa k) { return std::make_shared<Kappa>(std::move(k)); }

std::string spell(const Kappa& k) {
  switch (k.kind) {
    case Kappa::push:
      return "[" + k.text + "]";
    case Kappa::abstraction:
      return "(kappa " + k.text + ". " + spell(*k.left) + ")";
    case Kappa::sequence:
      return "(" + spell(*k.left) + "; " + spell(*k.right) + ")";
    default:
      return "id";
  }
}

using Stack = std::vector<std::string>;
// Terms are x, c, f(x) and f(c).
std::string evaluate(const std::string& term, const Environment& e) {
  if (term.starts_with("f(")) return "f(" + evaluate(term.substr(2, term.size() - 3), e) + ")";
  const auto found = e.find(term);
  return found == e.end() ? term : found->second;
}
bool evaluate(const Kappa& k, const Environment& e, Stack& stack) {
  if (k.kind == Kappa::push) stack.push_back(evaluate(k.text, e));
  if (k.kind == Kappa::sequence) return evaluate(*k.left, e, stack) && evaluate(*k.right, e, stack);
  if (k.kind != Kappa::abstraction) return true;
  if (stack.empty()) return false;
  Environment inner = e;
  inner[k.text] = stack.back();
  stack.pop_back();
  return evaluate(*k.left, inner, stack);
}

KappaPtr random_kappa(Random& random, int size) {
  const char* atoms[] = {"x", "y", "c", "f(x)", "f(y)", "f(f(x))"};
  if (size <= 1) {
    if (random.below(8) == 0) return make({Kappa::identity});
    return make({Kappa::push, atoms[random.below(6)]});
  }
  if (random.below(2) == 0)
    return make(
        {Kappa::abstraction, random.below(2) == 0 ? "x" : "y", random_kappa(random, size - 1)});
  const int left = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(size - 1)));
  return make({Kappa::sequence, "", random_kappa(random, left), random_kappa(random, size - left)});
}

TEST(RmcLogic, TheKappaCalculusRunsAsItsEnvironmentsDo) {
  Random random(27);
  int ended = 0, blocked = 0;
  for (int i = 0; i < 300; ++i) {
    const KappaPtr k = random_kappa(random, 2 + static_cast<int>(random.below(12)));
    Stack stack{"a", "b"};
    const bool ends = evaluate(*k, {}, stack);
    ++(ends ? ended : blocked);
    Translated t("kappa", spell(*k), "a b");
    ASSERT_EQ(t.problems_text, "") << spell(*k);
    const RunResult result = run(t.terms, t.query().program, t.query().memory, {}, t.context);
    ASSERT_EQ(result.answers.size(), ends ? 1U : 0U) << spell(*k);
    if (!ends) continue;
    Stack found;
    for (const MemoryEntry& entry : result.answers[0].memory)
      for (const TermId item : entry.items) found.push_back(print_term(t.terms, item));
    EXPECT_EQ(found, stack) << spell(*k);
  }
  EXPECT_GT(ended, 100);
  EXPECT_GT(blocked, 10);
}

}  // namespace
}  // namespace ordo::machine::rmc
