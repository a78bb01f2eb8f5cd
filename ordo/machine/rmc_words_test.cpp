// Words and tapes: the translated programs have the runs of the machines they come from, counted by
// independent means.
#include <array>
#include <map>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_dialect_testing.h"
#include "ordo/machine/rmc_machine.h"

namespace ordo::machine::rmc {
namespace {

std::vector<std::string> words_up_to(std::size_t length) {
  std::vector<std::string> words{""};
  for (std::size_t i = 0; i < words.size() && words[i].size() < length; ++i) {
    words.push_back(words[i] + "a");
    words.push_back(words[i] + "b");
  }
  return words;
}

// How many runs accept the word; under `set` whether there is one.
std::size_t runs(Translated& t, ProgramId accept, const std::string& word,
                 StarMode star = StarMode::bag) {
  MemoryEntry in{t.terms.location("in"), {t.terms.constant("end")}};
  for (auto letter = word.rbegin(); letter != word.rend(); ++letter)
    in.items.push_back(t.terms.constant(std::string(1, *letter)));
  RunOptions options;
  options.star = star;
  options.limits.max_answers = 0;
  const RunResult result = run(t.terms, accept, {in}, options, t.context);
  EXPECT_EQ(result.limit, Limit::none);
  return result.answers.size();
}

ProgramId accepting(Translated& t) {
  return t.terms.seq(t.body(), t.terms.pop("in", t.terms.constant("end")));
}

// ---- regular expressions: derivatives (Brzozowski 1964), and counting of parses ----

struct Regex;
using RegexPtr = std::shared_ptr<const Regex>;
struct Regex {
  enum Kind { empty, epsilon, letter, sum, product, star } kind;
  char c = 0;
  RegexPtr left = nullptr, right = nullptr;
};
RegexPtr make(Regex r) { return std::make_shared<Regex>(std::move(r)); }

bool nullable(const Regex& r) {
  switch (r.kind) {
    case Regex::sum:
      return nullable(*r.left) || nullable(*r.right);
    case Regex::product:
      return nullable(*r.left) && nullable(*r.right);
    default:
      return r.kind == Regex::epsilon || r.kind == Regex::star;
  }
}

RegexPtr derivative(const RegexPtr& r, char c) {
  switch (r->kind) {
    case Regex::letter:
      return make({r->c == c ? Regex::epsilon : Regex::empty});
    case Regex::sum:
      return make({Regex::sum, 0, derivative(r->left, c), derivative(r->right, c)});
    case Regex::product: {
      const RegexPtr first = make({Regex::product, 0, derivative(r->left, c), r->right});
      if (!nullable(*r->left)) return first;
      return make({Regex::sum, 0, first, derivative(r->right, c)});
    }
    case Regex::star:
      return make({Regex::product, 0, derivative(r->left, c), r});
    default:
      return make({Regex::empty});
  }
}

bool matches(RegexPtr r, const std::string& word) {
  for (const char c : word) r = derivative(r, c);
  return nullable(*r);
}

// Ways to read `word` as r; a star's rounds must not be empty.
std::size_t parses(const Regex& r, std::string_view word) {
  std::size_t count = 0;
  switch (r.kind) {
    case Regex::empty:
      return 0;
    case Regex::epsilon:
      return word.empty() ? 1 : 0;
    case Regex::letter:
      return word.size() == 1 && word[0] == r.c ? 1 : 0;
    case Regex::sum:
      return parses(*r.left, word) + parses(*r.right, word);
    case Regex::product:
      for (std::size_t i = 0; i <= word.size(); ++i) {
        const std::size_t left = parses(*r.left, word.substr(0, i));
        if (left > 0) count += left * parses(*r.right, word.substr(i));
      }
      return count;
    case Regex::star:
      if (word.empty()) return 1;
      for (std::size_t i = 1; i <= word.size(); ++i) {
        const std::size_t left = parses(*r.left, word.substr(0, i));
        if (left > 0) count += left * parses(r, word.substr(i));
      }
      return count;
  }
  return 0;
}

// Whether some star repeats a body that may read nothing.
bool spins(const Regex& r) {
  if (r.kind == Regex::star && nullable(*r.left)) return true;
  return (r.left && spins(*r.left)) || (r.right && spins(*r.right));
}

std::string text_of(const Regex& r) {
  switch (r.kind) {
    case Regex::empty:
      return "∅";
    case Regex::epsilon:
      return " eps ";
    case Regex::letter:
      return {r.c};
    case Regex::sum:
      return "(" + text_of(*r.left) + (r.left->kind == Regex::sum ? "|" : "+") + text_of(*r.right) +
             ")";
    case Regex::product:
      return "(" + text_of(*r.left) + text_of(*r.right) + ")";
    default:
      return "(" + text_of(*r.left) + ")*";
  }
}

RegexPtr random_regex(Random& random, int size) {
  if (size <= 1) {
    const auto kind = random.below(12);
    if (kind == 0) return make({Regex::empty});
    if (kind < 3) return make({Regex::epsilon});
    return make({Regex::letter, kind % 2 == 0 ? 'a' : 'b'});
  }
  const int left = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(size - 1)));
  const auto kind = random.below(8);
  if (kind < 2) return make({Regex::star, 0, random_regex(random, size - 1)});
  return make({kind < 5 ? Regex::sum : Regex::product, 0, random_regex(random, left),
               random_regex(random, std::max(1, size - left))});
}

