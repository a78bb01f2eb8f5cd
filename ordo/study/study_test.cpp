// The whole path, from a study's file to its verdicts, with a program whose variants differ by
// amounts that are known: score = 10 seed + 3 shift + noise, with noise among 0 to 4.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/store/merge.h"
#include "ordo/study/show.h"
#include "ordo/study/verbs.h"
#include "ordo/trial/document.h"

namespace ordo::study {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kScript[] = "echo \"{\\\"score\\\": $(($1 * 10 + $2 * 3 + $1 * $3 % 5))}\"\n";

// Over ten seeds in a row `salt` runs through all noises twice, so that the noise of two salts
// differs by 0 in the mean.
constexpr char kStudy[] = R"toml(
[study]
name = "planted"
seeds = 10
[[variant]]
name = "base"
shift = 0
salt = 1
[[variant]]
name = "twin"
shift = 0
salt = 2
[[variant]]
name = "better"
shift = 4
salt = 3
[command]
run = "sh score.sh {seed} {shift} {salt}"
[measure]
score = "score"
[[claim]]
name = "true"
text = "score(better) > score(base) by 5"
[[claim]]
name = "false"
text = "score(base) >= score(better)"
[[claim]]
name = "open"
text = "score(twin) > score(base)"
)toml";

class Study : public testing::Test {
 protected:
  Study() {
    around_.folder = folder_.path();
    context_.threads = 2;
    write("score.sh", kScript);
    write("planted.toml", kStudy);
  }
  void write(const std::string& name, std::string_view text) {
    write_file_atomic(folder_.path() / name, text);
  }
  RunStudyOptions options(const std::string& store = "store") const {
    RunStudyOptions chosen;
    chosen.study = "planted.toml";
    chosen.store = store;
    return chosen;
  }
  RunReport run(const RunStudyOptions& chosen) { return run_study(chosen, around_, context_); }
  store::Store open(const std::string& name = "store") {
    return store::Store(folder_.path() / name, {.access = store::Access::write}, context_);
  }

  TempFolder folder_;
  Surroundings around_;
  Context context_;
};

std::vector<std::string> outcomes(const trial::Results& results) {
  std::vector<std::string> all;
  for (const claims::Verdict& verdict : results.verdicts) {
    all.emplace_back(to_string(verdict.outcome));
  }
  return all;
}

TEST_F(Study, GivesTheVerdictsThatWerePlanted) {
  const RunReport report = run(options());
  EXPECT_EQ(report.summary.done, 30);
  EXPECT_THAT(outcomes(report.results), ElementsAre("holds", "fails", "undecided"));
  EXPECT_EQ(exit_code(report), ExitCode::no);
  // Means by arithmetic: 10 * 5.5 + 3 * shift + 2.
  ASSERT_EQ(report.results.estimates.size(), 3u);
  EXPECT_DOUBLE_EQ(report.results.estimates[0].mean, 57);
  EXPECT_DOUBLE_EQ(report.results.estimates[1].mean, 57);
  EXPECT_DOUBLE_EQ(report.results.estimates[2].mean, 69);
  EXPECT_THAT(to_text(report), HasSubstr("✔ true"));
}

TEST_F(Study, RunsFinishedCellsOnlyWhenAsked) {
  run(options());
  EXPECT_EQ(run(options()).planned, 0u);
  write("score.sh", std::string(kScript) + "# changed\n");
  const RunReport stale = run(options());
  EXPECT_EQ(stale.planned, 0u);
  EXPECT_EQ(stale.stale, 30u);
  EXPECT_EQ(count_by_status(stale.results).at("stale"), 30);
  EXPECT_THAT(outcomes(stale.results), ElementsAre("holds", "fails", "undecided"));
  write("score.sh", kScript);  // changed back: as good as new
  EXPECT_EQ(count_by_status(run(options()).results).at("done"), 30);
  write("score.sh", std::string(kScript) + "# changed\n");
  RunStudyOptions again = options();
  again.rerun_stale = true;
  const RunReport rerun = run(again);
  EXPECT_EQ(rerun.summary.done, 30);
  // The claims had been judged: who reads the verdicts is told.
  ASSERT_EQ(rerun.results.changes.size(), 1u);
  EXPECT_THAT(rerun.results.changes[0], HasSubstr("30 of 30 cells were run again"));
  EXPECT_EQ(run(options()).stale, 0u);
}

