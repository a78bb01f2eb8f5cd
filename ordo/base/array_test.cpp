#include "ordo/base/array.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo {
namespace {

TEST(Array, SharesTheMemoryOfItsOwner) {
  const Array array = Array::of(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  const Array copy = array;
  EXPECT_EQ(copy.as<float>().data(), array.as<float>().data());
  EXPECT_EQ(copy.shape(), (Shape{2, 3}));
  EXPECT_EQ(copy.as<float>()[5], 6.0F);
}

TEST(Array, RefusesTheWrongTypeShapeAndAlignment) {
  const Array array = Array::of(std::vector<float>{1, 2});
  EXPECT_THROW((void)array.as<double>(), InputError);
  EXPECT_THROW(Array(Dtype::float32, {3}, array.bytes(), array.owner()), UsageError);
  EXPECT_THROW(Array(Dtype::float32, {1}, array.bytes().subspan(2, 4), array.owner()), UsageError);
}

TEST(Array, CountsElementsAndRefusesProductsThatOverflow) {
  EXPECT_EQ(count_of({}), 1);
  EXPECT_EQ(count_of({3, 0, 5}), 0);
  EXPECT_EQ(count_of({std::int64_t{1} << 40, std::int64_t{1} << 40, 0}), 0);
  EXPECT_THROW(count_of({std::int64_t{1} << 40, std::int64_t{1} << 40}), NumericError);
  EXPECT_THROW(count_of({-1}), NumericError);
}

// The value of a binary16 by its definition, (-1)^s 2^(e-15) (1 + f/1024).
TEST(Array, WidensEveryHalfExactly) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const int exponent = static_cast<int>(bits >> 10) & 31;
    const double fraction = (bits & 1023) / 1024.0;
    const double sign = (bits & 0x8000) != 0 ? -1 : 1;
    const float value = half_to_float(static_cast<std::uint16_t>(bits));
    if (exponent == 31) {
      EXPECT_TRUE(fraction != 0 ? std::isnan(value) : value == sign * INFINITY);
    } else {
      const double wanted = exponent == 0 ? sign * std::ldexp(fraction, -14)
                                          : sign * std::ldexp(1 + fraction, exponent - 15);
      EXPECT_EQ(value, wanted) << bits;
    }
  }
}

TEST(Array, ReadsEveryRealTypeAsDoubles) {
  EXPECT_EQ(Array::of(std::vector<std::int8_t>{-1, 2}).to_doubles(), (std::vector<double>{-1, 2}));
  EXPECT_EQ(Array::of(std::vector<std::uint16_t>{65535}).to_doubles(), std::vector<double>{65535});
  EXPECT_EQ(Array::of(std::vector<std::int64_t>{-7}).to_doubles(), std::vector<double>{-7});
  const std::uint16_t one = 0x3F80;
  EXPECT_EQ(Array::copy_of(Dtype::bfloat16, {}, std::as_bytes(std::span(&one, 1))).to_doubles(),
            std::vector<double>{1});
  const float complex[] = {1, 2};
  EXPECT_THROW(
      (void)Array::copy_of(Dtype::complex64, {1}, std::as_bytes(std::span(complex))).to_doubles(),
      InputError);
}

TEST(MappedFile, ShowsTheBytesOfAFileAndRefusesFolders) {
  const TempFolder folder;
  const auto path = folder.path() / "some";
  write_file_atomic(path, "hello");
  EXPECT_EQ(MappedFile(path).text(), "hello");
  write_file_atomic(path, "");
  EXPECT_EQ(MappedFile(path).bytes().size(), 0u);
  EXPECT_THROW(MappedFile(folder.path()), IoError);
  EXPECT_THROW(MappedFile(folder.path() / "none"), IoError);
}

}  // namespace
}  // namespace ordo
