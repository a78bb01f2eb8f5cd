#include "ordo/tensor/device.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"

namespace ordo::tensor {
namespace {

using ::testing::HasSubstr;

TEST(Device, NamesWhatIsThereWhenAskedForWhatIsNot) {
  EXPECT_EQ(parse_device("cpu"), torch::Device(torch::kCPU));
  try {
    parse_device("tpu:7");
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'tpu:7'"));
    EXPECT_THAT(error.what(), HasSubstr("cpu"));
  }
}

TEST(Device, TypesGoThereAndBack) {
  for (const char* name : {"float32", "float64", "bfloat16", "float16"}) {
    EXPECT_EQ(name_of(parse_dtype(name)), name);
  }
  EXPECT_THROW(parse_dtype("int8"), UsageError);
}

TEST(Device, SetsTheNumberOfThreads) {
  const int before = at::get_num_threads();
  set_threads(1);
  EXPECT_EQ(at::get_num_threads(), 1);
  set_threads(before);
}

}  // namespace
}  // namespace ordo::tensor
