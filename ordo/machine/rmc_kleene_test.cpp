// The calculus is conservative over Kleene algebra: two regular expressions are equal as languages
// just if their programs accept the same words. Equality is decided here by automata of partial
// derivatives (Antimirov 1996), which know nothing of the machine; the laws of Kleene algebra are
// tried on the machine as they stand.
#include <algorithm>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_testing.h"

namespace ordo::machine::rmc {
namespace {

// Expressions in prefix notation: a, b, 1, 0, +ef, .ef, *e.
std::size_t end_of(const std::string& e, std::size_t at) {
  const char c = e[at++];
  for (int k = c == '+' || c == '.' ? 2 : c == '*' ? 1 : 0; k > 0; --k) at = end_of(e, at);
  return at;
}
std::pair<std::string, std::string> halves(const std::string& e) {
  const std::size_t middle = end_of(e, 1);
  return {e.substr(1, middle - 1), e.substr(middle)};
}
bool nullable(const std::string& e) {
  if (e[0] == '1' || e[0] == '*') return true;
  if (e[0] != '+' && e[0] != '.') return false;
  const auto [left, right] = halves(e);
  return e[0] == '+' ? nullable(left) || nullable(right) : nullable(left) && nullable(right);
}
using Set = std::set<std::string>;
Set then(const Set& first, const std::string& rest) {
  Set all;
  for (const std::string& e : first) all.insert(e == "1" ? rest : "." + e + rest);
  return all;
}
Set derivative(const std::string& e, char c) {
  if (e[0] == c) return {"1"};
  if (e[0] == '*') return then(derivative(e.substr(1), c), e);
  if (e[0] != '+' && e[0] != '.') return {};
  const auto [left, right] = halves(e);
  Set all = derivative(left, c);
  if (e[0] == '.') all = then(all, right);
  if (e[0] == '+' || nullable(left)) all.merge(derivative(right, c));
  return all;
}
Set derivatives(const Set& es, char c) {
  Set all;
  for (const std::string& e : es) all.merge(derivative(e, c));
  return all;
}
bool accepts(const Set& es) { return std::any_of(es.begin(), es.end(), nullable); }

// The shortest word that only one of the two accepts.
std::optional<std::string> difference(const std::string& left, const std::string& right) {
  using Pair = std::pair<Set, Set>;
  std::vector<std::pair<Pair, std::string>> queue{{{{left}, {right}}, ""}};
  std::set<Pair> seen{queue[0].first};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const auto [pair, word] = queue[i];
    if (accepts(pair.first) != accepts(pair.second)) return word;
    for (const char c : {'a', 'b'}) {
      Pair next{derivatives(pair.first, c), derivatives(pair.second, c)};
      if (seen.insert(next).second) queue.emplace_back(next, word + c);
    }
  }
  return std::nullopt;
}

std::string random_expression(Random& random, int size) {
  if (size <= 1) return std::string(1, "aabb10"[random.below(6)]);
  const int left = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(size - 1)));
  const std::uint64_t kind = random.below(4);
  if (kind == 0) return "*" + random_expression(random, size - 1);
  const std::string first = random_expression(random, left);
  return (kind < 3 ? "." : "+") + first + random_expression(random, size - left);
}
ProgramId program(Session& s, const std::string& e) {
  if (e == "1") return s.terms.skip();
  if (e == "0") return s.terms.fail();
  if (e[0] == '*') return s.terms.star(program(s, e.substr(1)));
  if (e[0] != '+' && e[0] != '.') return s.terms.pop("in", s.terms.constant(e));
  const auto [left, right] = halves(e);
  const ProgramId first = program(s, left), second = program(s, right);
  return e[0] == '+' ? s.terms.sum(first, second) : s.terms.seq(first, second);
}

// With sets of states, so that a star of something that may do nothing ends too.
bool machine_accepts(Session& s, ProgramId program, const std::string& word) {
  MemoryEntry in{s.terms.location("in"), {s.terms.constant("end")}};
  for (auto c = word.rbegin(); c != word.rend(); ++c) {
    in.items.push_back(s.terms.constant(std::string(1, *c)));
  }
  RunOptions options;
  options.star = StarMode::set;
  options.limits.max_answers = 1;
  const ProgramId whole = s.terms.seq(program, s.terms.pop("in", s.terms.constant("end")));
  return !run(s.terms, whole, {in}, options, s.context).answers.empty();
}
std::vector<std::string> words(std::size_t length) {
  std::vector<std::string> all{""};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].size() == length) continue;
    all.push_back(all[i] + "a");
    all.push_back(all[i] + "b");
  }
  return all;
}

TEST(RmcKleene, Conservativity04TheMachineTellsApartWhatAutomataTellApart) {
  Session s;
  Random random(17);
  int equal = 0, different = 0;
  for (int i = 0; i < 250; ++i) {
    const std::string left = random_expression(random, 1 + static_cast<int>(random.below(6)));
    // Half of the pairs are near each other.
    const std::string right = i % 2 == 0   ? random_expression(random, 4)
                              : i % 4 == 1 ? "+" + left + left
                                           : "*+1" + left;
    const auto apart = difference(left, right);
    const ProgramId l = program(s, left), r = program(s, right);
    if (apart) {
      ++different;
      EXPECT_NE(machine_accepts(s, l, *apart), machine_accepts(s, r, *apart))
          << left << " and " << right << " on '" << *apart << "'";
      continue;
    }
    ++equal;
    for (const std::string& word : words(5)) {
      EXPECT_EQ(machine_accepts(s, l, word), machine_accepts(s, r, word))
          << left << " and " << right << " on '" << word << "'";
    }
  }
  EXPECT_GT(equal, 60);
  EXPECT_GT(different, 60);
}

TEST(RmcKleene, TheLawsOfKleeneAlgebraHoldOnTheMachine) {
  Session s;
  Random random(23);
  for (int i = 0; i < 40; ++i) {
    const std::string e = random_expression(random, 3), f = random_expression(random, 3),
                      g = random_expression(random, 2);
    const std::vector<std::pair<std::string, std::string>> laws{
        {"*" + e, "+1." + e + "*" + e},  // M* = skip + M; M*
        {"*" + e, "+1.*" + e + e},       // M* = skip + M*; M
        {"." + e + "+" + f + g, "+." + e + f + "." + e + g},
        {".+" + e + f + g, "+." + e + g + "." + f + g},
        {"*+" + e + f, ".*" + e + "*." + f + "*" + e},  // denesting
        {"." + e + "*." + f + e, ".*." + e + f + e},    // sliding
        {"+" + e + e, e},
        {".0" + e, "0"}};
    for (const auto& [left, right] : laws) {
      EXPECT_EQ(difference(left, right), std::nullopt) << left << " = " << right;
      const ProgramId l = program(s, left), r = program(s, right);
      for (const std::string& word : words(3)) {
        EXPECT_EQ(machine_accepts(s, l, word), machine_accepts(s, r, word))
            << left << " = " << right << " on '" << word << "'";
      }
    }
  }
}

}  // namespace
}  // namespace ordo::machine::rmc
