#include "ordo/nets/model_folder.h"

#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/nets/nets_testing.h"
#include "ordo/tensor/arrays.h"

namespace ordo::nets {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

const Spec kSpec{"mlp", {{"hidden", Json::array({5})}, {"batch-norm", true}}, {4}, 3};

Model trained() {
  Model model{kSpec, make_net(kSpec, Random(6)), {"ash", "birch", "cedar"}, {}, {}};
  model.scaling = Json::object({{"mean", 0.1307}, {"own words", Json::array({1, nullptr})}});
  model.provenance = Json::object({{"rounds", Json::array({"ri", "sp(0.6, 0.01)"})}});
  const Batch batch = random_batch(kSpec, 8, 1);
  model.net->forward(batch.input);  // moves the running statistics
  return model;
}

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

// A saved model whose two files the test may spoil.
class ModelFolder : public testing::Test {
 protected:
  ModelFolder() { save_model(path_, trained()); }

  void edit(const std::function<void(Json&)>& change) {
    Json json = read_json((path_ / "model.json").string());
    change(json);
    write_file_atomic(path_ / "model.json", json.dump());
  }
  void forget_digest() {
    edit([](Json& json) { json.as_object().erase("weights_sha256"); });
  }
  void edit_weights(const std::function<void(tensor::NamedTensors&)>& change) {
    forget_digest();
    tensor::NamedTensors tensors;
    for (const auto& [name, tensor] : tensor::read_tensors(weights_)) {
      tensors.emplace_back(name, tensor.clone());
    }
    change(tensors);
    tensor::write_tensors(weights_, tensors);
  }
  std::string load_failure() {
    return failure([&] { load_model(path_); });
  }

  TempFolder folder_;
  fs::path path_ = folder_.path() / "birds" / "model";
  fs::path weights_ = path_ / "model.safetensors";
};

TEST_F(ModelFolder, GivesBackWhatWasSaved) {
  const Model before = trained(), after = load_model(path_);
  EXPECT_EQ(to_json(after.spec), to_json(before.spec));
  EXPECT_EQ(after.classes, before.classes);
  EXPECT_EQ(after.scaling.dump(), before.scaling.dump());
  EXPECT_EQ(after.provenance.dump(), before.provenance.dump());
  for (const auto& item : before.net->named_buffers()) {
    EXPECT_TRUE(torch::equal(item.value(), after.net->named_buffers()[item.key()])) << item.key();
  }
  before.net->eval();
  after.net->eval();
  const Batch batch = random_batch(kSpec, 8, 2);
  EXPECT_TRUE(torch::equal(before.net->forward(batch.input), after.net->forward(batch.input)));
}

TEST_F(ModelFolder, ReplacesAModelAndLeavesOtherFiles) {
  write_file_atomic(path_ / "notes.txt", "mine");
  Model other = trained();
  other.classes = {};
  other.provenance = Json();
  save_model(path_, other);
  EXPECT_TRUE(load_model(path_).classes.empty());
  EXPECT_TRUE(load_model(path_).provenance.is_null());
  EXPECT_EQ(read_file(path_ / "notes.txt"), "mine");
  EXPECT_EQ(std::distance(fs::directory_iterator(path_), fs::directory_iterator()), 3);
  EXPECT_EQ(std::distance(fs::directory_iterator(path_.parent_path()), fs::directory_iterator()),
            1);
}

TEST_F(ModelFolder, SavesParametersThatLieInOnePiece) {
  Model model = trained();
  const FlatParameters parameters(*model.net);
  save_model(path_, model);
  EXPECT_EQ(read_file(weights_), [&] {
    save_model(folder_.path() / "apart", trained());
    return read_file(folder_.path() / "apart" / "model.safetensors");
  }());
}

TEST_F(ModelFolder, RefusesNewerVersionsByName) {
  edit([](Json& json) { json["version"] = 2; });
  EXPECT_THAT(load_failure(), AllOf(HasSubstr("model.json: /version"), HasSubstr("version 2"),
                                    HasSubstr("known here is 1")));
  edit([](Json& json) { json["version"] = "one"; });
  EXPECT_THAT(load_failure(), HasSubstr("model.json: /version"));
}

TEST_F(ModelFolder, NamesTheFieldThatIsWrong) {
  edit([](Json& json) { json["net"]["outputs"] = -1; });
  EXPECT_THAT(load_failure(), HasSubstr("model.json: /net/outputs"));
  edit([](Json& json) { json["net"]["outputs"] = 4; });
  EXPECT_THAT(load_failure(), AllOf(HasSubstr("model.json: /classes"), HasSubstr("3 names for 4")));
  edit([](Json& json) { json["classes"] = Json::array({1}); });
  EXPECT_THAT(load_failure(), HasSubstr("model.json: /classes"));
  edit([](Json& json) {
    json["classes"] = Json();
    json["net"]["name"] = "mpl";
  });
  EXPECT_THAT(load_failure(), AllOf(HasSubstr("model.json: /net"), HasSubstr("'mlp'")));
  edit([](Json& json) { json.as_object().erase("net"); });
  EXPECT_THAT(load_failure(), AllOf(HasSubstr("model.json: /net"), HasSubstr("missing")));
  write_file_atomic(path_ / "model.json", "[1]");
  EXPECT_THAT(load_failure(), HasSubstr("expected an object"));
  write_file_atomic(path_ / "model.json", "{\"version\": 1");
  EXPECT_THAT(load_failure(), HasSubstr("model.json:1:14"));
}

TEST_F(ModelFolder, NamesBothShapesOfAnotherArchitecture) {
  edit([](Json& json) { json["net"]["options"]["hidden"] = Json::array({6}); });
  EXPECT_THAT(load_failure(),
              AllOf(HasSubstr("model.safetensors: layers.0.weight"),
                    HasSubstr("[5, 4] in the file"), HasSubstr("[6, 4] in the network")));
}

// 40 GB of weights that are never touched, or more than can be had.
TEST_F(ModelFolder, RefusesAbsurdWidthsWithoutFillingMemory) {
  edit([](Json& json) { json["net"]["options"]["hidden"] = Json::array({100000, 100000}); });
  try {
    load_model(path_);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("[100000, 4] in the network"));
  } catch (const LimitError& error) {
    EXPECT_THAT(error.what(), HasSubstr("does not fit into memory"));
  }
}

