// Blocks beside the Python package `gguf` (gguf_golden.py made the files), the container by hand.
#include "ordo/models/gguf.h"

#include <cstdlib>
#include <cstring>

#include <gmock/gmock.h>

#include "ordo/base/bytes.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/base/safetensors.h"

namespace ordo::models {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

const std::filesystem::path kGolden = ORDO_SOURCE_DIR "/ordo/models/golden";

void expect_equal_to_reference(const std::filesystem::path& folder) {
  const Gguf file = read_gguf(folder / "blocks.gguf");
  const Safetensors expected = read_safetensors(folder / "blocks.safetensors");
  ASSERT_EQ(file.tensors.size(), expected.tensors.size());
  for (const GgufTensor& tensor : file.tensors) {
    const Array& wanted = expected.at(tensor.name);
    EXPECT_EQ(tensor.shape, wanted.shape()) << tensor.name;
    const std::vector<float> found = to_floats(tensor);
    ASSERT_EQ(found.size() * sizeof(float), wanted.bytes().size()) << tensor.name;
    EXPECT_EQ(std::memcmp(found.data(), wanted.bytes().data(), wanted.bytes().size()), 0)
        << tensor.name;
  }
}

TEST(Gguf, UnpacksEveryTypeBitForBitAsThePackageGgufDoes) { expect_equal_to_reference(kGolden); }

TEST(Gguf, AgreesWithThePackageInstalledHere) {
  const auto interpreter = python_with("gguf, safetensors");
  if (!interpreter) GTEST_SKIP() << "no Python with gguf and safetensors; set ORDO_PYTHON";
  const TempFolder folder;
  const std::string command = *interpreter + " " + ORDO_SOURCE_DIR +
                              "/ordo/models/gguf_golden.py " + folder.path().string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  expect_equal_to_reference(folder.path());
}

TEST(Gguf, ReadsMetadataOfEveryKind) {
  const Gguf file = read_gguf(kGolden / "blocks.gguf");
  EXPECT_EQ(file.metadata.find("general.architecture")->as_string(), "llama");
  EXPECT_EQ(file.metadata.find("text")->as_string(), "käse\n");
  EXPECT_EQ(*file.metadata.find("words"), Json::array({"a", "", "ü"}));
  EXPECT_EQ(*file.metadata.find("numbers"), Json::array({1, -2, 3}));
  EXPECT_EQ(file.metadata.find("third")->as_double(), double{1.0F / 3.0F});
  EXPECT_EQ(file.metadata.find("tenth")->as_double(), 0.1);
  EXPECT_TRUE(file.metadata.find("yes")->as_bool());
  EXPECT_EQ(file.metadata.find("large")->as_int(), std::int64_t{1} << 62);
  EXPECT_EQ(file.metadata.find("small")->as_int(), -7);
}

// The dossier's two blocks: codes (7i + 3) % 16, i < 32, d = f16(0.0375), m = -0.1875.
TEST(Gguf, Oracle11BlocksOfFourBits) {
  const auto bytes_of = [](const std::string& hex) {
    std::string bytes;
    for (std::size_t at = 0; at < hex.size(); at += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    }
    return bytes;
  };
  const std::string simple = bytes_of("cd2833aa1188ff66dd44bb22990077ee55cc");
  const std::string offset = bytes_of("cd2800b233aa1188ff66dd44bb22990077ee55cc");
  std::vector<float> plain(32), moved(32);
  unpack(GgufType::q4_0, std::as_bytes(std::span(simple)), plain);
  unpack(GgufType::q4_1, std::as_bytes(std::span(offset)), moved);
  for (int i = 0; i < 32; ++i) {
    const auto code = static_cast<float>((7 * i + 3) % 16);
    EXPECT_EQ(plain[static_cast<std::size_t>(i)], 0.037506103515625F * (code - 8));
    EXPECT_EQ(moved[static_cast<std::size_t>(i)], 0.037506103515625F * code - 0.1875F);
  }
}

// A file with one tensor of two floats; `tweak` changes what it says.
struct Written {
  std::uint32_t version = 3;
  std::uint64_t tensors = 1, entries = 0, extent = 2, offset = 0;
  std::uint32_t dimensions = 1, type = 0;
  std::string bytes() const {
    std::string out = "GGUF";
    append_little(out, version);
    append_little(out, tensors);
    append_little(out, entries);
    append_little(out, std::uint64_t{1});
    out += "w";
    append_little(out, dimensions);
    for (std::uint32_t axis = 0; axis < dimensions; ++axis) append_little(out, extent);
    append_little(out, type);
    append_little(out, offset);
    out.resize((out.size() + 31) / 32 * 32);
    return out + std::string(8, '\0');
  }
};

TEST(Gguf, ReadsASmallFileByHand) {
  const std::string bytes = Written().bytes();
  const Gguf file = parse_gguf(bytes);
  ASSERT_EQ(file.tensors.size(), 1U);
  EXPECT_THAT(to_floats(file.tensors[0]), testing::ElementsAre(0, 0));
}

TEST(Gguf, RefusesWhatLies) {
  const auto refused = [](const Written& written, const std::string& message) {
    const std::string bytes = written.bytes();
    EXPECT_THAT(
        [&] { parse_gguf(bytes, "file.gguf"); },
        ThrowsMessage<InputError>(testing::AllOf(HasSubstr("file.gguf"), HasSubstr(message))))
        << message;
  };
  refused({.version = 4}, "version 4");
  refused({.version = 3U << 24}, "big-endian");
  refused({.tensors = 1'000'000'000'000}, "number of tensors");
  refused({.entries = std::uint64_t{1} << 60}, "number of entries");
  refused({.extent = 3}, "12 bytes");
  refused({.extent = std::uint64_t{1} << 63}, "an extent of");
  refused({.extent = std::uint64_t{1} << 40, .dimensions = 4}, "w");
  refused({.offset = 32}, "truncated");
  refused({.offset = 4}, "multiple of 32");
  refused({.dimensions = 5}, "5 dimensions");
  refused({.type = 16}, "IQ2_XXS");
  refused({.type = 999}, "999");
  refused({.type = 2}, "blocks of 32");
}

TEST(Gguf, RefusesEveryTruncation) {
  const std::string whole = read_file(kGolden / "blocks.gguf");
  for (std::size_t size = 0; size < whole.size(); size += size < 1200 ? 1 : 611) {
    EXPECT_THROW(parse_gguf(std::string_view(whole).substr(0, size)), InputError) << size;
  }
}

}  // namespace
}  // namespace ordo::models
