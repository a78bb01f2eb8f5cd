#include "ordo/base/safetensors.h"

#include <gtest/gtest.h>

#include "ordo/base/bytes.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"

namespace ordo {
namespace {

std::string file_of(const std::string& header, std::size_t data) {
  std::string bytes;
  append_little<std::uint64_t>(bytes, header.size());
  return bytes + header + std::string(data, 'd');
}

Safetensors sample() {
  return {.tensors = {{"w", Array::of(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3})},
                      {"mask", Array::of(std::vector<std::uint8_t>{1, 0, 1})},
                      {"step", Array::of(std::vector<std::int64_t>{7}, {})},
                      {"none", Array::of(std::vector<float>{}, {0, 4})}},
          .metadata = {{"format", "pt"}}};
}

TEST(Safetensors, ReadsWhatItWroteMapped) {
  const TempFolder folder;
  write_safetensors(folder.path() / "m", sample());
  const Safetensors back = read_safetensors(folder.path() / "m");
  ASSERT_EQ(back.tensors.size(), 4u);
  EXPECT_EQ(back.tensors[0].first, "step");  // the widest first
  EXPECT_EQ(back.at("w").to_doubles(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(back.at("w").owner(), back.at("mask").owner());
  EXPECT_EQ(back.at("none").shape(), (Shape{0, 4}));
  EXPECT_EQ(back.metadata, sample().metadata);
  EXPECT_THROW((void)back.at("v"), InputError);
}

TEST(Safetensors, RefusesEveryTruncationAndWhatFollows) {
  const std::string good = to_safetensors(sample());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(parse_safetensors(good.substr(0, size)), InputError) << size;
  }
  EXPECT_THROW(parse_safetensors(good + "x"), InputError);
}

TEST(Safetensors, RefusesHeadersThatDisagreeWithTheData) {
  const std::string a = R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  EXPECT_NO_THROW(parse_safetensors(file_of("{" + a + "}", 8)));
  for (const std::string& header : {
           "{" + a + "," + a + "}",                                                   // repeated
           "{" + a + R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",      // overlap
           "{" + a + R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[12,16]}})",    // gap
           std::string(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"),  // size
           std::string(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})"),
           std::string(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"),
           std::string(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"),
           std::string(
               R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}})"),
           std::string(R"({"a":{"dtype":"F32","shape":[2]}})"),
           std::string(R"({"__metadata__":{"k":1}})"),
           std::string("[]"),
       }) {
    EXPECT_THROW(parse_safetensors(file_of(header, 8)), InputError) << header;
  }
  std::string huge(16, '\xff');
  EXPECT_THROW(parse_safetensors(huge), InputError);
}

TEST(Safetensors, CopiesTensorsThatAreNotAligned) {
  const TempFolder folder;
  const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})";
  write_file_atomic(folder.path() / "m", file_of(header, 5));
  const Safetensors back = read_safetensors(folder.path() / "m");
  EXPECT_EQ(back.at("b").as<float>().size(), 1u);
}

TEST(Safetensors, ThePythonPackageReadsOursAndWeReadIts) {
  if (!python("import safetensors.numpy")) {
    GTEST_SKIP() << "safetensors is not importable; set ORDO_PYTHON";
  }
  const TempFolder folder;
  const std::string at = folder.path().string() + "/";
  write_safetensors(at + "a", sample());
  ASSERT_TRUE(python("from safetensors.numpy import load_file, save_file\nd = load_file('" + at +
                     "a')\nassert d['w'].tolist() == [[1,2,3],[4,5,6]] and d['step'] == 7\n"
                     "assert d['none'].shape == (0, 4)\n"
                     "save_file(d, '" +
                     at + "b', metadata={'k': 'v'})"));
  const Safetensors theirs = read_safetensors(at + "b");
  for (const auto& [name, array] : sample().tensors) {
    EXPECT_EQ(theirs.at(name).to_doubles(), array.to_doubles());
    EXPECT_EQ(theirs.at(name).shape(), array.shape());
  }
  EXPECT_EQ(theirs.metadata[0].second, "v");
}

}  // namespace
}  // namespace ordo
