// The imperative language: known programs, and random programs against a direct interpreter.
#include "ordo/machine/fmc_while.h"

#include <map>

#include <gtest/gtest.h>

#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::fmc {
namespace {

TermId translate(Session& s, const std::string& text) {
  Diagnostics problems(s.sources);
  const TermId term = from_while(s.terms, s.sources, s.sources.add("<while>", text), problems).term;
  problems.throw_if_any();
  return term;
}
std::string run_while(const std::string& text) {
  Session s;
  return s.show(run(s.terms, s.module, translate(s, text), {}, {}, s.context));
}

TEST(FmcWhile, Oracle11Gcd) {
  EXPECT_EQ(run_while("a := 1071; b := 462; while b > 0 { t := a % b; a := b; b := t; }"),
            "exit * | a: 21; b: 0; t: 0");
}

TEST(FmcWhile, Oracle11Collatz) {
  EXPECT_EQ(run_while("n := 27; k := 0; while n > 1 { if n % 2 = 0 { n := n / 2; } else "
                      "{ n := 3 * n + 1; } k := k + 1; }"),
            "exit * | k: 111; n: 1");
}

TEST(FmcWhile, Oracle11BreakAndContinue) {
  EXPECT_EQ(run_while("i := 0; s := 0; while i < 10 { i := i + 1; if i % 3 = 0 { continue; } "
                      "if i > 7 { break; } s := s + i; }"),
            "exit * | i: 8; s: 19");
}

TEST(FmcWhile, Oracle11ExceptionsLeaveLoops) {
  EXPECT_EQ(run_while("i := 0; try { while 0 < 1 { if i = 3 { throw Boom(i); } print i; "
                      "i := i + 1; } } catch Boom(err) { print 100 * err; } print -1;"),
            "exit * | err: 3; i: 3; out: 0 1 2 300 -1");
}

TEST(FmcWhile, Oracle11PrimesBelow30) {
  EXPECT_EQ(run_while("n := 2; while n < 30 { p := 1; d := 2; while d * d <= n { if n % d = 0 "
                      "{ p := 0; break; } d := d + 1; } if p = 1 { print n; } n := n + 1; }"),
            "exit * | d: 6; n: 30; out: 2 3 5 7 11 13 17 19 23 29; p: 1");
}

// ---- random programs, and what they mean, made together ----

enum class Flow { normal, stop_loop, next_round, thrown };

// Draws a program from a stream and writes its text; the same draws, interpreted directly, give
// its meaning.
struct Node {
  int kind;
  long a, b, c;
  std::vector<Node> first, second;
};
std::vector<Node> random_block(Random& random, int depth, bool in_loop) {
  std::vector<Node> block;
  const auto count = 1 + random.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    Node node{static_cast<int>(random.below(depth > 0 ? 8 : 4)),
              static_cast<long>(random.below(3)),
              static_cast<long>(random.below(3)),
              static_cast<long>(random.below(7)) - 3,
              {},
              {}};
    if (node.kind == 2 && !in_loop) node.kind = 0;
    if (node.kind >= 4) node.first = random_block(random, depth - 1, in_loop || node.kind == 6);
    if (node.kind == 4 || node.kind == 5 || node.kind == 7)
      node.second = random_block(random, depth - 1, in_loop);
    block.push_back(std::move(node));
  }
  return block;
}
std::string cell(long n) { return std::string(1, static_cast<char>('x' + n)); }
std::string text_of(const std::vector<Node>& block, int depth) {
  std::string text;
  for (const Node& n : block) {
    const std::string x = cell(n.a), y = cell(n.b), c = std::to_string(n.c);
    const std::string counter = "l" + std::to_string(depth);
    if (n.kind == 0) text += x + " := " + x + " * 2 - " + y + " + " + c + ";";
    if (n.kind == 1) text += "print " + x + " - (" + y + " - " + c + ");";
    if (n.kind == 2) text += n.c > 0 ? "break;" : "continue;";
    if (n.kind == 3) text += "if " + x + " > " + y + " { throw E(" + x + "); }";
    if (n.kind == 4 || n.kind == 5)
      text += "if " + x + " < " + c + " {" + text_of(n.first, depth + 1) + "} else {" +
              text_of(n.second, depth + 1) + "}";
    if (n.kind == 6)
      text += counter + " := 0; while " + counter + " < 3 {" + counter + " := " + counter +
              " + 1;" + text_of(n.first, depth + 1) + "}";
    if (n.kind == 7)
      text += "try {" + text_of(n.first, depth + 1) + "} catch E(" + y + ") {" +
              text_of(n.second, depth + 1) + "}";
  }
  return text;
}
struct Meaning {
  std::map<long, long> cells;
  std::string out;
  long thrown = 0;

