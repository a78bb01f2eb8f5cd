// The fast machine against the calculus' oracles, against the machine by the letter and against the
// big-step semantics, under every search.
#include "ordo/machine/rmc_machine.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_bigstep_testing.h"
#include "ordo/machine/rmc_trace.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::rmc {
namespace {

using List = std::vector<std::string>;
const Search kSearches[] = {Search::interleave, Search::dfs, Search::bfs, Search::iddfs};

RunOptions with(Search search, std::uint64_t max_answers = 0) {
  RunOptions options;
  options.search = search;
  options.limits.max_answers = max_answers;
  return options;
}

List texts(const Terms& terms, const std::vector<Answer>& answers) {
  List list;
  for (const Answer& answer : answers) list.push_back(print_answer(terms, answer));
  return list;
}
List sorted(List list) {
  std::sort(list.begin(), list.end());
  return list;
}

List answers(Session& s, const std::string& text, const RunOptions& options) {
  const Query query = s.query(text);
  const RunResult result = run(s.terms, query.program, query.memory, options, s.context);
  List list = texts(s.terms, result.answers);
  if (result.limit != Limit::none) list.push_back("limit: " + to_string(result.limit));
  return list;
}

// In the order of a depth-first search, after a check that all searches give the same multiset.
List all_answers(Session& s, const std::string& text) {
  const List depth_first = answers(s, text, with(Search::dfs));
  for (const Search search : kSearches) {
    EXPECT_EQ(sorted(answers(s, text, with(search))), sorted(depth_first)) << text;
  }
  const Query query = s.query(text);
  const TraceResult letter =
      run_by_the_letter(s.terms, query.program, query.memory, with(Search::dfs), s.context, {});
  EXPECT_EQ(texts(s.terms, letter.answers), depth_first) << text;
  return depth_first;
}

List counted(const List& list) {
  List out;
  const List in_order = sorted(list);
  for (std::size_t i = 0; i < in_order.size();) {
    std::size_t end = i;
    while (end < in_order.size() && in_order[end] == in_order[i]) ++end;
    out.push_back(std::to_string(end - i) + " x " + in_order[i]);
    i = end;
  }
  return sorted(out);
}

TEST(Rmc, Oracle01PushAndPopInTurn) {
  Session s;
  EXPECT_EQ(all_answers(s, "[a];[b];(new X Y. <X>;<Y>;[X];[X];[Y])"), (List{"main: b b a"}));
}

const char* kAppend =
    "def app = (new L. g<app(nil,L,L)> + new H T L R. "
    "g<app(cons(H,T),L,cons(H,R))>; [app(T,L,R)]g)*.";

TEST(Rmc, Oracle02AppendForwardsAndBackwards) {
  Session s;
  s.define(kAppend);
  EXPECT_EQ(all_answers(s, "[end]g;[app(cons(a,nil),cons(b,nil),Z)]g;app;g<end>"),
            (List{"Z = [a,b]"}));
  EXPECT_EQ(all_answers(s, "[end]g;[app(X,Y,[a,b,c])]g;app;g<end>"),
            (List{"X = [], Y = [a,b,c]", "X = [a], Y = [b,c]", "X = [a,b], Y = [c]",
                  "X = [a,b,c], Y = []"}));
}

TEST(Rmc, Oracle02TheWinningBranchOfAppend) {
  Session s;
  s.define(kAppend);
  const Query query = s.query("[end]g;[app(cons(a,nil),cons(b,nil),Z)]g;app;g<end>");
  List goals;  // what g holds after each pop or push on the branch that succeeds
  std::map<std::uint64_t, List> by_branch;
  std::uint64_t winner = 0;
  run_by_the_letter(s.terms, query.program, query.memory, with(Search::dfs), s.context,
                    [&](const TraceEvent& event) {
                      if (!by_branch.contains(event.branch) && event.branch != 0) {
                        by_branch[event.branch] = by_branch[event.parent];
                      }
                      if (event.has_changed && event.end == TraceEvent::End::none) {
                        by_branch[event.branch].push_back(print_memory(s.terms, event.memory));
                      }
                      if (event.end == TraceEvent::End::success) winner = event.branch;
                    });
  EXPECT_EQ(by_branch[winner], (List{"g: end", "g: end app([a],[b],Z)", "g: end",
                                     "g: end app([],[b],R)", "g: end", ""}));
}

TEST(Rmc, Oracle03NaiveReverse) {
  Session s;
  s.define(
      "def rev = (new L. g<app(nil,L,L)> + new H T L R. "
      "g<app(cons(H,T),L,cons(H,R))>; [app(T,L,R)]g + g<rev(nil,nil)> + "
      "new H T R S. g<rev(cons(H,T),R)>; [app(S,[H],R)]g; [rev(T,S)]g)*.");
  EXPECT_EQ(all_answers(s, "[end]g;[rev([1,2,3,4],R)]g;rev;g<end>"), (List{"R = [4,3,2,1]"}));
}

TEST(Rmc, Oracle04Family) {
  Session s;
  s.define(
      "def family = (g<par(tom,bob)> + g<par(tom,liz)> + g<par(bob,ann)> + g<par(bob,pat)> + "
      "g<par(pat,jim)> + new X Y. g<anc(X,Y)>;[par(X,Y)]g + "
      "new X Y Z. g<anc(X,Y)>;[anc(Z,Y)]g;[par(X,Z)]g)*.");
  EXPECT_EQ(sorted(all_answers(s, "[end]g;[anc(tom,W)]g;family;g<end>")),
            (List{"W = ann", "W = bob", "W = jim", "W = liz", "W = pat"}));
  EXPECT_EQ(sorted(all_answers(s, "[end]g;[anc(W,jim)]g;family;g<end>")),
            (List{"W = bob", "W = pat", "W = tom"}));
}

// All words over {a, b} up to `length`, in order of length.
List words(std::size_t length) {
  List all{""};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == length) continue;
    all.push_back(all[i] + "a");
    all.push_back(all[i] + "b");
  }
  return all;
}
std::string input(const std::string& word) {
  std::string items = "in: end";
  for (auto c = word.rbegin(); c != word.rend(); ++c) items += std::string(" ") + *c;
  return " from {" + items + "}";
}

