// Every network beside the same one written in plain PyTorch (pytorch_nets.py), with the same
// weights and batch: logits, loss, gradients, running statistics, and evaluation.
#include <cstdlib>
#include <map>
#include <optional>
#include <ostream>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/nets/model_folder.h"
#include "ordo/nets/nets_testing.h"
#include "ordo/tensor/arrays.h"

namespace ordo::nets {
namespace {

// Perceptrons sum in another order than autograd, and the order of other sums depends on threads:
// float32 rounding, through up to 18 layers whose batch norms divide by small deviations.
constexpr double kTolerance = 2e-5;

struct Case {
  const char* name;
  Spec spec;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

std::vector<Case> cases() {
  const auto spec = [](std::string name, JsonObject options, std::vector<std::int64_t> input) {
    return Spec{std::move(name), std::move(options), std::move(input), 10};
  };
  return {
      {"mlp", spec("mlp", {}, {64})},
      {"mlp_tanh", spec("mlp", {{"hidden", Json::array({20})}, {"activation", "tanh"}}, {64})},
      {"mlp_norm", spec("mlp", {{"batch-norm", true}, {"bias", false}}, {1, 8, 8})},
      {"mlp_ghosts", spec("mlp", {{"batch-norm", true}, {"ghost", 4}}, {64})},
      {"mlp_ghosts_merged", spec("mlp", {{"batch-norm", true}, {"ghost", 7}}, {64})},
      {"logistic", spec("logistic", {}, {64})},
      {"cnn", spec("cnn", {}, {1, 28, 28})},
      {"cnn_plain", spec("cnn",
                         {{"channels", Json::array({4, 6, 8})},
                          {"batch-norm", false},
                          {"stride", 1},
                          {"kernel", 5}},
                         {3, 9, 11})},
      {"cnn_ghosts", spec("cnn", {{"ghost", 5}, {"ghost-remainder", "split"}}, {1, 28, 28})},
      {"c1", spec("c1", {{"channels", 8}, {"hidden", Json::array({24, 12})}, {"dropout", 0}},
                  {3, 32, 32})},
      {"resnet", spec("resnet", {}, {3, 32, 32})},
      {"resnet_ghosts",
       spec("resnet", {{"stem", 4}, {"widths", Json::array({8, 8})}, {"blocks", 1}, {"ghost", 8}},
            {1, 8, 8})},
      {"resnet_narrow",
       spec("resnet", {{"stem", 4}, {"widths", Json::array({8, 8})}, {"blocks", 1}}, {1, 8, 8})},
  };
}

Batch batch_of(const Spec& spec) { return random_batch(spec, 16, 5); }
std::shared_ptr<Net> net_of(const Spec& spec) { return make_net(spec, Random(3)); }

class BesidePyTorch : public testing::TestWithParam<Case> {
 protected:
  // Python reads LibTorch once for all the networks.
  static void SetUpTestSuite() {
    const auto interpreter = python_with("torch");
    if (!interpreter) return;
    folder_.emplace();
    std::string command = *interpreter + " " + ORDO_SOURCE_DIR "/ordo/nets/pytorch_nets.py";
    for (const auto& [name, spec] : cases()) {
      const auto folder = folder_->path() / name;
      save_model(folder / "model", {.spec = spec, .net = net_of(spec)});
      const Batch batch = batch_of(spec);
      tensor::write_tensors(folder / "batch.safetensors",
                            {{"input", batch.input}, {"labels", batch.labels}});
      command += " " + folder.string();
    }
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  inline static std::optional<TempFolder> folder_;
};

TEST_P(BesidePyTorch, GivesTheSameNumbers) {
  if (!folder_) GTEST_SKIP() << "no Python with torch; set ORDO_PYTHON";
  const auto& [name_of_case, spec] = GetParam();
  const auto net = net_of(spec);
  const Batch batch = batch_of(spec);
  FlatParameters parameters(*net);
  const auto [loss, logits] = net->differentiate(batch.input, batch.labels, parameters);
  std::map<std::string, torch::Tensor> found = {{"loss", loss}, {"logits", logits}};
  for (const auto& entry : parameters.entries()) {
    found["gradient." + entry.parameter.name] = parameters.gradient(entry);
  }
  for (const auto& buffer : net->named_buffers()) found["buffer." + buffer.key()] = buffer.value();
  net->eval();
  {
    const torch::NoGradGuard no_grad;
    found["evaluation"] = net->forward(batch.input);
  }
  const auto expected =
      tensor::read_tensors(folder_->path() / name_of_case / "reference.safetensors");
  EXPECT_EQ(found.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_LE(difference(found[name], tensor), kTolerance) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Nets, BesidePyTorch, testing::ValuesIn(cases()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ordo::nets
