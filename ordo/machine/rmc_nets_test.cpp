// Petri nets against explicit reachability, interaction nets against a rewriter of port graphs.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_dialect_testing.h"
#include "ordo/machine/rmc_inet.h"
#include "ordo/machine/rmc_machine.h"

namespace ordo::machine::rmc {
namespace {

// ---- Petri nets ----

using Marking = std::vector<std::uint32_t>;
struct Net {
  std::vector<std::pair<Marking, Marking>> transitions;
  Marking start;
};

std::optional<Marking> fire(const std::pair<Marking, Marking>& t, Marking m) {
  for (std::size_t p = 0; p < m.size(); ++p) {
    if (m[p] < t.first[p]) return std::nullopt;
    m[p] = m[p] - t.first[p] + t.second[p];
  }
  return m;
}

// Every reachable marking, or nothing where there are more than `limit`.
std::optional<std::set<Marking>> reachable(const Net& net, std::size_t limit) {
  std::set<Marking> seen{net.start};
  std::vector<Marking> rest{net.start};
  while (!rest.empty()) {
    const Marking m = rest.back();
    rest.pop_back();
    for (const auto& t : net.transitions) {
      const auto next = fire(t, m);
      if (next && seen.insert(*next).second) rest.push_back(*next);
    }
    if (seen.size() > limit) return std::nullopt;
  }
  return seen;
}

// Firing sequences to each marking, or nothing where there are more than `limit` in all.
std::optional<std::map<Marking, std::size_t>> sequences(const Net& net, std::size_t limit) {
  std::map<Marking, std::size_t> count;
  std::vector<Marking> rest{net.start};
  for (std::size_t total = 1; !rest.empty(); ++total) {
    if (total > limit) return std::nullopt;
    const Marking m = rest.back();
    rest.pop_back();
    ++count[m];
    for (const auto& t : net.transitions)
      if (const auto next = fire(t, m)) rest.push_back(*next);
  }
  return count;
}

std::string tokens(const Marking& m) {
  std::string text;
  for (std::size_t p = 0; p < m.size(); ++p)
    if (m[p] > 0)
      text += (text.empty() ? "" : " + ") + std::to_string(m[p]) + " p" + std::to_string(p);
  return text.empty() ? "0" : text;
}

std::string line_text(const Net& net) {
  std::string text = "marking: " + tokens(net.start) + "\n";
  for (std::size_t i = 0; i < net.transitions.size(); ++i)
    text += "t" + std::to_string(i) + ": " + tokens(net.transitions[i].first) + " -> " +
            tokens(net.transitions[i].second) + "\n";
  return text;
}

std::string pnml_text(const Net& net) {
  const auto label = [](const char* tag, std::uint32_t n) {
    return "<" + std::string(tag) + "><text>" + std::to_string(n) + "</text></" + tag + ">";
  };
  std::string text = "<pnml><net id=\"n\" type=\"ptnet\"><page id=\"g\">";
  for (std::size_t p = 0; p < net.start.size(); ++p)
    text += "<place id=\"p" + std::to_string(p) + "\">" + label("initialMarking", net.start[p]) +
            "</place>";
  int arcs = 0;
  const auto arc = [&](const std::string& from, const std::string& to, std::uint32_t n) {
    if (n > 0)
      text += "<arc id=\"a" + std::to_string(++arcs) + "\" source=\"" + from + "\" target=\"" + to +
              "\">" + label("inscription", n) + "</arc>";
  };
  for (std::size_t i = 0; i < net.transitions.size(); ++i) {
    const std::string t = "t" + std::to_string(i);
    text += "<transition id=\"" + t + "\"/>";
    for (std::size_t p = 0; p < net.start.size(); ++p) {
      const std::string place = "p" + std::to_string(p);
      arc(place, t, net.transitions[i].first[p]);
      arc(t, place, net.transitions[i].second[p]);
    }
  }
  return text + "</page></net></pnml>";
}

Net random_net(Random& random) {
  const std::size_t places = 2 + random.below(3);
  const auto draw = [&](std::uint64_t most) {
    Marking m(places);
    for (auto& n : m)
      n = static_cast<std::uint32_t>(random.below(3) == 0 ? random.below(most) + 1 : 0);
    return m;
  };
  Net net;
  for (std::uint64_t i = 0; i < 1 + random.below(4); ++i) {
    std::pair<Marking, Marking> t{draw(2), draw(2)};
    if (t.first == Marking(places)) t.first[random.below(places)] = 1;
    net.transitions.push_back(std::move(t));
  }
  net.start = draw(4);
  net.start[0] += 2;
  return net;
}

std::map<Marking, std::size_t> final_markings(Translated& t, std::size_t places, StarMode star) {
  RunOptions options;
  options.star = star;
  options.limits.max_answers = 0;
  const RunResult result = run(t.terms, t.query().program, t.query().memory, options, t.context);
  EXPECT_EQ(result.limit, Limit::none);
  std::map<Marking, std::size_t> count;
  for (const Answer& answer : result.answers) {
    Marking m(places);
    for (const MemoryEntry& entry : answer.memory)
      m[std::stoul(t.terms.text(entry.location).substr(1))] =
          static_cast<std::uint32_t>(entry.items.size());
    ++count[m];
  }
  return count;
}

TEST(RmcNets, PetriNetsReachWhatExplicitSearchReaches) {
  Random random(23);
  int compared = 0, counted = 0;
  while (compared < 60 || counted < 30) {
    const Net net = random_net(random);
    const auto expected = reachable(net, 300);
    if (!expected) continue;
    ++compared;
    for (const std::string& text : {line_text(net), pnml_text(net)}) {
      Translated t("petri", text);
      ASSERT_EQ(t.problems_text, "") << text;
      const auto found = final_markings(t, net.start.size(), StarMode::set);
      std::set<Marking> markings;
      for (const auto& [m, n] : found) {
        markings.insert(m);
        EXPECT_EQ(n, 1U);
      }
      ASSERT_EQ(markings, *expected) << text;
    }
    const auto ways = sequences(net, 2'000);
    if (!ways) continue;
    ++counted;
    Translated t("petri", line_text(net));
    ASSERT_EQ(final_markings(t, net.start.size(), StarMode::bag), *ways) << line_text(net);
  }
}

TEST(RmcNets, AQuestionAsksForOneMarking) {
  Random random(24);
  int yes = 0, no = 0;
  for (int i = 0; i < 60; ++i) {
    const Net net = random_net(random);
    const auto expected = reachable(net, 100);
    if (!expected) continue;
    Marking wanted =
        *std::next(expected->begin(), static_cast<std::ptrdiff_t>(random.below(expected->size())));
    wanted[0] += static_cast<std::uint32_t>(random.below(2));
    // A place that no line names is no place of the text.
    std::string text = line_text(net);
    for (std::size_t p = 0; p < net.start.size(); ++p)
      text += "n" + std::to_string(p) + ": 1000 p" + std::to_string(p) + " -> 0\n";
    Translated t("petri", text, tokens(wanted));
    ASSERT_EQ(t.problems_text, "") << text << tokens(wanted);
    RunOptions options;
    options.star = StarMode::set;
    const RunResult result =
        run(t.terms, t.query(1).program, t.query(1).memory, options, t.context);
    const bool is_reachable = expected->contains(wanted);
    ++(is_reachable ? yes : no);
    ASSERT_EQ(!result.answers.empty(), is_reachable) << line_text(net) << tokens(wanted);
  }
  EXPECT_GE(yes, 10);
  EXPECT_GE(no, 3);
}

TEST(RmcNets, Oracle08FiveMarkingsOneRunEach) {
  Translated t("petri", "marking: 3 p\na: 2 p -> q\nb: q -> p + r\n");
  RunOptions options;
  std::vector<std::string> found;
  for (const Answer& a :
       run(t.terms, t.query().program, t.query().memory, options, t.context).answers)
    found.push_back(print_memory(t.terms, a.memory));
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (std::vector<std::string>{"p: t t t", "p: t t; r: t", "p: t; q: t",
                                             "p: t; r: t t", "q: t; r: t"}));
}

TEST(RmcNets, Oracle09TheMutexNeverAdmitsBoth) {
  Translated t("petri",
               "marking: i1 + i2 + m\n"
               "enter1: i1 + m -> c1\nleave1: c1 -> m + i1\n"
               "enter2: i2 + m -> c2\nleave2: c2 -> m + i2\n");
  RunOptions options;
  options.star = StarMode::set;
  std::vector<std::string> found;
  for (const Answer& a :
       run(t.terms, t.query().program, t.query().memory, options, t.context).answers)
    found.push_back(print_memory(t.terms, a.memory));
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found,
            (std::vector<std::string>{"c1: t; i2: t", "c2: t; i1: t", "i1: t; i2: t; m: t"}));
}

// ---- interaction nets: agents with numbered ports, links between ports, rules applied anywhere
// ----

class PortGraph {
 public:
  explicit PortGraph(const InetProgram& program) : program_(program) {
    for (const InetRule& rule : program.rules) {
      agents_.insert(tree(rule.destructor).name);
      agents_.insert(tree(rule.constructor).name);
      rules_[{tree(rule.destructor).name, tree(rule.constructor).name}] = &rule;
    }
  }

