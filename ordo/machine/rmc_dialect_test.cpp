// Each dialect's translation is the program that the paper's encoding gives, written here in the
// calculus' own syntax; what is wrong in a text is reported where it stands.
#include "ordo/machine/rmc_dialect.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/rmc_dialect_testing.h"
#include "ordo/machine/rmc_machine.h"
#include "ordo/machine/rmc_to_prolog.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::rmc {
namespace {

TEST(RmcDialects, ClausesPopTheirGoalAndPushTheirBody) {
  Translated t("prolog", "app([], L, L). app([H|T], L, [H|R]) :- app(T, L, R).",
               "app(X, _, [a]), app(X, Y, Z)");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(
      t.defines("(new L. g<app(nil,L,L)> + new H T L R. g<app(cons(H,T),L,cons(H,R))>; "
                "[app(T,L,R)]g)*"));
  EXPECT_TRUE(t.asks(0, "new V. [end]g; [app(X,Y,Z)]g; [app(X,V,[a])]g; program; g<end>"));
}

TEST(RmcDialects, EqualityIsAClauseAndMarksKeepTheirNames) {
  Translated t("prolog", "p(X) :- X = f(nil, end, cons(a, []), []).", "p(X)");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(
      t.defines("(new X. g<p(X)>; ['='(X, f(nil', end', cons'(a, nil), nil))]g + "
                "new X. g<'='(X,X)>)*"));
}

TEST(RmcDialects, PrologTextComesBack) {
  const std::string text =
      "p(X) :- X = f(nil,end,cons(a,[]),[b|X]), q(X,_,'it\\'s',-7,'42').\n"
      "q(A,A,_,_,B) :- '+'(A,B), fail.\n+(_,1).\nq(_,_,_,_,_).\n?- p(X), q(X,Y,Z,U,V).\n";
  Translated first("prolog", text);
  ASSERT_EQ(first.problems_text, "");
  const std::string printed = to_prolog(first.terms, first.sources, first.module);
  Translated second("prolog", printed);
  ASSERT_EQ(second.problems_text, "") << printed;
  EXPECT_EQ(to_prolog(second.terms, second.sources, second.module), printed);
  const auto shape = [](Translated& t) {
    return print(t.terms, t.body()) + print(t.terms, t.query().program);
  };
  EXPECT_EQ(shape(first), shape(second));
}

TEST(RmcDialects, OtherProgramsAreNoPrologText) {
  Session s;
  s.define("def p = (g<a>; l<b>)*.");
  EXPECT_THROW((void)to_prolog(s.terms, s.sources, s.module), InputError);
  Session q;
  q.define("def p = (g<a>)*. run [end]g; p; g<stop>.");
  EXPECT_THROW((void)to_prolog(q.terms, q.sources, q.module), InputError);
}

TEST(RmcDialects, LettersPopThemselves) {
  Translated t("regex", "(a+b)*ab | 'open' eps? -- comment\n empty()", "a b'open'1end");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(t.defines("(in<a> + in<b>)*; in<a>; in<b> + in<open>; (skip + skip); fail; skip"));
  EXPECT_TRUE(t.asks(0, "program; in<end>"));
  EXPECT_EQ(print_memory(t.terms, t.query().memory), "in: end d n e 1 open b a");
  Translated marked("regex", "'end'*", "'end'");
  EXPECT_TRUE(marked.defines("in<end'>*"));
  EXPECT_EQ(print_memory(marked.terms, marked.query().memory), "in: end end'");
  // `eps` and `empty` are words only where they stand alone.
  EXPECT_TRUE(Translated("regex", "epsa").defines("in<e>; in<p>; in<s>; in<a>"));
  EXPECT_TRUE(Translated("regex", "e ps").defines("in<e>; in<p>; in<s>"));
  EXPECT_TRUE(Translated("regex", "eps*").defines("skip*"));
}

TEST(RmcDialects, AnAutomatonHasItsStateOnAStack) {
  Translated t("automaton",
               "s0 s0 a\ns0 s0 b\ns0 s1 a x  % writes\ns1 s2 b <eps>\ns2 s0 <eps>\ns2\n", "ab");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(
      t.defines("[s0]st; (st<s0>; in<a>; [s0]st + st<s0>; in<b>; [s0]st + "
                "st<s0>; in<a>; [x]out; [s1]st + st<s1>; in<b>; [s2]st + "
                "st<s2>; [s0]st)*; st<s2>"));
}

TEST(RmcDialects, ATuringMachineHasTwoStacksForItsTape) {
  Translated t("turing",
               "blank b\nstart q\nfinal h\ntape 1 0 1 1\nhead 3\n"
               "q 1 -> q 0 right\nq 0 -> r 1 left\nr b -> h b stay\n",
               "b1");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(
      t.defines("[q]st; (st<q>; r<1>; [0]l; [q]st + new X. st<q>; r<0>; l<X>; [1]r; [X]r; [r]st + "
                "st<r>; r<b>; [b]r; [h]st + st<r>; r<right_end>; [right_end]r; [b]r; [r]st + "
                "st<r>; r<left_end>; [left_end]l; [b]r; [r]st)*; st<h>"));
  EXPECT_EQ(print_memory(t.terms, t.query(0).memory), "l: left_end 1 0; r: right_end 1 1");
  EXPECT_EQ(print_memory(t.terms, t.query(1).memory), "l: left_end b 1; r: right_end");
}

constexpr const char* kPnml = R"(<?xml version="1.0"?>
<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml"><!-- two pages -->
 <net id="n" type="http://www.pnml.org/version-2009/grammar/ptnet"><page id="g1">
  <place id="p1"><name><text>Has &lt;3</text></name><initialMarking><text> 3 </text></initialMarking></place>
  <page id="g2"><place id="p2"><name><text>new</text></name><graphics><position x="1" y="2"/></graphics></place></page>
  <transition id="t1"><name><text>go</text></name></transition>
  <arc id="a1" source="p1" target="t1"><inscription><text>2</text></inscription></arc>
  <arc id="a2" source="t1" target="p2"/>
  <toolspecific tool="x" version="1"><anything/></toolspecific>
 </page></net></pnml>)";

