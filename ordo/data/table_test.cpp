#include "ordo/data/table.h"

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/npy.h"

namespace ordo::data {
namespace {

TEST(Table, ReadsCsvTsvAndNpyAlike) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "a.csv", "c0,c1\n1,2\n3,4\n");
  write_file_atomic(folder.path() / "a.tsv", "c0\tc1\n1\t2\n3\t4\n");
  write_npy(folder.path() / "a.npy", Array::of(std::vector<float>{1, 2, 3, 4}, {2, 2}));
  for (const char* const name : {"a.csv", "a.tsv", "a.npy"}) {
    EXPECT_EQ(read_table(folder.path() / name).numbers("c1"), (std::vector<double>{2, 4})) << name;
  }
}

}  // namespace
}  // namespace ordo::data
