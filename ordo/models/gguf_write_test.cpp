// Packed numbers beside the Python package `gguf` (gguf_pack_golden.py), whole files through our
// reader and through its.
#include "ordo/models/gguf_write.h"

#include <bit>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <gmock/gmock.h>
#include <sys/mount.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/base/random.h"
#include "ordo/base/safetensors.h"
#include "ordo/models/gguf.h"

namespace ordo::models {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr GgufType kTypes[] = {GgufType::f32, GgufType::f16, GgufType::bf16, GgufType::q8_0};

std::string name_of(GgufType type) { return layout_of(type)->name; }

void expect_packed_as_by_reference(const fs::path& folder) {
  const Safetensors reference = read_safetensors(folder / "packed.safetensors");
  const std::span<const float> numbers = reference.at("numbers").as<float>();
  for (const GgufType type : kTypes) {
    const auto wanted = reference.at(name_of(type)).bytes();
    const std::vector<std::byte> found = pack(type, numbers);
    ASSERT_EQ(found.size(), wanted.size()) << name_of(type);
    for (std::size_t at = 0; at < found.size(); ++at) {
      ASSERT_EQ(found[at], wanted[at]) << name_of(type) << " byte " << at;
    }
  }
}

TEST(GgufPack, GivesTheBytesOfThePackageGguf) {
  expect_packed_as_by_reference(ORDO_SOURCE_DIR "/ordo/models/golden");
}

TEST(GgufPack, AgreesWithThePackageInstalledHere) {
  const auto interpreter = python_with("gguf, safetensors");
  if (!interpreter) GTEST_SKIP() << "no Python with gguf and safetensors; set ORDO_PYTHON";
  const TempFolder folder;
  const std::string command = *interpreter + " " + ORDO_SOURCE_DIR +
                              "/ordo/models/gguf_pack_golden.py " + folder.path().string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  expect_packed_as_by_reference(folder.path());
}

// Every number of 16 bits comes back as it was; not-a-numbers as one of their kind.
TEST(GgufPack, KeepsWhatTheTypeCanHold) {
  for (const GgufType type : {GgufType::f16, GgufType::bf16}) {
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
      const auto half = static_cast<std::uint16_t>(bits);
      const float number = type == GgufType::f16 ? half_to_float(half) : bfloat_to_float(half);
      const std::vector<std::byte> packed = pack(type, {&number, 1});
      std::uint16_t again = 0;
      std::memcpy(&again, packed.data(), sizeof again);
      if (std::isnan(number)) {
        EXPECT_TRUE(
            std::isnan(type == GgufType::f16 ? half_to_float(again) : bfloat_to_float(again)));
      } else {
        ASSERT_EQ(again, half) << name_of(type);
      }
    }
  }
}

// Between two neighbours the nearer, and of two equally near ones the even.
TEST(GgufPack, RoundsToTheNearestHalf) {
  Random random(5);
  for (int draw = 0; draw < 20000; ++draw) {
    const auto low = static_cast<std::uint16_t>(random.below(0x7BFF));
    const float least = half_to_float(low), most = half_to_float(low + 1);
    const float middle = (least + most) / 2;  // exact
    const auto packed = [](float number) {
      std::uint16_t bits = 0;
      std::memcpy(&bits, pack(GgufType::f16, {&number, 1}).data(), sizeof bits);
      return bits;
    };
    EXPECT_EQ(packed(middle), low % 2 == 0 ? low : low + 1);
    EXPECT_EQ(packed(std::nextafter(middle, 0.F)), low);
    EXPECT_EQ(packed(std::nextafter(middle, 1e9F)), low + 1);
  }
}

TEST(GgufPack, RefusesNumbersThatTheTypeCannotHold) {
  const auto refused = [](GgufType type, float number) {
    std::vector<float> numbers(32, 0.5F);
    numbers[7] = number;
    EXPECT_THROW(pack(type, numbers), NumericError) << name_of(type) << " " << number;
  };
  const float infinity = std::numeric_limits<float>::infinity();
  refused(GgufType::f16, 65520);
  refused(GgufType::f16, -1e30F);
  refused(GgufType::q8_0, std::nanf(""));
  refused(GgufType::q8_0, infinity);
  refused(GgufType::q8_0, 1e8F);
  EXPECT_NO_THROW(pack(GgufType::f16, std::vector<float>{infinity, std::nanf("")}));
  EXPECT_THROW(pack(GgufType::q8_0, std::vector<float>(33)), UsageError);
  EXPECT_THROW(pack(GgufType::q4_0, std::vector<float>(32)), UsageError);
}