TEST(RmcDialects, ATransitionPopsWhatItTakesAndPushesWhatItGives) {
  Translated t("petri", "marking: 3 p + 0 r\nt1: 2 p -> q, 2 r -- c\nt2: q ->\nt3: 0 -> q\n",
               "p + q + 2 r");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(t.defines("(p<t>; p<t>; [t]q; [t]r; [t]r + q<t> + [t]q)*"));
  EXPECT_EQ(print_memory(t.terms, t.query(0).memory), "p: t t t");
  EXPECT_TRUE(t.asks(1, "program; p<t>; q<t>; r<t>; r<t>; p<end>; r<end>; q<end>"));
  EXPECT_EQ(print_memory(t.terms, t.query(1).memory), "p: end t t t; r: end; q: end");
}

TEST(RmcDialects, PnmlIsTheSameNet) {
  Translated t("petri", kPnml);
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(t.defines("(has__3<t>; has__3<t>; [t]new_)*"));
  EXPECT_EQ(print_memory(t.terms, t.query(0).memory), "has__3: t t t");
}

constexpr const char* kUnary =
    "add(y, r) >< z    => r = y.\n"
    "add(y, r) >< s(x) => r = s(w), add(y, w) >< x.\n"
    "mul(y, r) >< z    => r = z, era >< y.\n"
    "mul(y, r) >< s(x) => add(p, r) >< y1, mul(y2, p) >< x, dup(y1, y2) >< y.\n"
    "dup(a, b) >< z    => a = z, b = z.\n"
    "dup(a, b) >< s(x) => a = s(c), b = s(d), dup(c, d) >< x.\n"
    "era >< z => .\n"
    "era >< s(x) => era >< x.\n";

