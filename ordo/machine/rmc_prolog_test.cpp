// The Prolog reader against terms whose structure ISO 13211-1 fixes, and what it refuses.
#include "ordo/machine/rmc_prolog.h"

#include <gtest/gtest.h>

#include "ordo/machine/size_testing.h"

namespace ordo::machine::rmc {
namespace {

// A term in canonical form: every operator and list cell as f(...).
std::string canonical(const PrologTerms& terms, PrologId id) {
  const PrologTerms::Node& node = terms[id];
  if (node.kind != PrologTerms::Kind::compound) return terms.name(id);
  std::string text = prolog_atom(terms.name(id));
  for (std::uint32_t i = 0; i < node.arity; ++i)
    text += (i == 0 ? "(" : ",") + canonical(terms, terms.argument(id, i));
  return node.arity == 0 ? text : text + ")";
}

std::string read_term(const std::string& text) {
  SourceMap sources;
  Diagnostics problems(sources);
  PrologTerms terms;
  PrologReader reader(sources, sources.add("t", text), terms, problems);
  const auto term = reader.only();
  return term && problems.empty() ? canonical(terms, *term) : problems.to_text();
}

std::string problems_of(const std::string& text) {
  SourceMap sources;
  Diagnostics problems(sources);
  PrologProgram program;
  read_prolog(sources, sources.add("p.pl", text), program, problems);
  if (problems.empty()) check_prolog_predicates(program, Arithmetic::off, problems);
  return problems.to_text();
}

// As SWI-Prolog 9 has it: term_to_atom(T, Text), write_canonical(T).
TEST(RmcProlog, ReadsTermsAsIsoPrologDoes) {
  EXPECT_EQ(read_term("f(X, a, 'hello world')"), "f(X,a,'hello world')");
  EXPECT_EQ(read_term("1 + 2 * 3 - 4"), "-(+(1,*(2,3)),4)");
  EXPECT_EQ(read_term("2 ** 3"), "**(2,3)");
  EXPECT_EQ(read_term("2 ^ 3 ^ 4"), "^(2,^(3,4))");
  EXPECT_EQ(read_term("- 1"), "-(1)");
  EXPECT_EQ(read_term("-1"), "-1");
  EXPECT_EQ(read_term("a - 1"), "-(a,1)");
  EXPECT_EQ(read_term("a -1"), "-(a,1)");
  EXPECT_EQ(read_term("a - -1"), "-(a,-1)");
  EXPECT_EQ(read_term("-(1)"), "-(1)");
  EXPECT_EQ(read_term("- (1)"), "-(1)");
  EXPECT_EQ(read_term("-(a, b)"), "-(a,b)");
  EXPECT_EQ(read_term("- a * b"), "*(-(a),b)");
  EXPECT_EQ(read_term("a :- b, c, d"), ":-(a,','(b,','(c,d)))");
  EXPECT_EQ(read_term("\\+ a, b"), "','(\\+(a),b)");
  EXPECT_EQ(read_term("X = \\ 1"), "=(X,\\(1))");
  EXPECT_EQ(read_term("[a, b|T]"), "'[|]'(a,'[|]'(b,T))");
  EXPECT_EQ(read_term("[]"), "[]");
  EXPECT_EQ(read_term("{a, b}"), "{}(','(a,b))");
  EXPECT_EQ(read_term("f(+, -)"), "f(+,-)");
  EXPECT_EQ(read_term("X = +"), "=(X,+)");
  EXPECT_EQ(read_term("f(:-)"), "f(:-)");
  EXPECT_EQ(read_term("(a , b)"), "','(a,b)");
  EXPECT_EQ(read_term("(a | b)"), ";(a,b)");
  EXPECT_EQ(read_term("0x1F + 0b101 + 0o17 + 0'a + 0''' + 0'\\n"),
            "+(+(+(+(+(31,5),15),97),39),10)");
  EXPECT_EQ(read_term("'it''s' % c\n = /* d */ 'a\\x41\\b'"), "=('it\\'s',aAb)");
  EXPECT_EQ(read_term("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(read_term("a:b:c"), ":(a,:(b,c))");
  EXPECT_EQ(read_term("X is 7 mod 2"), "is(X,mod(7,2))");
  EXPECT_EQ(read_term("élan(Ü)"), "'élan'('Ü')");
}

TEST(RmcProlog, OperatorsThatDoNotCombineAreRefused) {
  for (const char* text : {"a = b = c", "a :- b :- c", "f(a :- b)", "X = \\+ a", "[a :- b]",
                           "f(a b)", "f(", "[a|b, c]", "foo()", ")", "a,", "'open", "a | | b"}) {
    EXPECT_NE(read_term(text).find("error: "), std::string::npos) << text;
  }
}

TEST(RmcProlog, ReadsClausesAndQueries) {
  SourceMap sources;
  Diagnostics problems(sources);
  PrologProgram program;
  read_prolog(sources, sources.add("p.pl", "p(a). p(X) :- q(X), (r, true), s.\n?- p(X), q(X)."),
              program, problems);
  ASSERT_TRUE(problems.empty()) << problems.to_text();
  ASSERT_EQ(program.clauses.size(), 2U);
  EXPECT_EQ(program.clauses[1].goals.size(), 3U);
  ASSERT_EQ(program.queries.size(), 1U);
  EXPECT_EQ(program.queries[0].goals.size(), 2U);
  read_prolog_query(sources, sources.add("--query", "p(Z)"), program, problems);
  EXPECT_EQ(program.queries.size(), 2U);
}

TEST(RmcProlog, WhatIsNoHornClauseIsRefusedWhereItStands) {
  const std::pair<const char*, const char*> cases[] = {
      {"p :- a, !, b.", "p.pl:1:9: error: '!' is not in the subset"},
      {"p :- \\+ a.", "p.pl:1:6: error: '\\+' is not in the subset"},
      {"p(X) :- X is 1 + 2.", "p.pl:1:9: error: 'is' is not in the subset"},
      {"p :- assert(a).", "p.pl:1:6: error: 'assert' is not in the subset"},
      {"p :- (a ; b).", "p.pl:1:7: error: ';' is not in the subset"},
      {"p :- X.", "p.pl:1:6: error: a variable is no goal"},
      {"3 :- p.", "p.pl:1:1: error: a clause's head must be"},
      {"a, b.", "p.pl:1:1: error: ',' cannot be defined by clauses"},
      {"\n:- dynamic p/1.", "p.pl:2:1: error: directives are not in the subset"},
      {"p :- 1.5 = X.", "p.pl:1:6: error: the subset has integers"},
      {"p(\"a\").", "p.pl:1:3: error: strings are not in the subset"},
      {"p :- qq.", "p.pl:1:6: error: no clause defines qq/0"},
      {"p(a). ?- p(a, b).", "p.pl:1:10: error: no clause defines p/2"},
      {"p(a)", "p.pl:1:5: error: expected an operator or '.'"},
      {"p(a.\nq.", "p.pl:1:1: error: this bracket is not closed"},
      {"/* a", "p.pl:1:1: error: this comment is not closed"}};
  for (const auto& [text, expected] : cases)
    EXPECT_TRUE(problems_of(text).starts_with(expected)) << text << "\n" << problems_of(text);
}

TEST(RmcProlog, ReadingGoesOnAfterAProblem) {
  SourceMap sources;
  Diagnostics problems(sources);
  PrologProgram program;
  read_prolog(sources, sources.add("p.pl", "p(. q :- !. r. s(]. t."), program, problems);
  EXPECT_EQ(problems.count(), 3U) << problems.to_text();
  EXPECT_EQ(program.clauses.size(), 2U);
}

TEST(RmcProlog, AMillionLevelsReadOnAConstantStack) {
  const std::string texts[] = {repeated("f(") + "x" + repeated(")") + ".",
                               repeated("[") + repeated("]") + ".",
                               "p :- " + repeated("(q,") + "q" + repeated(")") + ".",
                               "p(" + repeated("- ") + "a).",
                               "p(" + repeated("a^") + "a).",
                               "p(" + repeated("(") + "a" + repeated(")") + ").",
                               repeated("(")};
  for (const std::string& text : texts) {
    SourceMap sources;
    Diagnostics problems(sources);
    PrologProgram program;
    read_prolog(sources, sources.add("deep.pl", text), program, problems);
    EXPECT_EQ(problems.empty(), text.back() == '.') << text.substr(0, 20);
  }
}

}  // namespace
}  // namespace ordo::machine::rmc