  /// The value at the net's output `name`; nothing if two agents meet without a rule.
  std::optional<std::string> normalise(const InetWiring& net, const std::string& name,
                                       Random& random) {
    build(net);
    const int interface = add_agent("", 1);
    link({interface, 0, ""}, {-1, 0, name});
    while (const auto pair = some_active_pair(random))
      if (!interact(*pair)) return std::nullopt;
    return read({interface, 0, ""});
  }
  int interactions() const { return interactions_; }

 private:
  struct End {
    int agent;  // -1: the wire that is called `wire`
    std::size_t port;
    std::string wire;
  };
  struct Agent {
    std::string name;
    std::vector<End> links;
    bool alive = true;
  };

  const InetTree& tree(InetTreeId id) const { return program_.trees[id]; }
  bool is_wire(InetTreeId id) const {
    return !tree(id).applied && !agents_.contains(tree(id).name);
  }

  int add_agent(const std::string& name, std::size_t ports) {
    graph_.push_back({name, std::vector<End>(ports, End{-2, 0, ""})});
    return static_cast<int>(graph_.size()) - 1;
  }
  // Joins two ends. The first end of a named wire waits for the second.
  void link(End a, End b) {
    while (true) {
      if (a.agent < 0) std::swap(a, b);
      if (b.agent >= 0) {
        graph_[static_cast<std::size_t>(a.agent)].links[a.port] = b;
        graph_[static_cast<std::size_t>(b.agent)].links[b.port] = a;
        return;
      }
      const auto waiting = pending_.find(b.wire);
      if (waiting == pending_.end()) {
        pending_.emplace(b.wire, a);
        return;
      }
      b = waiting->second;
      pending_.erase(waiting);
    }
  }
  End end_of(InetTreeId id) {
    if (is_wire(id)) return {-1, 0, tree(id).name};
    const int made = add_agent(tree(id).name, tree(id).ports.size() + 1);
    for (std::size_t i = 0; i < tree(id).ports.size(); ++i)
      link({made, i + 1, ""}, end_of(tree(id).ports[i]));
    return {made, 0, ""};
  }
  void build(const InetWiring& wiring) {
    for (const InetConnection& c : wiring.connections) {
      const End left = end_of(c.left);
      link(left, end_of(c.right));
    }
  }

