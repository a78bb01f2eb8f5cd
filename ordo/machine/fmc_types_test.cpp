#include "ordo/machine/fmc_types.h"

#include <gtest/gtest.h>

#include "ordo/machine/fmc_testing.h"

namespace ordo::machine::fmc {
namespace {

std::string type(const std::string& text, const std::string& definitions = "") {
  Session s;
  s.define(definitions);
  Diagnostics problems(s.sources);
  const std::string found = infer(s.terms, s.module, s.term(text), problems);
  return problems.empty() ? found : "error: " + problems.all()[0].message;
}

TEST(FmcTypes, Oracle12PrincipalTypes) {
  EXPECT_EQ(type("<x>.[x].[x]"), "..s a => *: ..s a a");
  EXPECT_EQ(type("<x>.<y>.[x].[y]"), "..s a b => *: ..s b a");
  EXPECT_EQ(type("<f>.[3].f"), "..s (..s Int => X) => X");
  // b may also exit by * with what the branches leave: more general than without.
  EXPECT_EQ(type("<b>.(b;True -> [1];False -> [0])"),
            "..s (..s => *: ..t Int | False: ..t | True: ..t) => *: ..t Int");
  EXPECT_EQ(type("(*)^*").find(':'), std::string::npos);
  EXPECT_EQ(type("[7].Exn"), "..s => Exn: ..s Int");
  EXPECT_EQ(type("in<x>.[x]out"), "in: ..s a ; out: ..t => *: in: ..s ; out: ..t a");
  EXPECT_EQ(type("(<n>.[0].[n].gt.<b>.((b;False -> ([n].Done));True -> ([1].[n].sub)))^*"),
            "..s Int => Done: ..s Int");
  EXPECT_EQ(type("<x>.x.x"), "..s (..s => *: ..s) => *: ..s");
  EXPECT_EQ(type("get", "get := c<x>.[x]c.[x]."), "..s ; c: ..t a => *: ..s a ; c: ..t a");
}

TEST(FmcTypes, Oracle12TypeErrors) {
  EXPECT_TRUE(type("<x>.[x].x").starts_with("error"));
  EXPECT_EQ(type("[\"a\"].[1].add"), "error: Str where Int is needed");
  EXPECT_EQ(type("[1].<f>.f"), "error: Int where a thunk is needed");
  EXPECT_TRUE(type("(True;True -> [1]);False -> [\"x\"]").starts_with("error"));
  EXPECT_TRUE(type("([7].Exn.[\"u\"]);Exn -> (<e>.[e].[1].add)").starts_with("error"));
}

TEST(FmcTypes, DefinitionsAreUsedAtSeveralTypes) {
  EXPECT_EQ(type("[1].twice.[\"a\"].twice", "twice := <x>.[x].[x]."),
            "..s => *: ..s Int Int Str Str");
}

TEST(FmcTypes, TypedLoopFreeTermsEndAndNeverGetStuckInsideTheirType) {
  // Closed terms whose type needs nothing of the memory: the machine ends, by an exit, and so does
  // reduction in every order.
  Session s;
  Random random(21);
  int typed = 0;
  for (int i = 0; i < 6'000; ++i) {
    const TermId t = random_term(s.terms, random, 3 + static_cast<int>(random.below(15)), 0, false);
    Diagnostics problems(s.sources);
    const std::string found = infer(s.terms, s.module, t, problems);
    if (found.empty()) continue;
    ++typed;
    for (const Strategy strategy : {Strategy::normal, Strategy::innermost, Strategy::random}) {
      ReduceOptions options;
      options.strategy = strategy;
      options.max_steps = 5'000;
      ASSERT_TRUE(reduce(s.terms, t, options, s.context).normal) << print(s.terms, t);
    }
    RunOptions limited;
    limited.limits.max_steps = 100'000;
    const RunResult result = run(s.terms, s.module, t, {}, limited, s.context);
    ASSERT_NE(result.status, Status::limit) << print(s.terms, t);
    if (found.starts_with(".. =>") || found.starts_with("..s =>")) {
      ASSERT_EQ(result.status, Status::exit) << print(s.terms, t) << " : " << found;
    }
  }
  EXPECT_GT(typed, 1'500);
}

TEST(FmcTypes, DeepNestingNeedsNoNativeStack) {
  Session s;
  std::string text(1'000'000, '[');
  text += "7" + std::string(1'000'000, ']');
  Diagnostics problems(s.sources);
  EXPECT_FALSE(infer(s.terms, s.module, s.term(text), problems).empty());
}

}  // namespace
}  // namespace ordo::machine::fmc
