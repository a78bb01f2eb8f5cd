#include "ordo/trial/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/trial/spec_schema.h"

namespace ordo::trial {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Spec parse(const std::string& text) { return parse_spec(text, "a.toml", "/work"); }

// The message that a faulty text gives.
std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

const std::string kHead = "[study]\nseeds = 3\n[command]\nrun = \"prog {seed}\"\n";

TEST(Spec, ReadsEverySection) {
  const Spec spec = parse(R"toml(
[study]
name = "n"
seeds = [4, 2]
alpha = 0.01
tags = ["x"]
[fixed]
epochs = 3
[[variant]]
name = "sp"
note = "why"
rate = 0.5
[[variant]]
name = "ri"
command = { run = ["other", "{seed}"] }
[command]
run = "prog --e {epochs} 'a b'"
env = { X = "{seed}" }
folder = "sub"
stdin = "hello"
[measure]
acc = "final(acc)"
[[claim]]
text = "acc(sp) > acc(ri)"
paired = false
[report]
curves = ["acc"]
)toml");
  EXPECT_EQ(spec.study.name, "n");
  EXPECT_THAT(spec.seeds, ElementsAre(4, 2));
  EXPECT_EQ(spec.study.alpha, 0.01);
  EXPECT_EQ(spec.fixed.find("epochs")->as_int(), 3);
  ASSERT_EQ(spec.blocks.size(), 2u);
  EXPECT_EQ(spec.blocks[0].parameters.find("rate")->as_double(), 0.5);
  EXPECT_THAT(spec.blocks[1].command->words, ElementsAre("other", "{seed}"));
  EXPECT_THAT(spec.command.words, ElementsAre("prog", "--e", "{epochs}", "a b"));
  EXPECT_EQ(spec.claims[0].name, "claim-1");
  EXPECT_EQ(spec.claims[0].paired, false);
}

TEST(Spec, ANumberOfSeedsStandsForTheFirstOnes) {
  EXPECT_THAT(parse(kHead).seeds, ElementsAre(1, 2, 3));
}

TEST(Spec, TakesItsNameFromTheFile) { EXPECT_EQ(parse(kHead).study.name, "a"); }

TEST(Spec, ErrorsNameFileLineColumnFieldAndTheNearestName) {
  EXPECT_THAT(error_of("[study]\nseeds = 3\ntimeot = 4\n[command]\nrun = \"p\"\n"),
              testing::AllOf(StartsWith("a.toml:3:"), HasSubstr("study.timeot"),
                             HasSubstr("did you mean 'timeout'?")));
  EXPECT_THAT(error_of(kHead + "[mesure]\na = \"seconds\"\n"),
              testing::AllOf(StartsWith("a.toml:5:"), HasSubstr("did you mean 'measure'?")));
  EXPECT_THAT(error_of("[study]\nseeds = 3\n[command]\nrun = \"p\"\nenvv = {}\n"),
              HasSubstr("did you mean 'env'?"));
}

TEST(Spec, RequiredKeysAreAmongTheNearestNames) {
  try {
    parse("[study]\nseed = 3\n[command]\nrun = \"true\"\n");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(":2:1: study.seed: unknown key; did you mean 'seeds'?"));
  }
}

TEST(Spec, NamesAnUnknownPlaceholderAndTheVariantThatLacksIt) {
  EXPECT_THAT(error_of("[study]\nseeds = 3\n[fixed]\nrate = 1\n[command]\nrun = \"p {rat}\"\n"),
              testing::AllOf(StartsWith("a.toml:6:"), HasSubstr("{rat}"),
                             HasSubstr("did you mean {rate}?")));
  EXPECT_THAT(error_of("[study]\nseeds = 1\n[[variant]]\nname = \"a\"\nk = 1\n[[variant]]\n"
                       "name = \"b\"\n[command]\nrun = \"p {k}\"\n"),
              HasSubstr("in the variant 'b'"));
}

struct Fault {
  std::string text, message;
};

