#include "ordo/data/idx.h"

#include <gtest/gtest.h>

#include "ordo/base/archive.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo::data {
namespace {

TEST(Idx, ReadsBigEndianElementsAlsoGzipped) {
  const TempFolder folder;
  const std::string bytes("\0\0\x0B\x02\0\0\0\x02\0\0\0\x01\x01\x02\xff\xfe", 16);
  for (const std::string& stored : {bytes, gzip(bytes)}) {
    write_file_atomic(folder.path() / "x", stored);
    const Array array = read_idx(folder.path() / "x");
    EXPECT_EQ(array.shape(), (Shape{2, 1}));
    EXPECT_EQ(array.to_doubles(), (std::vector<double>{258, -2}));
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    write_file_atomic(folder.path() / "x", bytes.substr(0, size));
    EXPECT_THROW(read_idx(folder.path() / "x"), InputError) << size;
  }
}

}  // namespace
}  // namespace ordo::data
