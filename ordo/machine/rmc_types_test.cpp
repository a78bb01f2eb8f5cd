// Principal stack types, and errors that say where the stacks disagree.
#include "ordo/machine/rmc_types.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::rmc {
namespace {

std::string type(const std::string& program, const std::string& declarations = "") {
  Session s;
  s.define("def swap = new X Y. <X>;<Y>;[X];[Y]. def dup = new X. <X>;[X];[X]. " + declarations);
  Diagnostics problems(s.sources);
  const std::string text = infer(s.terms, s.module, s.program(program), problems);
  return problems.empty() ? text : problems.all()[0].message;
}

TEST(RmcTypes, PrincipalTypesOfTheBasicPrograms) {
  EXPECT_EQ(type("swap"), "s t => t s");
  EXPECT_EQ(type("dup"), "s => s s");
  EXPECT_EQ(type("~dup"), "s s => s");
  EXPECT_EQ(type("new X.<X>"), "s =>");
  EXPECT_EQ(type("new X.[X]"), "=> s");
  EXPECT_EQ(type("skip"), "=>");
  EXPECT_EQ(type("fail"), "=> anything");
  EXPECT_EQ(type("swap; ~swap; dup; dup"), "s t => s t t t");
  EXPECT_EQ(type("[a]; in<X>; [f(X)]out"), "in: term => term; out: term");
  EXPECT_EQ(type("<X>; ([X] + [Y]; fail + [Y])"), "s => s");
  EXPECT_EQ(type("(in<a>;[a]in)*"), "in: term => in: term");
  EXPECT_EQ(type("(swap; swap)*; new X. <X>"), "s t => s");
}

const char* kNumbers = "sort nat. sort bit. fun z : nat. fun s : nat -> nat. fun t : bit.";

TEST(RmcTypes, DeclaredSortsAreKept) {
  EXPECT_EQ(type("new X. <X>; [s(X)]", kNumbers), "nat => nat");
  EXPECT_EQ(type("[s(t)]", kNumbers), "argument 1 of 's' is of sort bit, expected nat");
  EXPECT_EQ(type("[z]; <t>", kNumbers), "the top of 'main' is of sort nat here, and bit is popped");
  EXPECT_EQ(type("{z = t}", kNumbers), "the sides of the equation are of sorts nat and bit");
  EXPECT_EQ(type("[z]tape", std::string(kNumbers) + "loc tape : bit."),
            "the stack 'tape' holds bit, not nat");
  EXPECT_EQ(type("[z] + [t]", kNumbers),
            "the sides of this sum leave items of sorts nat and bit "
            "on 'main'");
}

TEST(RmcTypes, StarsKeepTheDepthUnlessTheStackIsUnbounded) {
  EXPECT_EQ(type("([a]g)*"), "star body changes depth of 'g' by +1");
  EXPECT_EQ(type("(g<a>;g<b>)*"), "star body changes depth of 'g' by -2");
  EXPECT_EQ(type("([a]g)*; new X. [X]", "loc g : term*."), "=> s");
  EXPECT_EQ(type("[a]g + skip", "loc g : term*."), type("skip", "loc g : term*."));
  EXPECT_EQ(type("[a] + skip"), "the sides of this sum leave 'main' at different depths (-1)");
}

// [[~M]] is [[M]] turned round, and so is its type.
TEST(RmcTypes, TheDualHasTheTypeTurnedRound) {
  Session s;
  Random random(3);
  int typed = 0;
  for (int i = 0; i < draws(4'000); ++i) {
    RandomPrograms draw{s.terms, random, false, true};
    const ProgramId program = draw.program(2 + static_cast<int>(random.below(7)));
    // What stands beyond a fail is not looked at, and duality turns round which side that is.
    if (print(s.terms, program).find("fail") != std::string::npos) continue;
    Diagnostics problems(s.sources);
    const std::string text = infer(s.terms, s.module, program, problems);
    if (!problems.empty()) continue;
    ++typed;
    Diagnostics none(s.sources);
    const std::string dual = infer(s.terms, s.module, s.terms.dual(program), none);
    EXPECT_TRUE(none.empty()) << print(s.terms, program) << none.to_text();
    const auto sides = [](const std::string& t) {
      const std::size_t arrow = t.find("=>");
      const auto count = [](const std::string& side) {
        return std::count(side.begin(), side.end(), ' ');
      };
      return std::pair{count(t.substr(0, arrow)), count(t.substr(arrow + 2))};
    };
    EXPECT_EQ(sides(text).first, sides(dual).second) << text << " / " << dual;
  }
  EXPECT_GT(typed, draws(500));
}

TEST(RmcTypes, AMillionLevelsNeedNoNativeStack) {
  EXPECT_FALSE(type(repeated("([a];") + "skip" + repeated(")")).empty());
  EXPECT_EQ(type(repeated("(") + "skip" + repeated(")")), "=>");
}

}  // namespace
}  // namespace ordo::machine::rmc
