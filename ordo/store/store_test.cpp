#include "ordo/store/store.h"

#include <cmath>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/base/random.h"
#include "ordo/store/sqlite.h"

namespace ordo::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreTest : public testing::Test {
 protected:
  Store open(Access access = Access::create, double lock_seconds = 10) {
    return Store(folder_.path() / "store", {.access = access, .lock_seconds = lock_seconds},
                 context_);
  }
  static std::vector<CellSpec> specs(int count) {
    std::vector<CellSpec> cells;
    for (int seed = 0; seed < count; ++seed) {
      cells.push_back({.variant = "a", .params = {{"rate", 0.5}}, .seed = seed});
    }
    return cells;
  }
  static std::vector<CellId> register_study(Store& store, int cells) {
    Study study;
    study.name = "s";
    study.spec = "[study]\n";
    study.seeds = {0, 1, 2};
    study.tags = {"first", "second"};
    store.put_study(study);
    return store.add_cells("s", specs(cells));
  }
  template <class Work>
  static std::string message_of(Work work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  TempFolder folder_;
  Context context_;
};

TEST_F(StoreTest, GivesBackWhatWasRecordedAfterReopening) {
  {
    Store store = open();
    const auto cells = register_study(store, 2);
    const std::string environment = store.put_environment({{"cpu", "test"}});
    const auto run = store.claim(cells[1], {.fingerprint = "f", .environment = environment});
    ASSERT_TRUE(run);
    store.set_pid(*run, 42);
    store.add_point(*run, "acc", 1, 0.5);
    store.add_point(*run, "acc", 2, 0.75);
    store.put_results(*run, {{"acc", 0.1}, {"words", "two \"quoted\""}});
    store.finish(*run, {.status = Status::failed,
                        .exit_status = 3,
                        .wall_seconds = 1.5,
                        .peak_memory = 4096,
                        .log_head = std::string("a\0b\xff", 4),
                        .log_tail = "end",
                        .log_bytes = 100,
                        .reason = "exit status 3",
                        .results = {{"acc", 0.75}}});
    store.add_look("s", {.seeds = 3, .alpha_spent = 0.02, .verdicts = {{"c", "holds"}}});
  }
  Store store = open(Access::read);
  const Study study = store.study("s").value();
  EXPECT_EQ(study.spec_hash, sha256_hex("[study]\n"));
  EXPECT_THAT(study.seeds, ElementsAre(0, 1, 2));
  EXPECT_THAT(study.tags, ElementsAre("first", "second"));
  const auto cells = store.cells("s");
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_EQ(cells[0].status, Status::pending);
  EXPECT_EQ(cells[1].status, Status::failed);
  EXPECT_EQ(cells[1].fingerprint, "f");
  const auto runs = store.runs("s");
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].pid, 42);
  EXPECT_EQ(runs[0].exit_status, 3);
  EXPECT_FALSE(runs[0].signal);
  EXPECT_EQ(Json(runs[0].results), parse_json(R"({"acc":0.75,"words":"two \"quoted\""})"));
  EXPECT_EQ(store.log(runs[0].id).head, std::string("a\0b\xff", 4));
  EXPECT_EQ(Json(store.environment(runs[0].environment).value()), parse_json(R"({"cpu":"test"})"));
  const Curve curve = store.series(runs[0].id, "acc");
  EXPECT_THAT(curve.step, ElementsAre(1, 2));
  EXPECT_THAT(curve.value, ElementsAre(0.5, 0.75));
  EXPECT_TRUE(curve.low.empty());
  EXPECT_EQ(store.looks("s").at(0).seeds, 3);
  EXPECT_THROW(store.flush(), UsageError);
}

TEST_F(StoreTest, RegisteringTheSameCellsAgainChangesNothing) {
  Store store = open();
  const auto first = register_study(store, 3);
  store.finish(*store.claim(first[0], {}), {});
  EXPECT_EQ(register_study(store, 4).size(), 4U);
  const auto cells = store.cells("s");
  ASSERT_EQ(cells.size(), 4U);
  EXPECT_EQ(cells[0].id, first[0]);
  EXPECT_EQ(cells[0].status, Status::done);
}

TEST_F(StoreTest, KeyDoesNotDependOnTheOrderOfParameters) {
  EXPECT_EQ(cell_key("a", {{"x", 1}, {"y", Json::object({{"p", 1}, {"q", 2}})}}, 1),
            cell_key("a", {{"y", Json::object({{"q", 2}, {"p", 1}})}, {"x", 1}}, 1));
  EXPECT_NE(cell_key("a", {{"x", 1}}, 1), cell_key("a", {{"x", 1}}, 2));
}

