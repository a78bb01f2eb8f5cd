// Known normal forms, confluence, and agreement of the machine with reduction.
#include <gtest/gtest.h>

#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::fmc {
namespace {

std::string church(int n, const std::string& f = "f", const std::string& x = "x") {
  std::string body = x;
  for (int i = 0; i < n; ++i) body = "[" + body + "]." + f;
  return "<" + f + ">.<" + x + ">." + body;
}
const std::string kPlus = "<m>.<n>.<f>.<x>.[[x].[f].n].[f].m";
const std::string kTimes = "<m>.<n>.<f>.[[f].n].m";

TEST(FmcReduce, Oracle09NormalForms) {
  Session s;
  const std::pair<const char*, const char*> cases[] = {
      {"[y].<x>.x.x", "y;y"},
      {"[m]a.b<x>.[x]a", "b<x>.[m]a.[x]a"},
      {"[m].[n].<x>.<y>.[x].[y]", "[n].[m]"},
      {"[m]c.c<x>.[x]c.[x]", "[m]c.[m]"},
      {"([v].E.[u]);E -> (<e>.[e].[w])", "[v].[w]"},
      {"[True].<b>.(b;True -> [n];False -> [p])", "[n]"},
      {"[<x>.[x].[x]].<d>.[m].d.d", "[m].[m].[m]"},
      {"[[m].[k].Pair].<q>.((q;Pair -> (<x>.<y>.[y].[x]));Nil -> [z])", "[m].[k]"},
      {"(E;E -> F);F -> [k]", "[k]"},
      {"(E;F -> [k]);E -> F", "F"}};
  for (const auto& [from, to] : cases) {
    EXPECT_TRUE(s.terms.equal(s.reduce_term(from).term, s.term(to)))
        << from << " gave " << s.normal_form(from);
  }
}

TEST(FmcReduce, Oracle09LawsOfTheStoreHoldByReductionAlone) {
  Session s;
  const std::string set_m = "(<v>.c<_>.[v]c)", get = "c<x>.[x]c.[x]";
  const auto law = [&](const std::string& from, const char* to) {
    EXPECT_TRUE(s.terms.equal(s.reduce_term(from).term, s.term(to)))
        << from << " gave " << s.normal_form(from);
  };
  law("[m]." + set_m + ".(" + get + ")", "c<o>.[m]c.[m]");
  law("[m]." + set_m + ".[n]." + set_m, "c<o>.[n]c");
  law("(" + get + ").(" + get + ")", "c<x>.[x].[x]c.[x]");
  law("(" + get + ")." + set_m, "c<x>.[x]c");
  law("[m]." + set_m + ".[n].(<v>.d<_>.[v]d)", "c<o>.d<o>.[m]c.[n]d");
}

TEST(FmcReduce, Oracle09ReadingAndWritingBackIsNothingOnlyByEta) {
  Session s;
  const std::string get = "c<x>.[x]c.[x]", set = "(<v>.c<_>.[v]c)";
  ReduceOptions options;
  EXPECT_EQ(s.normal_form("(" + get + ")." + set, options), "c<x>.[x]c");
  options.eta = true;
  EXPECT_EQ(s.normal_form("(" + get + ")." + set, options), "c<x>.[x]c");  // c may be empty
  options.memory = s.memory("c: 0");
  EXPECT_EQ(s.normal_form("(" + get + ")." + set, options), "*");
  EXPECT_EQ(
      s.reduce_term("(" + get + ")." + set, options).counts[static_cast<std::size_t>(Rule::eta)],
      1U);
  // A push on another stack may stand in between, x must not come again, and a stack holds only as
  // many values as were there.
  EXPECT_EQ(s.normal_form("c<x>.[y]d.d<z>.[z].[x]c.[k]", options), "[y].[k]");
  EXPECT_EQ(s.normal_form("c<x>.[x]c.[x]", options), "c<x>.[x]c.[x]");
  EXPECT_EQ(s.normal_form("c<y>.c<x>.[x]c", options), "c<y>.c<x>.[x]c");
  EXPECT_EQ(s.normal_form("(<x>.[y]c.[x].z)", options), "<x>.[y]c.[x].z");
  options.memory = s.memory("main: 1; in: 1; rnd:");
  EXPECT_EQ(s.normal_form("(<x>.[y]c.[x].z)", options), "[y]c.z");
  EXPECT_EQ(s.normal_form("in<x>.[x]in", options), "in<x>.[x]in");  // nothing can be pushed on it
}

TEST(FmcReduce, EtaKeepsWhatTheMachineDoes) {
  Session s;
  Random random(61);
  RunOptions limited;
  limited.limits.max_steps = 400;
  ReduceOptions options;
  options.max_steps = 300;
  options.eta = true;
  options.memory = s.memory("main: 1 2 3 [E] 4; c: 4 [E] 1; d: [<x>.x] 2");
  std::uint64_t etas = 0;
  for (int i = 0; i < draws(20'000); ++i) {
    // Put together so that there is something to find: what is popped is often pushed again.
    const char* where[] = {"", "c", "d"};
    TermId t = random_term(s.terms, random, 3 + static_cast<int>(random.below(8)), 0, true);
    for (int k = 0; k < 3; ++k) {
      const Symbol location = s.terms.intern(where[random.below(3)]);
      t = s.terms.push(s.terms.bound(0), location, s.terms.shift(t, 1));
      if (random.below(2) == 0)
        t = s.terms.push(s.terms.jump(s.terms.intern("E")), s.terms.intern(where[random.below(3)]),
                         t);
      t = s.terms.pop(location, s.terms.intern("x"), t);
    }
    const ReduceResult normal = reduce(s.terms, t, options, s.context);
    const auto found = normal.counts[static_cast<std::size_t>(Rule::eta)];
    if (!normal.normal || found == 0) continue;
    etas += found;
    const RunResult before = run(s.terms, s.module, t, options.memory, limited, s.context);
    const RunResult after = run(s.terms, s.module, normal.term, options.memory, limited, s.context);
    if (before.status != Status::exit) continue;
    ASSERT_EQ(after.status, Status::exit) << print(s.terms, t);
    ASSERT_EQ(before.exit, after.exit) << print(s.terms, t);
    ASSERT_EQ(before.memory.size(), after.memory.size()) << print(s.terms, t);
  }
  EXPECT_GT(etas, draws(10'000U));
}

TEST(FmcReduce, Oracle10ChurchNumeralsAndCombinators) {
  Session s;
  const auto check = [&](const std::string& text, const std::string& want, std::uint64_t betas) {
    const ReduceResult r = s.reduce_term(text);
    EXPECT_TRUE(s.terms.equal(r.term, s.term(want))) << print(s.terms, r.term);
    if (betas > 0) EXPECT_EQ(r.counts[static_cast<std::size_t>(Rule::beta)], betas);
  };
  const auto as = [](int n) {
    std::string text = "b";
    for (int i = 0; i < n; ++i) text = "[" + text + "].a";
    return text;
  };
  const auto apply = [](std::string f, std::initializer_list<std::string> arguments) {
    std::string text = "(" + f + ")";
    for (const std::string& a : arguments) text = "[" + a + "]." + text;
    return text;
  };
  check(apply(kPlus, {church(2), church(3), "a", "b"}), as(5), 8);
  check(apply(kTimes, {church(2), church(3), "a", "b"}), "[[[[[[b].a].a].a].a].a].a", 9);
  // n applied to m is m^n: 3^2 and 2^3.
  check(apply(church(2), {church(3), "a", "b"}), as(9), 0);
  check(apply(church(3), {church(2), "a", "b"}), as(8), 0);
  const std::string k = "<x>.<y>.x", ss = "<x>.<y>.<z>.[[z].y].[z].x";
  // Three pops of S and two of the outer K; the inner K is dropped with what it was given. Where
  // all redexes are contracted together, it has taken its argument by then: a sixth step.
  check(apply(ss, {k, k, "a"}), "a", 5);
  ReduceOptions parallel;
  parallel.strategy = Strategy::parallel;
  const ReduceResult all = s.reduce_term(apply(ss, {k, k, "a"}), parallel);
  EXPECT_EQ(all.counts[static_cast<std::size_t>(Rule::beta)], 6U);
  EXPECT_EQ(print(s.terms, all.term), "a");
}

TEST(FmcReduce, Oracle10CallByValueReducesToTheThunk) {
  Session s;
  EXPECT_EQ(s.normal_form("([<y>.([y])];[<x>.(([x];[x];<f>.f))];<f>.f)"), "[<y>.[y]]");
}

TEST(FmcReduce, ParallelContractsAllThatIsThereInARound) {
  Session s;
  ReduceOptions options;
  options.strategy = Strategy::parallel;
  // Two redexes side by side, and the one that they make together.
  const ReduceResult r = s.reduce_term("[[a].<x>.x].[[b].<y>.y].<p>.<q>.[p].[q]", options);
  EXPECT_EQ(print(s.terms, r.term), "[b].[a]");
  // Round 1: both arguments and p; round 2: q.
  EXPECT_EQ(r.steps, 4U);
  EXPECT_EQ(r.rounds, 2U);
  const std::string omega = "[<x>.[x].x].<x>.[x].x";
  options.max_steps = 1000;
  EXPECT_EQ(s.normal_form("[" + omega + "].[a].<x>.<y>.x", options), "a");
  EXPECT_FALSE(s.reduce_term(omega, options).normal);
  // 2^n by Church: rounds grow with n, contractions with 2^n.
  options.max_steps = 1'000'000;
  s.define("two := <f>.<x>.[[x].f].f.");
  const ReduceResult power = s.reduce_term("[b].[a].[two].[two].[two].two", options);
  EXPECT_EQ(s.terms.tree_size(power.term), 2U * (1U << 16) + 1U);
  EXPECT_LT(power.rounds, 100U);
}

TEST(FmcReduce, Oracle10CallByNameDropsADivergingArgument) {
  Session s;
  const std::string omega = "[<x>.[x].x].<x>.[x].x";
  EXPECT_EQ(s.normal_form("[" + omega + "].[a].<x>.<y>.x"), "a");
  ReduceOptions limited;
  limited.max_steps = 1000;
  EXPECT_FALSE(s.reduce_term(omega, limited).normal);
  limited.strategy = Strategy::innermost;
  EXPECT_FALSE(s.reduce_term("[" + omega + "].[a].<x>.<y>.x", limited).normal);
}

TEST(FmcReduce, LogNamesEachRuleAndEachStepIsARootContraction) {
  Session s;
  ReduceOptions options;
  options.log = true;
  const ReduceResult r = s.reduce_term("[m]a.b<x>.[x]a; * -> E", options);
  ASSERT_EQ(r.log.size(), r.steps);
  EXPECT_GT(r.steps, 2U);
  for (const ReduceStep& step : r.log) {
    const Contraction again = contract(s.terms, step.redex);
    EXPECT_EQ(again.rule, step.rule);
    EXPECT_TRUE(s.terms.equal(again.result, step.result));
  }
}

TEST(FmcReduce, ConfluentOnRandomTermsInFiveOrders) {
  Session s;
  Random random(5);
  ReduceOptions options;
  options.max_steps = 300;
  int compared = 0;
  for (int i = 0; i < draws(20'000); ++i) {
    const TermId t = random_term(s.terms, random, 3 + static_cast<int>(random.below(15)), 0, true);
    options.strategy = Strategy::normal;
    const ReduceResult first = reduce(s.terms, t, options, s.context);
    unsigned order = 0;
    for (const Strategy strategy :
         {Strategy::innermost, Strategy::parallel, Strategy::random, Strategy::random}) {
      if (strategy == Strategy::random)
        s.context.random = random.split(++order).split(static_cast<unsigned>(i));
      options.strategy = strategy;
      const ReduceResult other = reduce(s.terms, t, options, s.context);
      if (!first.normal || !other.normal) continue;
      ++compared;
      ASSERT_TRUE(s.terms.equal(first.term, other.term)) << print(s.terms, t) << "\n"
                                                         << print(s.terms, first.term) << "\n"
                                                         << print(s.terms, other.term);
    }
  }
  EXPECT_GT(compared, draws(70'000));
}

// Values in memory are compared by their normal forms: the machine leaves thunks as they were.
std::string normal_memory(Session& s, RunResult result) {
  for (MemoryEntry& entry : result.memory) {
    for (TermId& value : entry.values) {
      ReduceOptions options;
      options.max_steps = 500;
      value = reduce(s.terms, value, options, s.context).term;
    }
  }
  return s.show(result);
}

TEST(FmcReduce, MachineGivesTheSameBeforeAndAfterNormalising) {
  Session s;
  Random random(6);
  RunOptions limited;
  limited.limits.max_steps = 400;
  ReduceOptions options;
  options.max_steps = 300;
  const MemoryText memory = s.memory("main: 1 2 3 [E] 4; c: 4 [E] 1; d: [<x>.x] 2");
  int compared = 0;
  for (int i = 0; i < draws(20'000); ++i) {
    const TermId t = random_term(s.terms, random, 3 + static_cast<int>(random.below(15)), 0, true);
    const ReduceResult normal = reduce(s.terms, t, options, s.context);
    const RunResult before = run(s.terms, s.module, t, memory, limited, s.context);
    const RunResult after = run(s.terms, s.module, normal.term, memory, limited, s.context);
    if (!normal.normal || before.status != Status::exit || after.status != Status::exit) continue;
    ++compared;
    ASSERT_EQ(normal_memory(s, before), normal_memory(s, after)) << print(s.terms, t);
  }
  EXPECT_GT(compared, draws(5'000));
}

TEST(FmcReduce, Oracle13SequencingLaws) {
  Session s;
  Random random(8);
  const MemoryText memory = s.memory("main: 1 2 3 4; c: 4 [E]; d: 5");
  RunOptions limited;
  limited.limits.max_steps = 2000;
  for (int i = 0; i < draws(3'000); ++i) {
    const TermId m = random_term(s.terms, random, 12, 0, false);
    const RunResult plain = run(s.terms, s.module, m, memory, limited, s.context);
    const Symbol jump = s.terms.intern("E");
    for (const TermId same :
         {s.terms.join(m, kSkip, s.terms.skip()), s.terms.join(s.terms.skip(), kSkip, m),
          s.terms.join(m, jump, s.terms.jump(jump))}) {
      const RunResult other = run(s.terms, s.module, same, memory, limited, s.context);
      if (plain.status == Status::limit || other.status == Status::limit) continue;
      ASSERT_EQ(s.show(plain), s.show(other)) << print(s.terms, m);
    }
  }
}

TEST(FmcReduce, Oracle13PushesAndPopsOfDifferentStacksCommute) {
  // [m]a.b<x>.P and b<x>.[m]a.P are one term by reduction, and one program on the machine.
  Session s;
  Random random(17);
  RunOptions limited;
  limited.limits.max_steps = 400;
  const MemoryText memory = s.memory("main: 1 2 3 4; c: 4 [E]; d: 5");
  for (int i = 0; i < draws(3'000); ++i) {
    const TermId m = random_term(s.terms, random, 4, 0, false);
    const TermId p = random_term(s.terms, random, 8, 1, false);
    const Symbol c = s.terms.intern("c"), d = s.terms.intern("d"), x = s.terms.intern("x");
    const TermId push_first = s.terms.push(m, c, s.terms.pop(d, x, p));
    const TermId pop_first = s.terms.pop(d, x, s.terms.push(m, c, p));
    const RunResult one = run(s.terms, s.module, push_first, memory, limited, s.context);
    const RunResult other = run(s.terms, s.module, pop_first, memory, limited, s.context);
    ASSERT_EQ(s.show(one), s.show(other)) << print(s.terms, push_first);
    const Contraction pi = contract(s.terms, push_first);
    ASSERT_EQ(pi.rule, Rule::pi);
    ASSERT_TRUE(s.terms.equal(pi.result, pop_first));
  }
}

TEST(FmcSyntax, Oracle13NamesOfBoundVariablesDoNotMatter) {
  Session s;
  EXPECT_TRUE(s.terms.equal(s.term("<x>.c<y>.([y].x; E -> <z>.[z].[x])"),
                            s.term("<u>.c<v>.([v].u; E -> <u'>.[u'].[u])")));
  EXPECT_FALSE(s.terms.equal(s.term("<x>.<y>.[x].[y]"), s.term("<x>.<y>.[y].[x]")));
  // Printing keeps apart what shadowing would mix up.
  const TermId captured = s.reduce_term("[y].<x>.<y>.[x].[y]").term;
  EXPECT_TRUE(s.terms.equal(captured, s.term("<z>.[y].[z]"))) << print(s.terms, captured);
  EXPECT_TRUE(s.terms.equal(s.term(print(s.terms, captured)), captured));
}

TEST(FmcSyntax, PrintingParsesBackToTheSameTerm) {
  Session s;
  Random random(9);
  for (int i = 0; i < draws(5'000); ++i) {
    const TermId t = random_term(s.terms, random, 1 + static_cast<int>(random.below(30)), 0, true);
    const std::string text = print(s.terms, t);
    ASSERT_TRUE(s.terms.equal(s.term(text), t)) << text;
  }
}

TEST(FmcSyntax, UnicodeSpellingsMeanTheSame) {
  Session s;
  EXPECT_TRUE(s.terms.equal(s.term("⟨x⟩.(⋆; E → [x]c)"), s.term("<x>.(*; E -> [x]c)")));
}

std::string problem(const std::string& text) {
  Session s;
  try {
    s.define(text);
  } catch (const SourceError& error) {
    return error.what();
  }
  return "";
}

TEST(FmcSyntax, ErrorsNamePlaceExpectationAndRemedy) {
  EXPECT_EQ(
      problem("a := [1.\nb := ]."),
      "<define>:1:8: error: expected ']' before the declaration ends, found '.'\n    1 | a := [1.\n"
      "      |        ^\n      = '[' was opened at <define>:1:6\n"
      "<define>:2:6: error: expected a term: a variable, a jump, a literal, '[', '<' or '(', "
      "found ']'\n    2 | b := ].\n      |      ^");
}

TEST(FmcSyntax, TellsWhenABindersScopeHasEnded) {
  const std::string text = problem("a := (<x>.[1]; [x]).");
  EXPECT_NE(text.find("x is not in scope here"), std::string::npos);
  EXPECT_NE(text.find("parenthesise after <x>."), std::string::npos);
}

}  // namespace
}  // namespace ordo::machine::fmc
