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

Command training(const fs::path& out) {
  return {.argv = {std::string(ORDO_BIN_DIR) + "/ordo-train",
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
}

TEST(Resume, KilledAtRandomMomentsEndsWithTheSameWeights) {
  const TempFolder home;
  const ProcessOutput whole = run_process(training(home.path() / "whole"));
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
        run_process(training(home.path() / "killed"), {.wall_seconds = limit, .grace_seconds = 0});
    if (run.exit.reason == ProcessExit::Reason::exited) {
      ASSERT_EQ(run.exit.status, 0) << run.err;
      break;
    }
    ++kills;
  }
  EXPECT_GE(kills, 1);
  for (const char* file : {"model.safetensors", "optimizer.safetensors", "split.json"}) {
    EXPECT_EQ(read_file(home.path() / "killed" / file), read_file(home.path() / "whole" / file))
        << file;
  }
}

}  // namespace
}  // namespace ordo::train
