// Against NumPy itself where it is importable (ORDO_PYTHON names the interpreter, else python3),
// and against files spelled out by hand.
#include "ordo/base/npy.h"

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"

namespace ordo {
namespace {

std::string npy(const std::string& header, std::string_view data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + std::string(data);
}

TEST(Npy, ReadsWhatItWroteOfEveryType) {
  for (int type = 0; type <= static_cast<int>(Dtype::complex128); ++type) {
    const Dtype dtype = static_cast<Dtype>(type);
    const std::vector<std::byte> bytes(6 * size_of(dtype), std::byte{1});
    const Array array = Array::copy_of(dtype, {2, 3}, bytes);
    if (dtype == Dtype::bfloat16) {
      EXPECT_THROW(to_npy(array), UsageError);
      continue;
    }
    const Array back = parse_npy(to_npy(array));
    EXPECT_EQ(back.dtype(), dtype);
    EXPECT_EQ(back.shape(), array.shape());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), back.bytes().begin()));
  }
  EXPECT_EQ(parse_npy(to_npy(Array::of(std::vector<float>{1}, {}))).shape(), Shape{});
}

TEST(Npy, SwapsBigEndianAndTransposesFortranOrder) {
  const Array swapped = parse_npy(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }",
                                      std::string_view("\x01\x02\xff\xfe", 4)));
  EXPECT_EQ(swapped.as<std::int16_t>()[0], 0x0102);
  EXPECT_EQ(swapped.as<std::int16_t>()[1], -2);
  // Element (i, j, k) of shape (2, 3, 2) stands at i + 2 j + 6 k.
  const Array fortran = parse_npy(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}",
                                      std::string_view("\0\1\2\3\4\5\6\7\10\11\12\13", 12)));
  for (int i = 0, at = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 2; ++k) {
        EXPECT_EQ(fortran.as<std::uint8_t>()[static_cast<std::size_t>(at++)], i + 2 * j + 6 * k);
      }
    }
  }
}

TEST(Npy, RefusesMalformedFiles) {
  const std::string good = to_npy(Array::of(std::vector<float>{1, 2}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THROW(parse_npy(good.substr(0, size)), InputError) << size;
  }
  EXPECT_THROW(parse_npy(good + "x"), InputError);
  for (const char* const header :
       {"{'descr': '|O', 'fortran_order': False, 'shape': ()}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}"}) {
    EXPECT_THROW(parse_npy(npy(header, "abcd")), InputError) << header;
  }
}

TEST(Npy, MapsFilesWithoutCopying) {
  const TempFolder folder;
  write_npy(folder.path() / "a.npy", Array::of(std::vector<double>{1, 2, 3}));
  const Array array = read_npy(folder.path() / "a.npy");
  const auto* file = static_cast<const MappedFile*>(array.owner().get());
  EXPECT_EQ(static_cast<const void*>(array.bytes().data()),
            static_cast<const void*>(file->bytes().data() + 128));
  EXPECT_EQ(array.to_doubles(), (std::vector<double>{1, 2, 3}));
}

TEST(Npy, NumpyReadsOursAndWeReadNumpys) {
  if (!python("import numpy")) GTEST_SKIP() << "numpy is not importable; set ORDO_PYTHON";
  const TempFolder folder;
  const std::string at = folder.path().string() + "/";
  const Array ours = Array::of(std::vector<std::int32_t>{1, 2, 3, 4, 5, 6}, {3, 2});
  write_npy(at + "a.npy", ours);
  write_npz(at + "a.npz", {{"x", ours}, {"y", Array::of(std::vector<double>{0.5}, {})}},
            NpzCompression::deflate);
  ASSERT_TRUE(python("import numpy as n\na = n.load('" + at +
                     "a.npy')\nassert a.dtype == 'i4' and a.tolist() == [[1,2],[3,4],[5,6]]\n"
                     "z = n.load('" +
                     at +
                     "a.npz')\nassert z['y'] == 0.5 and (z['x'] == a).all()\n"
                     "n.savez_compressed('" +
                     at +
                     "b.npz', big=a.astype('>f8'),\n"
                     " fortran=n.asfortranarray(a), flag=a > 3, half=a.astype('f2'))\n"
                     "n.savez('" +
                     at + "c.npz', c=a * 1j)"));
  const NamedArrays theirs = read_npz(at + "b.npz");
  ASSERT_EQ(theirs.size(), 4u);
  EXPECT_EQ(theirs[0].second.to_doubles(), ours.to_doubles());
  EXPECT_EQ(theirs[1].second.to_doubles(), ours.to_doubles());
  EXPECT_EQ(theirs[2].second.to_doubles(), (std::vector<double>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(theirs[3].second.to_doubles(), ours.to_doubles());
  EXPECT_EQ(read_npz(at + "c.npz")[0].second.dtype(), Dtype::complex128);
}

}  // namespace
}  // namespace ordo
