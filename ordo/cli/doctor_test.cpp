#include "ordo/cli/doctor.h"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/version.h"

namespace ordo::cli {
namespace {

const Finding& find(const Diagnosis& diagnosis, const std::string& name) {
  const auto found = std::find_if(diagnosis.findings.begin(), diagnosis.findings.end(),
                                  [&](const Finding& finding) { return finding.name == name; });
  EXPECT_NE(found, diagnosis.findings.end()) << name;
  return *found;
}

void write_program(const std::filesystem::path& path, const std::string& prints) {
  std::ofstream(path) << "#!/bin/sh\necho '" << prints << "'\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

TEST(Doctor, FindsProgramsOfAnotherVersion) {
  const TempFolder folder;
  write_program(folder.path() / "ordo-same", "ordo same " + std::string(version()));
  write_program(folder.path() / "ordo-old", "ordo old 0.0.1");
  Context context;
  const Diagnosis diagnosis =
      diagnose({.programs = folder.path(), .store = folder.path() / "store"}, context);
  EXPECT_EQ(find(diagnosis, "ordo-same").state, Finding::State::good);
  EXPECT_EQ(find(diagnosis, "ordo-old").state, Finding::State::bad);
  EXPECT_EQ(exit_code(diagnosis), ExitCode::no);
}

TEST(Doctor, LooksAtTheDiskOfAStoreThatIsNotThereYet) {
  const TempFolder folder;
  Context context;
  const Diagnosis diagnosis =
      diagnose({.programs = folder.path(), .store = folder.path() / "a/b"}, context);
  EXPECT_NE(find(diagnosis, "disk of the store").found.find("GB free"), std::string::npos);
  EXPECT_EQ(exit_code(diagnosis), ExitCode::done);
}

TEST(Doctor, SaysWhichLibTorchAndGpusAreThere) {
  const TempFolder folder;
  const auto torch = folder.path() / "torch", gpus = folder.path() / "gpus";
  EXPECT_EQ(look_at_libtorch("", "", gpus).state, Finding::State::missing);
  EXPECT_EQ(look_at_libtorch("2.13.0", torch, gpus).state, Finding::State::bad);

  std::filesystem::create_directories(torch / "lib");
  write_file_atomic(torch / "lib/libtorch_cpu.so", "");
  Finding finding = look_at_libtorch("2.13.0", torch, gpus);
  EXPECT_EQ(finding.state, Finding::State::good);
  EXPECT_EQ(finding.found, "2.13.0 in " + torch.string() + ", for cpu");
  EXPECT_EQ(finding.advice, "");

  std::filesystem::create_directories(gpus / "0000:01:00.0");
  write_file_atomic(gpus / "0000:01:00.0/information", "Model: \t NVIDIA H200\nIRQ: 7\n");
  EXPECT_NE(look_at_libtorch("2.13.0", torch, gpus).advice.find("NVIDIA H200"), std::string::npos);

  write_file_atomic(torch / "lib/libtorch_cuda.so", "");
  finding = look_at_libtorch("2.13.0", torch, gpus);
  EXPECT_TRUE(finding.found.ends_with(", for cpu and cuda: cuda:0 NVIDIA H200")) << finding.found;
  EXPECT_TRUE(look_at_libtorch("2.13.0", torch, folder.path() / "none")
                  .found.ends_with("for cpu and cuda (no GPU here)"));
}

}  // namespace
}  // namespace ordo::cli
