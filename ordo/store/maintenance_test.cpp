#include "ordo/store/maintenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/random.h"
#include "ordo/store/merge.h"
#include "ordo/store/sqlite.h"
#include "ordo/store/store.h"

namespace ordo::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kCells = 40;

class MaintenanceTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return folder_.path() / name; }

  std::vector<CellId> register_study(Store& store) const {
    store.put_study({.name = "s",
                     .spec = "spec",
                     .spec_hash = "",
                     .seeds = {1},
                     .created = 1,
                     .tags = {},
                     .notes = ""});
    std::vector<CellSpec> specs;
    for (int seed = 0; seed < kCells; ++seed) {
      specs.push_back({.variant = seed % 2 == 0 ? "a" : "b", .params = {}, .seed = seed});
    }
    return store.add_cells("s", specs);
  }

  // What cell `index` does depends on nothing but the index; some fail at first.
  void execute(Store& store, const std::vector<CellId>& cells, int index) const {
    Random random = Random(7).split(static_cast<std::uint64_t>(index));
    const int attempts = random.bernoulli(0.3) ? 2 : 1;
    for (int attempt = 1; attempt <= attempts; ++attempt) {
      const auto at = static_cast<std::size_t>(index);
      store.reset_cell(cells[at]);
      const auto run = *store.claim(cells[at], {.fingerprint = "f", .threads = 2});
      std::vector<double> steps, values;
      const std::uint64_t count = 40 + random.below(2500);
      for (std::uint64_t i = 0; i < count; ++i) {
        steps.push_back(static_cast<double>(i));
        values.push_back(random.normal());
      }
      store.add_points(run, "loss", steps, values);
      const auto file = path("file");
      write_file_atomic(file, "artifact " + std::to_string(index % 5));
      store.add_artifact(run, file, "model", "text/plain");
      const bool ends_well = attempt == attempts;
      store.finish(run, {.status = ends_well ? Status::done : Status::failed,
                         .exit_status = ends_well ? 0 : 1,
                         .wall_seconds = random.uniform(),
                         .log_head = "head " + std::to_string(index),
                         .results = {{"acc", random.uniform()}}});
    }
  }

  // Everything that does not depend on when and where it was run.
  static std::string logical_dump(const fs::path& folder, Context& context) {
    const Store store(folder, {.access = Access::read}, context);
    std::vector<std::string> lines;
    for (const Cell& cell : store.cells("s")) {
      std::string line = cell.variant + " " + std::to_string(cell.seed) + " " + cell.key + " " +
                         std::string(to_string(cell.status)) + " " + cell.fingerprint + "\n";
      for (const store::Run& run : store.attempts(cell.id)) {
        line += std::to_string(run.attempt) + " " + std::string(to_string(run.status)) + " " +
                Json(run.results).dump() + Json(run.wall_seconds).dump() + store.log(run.id).head +
                (cell.run == run.id ? " counts" : "") + "\n";
        for (const SeriesInfo& series : store.series_list(run.id)) {
          for (const std::size_t most : {10U, 100'000U}) {
            const Curve curve = store.series(run.id, series.name, most);
            line += series.name + Json::array_of(curve.step).dump() +
                    Json::array_of(curve.value).dump() + Json::array_of(curve.high).dump() + "\n";
          }
        }
        for (const ArtifactRecord& artifact : store.artifacts(run.id)) {
          line += artifact.name + artifact.type + read_file(store.artifact_path(artifact.hash));
        }
      }
      lines.push_back(std::move(line));
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
  }

  void damage(const std::string& name, const std::string& sql) const {
    Database database(path(name) / "store.db", Database::Mode::write, 1);
    database.execute("PRAGMA foreign_keys=OFF;" + sql);
  }
  CheckResult checked(const std::string& name) { return check({.store = path(name)}, context_); }

  // A store of a few finished cells.
  void make_store(const std::string& name, int cells = 6) {
    Store store(path(name), {}, context_);
    const auto ids = register_study(store);
    for (int index = 0; index < cells; ++index) execute(store, ids, index);
  }

  TempFolder folder_;
  Context context_;
};

TEST_F(MaintenanceTest, MergedShardsEqualOneStoreHoweverCellsWereDealt) {
  {
    Store store(path("one"), {}, context_);
    const auto cells = register_study(store);
    for (int index = 0; index < kCells; ++index) execute(store, cells, index);
  }
  const std::string expected = logical_dump(path("one"), context_);
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Random random(seed);
    const std::uint64_t shards = 1 + random.below(4);
    const auto name = [&](std::uint64_t shard) {
      return std::to_string(seed) + "-" + std::to_string(shard);
    };
    std::vector<fs::path> from;
    std::vector<std::unique_ptr<Store>> stores;
    for (std::uint64_t shard = 0; shard < shards; ++shard) {
      from.push_back(path(name(shard)));
      stores.push_back(std::make_unique<Store>(from.back(), StoreOptions{}, context_));
    }
    std::vector<CellId> cells;
    for (auto& store : stores) cells = register_study(*store);
    for (int index = 0; index < kCells; ++index) {
      execute(*stores[random.below(shards)], cells, index);
    }
    stores.clear();
    const MergeOptions options{.from = from, .into = path(name(99))};
    const MergeResult first = merge(options, context_);
    EXPECT_EQ(first.cells, kCells);
    EXPECT_THAT(first.conflicts, IsEmpty());
    EXPECT_EQ(logical_dump(options.into, context_), expected);
    const MergeResult again = merge(options, context_);
    EXPECT_EQ(again.studies + again.cells + again.runs + again.artifacts, 0);
    EXPECT_EQ(again.present, first.runs);
    EXPECT_EQ(logical_dump(options.into, context_), expected);
    EXPECT_THAT(check({.store = options.into}, context_).problems, IsEmpty());
  }
}

