// What a user gets wrong, through the verbs: each time a message with a place and what to do, the
// right exit status, bounded memory. (Depth has tests beside each part.)
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_verbs.h"

namespace ordo::machine::rmc {
namespace {

using Verb = Shown (*)(const TermVerb&, Context&);

// The message of a verb's InputError on a file with this text, without the folder's name.
std::string message(Verb verb, const std::string& text) {
  const TempFolder folder;
  const auto path = folder.path() / "f.rmc";
  write_file_atomic(path, text);
  TermVerb options;
  options.input.file = path.string();
  Context context;
  try {
    verb(options, context);
  } catch (const InputError& error) {
    const std::string what = error.what();
    return what.substr(what.find("f.rmc:"));
  }
  return "";
}
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Shown run_text(const std::string& program, void (*change)(RunVerb&) = [](RunVerb&) {}) {
  RunVerb verb;
  verb.input.expression = program;
  change(verb);
  Context context;
  return run_verb(verb, context);
}

TEST(RmcBadInput, UnclosedBracketsSayWhereTheyWereOpened) {
  const std::string shown = message(check_verb, "def d =\n  ([a]; <b>\n.");
  EXPECT_EQ(first_line(shown), "f.rmc:3:1: error: expected ';', '+', '*' or ')', found '.'");
  EXPECT_NE(shown.find("'(' was opened at"), std::string::npos) << shown;
  EXPECT_NE(shown.find("f.rmc:2:3"), std::string::npos) << shown;
}

TEST(RmcBadInput, UnboundVariablesAndIllTypedTermsHavePlaces) {
  EXPECT_EQ(first_line(message(check_verb, "def d = new X. <X>; [Y].")),
            "f.rmc:1:22: error: the variable Y has no 'new' around it");
  EXPECT_EQ(first_line(message(check_verb,
                               "sort n. sort b. fun z : n. fun s : n -> n. fun t : b.\n"
                               "run [s(t)].")),
            "f.rmc:2:5: error: argument 1 of 's' is of sort b, expected n");
  EXPECT_EQ(first_line(message(check_verb, "def d = ([a]g)*.")),
            "f.rmc:1:9: error: star body changes depth of 'g' by +1");
}

TEST(RmcBadInput, InvalidUtf8IsRefusedAtItsByte) {
  EXPECT_EQ(first_line(message(check_verb, "def d = [a].\nrun [\xff].")).substr(0, 10),
            "f.rmc:2:6:");
}

TEST(RmcBadInput, EndlessProgramsEndAtALimitAndSayWhereTheyStood) {
  const Shown steps = run_text("([s]g; g<s>)*; fail", [](RunVerb& verb) {
    verb.limits.max_steps = 100'000;
    verb.search = "dfs";
  });
  EXPECT_EQ(steps.code, ExitCode::limit);
  EXPECT_TRUE(steps.text.starts_with("limit: max-steps (search incomplete)\nstate: "))
      << steps.text;
  EXPECT_NE(steps.text.find("unfoldings of stars on this branch"), std::string::npos);
  const Shown memory = run_text("[f(a,b)]g*; fail", [](RunVerb& verb) {
    verb.limits.max_memory = 8;
    verb.search = "dfs";
  });
  EXPECT_EQ(memory.code, ExitCode::limit);
  EXPECT_TRUE(
      memory.text.starts_with("limit: max-memory (search incomplete)\nstate: g: ... f(a,b)"))
      << memory.text;
  EXPECT_EQ(run_text("skip*",
                     [](RunVerb& verb) {
                       verb.timeout = 0.05;
                       verb.count = true;
                     })
                .code,
            ExitCode::limit);
  const Shown net = run_text("([t]p; [t]q + [t]q)*; r<t>", [](RunVerb& verb) {
    verb.star = "set";
    verb.limits.max_steps = 50'000;
  });
  EXPECT_NE(net.text.find("markings found"), std::string::npos) << net.text;
}

TEST(RmcBadInput, ALongTextIsReadAndItsErrorsAreFew) {
  std::string text = "def d = skip";
  for (int i = 0; i < 1'000'000; ++i) text += ";[a]";
  EXPECT_EQ(message(check_verb, text + "."), "");
  std::string wrong;
  for (int i = 0; i < 200'000; ++i) wrong += "def = [.\n";
  const std::string shown = message(check_verb, wrong);
  EXPECT_LT(shown.size(), 10'000U);
  EXPECT_NE(shown.find("more"), std::string::npos) << shown.substr(shown.size() - 200);
}

TEST(RmcBadInput, ArithmeticSaysWhatItMisses) {
  const auto problem = [](const std::string& program) -> std::string {
    try {
      run_text(program, [](RunVerb& verb) { verb.input.arith = true; });
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(problem("[add(X,Y,3)]arith"), "arithmetic: two arguments must be known in add(_,_,3)");
  EXPECT_EQ(problem("[lt(X,3)]arith"), "arithmetic: both arguments must be known in lt(_,3)");
  EXPECT_EQ(problem("[add(1,f(a),3)]arith"),
            "arithmetic: 'f(...)' is no integer in add(1,f(...),3)");
  EXPECT_EQ(problem("[mul(1,2,X)]arith"),
            "arithmetic: expected add(X,Y,Z) or lt(X,Y) in mul(1,2,_)");
}

}  // namespace
}  // namespace ordo::machine::rmc
