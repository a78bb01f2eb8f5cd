// Programs of a special shape run on cores of their own. The general machine knows nothing of them,
// so it is the reference: same multisets of results, on random programs of the shape and on
// programs that are nearly of it.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_core.h"
#include "ordo/machine/rmc_testing.h"
#include "ordo/machine/rmc_vectors.h"
#include "ordo/machine/rmc_word_file.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::rmc {
namespace {

using List = std::vector<std::string>;

struct Outcome {
  List answers;  // sorted
  std::string plan;
  RunCounts counts;
  Limit limit;
};
Outcome outcome(Session& s, ProgramId program, const Memory& memory, RunOptions options) {
  ResultStream stream(s.terms, program, memory, options, s.context);
  Outcome made{{}, stream.plan(), {}, Limit::none};
  while (stream.next()) made.answers.push_back(print_answer(s.terms, stream.answer()));
  std::sort(made.answers.begin(), made.answers.end());
  made.counts = stream.counts();
  made.limit = stream.limit();
  return made;
}
RunOptions unlimited(StarMode star = StarMode::bag) {
  RunOptions options;
  options.limits.max_answers = 0;
  options.star = star;
  return options;
}
RunOptions general(RunOptions options) {
  options.core = CoreChoice::general;
  return options;
}
std::string core_of(Session& s, const std::string& text, RunOptions options = {}) {
  const Query query = s.query(text);
  const std::string plan =
      ResultStream(s.terms, query.program, query.memory, options, s.context).plan();
  return plan.substr(0, plan.find(':'));
}

TEST(RmcCores, TheShapeOfAProgramChoosesWhoRunsIt) {
  Session s;
  s.define("def word = (in<a> + in<b>)*; in<a>. def net = (p<t>; [t]q + q<t>; [t]p)*.");
  EXPECT_EQ(core_of(s, "word; in<end>"), "words");
  EXPECT_EQ(core_of(s, "(<a> + skip); <b>"), "words");
  EXPECT_NE(core_of(s, "(in<a> + skip)*"), "words");     // infinitely often
  EXPECT_NE(core_of(s, "in<a>; out<b>"), "words");       // two stacks
  EXPECT_NE(core_of(s, "in<f(a)>"), "words");            // no letter
  EXPECT_NE(core_of(s, "new X. in<X>"), "words");        // a variable
  EXPECT_NE(core_of(s, "in<a>; [b]in"), "words");        // a push
  EXPECT_NE(core_of(s, "in<a> from {in: X}"), "words");  // an unknown on a stack
  RunOptions other;
  other.search = Search::dfs;  // promises Prolog's order
  EXPECT_NE(core_of(s, "word", other), "words");
  other = {};
  other.max_depth = 5;
  EXPECT_NE(core_of(s, "word", other), "words");
  const RunOptions set = unlimited(StarMode::set);
  EXPECT_EQ(core_of(s, "[t]p; net; q<t>", set), "vectors");
  EXPECT_NE(core_of(s, "net"), "vectors");                 // multiplicities are wanted
  EXPECT_NE(core_of(s, "(p<t>; [u]p)*", set), "vectors");  // two kinds of tokens
  EXPECT_NE(core_of(s, "net; net", set), "vectors");       // two stars
  EXPECT_NE(core_of(s, "(p<t>; (skip + [t]q))*", set), "vectors");
  EXPECT_NE(core_of(s, "net from {p: X}", set), "vectors");
}

// Any regular program over in<a>, in<b>, also with stars that may do nothing.
ProgramId regular(Session& s, Random& random, int size) {
  if (size <= 1) {
    const std::uint64_t kind = random.below(10);
    if (kind == 0) return s.terms.skip();
    if (kind == 1) return s.terms.fail();
    return s.terms.pop("in", s.terms.constant(kind % 2 == 0 ? "a" : "b"));
  }
  const int left = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(size - 1)));
  const std::uint64_t kind = random.below(5);
  if (kind == 0) return s.terms.star(regular(s, random, size - 1));
  const ProgramId first = regular(s, random, left), second = regular(s, random, size - left);
  return kind < 3 ? s.terms.seq(first, second) : s.terms.sum(first, second);
}

