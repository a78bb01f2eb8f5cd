// `ordo train run` as a library call: what a model that is there says against what is asked.
#include "ordo/train/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo::train {
namespace {

using testing::HasSubstr;

RunOptions small_training(const std::filesystem::path& out) {
  RunOptions options;
  options.data.data = ORDO_SOURCE_DIR "/data/digits.csv";
  options.data.train_size = 64;
  options.learning.model = "mlp:hidden=[8]";
  options.learning.stop.epochs = 1;
  options.out = out;
  return options;
}

std::string refusal_of(const RunOptions& options) {
  Context context;
  try {
    run(options, {}, {}, context);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Run, RefusesAnotherNetworkThanTheModelHolds) {
  const TempFolder home;
  Context context;
  run(small_training(home.path() / "first"), {}, {}, context);
  RunOptions options = small_training(home.path() / "second");
  options.from = home.path() / "first";
  options.learning.model = "logistic";
  EXPECT_THAT(refusal_of(options), HasSubstr("holds the network 'mlp'"));
  options.learning.model = "mlp:hidden=[9]";
  const std::string refusal = refusal_of(options);
  EXPECT_THAT(refusal, HasSubstr("[8, 64]"));
  EXPECT_THAT(refusal, HasSubstr("[9, 64]"));
  options.learning.model = "mlp";  // by name it is asked for, though it is the default
  EXPECT_THAT(refusal_of(options), HasSubstr("train anew without --from"));
  options.learning.model = "mlp:hidden=[8]";
  EXPECT_EQ(refusal_of(options), "accepted");
}

}  // namespace
}  // namespace ordo::train
