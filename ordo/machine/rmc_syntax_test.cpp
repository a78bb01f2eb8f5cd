// Texts to programs and back: what prints parses to an equal program, duality is an involution,
// errors have places and advice, and depth costs no native stack.
#include <gtest/gtest.h>

#include "ordo/machine/rmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::rmc {
namespace {

TEST(RmcSyntax, CanonicalTextsPrintAsTheyWereRead) {
  Session s;
  s.define("def swap = new X Y. <X>; <Y>; [X]; [Y].");
  for (const std::string text : {
           "skip",
           "fail",
           "[a]",
           "[f(a,b)]q",
           "in<g(X)>",
           "{X = f(Y)}",
           "[a]; [b]; <X>",
           "[a] + [b]; [c] + fail",
           "(in<a> + in<b>)*; in<a>",
           "new X Y. <X>; <Y>; [X]; [Y]",
           "(new X. <X>); [a]",
           "(new X. <X>)*",
           "new X. <X>; ([a] + [X])",
           "[a]**",
           "new X. <X> + <a>",
           "[[a,b|X]]",
           "[[]]",
           "['Has space'('42',42,-7)]",
           "swap; ~swap",
           "a<_>",
           "[p(_,_)]",
           "(<a>; <b>)*",
       }) {
    EXPECT_EQ(print(s.terms, s.program(text)), text);
  }
}

TEST(RmcSyntax, EquivalentSpellingsGiveEqualPrograms) {
  Session s;
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"(([a];[b]);[c])", "[a];([b];[c])"},
      {"new X. new Y. <X>", "new A B. <A>"},
      {"⟨X⟩; ⋆; ∅", "<X>; skip; fail"},
      {"∃X Y. <X>", "new X Y.<X>"},
      {"[cons(a,nil)]", "[[a]]"},
      {"[X]main; main<X>", "[X]; <X>"},
      {"[007]", "[7]"},
      {"~([a]q; <b>; (new X. q<X>)*)", "(new X. [X]q)*; [b]; q<a>"},
      {"~(~([a]; <b>) + {X = a})", "[a]; <b> + {a = X}"},
      {"a<_> % a comment\n; -- another\n [b]", "(new Z. a<Z>); [b]"}};
  for (const auto& [left, right] : pairs) {
    EXPECT_TRUE(s.terms.equal(s.program(left), s.program(right))) << left << " / " << right;
  }
  EXPECT_FALSE(s.terms.equal(s.program("new X Y. <X>; [Y]"), s.program("new X Y. <X>; [X]")));
  EXPECT_FALSE(s.terms.equal(s.program("([a] + [b]); [c]"), s.program("[a] + [b]; [c]")));
  EXPECT_FALSE(s.terms.equal(s.program("(<a>;<b>)*"), s.program("<a>;<b>*")));
  EXPECT_FALSE(s.terms.equal(s.program("new X. (<X>; [X])"), s.program("(new X. <X>); [X]")));
}

