#include "ordo/base/file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ordo/base/error.h"

namespace ordo {
namespace {

namespace fs = std::filesystem;

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

TEST(File, ReplacesAWholeFileAndKeepsItsPermissions) {
  const TempFolder folder;
  const fs::path path = folder.path() / "x";
  write_file_atomic(path, "old");
  ::chmod(path.c_str(), 0640);
  write_file_atomic(path, "new");
  EXPECT_EQ(read_file(path), "new");
  struct stat status{};
  ::stat(path.c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(File, ReplacesTheTargetOfALinkAndNotTheLink) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "target", "old");
  fs::create_symlink("target", folder.path() / "link");
  write_file_atomic(folder.path() / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_file(folder.path() / "target"), "new");
}

TEST(File, AppendsAndMakesTheFile) {
  const TempFolder folder;
  append_file(folder.path() / "x", "a");
  append_file(folder.path() / "x", "b");
  EXPECT_EQ(read_file(folder.path() / "x"), "ab");
  EXPECT_THROW(append_file(folder.path(), "a"), IoError);
}

TEST(File, NamesThePathThatCannotBeReadOrWritten) {
  const TempFolder folder;
  EXPECT_THROW(read_file(folder.path()), IoError);
  EXPECT_THROW(write_file_atomic(folder.path() / "no" / "x", ""), IoError);
  try {
    read_file("/no/such");
    FAIL();
  } catch (const IoError& error) {
    EXPECT_STREQ(error.what(), "cannot open '/no/such': No such file or directory");
  }
}

TEST(File, KeepsTheOldFileWhenTheDiskIsFull) {
  const TempFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a small file system needs root";
  }
  const fs::path path = folder.path() / "x";
  write_file_atomic(path, "old");
  EXPECT_THROW(write_file_atomic(path, std::string(1 << 20, 'x')), IoError);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(files_in(folder.path()), 1u);
  ::umount(folder.path().c_str());
}

TEST(WriteFolderAtomic, ReplacesTheWholeFolder) {
  const TempFolder home;
  const fs::path folder = home.path() / "model";
  write_folder_atomic(folder, [](const fs::path& fresh) {
    write_file_atomic(fresh / "a", "1");
    write_file_atomic(fresh / "b", "1");
  });
  write_folder_atomic(folder, [](const fs::path& fresh) { write_file_atomic(fresh / "a", "2"); });
  EXPECT_EQ(read_file(folder / "a"), "2");
  EXPECT_FALSE(fs::exists(folder / "b"));
  EXPECT_EQ(std::distance(fs::directory_iterator(home.path()), fs::directory_iterator()), 1);
}

TEST(WriteFolderAtomic, LeavesTheOldFolderIfWritingFails) {
  const TempFolder home;
  const fs::path folder = home.path() / "model";
  write_folder_atomic(folder, [](const fs::path& fresh) { write_file_atomic(fresh / "a", "1"); });
  EXPECT_THROW(write_folder_atomic(folder,
                                   [](const fs::path& fresh) {
                                     write_file_atomic(fresh / "a", "2");
                                     throw IoError("the disk is full");
                                   }),
               IoError);
  EXPECT_EQ(read_file(folder / "a"), "1");
  EXPECT_EQ(std::distance(fs::directory_iterator(home.path()), fs::directory_iterator()), 1);
}

TEST(WriteFolderAtomic, OverwritesWhatAKilledWriterLeft) {
  const TempFolder home;
  const fs::path folder = home.path() / "model";
  fs::create_directories(folder.string() + ".new");
  write_file_atomic(folder.string() + ".new/half", "x");
  write_folder_atomic(folder, [](const fs::path& fresh) { write_file_atomic(fresh / "a", "1"); });
  EXPECT_FALSE(fs::exists(folder / "half"));
  EXPECT_EQ(std::distance(fs::directory_iterator(home.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace ordo
