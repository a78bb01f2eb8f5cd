// Archives against Python's zipfile and gzip where Python is there, and against themselves.
#include "ordo/base/archive.h"

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"

namespace ordo {
namespace {

std::string sample() {
  std::string text;
  for (int line = 0; line < 5000; ++line) text += std::to_string(line * line) + "\n";
  return text;
}

std::string archive_of(const std::string& name, std::string_view bytes, ZipMethod method) {
  ZipWriter writer;
  writer.add(name, bytes, method);
  return writer.finish();
}

TEST(Gzip, UnpacksWhatItPackedAtEveryLevelAndConcatenated) {
  const std::string text = sample();
  for (int level = 0; level <= 9; ++level) EXPECT_EQ(gunzip(gzip(text, level)), text);
  EXPECT_EQ(gunzip(gzip("a") + gzip("") + gzip("b") + std::string(8, '\0')), "ab");
}

TEST(Gzip, RefusesDamageTruncationAndTooMuch) {
  std::string packed = gzip(sample());
  EXPECT_THROW(gunzip(packed.substr(0, packed.size() - 3)), InputError);
  EXPECT_THROW(gunzip(packed + "x"), InputError);
  EXPECT_THROW(gunzip(packed, "x", {.max_bytes = sample().size() - 1}), LimitError);
  EXPECT_EQ(gunzip(packed, "x", {.max_bytes = sample().size()}), sample());
  packed[packed.size() - 6] ^= 1;  // within the CRC
  EXPECT_THROW(gunzip(packed), InputError);
  EXPECT_THROW(gunzip("no"), InputError);
}

TEST(Zip, ReadsWhatItWrote) {
  ZipWriter writer;
  writer.add("a.txt", sample());
  writer.add("folder/b", "stored", ZipMethod::stored);
  writer.add("empty", "");
  const std::string bytes = writer.finish();
  const ZipReader reader(bytes);
  ASSERT_EQ(reader.entries().size(), 3u);
  EXPECT_EQ(reader.read(*reader.find("a.txt")), sample());
  EXPECT_EQ(reader.read(*reader.find("folder/b")), "stored");
  EXPECT_EQ(reader.read(*reader.find("empty")), "");
  EXPECT_EQ(reader.find("c"), nullptr);
}

TEST(Zip, PythonReadsOursAndWeReadPythons) {
  if (!python("import zipfile, gzip")) GTEST_SKIP() << "python3 is not there";
  const TempFolder folder;
  const std::string ours = (folder.path() / "ours.zip").string();
  const std::string theirs = (folder.path() / "theirs.zip").string();
  ZipWriter writer;
  writer.add("a", sample());
  writer.add("d/b", "stored", ZipMethod::stored);
  write_file_atomic(ours, writer.finish());
  EXPECT_TRUE(python("import zipfile\nz = zipfile.ZipFile('" + ours +
                     "')\nassert z.testzip() is None and z.namelist() == ['a', 'd/b']\n"
                     "w = zipfile.ZipFile('" +
                     theirs +
                     "', 'w', zipfile.ZIP_DEFLATED)\nw.writestr('a', z.read('a'))\n"
                     "with w.open('big', 'w', force_zip64=True) as f: f.write(b'64')\n"
                     "w.comment = b'a comment'\nw.close()"));
  const std::string bytes = read_file(theirs);
  const ZipReader reader(bytes);
  EXPECT_EQ(reader.read(*reader.find("a")), sample());
  EXPECT_EQ(reader.read(*reader.find("big")), "64");
}

TEST(Zip, RefusesNamesThatLeaveTheFolder) {
  // Made by replacing the name in a good archive by one of equal length.
  for (const std::string name : {"../x", "/abc", "a\\bc", "a/..", "C:ab"}) {
    std::string bytes = archive_of("good", "data", ZipMethod::stored);
    for (std::size_t at = 0; (at = bytes.find("good", at)) != std::string::npos;) {
      bytes.replace(at, 4, name);
    }
    EXPECT_THROW(ZipReader{bytes}, InputError) << name;
    EXPECT_THROW(ZipWriter().add(name, ""), UsageError) << name;
  }
}

TEST(Zip, RefusesBombsDamageAndDuplicates) {
  const std::string bomb = archive_of("b", std::string(1 << 22, '\0'), ZipMethod::deflated);
  const ZipReader reader(bomb);
  EXPECT_THROW(reader.read(reader.entries()[0], {.max_bytes = 1 << 20}), LimitError);
  ZipEntry lying = reader.entries()[0];
  lying.size = 100;  // claims to be small
  EXPECT_THROW(reader.read(lying), LimitError);

  std::string damaged = archive_of("b", "stored", ZipMethod::stored);
  damaged[damaged.find("stored")] = 'S';
  const ZipReader broken(damaged);
  EXPECT_THROW(broken.read(broken.entries()[0]), InputError);
  for (std::size_t size = 0; size < damaged.size(); ++size) {
    EXPECT_THROW(ZipReader(std::string_view(damaged).substr(0, size)), InputError);
  }

  ZipWriter writer;
  writer.add("x1", "");
  EXPECT_THROW(writer.add("x1", ""), UsageError);
  writer.add("x2", "");
  std::string twice = writer.finish();
  for (std::size_t at = 0; (at = twice.find("x2", at)) != std::string::npos;) twice[at + 1] = '1';
  EXPECT_THROW(ZipReader{twice}, InputError);
}

TEST(Zip, WritesMoreMembersThanTheShortEndRecordCounts) {
  ZipWriter writer;
  for (int member = 0; member < 70'000; ++member) {
    writer.add(std::to_string(member), "x", ZipMethod::stored);
  }
  const std::string bytes = writer.finish();
  EXPECT_EQ(ZipReader(bytes).entries().size(), 70'000u);
}

}  // namespace
}  // namespace ordo