TEST(Rmc, Oracle05RegularExpressionAcceptsSevenWords) {
  Session s;
  List accepted;
  for (const std::string& word : words(4)) {
    const List runs = all_answers(s, "(in<a>+in<b>)*;in<a>;in<b>;in<end>" + input(word));
    if (!runs.empty()) accepted.push_back(word);
    EXPECT_LE(runs.size(), 1U);
  }
  EXPECT_EQ(accepted, (List{"ab", "aab", "bab", "aaab", "abab", "baab", "bbab"}));
}

TEST(Rmc, Oracle06MultiplicitiesCountRuns) {
  Session s;
  for (std::size_t n = 1; n <= 6; ++n) {
    EXPECT_EQ(
        all_answers(s, "(in<a>+in<a>)*;(in<a>+skip);in<end>" + input(std::string(n, 'a'))).size(),
        (std::size_t{1} << n) + (std::size_t{1} << (n - 1)));
  }
  EXPECT_EQ(counted(all_answers(s, "(in<a>+in<a>)*;(in<a>+skip) from {in: a a a}")),
            (sorted(List{"1 x in: a a a", "3 x in: a a", "6 x in: a", "12 x true"})));
}

TEST(Rmc, Oracle07SumsOfSkipsMultiply) {
  Session s;
  EXPECT_EQ(counted(all_answers(s, "(skip+skip);(skip+skip);skip")), (List{"4 x true"}));
}

TEST(Rmc, Oracle08PetriNetReachesFiveMarkings) {
  Session s;
  const std::string net = "(p<t>;p<t>;[t]q + q<t>;[t]p;[t]r)* from {p: t t t}";
  EXPECT_EQ(counted(all_answers(s, net)),
            (List{"1 x p: t t t", "1 x p: t t; r: t", "1 x p: t; q: t", "1 x p: t; r: t t",
                  "1 x q: t; r: t"}));
}

TEST(Rmc, Oracle09MutexNeverBothInside) {
  Session s;
  const std::string net =
      "(i1<t>;m<t>;[t]c1 + c1<t>;[t]m;[t]i1 + i2<t>;m<t>;[t]c2 + c2<t>;[t]m;[t]i2)* "
      "from {i1: t; i2: t; m: t}";
  for (const Search search : kSearches) {
    RunOptions options = with(search);
    options.star = StarMode::set;
    EXPECT_EQ(sorted(answers(s, net, options)),
              (List{"c1: t; i2: t", "c2: t; i1: t", "i1: t; i2: t; m: t"}));
  }
}

