// Normal forms: the calculus' oracles, the rewriting relation against the direct computation,
// confluence, soundness for the machine, duality.
#include "ordo/machine/rmc_normal.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_reduce.h"
#include "ordo/machine/rmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::rmc {
namespace {

std::string normal_text(Session& s, ProgramId program, Eta eta = Eta::on) {
  NormalOptions options;
  options.eta = eta;
  return print(s.terms, normalise(s.terms, program, options, s.context).program);
}
std::string reduced_text(Session& s, ProgramId program, Strategy strategy, Eta eta = Eta::on) {
  ReduceOptions options;
  options.strategy = strategy;
  options.eta = eta;
  const ReduceResult result = reduce(s.terms, program, options, s.context);
  EXPECT_TRUE(result.normal);
  return print(s.terms, result.program);
}

void expect_normal(Session& s, const std::string& program, const std::string& expected) {
  EXPECT_EQ(normal_text(s, s.program(program)), expected) << program;
  EXPECT_EQ(reduced_text(s, s.program(program), Strategy::normal), expected) << program;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(reduced_text(s, s.program(program), Strategy::random), expected) << program;
  }
}

const char* kWires = "def swap = new X Y. <X>;<Y>;[X];[Y]. def dup = new X. <X>;[X];[X].";

TEST(Rmc, Oracle14NormalForms) {
  Session s;
  s.define(kWires);
  expect_normal(s, "swap;swap", "skip");
  expect_normal(s, "new X.[X];<f(a)>;[g(X)]", "[g(f(a))]");
  expect_normal(s, "[f(a,b)];<f(X1,X1)>", "fail");
  expect_normal(s, "new X.[f(X)];<X>", "fail");
  expect_normal(s, "[a]l;m<b>;l<a>", "m<b>");
  expect_normal(s, "dup;~dup", "skip");
  expect_normal(s, "new X.<X>;[X];[X];(new Y Z.<Y>;<Z>;[Z];[Y])", "new X. <X>; [X]; [X]");
  expect_normal(s, "(<a>;[b]+<b>;[c]);(<b>;[d]+<c>;[e]+<a>)", "<a>; [d] + <b>; [e]");
  expect_normal(s, "new X Y.<p(X,Y)>;[p(Y,X)];(new U V.<p(U,V)>;[U];[V])",
                "new X Y. <p(X,Y)>; [Y]; [X]");
  expect_normal(s, "new X.<X>;[s(X)]l;(new Y. l<s(s(Y))>;[Y])", "new X. <s(X)>; [X]");
  expect_normal(s, "[a];b<X>;<X>;[X]c", "b<a>; {X = a}; [a]c");
  expect_normal(s, "new X.[f(X,g(X))];<f(g(Z),Z)>", "fail");
}

TEST(Rmc, Oracle15APartialIdentityIsNotSkip) {
  Session s;
  s.define("def m = new X Y. <X>;<Y>;[p(X,Y)].");
  expect_normal(s, "m;~m", "skip");
  expect_normal(s, "~m;m", "new X Y. <p(X,Y)>; [p(X,Y)]");
}

TEST(RmcNormal, StarsAreKeptWithTheirBodiesInNormalForm) {
  Session s;
  expect_normal(s, "([a];<a>;in<b>)*;[c];<c>", "in<b>*");
  expect_normal(s, "fail*;[a]", "[a]");
  expect_normal(s, "new X. {X = a}; ([X]q)*", "[a]q*");
  expect_normal(s, "new X. ({X = b})*; <X>", "new X. {X = b}*; <X>");
  expect_normal(s, "new X. ([f(X)];<f(a)>)*; {X = b}", "skip");
}

TEST(RmcNormal, FreeVariablesHaveOneSpeaker) {
  Session s;
  expect_normal(s, "{X = Y}; {Z = X}", "{Y = X}; {Z = X}");
  expect_normal(s, "new A. {X = A}; {Y = A}; [A]", "{Y = X}; [X]");
  expect_normal(s, "{Y = f(X)}; {X = a}", "{X = a}; {Y = f(a)}");
}