TEST(RmcCores, WordsAgreeWithTheGeneralMachineOnRandomExpressions) {
  Session s;
  Random random(5);
  int words = 0;
  std::size_t answers = 0;
  for (int i = 0; i < draws(4'000); ++i) {
    ProgramId program = regular(s, random, 1 + static_cast<int>(random.below(10)));
    if (i % 3 == 0) program = s.terms.seq(program, s.terms.pop("in", s.terms.constant("end")));
    MemoryEntry in{s.terms.location("in"), {s.terms.constant("end")}};
    for (std::uint64_t k = random.below(8); k > 0; --k) {
      in.items.push_back(s.terms.constant(random.below(2) == 0 ? "a" : "b"));
    }
    if (i % 7 == 0) in.items[in.items.size() / 2] = s.term("f(a)");
    const Memory memory{in, {s.terms.location("out"), {s.term("f(a,b)")}}};
    const RunOptions options = unlimited();
    // The others may have results without end.
    const ResultStream stream(s.terms, program, memory, options, s.context);
    if (!stream.plan().starts_with("words")) continue;
    ++words;
    const Outcome core = outcome(s, program, memory, options);
    answers += core.answers.size();
    EXPECT_EQ(core.answers, outcome(s, program, memory, general(options)).answers)
        << print(s.terms, program) << " from " << print_memory(s.terms, memory);
    EXPECT_EQ(core.limit, Limit::none);
  }
  EXPECT_GT(words, draws(1'500));
  EXPECT_GT(answers, draws(1'500U));
}

TEST(RmcCores, Oracle06MultiplicitiesAreExact) {
  Session s;
  for (std::size_t n = 1; n <= 12; ++n) {
    std::string word = "end";
    for (std::size_t i = 0; i < n; ++i) word += " a";
    const Query query = s.query("(in<a>+in<a>)*;(in<a>+skip);in<end> from {in: " + word + "}");
    EXPECT_EQ(outcome(s, query.program, query.memory, unlimited()).answers.size(),
              (std::size_t{1} << n) + (std::size_t{1} << (n - 1)));
  }
  // More results than 64 bits count: said, not wrapped round.
  std::string word;
  for (int i = 0; i < 70; ++i) word += "a ";
  const Query query = s.query("(in<a>+in<a>)*; in<b> from {in: " + word + "}");
  EXPECT_EQ(outcome(s, query.program, query.memory, unlimited()).limit, Limit::answers);
}

TEST(RmcCores, AWordInAFileRunsInConstantMemory) {
  const TempFolder folder;
  const auto path = folder.path() / "word";
  Session s;
  s.define("def accept = (in<a> + in<b> + in<open>)*; in<a>; in<end>.");
  const ProgramId program = s.program("accept");
  const Symbol in = s.terms.location("in");
  const auto run_file = [&](const std::string& text, RunOptions options) {
    write_file_atomic(path, text);
    ResultStream stream(s.terms, program, {{in, {s.terms.constant("end")}}}, options, s.context,
                        word_file(s.terms, in, path));
    List answers;
    while (stream.next()) answers.push_back(print_answer(s.terms, stream.answer()));
    return std::pair{answers, stream.counts().peak_bytes};
  };
  std::string letters;
  for (int i = 0; i < 50'000; ++i) letters += "ab";
  const std::string text = letters + "-- comment\n 'open' " + letters + "\na % end";
  const auto [answers, bytes] = run_file(text, unlimited());
  EXPECT_EQ(answers, List{"true"});
  EXPECT_LT(bytes, 10'000U);
  EXPECT_EQ(run_file("abab", unlimited()).first, List{});
  EXPECT_EQ(run_file("a eps a", unlimited()).first, List{"true"});
  // Other searches read the file into memory.
  EXPECT_EQ(run_file(text, general(unlimited())).first, List{"true"});
  // What is left of the word is shown.
  write_file_atomic(path, "ab");
  ResultStream stream(s.terms, s.program("in<a>; skip"), {{in, {s.terms.constant("end")}}},
                      unlimited(), s.context, word_file(s.terms, in, path));
  ASSERT_TRUE(stream.next());
  EXPECT_EQ(print_answer(s.terms, stream.answer()), "in: end b");
}

TEST(RmcCores, WhatIsNoLetterIsSaidWithItsPlace) {
  const TempFolder folder;
  const auto path = folder.path() / "word";
  Session s;
  const auto problem = [&](const std::string& text) -> std::string {
    write_file_atomic(path, text);
    const StackStream stream = word_file(s.terms, kMain, path);
    try {
      while (stream.next()) {
      }
    } catch (const InputError& error) {
      return error.what() + path.string().size();
    }
    return {};
  };
  EXPECT_EQ(problem("ab\na ?"),
            ":2:3: expected a letter (a word is letters and digits; longer symbols stand between "
            "quotes)");
  EXPECT_EQ(problem("ab empty").substr(0, 22), ":1:4: expected a lette");
  EXPECT_EQ(problem("ab emptya eps"), "");
  EXPECT_EQ(problem("ab 'open"), ":1:4: this quoted letter is not closed");
  EXPECT_EQ(problem("ab ''"), ":1:4: a letter has at least one character");
  EXPECT_EQ(problem(std::string(100'000, 'a') + "\xff").substr(0, 27),
            ":1:100001: expected a lette");
  EXPECT_EQ(problem("é'\xc3\xa9'\n"), "");
  EXPECT_THROW(word_file(s.terms, kMain, folder.path() / "none"), IoError);
  EXPECT_THROW(word_file(s.terms, kMain, folder.path()), IoError);
}

TEST(RmcCores, VectorsAgreeWithTheGeneralMachineOnRandomNets) {
  Session s;
  Random random(8);
  int nets = 0;
  std::size_t answers = 0;
  const char* places[] = {"p", "q", "r"};
  for (int i = 0; i < draws(2'000); ++i) {
    const auto action = [&]() {
      const std::string place = places[random.below(3)];
      const TermId token = s.terms.constant("t_" + place);
      // More is popped than pushed, so that most nets are bounded.
      return random.below(5) < 3 ? s.terms.pop(place, token)
                                 : s.terms.push(token, s.terms.location(place));
    };
    std::vector<ProgramId> parts;
    for (std::uint64_t k = random.below(3); k > 0; --k) {
      const std::string place = places[random.below(3)];
      parts.push_back(s.terms.push(s.terms.constant("t_" + place), s.terms.location(place)));
    }
    std::vector<ProgramId> transitions;
    for (std::uint64_t k = 1 + random.below(4); k > 0; --k) {
      std::vector<ProgramId> actions;
      for (std::uint64_t j = random.below(5); j > 0; --j) actions.push_back(action());
      transitions.push_back(s.terms.seq(actions));
    }
    parts.push_back(s.terms.star(s.terms.sum(transitions)));
    for (std::uint64_t k = random.below(3); k > 0; --k) parts.push_back(action());
    if (random.below(3) == 0) parts.push_back(s.terms.pop("p", s.terms.constant("end")));
    if (random.below(3) == 0) parts.push_back(s.terms.push(s.term("f(b)"), s.terms.location("q")));
    const ProgramId program = s.terms.seq(parts);
    Memory memory;
    for (const std::string place : {"p", "q", "r", "z"}) {
      MemoryEntry entry{s.terms.location(place), {}};
      if (random.below(2) == 0) entry.items.push_back(s.terms.constant("end"));
      for (std::uint64_t k = random.below(4); k > 0; --k) {
        entry.items.push_back(s.terms.constant("t_" + place));
      }
      memory.push_back(entry);
    }
    RunOptions options = unlimited(StarMode::set);
    options.limits.max_answers = 200;
    options.limits.max_steps = 1;  // looked at after a thousand markings
    ResultStream stream(s.terms, program, memory, options, s.context);
    if (!stream.plan().starts_with("vectors")) continue;
    while (stream.next()) {
    }
    if (stream.limit() != Limit::none) continue;  // many markings, or no end of them
    const Outcome core = outcome(s, program, memory, unlimited(StarMode::set));
    ++nets;
    answers += core.answers.size();
    const Outcome reference = outcome(s, program, memory, general(unlimited(StarMode::set)));
    EXPECT_EQ(core.answers, reference.answers)
        << print(s.terms, program) << " from " << print_memory(s.terms, memory);
  }
  EXPECT_GT(nets, draws(500));
  EXPECT_GT(answers, draws(1'000U));
}

TEST(RmcCores, Oracle09MutexOnVectors) {
  Session s;
  const Query query = s.query(
      "(i1<t>;m<t>;[t]c1 + c1<t>;[t]m;[t]i1 + i2<t>;m<t>;[t]c2 + c2<t>;[t]m;[t]i2)* "
      "from {i1: t; i2: t; m: t}");
  const Outcome core = outcome(s, query.program, query.memory, unlimited(StarMode::set));
  EXPECT_TRUE(core.plan.starts_with("vectors")) << core.plan;
  EXPECT_EQ(core.answers, (List{"c1: t; i2: t", "c2: t; i1: t", "i1: t; i2: t; m: t"}));
}

// n tokens over four places in a row: C(n + 3, 3) markings.
TEST(RmcCores, AMarkingTakesFewBytes) {
  Session s;
  std::string tokens;
  for (int i = 0; i < 60; ++i) tokens += " t";
  const Query query = s.query("(p<t>;[t]q + q<t>;[t]r + r<t>;[t]s)* from {p:" + tokens + "}");
  ResultStream stream(s.terms, query.program, query.memory, unlimited(StarMode::set), s.context);
  std::uint64_t count = 0;
  while (stream.next()) ++count;
  EXPECT_EQ(count, 63U * 62U * 61U / 6U);
  EXPECT_LT(stream.counts().peak_bytes / count, 20U);
}

TEST(RmcCores, LimitsOfNetsAreNamed) {
  Session s;
  const Query query = s.query("([t]p; [t]q + [t]q)*");
  RunOptions options = unlimited(StarMode::set);
  options.limits.max_answers = 10;
  EXPECT_EQ(outcome(s, query.program, {}, options).limit, Limit::answers);
  options = unlimited(StarMode::set);
  options.limits.max_steps = 100'000;
  EXPECT_EQ(outcome(s, s.program("([t]p; [t]q + [t]q)*; r<t>"), {}, options).limit, Limit::steps);
  options = unlimited(StarMode::set);
  options.limits.max_memory = 1;
  EXPECT_EQ(outcome(s, s.program("([t]p; [t]q + [t]q)*; r<t>"), {}, options).limit, Limit::memory);
  options = unlimited(StarMode::set);
  options.timeout = 0.01;
  EXPECT_EQ(outcome(s, s.program("([t]p; [t]q + [t]q)*; r<t>"), {}, options).limit, Limit::time);
}

TEST(RmcCores, AMarkingSetHoldsWhatWasPutInAtAnyWidth) {
  Random random(3);
  for (const std::size_t places : {1U, 3U, 9U}) {
    MarkingSet set(places);
    std::set<std::vector<std::uint64_t>> reference;
    std::vector<std::vector<std::uint64_t>> order;
    for (int i = 0; i < 20'000; ++i) {
      // Wider numbers come later: the set grows from one byte a count to four.
      const std::uint64_t bound = i < 5'000 ? 4 : i < 10'000 ? 300 : 100'000;
      std::vector<std::uint64_t> counts;
      for (std::size_t k = 0; k < places; ++k) counts.push_back(random.below(bound));
      const bool fresh = reference.insert(counts).second;
      ASSERT_EQ(set.insert(counts), fresh);
      if (fresh) order.push_back(counts);
    }
    ASSERT_EQ(set.size(), order.size());
    std::vector<std::uint64_t> read;
    for (std::size_t i = 0; i < order.size(); ++i) {
      set.get(i, read);
      ASSERT_EQ(read, order[i]);
    }
    EXPECT_THROW(set.insert(std::vector<std::uint64_t>(places, std::uint64_t{1} << 32)),
                 LimitError);
  }
}

}  // namespace
}  // namespace ordo::machine::rmc
