// The program itself, killed by SIGKILL in the middle of training, again and again.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/process.h"
#include "ordo/base/random.h"
#include "ordo/lm/training_testing.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 60;

TEST(KilledTraining, EndsWithTheSameWeights) {
  const TempFolder home;
  const fs::path text = home.path() / "text.txt";
  write_training_text(text);
  const ProcessOutput whole =
      run_process(training_command(ORDO_BIN_DIR, text, home.path() / "whole", kSteps));
  ASSERT_EQ(whole.exit.reason, ProcessExit::Reason::exited);
  ASSERT_EQ(whole.exit.status, 0) << whole.err;

  Random random(1);
  int kills = 0;
  for (int attempt = 0; attempt < 60; ++attempt) {
    // A limit without grace is a SIGKILL; later ones come later, so that it ends.
    const double share = attempt == 0 ? 0.05 : 0.5 + 0.5 * random.uniform() + 0.05 * attempt;
    const ProcessOutput run =
        run_process(training_command(ORDO_BIN_DIR, text, home.path() / "killed", kSteps),
                    {.wall_seconds = whole.exit.wall_seconds * share, .grace_seconds = 0});
    if (run.exit.reason == ProcessExit::Reason::exited) {
      const bool was_finished = run.err.find("is finished") != std::string::npos;
      ASSERT_TRUE(run.exit.status == 0 || (kills > 0 && was_finished)) << run.err;
      break;
    }
    ++kills;
  }
  EXPECT_GE(kills, 1);
  for (const char* file : {"model.safetensors", "optimizer.safetensors", "tokenizer.json"}) {
    EXPECT_EQ(read_file(home.path() / "killed" / file), read_file(home.path() / "whole" / file))
        << file;
  }
}

}  // namespace
}  // namespace ordo::lm