TEST_F(Study, DryRunChangesNothing) {
  RunStudyOptions dry = options();
  dry.dry_run = true;
  EXPECT_EQ(run(dry).planned, 30u);
  EXPECT_FALSE(store::Store::exists(folder_.path() / "store"));
  EXPECT_FALSE(run(dry).expected_seconds.has_value());
  run(options());
  EXPECT_EQ(run(dry).planned, 0u);
}

TEST_F(Study, JudgesNothingBeforeAllSeedsAreThere) {
  RunStudyOptions part = options();
  part.only = {"base", "better"};
  const RunReport report = run(part);
  EXPECT_EQ(report.summary.done, 20);
  EXPECT_TRUE(report.results.verdicts.empty());
  EXPECT_TRUE(report.results.looks.empty());
  EXPECT_EQ(run(options()).planned, 10u);
}

TEST_F(Study, ShardsMergedEqualOneRun) {
  const RunReport whole = run(options("whole"));
  for (const int part : {1, 2, 3}) {
    RunStudyOptions shard = options("part" + std::to_string(part));
    shard.shard = std::to_string(part) + "/3";
    run(shard);
  }
  store::MergeOptions merge_options;
  for (const char* part : {"part1", "part2", "part3"}) {
    merge_options.from.push_back(folder_.path() / part);
  }
  merge_options.into = folder_.path() / "merged";
  EXPECT_TRUE(store::merge(merge_options, context_).conflicts.empty());
  const store::Store merged = open("merged");
  const trial::Results results = trial::read_results(merged, "planted");
  EXPECT_TRUE(results.is_complete);
  EXPECT_EQ(outcomes(results), outcomes(whole.results));
  ASSERT_EQ(results.cells.size(), whole.results.cells.size());
  for (std::size_t i = 0; i < results.cells.size(); ++i) {
    EXPECT_EQ(results.cells[i].cell.key, whole.results.cells[i].cell.key);
    EXPECT_EQ(results.cells[i].values, whole.results.cells[i].values);
  }
}

TEST_F(Study, AddedSeedsAreAnotherLookWithWhatIsLeftOfAlpha) {
  run(options());
  AddSeedsOptions more;
  more.study = "planted";
  more.store = "store";
  more.count = 5;
  const RunReport report = add_seeds(more, around_, context_);
  EXPECT_EQ(report.summary.done, 15);
  EXPECT_EQ(report.results.seeds.size(), 15u);
  EXPECT_EQ(report.results.registered.size(), 10u);
  ASSERT_EQ(report.results.looks.size(), 2u);
  EXPECT_LE(report.results.looks[0].alpha_spent + report.results.looks[1].alpha_spent, 0.05);
  EXPECT_EQ(run(options()).planned, 0u);
}

TEST_F(Study, TellsWhatWasChangedAfterResultsWereThere) {
  run(options());
  std::string text = kStudy;
  text.replace(text.find("by 5"), 4, "by 1");
  write("planted.toml", text);
  const RunReport report = run(options());
  ASSERT_EQ(report.results.changes.size(), 1u);
  EXPECT_THAT(report.results.changes[0], HasSubstr("claim 'true'"));
  EXPECT_THAT(to_text(report), HasSubstr("Changed after results"));
}

