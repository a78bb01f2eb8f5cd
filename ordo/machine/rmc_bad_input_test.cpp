// What a user gets wrong, through the verbs: each time a message with a place and what to do, the
// right exit status, bounded memory and native stack.
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_verbs.h"
#include "ordo/machine/size_testing.h"

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
  EXPECT_EQ(message(check_verb, "def d = skip" + repeated(";[a]") + "."), "");
  const std::string shown = message(check_verb, repeated("def = [.\n"));
  EXPECT_LT(shown.size(), 10'000U);
  EXPECT_NE(shown.find("more"), std::string::npos) << shown.substr(shown.size() - 200);
}

// A file that defines d as the program, runs it, and asks for its normal form.
void write_deep(const std::filesystem::path& path, const std::string& program) {
  write_file_atomic(path, "def d = " + program + ".\nrun d.\nnorm d.\nequal d == [b].\n");
}

TEST(RmcBadInput, EveryVerbTakesAMillionLevels) {
  // A deep term, and deep sequences with bound variables.
  const std::string term = repeated("f(") + "a" + repeated(")");
  const TempFolder folder;
  const auto path = folder.path() / "deep.rmc";
  for (const std::string& program : {"[" + term + "]; <" + term + ">; [b]",
                                     repeated("new X. ([a]; <X>; ") + "[b]" + repeated(")")}) {
    write_deep(path, program);
    const std::string start = program.substr(0, 20);
    Context context;
    TermVerb text;
    text.input.file = path.string();
    EXPECT_EQ(check_verb(text, context).code, ExitCode::done) << start;
    EXPECT_TRUE(type_verb(text, context).text.starts_with("d : =>")) << start;
    EXPECT_GT(fmt_verb(text, context).text.size(), 2 * kLevels) << start;
    RunVerb run;
    run.input = text.input;
    EXPECT_EQ(run_verb(run, context).text, "main: b\n") << start;
    run.backward = true;
    EXPECT_EQ(run_verb(run, context).text, "false\n") << start;  // it pops a b
    TraceVerb trace;
    trace.input = text.input;
    trace.max_steps = 20;
    trace_verb(trace, context);
    ReduceVerb reduce;
    reduce.input = text.input;
    EXPECT_EQ(reduce_verb(reduce, context).text, "[b]\n") << start;
    EqualVerb equal;
    equal.input = text.input;
    EXPECT_EQ(equal_verb(equal, context).text, "equal\n") << start;
    TranslateVerb translate;
    translate.input = text.input;
    translate.to = "diagram";
    EXPECT_FALSE(translate_verb(translate, context).text.empty()) << start;
  }
}

TEST(RmcBadInput, EverySearchTakesAMillionChoicesAndStars) {
  const TempFolder folder;
  const auto path = folder.path() / "deep.rmc";
  for (const std::string& program : {repeated("(fail + ") + "[b]" + repeated(")"),
                                     repeated("(") + "fail" + repeated("; fail)*") + "; [b]"}) {
    write_deep(path, program);
    Context context;
    RunVerb run;
    run.input.file = path.string();
    for (const char* search : {"dfs", "bfs", "iddfs"}) {
      run.search = search;
      EXPECT_EQ(run_verb(run, context).text, "main: b\n") << search;
    }
    ReduceVerb reduce;
    reduce.input = run.input;
    EXPECT_EQ(reduce_verb(reduce, context).text, "[b]\n");
  }
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