TEST_F(MaintenanceTest, MergeNamesWhatDiffersAndKeepsItsOwn) {
  for (const double result : {1.0, 2.0}) {
    Store store(path(result == 1 ? "a" : "b"), {}, context_);
    const auto cells = register_study(store);
    store.finish(*store.claim(cells[3], {}), {.results = {{"acc", result}}});
  }
  const MergeResult result = merge({.from = {path("b")}, .into = path("a")}, context_);
  ASSERT_EQ(result.conflicts.size(), 1U);
  EXPECT_THAT(result.conflicts[0], HasSubstr("study 's', cell b seed 3"));
  EXPECT_EQ(exit_code(result), ExitCode::no);
  const Store store(path("a"), {.access = Access::read}, context_);
  EXPECT_EQ(store.runs("s").at(0).results.find("acc")->as_double(), 1.0);

  damage("b", "UPDATE study SET spec_hash='other'");
  EXPECT_THROW(merge({.from = {path("b")}, .into = path("a")}, context_), InputError);
  EXPECT_THROW(merge({.from = {path("none")}, .into = path("new")}, context_), IoError);
  EXPECT_FALSE(fs::exists(path("new")));
  EXPECT_THROW(merge({.from = {path("a")}, .into = path("a")}, context_), UsageError);
}

TEST_F(MaintenanceTest, CheckFindsEveryKindOfDamage) {
  make_store("s");
  EXPECT_THAT(checked("s").problems, IsEmpty());
  const auto expect_problem = [&](const std::string& sql, const std::string& words) {
    fs::remove_all(path("copy"));
    fs::copy(path("s"), path("copy"), fs::copy_options::recursive);
    if (!sql.empty()) damage("copy", sql);
    const CheckResult result = checked("copy");
    EXPECT_THAT(to_text(result), HasSubstr(words));
    EXPECT_EQ(exit_code(result), ExitCode::no);
  };
  expect_problem("UPDATE block SET data=x'00' WHERE level=0 AND series=1", "more bytes");
  expect_problem(
      "UPDATE block SET data=(SELECT data FROM block WHERE level=1 AND series=2) WHERE "
      "level=1 AND series=1",
      "does not summarise its points");
  expect_problem("DELETE FROM block WHERE level=0 AND series=1", "0 points, but");
  expect_problem("INSERT INTO block VALUES(1, 9, 0, 0, 0, 0, x'')", "blocks, expected");
  expect_problem("UPDATE artifact SET hash='../../etc'", "is not the hash of an artifact");
  expect_problem("DELETE FROM cell WHERE id=1", "refers to a missing row of cell");
  expect_problem("UPDATE cell SET run=1 WHERE id=2", "names a run that is not its");
  for (const auto& entry : fs::recursive_directory_iterator(path("s") / "artifacts")) {
    if (!entry.is_regular_file()) continue;
    write_file_atomic(entry.path(), "something else");
    expect_problem("", "has other content");
    fs::remove(entry.path());
    expect_problem("", "is missing");
    break;
  }
}

TEST_F(MaintenanceTest, GcRemovesOnlyWhatNothingRefersTo) {
  make_store("s");
  {
    Store store(path("s"), {}, context_);
    store.put_environment({{"unused", true}});
    write_file_atomic(path("extra"), "extra");
    const auto run = *store.cells("s")[0].run;
    store.add_artifact(run, path("extra"), "extra");
  }
  const std::string before = logical_dump(path("s"), context_);
  EXPECT_EQ(gc({.store = path("s"), .min_age = 0}, context_).environments, 1);
  EXPECT_EQ(logical_dump(path("s"), context_), before);
  damage("s", "DELETE FROM artifact WHERE name='extra'");
  const std::string without = logical_dump(path("s"), context_);
  EXPECT_EQ(gc({.store = path("s")}, context_).files, 0) << "young files are spared";
  const GcResult dry = gc({.store = path("s"), .dry_run = true, .min_age = 0}, context_);
  const GcResult wet = gc({.store = path("s"), .min_age = 0}, context_);
  EXPECT_EQ(dry.files, 1);
  EXPECT_EQ(wet.files, 1);
  EXPECT_EQ(wet.file_bytes, 5);
  EXPECT_EQ(gc({.store = path("s"), .min_age = 0}, context_).files, 0);
  EXPECT_EQ(logical_dump(path("s"), context_), without);
  EXPECT_THAT(checked("s").problems, IsEmpty());
}

TEST_F(MaintenanceTest, InfoCountsWhatIsThere) {
  make_store("s", 3);
  const Info result = info({.store = path("s")}, context_);
  ASSERT_EQ(result.studies.size(), 1U);
  EXPECT_EQ(result.studies[0].cells, kCells);
  EXPECT_EQ(result.studies[0].done, 3);
  EXPECT_EQ(result.artifacts, 3);
  EXPECT_GT(result.studies[0].points, 3);
}

}  // namespace
}  // namespace ordo::store