std::vector<float> drawn(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = static_cast<float>(random.normal());
  return numbers;
}

// A tensor of every type, and metadata of every kind.
GgufContents everything() {
  GgufContents contents;
  contents.metadata = {{"general.architecture", "llama"},
                       {"text", "käse\n"},
                       {"words", Json::array({"a", "", "ü"})},
                       {"numbers", Json::array({1, -2, 3})},
                       {"large numbers", Json::array({1, std::int64_t{1} << 40})},
                       {"scores", Json::array({1, -2.5})},
                       {"flags", Json::array({true, false})},
                       {"nothing", Json::array()},
                       {"epsilon", 1e-5},
                       {"count", 4'000'000'000},
                       {"negative", -7},
                       {"yes", true}};
  std::uint64_t seed = 0;
  for (const GgufType type : kTypes) {
    contents.tensors.push_back(
        {.name = name_of(type), .shape = {3, 2, 64}, .type = type, .numbers = [seed] {
           return drawn(384, seed);
         }});
    ++seed;
  }
  contents.tensors.push_back({.name = "odd", .shape = {5}, .numbers = [] { return drawn(5, 9); }});
  contents.tensors.push_back(
      {.name = "empty", .shape = {0}, .numbers = [] { return std::vector<float>(); }});
  return contents;
}

// What the type makes of numbers.
std::vector<float> rounded(GgufType type, const std::vector<float>& numbers) {
  std::vector<float> result(numbers.size());
  unpack(type, pack(type, numbers), result);
  return result;
}

TEST(GgufWrite, WritesWhatOurReaderReads) {
  const GgufContents contents = everything();
  const std::string bytes = to_gguf(contents);
  const Gguf file = parse_gguf(bytes);
  ASSERT_EQ(file.metadata.size(), contents.metadata.size());
  for (const JsonMember& entry : contents.metadata) {
    const Json& found = *file.metadata.find(entry.key);
    if (entry.key == "epsilon") {
      EXPECT_EQ(found.as_double(), double{1e-5F});
    } else {
      EXPECT_EQ(found, entry.value) << entry.key;
    }
  }
  ASSERT_EQ(file.tensors.size(), contents.tensors.size());
  for (std::size_t place = 0; place < file.tensors.size(); ++place) {
    const GgufOutput& wanted = contents.tensors[place];
    const GgufTensor& found = file.tensors[place];
    EXPECT_EQ(found.name, wanted.name);
    EXPECT_EQ(found.shape, wanted.shape);
    EXPECT_EQ(found.type, wanted.type);
    EXPECT_EQ(to_floats(found), rounded(wanted.type, wanted.numbers())) << found.name;
  }
  EXPECT_EQ(to_floats(file.tensors[0]), drawn(384, 0)) << "F32 is exact";
  EXPECT_EQ(to_gguf(contents), bytes) << "the same contents give the same bytes";
}

TEST(GgufWrite, IsReadByThePackageGguf) {
  const auto interpreter = python_with("gguf, safetensors");
  if (!interpreter) GTEST_SKIP() << "no Python with gguf and safetensors; set ORDO_PYTHON";
  GgufContents contents = everything();
  contents.tensors.pop_back();         // it takes no tensor without numbers
  contents.metadata.erase("nothing");  // nor an array without items
  const TempFolder folder;
  const fs::path file = folder.path() / "file.gguf";
  write_gguf(file, contents);
  const std::string out = (folder.path() / "found").string();
  const std::string command = *interpreter + " " + ORDO_SOURCE_DIR + "/ordo/models/gguf_reads.py " +
                              file.string() + " " + out;
  ASSERT_EQ(std::system(command.c_str()), 0);
  const Json found = read_json(out + ".json");
  contents.metadata["epsilon"] = double{1e-5F};
  EXPECT_EQ(found.at("metadata"), Json(contents.metadata));
  // The types in which llama.cpp looks for such entries.
  for (const auto& [key, kinds] :
       {std::pair("count", Json::array({"UINT32"})), std::pair("negative", Json::array({"INT64"})),
        std::pair("epsilon", Json::array({"FLOAT32"})),
        std::pair("numbers", Json::array({"ARRAY", "INT32"})),
        std::pair("scores", Json::array({"ARRAY", "FLOAT32"}))}) {
    EXPECT_EQ(found.at("kinds").at(key), kinds) << key;
  }
  const Safetensors tensors = read_safetensors(out + ".safetensors");
  for (const GgufOutput& wanted : contents.tensors) {
    EXPECT_EQ(found.at("types").at(wanted.name).as_string(), name_of(wanted.type));
    const Array& numbers = tensors.at(wanted.name);
    EXPECT_EQ(numbers.shape(), wanted.shape);
    EXPECT_THAT(numbers.as<float>(),
                testing::ElementsAreArray(rounded(wanted.type, wanted.numbers())));
  }
}

TEST(GgufWrite, RefusesByName) {
  const auto refused = [](const GgufOutput& tensor, const std::string& message) {
    EXPECT_THAT([&] { to_gguf({.metadata = {}, .tensors = {tensor}}); },
                ThrowsMessage<Error>(AllOf(HasSubstr("'w'"), HasSubstr(message))))
        << message;
  };
  const auto none = [] { return std::vector<float>(); };
  refused({.name = "w", .shape = {33}, .type = GgufType::q8_0, .numbers = none}, "rows of 33");
  refused({.name = "w", .shape = {1, 1, 1, 1, 1}, .numbers = none}, "5 dimensions");
  refused({.name = "w", .shape = {2}, .numbers = none}, "0 numbers, but the shape [2]");
  refused({.name = "w",
           .shape = {1},
           .type = GgufType::f16,
           .numbers = [] { return std::vector<float>{1e6F}; }},
          "F16 cannot hold the number 1000000");
  refused({.name = "w",
           .shape = {32},
           .type = GgufType::q4_0,
           .numbers = [] { return std::vector<float>(32); }},
          "Q4_0 cannot be written");
  const GgufOutput twice = {.name = "w", .shape = {0}, .numbers = none};
  EXPECT_THAT([&] { to_gguf({.metadata = {}, .tensors = {twice, twice}}); },
              ThrowsMessage<UsageError>(HasSubstr("twice")));
  const auto entry_refused = [](const Json& value) {
    EXPECT_THAT([&] { to_gguf({.metadata = {{"key", value}}, .tensors = {}}); },
                ThrowsMessage<UsageError>(HasSubstr("'key'")));
  };
  entry_refused(nullptr);
  entry_refused(Json::object({{"a", 1}}));
  entry_refused(Json::array({1, "a"}));
  entry_refused(Json::array({Json::array({1})}));
}

// Whatever ends the writing, the file that was there stays.
class OldFile : public testing::Test {
 protected:
  OldFile() { write_file_atomic(path_, "old"); }
  GgufContents ending_with(std::function<std::vector<float>()> numbers) const {
    GgufContents contents = everything();
    contents.tensors.push_back({.name = "last", .shape = {1}, .numbers = std::move(numbers)});
    return contents;
  }
  TempFolder folder_;
  const fs::path path_ = folder_.path() / "model.gguf";
};

TEST_F(OldFile, StaysWhenATensorFails) {
  EXPECT_THROW(
      write_gguf(path_, ending_with([]() -> std::vector<float> { throw IoError("gone"); })),
      IoError);
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

TEST_F(OldFile, StaysWhenTheProgramIsKilled) {
  EXPECT_EXIT(write_gguf(path_, ending_with([] {
                           std::raise(SIGKILL);
                           return std::vector<float>(1);
                         })),
              testing::KilledBySignal(SIGKILL), "");
  EXPECT_EQ(read_file(path_), "old");
}

TEST_F(OldFile, StaysWhenTheDiskIsFull) {
  const TempFolder small;
  if (::mount("tmpfs", small.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a small file system needs root";
  }
  const fs::path path = small.path() / "model.gguf";
  write_file_atomic(path, "old");
  GgufContents large = everything();
  large.tensors.push_back(
      {.name = "large", .shape = {50000}, .numbers = [] { return drawn(50000, 1); }});
  EXPECT_THROW(write_gguf(path, large), IoError);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(small.path()), fs::directory_iterator()), 1);
  ::umount(small.path().c_str());
}

}  // namespace
}  // namespace ordo::models