TEST_F(ModelFolder, NamesTensorsThatAreMissingOrTooMany) {
  edit_weights([](auto& tensors) {
    std::erase_if(tensors, [](const auto& one) { return one.first == "norms.0.running_var"; });
  });
  EXPECT_THAT(load_failure(),
              AllOf(HasSubstr("norms.0.running_var"), HasSubstr("missing"), HasSubstr("[5]")));
  save_model(path_, trained());
  edit_weights([](auto& tensors) { tensors.emplace_back("layers.1.bias", torch::zeros({5})); });
  EXPECT_THAT(load_failure(), AllOf(HasSubstr("layers.1.bias"), HasSubstr("no such tensor"),
                                    HasSubstr("'layers.0.bias'")));
}

TEST_F(ModelFolder, NamesTensorsOfAnotherType) {
  edit_weights([](auto& tensors) {
    for (auto& [name, tensor] : tensors) {
      if (name == "head.bias") tensor = tensor.to(torch::kInt64);
    }
  });
  EXPECT_THAT(load_failure(), AllOf(HasSubstr("head.bias"), HasSubstr("Long"), HasSubstr("Float")));
}

TEST_F(ModelFolder, GivesBackTheCountsOfANetworkThatWasMoved) {
  const Model model = trained();
  const std::string count = "norms.0.num_batches_tracked";
  const auto before = model.net->named_buffers()[count].item<std::int64_t>();
  model.net->to(torch::kCPU, torch::kFloat32);  // which makes it a float
  save_model(path_, model);
  const torch::Tensor after = load_model(path_).net->named_buffers()[count];
  EXPECT_EQ(after.scalar_type(), torch::kInt64);
  EXPECT_EQ(after.item<std::int64_t>(), before);
  edit_weights([&](auto& tensors) {
    for (auto& [name, tensor] : tensors) {
      if (name == count) tensor.fill_(2.5);
    }
  });
  EXPECT_THAT(load_failure(), AllOf(HasSubstr(count), HasSubstr("Float"), HasSubstr("Long")));
}

TEST_F(ModelFolder, FindsWeightsThatAreNotThoseSavedWithIt) {
  const std::string whole = read_file(weights_);
  for (const std::size_t left :
       {std::size_t{0}, std::size_t{5}, whole.size() / 2, whole.size() - 1}) {
    save_model(path_, trained());
    write_file_atomic(weights_, whole.substr(0, left));
    EXPECT_THAT(load_failure(), AllOf(HasSubstr("model.safetensors"), HasSubstr("damaged")));
    forget_digest();
    EXPECT_THAT(load_failure(), HasSubstr("model.safetensors"));
  }
}

TEST_F(ModelFolder, AFailedLoadLeavesTheNetworkAsItWas) {
  edit_weights([](auto& tensors) { tensors.back().second = torch::zeros({1, 2, 3}); });
  const auto net = make_net(kSpec, Random(12)), twin = make_net(kSpec, Random(12));
  EXPECT_THAT(failure([&] { load_weights(*net, weights_); }), HasSubstr("[1, 2, 3]"));
  for (const auto& item : net->named_parameters()) {
    EXPECT_TRUE(torch::equal(item.value(), twin->named_parameters()[item.key()]));
  }
}

TEST_F(ModelFolder, MissingFilesAreNamed) {
  fs::remove(weights_);
  EXPECT_THROW(load_model(path_), IoError);
  EXPECT_THROW(load_model(folder_.path() / "nowhere"), IoError);
  EXPECT_THROW(save_model(path_ / "model.json", trained()), IoError);
}

}  // namespace
}  // namespace ordo::nets
