#include "ordo/machine/fmc_types.h"

#include <functional>

#include <gtest/gtest.h>

#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::fmc {
namespace {

std::string type(const std::string& text, const std::string& definitions = "") {
  Session s;
  s.define(definitions);
  Diagnostics problems(s.sources);
  const std::string found = infer(s.terms, s.module, s.term(text), problems);
  return problems.empty() ? found : "error: " + problems.all()[0].message;
}

constexpr const char* kList = "data List a = Nil | Cons a (List a). ";

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

TEST(FmcTypes, ConstructorsGiveValuesOfTheirType) {
  EXPECT_EQ(type("[Nil]", kList), "..s => *: ..s (List a)");
  EXPECT_EQ(type("[[[Nil].[2].Cons].[1].Cons]", kList), "..s => *: ..s (List Int)");
  // The tail pushed first, from the stack: a constructor's arguments are what it takes.
  EXPECT_EQ(type("<t>.<h>.[[t].[h].Cons]", kList), "..s a (List a) => *: ..s (List a)");
  // The list's head is a number, so the rest is a list of numbers.
  EXPECT_EQ(type("[[[Nil].[\"a\"].Cons].[1].Cons]", kList), "error: Str where Int is needed");
  EXPECT_EQ(type("[[3].[1].Cons]", kList), "error: Int where List is needed");
}

TEST(FmcTypes, Oracle07LoopOverARecursiveTypeHasAType) {
  EXPECT_EQ(type("[0].(<k>.<l>.((l;Nil -> ([k].Done));Cons -> (<h>.<t>.[t].[1].[k].add)))^*;"
                 "Done -> *",
                 kList),
            "..s (List a) => *: ..s Int");
  EXPECT_EQ(
      type("<o>.((o;Some -> (<v>.[v].[1].add));None -> [0])", "data Option a = None | Some a."),
      "..s (Option Int) => *: ..s Int");
  // Mutually recursive: a tree holds a list of trees.
  EXPECT_EQ(type("[[[Nil].[[Nil].[1].Node].Cons].[2].Node]",
                 std::string(kList) + "data Tree a = Node a (List (Tree a))."),
            "..s => *: ..s (Tree Int)");
}

TEST(FmcTypes, ACaseNamesTheConstructorsThatItDoesNotHandle) {
  EXPECT_EQ(type("<l>.(l; Cons -> <h>.<t>.[h])", kList),
            "error: the case on List does not handle Nil");
  const std::string shape = "data Shape = Circle Int | Square Int | Rectangle Int Int | Point.";
  EXPECT_EQ(type("<s>.((s; Circle -> <r>.[r]); Square -> <a>.[a])", shape),
            "error: the case on Shape does not handle Rectangle, Point");
  // A handler further out catches too, and passing a value on is no case.
  EXPECT_EQ(type("(<l>.(l; Cons -> <h>.<t>.[h])); Nil -> [0]", kList),
            "..s (List Int) => *: ..s Int");
  EXPECT_EQ(type("<l : List Int>.l", kList),
            "..s (List Int) => Cons: ..s (List Int) Int | Nil: ..s");
}

TEST(FmcTypes, AThunkThatExitsByConstructorsIsAValueOfTheType) {
  // Computed when it is run: the thunk `[1].[2].lt...` exits by Nil or by Cons.
  const std::string lazy = "[[2].[1].lt.<b>.((b; True -> Nil); False -> [Nil].[1].Cons)]";
  EXPECT_EQ(type(lazy + ".<l : List Int>.[l]", kList), "..s => *: ..s (List Int)");
  EXPECT_EQ(type("[[1].Exn].<l : List Int>.[l]", kList),
            "error: this thunk may also exit by Exn, which List does not allow");
  EXPECT_EQ(type("[<x>.Nil].<l : List Int>.[l]", kList).substr(0, 6), "error:");
}

TEST(FmcTypes, AnAnnotatedThunkRunsOverManyFrames) {
  // With one type, f would have to leave the stack that it took, and one with a value more on it.
  const std::string twice = ".[1].f.f.[2].f";
  EXPECT_TRUE(type("<f>" + twice).starts_with("error"));
  EXPECT_EQ(type("<f : Int => Int>" + twice), "..s (Int => *: Int) => *: ..s Int Int");
  EXPECT_EQ(type("[[1].add].<f : ..r Int => ..r Int>" + twice), "..s => *: ..s Int Int");
  EXPECT_EQ(type("[[1].div].<f : Int => Int>" + twice),
            "error: this thunk may also exit by DivZero, which its annotation does not allow");
  EXPECT_EQ(type("[[1].div].<f : Int => *: Int | DivZero:>.[2].f"),
            "..s => *: ..s Int | DivZero: ..s");
  EXPECT_EQ(type("[<x>.<y>.[x]].<f : Int => Int>" + twice).substr(0, 6), "error:");
  EXPECT_EQ(type("<f : ; c: Int => Int ; c: Int>.f"),
            "..s (c: Int => *: Int ; c: Int) ; c: ..t Int => *: ..s Int ; c: ..t Int");
}

TEST(FmcTypes, AnAnnotationIsCheckedAgainstTheUse) {
  EXPECT_EQ(type("<x : Str>.[x].[1].add"), "error: Str where Int is needed");
  EXPECT_EQ(type("<x : Int>.[x]"), "..s Int => *: ..s Int");
  EXPECT_EQ(type("<x : a>.<y : a>.[y].[x].add"), "..s Int Int => *: ..s Int");
  EXPECT_EQ(type("<x : Foo>.[x]"),
            "error: the type 'Foo' is not declared; 'data Foo = ...' declares it");
  EXPECT_EQ(type("<x : List>.[x]", kList), "error: 'List' takes 1 parameter, not 0");
}

TEST(FmcTypes, AVariableUnderHandlersOfNumbersIsANumber) {
  // No handlers name all numbers, so the term may exit by another one.
  EXPECT_EQ(type("<x>.((x; 0 -> [\"zero\"]); 1 -> [\"one\"])"),
            "..s Int => *: ..s Str | any Int: ..s");
  EXPECT_EQ(type("<x>.(x; \"a\" -> [1])"), "..s Str => *: ..s Int | any Str: ..s");
  EXPECT_EQ(type("[1].<x>.((x; 0 -> [\"zero\"]); 1 -> [2])"), "error: Str where Int is needed");
  // Whatever number leaves, it leaves with one memory: 5 may come from x too.
  EXPECT_TRUE(type("<x>.(((x; 0 -> [1].5)); 5 -> <y>.[y])").starts_with("error"));
}

TEST(FmcTypes, ADeclaredBooleanIsWhatComparisonsLeave) {
  const char* declared = "data Bool = False | True.";
  EXPECT_EQ(type("[1].[2].lt", declared), "..s => *: ..s Bool");
  EXPECT_EQ(type("[1].[2].lt.<b>.(b; True -> [1])", declared),
            "error: the case on Bool does not handle False");
}

TEST(FmcTypes, EachDefinitionReportsItsOwnProblem) {
  Session s;
  s.define("a := [1].[\"x\"].add. b := a.a. c := [2].<f>.f.");
  Diagnostics problems(s.sources);
  TypeChecker checker(s.terms, s.module);
  for (const Definition& d : s.module.definitions()) checker.type_of(d, problems);
  EXPECT_EQ(problems.count(), 2U) << problems.to_text();
}

// Random terms that have a type, with it: `count` of them.
void for_typed_terms(Session& s, std::uint64_t seed, int count, bool loops,
                     const std::function<void(TermId, const std::string&)>& see) {
  Random random(seed);
  for (int typed = 0; typed < draws(count);) {
    const TermId t = random_term(s.terms, random, 3 + static_cast<int>(random.below(15)), 0, loops);
    Diagnostics problems(s.sources);
    const std::string found = infer(s.terms, s.module, t, problems);
    if (found.empty()) continue;
    ++typed;
    see(t, found);
  }
}
bool needs_nothing(const std::string& type) {
  return type.starts_with(".. =>") || type.starts_with("..s =>");
}

TEST(FmcTypes, TypedLoopFreeTermsEndOnTheMachineAndInEveryOrderOfReduction) {
  Session s;
  for_typed_terms(s, 21, 5'000, false, [&](TermId t, const std::string&) {
    for (const Strategy strategy :
         {Strategy::normal, Strategy::innermost, Strategy::random, Strategy::parallel}) {
      ReduceOptions options;
      options.strategy = strategy;
      options.max_steps = 5'000;
      ASSERT_TRUE(reduce(s.terms, t, options, s.context).normal) << print(s.terms, t);
    }
    RunOptions limited;
    limited.limits.max_steps = 100'000;
    const RunResult result = run(s.terms, s.module, t, {}, limited, s.context);
    ASSERT_NE(result.status, Status::limit) << print(s.terms, t);
  });
}