TEST(Rmc, Oracle10BinaryIncrement) {
  Session s;
  s.define(
      "def inc = (st<q>;r<n1>;[n0]r;[q2]st + new X. st<q2>;r<n0>;l<X>;[n0]r;[X]r;[q]st + "
      "st<q>;r<n0>;[n1]r;[h]st + st<q>;r<b>;[n1]r;[h]st)*;st<h>.");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"0", "1"}, {"1", "10"}, {"10", "11"}, {"11", "100"}, {"1011", "1100"}, {"111", "1000"}};
  for (const auto& [from, to] : cases) {
    const auto cell = [](char c) { return std::string(" n") + c; };
    std::string left = "b";
    for (std::size_t i = 0; i + 1 < from.size(); ++i) left += cell(from[i]);
    const List runs =
        all_answers(s, "inc from {l: " + left + "; r:" + cell(from.back()) + "; st: q}");
    ASSERT_EQ(runs.size(), 1U);
    // What is left of the head bottom to top, then what is right of it top to bottom.
    const Query query = s.query("inc from {l: " + left + "; r:" + cell(from.back()) + "; st: q}");
    const RunResult result =
        run(s.terms, query.program, query.memory, with(Search::dfs), s.context);
    std::string tape;
    for (const MemoryEntry& entry : result.answers[0].memory) {
      List items;
      for (const TermId item : entry.items) items.push_back(print_term(s.terms, item));
      if (s.terms.text(entry.location) == "r") std::reverse(items.begin(), items.end());
      for (const std::string& item : items) tape += item == "b" ? "" : item.substr(1);
    }
    EXPECT_EQ(tape, to);
  }
}

TEST(Rmc, Oracle11NondeterministicAutomaton) {
  Session s;
  s.define(
      "def nfa = [s0]st;(st<s0>;in<a>;[s0]st + st<s0>;in<b>;[s0]st + st<s0>;in<a>;[s1]st + "
      "st<s1>;in<b>;[s2]st)*;st<s2>;in<end>.");
  const std::vector<std::pair<std::string, std::size_t>> cases{{"ab", 1}, {"aab", 1}, {"abab", 1},
                                                               {"ba", 0}, {"bb", 0},  {"aba", 0}};
  for (const auto& [word, runs] : cases) {
    EXPECT_EQ(all_answers(s, "nfa" + input(word)).size(), runs) << word;
  }
}

TEST(Rmc, Oracle12TheDualGenerates) {
  Session s;
  const std::string program = "~((in<a>;in<b>)*;in<c>)";
  for (const Search search : kSearches) {
    List first = answers(s, program, with(search, 4));
    EXPECT_EQ(first, (List{"in: c", "in: c b a", "in: c b a b a", "in: c b a b a b a",
                           "limit: max-answers"}));
  }
}

TEST(Rmc, Oracle13UnaryArithmeticAsNets) {
  Session s;
  s.define(
      "def nets = (new Y. g<add(z,Y,Y)> + new X Y Z. g<add(s(X),Y,s(Z))>;[add(X,Y,Z)]g + "
      "new Y. g<mul(z,Y,z)> + new X Y Z W. g<mul(s(X),Y,Z)>;[add(Y,W,Z)]g;[mul(X,Y,W)]g)*.");
  EXPECT_EQ(all_answers(s, "[end]g;[mul(s(s(z)),s(s(s(z))),R)]g;nets;g<end>"),
            (List{"R = s(s(s(s(s(s(z))))))"}));
  EXPECT_EQ(all_answers(s, "[end]g;[add(X,Y,s(s(s(z))))]g;nets;g<end>").size(), 4U);
  // 40 x 40 in a heap that is collected again and again.
  const auto number = [](int n) {
    std::string text = "z";
    for (int i = 0; i < n; ++i) text = "s(" + text + ")";
    return text;
  };
  const Query query = s.query("[end]g;[mul(" + number(40) + "," + number(40) + ",R)]g;nets;g<end>");
  RunOptions options = with(Search::interleave);
  options.heap_words = 100;
  const RunResult result = run(s.terms, query.program, query.memory, options, s.context);
  EXPECT_EQ(texts(s.terms, result.answers), List{"R = " + number(1600)});
  EXPECT_GT(result.counts.collections, 3U);
}