TEST(RmcDialects, AnInteractionRuleIsAClauseWithItsProducersFirst) {
  Translated t("inet", std::string(kUnary) + "net mul(s(s(z)), r) >< s(z).");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(
      t.defines("(new Y. g<add(z,Y,Y)> + new Y X W. g<add(s(X),Y,s(W))>; [add(X,Y,W)]g + "
                "new Y. g<mul(z,Y,z)>; [era(Y)]g + "
                "new Y R X P A B. g<mul(s(X),Y,R)>; [add(A,P,R)]g; [mul(X,B,P)]g; [dup(Y,A,B)]g + "
                "g<dup(z,z,z)> + new X C D. g<dup(s(X),s(C),s(D))>; [dup(X,C,D)]g + "
                "g<era(z)> + new X. g<era(s(X))>; [era(X)]g)*"))
      << print(t.terms, t.body());
  EXPECT_TRUE(t.asks(0, "[end]g; [mul(s(z),s(s(z)),R)]g; program; g<end>"));
}

TEST(RmcDialects, KappaIsNewAndPop) {
  Translated t("kappa", "[a]; \\x. [f(x, 12)]; (kappa y z. [y]; [x]); [y]", "g(b) 3");
  ASSERT_EQ(t.problems_text, "");
  EXPECT_TRUE(t.defines("[a]; new X. <X>; [f(X, 12)]; (new Y. <Y>; new Z. <Z>; [Y]; [X]); [y]"));
  EXPECT_EQ(print_memory(t.terms, t.query().memory), "main: g(b) 3");
  EXPECT_TRUE(
      Translated("kappa", "κx. (\\x. [x]); [x]").defines("new X. <X>; (new Y. <Y>; [Y]); [X]"));
}

struct Wrong {
  const char *dialect, *text, *begins;
};

TEST(RmcDialects, WhatIsWrongIsReportedWhereItStands) {
  const Wrong cases[] = {
      {"regex", "(a", "t:1:1: error: this '(' is not closed"},
      {"regex", "a)", "t:1:2: error: this ')' closes nothing"},
      {"regex", "*a", "t:1:1: error: expected a letter or '('"},
      {"regex", "a\n'b", "t:2:1: error: this quoted letter is not closed"},
      {"regex", "a{2}", "t:1:2: error: stray character '{'"},
      {"automaton", "", "t:1:1: error: the text holds no automaton"},
      {"automaton", "a b c\n", "t:1:1: error: no state is final"},
      {"automaton", "a b c\na b\n", "t:2:1: error: expected 'SOURCE TARGET LABEL"},
      {"turing", "start q\n", "t:1:1: error: the machine has no final state"},
      {"turing", "start q\nfinal h\nq a -> q b up\n", "t:3:12: error: 'up' is no move"},
      {"turing", "begin q\n", "t:1:1: error: a line beginning with 'begin'"},
      {"turing", "start q\nfinal h\nhead 0\n", "t:3:6: error: expected the number of a cell"},
      {"petri", "t: p -> q\nt: q -> p", "t:2:1: error: a second transition 't'"},
      {"petri", "t: p q -> p", "t:1:6: error: expected '->', found 'q'"},
      {"petri", "t: 9999999 p -> q", "t:1:4: error: expected 0 to 1000000 tokens"},
      {"petri", "t p -> q", "t:1:3: error: expected ':', found 'p'"},
      {"petri", "<pnml><net id='n'><place/></net></pnml>", "t:1:19: error: <place> needs an id"},
      {"petri", "<pnml>\n<net id='n'></pnml>", "t:2:13: error: expected </net>, found </pnml>"},
      {"petri", "<!DOCTYPE x><pnml/>", "t:1:1: error: document type declarations are not read"},
      {"petri", "<pnml><net id='n' type='hlpn'/></pnml>", "t:1:7: error: this net's type is"},
      {"petri", "<pnml/>", "t:1:1: error: <pnml> holds no <net>"},
      {"petri", "<pnml>&unknown;</pnml>", "t:1:7: error: unknown entity"},
      {"inet", "add(y, r) >< z => r = q.", "t:1:5: error: the wire 'y' has 1 end"},
      {"inet", "f(x) >< z => . f(x) >< z => x = z.", "t:1:16: error: a second rule for f >< z"},
      {"inet", "f(x) >< z => x = z. z >< f(x) => x = z.", "t:1:21: error: 'z' stands on both"},
      {"inet", "f(x) >< z => x = z. net f(x) >< y.", "t:1:33: error: the input 'y' is open"},
      {"inet", "f(x) >< c(y) => x = s(y). net f(a) >< b, f(b) >< a.",
       "t:1:27: error: the agents on the right feed"},
      {"inet", "f(x) >< c(y) => x = y. f(x) >< d(y) => f(y) >< x.",
       "t:1:26: error: the wire 'x' joins two inputs"},
      {"kappa", "[a", "t:1:3: error: expected ']'"},
      {"kappa", "\\x [x]", "t:1:4: error: expected '.' after kappa's variables"},
      {"kappa", "([a]; ", "t:1:7: error: expected id, kappa"},
      {"kappa", "\\x. [x(a)]", "t:1:7: error: expected no arguments"}};
  for (const Wrong& wrong : cases) {
    Translated t(wrong.dialect, wrong.text);
    EXPECT_TRUE(t.problems_text.starts_with(wrong.begins))
        << wrong.dialect << ": " << wrong.text << "\n"
        << t.problems_text;
  }
}