TEST(RmcWords, RegularExpressionsHaveTheParsesOfTheirWords) {
  Random random(20);
  const auto words = words_up_to(7);
  int counted = 0, decided = 0;
  for (int i = 0; i < 60; ++i) {
    const RegexPtr regex = random_regex(random, 3 + static_cast<int>(random.below(8)));
    Translated t("regex", text_of(*regex));
    ASSERT_EQ(t.problems_text, "") << text_of(*regex);
    const ProgramId accept = accepting(t);
    const bool infinite = spins(*regex);  // then the bag of runs is infinite
    ++(infinite ? decided : counted);
    for (const std::string& word : words) {
      const bool expected = matches(regex, word);
      if (infinite) {
        ASSERT_EQ(runs(t, accept, word, StarMode::set) > 0, expected)
            << text_of(*regex) << " on " << word;
      } else {
        ASSERT_EQ(parses(*regex, word) > 0, expected);
        ASSERT_EQ(runs(t, accept, word), parses(*regex, word)) << text_of(*regex) << " on " << word;
      }
    }
  }
  EXPECT_GE(counted, 25);
  EXPECT_GE(counted + decided, 60);
}

TEST(RmcWords, Oracle05SevenWordsOfLengthAtMostFour) {
  Translated t("regex", "(a+b)*ab");
  std::vector<std::string> accepted;
  for (const std::string& word : words_up_to(4))
    if (runs(t, accepting(t), word) == 1) accepted.push_back(word);
  EXPECT_EQ(accepted,
            (std::vector<std::string>{"ab", "aab", "bab", "aaab", "abab", "baab", "bbab"}));
}

TEST(RmcWords, Oracle06AmbiguityIsTheNumberOfRuns) {
  Translated t("regex", "(a+a)*(a+eps)");
  EXPECT_EQ(runs(t, accepting(t), "a"), 3U);
  EXPECT_EQ(runs(t, accepting(t), "aa"), 6U);
  EXPECT_EQ(runs(t, accepting(t), "aaa"), 12U);
}

// ---- automata and transducers: runs counted along the word ----

struct Arc {
  int from, to;
  char reads, writes;
};

TEST(RmcWords, AutomataHaveTheirRunsAndTransducersTheirOutputs) {
  Random random(21);
  const auto words = words_up_to(5);
  for (int i = 0; i < 40; ++i) {
    const bool writes = i % 2 == 1;
    std::vector<Arc> arcs;
    std::string text;
    for (std::uint64_t k = 0; k < 3 + random.below(6); ++k) {
      const auto draw = [&] { return static_cast<int>(random.below(3)); };
      const Arc arc{k == 0 ? 0 : draw(), draw(), random.below(2) == 0 ? 'a' : 'b',
                    random.below(2) == 0 ? 'x' : 'y'};
      arcs.push_back(arc);
      text += "q" + std::to_string(arc.from) + " q" + std::to_string(arc.to) + " " + arc.reads;
      if (writes) text += std::string(" ") + arc.writes;
      text += "\n";
    }
    Translated t("automaton", text + "q1\nq2\n");
    ASSERT_EQ(t.problems_text, "");
    for (const std::string& word : words) {
      // Outputs by state, with how many runs give them.
      std::map<std::pair<int, std::string>, std::size_t> at{{{0, ""}, 1}};
      for (const char c : word) {
        std::map<std::pair<int, std::string>, std::size_t> next;
        for (const auto& [where, count] : at) {
          for (const Arc& arc : arcs) {
            if (arc.from != where.first || arc.reads != c) continue;
            next[{arc.to, where.second + (writes ? std::string(1, arc.writes) : "")}] += count;
          }
        }
        at = next;
      }
      std::map<std::string, std::size_t> expected, found;
      for (const auto& [where, count] : at)
        if (where.first != 0) expected[where.second] += count;
      MemoryEntry in{t.terms.location("in"), {t.terms.constant("end")}};
      for (auto letter = word.rbegin(); letter != word.rend(); ++letter)
        in.items.push_back(t.terms.constant(std::string(1, *letter)));
      RunOptions options;
      options.limits.max_answers = 0;
      for (const Answer& a : run(t.terms, accepting(t), {in}, options, t.context).answers) {
        std::string output;
        for (const MemoryEntry& entry : a.memory)
          for (const TermId item : entry.items) output += print_term(t.terms, item);
        ++found[output];
      }
      ASSERT_EQ(found, expected) << text << word;
    }
  }
}

TEST(RmcWords, Oracle11NondeterministicAutomaton) {
  Translated t("automaton", "s0 s0 a\ns0 s0 b\ns0 s1 a\ns1 s2 b\ns2\n");
  const std::pair<const char*, std::size_t> cases[] = {{"ab", 1}, {"aab", 1}, {"abab", 1},
                                                       {"ba", 0}, {"bb", 0},  {"aba", 0}};
  for (const auto& [word, count] : cases) EXPECT_EQ(runs(t, accepting(t), word), count) << word;
}

