// Tests of the parts that both machines stand on.
#include <cstdint>
#include <unordered_map>

#include <gtest/gtest.h>

#include "ordo/base/random.h"
#include "ordo/machine/flat_map.h"
#include "ordo/machine/integer.h"
#include "ordo/machine/lexer.h"
#include "ordo/machine/pool.h"
#include "ordo/machine/source.h"
#include "ordo/machine/stepper.h"

namespace ordo::machine {
namespace {

TEST(Source, LocatesABytesLineAndColumn) {
  SourceMap sources;
  const SourceId id = sources.add("a.fmc", "one\ntwo\r\n\nfour");
  EXPECT_EQ(sources.locate({id, 4, 5}).to_string(), "a.fmc:2:1");
  EXPECT_EQ(sources.locate({id, 6, 7}).to_string(), "a.fmc:2:3");
  EXPECT_EQ(sources.line_at({id, 5, 6}), "two");
  EXPECT_EQ(sources.locate({id, 14, 14}).to_string(), "a.fmc:4:5");
}

TEST(Source, PointsTheCaretAtCodePointsNotBytes) {
  SourceMap sources;
  const SourceId id = sources.add("a", "\xCE\xBB\xCE\xBB x");
  Diagnostics problems(sources);
  problems.error({id, 5, 6}, "no", "do");
  EXPECT_EQ(problems.to_text(), "a:1:6: error: no\n    1 | λλ x\n      |    ^\n      = do");
  EXPECT_THROW(problems.throw_if_any(), SourceError);
}

TEST(Source, CutsALongLineAroundThePlace) {
  SourceMap sources;
  const SourceId id = sources.add("a", std::string(1'000'000, 'x'));
  Diagnostics problems(sources);
  problems.error({id, 500'000, 500'001}, "no");
  EXPECT_LT(problems.to_text().size(), 500U);
}

TEST(Source, NamesTheFirstByteThatIsNotUtf8) {
  // RFC 3629: overlong forms, surrogates, lone continuations and bytes above F4 are refused.
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_EQ(find_invalid_utf8(std::string("ab") + bad), 2U);
  }
  EXPECT_EQ(find_invalid_utf8("λ → \xF0\x9F\x98\x80"), std::nullopt);
  SourceMap sources;
  try {
    sources.add("a", "x\n \xFF");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.location().line, 2U);
    EXPECT_EQ(error.location().column, 2U);
  }
}

TEST(Lexer, SplitsNamesNumbersStringsAndTheLongestPunctuation) {
  SourceMap sources;
  const std::vector<Punctuation> table{{"-", 1}, {"->", 2}, {"→", 2}};
  const SourceId id = sources.add("a", "x' Foo -12 \"a\\\"b\" -> → λ % no\n-- no\n- \"open");
  Lexer lexer(sources, id, {table});
  std::vector<std::pair<TokenKind, std::uint32_t>> seen;
  for (Token t = lexer.next(); t.kind != TokenKind::end; t = lexer.next())
    seen.emplace_back(t.kind, t.code);
  using K = TokenKind;
  const std::vector<std::pair<TokenKind, std::uint32_t>> want{
      {K::lower, 0},       {K::upper, 0},       {K::punctuation, 1}, {K::integer, 0},
      {K::string, 0},      {K::punctuation, 2}, {K::punctuation, 2}, {K::lower, 0},
      {K::punctuation, 1}, {K::bad, 0}};
  EXPECT_EQ(seen, want);
}

TEST(Lexer, ReservedWordsHaveTheirPlaceAsCode) {
  SourceMap sources;
  const SourceId id = sources.add("a", "end in endless Inn in'");
  constexpr std::string_view kWords[] = {"in", "end"};
  Lexer lexer(sources, id, {}, kWords);
  for (const std::uint32_t code : {2U, 1U, 0U, 0U, 0U}) EXPECT_EQ(lexer.next().code, code);
}

TEST(FlatMap, DoesWhatAMapDoes) {
  Random random(3);
  FlatMap map;
  std::unordered_map<std::uint32_t, std::uint32_t> reference;
  for (int i = 0; i < 100'000; ++i) {
    // Keys that crowd together, so that removals leave holes in long probes.
    const auto key = static_cast<std::uint32_t>(random.below(i < 50'000 ? 40 : 4'000));
    switch (random.below(4)) {
      case 0:
        map.erase(key);
        reference.erase(key);
        break;
      case 1:
        ++map[key];
        ++reference[key];
        break;
      case 2:
        if (random.below(500) == 0) {
          map.clear();
          reference.clear();
        }
        break;
      default:
        map.set(key, static_cast<std::uint32_t>(i));
        reference[key] = static_cast<std::uint32_t>(i);
    }
    const auto asked = static_cast<std::uint32_t>(random.below(4'000));
    const auto wanted = reference.find(asked);
    const std::uint32_t* found = map.find(asked);
    ASSERT_EQ(found != nullptr, wanted != reference.end());
    if (found != nullptr) ASSERT_EQ(*found, wanted->second);
    ASSERT_EQ(map.size(), reference.size());
  }
}

TEST(Pool, KeepsItsItemsWhileItGrows) {
  Pool<std::uint64_t> pool;
  for (std::uint64_t i = 0; i < 100'000; ++i) pool.push_back(i == 0 ? 7 : pool[i - 1] + 1);
  pool.extend(100'003);
  EXPECT_EQ(pool.size(), 100'003U);
  EXPECT_EQ(pool[99'999], 100'006U);
  EXPECT_EQ(pool[100'002], 0U);
  const Pool<std::uint64_t> moved = std::move(pool);
  EXPECT_EQ(moved[1], 8U);
}

TEST(Lexer, QuotingAndUnquotingAreInverse) {
  SourceMap sources;
  Diagnostics problems(sources);
  const std::string text = "a\n\t\"\\ \x01 λ";
  EXPECT_EQ(unquote(quote(text), {}, problems), text);
  EXPECT_EQ(unquote(R"("\u{3bb}")", {}, problems), "λ");
  EXPECT_TRUE(problems.empty());
}

TEST(Integer, AgreesWithNativeArithmeticAndFloorsDivision) {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<std::int64_t>(random.next32()) - (std::int64_t{1} << 31);
    const auto b = static_cast<std::int64_t>(random.next32() >> 12) - (1 << 19) + 1;
    if (b == 0) continue;
    const std::int64_t quotient = a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0);
    EXPECT_EQ(*floor_div(Integer(a), Integer(b)).small(), quotient);
    EXPECT_EQ(*floor_mod(Integer(a), Integer(b)).small(), a - quotient * b);
    EXPECT_EQ(*(Integer(a) * Integer(b)).small(), a * b);
  }
}

TEST(Integer, ReadsAndWritesFactorialOfThirty) {
  Integer product(1);
  for (int i = 2; i <= 30; ++i) product = product * Integer(i);
  EXPECT_EQ(product.to_string(), "265252859812191058636308480000000");  // 30!, OEIS A000142
  EXPECT_EQ(*Integer::parse("0265252859812191058636308480000000"), product);
  EXPECT_EQ(product.small(), std::nullopt);
  EXPECT_EQ(Integer::parse("12x"), std::nullopt);
}

TEST(Stepper, LetsNoTextOfAProgramBecomeMarkup) {
  StepperPage page;
  page.title = "<b>";
  page.program = "</pre><script>alert(1)</script>";
  page.states.push_back({"start", "</script><script>alert(2)</script>", {}, {}, ""});
  const std::string html = stepper_html(page);
  EXPECT_EQ(html.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(html.find("alert(2)</script>"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
}

}  // namespace
}  // namespace ordo::machine
