// Every program of the gallery gives what its comment derives, on both machines, and again once it
// is laid out anew.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/fmc_verbs.h"

namespace ordo::machine::fmc {
namespace {

std::vector<std::filesystem::path> gallery() {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = ORDO_SOURCE_DIR "/ordo/machine/gallery/fmc";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string run_file(const std::string& text) {
  Session s;
  s.define(text);
  RunOptions options;
  std::string shown;
  for (const Action& action : s.module.actions) {
    const RunResult fast = run(s.terms, s.module, action.term, action.memory, options, s.context);
    shown += s.show(fast);
    if (fast.steps > 100'000) continue;  // the substitution machine is for small runs
    const RunResult slow = run_by_substitution(s.terms, s.module, action.term, action.memory,
                                               options, s.context, [](const State&) {});
    EXPECT_EQ(s.show(slow), s.show(fast));
    EXPECT_EQ(slow.steps, fast.steps);
  }
  return shown;
}

TEST(FmcGallery, EveryProgramGivesWhatItsCommentDerives) {
  const auto files = gallery();
  EXPECT_GE(files.size(), 15U);
  for (const auto& file : files) {
    const std::string text = read_file(file);
    const std::size_t at = text.find("% expect: ");
    ASSERT_NE(at, std::string::npos) << file;
    const std::string expected = text.substr(at + 10, text.find('\n', at) - at - 10);
    EXPECT_EQ(run_file(text), expected) << file;
    FmtVerb canonical;
    canonical.file = file.string();
    Context context;
    EXPECT_EQ(run_file(fmt_verb(canonical, context).text), expected) << file;
  }
}

}  // namespace
}  // namespace ordo::machine::fmc
