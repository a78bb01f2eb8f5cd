#include "ordo/models/checkpoint.h"

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/json.h"
#include "ordo/base/safetensors.h"

namespace ordo::models {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Two shards with a tensor each, and an index of them.
class ShardedCheckpoint : public testing::Test {
 protected:
  void SetUp() override {
    write_safetensors(folder_.path() / "one.safetensors",
                      {.tensors = {{"a", Array::of(std::vector<float>{1, 2})}}});
    write_safetensors(folder_.path() / "two.safetensors",
                      {.tensors = {{"b", Array::of(std::vector<float>{3})}}});
    write_index({{"a", "one.safetensors"}, {"b", "two.safetensors"}});
  }
  void write_index(JsonObject map) {
    write_file_atomic(folder_.path() / "model.safetensors.index.json",
                      Json::object({{"weight_map", Json(std::move(map))}}).dump());
  }
  void expect_refused(const std::string& message) {
    EXPECT_THAT([&] { Checkpoint{folder_.path()}; }, ThrowsMessage<Error>(HasSubstr(message)));
  }
  TempFolder folder_;
};

TEST_F(ShardedCheckpoint, FindsTensorsInTheirFiles) {
  const Checkpoint checkpoint(folder_.path());
  EXPECT_THAT(checkpoint.names(), testing::ElementsAre("a", "b"));
  EXPECT_THAT(checkpoint.find("a")->as<float>(), testing::ElementsAre(1, 2));
  EXPECT_THAT(checkpoint.file_of("b"), testing::EndsWith("two.safetensors"));
  EXPECT_EQ(checkpoint.find("c"), nullptr);
}

TEST_F(ShardedCheckpoint, NamesTheShardThatIsMissing) {
  std::filesystem::remove(folder_.path() / "two.safetensors");
  expect_refused("'two.safetensors', which is not in the folder");
}

TEST_F(ShardedCheckpoint, NamesTheTensorThatIsMissing) {
  write_index({{"a", "one.safetensors"}, {"c", "two.safetensors"}});
  expect_refused("/weight_map/c");
}

TEST_F(ShardedCheckpoint, NamesTheTensorThatIsElsewhere) {
  write_index({{"a", "two.safetensors"}, {"b", "two.safetensors"}, {"x", "one.safetensors"}});
  expect_refused("/weight_map/a");
}

TEST_F(ShardedCheckpoint, RefusesATensorInTwoShards) {
  std::filesystem::copy(folder_.path() / "one.safetensors", folder_.path() / "three.safetensors");
  write_index({{"a", "one.safetensors"}, {"b", "three.safetensors"}});
  expect_refused("is also in");
}

TEST_F(ShardedCheckpoint, RefusesTruncatedShards) {
  const std::string bytes = read_file(folder_.path() / "two.safetensors");
  write_file_atomic(folder_.path() / "two.safetensors", bytes.substr(0, bytes.size() - 1));
  expect_refused("two.safetensors");
}

TEST(ShardIndex, RefusesFilesOutsideOfTheFolder) {
  for (const char* name : {"../secret", "/etc/passwd", "", "..", "a/b"}) {
    const std::string text = Json::object({{"weight_map", Json::object({{"w", name}})}}).dump();
    EXPECT_THAT(
        [&] { parse_shard_index(text, "index"); },
        ThrowsMessage<InputError>(AllOf(HasSubstr("/weight_map/w"), HasSubstr("same folder"))));
  }
}

TEST(ShardIndex, RefusesWhatIsNoIndex) {
  EXPECT_THROW(parse_shard_index("{}"), InputError);
  EXPECT_THROW(parse_shard_index("[]"), InputError);
  EXPECT_THROW(parse_shard_index(R"({"weight_map": {"w": 3}})"), InputError);
  EXPECT_THROW(parse_shard_index(R"({"weight_map": {"w": "a")"), InputError);
}

TEST(Checkpoint, SaysWhatAnEmptyFolderLacks) {
  const TempFolder folder;
  EXPECT_THAT([&] { Checkpoint{folder.path()}; },
              ThrowsMessage<IoError>(HasSubstr("expected model.safetensors")));
  write_file_atomic(folder.path() / "pytorch_model.bin", "");
  EXPECT_THAT([&] { Checkpoint{folder.path()}; }, ThrowsMessage<IoError>(HasSubstr("convert it")));
}

}  // namespace
}  // namespace ordo::models
