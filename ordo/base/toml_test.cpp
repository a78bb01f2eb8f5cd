#include "ordo/base/toml.h"

#include <string>

#include <gtest/gtest.h>

#include "ordo/base/options.h"

namespace ordo {
namespace {

constexpr std::string_view kStudy = R"(# a study
zebra = 1
[study]
name = "é" # two bytes
when = 2026-01-02T03:04:05Z
[command]
run = ["a", "b"]
[[claim]]
text = "a < b"
[[claim]]
  note = {"é".x = 1.5, y = -inf}
)";

std::string message_of(std::string_view text) {
  try {
    parse_toml(text, "s.toml");
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::string place_of(const TomlDocument& document, std::string_view pointer) {
  return document.locate(pointer).to_string();
}

TEST(Toml, EqualsTheJsonThatSaysTheSameInTheOrderOfTheFile) {
  const std::string json =
      R"({"zebra":1,"study":{"name":"é","when":"2026-01-02T03:04:05Z"},"command":{"run":["a","b"]},)"
      R"("claim":[{"text":"a < b"},{"note":{"é":{"x":1.5},"y":"-inf"}}]})";
  EXPECT_EQ(parse_toml(kStudy).root().dump(), json);
}

TEST(Toml, LocatesKeysAndElementsByLineAndByteColumn) {
  const TomlDocument document = parse_toml(kStudy, "s.toml");
  EXPECT_EQ(place_of(document, "/zebra"), "s.toml:2:1: zebra");
  EXPECT_EQ(place_of(document, "/study/when"), "s.toml:5:1: study.when");
  EXPECT_EQ(place_of(document, "/command/run/1"), "s.toml:7:13: command.run.1");
  EXPECT_EQ(document.locate("/claim/0").line, 8u);
  EXPECT_EQ(place_of(document, "/claim/0/text"), "s.toml:9:1: claim.0.text");
  EXPECT_EQ(document.locate("/claim/1").line, 10u);
  // "  note = {"é".x = 1.5, y": the y is the 21st character and the 22nd byte.
  EXPECT_EQ(place_of(document, "/claim/1/note/y"), "s.toml:11:25: claim.1.note.y");
}

TEST(Toml, LocatesWhatIsMissingAtTheNearestTableAroundIt) {
  const TomlDocument document = parse_toml(kStudy, "s.toml");
  EXPECT_EQ(document.locate("/study/nothing/here").line, document.locate("/study").line);
  EXPECT_EQ(document.locate("/claim/7").line, document.locate("/claim").line);
  EXPECT_EQ(document.locate("").line, 1u);
}

TEST(Toml, UnescapesPointers) {
  const TomlDocument document = parse_toml("\n\"a/b\" = 1\n\"c~d\" = 2\n");
  EXPECT_EQ(document.locate("/a~1b").line, 2u);
  EXPECT_EQ(document.locate("/c~0d").line, 3u);
}

TEST(Toml, GivesOptionsTheLineOfAFault) {
  struct Sample {
    int steps = 1;
    void describe(OptionSet& set) { set.add("steps", steps, "Steps.").range(1); }
  } sample;
  const TomlDocument document = parse_toml("[fixed]\nsteps = 0\n", "s.toml");
  const auto locate = [&](const std::string& key) { return document.locate("/fixed/" + key); };
  try {
    describe(sample).apply(document.root().at("fixed").as_object(), {}, locate);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.location().line, 2u);
    EXPECT_EQ(std::string(error.what()),
              "s.toml:2:1: steps: expected a number from 1 to 2147483647, found 0");
  }
}

TEST(Toml, ErrorsSayLineAndByteColumn) {
  EXPECT_TRUE(message_of("a = 1\nb = é\n").starts_with("s.toml:2:5: malformed TOML: "));
  EXPECT_TRUE(message_of("a = 'é' 1\n").starts_with("s.toml:1:10: malformed TOML: "))
      << message_of("a = 'é' 1\n");
  EXPECT_TRUE(message_of("a = 1\na = 2\n").starts_with("s.toml:2:"));
  EXPECT_TRUE(message_of("a = \"\xff\"\n").starts_with("s.toml:1:"));
}

TEST(Toml, RefusesKeysAndValuesThatNestWithoutEnd) {
  std::string dotted = "a";
  for (int part = 0; part < 1'000'000; ++part) dotted += ".a";
  EXPECT_EQ(message_of("x = 'a.b'\n" + dotted + " = 1"),
            "s.toml:2: malformed TOML: a key of more than 32 parts");
  EXPECT_NE(message_of("a = " + std::string(1'000'000, '[')), "no error");
  std::string inner = "1";
  for (int level = 0; level < 200; ++level) inner = "{a.a.a.a.a.a.a = " + inner + "}";
  EXPECT_NE(message_of("a = " + inner).find("nested over 1000 levels deep"), std::string::npos);
}

TEST(Toml, CountsNoDotsInStringsAndComments) {
  const std::string dots(100, '.');
  EXPECT_EQ(message_of("a = '" + dots + "'\nb = \"\\\"" + dots + "\" # " + dots + "\nc = '''\n" +
                       dots + "'''\nd = [" + std::string(100, ' ') + "1.0, 2.0]"),
            "no error");
}

}  // namespace
}  // namespace ordo
