#include "ordo/base/toml.h"

#include <gtest/gtest.h>

namespace ordo {
namespace {

TEST(Toml, KeepsTheOrderOfKeysAndTurnsTablesIntoObjects) {
  const auto document = parse_toml("z = 1\na = [1.5, true]\n[[claim]]\ntext = \"x\"\n");
  EXPECT_EQ(document.root().dump(), R"({"z":1,"a":[1.5,true],"claim":[{"text":"x"}]})");
}

TEST(Toml, LocatesValuesByPointerAndUnknownOnesByTheirParent) {
  const auto document = parse_toml("z = 1\n\n[[claim]]\ntext = \"x\"\n", "s.toml");
  EXPECT_EQ(document.locate("/claim/0/text").to_string(), "s.toml:4:1: claim.0.text");
  EXPECT_EQ(document.locate("/z/none").line, 1u);
}

TEST(Toml, NamesLineAndColumnOfWhatIsMalformed) {
  try {
    parse_toml("a = 1\nb = = 2\n", "s.toml");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.location().line, 2u);
    EXPECT_TRUE(std::string(error.what()).starts_with("s.toml:2:5: malformed TOML"));
  }
}

}  // namespace
}  // namespace ordo