TEST(Rmc, Oracle16LawsOfTheMachine) {
  Session s;
  const auto same = [&](const std::string& left, const std::string& right) {
    EXPECT_EQ(sorted(all_answers(s, left)), sorted(all_answers(s, right)))
        << left << " / " << right;
  };
  same("[a];(<a>;[b] + <X>;[c])", "[a];(<a>;[b] + <X>;[c]);skip");
  same("fail + [a]", "[a]");
  same("([a] + [b]) + [c]", "[a] + ([b] + [c])");
  same("[a];[b];(new X Y.<X>;<Y>;[X])", "[a];[b];(new A B.<A>;<B>;[A])");
  EXPECT_EQ(all_answers(s, "{X = f(X)}"), List{});
  EXPECT_EQ(all_answers(s, "new X Y. {X = f(Y)}; {Y = f(X)}"), List{});
  EXPECT_EQ(all_answers(s, "[f(X,g(X))]; <f(Y,Y)>"), List{});
  RunOptions unsound = with(Search::dfs);
  unsound.occurs_check = OccursCheck::off;
  EXPECT_EQ(answers(s, "new X. {X = f(X)}", unsound), List{"true"});
}

TEST(RmcMachine, EveryFairSearchPassesAnInfiniteBranch) {
  Session s;
  for (const Search search : {Search::interleave, Search::bfs, Search::iddfs}) {
    RunOptions options = with(search, 1);
    options.quantum = 100;
    EXPECT_EQ(answers(s, "([a];<a>)*;fail + [b]", options),
              (List{"main: b", "limit: max-answers"}));
  }
  RunOptions lost = with(Search::dfs, 1);
  lost.limits.max_steps = 10'000;
  EXPECT_EQ(answers(s, "([a];<a>)*;fail + [b]", lost), (List{"limit: max-steps"}));
}

TEST(RmcMachine, LimitsAreNamed) {
  Session s;
  RunOptions options = with(Search::dfs);
  options.limits.max_memory = 16;
  EXPECT_EQ(answers(s, "[a]*;fail", options), (List{"limit: max-memory"}));
  options = with(Search::dfs);
  options.timeout = 0.01;
  EXPECT_EQ(answers(s, "([a];<a>)*;fail", options), (List{"limit: timeout"}));
  for (const Search search : kSearches) {
    options = with(search);
    options.max_depth = 3;
    EXPECT_EQ(answers(s, "[a]*", options).back(), "limit: max-depth");
    EXPECT_EQ(answers(s, "[a]*", options).size(), 5U);
  }
}

