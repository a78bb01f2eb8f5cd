#include "ordo/base/options.h"

#include <gtest/gtest.h>

#include "ordo/base/option_keys.h"

namespace ordo {
namespace {

struct Sample {
  std::string model = "mlp";
  double rate = 0.5;
  int steps = 10;
  std::optional<int> seed;
  std::vector<std::string> files;
  void describe(OptionSet& set) {
    set.add("model", model, "Network.").choices({"mlp", "cnn"});
    set.add("rate", rate, "Learning rate.").range(0, 10);
    set.add("steps", steps, "Steps.").range(1);
    set.add("seed", seed, "Seed.");
    set.positional("files", files, "Files.");
  }
};

TEST(Options, AppliesATableToTheFields) {
  Sample sample;
  const OptionSet set = describe(sample);
  set.apply(parse_json(R"({"model":"cnn","rate":2,"seed":7,"files":["a","b"]})").as_object(), {});
  EXPECT_EQ(sample.model, "cnn");
  EXPECT_EQ(sample.rate, 2.0);
  EXPECT_EQ(sample.seed, 7);
  EXPECT_EQ(sample.files, (std::vector<std::string>{"a", "b"}));
}

TEST(Options, NamesTheNearestKeyForAnUnknownOne) {
  Sample sample;
  const OptionSet set = describe(sample);
  try {
    set.apply(parse_json(R"({"modle":"cnn"})").as_object(), {.source = "a.toml", .line = 3});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "a.toml:3: modle: unknown key; did you mean 'model'?");
  }
}

TEST(Options, RefusesValuesOutOfRangeOfTheWrongTypeAndNotAmongTheChoices) {
  Sample sample;
  const OptionSet set = describe(sample);
  EXPECT_THROW(set.find("rate")->set(Json(11)), InputError);
  EXPECT_THROW(set.find("rate")->set(Json("fast")), InputError);
  EXPECT_THROW(set.find("steps")->set(Json(1.5)), InputError);
  EXPECT_THROW(set.find("steps")->set_words({"0"}), UsageError);
  EXPECT_THROW(set.find("model")->set_words({"ccn"}), UsageError);
  set.find("steps")->set_words({"1e3"});
  EXPECT_EQ(sample.steps, 1000);
}

TEST(Options, AreShownAsFlagsOrAsKeys) {
  Sample sample;
  const OptionSet set = describe(sample);
  EXPECT_NE(set.markdown().find("| `--rate` | a number | `0.5` | Learning rate. |"),
            std::string::npos);
  EXPECT_NE(set.markdown().find("| `files` |"), std::string::npos);
  EXPECT_NE(markdown_of_keys(set).find("| `rate` | a number | `0.5` | Learning rate. |"),
            std::string::npos);
  EXPECT_EQ(markdown_of_keys(set).find("--rate"), std::string::npos);
}

}  // namespace
}  // namespace ordo
