// Pretrained models beside `transformers`, where somebody has put them (real_models.py says which).
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "ordo/base/python_testing.h"

namespace ordo::lm {
namespace {

TEST(RealModels, WriteAndEmbedAsTransformersDoes) {
  const char* const folder = std::getenv("ORDO_REAL_MODELS");
  if (folder == nullptr) GTEST_SKIP() << "ORDO_REAL_MODELS names no folder of pretrained models";
  const auto interpreter = python_with("transformers, gguf, accelerate");
  if (!interpreter) GTEST_SKIP() << "no Python with transformers, gguf and accelerate";
  const std::string command = *interpreter + " " ORDO_SOURCE_DIR "/ordo/lm/real_models.py " +
                              ORDO_BIN_DIR "/ordo-lm " + folder;
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace ordo::lm
