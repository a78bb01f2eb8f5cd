#include "ordo/trial/expand.h"

#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/file.h"

namespace ordo::trial {
namespace {

using testing::ElementsAre;

Spec parse(const std::string& text, const std::filesystem::path& folder = "/") {
  return parse_spec(text, "a.toml", folder);
}

std::vector<std::string> names(const Spec& spec) {
  std::vector<std::string> all;
  for (const Variant& variant : variants(spec)) all.push_back(variant.name);
  return all;
}

std::vector<Job> jobs_of(const Spec& spec, const Shard& shard = {}) {
  return expand(spec, {.seeds = spec.seeds, .shard = shard, .base = "/"});
}

const std::string kHead = "[study]\nseeds = 3\n[command]\nrun = \"prog {seed}\"\n";

TEST(Expand, GridIsTheProductInTheOrderOfTheFile) {
  const Spec spec = parse(kHead + "[vary]\nk = [1, 2]\nm = [\"x\", \"y\"]\n");
  EXPECT_THAT(names(spec), ElementsAre("k=1,x", "k=1,y", "k=2,x", "k=2,y"));
}

TEST(Expand, ZippedColumnsMoveTogether) {
  const Spec spec = parse(kHead + "[[zip]]\nw = [1, 2]\nd = [3, 4]\n");
  EXPECT_THAT(names(spec), ElementsAre("w=1,d=3", "w=2,d=4"));
}

TEST(Expand, BlocksOverrideFixedAndAreCombinedWithTheGrid) {
  const Spec spec = parse(kHead +
                          "[fixed]\na = 1\n[vary]\nk = [1, 2]\n[[variant]]\nname = \"p\"\n"
                          "[[variant]]\nname = \"q\"\na = 2\n");
  EXPECT_THAT(names(spec), ElementsAre("p,k=1", "p,k=2", "q,k=1", "q,k=2"));
  EXPECT_EQ(variants(spec)[0].parameters.find("a")->as_int(), 1);
  EXPECT_EQ(variants(spec)[2].parameters.find("a")->as_int(), 2);
}

TEST(Expand, NamesSayTheColumnWhereValuesAloneWouldCollide) {
  const Spec spec = parse(kHead +
                          "[vary]\na = [\"x\", \"y\"]\nb = [\"x\", \"y\"]\n[[exclude]]\n"
                          "a = \"x\"\nb = \"x\"\n");
  EXPECT_THAT(names(spec), ElementsAre("x,y", "y,x", "y,y"));
  const Spec twins = parse(kHead + "[vary]\na = [\"x,y\", \"x\"]\nb = [\"z\", \"y,z\"]\n");
  EXPECT_THAT(names(twins), ElementsAre("a=x,y,b=z", "a=x,y,b=y,z", "a=x,b=z", "a=x,b=y,z"));
}

TEST(Expand, ExcludesWhatMatchesEveryColumn) {
  const Spec spec = parse(kHead +
                          "[vary]\nk = [1, 2, 3]\nm = [\"x\", \"y\"]\n[[exclude]]\n"
                          "k = [1, 2]\nm = \"x\"\n");
  EXPECT_THAT(names(spec), ElementsAre("k=1,y", "k=2,y", "k=3,x", "k=3,y"));
}

TEST(Expand, AllVariantsOfASeedComeBeforeTheNextSeed) {
  const Spec spec = parse(kHead + "[vary]\nm = [\"x\", \"y\"]\n");
  std::vector<std::string> order;
  for (const Job& job : jobs_of(spec)) {
    order.push_back(job.cells[0].variant + std::to_string(job.cells[0].seed));
  }
  EXPECT_THAT(order, ElementsAre("x1", "y1", "x2", "y2", "x3", "y3"));
}

TEST(Expand, SamplesStayWhenMoreSamplesOrParametersAreAdded) {
  const std::string search = "[search]\nseed = 5\nrate = { loguniform = [1e-4, 1] }\nsamples = ";
  const auto few = variants(parse(kHead + search + "3\n"));
  const auto more = variants(parse(kHead + search + "9\nwidth = { int = [1, 4] }\n"));
  ASSERT_EQ(few.size(), 3u);
  ASSERT_EQ(more.size(), 9u);
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(*few[i].parameters.find("rate"), *more[i].parameters.find("rate"));
  }
}

// The mean of 4,000 draws lies within 5 standard errors of the distribution's own mean.
TEST(Expand, SamplesFollowTheirDistributions) {
  const auto all = variants(parse(kHead + "[search]\nsamples = 4000\nu = { uniform = [2, 4] }\n"
                                          "l = { loguniform = [1e-4, 1] }\ni = { int = [1, 6] }\n"
                                          "c = { choice = [0, 1] }\n"));
  double u = 0, log_l = 0, i = 0, c = 0;
  std::set<std::int64_t> faces;
  for (const Variant& one : all) {
    u += one.parameters.find("u")->as_double();
    log_l += std::log10(one.parameters.find("l")->as_double());
    i += one.parameters.find("i")->as_double();
    c += one.parameters.find("c")->as_double();
    faces.insert(one.parameters.find("i")->as_int());
  }
  const double n = static_cast<double>(all.size());
  EXPECT_NEAR(u / n, 3, 5 * 2 / std::sqrt(12 * n));
  EXPECT_NEAR(log_l / n, -2, 5 * 4 / std::sqrt(12 * n));
  EXPECT_NEAR(i / n, 3.5, 5 * std::sqrt(35.0 / 12 / n));
  EXPECT_NEAR(c / n, 0.5, 5 * 0.5 / std::sqrt(n));
  EXPECT_EQ(faces, (std::set<std::int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Expand, KeysDependOnVariantParametersAndSeedButNotOnTheirOrderOrTheCommand) {
  const Variant a{.name = "v", .note = {}, .parameters = {{"x", 1}, {"y", 2}}};
  const Variant b{.name = "v", .note = {}, .parameters = {{"y", 2}, {"x", 1}}};
  const Variant c{.name = "v", .note = {}, .parameters = {{"x", 1}, {"y", 3}}};
  EXPECT_EQ(cell_key(a, 1), cell_key(b, 1));
  EXPECT_NE(cell_key(a, 1), cell_key(a, 2));
  EXPECT_NE(cell_key(a, 1), cell_key(c, 1));
}

TEST(Expand, ShardsShareTheCellsWithoutOverlap) {
  const Spec spec = parse(kHead + "[vary]\nk = [1, 2, 3, 4, 5, 6, 7]\n");
  for (const int count : {2, 3, 5}) {
    std::multiset<std::string> together;
    for (int index = 1; index <= count; ++index) {
      for (const Job& job : jobs_of(spec, {index, count})) together.insert(job.cells[0].key);
    }
    std::multiset<std::string> whole;
    for (const Job& job : jobs_of(spec)) whole.insert(job.cells[0].key);
    EXPECT_EQ(together, whole) << count;
  }
  // With enough seeds a shard holds whole seeds.
  for (const Job& job : jobs_of(spec, {2, 3})) EXPECT_EQ(job.cells[0].seed, 2);
}

TEST(Expand, RefusesShardsThatAreNone) {
  for (const char* text : {"", "1", "0/2", "3/2", "a/b", "1/2x", "1/", "-1/2"}) {
    EXPECT_THROW(parse_shard(text), UsageError) << text;
  }
  EXPECT_EQ(parse_shard("2/4").index, 2);
}

TEST(Expand, FillsPlaceholdersOfEveryKind) {
  const Spec spec = parse(
      "[study]\nname = \"n\"\nseeds = [7]\n[fixed]\nrate = 0.1\n[[variant]]\nname = \"a b\"\n"
      "[command]\nrun = \"p {rate} {seed} {variant} {study} {parameters} {{rate}}\"\n"
      "env = { V = \"{variant}\" }\nstdin = \"{seed}\"\nfolder = \"sub\"\n",
      "/base");
  const Job job = jobs_of(spec).at(0);
  EXPECT_THAT(job.argv, ElementsAre("p", "0.1", "7", "a b", "n", "{\"rate\":0.1}", "{rate}"));
  EXPECT_EQ(job.env.find("V")->as_string(), "a b");
  EXPECT_EQ(job.stdin_text, "7");
  EXPECT_EQ(job.folder, "/base/sub");
}

TEST(Expand, OneProcessOfManyCellsTakesAllCellsWithTheSameCommand) {
  const std::string text =
      "[study]\nkind = \"many\"\nseeds = 2\n[vary]\nk = [1, 2, 3]\n[command]\nrun = ";
  EXPECT_EQ(jobs_of(parse(text + "\"p\"\n")).size(), 1u);
  EXPECT_EQ(jobs_of(parse(text + "\"p {seed}\"\n")).size(), 2u);
  EXPECT_EQ(jobs_of(parse(text + "\"p {k}\"\n")).size(), 3u);
  EXPECT_EQ(jobs_of(parse(text + "\"p {seed}\"\n")).at(0).cells.size(), 3u);
}

TEST(Expand, FingerprintChangesWithTheScriptAndTheCommandButNotWithTheSeed) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "s.py", "print(1)");
  const auto prints = [&](const std::string& run) {
    std::set<std::string> all;
    const Spec spec =
        parse("[study]\nseeds = 3\n[command]\nrun = \"" + run + "\"\n", folder.path());
    for (const Job& job : jobs_of(spec)) all.insert(job.fingerprint);
    return all;
  };
  const auto before = prints("no-such-python s.py {seed}");
  EXPECT_EQ(before.size(), 1u);
  EXPECT_EQ(before, prints("no-such-python s.py {seed}"));
  EXPECT_NE(before, prints("no-such-python s.py --seed {seed}"));
  write_file_atomic(folder.path() / "s.py", "print(2)");
  EXPECT_NE(before, prints("no-such-python s.py {seed}"));
}

}  // namespace
}  // namespace ordo::trial
