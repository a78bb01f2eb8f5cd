// The verbs as a person meets them: exit codes, limits, files that import files, input that is bad
// or very large.
#include "ordo/machine/fmc_verbs.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::fmc {
namespace {

Answer run_text(const std::string& text, const std::string& memory = "") {
  RunVerb verb;
  verb.input = {"", text, memory};
  Context context;
  return run_verb(verb, context);
}

// A folder of its own with files in it.
class Files {
 public:
  Files() : folder_(std::filesystem::temp_directory_path() / "ordo-fmc-verbs") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~Files() { std::filesystem::remove_all(folder_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  std::string write(const std::string& name, const std::string& text) const {
    const std::string path = (folder_ / name).string();
    write_file_atomic(path, text);
    return path;
  }

 private:
  std::filesystem::path folder_;
};

Answer run_path(const std::string& path) {
  RunVerb verb;
  verb.input.file = path;
  Context context;
  return run_verb(verb, context);
}
std::string problem_of(const std::string& path) {
  try {
    run_path(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    return error.what();
  }
  return "no problem";
}

TEST(FmcVerbs, Oracle04ExitCodesTellHowARunEnded) {
  EXPECT_EQ(run_text("[3].[4].add").code, ExitCode::done);
  EXPECT_EQ(static_cast<int>(run_text("[1].Foo").code), 10);
  EXPECT_EQ(static_cast<int>(run_text("<x>.x").code), 11);
  RunVerb endless;
  endless.input.expression = "[7]c.(*)^*";
  endless.limits.max_steps = 1000;
  Context context;
  const Answer limited = run_verb(endless, context);
  EXPECT_EQ(limited.code, ExitCode::limit);
  // Which limit, and the state at it.
  EXPECT_NE(limited.text.find("max-steps"), std::string::npos) << limited.text;
  EXPECT_NE(limited.text.find("c: 7"), std::string::npos) << limited.text;
  endless.input.expression = "([1].[2]c)^*";
  endless.limits.max_steps = 0;
  endless.limits.max_memory = 1;
  EXPECT_NE(run_verb(endless, context).text.find("max-memory"), std::string::npos);
}

TEST(FmcVerbs, ReducesInEveryOrderAndByEta) {
  ReduceVerb verb;
  verb.input.expression = "(c<x>.[x]c.[x]).(<v>.c<_>.[v]c)";
  Context context;
  for (const char* strategy : {"normal", "innermost", "random", "parallel"}) {
    verb.strategy = strategy;
    verb.eta = false;
    EXPECT_EQ(reduce_verb(verb, context).text, "c<x>.[x]c\n");
    verb.eta = true;
    verb.input.memory = "c: 0";
    EXPECT_EQ(reduce_verb(verb, context).text, "*\n");
    verb.input.memory = "";
  }
  verb.input.expression = "[<x>.[x].x].<x>.[x].x";
  verb.max_steps = 100;
  EXPECT_EQ(reduce_verb(verb, context).code, ExitCode::limit);
}

TEST(FmcVerbs, Oracle09EqualDecidesTheLawsOfTheStore) {
  EqualVerb verb;
  Context context;
  const auto decide = [&](const char* one, const char* other) {
    verb.input.expression = one;
    verb.other = other;
    return equal_verb(verb, context).code;
  };
  EXPECT_EQ(decide("[m].(<v>.c<_>.[v]c).[n].(<v>.c<_>.[v]c)", "[n].(<v>.c<_>.[v]c)"),
            ExitCode::done);
  EXPECT_EQ(decide("[m]c.[n]d", "[n]d.[m]c"), ExitCode::no);
  EXPECT_EQ(decide("(c<x>.[x]c.[x]).(<v>.c<_>.[v]c)", "*"), ExitCode::no);
  verb.eta = true;
  verb.input.memory = "c: 0";
  EXPECT_EQ(decide("(c<x>.[x]c.[x]).(<v>.c<_>.[v]c)", "*"), ExitCode::done);
  verb.max_steps = 50;
  EXPECT_EQ(decide("[<x>.[x].x].<x>.[x].x", "*"), ExitCode::limit);
}

TEST(FmcVerbs, WhatTwoFilesImportIsReadOnce) {
  const Files files;
  files.write("base.fmc", "one := [1].\n");
  files.write("left.fmc", "import \"base\".\nleft := one.one.\n");
  files.write("right.fmc", "import \"base\".\nright := one.\n");
  const std::string top =
      files.write("top.fmc", "import \"left\".\nimport \"right\".\nrun left.right.\n");
  EXPECT_NE(run_path(top).text.find("main: 1 1 1"), std::string::npos);
}

TEST(FmcVerbs, ImportsInACircleAndMissingFilesAreNamed) {
  const Files files;
  files.write("a.fmc", "import \"b\".\n");
  const std::string b = files.write("b.fmc", "import \"a\".\nrun *.\n");
  EXPECT_NE(problem_of(b).find("imports itself in a circle"), std::string::npos);
  const std::string lonely = files.write("lonely.fmc", "\nimport \"nowhere\".\nrun *.\n");
  const std::string text = problem_of(lonely);
  EXPECT_NE(text.find("lonely.fmc:2:8"), std::string::npos) << text;
  EXPECT_NE(text.find("nowhere.fmc"), std::string::npos) << text;
}

TEST(FmcVerbs, BadInputNamesItsPlace) {
  const Files files;
  EXPECT_NE(problem_of(files.write("utf.fmc", "run [1].\n% \xC3(\n")).find("utf.fmc:2:3"),
            std::string::npos);
  EXPECT_NE(problem_of(files.write("open.fmc", "run [1.\n")).find("open.fmc:1:7"),
            std::string::npos);
  Context context;
  TermVerb check;
  check.input.file = files.write("typed.fmc", "a := [1].\nb := [\"x\"].a.add.\n");
  try {
    check_verb(check, context);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("typed.fmc:2:14"), std::string::npos) << error.what();
  }
}

TEST(FmcVerbs, EveryVerbTakesAMillionLevels) {
  const Files files;
  const std::string nested = std::string(kLevels, '[') + "7" + std::string(kLevels, ']');
  const std::string path = files.write("deep.fmc", "main := " + nested + ".\n");
  Context context;
  EXPECT_EQ(run_path(path).code, ExitCode::done);
  TermVerb check;
  check.input.file = path;
  EXPECT_EQ(check_verb(check, context).code, ExitCode::done);
  EXPECT_TRUE(type_verb(check, context).text.starts_with("main : ..s => "));
  FmtVerb format;
  format.file = path;
  EXPECT_EQ(fmt_verb(format, context).text, "main := " + nested + ".\n");
  ReduceVerb reduce;
  reduce.input.file = path;
  for (const char* strategy : {"normal", "innermost", "parallel"}) {
    reduce.strategy = strategy;
    EXPECT_EQ(reduce_verb(reduce, context).text, nested + "\n");
  }
  TraceVerb trace;
  trace.input.file = path;
  EXPECT_EQ(trace_verb(trace, context).code, ExitCode::done);
}

TEST(FmcVerbs, EveryTranslatorTakesAMillionLevels) {
  Context context;
  const auto translate = [&](const char* from, const char* to, const std::string& text) {
    TranslateVerb verb;
    verb.expression = text;
    verb.from = from;
    verb.to = to;
    return translate_verb(verb, context).text;
  };
  const std::string groups = std::string(kLevels, '(') + "x" + std::string(kLevels, ')');
  for (const char* order : {"lambda-cbn", "lambda-cbv"}) {
    EXPECT_FALSE(translate(order, "fmc", groups).empty());
    EXPECT_GT(translate(order, "fmc", repeated("\\x. ") + "x").size(), kLevels);
    EXPECT_GT(translate(order, "fmc", repeated("(x ") + "x" + std::string(kLevels, ')')).size(),
              kLevels);
  }
  const std::string returns = repeated("let x = return 1 in ") + "return x";
  EXPECT_GT(translate("moggi", "fmc", returns).size(), kLevels);
  EXPECT_GT(
      translate("cbpv", "fmc", repeated("(\\x. ") + "return x" + std::string(kLevels, ')')).size(),
      kLevels);
  EXPECT_GT(translate("while", "fmc", "x := " + repeated("1 + ") + "1;").size(), kLevels);
  EXPECT_GT(translate("while", "fmc",
                      repeated("while 0 < 1 { ") + "print 1; " + std::string(kLevels, '}'))
                .size(),
            kLevels);
  EXPECT_GT(translate("fmc", "lambda-cbn", repeated("[x].") + "f").size(), kLevels);
  EXPECT_GT(translate("fmc", "lambda-cbn", repeated("<x>.") + "x").size(), kLevels);
}

}  // namespace
}  // namespace ordo::machine::fmc