// ---- Turing machines: a direct simulator on a tape without ends ----

struct Action {
  int state;
  char symbol;
  int move;
};
using Table = std::map<std::pair<int, char>, Action>;

// The tape as cells before the head, and from the head on, without outer blanks.
struct Halted {
  std::string before, after;
  bool operator==(const Halted&) const = default;
};

enum class Outcome { halts, stuck, runs_on };
Outcome simulate(const Table& table, const std::string& input, Halted& halted) {
  std::map<int, char> tape;
  for (std::size_t i = 0; i < input.size(); ++i) tape[static_cast<int>(i)] = input[i];
  int state = 0, head = 0;
  const auto cell = [&](int at) { return tape.contains(at) ? tape[at] : '_'; };
  for (int step = 0; state != 9; ++step) {
    if (step > 200) return Outcome::runs_on;
    const auto found = table.find({state, cell(head)});
    if (found == table.end()) return Outcome::stuck;
    tape[head] = found->second.symbol;
    head += found->second.move;
    state = found->second.state;
  }
  for (int at = tape.begin()->first; at < head; ++at) halted.before += cell(at);
  for (int at = head; at <= tape.rbegin()->first; ++at) halted.after += cell(at);
  halted.before.erase(0, std::min(halted.before.find_first_not_of('_'), halted.before.size()));
  halted.after.erase(halted.after.find_last_not_of('_') + 1);
  return Outcome::halts;
}

Halted read_back(const Terms& terms, const Answer& answer) {
  Halted halted;
  for (const MemoryEntry& entry : answer.memory) {
    std::string cells;
    for (const TermId item : entry.items) {
      const std::string text = print_term(terms, item);
      // A head on the left mark stands on a blank that was not made yet.
      const bool head_on_mark = text == "left_end" && terms.text(entry.location) == "r";
      if (!text.ends_with("_end") || head_on_mark)
        cells += head_on_mark || text == "'_'" ? "_" : text;
    }
    if (terms.text(entry.location) == "l")
      halted.before = cells;
    else
      halted.after = {cells.rbegin(), cells.rend()};
  }
  halted.before.erase(0, std::min(halted.before.find_first_not_of('_'), halted.before.size()));
  halted.after.erase(halted.after.find_last_not_of('_') + 1);
  return halted;
}

TEST(RmcWords, TuringMachinesEndWithTheTapeOfADirectSimulator) {
  Random random(22);
  int halting = 0, stuck = 0;
  const char symbols[] = {'_', '0', '1'};
  const char* moves[] = {"left", "stay", "right"};
  while (halting < 60 || stuck < 10) {
    Table table;
    std::string text = "start q0\nfinal q9\n";
    for (int state = 0; state < 3; ++state) {
      for (const char symbol : symbols) {
        if (random.below(8) == 0) continue;
        const auto target = random.below(5);
        const Action action{target >= 3 ? 9 : static_cast<int>(target), symbols[random.below(3)],
                            static_cast<int>(random.below(3)) - 1};
        table[{state, symbol}] = action;
        text += "q" + std::to_string(state) + " " + symbol + " -> q" +
                std::to_string(action.state) + " " + action.symbol + " " + moves[action.move + 1] +
                "\n";
      }
    }
    const char* inputs[] = {"1", "01", "110", "0", "1011"};
    const std::string input = inputs[random.below(5)];
    Halted expected;
    const Outcome outcome = simulate(table, input, expected);
    if (outcome == Outcome::runs_on) continue;
    ++(outcome == Outcome::halts ? halting : stuck);
    Translated t("turing", text, input);
    ASSERT_EQ(t.problems_text, "") << text;
    const RunResult result = run(t.terms, t.query().program, t.query().memory, {}, t.context);
    if (outcome == Outcome::stuck) {
      ASSERT_TRUE(result.answers.empty()) << text << input;
      continue;
    }
    ASSERT_EQ(result.answers.size(), 1U) << text << input;
    const Halted found = read_back(t.terms, result.answers[0]);
    ASSERT_EQ(found.before + "^" + found.after, expected.before + "^" + expected.after)
        << text << input;
  }
}

TEST(RmcWords, Oracle10BinaryIncrement) {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "1"}, {"1", "10"}, {"10", "11"}, {"11", "100"}, {"1011", "1100"}, {"111", "1000"}};
  for (const auto& [input, expected] : cases) {
    Translated t("turing",
                 "blank b\nstart q\nfinal h\nhead " + std::to_string(std::string(input).size()) +
                     "\nq 1 -> q 0 left\nq 0 -> h 1 stay\nq b -> h 1 stay\n",
                 input);
    const RunResult result = run(t.terms, t.query().program, t.query().memory, {}, t.context);
    ASSERT_EQ(result.answers.size(), 1U);
    const Halted tape = read_back(t.terms, result.answers[0]);
    EXPECT_EQ(tape.before + tape.after, expected);
  }
}

}  // namespace
}  // namespace ordo::machine::rmc
