#include "ordo/study/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordo::study {
namespace {

using testing::HasSubstr;
using testing::Not;

Plan plan_of(const std::vector<std::string>& variants, int seeds) {
  Plan plan{.study = "s", .variants = variants, .jobs = {}};
  for (int seed = 1; seed <= seeds; ++seed) {
    for (const std::string& variant : variants) {
      trial::Job job;
      job.cells.push_back({variant + std::to_string(seed), variant, {}, seed});
      plan.jobs.push_back(job);
    }
  }
  return plan;
}

class Live : public testing::Test {
 protected:
  std::string written_;
  LiveTable table_{{.write = [this](std::string_view text) { written_ += text; },
                    .columns = [] { return 60; },
                    .rows = 12}};
  std::string frame(int columns = 60) const {
    std::string text;
    for (const std::string& line : table_.frame(columns)) text += line + "\n";
    return text;
  }
};

TEST_F(Live, CountsCellsAndShowsTheNewestMetric) {
  const Plan plan = plan_of({"a", "b"}, 2);
  table_.begin(plan);
  const trial::Cell& first = plan.jobs[0].cells[0];
  table_.cell_started(first);
  table_.cell_event(first, {.body = Metric{"acc", 3, 0.5}, .cell = {}});
  EXPECT_THAT(frame(), HasSubstr("acc 0.5 at 3"));
  CellOutcome failed{.state = CellOutcome::State::failed, .reason = "exit 1"};
  failed.last = false;
  table_.cell_finished(first, failed);
  EXPECT_THAT(frame(), HasSubstr("0 of 4 cells"));
  table_.cell_started(first);
  table_.cell_finished(first, {});
  EXPECT_THAT(frame(), HasSubstr("1/2"));
  EXPECT_THAT(frame(), HasSubstr("1 of 4 cells"));
}

TEST_F(Live, NoTextOfAProgramMovesTheCursor) {
  const Plan plan = plan_of({"a"}, 1);
  table_.begin(plan);
  table_.cell_event(plan.jobs[0].cells[0], {.body = Metric{"\x1b[2J\n", 1, 1}, .cell = {}});
  EXPECT_THAT(frame(), Not(HasSubstr("\x1b")));
  EXPECT_EQ(table_.frame(60).size(), 3u);
}

TEST_F(Live, FitsTheScreen) {
  std::vector<std::string> variants;
  for (int i = 0; i < 50; ++i) variants.push_back(std::string(100, 'x') + std::to_string(i));
  const Plan plan = plan_of(variants, 1);
  table_.begin(plan);
  for (const trial::Job& job : plan.jobs) table_.cell_started(job.cells[0]);
  EXPECT_LT(table_.frame(60).size(), 12u);
  for (const std::string& line : table_.frame(60)) EXPECT_LE(line.size(), 60u);
}

TEST_F(Live, RedrawsAtMostTenTimesASecond) {
  table_.begin(plan_of({"a"}, 1));
  const std::size_t before = written_.size();
  for (int i = 0; i < 1000; ++i) table_.tick();  // takes far less than a tenth of a second
  EXPECT_EQ(written_.size(), before);
}

}  // namespace
}  // namespace ordo::study