TEST_F(Study, AClaimOverAMeasureThatNoRunReportsIsALocatedError) {
  std::string text = kStudy;
  text.replace(text.find("score = \"score\""), 15, "score = \"scroe\"");
  write("planted.toml", text);
  const RunReport report = run(options());
  ASSERT_EQ(report.results.errors.size(), 3u);
  EXPECT_THAT(report.results.errors[0], HasSubstr("planted.toml:23:"));
  EXPECT_THAT(report.results.errors[0], HasSubstr("scroe"));
  EXPECT_EQ(exit_code(report), ExitCode::input);
}

TEST_F(Study, CountsCellsThatFailAndSaysWhy) {
  write("score.sh", "echo oops >&2; exit $(($1 % 2 * 3))\n");
  const RunReport report = run(options());
  EXPECT_EQ(report.summary.failed, 15);
  EXPECT_EQ(count_by_status(report.results).at("failed"), 15);
  EXPECT_EQ(run(options()).planned, 0u);
  RunStudyOptions again = options();
  again.rerun_failed = true;
  write("score.sh", kScript);
  EXPECT_EQ(run(again).summary.done, 15);

  CellOption cell;
  cell.cell = "planted/base/1";
  cell.store = "store";
  EXPECT_THAT(to_text(cell_log(cell, around_, context_)), HasSubstr("{\"score\": 11}"));
}

TEST_F(Study, ReportsACommandThatIsNotThereBeforeAnythingRuns) {
  std::string text = kStudy;
  text.replace(text.find("sh score.sh"), 11, "no-such-program-here");
  write("planted.toml", text);
  EXPECT_THROW(run(options()), IoError);
  EXPECT_FALSE(open().study("planted").has_value());
}

TEST_F(Study, DivisionByNothingIsAReasonAndNoNumber) {
  std::string text = kStudy;
  text.replace(text.find("score = \"score\""), 15, "score = \"score / (score - score)\"");
  write("planted.toml", text);
  const RunReport report = run(options());
  EXPECT_EQ(report.summary.done, 30);
  ASSERT_EQ(report.results.errors.size(), 3u);
  EXPECT_THAT(report.results.errors[0], HasSubstr("division by zero"));
}

TEST_F(Study, CellsThatRanOutOfTimeAreToldTogether) {
  write("score.sh", "sleep 60\n");
  RunStudyOptions late = options();
  late.timeout = 0.05;
  late.only = {"base"};
  const RunReport report = run(late);
  EXPECT_EQ(count_by_status(report.results).at("timeout"), 10);
  EXPECT_THAT(to_text(report), HasSubstr("! 10 cells failed: stopped after"));
}

TEST_F(Study, BytesThatAreNoTextBecomeText) {
  write("score.sh", std::string("printf '\\377\\376\\n'\n") + kScript);
  const RunReport report = run(options());
  EXPECT_EQ(report.summary.done, 30);
  CellOption cell;
  cell.cell = "planted/base/1";
  cell.store = "store";
  EXPECT_THAT(to_json(cell_log(cell, around_, context_)).dump(), HasSubstr("xFF"));
  EXPECT_NO_THROW(report::render_html(trial::report_document(open(), report.results)));
}

TEST_F(Study, TheReportHasAllRunsAndVerdicts) {
  const RunReport report = run(options());
  const report::Document document = trial::report_document(open(), report.results);
  EXPECT_EQ(document.runs.size(), 30u);
  ASSERT_EQ(document.claims.size(), 3u);
  EXPECT_EQ(document.claims[0].verdict, report::Verdict::holds);
  EXPECT_EQ(document.variants[2].parameters.find("shift")->as_int(), 4);
  EXPECT_NO_THROW(report::render_html(document));
}

TEST_F(Study, TheReportShowsThePOfTheSentenceAndNamesItsAxes) {
  std::string text = kStudy;
  text += "[[claim]]\ntext = \"score(base) <= 5\"\n";
  write("planted.toml", text);
  const RunReport report = run(options());
  const report::Document document = trial::report_document(open(), report.results);
  ASSERT_EQ(document.claims.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const claims::Finding& finding = report.results.verdicts[i].findings[0];
    const std::string p = fmt::format("p = {:.2g} ", *document.claims[i].comparisons[0].p_value);
    EXPECT_THAT(finding.sentence, HasSubstr(p));
  }
  EXPECT_EQ(document.claims[2].comparisons[0].label, "score(twin) − score(base)");
  EXPECT_EQ(document.claims[3].comparisons[0].label, "score(base) − 5");
}

