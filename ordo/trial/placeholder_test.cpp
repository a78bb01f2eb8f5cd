#include "ordo/trial/placeholder.h"

#include <cstdio>

#include <gtest/gtest.h>

namespace ordo::trial {
namespace {

using Words = std::vector<std::string>;

// What a real shell makes of a command line: the independent reference.
std::string shell_says(const std::string& script) {
  std::FILE* pipe = ::popen(("exec 2>/dev/null; " + script).c_str(), "r");
  std::string out;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
  ::pclose(pipe);
  return out;
}

TEST(Placeholders, AreNamesInBracesAndNothingElse) {
  EXPECT_EQ(placeholders("--rate {rate} {a-b} {x_1}"), (Words{"rate", "a-b", "x_1"}));
  EXPECT_EQ(placeholders("{} { a } {1} {a b} {\"k\": 1} ${HOME} {{rate}} }{"), Words{});
}

TEST(Placeholders, AreFilledWithValuesAsTheyAre) {
  const JsonObject values{{"rate", 0.1}, {"k", 3}, {"name", "a b"}, {"on", true}};
  EXPECT_EQ(fill("{rate}/{k}/{name}/{on}", values), "0.1/3/a b/true");
  EXPECT_EQ(fill("{{rate}} ${rate} {} {\"k\": {k}}", values), "{rate} ${rate} {} {\"k\": 3}");
  EXPECT_THROW(fill("{missing}", values), UsageError);
}

TEST(Placeholders, ReachAShellScriptAsOneWordWhateverTheyHold) {
  for (const std::string value :
       {"a b", "$(echo bad)", "`id`", "it's", "\"q\"; exit 3", "*", "\\"}) {
    const std::string script = fill("printf %s {value}", {{"value", value}}, Quoting::shell);
    EXPECT_EQ(shell_says(script), value);
  }
}

TEST(Placeholders, SplitsWordsAsTheShellDoes) {
  for (const std::string text :
       {"a b  c", "'a b' c", "\"a b\" c'd e'f", "a\\ b c", "\"x \\\" y\" z", "'' a", "--k='1 2'"}) {
    std::string ours;
    for (const std::string& word : split_words(text)) ours += word + "\n";
    EXPECT_EQ(shell_says("printf '%s\\n' " + text), ours) << text;
  }
}

TEST(Placeholders, RefusesAQuoteThatIsNotClosed) {
  EXPECT_THROW(split_words("echo 'a b"), InputError);
}

}  // namespace
}  // namespace ordo::trial