  std::optional<std::pair<int, int>> some_active_pair(Random& random) const {
    std::vector<std::pair<int, int>> pairs;
    for (std::size_t i = 0; i < graph_.size(); ++i) {
      if (!graph_[i].alive || graph_[i].name.empty()) continue;
      const End& other = graph_[i].links[0];
      if (other.port != 0 || static_cast<std::size_t>(other.agent) < i) continue;
      if (!graph_[static_cast<std::size_t>(other.agent)].name.empty())
        pairs.emplace_back(static_cast<int>(i), other.agent);
    }
    if (pairs.empty()) return std::nullopt;
    return pairs[random.below(pairs.size())];
  }

  bool interact(std::pair<int, int> pair) {
    auto rule = rules_.find({agent(pair.first).name, agent(pair.second).name});
    if (rule == rules_.end()) {
      std::swap(pair.first, pair.second);
      rule = rules_.find({agent(pair.first).name, agent(pair.second).name});
    }
    if (rule == rules_.end()) return false;
    ++interactions_;
    pending_.clear();
    release(pair.first, rule->second->destructor, pair, *rule->second);
    release(pair.second, rule->second->constructor, pair, *rule->second);
    agent(pair.first).alive = agent(pair.second).alive = false;
    build(rule->second->wiring);
    return true;
  }
  // What hangs on a vanishing agent's ports waits under the names that the rule gives them. Two of
  // these ports may be joined by one wire; then the names are.
  void release(int which, InetTreeId head, std::pair<int, int> pair, const InetRule& rule) {
    for (std::size_t i = 0; i < tree(head).ports.size(); ++i) {
      const End outside = agent(which).links[i + 1];
      const std::string name = tree(tree(head).ports[i]).name;
      if (outside.agent != pair.first && outside.agent != pair.second) {
        pending_.emplace(name, outside);
        continue;
      }
      const InetTreeId other = outside.agent == pair.first ? rule.destructor : rule.constructor;
      const std::string partner = tree(tree(other).ports[outside.port - 1]).name;
      pending_.emplace(name, End{-1, 0, partner});
      pending_.erase(partner);  // its first end is `name`'s, which waits
    }
  }
  Agent& agent(int id) { return graph_[static_cast<std::size_t>(id)]; }

