// Every program of the gallery gives what its comments derive: depth first in that order, by the
// fair searches as multisets; also after it was printed and read again. What it calls equal is.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_load.h"
#include "ordo/machine/rmc_normal.h"
#include "ordo/machine/rmc_testing.h"
#include "ordo/machine/rmc_types.h"

namespace ordo::machine::rmc {
namespace {

using List = std::vector<std::string>;

List expected_lines(const std::string& text) {
  List lines;
  const std::string mark = "% expect: ";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    at += mark.size();
    lines.push_back(text.substr(at, text.find('\n', at) - at));
  }
  return lines;
}

List answers(Session& s, const Query& query, Search search) {
  RunOptions options;
  options.search = search;
  List list;
  const RunResult result = run(s.terms, query.program, query.memory, options, s.context);
  for (const Answer& answer : result.answers) list.push_back(print_answer(s.terms, answer));
  if (result.limit != Limit::none) list.push_back(limit_text(result.limit));
  return list;
}

std::string joined(const List& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : " | ") + item;
  return list.empty() ? "false" : text;
}

List run_text(const std::string& text) {
  Session s;
  s.define(text);
  List lines;
  for (const Query& query : s.module.queries) {
    if (query.kind == Query::Kind::equal) {
      EXPECT_TRUE(equal(s.terms, query.program, query.other, Compare::multisets, {}, s.context))
          << print_query(s.terms, query);
    }
    if (query.kind == Query::Kind::type) {
      Diagnostics problems(s.sources);
      EXPECT_NE(infer(s.terms, s.module, query.program, problems), "");
    }
    if (query.kind != Query::Kind::run) continue;
    List depth_first = answers(s, query, Search::dfs);
    lines.push_back(joined(depth_first));
    std::sort(depth_first.begin(), depth_first.end());
    for (const Search search : {Search::interleave, Search::bfs, Search::iddfs}) {
      List fair = answers(s, query, search);
      std::sort(fair.begin(), fair.end());
      EXPECT_EQ(fair, depth_first) << print_query(s.terms, query);
    }
  }
  return lines;
}

TEST(RmcGallery, EveryProgramGivesWhatItsCommentDerives) {
  List files;
  for (const auto& entry :
       std::filesystem::directory_iterator(ORDO_SOURCE_DIR "/ordo/machine/gallery/rmc")) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  EXPECT_GE(files.size(), 15U);
  for (const std::string& file : files) {
    const std::string text = read_file(file);
    const List expected = expected_lines(text);
    EXPECT_FALSE(expected.empty()) << file;
    EXPECT_EQ(run_text(text), expected) << file;
    Session s;
    s.define(text);
    EXPECT_EQ(run_text(print_module(s.terms, s.module)), expected) << file;
  }
}

}  // namespace
}  // namespace ordo::machine::rmc