TEST_F(Study, TheReportGoesToTheCurrentFolderUnlessTheStudySaysOtherwise) {
  std::filesystem::create_directory(folder_.path() / "elsewhere");
  write("elsewhere/score.sh", kScript);
  write("elsewhere/planted.toml", kStudy);
  RunStudyOptions chosen = options();
  chosen.study = "elsewhere/planted.toml";
  EXPECT_THAT(to_text(run(chosen)), HasSubstr("ordo study report planted --store store\n"));
  ReportVerbOptions page;
  page.study = "planted";
  page.store = "store";
  report_study(page, around_, context_);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "planted.html"));
  write("elsewhere/planted.toml", std::string(kStudy) + "[report]\nout = \"there.html\"\n");
  run(chosen);
  report_study(page, around_, context_);
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "elsewhere" / "there.html"));
}

TEST_F(Study, DeletingAsksSomebody) {
  run(options());
  DeleteOptions remove;
  remove.study = "planted";
  remove.store = "store";
  EXPECT_THROW(delete_study(remove, around_, context_), UsageError);
  around_.confirm = [](const std::string&) { return false; };
  delete_study(remove, around_, context_);
  EXPECT_TRUE(open().study("planted").has_value());
  remove.yes = true;
  delete_study(remove, around_, context_);
  EXPECT_FALSE(open().study("planted").has_value());
}

// The three ways to fill a cell agree: v = 10 k + seed, so the means over seeds 1 to 3 are 12
// and 22.
TEST_F(Study, EveryKindOfCellGivesTheSameMeasures) {
  around_.environment["PYTHONPATH"] = std::string(ORDO_SOURCE_DIR) + "/python";
  write("process.py", "import ordo\nordo.result(v=ordo.params()['k'] * 10 + ordo.seed())\n");
  write("worker.py",
        "import ordo\n"
        "def cell():\n"
        "    ordo.result(v=ordo.params()['k'] * 10 + ordo.seed())\n"
        "ordo.serve(cell)\n");
  write("many.py",
        "import ordo\n"
        "for cell in ordo.cells():\n"
        "    cell.result(v=cell.params['k'] * 10 + cell.seed)\n");
  const std::pair<const char*, const char*> commands[] = {
      {"process", "run = \"python3 process.py\""},
      {"worker", "worker = \"python3 worker.py\"\nrun = \"cell\""},
      {"many", "run = \"python3 many.py\""}};
  for (const auto& [kind, command] : commands) {
    const std::string name = std::string(kind) + ".toml";
    write(name, std::string("[study]\nseeds = 3\nkind = \"") + kind +
                    "\"\n[vary]\nk = [1, 2]\n[command]\n" + command + "\n[measure]\nv = \"v\"\n");
    RunStudyOptions chosen = options();
    chosen.study = name;
    const RunReport report = run(chosen);
    EXPECT_EQ(report.summary.done, 6) << kind;
    EXPECT_DOUBLE_EQ(report.results.estimates[0].mean, 12) << kind;
    EXPECT_DOUBLE_EQ(report.results.estimates[1].mean, 22) << kind;
  }
}

TEST_F(Study, TheTemplateOfNewIsAStudyThatRuns) {
  NewOptions fresh;
  fresh.file = "fresh.toml";
  new_study(fresh, around_, context_);
  EXPECT_THROW(new_study(fresh, around_, context_), UsageError);
  EXPECT_EQ(variants(trial::read_spec(folder_.path() / "fresh.toml")).size(), 2u);
}

}  // namespace
}  // namespace ordo::study