  std::optional<std::string> read(End from) {
    const End at = agent(from.agent).links[from.port];
    if (at.port != 0 || agent(at.agent).name.empty()) return std::nullopt;
    std::string text = agent(at.agent).name;
    for (std::size_t i = 1; i < agent(at.agent).links.size(); ++i) {
      const auto part = read({at.agent, i, ""});
      if (!part) return std::nullopt;
      text += (i == 1 ? "(" : ",") + *part;
    }
    return agent(at.agent).links.size() > 1 ? text + ")" : text;
  }

  const InetProgram& program_;
  std::set<std::string> agents_;
  std::map<std::pair<std::string, std::string>, const InetRule*> rules_;
  std::vector<Agent> graph_;
  std::map<std::string, End> pending_;
  int interactions_ = 0;
};

constexpr const char* kRules = R"(
add(y, r) >< z    => r = y.
add(y, r) >< s(x) => r = s(w), add(y, w) >< x.
mul(y, r) >< z    => r = z, era >< y.
mul(y, r) >< s(x) => add(p, r) >< y1, mul(y2, p) >< x, dup(y1, y2) >< y.
dup(a, b) >< z    => a = z, b = z.
dup(a, b) >< s(x) => a = s(c), b = s(d), dup(c, d) >< x.
era >< z    => .
era >< s(x) => era >< x.
era >< nil  => .
era >< cons(h, t) => era >< h, era >< t.
app(y, r) >< nil => r = y.
app(y, r) >< cons(h, t) => r = cons(h, w), app(y, w) >< t.
rev(a, r) >< nil => r = a.
rev(a, r) >< cons(h, t) => rev(cons(h, a), r) >< t.
sum(r) >< nil => r = z.
sum(r) >< cons(h, t) => add(u, r) >< h, sum(u) >< t.
both(r) >< nil => r = nil.
both(r) >< cons(h, t) => r = cons(a, cons(b, u)), dup(a, b) >< h, both(u) >< t.
)";

