// The stack `arith`: the fast machine and the machine by the letter solve the same goals, against
// arithmetic done here.
#include "ordo/machine/rmc_arith.h"

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_testing.h"
#include "ordo/machine/rmc_trace.h"
#include "ordo/machine/rmc_verbs.h"

namespace ordo::machine::rmc {
namespace {

using List = std::vector<std::string>;

// Under every search, and by the letter.
List answers(Session& s, ProgramId program) {
  RunOptions options;
  options.arithmetic = Arithmetic::on;
  options.search = Search::dfs;
  List letter;
  for (const Answer& a : run_by_the_letter(s.terms, program, {}, options, s.context, {}).answers) {
    letter.push_back(print_answer(s.terms, a));
  }
  for (const Search search : {Search::dfs, Search::interleave, Search::bfs, Search::iddfs}) {
    options.search = search;
    List fast;
    for (const Answer& a : run(s.terms, program, {}, options, s.context).answers) {
      fast.push_back(print_answer(s.terms, a));
    }
    EXPECT_EQ(fast, letter) << print(s.terms, program);
  }
  return letter;
}

TEST(RmcArith, AddSolvesForAnyOfItsArguments) {
  Session s;
  EXPECT_EQ(answers(s, s.program("[add(2,3,X)]arith")), List{"X = 5"});
  EXPECT_EQ(answers(s, s.program("[add(2,X,5)]arith")), List{"X = 3"});
  EXPECT_EQ(answers(s, s.program("[add(X,3,5)]arith; [X]")), List{"X = 2; main: 2"});
  EXPECT_EQ(answers(s, s.program("[add(2,2,5)]arith")), List{});
  EXPECT_EQ(answers(s, s.program("[lt(-1,0)]arith")), List{"true"});
  EXPECT_EQ(answers(s, s.program("[lt(0,0)]arith")), List{});
  EXPECT_EQ(answers(s, s.program("[add(99999999999999999999,1,X)]arith")),
            List{"X = 100000000000000000000"});
}

TEST(RmcArith, RandomGoalsAgreeWithNumbersAndWithTheirDuals) {
  Session s;
  Random random(2);
  for (int i = 0; i < 500; ++i) {
    const auto number = [&] { return static_cast<long>(random.below(21)) - 10; };
    const long x = number(), y = number(), z = random.below(2) == 0 ? x + y : number();
    const std::string texts[] = {std::to_string(x), std::to_string(y), std::to_string(z)};
    const std::uint64_t unknown = random.below(4);
    std::string goal = "add(";
    for (std::uint64_t k = 0; k < 3; ++k) {
      goal += (k == 0 ? "" : ",") + (k == unknown ? "X" : texts[k]);
    }
    const ProgramId program = s.program("[" + goal + ")]arith");
    const long solution[] = {z - y, z - x, x + y};
    const List expected = unknown < 3  ? List{"X = " + std::to_string(solution[unknown])}
                          : x + y == z ? List{"true"}
                                       : List{};
    EXPECT_EQ(answers(s, program), expected) << goal;
    EXPECT_EQ(answers(s, s.terms.dual(program)), expected) << goal;
    const ProgramId less = s.program("[lt(" + texts[0] + "," + texts[1] + ")]arith");
    EXPECT_EQ(answers(s, less), x < y ? List{"true"} : List{});
  }
}

TEST(RmcArith, WithoutTheOptionTheStackIsLikeOthers) {
  Session s;
  const RunResult result = run(s.terms, s.program("[lt(2,1)]arith"), {}, {}, s.context);
  ASSERT_EQ(result.answers.size(), 1U);
  EXPECT_EQ(print_answer(s.terms, result.answers[0]), "arith: lt(2,1)");
}

TEST(RmcArith, PrologProgramsCount) {
  const TempFolder folder;
  RunVerb verb;
  verb.input.file = (folder.path() / "fib.pl").string();
  verb.input.from = "prolog";
  verb.input.ask = "fib(15, F)";
  verb.input.arith = true;
  write_file_atomic(verb.input.file,
                    "fib(0, 0). fib(1, 1).\n"
                    "fib(N, F) :- lt(1, N), add(A, 1, N), add(B, 1, A), fib(A, X), fib(B, Y), "
                    "add(X, Y, F).\n");
  Context context;
  EXPECT_EQ(run_verb(verb, context).text, "F = 610\n");
  verb.input.arith = false;
  EXPECT_THROW(run_verb(verb, context), InputError);
  verb.input.arith = true;
  write_file_atomic(verb.input.file, "add(z, Y, Y).\n");
  verb.input.ask.clear();
  EXPECT_THROW(run_verb(verb, context), InputError);
}

}  // namespace
}  // namespace ordo::machine::rmc