TEST_F(StoreTest, ACellIsClaimedOnceAndAgainOnlyWhenItsStatusIsAccepted) {
  Store store = open();
  const auto cells = register_study(store, 1);
  const auto run = store.claim(cells[0], {.fingerprint = "old"});
  ASSERT_TRUE(run);
  EXPECT_FALSE(store.claim(cells[0], {}));
  EXPECT_FALSE(store.reset_cell(cells[0]));
  store.finish(*run, {});
  EXPECT_THROW(store.finish(*run, {}), UsageError);
  EXPECT_FALSE(store.claim(cells[0], {}));
  EXPECT_FALSE(store.mark_stale(cells[0], "old"));
  EXPECT_TRUE(store.mark_stale(cells[0], "new"));
  EXPECT_EQ(store.cell(cells[0])->status, Status::stale);
  EXPECT_FALSE(store.mark_stale(cells[0], "old"));  // the program was changed back
  EXPECT_EQ(store.cell(cells[0])->status, Status::done);
  EXPECT_TRUE(store.mark_stale(cells[0], "new"));
  EXPECT_TRUE(store.claim(cells[0], {.fingerprint = "new"}));
  EXPECT_EQ(store.attempts(cells[0]).size(), 2U);
}

TEST_F(StoreTest, ACurveOfManyPointsKeepsExtremesAndStaysWithinTheAskedSize) {
  Store store = open();
  const auto run = *store.claim(register_study(store, 1)[0], {});
  Random random(3);
  std::vector<double> steps, values;
  for (int i = 0; i < 100'003; ++i) {
    steps.push_back(2 * i);
    values.push_back(random.normal());
  }
  values[77'777] = 50;
  store.add_points(run, "loss", steps, values);
  store.flush();
  for (const std::size_t most : {1U, 10U, 500U, 3000U, 100'003U}) {
    const Curve curve = store.series(run, "loss", most);
    EXPECT_LE(curve.step.size(), most);
    EXPECT_GT(2 * curve.step.size(), most);
    EXPECT_EQ(curve.count, values.size());
    // Each entry against its points.
    for (std::size_t entry = 0; entry < curve.step.size() && !curve.low.empty(); ++entry) {
      const auto begin = static_cast<std::size_t>(curve.step[entry] / 2);
      const std::size_t end = entry + 1 < curve.step.size()
                                  ? static_cast<std::size_t>(curve.step[entry + 1] / 2)
                                  : values.size();
      const auto at = [&](std::size_t i) {
        return values.begin() + static_cast<std::ptrdiff_t>(i);
      };
      EXPECT_EQ(curve.low[entry], *std::min_element(at(begin), at(end)));
      EXPECT_EQ(curve.high[entry], *std::max_element(at(begin), at(end)));
    }
  }
  EXPECT_EQ(store.series(run, "loss", 200'000).value, values);
  const Curve part = store.series(run, "loss", 1000, 155'000, 156'000);
  EXPECT_EQ(part.step.size(), 501U);
  EXPECT_EQ(part.count, 501U);
  EXPECT_EQ(part.value[277], 50);
}

TEST_F(StoreTest, ArtifactsAreKeptOnceByTheirContent) {
  Store store = open();
  const auto run = *store.claim(register_study(store, 1)[0], {});
  write_file_atomic(folder_.path() / "one.txt", "same");
  write_file_atomic(folder_.path() / "two.txt", "same");
  const auto one = store.add_artifact(run, folder_.path() / "one.txt", "one", "text/plain");
  const auto two = store.add_artifact(run, folder_.path() / "two.txt", "two");
  EXPECT_EQ(one.hash, sha256_hex("same"));
  EXPECT_EQ(two.hash, one.hash);
  EXPECT_EQ(read_file(store.artifact_path(one.hash)), "same");
  EXPECT_EQ(store.artifacts(run).size(), 2U);
  EXPECT_THROW(store.add_artifact(run, folder_.path() / "none", "n"), IoError);
  EXPECT_THROW(store.artifact_path("../../etc/passwd"), UsageError);
}

TEST_F(StoreTest, PointsOfAnUnknownRunAreRefused) {
  Store store = open();
  EXPECT_THROW(store.add_point(7, "x", 1, 1), UsageError);
  store.flush();
}

// ---- several processes ----

// Runs `work` in a child of its own; returns its wait status.
template <class Work>
pid_t start_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      work();
    } catch (...) {
      ::_exit(9);
    }
    ::_exit(0);
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST_F(StoreTest, TwoRunnersOnOneStoreRunEveryCellExactlyOnce) {
  constexpr int kCells = 150;
  std::vector<CellId> cells;
  {
    Store store = open();
    cells = register_study(store, kCells);
  }
  const auto run_all = [&] {
    Store store = open(Access::write);
    for (const CellId cell : cells) {
      if (const auto run = store.claim(cell, {})) store.finish(*run, {.results = {{"x", 1}}});
    }
  };
  const pid_t one = start_child(run_all), two = start_child(run_all);
  EXPECT_EQ(wait_for(one), 0);
  EXPECT_EQ(wait_for(two), 0);
  Store store = open(Access::read);
  for (const Cell& cell : store.cells("s")) {
    EXPECT_EQ(cell.status, Status::done);
    EXPECT_EQ(cell.attempts, 1);
  }
  EXPECT_EQ(store.runs("s").size(), std::size_t{kCells});
}

// A child runs cells and says so on a pipe after each `finish`. Having heard of a random number of
// them, so that a slow machine proves as much as a fast one, we kill it at a random moment.
TEST_F(StoreTest, EveryCellSaidToBeDoneIsThereAfterKillNine) {
  Random random(11);
  std::vector<CellId> cells;
  {
    Store store = open();
    cells = register_study(store, 20'000);
  }
  std::set<CellId> told;
  for (int round = 0; round < 12; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = start_child([&] {
      Store store = open(Access::write);
      std::vector<double> steps(50, 1.0);
      for (const CellId cell : cells) {
        const auto run = store.claim(cell, {});
        if (!run) continue;
        store.add_points(*run, "m", steps, steps);
        store.finish(*run, {.results = {{"cell", cell}}});
        if (::write(ends[1], &cell, sizeof(cell)) != sizeof(cell)) ::_exit(1);
      }
    });
    ::close(ends[1]);
    const std::size_t enough = told.size() + 1 + random.below(24);
    const auto hear_of_one = [&] {
      CellId cell = 0;
      if (::read(ends[0], &cell, sizeof(cell)) != sizeof(cell)) return false;
      EXPECT_TRUE(told.insert(cell).second) << "cell " << cell << " was run twice";
      return true;
    };
    while (told.size() < enough && hear_of_one()) continue;
    ::usleep(static_cast<useconds_t>(random.below(5'000)));
    ::kill(child, SIGKILL);
    wait_for(child);
    while (hear_of_one()) continue;
    ::close(ends[0]);
    ASSERT_GE(told.size(), enough) << "the child ended before it was killed";
  }
  Store store = open(Access::write);
  const auto runs = store.runs("s");
  std::map<CellId, const store::Run*> by_cell;
  for (const store::Run& run : runs) by_cell[run.cell] = &run;
  for (const CellId cell : told) {
    ASSERT_TRUE(by_cell.contains(cell));
    EXPECT_EQ(by_cell[cell]->status, Status::done);
    EXPECT_EQ(by_cell[cell]->results.find("cell")->as_int(), cell);
    EXPECT_EQ(store.series(by_cell[cell]->id, "m").count, 50U);
  }
  Database database(store.folder() / "store.db", Database::Mode::read, 1);
  Cursor check = database.query("PRAGMA integrity_check");
  ASSERT_TRUE(check.next());
  EXPECT_EQ(check.text(0), "ok");
}

TEST_F(StoreTest, AnOpenSeriesLosesAtMostASecond) {
  std::vector<CellId> cells;
  {
    Store store = open();
    cells = register_study(store, 1);
  }
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = start_child([&] {
    Store store = open(Access::write);
    const auto run = *store.claim(cells[0], {});
    for (double step = 0;; ++step) {
      store.add_point(run, "m", step, step);
      if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      ::usleep(1000);
    }
  });
  ::close(ends[1]);
  // What was told one second before the kill must be there.
  std::size_t told_a_second_ago = 0;
  char bytes[512];
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(700)) {
    told_a_second_ago += static_cast<std::size_t>(::read(ends[0], bytes, sizeof(bytes)));
  }
  std::this_thread::sleep_for(std::chrono::seconds(1));
  ::kill(child, SIGKILL);
  wait_for(child);
  ::close(ends[0]);
  Store store = open(Access::read);
  EXPECT_GE(store.series(*store.cells("s")[0].run, "m", 1'000'000).count, told_a_second_ago);
  EXPECT_GT(told_a_second_ago, 100U);
}

TEST_F(StoreTest, ACellWhoseRunnerWasKilledIsTakenOver) {
  std::vector<CellId> cells;
  {
    Store store = open();
    cells = register_study(store, 1);
  }
  EXPECT_EQ(wait_for(start_child([&] {
              Store store = open(Access::write);
              store.claim(cells[0], {});
              ::kill(::getpid(), SIGKILL);
            })),
            SIGKILL);
  Store store = open();
  EXPECT_EQ(store.cells("s")[0].status, Status::running);
  ASSERT_TRUE(store.claim(cells[0], {}));
  const auto attempts = store.attempts(cells[0]);
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].status, Status::killed);
  EXPECT_EQ(attempts[0].reason, "its runner is gone");
}

// ---- faults ----

TEST_F(StoreTest, ALockedStoreSaysWhoHoldsIt) {
  Store store = open(Access::create, 0.1);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = start_child([&] {
    Database other(folder_.path() / "store" / "store.db", Database::Mode::write, 1);
    const Transaction transaction(other);
    if (::write(ends[1], "x", 1) != 1) ::_exit(1);
    ::pause();
  });
  char ready = 0;
  ASSERT_EQ(::read(ends[0], &ready, 1), 1);
  const std::string message = message_of([&] { register_study(store, 1); });
  EXPECT_THAT(message, HasSubstr("stayed locked for 0.1 s"));
  EXPECT_THAT(message, HasSubstr("process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  wait_for(child);
  register_study(store, 1);
}

TEST_F(StoreTest, MissingForeignNewerAndDamagedStoresAreRefusedByName) {
  EXPECT_THAT(message_of([&] { open(Access::read); }), HasSubstr("there is no store in"));
  const auto file = folder_.path() / "store" / "store.db";
  {
    Store store = open();
  }
  {
    Database(file, Database::Mode::write, 1).execute("PRAGMA user_version=99");
  }
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("store format 99 is newer than 1"));
  EXPECT_THAT(message_of([&] { open(Access::read); }), HasSubstr("store format 99 is newer"));
  {
    Database(file, Database::Mode::write, 1).execute("PRAGMA application_id=1");
  }
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("not a store of ordo"));
  write_file_atomic(file, std::string(10'000, 'x'));
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("damaged"));
  EXPECT_THROW(open(Access::read), InputError);
}

TEST_F(StoreTest, AReadOnlyFolderIsReadAndRefusesWriting) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount a folder read-only";
  {
    Store store = open();
    register_study(store, 1);
  }
  const auto folder = (folder_.path() / "store").string();
  if (::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    GTEST_SKIP() << "this machine does not allow mounts";
  }
  ASSERT_EQ(::mount(nullptr, folder.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr),
            0);
  {
    Store store = open(Access::read);
    EXPECT_EQ(store.cells("s").size(), 1U);
    EXPECT_THAT(message_of([&] { open(Access::write); }), HasSubstr("cannot"));
  }
  ::umount2(folder.c_str(), MNT_DETACH);
}

TEST_F(StoreTest, AFullDiskSaysHowMuchIsFreeAndLosesNothingCommitted) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount a small file system";
  const auto folder = folder_.path() / "store";
  std::filesystem::create_directories(folder);
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=2m") != 0) {
    GTEST_SKIP() << "this machine does not allow mounts";
  }
  std::size_t finished = 0;
  {
    Store store = open();
    const auto cells = register_study(store, 500);
    Random random(5);
    std::vector<double> noise(2000);
    for (double& value : noise) value = random.normal();
    const std::string message = message_of([&] {
      for (const CellId cell : cells) {
        const auto run = store.claim(cell, {});
        store.add_points(*run, "noise", noise, noise);
        store.finish(*run, {});
        ++finished;
      }
    });
    EXPECT_THAT(message, HasSubstr("no room to write"));
    EXPECT_THAT(message, HasSubstr("MB are free"));
    EXPECT_GT(finished, 2U);
    std::size_t done = 0;
    for (const store::Run& run : store.runs("s")) {
      if (run.status != Status::done) continue;
      ++done;
      EXPECT_EQ(store.series(run.id, "noise", 2000).value, noise);
    }
    EXPECT_EQ(done, finished);
    // With room again, the same store goes on.
    ASSERT_EQ(::mount(nullptr, folder.c_str(), nullptr, MS_REMOUNT, "size=20m"), 0);
    const auto run = store.claim(cells.back(), {});
    ASSERT_TRUE(run);
    store.finish(*run, {});
  }
  ::umount2(folder.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace ordo::store