TEST(FmcTypes, TypedTermsWithLoopsDoNotGetStuckAndExitAsTheirTypeSays) {
  // Those whose type takes nothing from the memory; others would need one that fits.
  Session s;
  int exits = 0;
  for_typed_terms(s, 22, 5'000, true, [&](TermId t, const std::string& type) {
    if (!needs_nothing(type)) return;
    RunOptions limited;
    limited.limits.max_steps = 100'000;
    const RunResult result = run(s.terms, s.module, t, {}, limited, s.context);
    ASSERT_NE(result.status, Status::stuck) << print(s.terms, t) << " : " << type;
    if (result.status != Status::exit) return;
    ++exits;
    ASSERT_NE(type.find(s.terms.text(result.exit) + ":"), std::string::npos)
        << print(s.terms, t) << " : " << type;
  });
  EXPECT_GT(exits, draws(500));
}

TEST(FmcTypes, ReductionKeepsTypes) {
  // Subject reduction: each term on the way has a type, and takes no more than the first did.
  Session s;
  for_typed_terms(s, 23, 3'000, true, [&](TermId t, const std::string& type) {
    for (int steps = 1; steps < 12; ++steps) {
      ReduceOptions options;
      options.strategy = Strategy::random;
      options.max_steps = 1;
      const ReduceResult next = reduce(s.terms, t, options, s.context);
      if (next.steps == 0) return;
      t = next.term;
      Diagnostics problems(s.sources);
      const std::string found = infer(s.terms, s.module, t, problems);
      ASSERT_FALSE(found.empty()) << print(s.terms, t) << "\n" << problems.to_text();
      if (needs_nothing(type)) ASSERT_TRUE(needs_nothing(found)) << print(s.terms, t);
    }
  });
}

TEST(FmcTypes, DeepNestingNeedsNoNativeStack) {
  Session s;
  const TermId deep = s.term(repeated("[") + "7" + repeated("]"));
  Diagnostics problems(s.sources);
  EXPECT_FALSE(infer(s.terms, s.module, deep, problems).empty());
}

}  // namespace
}  // namespace ordo::machine::fmc
