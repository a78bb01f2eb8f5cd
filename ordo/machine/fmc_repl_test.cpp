#include "ordo/machine/fmc_repl.h"

#include <gtest/gtest.h>

namespace ordo::machine::fmc {
namespace {

// What the session shows for each entry.
std::vector<std::string> session(const std::vector<std::string>& entries) {
  Repl repl(repl_language());
  std::vector<std::string> shown;
  for (const std::string& entry : entries) {
    Context context;
    bool done = false;
    try {
      shown.push_back(repl.enter(entry, context, done));
    } catch (const Error& error) {
      shown.emplace_back(error.what());
    }
  }
  return shown;
}

TEST(FmcRepl, TermsRunOnTheSessionsMemory) {
  EXPECT_EQ(session({"[1].[2]", "add", ":mem", ":mem c: 7", "c<x>.[x]"}),
            (std::vector<std::string>{"exit *\n  main: 1 2\n", "exit *\n  main: 3\n", "main: 3\n",
                                      "c: 7\n", "exit *\n  main: 7\n"}));
}

TEST(FmcRepl, DeclarationsExtendTheSession) {
  EXPECT_EQ(session({"twice := <f>.f.f.", "data List a = Nil | Cons a (List a).",
                     ":type [[Nil].[1].Cons]", "[1].[[2].mul].twice", "twice := *."})
                .back()
                .substr(0, 40),
            "<6>:1:1: error: 'twice' is defined alrea");
  const auto shown =
      session({"one := [1]. two := [2].", "data B = T | F.", ":type [T]", "two.one"});
  EXPECT_EQ(shown, (std::vector<std::string>{"2 definitions\n", "1 data type\n",
                                             "..s => *: ..s B\n", "exit *\n  main: 2 1\n"}));
}

TEST(FmcRepl, StepsOneTransitionAtATime) {
  const auto shown = session({":step [1].<x>.[x].[x]", ":step", ":step", ":step", ":step"});
  EXPECT_EQ(shown[0], "    0  start    [1].<x>.[x].[x]\n");
  EXPECT_EQ(shown[1], "    1  push     <x>.[x].[x]\n                main: 1\n");
  EXPECT_EQ(shown[2], "    2  pop      [1].[1]\n");
  EXPECT_EQ(shown[4], "    4  push     *\n                main: 1 1\n");
}

TEST(FmcRepl, TranslatesAndRunsTheOtherLanguages) {
  EXPECT_EQ(
      session({":cbn (\\x. x) y", ":cbv (\\x. x) y", ":moggi let x = return 1 in return x",
               ":cbpv return 1 to x. return x", ":imp x := 20; print x + 1;", ":nf [y].<x>.x.x"}),
      (std::vector<std::string>{"[y].<x>.x\n", "[y]; [<x>.[x]]; <f>.f\n", "[1]; <x>.[x]\n",
                                "[1]; <x>.[x]\n", "exit *\n  out: 21; x: 20\n", "y.y\n"}));
}

TEST(FmcRepl, ALoopEndsWhenAStopIsAskedFor) {
  Repl repl(repl_language());
  StopSource source;
  Context context;
  context.stop = source.token();
  source.request_stop();
  bool done = false;
  EXPECT_THROW(repl.enter("(*)^*", context, done), Interrupted);
  Context again;
  EXPECT_EQ(repl.enter("[1]", again, done), "exit *\n  main: 1\n");
}

}  // namespace
}  // namespace ordo::machine::fmc
