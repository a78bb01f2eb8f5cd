#include "ordo/board/routes.h"

#include <cmath>

#include <gmock/gmock.h>

#include "ordo/board/board_testing.h"
#include "ordo/board/run_page.h"
#include "ordo/board/unpack_testing.h"
#include "ordo/http/server.h"
#include "ordo/stats/student.h"
#include "ordo/trial/document.h"

namespace ordo::board {
namespace {

using ::testing::HasSubstr;

class Routes : public ::testing::Test {
 protected:
  http::Response ask(const std::string& target) {
    http::Target parsed = http::parse_target(target);
    return answer(library_,
                  {.method = "GET", .path = parsed.path, .query = parsed.query, .headers = {}});
  }
  Json json(const std::string& target) { return parse_json(*ask(target).body, target); }
  std::vector<Unpacked> series(const std::string& target) { return unpack(*ask(target).body); }

  SampleStore sample_;
  Library library_{sample_.store};
};

TEST_F(Routes, ListStudiesWithTheirVerdicts) {
  sample_.add();
  const Json list = json("/api/studies");
  ASSERT_EQ(list.at("studies").size(), 1U);
  const Json& study = list.at("studies").as_array()[0];
  EXPECT_EQ(study.at("title"), Json("Is b better?"));
  EXPECT_EQ(study.at("counts").dump(), R"({"done":12})");
  EXPECT_EQ(study.at("points"), Json(1200));
  EXPECT_EQ(study.at("running"), Json(false));
  EXPECT_EQ(study.at("claims").as_array()[0].at("verdict"), Json("holds"));
  EXPECT_EQ(json("/api/store").at("revision"), list.at("revision"));
}

TEST_F(Routes, AnEmptyStoreHasAnEmptyList) {
  EXPECT_EQ(json("/api/studies").at("studies").size(), 0U);
}

TEST_F(Routes, SearchLooksAtNamesTagsAndParameters) {
  sample_.add();
  sample_.add({.name = "other"});
  EXPECT_EQ(json("/api/studies?q=").at("studies").size(), 2U);
  EXPECT_EQ(json("/api/studies?q=OTHER").at("studies").size(), 1U);
  const Json found = json("/api/studies?q=momentum+baseline");
  ASSERT_EQ(found.at("studies").size(), 2U);
  EXPECT_EQ(found.at("studies").as_array()[0].at("matches").dump(),
            R"(["parameter: momentum = 0.9","tag: baseline"])");
  EXPECT_EQ(json("/api/studies?q=momentum+absent").at("studies").size(), 0U);
}

// The document is the report's, less what is asked for apart.
TEST_F(Routes, AStudyIsTheReportsDocument) {
  sample_.add();
  const Json page = json("/api/study?name=sample");
  const report::Document document =
      trial::report_document(sample_.store, trial::read_results(sample_.store, "sample"));
  Json expected = report::to_json(document);
  for (Json& run : expected["runs"].as_array()) run["logs"] = Json::array();
  for (Json& curve : expected["curves"].as_array()) curve["runs"] = Json::array();
  EXPECT_EQ(page.at("document"), parse_json(expected.dump()));
  EXPECT_EQ(page.at("runs").size(), 12U);
  EXPECT_EQ(page.at("runs").as_array()[0].at("points"), Json(100));
  EXPECT_EQ(page.at("series").dump(), R"([{"metric":"loss","runs":12,"points":1200}])");
  EXPECT_THAT(page.at("sides").as_array()[0].at("label").as_string(),
              HasSubstr("commit 01234567 on box"));
}

TEST_F(Routes, TheTagOfAStudyChangesWithItsRevision) {
  sample_.add();
  const std::string before = ask("/api/study?name=sample").tag;
  EXPECT_EQ(ask("/api/study?name=sample").tag, before);
  EXPECT_EQ(ask("/api/study?name=sample").body, ask("/api/study?name=sample").body) << "made anew";
  sample_.begin(1);
  EXPECT_NE(ask("/api/study?name=sample").tag, before);
}

TEST_F(Routes, ARunHasEverythingThatIsRecorded) {
  sample_.add();
  const Json run = json("/api/runs/1");
  EXPECT_EQ(run.at("label"), Json("a/1"));
  EXPECT_EQ(run.at("results").at("score"), Json(1));
  EXPECT_EQ(run.at("measures").at("score"), Json(1));
  EXPECT_EQ(run.at("log").at("head"), Json("hello"));
  EXPECT_EQ(run.at("environment").at("values").at("host"), Json("box"));
  EXPECT_EQ(run.at("series").as_array()[0].at("last_step"), Json(99));
  EXPECT_EQ(run.at("series").as_array()[0].at("first_step"), Json(0));
  const Json& artifact = run.at("artifacts").as_array()[0];
  EXPECT_EQ(artifact.at("view"), Json("text"));
  const http::Response file = ask(artifact.at("url").as_string());
  EXPECT_EQ(read_file(file.file), "notes of a/1\n");
}

TEST_F(Routes, WindowsOfASeriesAreExactWhenTheyAreNarrow) {
  sample_.add({.points = 5000});
  const auto wide = series("/api/series?run=1&name=loss&points=100");
  ASSERT_EQ(wide.size(), 1U);
  EXPECT_LE(wide[0].step.size(), 100U);
  EXPECT_GT(wide[0].members.at("width").as_int(), 1);
  EXPECT_EQ(wide[0].members.at("total"), Json(5000));
  EXPECT_EQ(wide[0].members.at("last"), Json(4999));
  const auto narrow = series("/api/series?run=1&name=loss&points=100&from=1000&to=1049.5");
  EXPECT_EQ(narrow[0].members.at("width"), Json(1));
  ASSERT_EQ(narrow[0].step.size(), 50U);
  EXPECT_EQ(narrow[0].step.front(), 1000);
  EXPECT_EQ(narrow[0].value[7], std::exp(-0.01 * 1007) + 0.01);
  EXPECT_TRUE(narrow[0].low.empty());
}

TEST_F(Routes, CurvesOfAStudyStandInTheOrderOfItsRuns) {
  sample_.add();
  const auto curves = series("/api/curves?study=sample&metric=loss");
  const Json runs = json("/api/study?name=sample").at("runs");
  ASSERT_EQ(curves.size(), 12U);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    EXPECT_EQ(curves[i].members.at("run"), runs.as_array()[i].at("run"));
    EXPECT_EQ(curves[i].members.at("step"), curves[0].members.at("step"));
  }
}

// Mean and Student's interval, made again here from the runs' own points.
TEST_F(Routes, BandsAreTheMeanAndIntervalOfTheRuns) {
  sample_.add();
  const auto bands = series("/api/bands?study=sample&metric=loss&from=10&to=20");
  ASSERT_EQ(bands.size(), 2U);
  EXPECT_EQ(bands[0].members.at("variant"), Json("a"));
  EXPECT_EQ(bands[0].members.at("runs"), Json(6));
  ASSERT_EQ(bands[0].step.size(), 11U);
  std::vector<double> values;
  for (int seed = 1; seed <= 6; ++seed) values.push_back(std::exp(-0.15) + 0.01 * seed);
  const stats::Interval interval = stats::student_interval(values);
  EXPECT_NEAR(bands[0].value[5], std::exp(-0.15) + 0.035, 1e-15);
  EXPECT_EQ(bands[0].low[5], interval.lower);
  EXPECT_EQ(bands[0].high[5], interval.upper);
}

TEST_F(Routes, TwoStudiesAreComparedSeedBySeed) {
  sample_.add();
  sample_.add({.name = "other"});
  const Json page = json("/api/compare?left=sample&right=other");
  const Json& row = page.at("rows").as_array()[1];
  EXPECT_EQ(row.at("variant"), Json("b"));
  EXPECT_NEAR(row.at("left").at("mean").as_double(), 3.6, 1e-12);
  EXPECT_EQ(row.at("difference").at("mean"), Json(0));
  EXPECT_EQ(row.at("difference").at("pairs"), Json(6));
  EXPECT_EQ(page.at("parameters").size(), 0U);
  EXPECT_EQ(page.at("claims").as_array()[0].at("right"), Json("holds"));
  EXPECT_EQ(page.at("metrics").dump(), R"(["loss"])");
}

TEST_F(Routes, TwoCommitsOfOneStudyAreCompared) {
  sample_.add();
  SampleOptions again{.commit = "fedcba9876543210"};
  const std::string environment =
      sample_.store.put_environment({{"host", "box"}, {"commit", again.commit}, {"dirty", false}});
  for (const store::Cell& cell : sample_.store.cells("sample")) {
    if (cell.variant == "b") {  // whose scores are a hundred higher at the later commit
      sample_.finish(sample_.begin(cell.id, environment), cell.seed + 100, "b", again);
    }
  }
  const Json page = json("/api/compare?left=sample@012345&right=sample@fedcba");
  ASSERT_EQ(page.at("rows").size(), 2U);
  EXPECT_TRUE(page.at("rows").as_array()[0].at("right").is_null());
  const Json& row = page.at("rows").as_array()[1];
  EXPECT_NEAR(row.at("difference").at("mean").as_double(), 100, 1e-9);
  EXPECT_EQ(page.at("environment").as_array()[0].at("right"), Json("fedcba9876543210"));
  EXPECT_THROW(ask("/api/compare?left=sample@01234&right=sample"), http::NotFound) << "too short";
  const auto old = series("/api/curves?study=sample&metric=loss&environment=012345");
  EXPECT_EQ(old.size(), 12U);
  EXPECT_EQ(series("/api/curves?study=sample&metric=loss&environment=fedcba").size(), 6U);
}

TEST_F(Routes, SayWhatIsWrongWithAnAddress) {
  sample_.add();
  for (const char* target : {"/api/study", "/api/study?name=sample&more=1", "/api/series?run=1",
                             "/api/series?run=x&name=loss", "/api/series?run=1&name=loss&points=1",
                             "/api/series?run=1&name=loss&from=3&to=2"}) {
    EXPECT_THROW(ask(target), UsageError) << target;
  }
  for (const char* target : {"/api/study?name=none", "/api/runs/99", "/api/runs/", "/api/runs/1/x",
                             "/api/series?run=1&name=none", "/api/series?run=99&name=loss",
                             "/api/curves?study=sample&metric=none", "/nowhere", "/api/",
                             "/api/compare?left=sample&right=none"}) {
    EXPECT_THROW(ask(target), http::NotFound) << target;
  }
}

TEST_F(Routes, WhatStrangersWroteIsValidUtf8InTheAnswer) {
  sample_.add({.hostile = "<script>\"\n", .bytes = "\xff"});
  for (const char* target : {"/api/studies", "/api/study?name=sample", "/api/runs/1"}) {
    const std::string body = *ask(target).body;
    EXPECT_EQ(body.find('\xff'), std::string::npos) << target;
    parse_json(body, target);
  }
  EXPECT_THAT(*ask("/api/runs/1").body, HasSubstr("hello<script>\\\"\\n\xEF\xBF\xBD"));
}

TEST(View, MediaTypesThatABrowserWouldRunAreFramedOrDownloaded) {
  const auto kind = [](const std::string& name, const std::string& type) {
    return view_of({.run = 1, .name = name, .type = type, .hash = "", .size = 0}).kind;
  };
  EXPECT_EQ(kind("x.html", ""), "frame");
  EXPECT_EQ(kind("x.SVG", ""), "frame");
  EXPECT_EQ(kind("x", "text/html; charset=utf-8"), "frame");
  EXPECT_EQ(kind("x.png", ""), "image");
  EXPECT_EQ(kind("x.csv", ""), "text");
  EXPECT_EQ(kind("x", "text/javascript"), "text");
  EXPECT_EQ(kind("x.png", "application/xhtml+xml"), "");
  EXPECT_EQ(kind("x.js", ""), "");
  EXPECT_EQ(kind("x.pdf", "application/pdf"), "");
  EXPECT_EQ(kind("x", ""), "");
}

}  // namespace
}  // namespace ordo::board
