// llama.cpp's server, where a Python has it and somebody has put the model (real_models.py says
// which).
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "ordo/base/python_testing.h"

namespace ordo::lm {
namespace {

TEST(LlamaServer, AnswersAsTheSameFileDoesHere) {
  const char* const folder = std::getenv("ORDO_REAL_MODELS");
  if (folder == nullptr) GTEST_SKIP() << "ORDO_REAL_MODELS names no folder of pretrained models";
  const auto interpreter = python_with("xllamacpp");
  if (!interpreter) GTEST_SKIP() << "no Python with xllamacpp";
  const std::string command = *interpreter + " " ORDO_SOURCE_DIR "/ordo/lm/llama_server.py " +
                              ORDO_BIN_DIR "/ordo-lm " + folder +
                              "/SmolLM2-135M-Instruct.Q4_1.gguf";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace ordo::lm