TEST(RmcSyntax, Oracle16DualityIsAnInvolutionAndPrintingParsesBack) {
  Session s;
  Random random(7);
  for (int i = 0; i < draws(5'000); ++i) {
    RandomPrograms draw{s.terms, random, true, i % 2 == 0};
    const ProgramId made = draw.program(1 + static_cast<int>(random.below(14)));
    const std::string text = print(s.terms, made);
    const ProgramId back = s.program(text);
    ASSERT_TRUE(s.terms.equal(made, back)) << text << " / " << print(s.terms, back);
    EXPECT_EQ(print(s.terms, back), text);
    const ProgramId twice = s.terms.dual(s.terms.dual(made));
    EXPECT_TRUE(s.terms.equal(twice, made));
    EXPECT_EQ(print(s.terms, twice), text);
    EXPECT_TRUE(s.terms.equal(s.program("~(" + text + ")"), s.terms.dual(made))) << text;
    EXPECT_TRUE(s.terms.equal(s.program("~~(" + text + ")"), made)) << text;
  }
}

TEST(RmcSyntax, CallsExpandToTheirBodies) {
  Session s;
  s.define("def dup = new X. <X>; [X]; [X]. def quad = dup; dup.");
  EXPECT_TRUE(s.terms.equal(s.terms.expand(s.program("~quad")),
                            s.program("(new X.<X>;<X>;[X]);(new X.<X>;<X>;[X])")));
  // 2^64 nodes as a tree stay a small graph.
  std::string chain = "def d0 = dup. ";
  for (int i = 1; i <= 64; ++i) {
    chain += "def d" + std::to_string(i) + " = d" + std::to_string(i - 1) + "; d" +
             std::to_string(i - 1) + ". ";
  }
  s.define(chain);
  const std::size_t before = s.terms.program_count();
  s.terms.expand(s.program("~d64"));
  EXPECT_LT(s.terms.program_count() - before, 1'000U);
}

TEST(RmcSyntax, MemoriesParseAndPrint) {
  Session s;
  EXPECT_EQ(print_memory(s.terms, s.query("skip from {in: b f(a); : [X] ; q:}").memory),
            "in: b f(a); main: [X]");
}

std::vector<std::string> errors(const std::string& text) {
  Session s;
  Diagnostics problems(s.sources);
  parse_module(s.terms, s.sources, s.sources.add("f.rmc", text), s.module, problems);
  std::vector<std::string> lines;
  for (const Diagnostic& d : problems.all()) {
    lines.push_back(s.sources.locate(d.span).to_string() + ": " + d.message +
                    (d.hint.empty() ? "" : " (" + d.hint + ")"));
  }
  return lines;
}

TEST(RmcSyntax, ErrorsHavePlacesExpectationsAndAdvice) {
  using List = std::vector<std::string>;
  EXPECT_EQ(
      errors("run [a;\n[b].\ndef d = <X>.\nrun swpa.\n"),
      (List{"f.rmc:1:7: expected ']' after the pushed term, found ';' ('[' was opened at "
            "f.rmc:1:5)",
            "f.rmc:3:10: the variable X has no 'new' around it (a definition is closed: write "
            "'new X.' where it begins)",
            "f.rmc:4:5: the name 'swpa' is not defined (define it before: 'def swpa = ... .'; "
            "a constant is pushed with [swpa] and popped with <swpa>)"}));
  EXPECT_EQ(errors("def swap = skip. run swpa."),
            (List{"f.rmc:1:22: the name 'swpa' is not defined (did you mean 'swap'?)"}));
  EXPECT_EQ(errors("def loop = [a]; loop."),
            (List{"f.rmc:1:17: the name 'loop' is not defined (a definition cannot call itself: "
                  "recursion goes through '*' with a control stack)"}));
  EXPECT_EQ(errors("sort s. fun f : s * s -> s. run [f(a)]."),
            (List{"f.rmc:1:34: 'f' takes 2 arguments, not 1 (it is declared at f.rmc:1:13)"}));
  EXPECT_EQ(errors("sort s. loc tape : s. run [a]tap."),
            (List{"f.rmc:1:30: the location 'tap' is not declared (did you mean 'tape'?)"}));
  EXPECT_EQ(errors("run (skip."),
            (List{"f.rmc:1:10: expected ';', '+', '*' or ')', found '.' ('(' was opened at "
                  "f.rmc:1:5)"}));
  EXPECT_EQ(errors("rum skip."),
            (List{"f.rmc:1:1: expected a declaration, found 'rum' (did you mean 'run'?)"}));
  EXPECT_EQ(errors("run [f(a]."),
            (List{"f.rmc:1:9: expected ',' or ')' in the arguments, found ']' ('f' was opened at "
                  "f.rmc:1:6)"}));
  EXPECT_EQ(errors("run ['open]."), (List{"f.rmc:1:6: expected a term: a variable, a name, an "
                                          "integer or a list, found this quoted name is not closed "
                                          "on its line"}));
  EXPECT_EQ(errors("run new x. <x>."),
            (List{"f.rmc:1:9: expected a variable after 'new', found 'x' (variables begin with a "
                  "capital or '_')"}));
}

// A million levels of each construct parse, print and parse back to an equal program.
TEST(RmcSyntax, AMillionNestedLevelsNeedNoNativeStack) {
  const std::vector<std::string> texts{repeated("(") + "skip" + repeated(")"),
                                       repeated("([a];") + "skip" + repeated(")"),
                                       repeated("(") + "skip" + repeated(";[a])"),
                                       repeated("([a]+") + "skip" + repeated(")"),
                                       "[" + repeated("f(") + "a" + repeated(")") + "]",
                                       "[" + repeated("[") + "a" + repeated("]") + "]",
                                       repeated("~") + "skip",
                                       repeated("new X. "),
                                       repeated("("),
                                       "(skip" + repeated("*") + ")",
                                       "[" + repeated("f(")};
  for (const std::string& text : texts) {
    Session s;
    Diagnostics problems(s.sources);
    const ProgramId made =
        parse_program(s.terms, s.sources, s.sources.add("deep", text), s.module, problems);
    (void)problems.to_text();
    if (!problems.empty()) continue;
    const std::string printed = print(s.terms, made);
    const ProgramId back =
        parse_program(s.terms, s.sources, s.sources.add("again", printed), s.module, problems);
    ASSERT_TRUE(problems.empty());
    EXPECT_TRUE(s.terms.equal(made, back));
    EXPECT_TRUE(s.terms.equal(s.terms.dual(s.terms.dual(made)), made));
    EXPECT_EQ(s.terms.expand(made), made);
    EXPECT_EQ(s.terms.free_variables(made).size(), 0U);
  }
}

}  // namespace
}  // namespace ordo::machine::rmc