TEST(RmcDialects, AMillionLevelsTranslateOnAConstantStack) {
  const std::pair<const char*, std::string> deep[] = {
      {"prolog", "p(" + repeated("f(") + "x" + repeated(")") + ")."},
      {"regex", repeated("(") + "a" + repeated(")*")},
      {"kappa", repeated("(\\x. ") + "[x]" + repeated(")")},
      {"kappa", "[" + repeated("f(") + "x" + repeated(")") + "]"},
      {"inet", "f(x) >< z => x = z. f(x) >< s(y) => f(x) >< y. net f(r) >< " + repeated("s(") +
                   "z" + repeated(")") + "."}};
  for (const auto& [dialect, text] : deep) {
    Translated t(dialect, text);
    EXPECT_EQ(t.problems_text, "") << dialect;
    EXPECT_EQ(t.module.definitions.size(), 1U) << dialect;
  }
}

// ---- the gallery: texts whose comments say what is asked and what comes of it ----

std::string comment(const std::string& text, const std::string& key) {
  const std::string mark = "% " + key + ": ";
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) return "";
  return text.substr(at + mark.size(), text.find('\n', at) - at - mark.size());
}

TEST(RmcDialects, EveryTextOfTheGalleryGivesWhatItsCommentDerives) {
  const std::map<std::string, std::string> languages{
      {".pl", "prolog"}, {".re", "regex"},  {".fst", "automaton"}, {".tm", "turing"},
      {".net", "petri"}, {".inet", "inet"}, {".kappa", "kappa"}};
  std::set<std::string> seen;
  for (const auto& entry :
       std::filesystem::directory_iterator(ORDO_SOURCE_DIR "/ordo/machine/gallery/dialects")) {
    const std::string text = read_file(entry.path());
    const std::string& dialect = languages.at(entry.path().extension());
    seen.insert(dialect);
    Translated t(dialect, text, comment(text, "ask"));
    ASSERT_EQ(t.problems_text, "") << entry.path();
    RunOptions options;
    options.search = Search::dfs;
    options.star = comment(text, "star") == "set" ? StarMode::set : StarMode::bag;
    std::vector<std::string> shown;
    const Query& query = t.module.queries.back();
    for (const Answer& a : run(t.terms, query.program, query.memory, options, t.context).answers)
      shown.push_back(print_answer(t.terms, a));
    if (dialect == "petri") std::sort(shown.begin(), shown.end());
    std::string joined;
    for (const std::string& line : shown) joined += (joined.empty() ? "" : " | ") + line;
    EXPECT_EQ(joined, comment(text, "expect")) << entry.path();
  }
  EXPECT_EQ(seen.size(), languages.size());
}

}  // namespace
}  // namespace ordo::machine::rmc
