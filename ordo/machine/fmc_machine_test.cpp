// Worked examples on both machines (the compiled one and the one by substitution,
// which must agree in result and in the number of transitions), and properties on random terms.
#include <map>

#include <gtest/gtest.h>

#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::fmc {
namespace {

constexpr const char* kCell = "get := c<x>.[x]c.[x]. set := <x>.c<_>.[x]c.";
constexpr const char* kSum =
    ".[0].(<s>.<n>.[0].[n].gt.<b>.((b;False -> ([s].Done));True -> ([1].[n].sub.[n].[s].add)))^*;"
    "Done -> *";
constexpr const char* kFibonacci =
    ".[1].[0].(<a>.<b>.<n>.[0].[n].gt.<t>.((t;False -> ([a].Done));True -> "
    "([1].[n].sub.[b].[a].add.<s>.[s].[b])))^*;Done -> *";

std::string apply_loop(Session& session, int n, const char* loop) {
  return session.run_text("[" + std::to_string(n) + "]" + loop);
}

TEST(FmcMachine, Oracle01ArithmeticTakesTheFirstPoppedAsLeftOperand) {
  Session s;
  EXPECT_EQ(s.run_text("[3].[4].add"), "exit * | main: 7");
  EXPECT_EQ(s.run_text("[10].[3].sub"), "exit * | main: -7");
  EXPECT_EQ(s.run_text("[1].[2].<x>.<y>.[x].[y].sub"), "exit * | main: -1");
}

TEST(FmcMachine, Oracle01StatesOfTheMainStack) {
  Session s;
  std::vector<std::string> stacks;
  run_by_substitution(s.terms, s.module, s.term("[1].[2].<x>.<y>.[x].[y].sub"), {}, {}, s.context,
                      [&](const State& state) {
                        MemoryText memory = state.memory;
                        std::erase_if(memory, [](const auto& e) { return e.values.empty(); });
                        const std::string text = print_memory(s.terms, memory);
                        if (stacks.empty() || stacks.back() != text) stacks.push_back(text);
                      });
  EXPECT_EQ(stacks, (std::vector<std::string>{"", "main: 1", "main: 1 2", "main: 1", "", "main: 2",
                                              "main: 2 1", "main: -1"}));
}

TEST(FmcMachine, Oracle02StoreAndStreams) {
  Session s;
  s.define(kCell);
  EXPECT_EQ(s.run_text("[7].set.get.[1].add.set.get", "c: 0"), "exit * | main: 8; c: 8");
  EXPECT_EQ(s.run_text("in<x>.[x]out.in<y>.[y].[x].add.<z>.[z]out", "in: 5 3"),
            "exit * | out: 3 8");
  EXPECT_TRUE(s.run_text("[1]in").starts_with("stuck"));
  EXPECT_TRUE(s.run_text("out<x>.[x]").starts_with("stuck"));
}

TEST(FmcMachine, Oracle03BranchesOnAComparison) {
  Session s;
  const std::string branch = ".lt.<b>.(b;True -> [\"yes\"];False -> [\"no\"])";
  EXPECT_EQ(s.run_text("[2].[3]" + branch), "exit * | main: \"no\"");
  EXPECT_EQ(s.run_text("[3].[2]" + branch), "exit * | main: \"yes\"");
}

TEST(FmcMachine, Oracle04ExceptionsStuckTermsAndEmptyLoops) {
  Session s;
  EXPECT_EQ(s.run_text("([10].Exn.[\"unreached\"]);Exn -> (<e>.[e].[1].add)"), "exit * | main: 11");
  EXPECT_EQ(s.run_text("[1].Foo"), "exit Foo | main: 1");
  EXPECT_EQ(s.run_text("<x>.x"), "stuck ");
  EXPECT_EQ(s.run_text("(*)^*"), "limit");
}

TEST(FmcMachine, Oracle04TraceNamesEachTransition) {
  Session s;
  std::vector<std::string> rules;
  const RunResult result =
      run_by_substitution(s.terms, s.module, s.term("[3].E;E -> (<x>.[x].[1].add)"), {}, {},
                          s.context, [&](const State& state) { rules.push_back(state.rule); });
  EXPECT_EQ(s.show(result), "exit * | main: 4");
  EXPECT_EQ(rules, (std::vector<std::string>{"start", "join", "push", "select", "pop", "push",
                                             "push", "add"}));
}

TEST(FmcMachine, Oracle05Factorial) {
  Session s;
  const std::string program =
      "(n<x>.[x]n.[0].[x].gt.<b>.((b;False -> Brk);True -> (n<x>.[1].[x].sub.<y>.[y]n.a<z>.[z].[x]"
      ".mul.<w>.[w]a)))^*;Brk -> (a<z>.[z])";
  for (const auto& [n, factorial] : {std::pair{0, "1"}, {1, "1"}, {5, "120"}, {10, "3628800"}}) {
    EXPECT_EQ(s.run_text(program, "a: 1; n: " + std::to_string(n)),
              std::string("exit * | main: ") + factorial + "; n: 0");
  }
  // 25! leaves 63 bits (OEIS A000142).
  EXPECT_EQ(s.run_text(program, "a: 1; n: 25"), "exit * | main: 15511210043330985984000000; n: 0");
}

TEST(FmcMachine, Oracle06SumAndFibonacciLoops) {
  Session s;
  EXPECT_EQ(apply_loop(s, 0, kSum), "exit * | main: 0");
  EXPECT_EQ(apply_loop(s, 3, kSum), "exit * | main: 6");
  EXPECT_EQ(apply_loop(s, 100, kSum), "exit * | main: 5050");
  for (const auto& [n, f] :
       {std::pair{0, "0"}, {1, "1"}, {2, "1"}, {10, "55"}, {50, "12586269025"}}) {
    EXPECT_EQ(apply_loop(s, n, kFibonacci), std::string("exit * | main: ") + f);
  }
}

TEST(FmcMachine, Oracle07AlgebraicData) {
  Session s;
  const std::string option = ".<o>.((o;Some -> (<v>.[v].[1].add));None -> [0])";
  EXPECT_EQ(s.run_text("[[3].Some]" + option), "exit * | main: 4");
  EXPECT_EQ(s.run_text("[None]" + option), "exit * | main: 0");
  EXPECT_EQ(s.run_text("[[[[Nil].[2].Cons].[1].Cons].[0].Cons].[0].(<k>.<l>.((l;Nil -> ([k].Done));"
                       "Cons -> (<h>.<t>.[t].[1].[k].add)))^*;Done -> *"),
            "exit * | main: 3");
  EXPECT_EQ(
      s.run_text("[[[5].Leaf].[[4].Leaf].Node].<t>.(t;Node -> (<l>.<r>.((l;Leaf -> <a>.(r;Leaf"
                 " -> <b>.[a].[b].add)))))"),
      "exit * | main: 9");
}

TEST(FmcMachine, Oracle08HandlersCatchFromEverythingLeftOfThem) {
  Session s;
  EXPECT_EQ(s.run_text("[A].<x>.((x;A -> B);B -> [\"caught\"])"), "exit * | main: \"caught\"");
  EXPECT_EQ(s.run_text("[A].<x>.((x;B -> [\"b\"]);A -> B)"), "exit B");
}

TEST(FmcMachine, Oracle10CallByValueLeavesExactlyOneThunk) {
  Session s;
  EXPECT_EQ(s.run_text("[<y>.([y])];[<x>.(([x];[x];<f>.f))];<f>.f"), "exit * | main: [<y>.[y]]");
}

TEST(FmcMachine, DivisionFloorsAndByZeroExits) {
  Session s;
  EXPECT_EQ(s.run_text("[2].[-7].div.[2].[-7].mod"), "exit * | main: -4 1");
  EXPECT_EQ(s.run_text("[5].[0].[1].div; DivZero -> [\"z\"]"), "exit * | main: 5 \"z\"");
  EXPECT_EQ(s.run_text("[\"b\"].[\"a\"].cat.<s>.[s].len.[s]"), "exit * | main: 2 \"ab\"");
}

TEST(FmcMachine, CountsNoTransitionThatDidNotHappen) {
  // run_text compares the steps of both machines; here a fused comparison gets stuck, and a
  // division exits past the join that was merged into it.
  Session s;
  EXPECT_EQ(s.run_text("[1].[\"a\"].lt.<b>.((b; False -> [1]); True -> [2])"),
            "stuck  | main: 1 \"a\"");
  EXPECT_EQ(s.run_text("(([1].add; * -> [2]); E -> [3])"), "stuck  | main: 1");
  EXPECT_EQ(s.run_text("([0].[1].div; * -> [2]); DivZero -> [3]"), "exit * | main: 3");
  EXPECT_EQ(s.run_text("[0].[1].div.[2]"), "exit DivZero");
}

TEST(FmcMachine, SaysWhereItGotStuckAndWhereAnExitCameFrom) {
  Session s;
  const auto place = [&](const std::string& text) {
    return s.sources.locate(run(s.terms, s.module, s.term(text), {}, {}, s.context).place).column;
  };
  EXPECT_EQ(place("[1].(<x>.*).c<y>.[y]"), 13U);
  EXPECT_EQ(place("[1].[\"a\"].add"), 11U);
  EXPECT_EQ(place("[[1].Boom].<f>.(f; E -> *)"), 6U);
  EXPECT_EQ(place("[1].nowhere"), 5U);
}

TEST(FmcMachine, OverflowOfSmallIntegersGoesToLargeOnes) {
  Session s;
  EXPECT_EQ(s.run_text("[4611686018427387903].[1].add"), "exit * | main: 4611686018427387904");
  EXPECT_EQ(s.run_text("[-4611686018427387904].[-1].add"), "exit * | main: -4611686018427387905");
  EXPECT_EQ(s.run_text("[1].[-4611686018427387904].sub"), "exit * | main: -4611686018427387905");
  EXPECT_EQ(s.run_text("[4611686018427387904].[1].[4611686018427387905].sub.eq"),
            "exit * | main: True");
  EXPECT_EQ(s.run_text("[3037000500].[3037000500].mul"), "exit * | main: 9223372037000250000");
}

TEST(FmcMachine, ExploresNonDeterminismAndWeighsRandomness) {
  Session s;
  const TermId coin =
      s.term("rnd<b>.((b;False -> [0]);True -> rnd<c>.((c;False -> [1]);True -> [2]))");
  const Distribution d = explore(s.terms, s.module, coin, {}, {}, s.context);
  std::map<std::string, double> weights;
  for (const Outcome& o : d.outcomes) weights[s.show(o.result)] += o.weight;
  EXPECT_EQ(weights, (std::map<std::string, double>{{"exit * | main: 0", 0.5},
                                                    {"exit * | main: 1", 0.25},
                                                    {"exit * | main: 2", 0.25}}));
  // An endless run hides no answer.
  Limits limits;
  limits.max_steps = 1'000'000;
  const Distribution fair = explore(
      s.terms, s.module, s.term("nd<b>.((b;True -> (*)^*);False -> [7])"), {}, limits, s.context);
  ASSERT_EQ(fair.outcomes.size(), 1U);
  EXPECT_EQ(s.show(fair.outcomes[0].result), "exit * | main: 7");
  EXPECT_EQ(fair.unexplored, 0.5);
}

TEST(FmcMachine, MachinesAgreeOnRandomTerms) {
  Session s;
  Random random(11);
  int exits = 0;
  for (int i = 0; i < draws(20'000); ++i) {
    const TermId term =
        random_term(s.terms, random, 3 + static_cast<int>(random.below(18)), 0, true);
    bool agree = false;
    const RunResult result = s.run_both(term, "main: 1 2 3; c: 4 [E]; d: [<x>.x]", 300, agree);
    ASSERT_TRUE(agree) << print(s.terms, term);
    if (result.status == Status::exit) ++exits;
  }
  EXPECT_GT(exits, draws(4'000));
}

TEST(FmcMachine, CollectsWhatIsNoLongerReachable) {
  // Each round makes a closure of 16 bytes; all rounds' closures together would not fit a limit of
  // 16 MiB beside the heap's own.
  Session s;
  RunOptions options;
  options.limits.max_memory = 16;
  const TermId loop = s.term(
      "[2000000].(<n>.[[n].Box].<p>.[0].[n].gt.<b>.((b;False -> Done);True -> (p;Box -> "
      "(<m>.[1].[m].sub))))^*;Done -> *");
  const RunResult result = run(s.terms, s.module, loop, {}, options, s.context);
  EXPECT_EQ(s.show(result), "exit *");
}

TEST(FmcMachine, StopsAtTheMemoryLimitWithTheStateSoFar) {
  Session s;
  RunOptions options;
  options.limits.max_memory = 8;
  const RunResult result =
      run(s.terms, s.module, s.term("([1].[0]c.c<x>.*)^*"), {}, options, s.context);
  EXPECT_EQ(result.status, Status::limit);
  EXPECT_EQ(result.reason, "max-memory");
}

TEST(FmcMachine, MillionNestedSequencesNeedNoNativeStack) {
  // f calls itself a million times before the first exit: not in tail position.
  Session s;
  const TermId deep = s.term(
      "[<f>.<n>.[0].[n].gt.<b>.((b;False -> [0]);True -> "
      "([1].[n].sub.[f].f.[1].add))].<g>.[1000000]."
      "[g].g");
  const RunResult result = run(s.terms, s.module, deep, {}, {}, s.context);
  EXPECT_EQ(s.show(result), "exit * | main: 1000000");
}

TEST(FmcMachine, ExitsPastAMillionHandlersCountThemAll) {
  // (...((x; J1 -> *); J2 -> *)...); E -> *: each handler in between is one transition.
  Session s;
  std::string handlers;
  for (std::size_t i = 0; i < kLevels; ++i) handlers += "; J" + std::to_string(i) + " -> *)";
  const std::string text = "<x>." + repeated("(") + "x" + handlers;
  const RunResult caught = run(s.terms, s.module, s.term("[E]." + text), {}, {}, s.context);
  EXPECT_EQ(s.show(caught), "exit E");
  // push, pop, a join and a reject for each level
  EXPECT_EQ(caught.steps, 2 + 2 * kLevels);
  const TermId plain = s.term(repeated("(") + "E" + handlers);
  EXPECT_EQ(run(s.terms, s.module, plain, {}, {}, s.context).steps, 2 * kLevels);
}

TEST(FmcMachine, MillionLevelsParsePrintAndRun) {
  Session s;
  std::string text = repeated("[") + "x" + repeated("]");
  const TermId nested = s.term("[7].<x>." + text);
  const RunResult result = run(s.terms, s.module, nested, {}, {}, s.context);
  std::string want = text;
  want.replace(want.find('x'), 1, "[7]");
  EXPECT_EQ(print_memory(s.terms, result.memory).substr(6), text.replace(text.find('x'), 1, "7"));
  const std::string groups = repeated("(") + "[1]" + repeated(")");
  EXPECT_EQ(s.show(run(s.terms, s.module, s.term(groups), {}, {}, s.context)), "exit * | main: 1");
  const TermId joined = s.term(repeated("(") + "[1]" + repeated("; A -> B)"));
  EXPECT_EQ(s.show(run(s.terms, s.module, joined, {}, {}, s.context)), "exit * | main: 1");
  EXPECT_GT(print(s.terms, joined).size(), kLevels);
}

}  // namespace
}  // namespace ordo::machine::fmc
