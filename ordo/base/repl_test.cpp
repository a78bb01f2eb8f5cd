#include "ordo/base/repl.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/repl_testing.h"

namespace ordo {
namespace {

ReplLanguage echo_language() {
  ReplLanguage language;
  language.prompt = "e> ";
  language.evaluate = [](const std::string& text, Context&) {
    if (text == "bad") throw UsageError("no such thing");
    return "<" + text + ">";
  };
  language.is_incomplete = [](const std::string& text) { return text.ends_with("("); };
  language.commands.push_back(
      {"type", "TERM", "its type", [](const std::string& a, Context&) { return "type of " + a; }});
  language.names = [] { return std::vector<std::string>{"alpha", "also", "beta"}; };
  return language;
}

TEST(Repl, KeepsTheSessionThroughErrorsAndInterrupts) {
  Repl repl(echo_language());
  ScriptedLines lines({"a", "bad", "^C", ":t x", "f(", ")", ":tpye", ":quit", "never"});
  std::string shown;
  repl.run(lines, [&](std::string_view text) { shown += text; }, [] { return Context(); });
  EXPECT_EQ(shown,
            "<a>\nno such thing\ninterrupted\ntype of x\n<f(\n)>\n"
            "there is no command ':tpye'; did you mean ':type'?\n");
  EXPECT_EQ(lines.history,
            (std::vector<std::string>{"a", "bad", ":t x", "f(\n)", ":tpye", ":quit"}));
}

TEST(Repl, CompletesCommandsAndNames) {
  const Repl repl(echo_language());
  EXPECT_EQ(repl.complete(":t").words, std::vector<std::string>{":type"});
  EXPECT_EQ(repl.complete("[al").words, (std::vector<std::string>{"alpha", "also"}));
  EXPECT_EQ(repl.complete("[al").start, 1U);
}

TEST(Repl, CommandsMayBeginWithAnotherSign) {
  ReplLanguage language = echo_language();
  language.command_sign = '/';
  Repl repl(language);
  ScriptedLines lines({":t x", "/t x", "/tpye", "/help", "/quit", "never"});
  std::string shown;
  repl.run(lines, [&](std::string_view text) { shown += text; }, [] { return Context(); });
  EXPECT_TRUE(
      shown.starts_with("<:t x>\ntype of x\n"
                        "there is no command '/tpye'; did you mean '/type'?\n"
                        "  /type TERM"))
      << shown;
  EXPECT_EQ(repl.complete("/").words, (std::vector<std::string>{"/help", "/quit", "/type"}));
}

TEST(Repl, CompletesFilesWhereACommandWantsOne) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "ordo-complete";
  std::filesystem::create_directories(folder / "inner");
  write_file_atomic(folder / "in.fmc", "");
  write_file_atomic(folder / "out.fmc", "");
  ReplLanguage language = echo_language();
  language.commands.push_back({"load", "FILE", "reads", {}});
  const Repl repl(language);
  const std::string begun = (folder / "in").string();
  const Completion found = repl.complete(":load " + begun);
  EXPECT_EQ(found.start, 6U);
  EXPECT_EQ(found.words, (std::vector<std::string>{begun + ".fmc", begun + "ner/"}));
  EXPECT_TRUE(repl.complete(":load /no/such/folder/x").words.empty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ordo