  Flow run(const std::vector<Node>& block) {
    for (const Node& n : block) {
      const Flow flow = run(n);
      if (flow != Flow::normal) return flow;
    }
    return Flow::normal;
  }
  Flow run(const Node& n) {
    long &x = cells[n.a], &y = cells[n.b];
    switch (n.kind) {
      case 0:
        x = x * 2 - y + n.c;
        return Flow::normal;
      case 1:
        out += " " + std::to_string(x - (y - n.c));
        return Flow::normal;
      case 2:
        return n.c > 0 ? Flow::stop_loop : Flow::next_round;
      case 3:
        thrown = x > y ? x : thrown;
        return x > y ? Flow::thrown : Flow::normal;
      case 6:
        for (int i = 0; i < 3; ++i) {
          const Flow flow = run(n.first);
          if (flow == Flow::stop_loop) break;
          if (flow == Flow::thrown) return flow;
        }
        return Flow::normal;
      case 7: {
        const Flow flow = run(n.first);
        if (flow != Flow::thrown) return flow;
        y = thrown;
        return run(n.second);
      }
      default:
        return run(x < n.c ? n.first : n.second);
    }
  }
};

TEST(FmcWhile, RandomProgramsMeanWhatADirectInterpreterSays) {
  Random random(41);
  for (int i = 0; i < draws(1'000); ++i) {
    const std::vector<Node> block = random_block(random, 4, false);
    Meaning meaning;
    const Flow flow = meaning.run(block);
    if (meaning.out.size() > 2000 || meaning.out.find("00000000") != std::string::npos) continue;
    Session s;
    const std::string text = "x := 0; y := 0; z := 0; " + text_of(block, 0);
    const RunResult result = run(s.terms, s.module, translate(s, text), {}, {}, s.context);
    ASSERT_EQ(result.status, Status::exit) << text;
    EXPECT_EQ(s.terms.text(result.exit), flow == Flow::thrown ? "E" : "*") << text;
    std::map<std::string, std::string> shown;
    for (const MemoryEntry& e : result.memory)
      shown[s.terms.text(e.location)] = print_memory(s.terms, {e});
    for (long k = 0; k < 3; ++k)
      EXPECT_EQ(shown[cell(k)], cell(k) + ": " + std::to_string(meaning.cells[k])) << text;
    EXPECT_EQ(shown["out"], meaning.out.empty() ? "" : "out:" + meaning.out) << text;
  }
}

TEST(FmcWhile, FunctionsRecurseWithParametersOfTheirOwn) {
  EXPECT_EQ(
      run_while("fun fact(n) { if n <= 1 { return 1; } return n * fact(n-1); } print fact(20);"),
      "exit * | n: 0; out: 2432902008176640000");  // OEIS A000142
  EXPECT_EQ(run_while("fun even(n) { if n = 0 { return 1; } return odd(n - 1); } "
                      "fun odd(n) { if n = 0 { return 0; } return even(n - 1); } "
                      "print even(10); print even(7);"),
            "exit * | n: 0; out: 1 0");
  // McCarthy's 91 function, and Ackermann(2, 3) = 2 * 3 + 3.
  EXPECT_EQ(
      run_while("fun m(n) { if n > 100 { return n - 10; } return m(m(n + 11)); } print m(27);"),
      "exit * | n: 0; out: 91");
  EXPECT_EQ(run_while("fun a(m, n) { if m == 0 { return n + 1; } if n == 0 { return a(m - 1, 1); } "
                      "return a(m - 1, a(m, n - 1)); } print a(2, 3);"),
            "exit * | m: 0; n: 0; out: 9");
}

TEST(FmcWhile, ArgumentsGoToParametersInOrderAndTheEndGivesZero) {
  EXPECT_EQ(run_while("fun f(a, b, c) { print a; print b; print c; } x := f(1, 2, 3); f(4, 5, 6);"),
            "exit * | a: 0; b: 0; c: 0; out: 1 2 3 4 5 6; x: 0");
}

TEST(FmcWhile, ExceptionsTakeParametersAwayToo) {
  EXPECT_EQ(run_while("n := 5; fun f(n) { if n = 0 { throw E(7); } return f(n - 1); } "
                      "try { f(3); } catch E(x) { print x; print n; } "
                      "try { g(9); } catch DivZero(x) { print x; print n; } "
                      "fun g(n) { return n / 0; }"),
            "exit * | n: 5; out: 7 5 0 5; x: 0");
}

TEST(FmcWhile, ComparisonsAndSigns) {
  EXPECT_EQ(run_while("n := 7; print n-1; print -n; print - -2; print 2*-3; if n >= 7 { print 1; } "
                      "if n != 7 { print 2; } else if n >= 8 { print 3; } else { print 4; } "
                      "if 1 >= 2 { print 5; } if 1 != 2 { print 6; }"),
            "exit * | n: 7; out: 6 -7 2 -6 1 4 6");
}

std::string problem_of(const std::string& text) {
  Session s;
  Diagnostics problems(s.sources);
  from_while(s.terms, s.sources, s.sources.add("p.imp", text), problems);
  return problems.empty() ? "" : problems.to_text().substr(0, problems.to_text().find('\n'));
}

TEST(FmcWhile, WhatMakesNoSenseIsAnErrorWithItsPlace) {
  EXPECT_EQ(problem_of("x := 1;\nbreak;"), "p.imp:2:1: error: 'break' outside a loop");
  EXPECT_EQ(problem_of("while 0 < 1 { fun f() {} }"),
            "p.imp:1:15: error: functions are declared outside all blocks");
  EXPECT_EQ(problem_of("return 1;"), "p.imp:1:1: error: 'return' outside a function");
  EXPECT_EQ(problem_of("fun f(a) { while a > 0 { f(); } }"),
            "p.imp:1:26: error: 'f' takes 1 argument, not 0");
  EXPECT_EQ(problem_of("g(1);"), "p.imp:1:1: error: there is no function 'g'");
  EXPECT_EQ(problem_of("fun f() {} f := 1;"),
            "p.imp:1:12: error: 'f' is a function, not a variable");
  EXPECT_EQ(problem_of("fun f(a, a) {}"), "p.imp:1:10: error: two parameters have this name");
  EXPECT_EQ(problem_of("if 1 < 2 < 3 {}").substr(0, 33), "p.imp:1:10: error: expected ';', ");
  EXPECT_EQ(problem_of("throw K1(2);").substr(0, 24), "p.imp:1:7: error: expect");
  EXPECT_EQ(problem_of("try { } print 1;"), "p.imp:1:9: error: expected 'catch', found 'print'");
}

TEST(FmcWhile, RunTimeErrorsNameTheStatement) {
  Session s;
  const auto place = [&](const std::string& text) {
    const RunResult result = run(s.terms, s.module, translate(s, text), {}, {}, s.context);
    return s.sources.locate(result.place).to_string();
  };
  EXPECT_EQ(place("x := 1;\ny := x + \"a\";"), "<while>:2:8");
  EXPECT_EQ(place("x := 1;\n  throw E(x);"), "<while>:2:3");
  EXPECT_EQ(place("print 1;\nprint read;"), "<while>:2:7");
  EXPECT_EQ(place("fun f(n) {\n return n / 0; }\n f(3);"), "<while>:2:11");
}

TEST(FmcWhile, DepthNeedsNoNativeStack) {
  EXPECT_EQ(run_while("print " + repeated("(") + "1" + repeated(")") + ";"), "exit * | out: 1");
  EXPECT_EQ(run_while("x := 5; print " + repeated("- ") + "x;"), "exit * | out: 5; x: 5");
  constexpr std::size_t kBlocks = kLevels / 5;  // each takes several nodes
  EXPECT_EQ(run_while("x:=0;" + repeated("if x<1{", kBlocks) + "print 7;" + repeated("}", kBlocks)),
            "exit * | out: 7; x: 0");
  EXPECT_EQ(run_while("x:=0;" + repeated("if x>0{print 0;}else ", kBlocks) + "{print 7;}"),
            "exit * | out: 7; x: 0");
}

TEST(FmcWhile, ErrorsHavePlaces) {
  Session s;
  Diagnostics problems(s.sources);
  from_while(s.terms, s.sources, s.sources.add("p.imp", "x := 1;\nwhile x { y = 2; }"), problems);
  ASSERT_EQ(problems.count(), 1U);
  EXPECT_TRUE(problems.to_text().starts_with("p.imp:2:13: error: expected ':=', found '='"))
      << problems.to_text();
}

}  // namespace
}  // namespace ordo::machine::fmc
