// Pictures and tables mean what the programs do: a drawn automaton is read back and accepts what
// std::regex accepts; a table shows the successful branch and nothing else.
#include "ordo/machine/rmc_to_dot.h"

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_dialect_testing.h"
#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_to_latex.h"

namespace ordo::machine::rmc {
namespace {

// The automaton that a DOT text draws.
struct Drawn {
  std::set<std::string> starts, finals;
  std::multimap<std::pair<std::string, std::string>, std::string> arrows;  // (from, letter) -> to

  explicit Drawn(const std::string& dot) {
    std::istringstream lines(dot);
    const std::regex state(R"(  (q\d+) \[label=".*"(, shape=doublecircle)?\];)"),
        start(R"(  start\d+ -> (q\d+);)"), arrow(R"re(  (q\d+) -> (q\d+) \[label="(.*)"\];)re");
    std::smatch found;
    for (std::string line; std::getline(lines, line);) {
      if (std::regex_match(line, found, state) && found[2].matched) finals.insert(found[1]);
      if (std::regex_match(line, found, start)) starts.insert(found[1]);
      if (!std::regex_match(line, found, arrow)) continue;
      std::istringstream labels(found[3].str());
      for (std::string label; std::getline(labels, label, ',');)
        arrows.emplace(std::pair{found[1].str(), label.substr(label.find_first_not_of(' '))},
                       found[2]);
    }
  }

  bool accepts(const std::string& word) const {
    std::set<std::string> at = starts;
    for (const char c : word) {
      std::set<std::string> next;
      for (const std::string& state : at) {
        const auto [begin, end] = arrows.equal_range({state, std::string(1, c)});
        for (auto i = begin; i != end; ++i) next.insert(i->second);
      }
      at = next;
    }
    for (const std::string& state : at)
      if (finals.contains(state)) return true;
    return false;
  }
};

std::string random_regex(Random& random, int size) {
  if (size <= 1) return random.below(2) == 0 ? "a" : "b";
  const int left = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(size - 1)));
  const auto kind = random.below(3);
  if (kind == 0) return "(" + random_regex(random, size - 1) + ")*";
  return "(" + random_regex(random, left) + (kind == 1 ? "|" : "") +
         random_regex(random, size - left) + ")";
}

std::vector<std::string> words_up_to(std::size_t length) {
  std::vector<std::string> words{""};
  for (std::size_t i = 0; i < words.size() && words[i].size() < length; ++i) {
    words.push_back(words[i] + "a");
    words.push_back(words[i] + "b");
  }
  return words;
}

TEST(RmcToDot, TheAutomatonOfPositionsAcceptsTheSameWords) {
  Random random(41);
  for (int i = 0; i < 40; ++i) {
    const std::string text = random_regex(random, 2 + static_cast<int>(random.below(8)));
    Translated t("regex", text);
    const Drawn drawn(automaton_dot(t.terms, t.sources, t.body(), {}));
    const std::regex reference(text);
    for (const std::string& word : words_up_to(6))
      ASSERT_EQ(drawn.accepts(word), std::regex_match(word, reference)) << text << " on " << word;
  }
}

TEST(RmcToDot, StatesOnAStackAreTheStatesDrawn) {
  Translated t("automaton", "s0 s0 a\ns0 s0 b\ns0 s1 a\ns1 s2 b\ns2\n");
  const Drawn drawn(automaton_dot(t.terms, t.sources, t.body(), {}));
  EXPECT_EQ(drawn.arrows.size(), 4U);
  const std::regex reference("(a|b)*ab");
  for (const std::string& word : words_up_to(6))
    EXPECT_EQ(drawn.accepts(word), std::regex_match(word, reference)) << word;
  Translated shout("automaton", "p q a \"x\nq\n");
  EXPECT_NE(automaton_dot(shout.terms, shout.sources, shout.body(), {}).find("label=\"a/'\\\"x'\""),
            std::string::npos);
}

TEST(RmcToDot, OtherProgramsAreRefused) {
  Session s;
  const ProgramId program = s.program("new X. (in<X>)*");
  EXPECT_THROW((void)automaton_dot(s.terms, s.sources, program, {}), InputError);
  std::string many = "a";
  for (int i = 0; i < 3'000; ++i) many += "b";
  Translated t("regex", many);
  EXPECT_THROW((void)automaton_dot(t.terms, t.sources, t.body(), {}), LimitError);
}

TEST(RmcToLatex, ShowsTheSuccessfulBranchOnly) {
  Session s;
  const Query query =
      s.query("[a]; (<wrong>; [b] + new X. <X>; [f('5%', X)]out + <a>; [c]) from {in: d}");
  const LatexTrace trace = trace_latex(s.terms, query.program, query.memory, {}, s.context);
  const RunResult result = run(s.terms, query.program, query.memory, {}, s.context);
  ASSERT_EQ(result.answers.size(), 2U);
  EXPECT_EQ(trace.limit, Limit::none);
  EXPECT_TRUE(trace.text.starts_with("\\begin{longtable}{llll}\n"));
  EXPECT_TRUE(trace.text.ends_with("\\end{longtable}\n"));
  // The last line's memory is the first answer's, with the percent sign escaped.
  EXPECT_NE(trace.text.find("\\texttt{in: d; out: f('5\\%',a)}"), std::string::npos) << trace.text;
  // Not the left side, which failed.
  EXPECT_EQ(trace.text.find("\\texttt{<wrong>; [b]}"), std::string::npos) << trace.text;
  EXPECT_EQ(trace.text.find("main: c"), std::string::npos) << trace.text;
  const ProgramId failing = s.program("[a]; <b>");
  EXPECT_EQ(trace_latex(s.terms, failing, {}, {}, s.context).text, "");
}

}  // namespace
}  // namespace ordo::machine::rmc