// Random programs over several locations: the four searches, with small quanta and a heap that is
// collected all the time, the machine by the letter, and the big-step semantics.
TEST(RmcMachine, AgreesWithTheLetterAndWithTheBigSteps) {
  Session s;
  Random random(11);
  int compared = 0, with_answers = 0;
  std::uint64_t collections = 0;
  for (int i = 0; i < draws(4'000); ++i) {
    RandomPrograms draw{s.terms, random, i % 3 == 0, i % 2 == 0};
    const ProgramId program = draw.program(4 + static_cast<int>(random.below(14)));
    Memory memory;
    for (const char* name : {"", "l", "m"}) {
      MemoryEntry entry{s.terms.location(name), {}};
      for (std::uint64_t k = random.below(4); k > 0; --k) entry.items.push_back(draw.term(2));
      memory.push_back(entry);
    }
    RunOptions options = with(Search::dfs);
    options.limits.max_steps = 3'000;
    const TraceResult letter = run_by_the_letter(s.terms, program, memory, options, s.context, {});
    if (letter.limit != Limit::none) continue;
    ++compared;
    const List expected = texts(s.terms, letter.answers);
    with_answers += expected.empty() ? 0 : 1;
    const std::string shown = print(s.terms, program) + " from " + print_memory(s.terms, memory);
    for (const Search search : kSearches) {
      RunOptions fast = with(search);
      fast.heap_words = 1 + random.below(40);
      fast.quantum = 1 + random.below(8);
      const RunResult result = run(s.terms, program, memory, fast, s.context);
      EXPECT_EQ(sorted(texts(s.terms, result.answers)), sorted(expected)) << shown;
      if (search == Search::dfs) EXPECT_EQ(texts(s.terms, result.answers), expected) << shown;
      ASSERT_EQ(result.limit, Limit::none) << shown;
      collections += result.counts.collections;
    }
    BigStep big(s.terms, 20'000);
    BigStep::State start;
    std::vector<VarId> free = s.terms.free_variables(program);
    for (const MemoryEntry& entry : memory) {
      start.memory[entry.location] = entry.items;
      for (const TermId item : entry.items) {
        for (const VarId v : s.terms.variables_of(item)) {
          if (std::find(free.begin(), free.end(), v) == free.end()) free.push_back(v);
        }
      }
    }
    for (const VarId v : free) start.scope[v] = s.terms.var(v);
    std::vector<Answer> big_answers;
    for (const BigStep::State& state : big.apply(program, start)) {
      Answer answer;
      for (const VarId v : free) answer.bindings.emplace_back(v, state.scope.at(v));
      for (const auto& [location, stack] : state.memory) {
        if (!stack.empty()) answer.memory.push_back({location, stack});
      }
      std::sort(answer.memory.begin(), answer.memory.end(), [&](const auto& a, const auto& b) {
        return s.terms.text(a.location) < s.terms.text(b.location);
      });
      big_answers.push_back(std::move(answer));
    }
    if (big.exhausted()) continue;
    EXPECT_EQ(sorted(texts(s.terms, big_answers)), sorted(expected)) << shown;
  }
  EXPECT_GT(compared, draws(3'000));
  EXPECT_GT(with_answers, draws(500));
  EXPECT_GT(collections, draws(100U));
}

// Random clauses whose goals have structures with variables of their own, in a heap that is
// collected all the time: arguments go from a push straight to its pop, or by the heap. The first
// argument shrinks, so that searches end.
TEST(RmcMachine, GoalsWithStructuresAgreeWithTheLetter) {
  Session s;
  Random random(12);
  int compared = 0, with_answers = 0;
  std::uint64_t collections = 0;
  const auto term = [&](const auto& self, int depth) -> std::string {
    const char* simple[] = {"X", "Y", "Z", "z", "s(z)"};
    if (depth == 0 || random.below(2) == 0) return simple[random.below(5)];
    if (random.below(2) == 0) return "s(" + self(self, depth - 1) + ")";
    return "c(" + self(self, depth - 1) + "," + self(self, depth - 1) + ")";
  };
  const auto predicate = [&] { return random.below(2) == 0 ? "p" : "q"; };
  for (int i = 0; i < draws(1'500); ++i) {
    std::string clauses;
    for (std::uint64_t k = 3 + random.below(4); k > 0; --k) {
      const bool smaller = random.below(3) != 0;
      clauses += std::string(clauses.empty() ? "" : " + ") + "new X Y Z. g<" + predicate() + "(" +
                 (smaller ? "s(X)," : "z,") + term(term, 2) + ")>";
      for (std::uint64_t n = smaller ? random.below(3) : 0; n > 0; --n) {
        clauses += std::string("; [") + predicate() + "(X," + term(term, 2) + ")]g";
      }
    }
    const std::string text = std::string("[end]g; [") + predicate() + "(s(s(s(z)))," +
                             term(term, 2) + ")]g; (" + clauses + ")*; g<end>";
    const Query query = s.query(text);
    RunOptions options = with(Search::dfs);
    options.limits.max_steps = 3'000;
    const TraceResult letter =
        run_by_the_letter(s.terms, query.program, {}, options, s.context, {});
    if (letter.limit != Limit::none) continue;
    ++compared;
    const List expected = texts(s.terms, letter.answers);
    with_answers += expected.empty() ? 0 : 1;
    for (const Search search : kSearches) {
      RunOptions fast = with(search);
      fast.heap_words = 1 + random.below(60);
      fast.quantum = 1 + random.below(20);
      const RunResult result = run(s.terms, query.program, {}, fast, s.context);
      EXPECT_EQ(sorted(texts(s.terms, result.answers)), sorted(expected)) << text;
      if (search == Search::dfs) EXPECT_EQ(texts(s.terms, result.answers), expected) << text;
      collections += result.counts.collections;
    }
  }
  EXPECT_GT(compared, draws(1'000));
  EXPECT_GT(with_answers, draws(100));
  EXPECT_GT(collections, draws(1'000U));
}

TEST(RmcMachine, DefinitionsTooLargeToCopyAreCalled) {
  Session s;
  std::string chain = "def d0 = new X. <X>; [s(X)] + new X. <f(X)>; [X]. ";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = "d" + std::to_string(i - 1);
    chain += "def d" + std::to_string(i) + " = <a>; [a] + <b>; " + before + "; ~" + before + ". ";
  }
  s.define(chain);
  EXPECT_EQ(all_answers(s, "[a]; d40; d40"), (List{"main: a"}));
  EXPECT_EQ(all_answers(s, "[s(c)]; [b]; d1; <X>"), all_answers(s, "[s(c)]; (d0; ~d0); <X>"));
}

// Permutations of a list, and all of its splits, by clauses: many choice points, much garbage.
TEST(RmcMachine, SearchesWithManyChoicesAndCollections) {
  Session s;
  s.define(
      "def perm = (g<perm(nil,nil)> + new L H T R. g<perm(L,cons(H,T))>;[perm(R,T)]g;[sel(H,L,R)]g "
      "+ new X T. g<sel(X,cons(X,T),T)> + new X Y T R. g<sel(X,cons(Y,T),cons(Y,R))>;"
      "[sel(X,T,R)]g)*.");
  const std::string query = "[end]g;[perm([1,2,3,4,5,6],P)]g;perm;g<end>";
  const List expected = sorted(answers(s, query, with(Search::dfs)));
  EXPECT_EQ(expected.size(), 720U);
  EXPECT_EQ(std::adjacent_find(expected.begin(), expected.end()), expected.end());
  for (const Search search : kSearches) {
    RunOptions options = with(search);
    options.heap_words = 10;
    options.quantum = 500;
    const Query parsed = s.query(query);
    const RunResult result = run(s.terms, parsed.program, parsed.memory, options, s.context);
    EXPECT_EQ(sorted(texts(s.terms, result.answers)), expected);
    EXPECT_GT(result.counts.collections, 0U);
  }
}

// What a branch left to undo is garbage once no other branch waits: else the old goal stack would
// hold every partial product.
TEST(RmcMachine, AFinishedBranchLeavesNothingToKeep) {
  Session s;
  s.define(
      "def nets = (new Y. g<add(z,Y,Y)> + new X Y Z. g<add(s(X),Y,s(Z))>;[add(X,Y,Z)]g + "
      "new Y. g<mul(z,Y,z)> + new X Y Z W. g<mul(s(X),Y,Z)>;[add(W,Y,Z)]g;[mul(X,Y,W)]g)*.");
  std::string number = "z";
  for (int i = 0; i < 80; ++i) number = "s(" + number + ")";
  const Query query = s.query("[end]g;[mul(" + number + "," + number + ",R)]g;nets;g<end> + [b]");
  const auto peak = [&](Search search) {
    RunOptions options = with(search);
    options.heap_words = 10'000;
    options.quantum = 2'000;
    const RunResult result = run(s.terms, query.program, query.memory, options, s.context);
    EXPECT_EQ(result.answers.size(), 2U);
    return result.counts.peak_bytes;
  };
  EXPECT_LT(peak(Search::interleave), 3 * peak(Search::dfs));
}

TEST(RmcMachine, AMillionLevelsRunOnAConstantNativeStack) {
  Session s;
  const auto count = [&](const std::string& text) {
    return answers(s, text, with(Search::dfs)).size();
  };
  EXPECT_EQ(count(repeated("([a];") + "skip" + repeated(")") + ";fail"), 0U);
  EXPECT_EQ(count(repeated("new X. ") + "[X];<X>"), 1U);
  EXPECT_EQ(count("[" + repeated("f(") + "X" + repeated(")") + "];[" + repeated("f(") + "a" +
                  repeated(")") + "];new Y.<Y>;<Y>;{X = a}"),
            1U);
  EXPECT_EQ(count("[X];<" + repeated("f(") + "Y" + repeated(")") + ">;{X = f(b)}"), 0U);
  EXPECT_EQ(count("{X = " + repeated("f(") + "X" + repeated(")") + "}"), 0U);
}

}  // namespace
}  // namespace ordo::machine::rmc
