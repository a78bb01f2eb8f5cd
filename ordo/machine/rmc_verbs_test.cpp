// The verbs and the session as a user meets them.
#include "ordo/machine/rmc_verbs.h"

#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_repl.h"

namespace ordo::machine::rmc {
namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / "ordo-rmc-verbs") {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, const std::string& text) const {
    write_file_atomic(path_ / name, text);
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

Shown run_text(const std::string& program, const std::string& memory = "") {
  RunVerb verb;
  verb.input.expression = program;
  verb.input.memory = memory;
  Context context;
  return run_verb(verb, context);
}

TEST(RmcVerbs, RunShowsAnswersInPrologsManner) {
  EXPECT_EQ(run_text("{X = f(Y,Z)}; {Y = Z}").text, "X = f(Y,Y), Z = Y\n");
  EXPECT_EQ(run_text("skip").text, "true\n");
  EXPECT_EQ(run_text("new X. [f(X,X,_)]").text, "main: f(_G1,_G1,_G2)\n");
  EXPECT_EQ(run_text("fail").text, "false\n");
  EXPECT_EQ(run_text("fail").code, ExitCode::no);
  EXPECT_EQ(run_text("<X>; <Y>; [X]", "a b c").text, "X = c, Y = b; main: a c\n");
  EXPECT_EQ(run_text("<X>", "in: b").code, ExitCode::no);
  RunVerb verb;
  verb.input.expression = "[a]*";
  verb.limits.max_answers = 2;
  Context context;
  const Shown cut = run_verb(verb, context);
  EXPECT_EQ(cut.text, "true\nmain: a\nlimit: max-answers (search incomplete)\n");
  EXPECT_EQ(cut.code, ExitCode::limit);
  EXPECT_EQ(cut.json.at("results").as_array()[0].at("limit").as_string(), "max-answers");
}

TEST(RmcVerbs, RunningBackwardFindsWhatLedThere) {
  RunVerb verb;
  verb.input.expression = "new X Y. <X>; <Y>; [p(X,Y)]";
  verb.input.memory = "p(a,b)";
  verb.backward = true;
  Context context;
  EXPECT_EQ(run_verb(verb, context).text, "main: b a\n");
}

TEST(RmcVerbs, FilesOfOtherLanguagesRunAsTheyAre) {
  const Folder folder;
  RunVerb verb;
  verb.input.file = folder.write("family.pl",
                                 "par(tom,bob). par(bob,ann). anc(X,Y) :- par(X,Y).\n"
                                 "anc(X,Y) :- par(X,Z), anc(Z,Y).\n");
  verb.input.from = "prolog";
  verb.input.ask = "anc(tom, W)";
  verb.search = "dfs";
  Context context;
  EXPECT_EQ(run_verb(verb, context).text, "W = bob\nW = ann\n");
  verb.count = true;
  EXPECT_EQ(run_verb(verb, context).text, "2 results\n");
}

TEST(RmcVerbs, FmtPrintsAModuleThatReadsBackAsTheSame) {
  const Folder folder;
  TermVerb verb;
  verb.input.file = folder.write(
      "all.rmc",
      "sort nat. fun z : nat. fun s : nat -> nat. fun p : nat * nat -> nat. loc g : nat*. loc h. "
      "def dup = new X. <X>;[X];[X]. run dup from {: z}. norm dup;~dup. equal dup == ~~dup. "
      "type ((dup)). dual dup + [z]g.");
  Context context;
  const std::string once = fmt_verb(verb, context).text;
  EXPECT_EQ(once,
            "sort nat.\nfun p : nat * nat -> nat.\nfun s : nat -> nat.\nfun z : nat.\n"
            "loc g : nat*.\nloc h.\ndef dup = new X. <X>; [X]; [X].\nrun dup from {main: z}.\n"
            "norm dup; ~dup.\nequal dup == dup.\ntype dup.\ndual dup + [z]g.\n");
  verb.input.file = folder.write("again.rmc", once);
  EXPECT_EQ(fmt_verb(verb, context).text, once);
}

TEST(RmcVerbs, TraceTellsBranchesAndPlaces) {
  TraceVerb verb;
  verb.input.expression = "[a]; (<a>; [b] + <X>; [c])";
  Context context;
  const Shown shown = trace_verb(verb, context);
  EXPECT_EQ(shown.json.at("answers").size(), 2U);
  bool right = false;
  for (const Json& state : shown.json.at("states").as_array()) {
    if (state.at("rule").as_string() != "choice right") continue;
    right = true;
    EXPECT_EQ(state.at("branch").as_int(), 1);
    EXPECT_EQ(state.at("parent").as_int(), 0);
    EXPECT_EQ(state.at("column").as_int(), 18);
  }
  EXPECT_TRUE(right);
}

TEST(RmcVerbs, ReduceTypeAndEqualSpeakOfTheSameProgram) {
  Context context;
  ReduceVerb reduce;
  reduce.input.expression = "new X. [X]; <f(a)>; [g(X)]";
  EXPECT_EQ(reduce_verb(reduce, context).text, "[g(f(a))]\n");
  reduce.log = true;
  const std::string log = reduce_verb(reduce, context).text;
  EXPECT_NE(log.find("extrude"), std::string::npos) << log;
  EXPECT_TRUE(log.ends_with("\n[g(f(a))]\n")) << log;
  TermVerb type;
  type.input.expression = "new X. <X>; [X]; [X]";
  EXPECT_EQ(type_verb(type, context).json.at("types").as_array()[0].at("type").as_string(),
            "s => s s");
  EqualVerb equal;
  equal.input.expression = "[a] + [a]";
  equal.other = "[a]";
  EXPECT_EQ(equal_verb(equal, context).code, ExitCode::no);
  equal.set = true;
  EXPECT_EQ(equal_verb(equal, context).code, ExitCode::done);
}

TEST(RmcVerbs, ErrorsAreInputErrorsWithPlaces) {
  try {
    run_text("[a");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    EXPECT_NE(std::string(error.what()).find("-e:1:3: error: expected ']'"), std::string::npos)
        << error.what();
  }
}

class Script : public LineReader {
 public:
  explicit Script(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  std::optional<std::string> read_line(const std::string&) override {
    if (at_ == lines_.size()) return std::nullopt;
    return lines_[at_++];
  }

 private:
  std::vector<std::string> lines_;
  std::size_t at_ = 0;
};

std::string session(
    std::vector<std::string> lines,
    const std::function<Context()>& make_context = [] { return Context(); }) {
  ReplLanguage language = repl_language();
  language.greeting.clear();
  std::string shown;
  Script script(std::move(lines));
  Repl(language).run(script, [&](std::string_view text) { shown += text; }, make_context);
  return shown;
}

TEST(RmcRepl, AProgramShowsItsAnswersOneByOne) {
  EXPECT_EQ(session({"def two = [a] + [b].", "two", ";", ";", ";"}),
            "1 definition\nmain: a   (; for more)\nmain: b   (; for more)\nfalse.\n"
            "there is no search to go on with\n");
  EXPECT_EQ(session({":mem in: b a", "in<X>", ":dual in<X>", "backward [q]in"}),
            "in: b a\nX = a; in: b   (; for more)\n[X]in\nfalse.\n");
}

TEST(RmcRepl, AnInterruptedSearchKeepsTheSession) {
  int entries = 0;
  const std::string shown = session({"def d = [a]", "([a];<a>)*;fail", "d"}, [&] {
    StopSource stop;
    Context context;
    context.stop = stop.token();
    if (++entries == 2) stop.request_stop();
    return context;
  });
  EXPECT_EQ(shown, "1 definition\ninterrupted\nmain: a   (; for more)\n");
}

TEST(RmcRepl, ErrorsAreShownAndTheSessionGoesOn) {
  EXPECT_EQ(session({"[a", ")", "skip"}).find("<1>:2:1: error"), 0U)
      << session({"[a", ")", "skip"});
}

}  // namespace
}  // namespace ordo::machine::rmc