TEST(RmcReduce, Oracle03RandomOrdersMeetInOneNormalForm) {
  Session s;
  Random random(5);
  int large = 0;
  for (int i = 0; i < draws(10'000); ++i) {
    RandomPrograms draw{s.terms, random, false, i % 2 == 0};
    const ProgramId program = draw.program(2 + static_cast<int>(random.below(9)));
    const std::string expected = normal_text(s, program);
    large += expected.size() > 30 ? 1 : 0;
    for (int order = 0; order < 5; ++order) {
      ASSERT_EQ(reduced_text(s, program, Strategy::random), expected) << print(s.terms, program);
    }
  }
  EXPECT_GT(large, draws(1'000));
}

std::vector<std::string> answers(Session& s, ProgramId program, const Memory& memory) {
  RunOptions options;
  options.limits.max_answers = 0;
  std::vector<std::string> list;
  for (const Answer& answer : run(s.terms, program, memory, options, s.context).answers) {
    // A normal form may no longer mention a free variable that says nothing.
    list.push_back(print_answer(s.terms, answer));
  }
  std::sort(list.begin(), list.end());
  return list;
}

Memory deep_memory(Session& s, RandomPrograms& draw) {
  Memory memory;
  for (const char* name : {"", "l", "m"}) {
    MemoryEntry entry{s.terms.location(name), {}};
    for (int i = 0; i < 12; ++i) entry.items.push_back(draw.term(2));
    memory.push_back(entry);
  }
  return memory;
}

TEST(RmcNormal, TheMachineCannotTellAProgramFromItsNormalForm) {
  Session s;
  Random random(9);
  int with_answers = 0;
  for (int i = 0; i < draws(3'000); ++i) {
    RandomPrograms draw{s.terms, random, false, false};
    const ProgramId program = draw.program(2 + static_cast<int>(random.below(11)));
    RandomPrograms ground{s.terms, random};
    const Memory memory = deep_memory(s, ground);
    NormalOptions options;
    options.eta = i % 2 == 0 ? Eta::on : Eta::off;
    const ProgramId normal = normalise(s.terms, program, options, s.context).program;
    const auto expected = answers(s, program, memory);
    with_answers += expected.empty() ? 0 : 1;
    ASSERT_EQ(answers(s, normal, memory), expected)
        << print(s.terms, program) << " / " << print(s.terms, normal);
  }
  EXPECT_GT(with_answers, draws(200));
}

// (S, T) is a result of M as often as (T, S) is one of ~M.
TEST(Rmc, Oracle02DualityRoundTrips) {
  Session s;
  Random random(21);
  int round_trips = 0;
  for (int i = 0; i < draws(2'000); ++i) {
    RandomPrograms draw{s.terms, random};
    const ProgramId program = draw.program(2 + static_cast<int>(random.below(9)));
    if (!s.terms.free_variables(program).empty()) continue;
    RandomPrograms ground{s.terms, random};
    Memory start;
    for (const char* name : {"", "l", "m"}) {
      MemoryEntry entry{s.terms.location(name), {}};
      for (std::uint64_t k = random.below(4); k > 0; --k) entry.items.push_back(ground.term(2));
      start.push_back(entry);
    }
    RunOptions options;
    options.limits.max_answers = 0;
    const RunResult forward = run(s.terms, program, start, options, s.context);
    std::map<std::string, std::pair<int, Memory>> results;
    bool open = false;  // a result with unknowns stands for many
    for (const Answer& answer : forward.answers) {
      open |= print_answer(s.terms, answer).find("_G") != std::string::npos;
      auto& entry = results[print_memory(s.terms, answer.memory)];
      ++entry.first;
      entry.second = answer.memory;
    }
    if (open) continue;
    for (const auto& [text, entry] : results) {
      const RunResult back = run(s.terms, s.terms.dual(program), entry.second, options, s.context);
      int count = 0;
      std::sort(start.begin(), start.end(), [&](const auto& a, const auto& b) {
        return s.terms.text(a.location) < s.terms.text(b.location);
      });
      bool partial = false;  // an unknown that the way back leaves open
      for (const Answer& answer : back.answers) {
        const std::string back_text = print_answer(s.terms, answer);
        partial |= back_text.find("_G") != std::string::npos;
        count += print_memory(s.terms, answer.memory) == print_memory(s.terms, start) ? 1 : 0;
      }
      if (partial) continue;
      ++round_trips;
      EXPECT_EQ(count, entry.first) << print(s.terms, program);
    }
  }
  EXPECT_GT(round_trips, draws(200));
}

TEST(RmcNormal, EqualityComparesMultisetsOrSets) {
  Session s;
  s.define(kWires);
  const auto check = [&](const std::string& left, const std::string& right, Compare compare) {
    return equal(s.terms, s.program(left), s.program(right), compare, {}, s.context);
  };
  EXPECT_TRUE(check("swap;swap", "skip", Compare::multisets));
  EXPECT_TRUE(check("[a] + [b]", "[b] + [a]", Compare::multisets));
  EXPECT_TRUE(check("~(swap;dup)", "~dup;swap", Compare::multisets));
  EXPECT_FALSE(check("[a] + [a]", "[a]", Compare::multisets));
  EXPECT_TRUE(check("[a] + [a]", "[a]", Compare::sets));
  EXPECT_TRUE(check("skip + <a>;[a]", "skip", Compare::sets));
  EXPECT_FALSE(check("skip + <a>;[b]", "skip", Compare::sets));
  EXPECT_TRUE(check("new X. <f(X)>;[X] + <f(a)>;[a]", "new Y. <f(Y)>;[Y]", Compare::sets));
  // Frobenius: (dup beside a wire) then (wire beside ~dup) is ~dup;dup.
  s.define("def under = new X. <X>;[X]t. def back = new X. t<X>;[X].");
  EXPECT_TRUE(check("under;dup;back;(new X Y Z. <X>;<Y>;<Z>;{Y = Z};[Y];[X])",
                    "under;dup;back;"
                    "(new X Y. <X>;<Y>;<Y>;[Y];[X])",
                    Compare::multisets));
  EXPECT_TRUE(check("dup;(new X Y Z. <X>;<Y>;<Z>;[Z];[Y];[X])", "dup;skip", Compare::multisets));
}

TEST(RmcReduce, TheLogNamesRulesAndPlaces) {
  Session s;
  ReduceOptions options;
  options.log = true;
  const ReduceResult result =
      reduce(s.terms, s.program("[a]l; (m<b> + fail); l<a>"), options, s.context);
  std::string rules;
  for (const ReduceStep& step : result.log) rules += std::string(to_string(step.rule)) + " ";
  EXPECT_EQ(rules, "distribute commute meet decompose annihilate ");
  EXPECT_EQ(result.log[1].before, "[a]l; m<b>; l<a>");
  EXPECT_EQ(result.log[1].after, "m<b>; [a]l; l<a>");
  EXPECT_EQ(result.log[1].position, 0U);
}

TEST(RmcNormal, AMillionLevelsNeedNoNativeStack) {
  Session s;
  EXPECT_EQ(normal_text(s, s.program(repeated("([a];<a>;") + "[b]" + repeated(")"))), "[b]");
  EXPECT_EQ(normal_text(s, s.program("[" + repeated("f(") + "X" + repeated(")") + "];<" +
                                     repeated("f(") + "a" + repeated(")") + ">")),
            "{X = a}");
}

}  // namespace
}  // namespace ordo::machine::rmc
