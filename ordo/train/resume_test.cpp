// The program itself, killed by SIGKILL in the middle of training, again and again.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/process.h"
#include "ordo/base/random.h"

namespace ordo::train {
namespace {

namespace fs = std::filesystem;

Command training(const fs::path& out, const std::vector<std::string>& more = {}) {
  Command command{.argv = {std::string(ORDO_BIN_DIR) + "/ordo-train",
                           "run",
                           "--data",
                           std::string(ORDO_SOURCE_DIR) + "/data/digits.csv",
                           "--model",
                           "mlp:hidden=[128,128],dropout=0.1",
                           "--epochs",
                           "12",
                           "--batch-size",
                           "16",
                           "--seed",
                           "4",
                           "--threads",
                           "1",
                           "--save-every",
                           "0.02",
                           "--resume",
                           "--quiet",
                           "--out",
                           out.string()}};
  command.argv.insert(command.argv.end(), more.begin(), more.end());
  return command;
}

// Trains once in peace and once killed again and again.
void expect_equal_ends(const fs::path& home, const std::vector<std::string>& more) {
  const ProcessOutput whole = run_process(training(home / "whole", more));
  ASSERT_EQ(whole.exit.reason, ProcessExit::Reason::exited);
  ASSERT_EQ(whole.exit.status, 0) << whole.err;

  Random random(1);
  int kills = 0;
  for (int attempt = 0; attempt < 200; ++attempt) {
    // A limit without grace is a SIGKILL; the more attempts, the more time, so that it ends. The
    // first comes early however uneven the machine is: a twentieth of a run is less than start-up.
    const double share = attempt == 0 ? 0.05 : 0.3 + 0.5 * random.uniform() + 0.02 * attempt;
    const double limit = whole.exit.wall_seconds * share;
    const ProcessOutput run =
        run_process(training(home / "killed", more), {.wall_seconds = limit, .grace_seconds = 0});
    if (run.exit.reason == ProcessExit::Reason::exited) {
      // The kill before may have come after the last write: then there is nothing to resume.
      const bool was_finished = run.err.find("is finished") != std::string::npos;
      ASSERT_TRUE(run.exit.status == 0 || (kills > 0 && was_finished)) << run.err;
      break;
    }
    ++kills;
  }
  EXPECT_GE(kills, 1);
  for (const char* file : {"model.safetensors", "optimizer.safetensors", "split.json"}) {
    EXPECT_EQ(read_file(home / "killed" / file), read_file(home / "whole" / file)) << file;
  }
}

TEST(Resume, KilledAtRandomMomentsEndsWithTheSameWeights) {
  const TempFolder home;
  expect_equal_ends(home.path(), {});
}

// The penalty that pulls towards the first weights must come back with the training.
TEST(Resume, KeepsWhatAMethodDoesWhileItsRoundTrains) {
  const TempFolder home;
  const fs::path first = home.path() / "first";
  ASSERT_EQ(run_process(training(first)).exit.status, 0);
  expect_equal_ends(home.path(), {"--from", first.string(), "--init", "l2-init:strength=0.05"});
}

}  // namespace
}  // namespace ordo::train
