// A diagram is read back: ports are joined as the program moves items, and variables that are not
// one end to another get a dot with all their ends.
#include "ordo/machine/rmc_to_diagram.h"

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_testing.h"

namespace ordo::machine::rmc {
namespace {

struct Diagram {
  std::map<std::string, std::string> labels;                 // by node
  std::multiset<std::pair<std::string, std::string>> edges;  // labels of their ends
  std::size_t summands = 0, dots = 0;

  Diagram(Session& s, const std::string& program) {
    std::istringstream lines(diagram_dot(s.terms, s.program(program), s.context));
    const std::regex node(R"re( *(\w+) \[.*label="(.*)"\];)re"), edge(R"re( *(\w+) -> (\w+).*;)re");
    std::smatch found;
    std::vector<std::pair<std::string, std::string>> named;
    for (std::string line; std::getline(lines, line);) {
      summands += line.find("subgraph") != std::string::npos ? 1 : 0;
      if (std::regex_match(line, found, edge)) {
        named.emplace_back(found[1], found[2]);
      } else if (std::regex_match(line, found, node)) {
        const bool dot = line.find("shape=point") != std::string::npos;
        dots += dot ? 1 : 0;
        // Inputs and outputs have the same texts.
        labels[found[1]] = dot ? "." : found[1].str().substr(0, 1) + " " + found[2].str();
      }
    }
    for (const auto& [from, to] : named) edges.emplace(labels.at(from), labels.at(to));
  }
};
using Edges = std::multiset<std::pair<std::string, std::string>>;

TEST(RmcToDiagram, WiresJoinWhatTheProgramMoves) {
  Session s;
  EXPECT_EQ(Diagram(s, "new X Y. <X>; <Y>; [X]; [f(Y)]").edges,
            (Edges{{"i main 1", "o main 2"}, {"i main 2", "f f"}, {"f f", "o main 1"}}));
  EXPECT_EQ(Diagram(s, "new X Y. in<p(X,Y)>; [X]out; [Y]").edges,
            (Edges{{"i in 1", "f p"}, {"f p", "o out 1"}, {"f p", "o main 1"}}));
  EXPECT_EQ(Diagram(s, "[g(a)]").edges, (Edges{{"f g(a)", "o main 1"}}));
}

TEST(RmcToDiagram, DotsCopyCompareDiscardAndCreate) {
  Session s;
  EXPECT_EQ(Diagram(s, "new X. <X>; [X]; [X]").edges,
            (Edges{{"i main 1", "."}, {".", "o main 1"}, {".", "o main 2"}}));
  EXPECT_EQ(Diagram(s, "new X. <X>; <X>; [X]").edges,
            (Edges{{"i main 1", "."}, {"i main 2", "."}, {".", "o main 1"}}));
  EXPECT_EQ(Diagram(s, "new X. <X>").edges, (Edges{{"i main 1", "."}}));
  EXPECT_EQ(Diagram(s, "new X. [X]").edges, (Edges{{".", "o main 1"}}));
  EXPECT_EQ(Diagram(s, "new X Y. <X>; <Y>; [X]; [Y]").dots, 0U);
}

TEST(RmcToDiagram, ASummandEachAndNoneForFail) {
  Session s;
  EXPECT_EQ(Diagram(s, "([a] + <b>); ([c] + [d])").summands, 4U);
  EXPECT_EQ(Diagram(s, "fail").summands, 0U);
  EXPECT_EQ(Diagram(s, "skip").edges, Edges{});
  std::string many = "skip";
  for (int i = 0; i < 11; ++i) many += "; ([a] + [b])";
  EXPECT_THROW(diagram_dot(s.terms, s.program(many), s.context), LimitError);
}

TEST(RmcToDiagram, AStarStandsBetweenItsSpans) {
  Session s;
  const Diagram star(s, "[a]; (<a>; [b])*; <b>");
  EXPECT_EQ(star.edges.size(), 2U);
  for (const auto& [from, to] : star.edges) {
    EXPECT_TRUE(from.starts_with("s ") || to.starts_with("s ")) << from << " -> " << to;
  }
}

}  // namespace
}  // namespace ordo::machine::rmc