std::string number(std::uint64_t n) { return n == 0 ? "z" : "s(" + number(n - 1) + ")"; }
std::string numbers(Random& random) {
  std::string list = "nil";
  for (auto n = random.below(4); n > 0; --n)
    list = "cons(" + number(random.below(4)) + "," + list + ")";
  return list;
}

// A net whose output is `out`: a number, or a list, computed from parts that are nets too.
struct NetWriter {
  Random& random;
  int wires = 0;
  std::string text = {};

  std::string fresh() { return "w" + std::to_string(++wires); }
  void connect(const std::string& what) { text += (text.empty() ? "" : ", ") + what; }
  std::string number_value(int depth) {
    if (depth == 0) return number(random.below(4));
    const std::string out = fresh();
    switch (random.below(4)) {
      case 0:
        connect("add(" + number_value(depth - 1) + "," + out + ") >< " + number_value(depth - 1));
        return out;
      case 1:
        connect("mul(" + number_value(depth - 1) + "," + out + ") >< " + number_value(depth - 1));
        return out;
      case 2: {
        const std::string a = fresh(), b = fresh();
        connect("dup(" + a + "," + b + ") >< " + number_value(depth - 1));
        connect("add(" + a + "," + out + ") >< " + b);
        return out;
      }
      default:
        connect("sum(" + out + ") >< " + list_value(depth - 1));
        return out;
    }
  }
  std::string list_value(int depth) {
    if (depth == 0) return numbers(random);
    const std::string out = fresh();
    switch (random.below(3)) {
      case 0:
        connect("app(" + list_value(depth - 1) + "," + out + ") >< " + list_value(depth - 1));
        return out;
      case 1:
        connect("rev(nil," + out + ") >< " + list_value(depth - 1));
        return out;
      default:
        connect("both(" + out + ") >< " + list_value(depth - 1));
        return out;
    }
  }
};

TEST(RmcNets, InteractionNetsGiveWhatThePortGraphGives) {
  Random random(25);
  int compared = 0, interactions = 0;
  for (int i = 0; i < 60; ++i) {
    NetWriter writer{random};
    const int depth = 1 + static_cast<int>(random.below(2));
    const std::string value = i % 2 == 0 ? writer.number_value(depth) : writer.list_value(depth);
    writer.connect("out = " + value);
    Translated t("inet", kRules, writer.text);
    ASSERT_EQ(t.problems_text, "") << writer.text;
    InetProgram program;
    Diagnostics problems(t.sources);
    read_inet(t.sources, t.sources.add("rules", kRules), program, problems);
    read_inet_net(t.sources, t.sources.add("net", writer.text), program, problems);
    PortGraph graph(program);
    const auto expected = graph.normalise(program.nets.at(0), "out", random);
    interactions += graph.interactions();
    ASSERT_TRUE(expected.has_value()) << writer.text;
    const RunResult result = run(t.terms, t.query().program, {}, {}, t.context);
    ASSERT_EQ(result.answers.size(), 1U) << writer.text;
    const auto& [variable, made] = result.answers[0].bindings.at(0);
    EXPECT_EQ(t.terms.variable_name(variable), "Out");
    EXPECT_TRUE(t.terms.equal_terms(made, t.term(*expected)))
        << writer.text << "\n"
        << print_term(t.terms, made) << " expected " << *expected;
    ++compared;
  }
  EXPECT_GE(compared, 30);
  EXPECT_GT(interactions, 500);
}

TEST(RmcNets, Oracle13UnaryArithmetic) {
  Translated t("inet", kRules, "mul(s(s(s(z))), r) >< s(s(z))");
  const RunResult result = run(t.terms, t.query().program, {}, {}, t.context);
  ASSERT_EQ(result.answers.size(), 1U);
  EXPECT_EQ(print_answer(t.terms, result.answers[0]), "R = s(s(s(s(s(s(z))))))");
}

}  // namespace
}  // namespace ordo::machine::rmc