TEST(Spec, RefusesWhatMakesNoSense) {
  const std::vector<Fault> faults = {
      {"[study]\nseeds = 0\n[command]\nrun = \"p\"\n", "expected 1 to 1000000 seeds"},
      {"[study]\nseeds = [1, 1]\n[command]\nrun = \"p\"\n", "stands here twice"},
      {"[study]\nseeds = 1.5\n[command]\nrun = \"p\"\n", "a.toml:2:"},
      {"[study]\nname = \"../x\"\nseeds = 1\n[command]\nrun = \"p\"\n", "expected a name"},
      {"[study]\nseeds = 1\nalpha = 0.5\n[command]\nrun = \"p\"\n", "below 0.5"},
      {"[study]\nseeds = 1\n", "[command] is missing"},
      {"[command]\nrun = \"p\"\n", "[study] is missing"},
      {"[study]\nseeds = 1\n[command]\nrun = \"\"\n", "found nothing"},
      {"[study]\nseeds = 1\n[command]\nrun = \"p 'x\"\n", "is not closed"},
      {kHead + "[fixed]\nseed = 1\n", "'seed' is taken"},
      {kHead + "[vary]\na = []\n", "an empty array"},
      {kHead + "[vary]\na = [1, 1]\n", "stands here twice"},
      {kHead + "[vary]\na = [1]\n[[zip]]\na = [2]\n", "varies already"},
      {kHead + "[[zip]]\na = [1, 2]\nb = [1]\n", "expected 2 values"},
      {kHead + "[[variant]]\nk = 1\n", "'name' is missing"},
      {kHead + "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"a\"\n", "two variants called 'a'"},
      {kHead + "[vary]\na = [1, 2]\n[[exclude]]\na = 3\n", "excludes nothing"},
      {kHead + "[vary]\na = [1, 2]\n[[exclude]]\na = [1, 2]\n", "every variant is excluded"},
      {kHead + "[search]\nsamples = 2\n", "expected parameters"},
      {kHead + "[search]\nsamples = 2\na = { lognormal = [1, 2] }\n", "unknown distribution"},
      {kHead + "[search]\nsamples = 2\na = { loguniform = [0, 2] }\n", "above 0"},
      {kHead + "[search]\nsamples = 2\na = { int = [1.5, 2] }\n", "two integers"},
      {kHead + "[measure]\nacc = \"finall(acc)\"\n", "final"},
      {kHead + "[measure]\nt = \"seconds\"\n[[claim]]\ntext = \"t(nobody) > 1\"\n", "nobody"},
      {kHead + "[[claim]]\ntext = \"x(only) > 1\"\n", "a.toml:6:"},
      {kHead + "[[claim]]\nname = \"c\"\n", "'text' is missing"},
      {"[study]\nseeds = 1\nkind = \"worker\"\n[command]\nrun = \"p\"\n", "needs the key 'worker'"},
      {"[study]\nseeds = 1\n[command]\nrun = \"p\"\nworker = \"w\"\n", "needs kind"},
      {"study = 3\n", "expected a table"},
      {kHead + "[claim]\ntext = \"a\"\n", "expected blocks"},
  };
  for (const Fault& fault : faults) {
    EXPECT_THAT(error_of(fault.text), HasSubstr(fault.message)) << fault.text;
  }
}

TEST(Spec, RefusesStudiesTooLargeToExpand) {
  std::string text = kHead + "[vary]\n";
  for (const char axis : {'a', 'b', 'c'}) {
    text += std::string(1, axis) + " = [";
    for (int i = 0; i < 100; ++i) text += std::to_string(i) + ",";
    text += "]\n";
  }
  EXPECT_THAT(error_of(text), HasSubstr("at most 100000"));
}

// The reader and the schema are one list: every key that the schema names is taken by the reader.
TEST(Spec, SchemaNamesEverySectionAndKey) {
  const Json schema = spec_schema();
  for (const Section& part : sections()) {
    const Json* found = schema.at("properties").find(part.name);
    ASSERT_NE(found, nullptr) << part.name;
    const Json& object = part.form == Section::Form::table ? *found : found->at("items");
    for (const FreeKey& key : part.keys) {
      EXPECT_NE(object.at("properties").find(key.name), nullptr) << key.name;
    }
    EXPECT_THAT(spec_markdown(), HasSubstr("[" + part.name + "]"));
  }
}

// After a change: put the output of 'ordo study schema --markdown' there.
TEST(Spec, TheManualShowsTheReferenceAsItIs) {
  const std::string page = read_file(std::filesystem::path(ORDO_SOURCE_DIR) / "docs/study.md");
  const bool is_there = page.find(spec_markdown()) != std::string::npos;
  EXPECT_TRUE(is_there) << "docs/study.md lacks this reference:\n" << spec_markdown();
}

}  // namespace
}  // namespace ordo::trial
