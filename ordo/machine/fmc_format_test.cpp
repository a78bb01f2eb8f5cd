// Laying out: only blanks change, a second time changes nothing, and where a text was torn apart
// makes no difference.
#include "ordo/machine/fmc_format.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/fmc_tokens.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::fmc {
namespace {

std::string laid_out(const std::string& text) {
  SourceMap sources;
  return format_source(sources, sources.add("<text>", text));
}

std::vector<std::string> tokens_of(const std::string& text) {
  SourceMap sources;
  const SourceId file = sources.add("<text>", text);
  Lexer lexer(sources, file, marks());
  std::vector<std::string> tokens;
  for (Token t = lexer.next(); t.kind != TokenKind::end; t = lexer.next())
    tokens.emplace_back(sources.text(t.span));
  return tokens;
}

std::vector<std::string> gallery_texts() {
  std::vector<std::string> texts;
  const std::filesystem::path folder = ORDO_SOURCE_DIR "/ordo/machine/gallery/fmc";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".fmc") texts.push_back(read_file(entry.path()));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

TEST(FmcFormat, KeepsCommentsDataImportsAndBlankLines) {
  const std::string text =
      "% a file\n"
      "\n\n\n"
      "import   \"lists\" .   -- what it needs\n"
      "data List a=Nil|Cons a(List a).\n"
      "swap:=<x :Int>.  <y>. [x] .[y].\n"
      "% before the run\n"
      "run [1].[2].\n"
      "   % inside\n"
      "   swap with c:0;in:5 [x.y]  3. % behind";
  const std::string want =
      "% a file\n"
      "\n"
      "import \"lists\".  -- what it needs\n"
      "data List a = Nil | Cons a (List a).\n"
      "swap := <x : Int>.<y>.[x].[y].\n"
      "% before the run\n"
      "run [1].[2].\n"
      "  % inside\n"
      "  swap with c: 0; in: 5 [x.y] 3.  % behind\n";
  EXPECT_EQ(laid_out(text), want);
  EXPECT_EQ(laid_out(want), want);
}

TEST(FmcFormat, BreaksLongLinesAtTheOutermostJoins) {
  std::string branch = "[";
  for (int i = 0; i < 8; ++i) branch += "1].[";
  branch += "1]";
  const std::string text =
      "a := (" + branch + "; A -> " + branch + "); B -> (" + branch + "; " + branch + ").\n";
  const std::string made = laid_out(text);
  std::size_t start = 0;
  for (std::size_t end = made.find('\n'); end != std::string::npos; end = made.find('\n', start)) {
    EXPECT_LE(end - start, 100U) << made;
    start = end + 1;
  }
  EXPECT_NE(made.find(";\n  B -> ("), std::string::npos) << made;
}

TEST(FmcFormat, IsIdempotentAndKeepsEveryToken) {
  for (const std::string& text : gallery_texts()) {
    const std::string once = laid_out(text);
    EXPECT_EQ(laid_out(once), once);
    EXPECT_EQ(tokens_of(once), tokens_of(text));
  }
}

TEST(FmcFormat, DoesNotDependOnHowATextWasTorn) {
  // Any blanks between the tokens, but no comments: the same lines come out.
  Random random(17);
  for (const std::string& text : gallery_texts()) {
    const auto tokens = tokens_of(text);
    std::string plain, torn, commented;
    for (const std::string& token : tokens) {
      plain += token + " ";
      torn += token + std::string(1 + random.below(3), random.below(3) == 0 ? '\t' : ' ');
      commented += token + (random.below(4) == 0 ? " % note\n" : " ");
      if (random.below(6) == 0) commented += "\n  -- alone\n";
    }
    EXPECT_EQ(laid_out(torn), laid_out(plain));
    const std::string once = laid_out(commented);
    EXPECT_EQ(laid_out(once), once);
    EXPECT_EQ(tokens_of(once), tokens);
    EXPECT_EQ(std::count(once.begin(), once.end(), '%'),
              std::count(commented.begin(), commented.end(), '%'));
  }
}

TEST(FmcFormat, PrintedTermsAreLaidOutWithoutChangingThem) {
  Session s;
  Random random(19);
  for (int i = 0; i < draws(2'000); ++i) {
    const TermId t = random_term(s.terms, random, 1 + static_cast<int>(random.below(60)), 0, true);
    const std::string made = laid_out("run " + print(s.terms, t) + ".");
    EXPECT_EQ(laid_out(made), made);
    Session other;
    other.define(made);
    EXPECT_EQ(print(other.terms, other.module.actions.at(0).term), print(s.terms, t));
  }
}

TEST(FmcFormat, MillionLevelsTakeLinearTime) {
  const std::string deep = repeated("[") + "x" + repeated("]");
  EXPECT_EQ(tokens_of(laid_out("a := " + deep + ".")).size(), 2 * kLevels + 4);
  const std::string once = laid_out("a := " + repeated("(") + "x" + repeated("; E -> y)") + ".");
  EXPECT_EQ(laid_out(once), once);
}

}  // namespace
}  // namespace ordo::machine::fmc
