#include "ordo/tensor/arrays.h"

#include <cstring>
#include <filesystem>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo::tensor {
namespace {

using ::testing::HasSubstr;

bool same_bytes(const Array& array, const torch::Tensor& tensor) {
  return array.bytes().size() == tensor.nbytes() &&
         std::memcmp(array.bytes().data(), tensor.const_data_ptr(), tensor.nbytes()) == 0;
}

TEST(Arrays, TensorsShareTheArraysMemoryAndKeepIt) {
  torch::Tensor tensor;
  {
    const Array array = Array::of<float>({1, 2, 3, 4, 5, 6}, {2, 3});
    tensor = to_tensor(array);
    EXPECT_EQ(tensor.const_data_ptr(), array.bytes().data());
  }
  EXPECT_EQ(tensor.sizes(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(tensor[1][0].item<float>(), 4);
}

TEST(Arrays, ArraysShareContiguousTensorsAndCopyOthers) {
  torch::Tensor tensor = torch::arange(6, torch::kFloat64).reshape({2, 3});
  EXPECT_EQ(to_array(tensor).bytes().data(), tensor.const_data_ptr());
  const Array turned = to_array(tensor.t());
  EXPECT_EQ(turned.shape(), (Shape{3, 2}));
  EXPECT_THAT(turned.as<double>(), ::testing::ElementsAre(0, 3, 1, 4, 2, 5));
  const Array kept = to_array(tensor);
  tensor.reset();
  EXPECT_EQ(kept.as<double>()[5], 5);
}

TEST(Arrays, EveryTypeGoesThereAndBack) {
  for (const auto type :
       {torch::kBool, torch::kInt8, torch::kUInt8, torch::kInt16, torch::kUInt16, torch::kInt32,
        torch::kUInt32, torch::kInt64, torch::kUInt64, torch::kFloat16, torch::kBFloat16,
        torch::kFloat32, torch::kFloat64, torch::kComplexFloat, torch::kComplexDouble}) {
    const torch::Tensor tensor = torch::arange(4, torch::kFloat32).to(type).reshape({2, 2});
    const Array array = to_array(tensor);
    EXPECT_TRUE(same_bytes(array, tensor));
    const torch::Tensor back = to_tensor(array);
    EXPECT_EQ(back.scalar_type(), type);
    EXPECT_EQ(back.sizes(), tensor.sizes());
    EXPECT_EQ(back.const_data_ptr(), tensor.const_data_ptr());
  }
}

TEST(Arrays, ScalarsAndEmptyOnesKeepTheirShape) {
  EXPECT_EQ(to_array(torch::tensor(2.5)).shape(), Shape{});
  EXPECT_EQ(to_tensor(to_array(torch::tensor(2.5))).dim(), 0);
  const torch::Tensor empty = to_tensor(to_array(torch::empty({0, 3})));
  EXPECT_EQ(empty.sizes(), (std::vector<std::int64_t>{0, 3}));
}

TEST(Arrays, LazyConjugatesBecomePlainNumbers) {
  const torch::Tensor tensor = torch::complex(torch::ones({2}), torch::ones({2})).conj();
  ASSERT_TRUE(tensor.is_conj());
  const Array array = to_array(tensor);
  EXPECT_EQ(reinterpret_cast<const float*>(array.bytes().data())[1], -1);
}

TEST(Arrays, RefusesWhatIsNoArray) {
  EXPECT_THROW(to_array(torch::eye(2).to_sparse()), UsageError);
  try {
    to_array(torch::zeros({2}).to(torch::kFloat8_e4m3fn));
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Float8_e4m3fn"));
  }
}

TEST(Arrays, FilesGoThereAndBack) {
  const TempFolder folder;
  const auto path = folder.path() / "weights.safetensors";
  const torch::Tensor weight = torch::linspace(-1, 1, 12).reshape({3, 4});
  const torch::Tensor steps = torch::tensor(7, torch::kInt64);
  write_tensors(path, {{"layer.weight", weight.t()}, {"steps", steps}});
  NamedTensors read = read_tensors(path);
  ASSERT_EQ(read.size(), 2);
  for (const auto& [name, tensor] : read) {
    EXPECT_TRUE(torch::equal(tensor, name == "steps" ? steps : weight.t())) << name;
  }
}

}  // namespace
}  // namespace ordo::tensor
