#include "ordo/claims/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordo::claims {
namespace {

using testing::HasSubstr;

const std::vector<std::string> kVariants = {"sp", "ri", "lr=0.1,model=mlp"};
const std::vector<std::string> kMeasures = {"acc", "steps"};

std::vector<std::string> resolved(const std::string& text) {
  std::vector<std::string> texts;
  for (const Comparison& one : resolve(parse_claim(text), kVariants, kMeasures).comparisons) {
    texts.push_back(one.text);
  }
  return texts;
}

std::string error(const std::string& text) {
  try {
    resolved(text);
  } catch (const Error& caught) {
    return caught.what();
  }
  return "no error";
}

TEST(Claim, ReadsRelationsMarginsAndAnd) {
  const Claim claim = parse_claim(
      "acc(sp) > acc(ri) by 0.02 and steps(sp) <= 0.9 * steps(ri) and acc(sp) ~= 1 within .005");
  ASSERT_EQ(claim.comparisons.size(), 3u);
  EXPECT_EQ(claim.comparisons[0].relation, Relation::greater);
  EXPECT_EQ(claim.comparisons[0].margin, 0.02);
  EXPECT_EQ(claim.comparisons[1].text, "steps(sp) <= 0.9 * steps(ri)");
  EXPECT_EQ(claim.comparisons[2].relation, Relation::equivalent);
  EXPECT_EQ(claim.comparisons[2].margin, 0.005);
}

TEST(Claim, TakesGridVariantsWithAndWithoutQuotes) {
  for (const char* text : {"acc(lr=0.1,model=mlp) > 0", "acc('lr=0.1,model=mlp') > 0"}) {
    EXPECT_EQ(parse_claim(text).comparisons[0].variants(),
              std::vector<std::string>{"lr=0.1,model=mlp"});
  }
}

TEST(Claim, WritesOutTheWildcard) {
  EXPECT_EQ(resolved("acc(*) >= 0.9"), (std::vector<std::string>{"acc(sp) >= 0.9", "acc(ri) >= 0.9",
                                                                 "acc(lr=0.1,model=mlp) >= 0.9"}));
  EXPECT_EQ(resolved("acc(sp) > acc(*) by 0.5"),
            (std::vector<std::string>{"acc(sp) > acc(ri) by 0.5",
                                      "acc(sp) > acc(lr=0.1,model=mlp) by 0.5"}));
  EXPECT_EQ(resolved("acc(sp) > max(acc(*))"),
            std::vector<std::string>{"acc(sp) > max(acc(ri), acc(lr=0.1,model=mlp))"});
}

TEST(Claim, PointsAtMistakes) {
  EXPECT_THAT(error("acc(sb) > 0"), HasSubstr("there is no variant 'sb'; did you mean 'sp'?"));
  EXPECT_THAT(error("ac(sp) > 0"), HasSubstr("there is no measure 'ac'; did you mean 'acc'?"));
  EXPECT_THAT(error("acc > 0"), HasSubstr("'acc' needs a variant"));
  EXPECT_THAT(error("acc(sp > 0"), HasSubstr("')' after the variant 'sp'"));
  EXPECT_THAT(error("acc(sp) == 1"), HasSubstr("write a ~= b within 0.01"));
  EXPECT_THAT(error("acc(sp) ~= 1"), HasSubstr("expected 'within'"));
  EXPECT_THAT(error("acc(sp) ~= 1 within 0"), HasSubstr("margin above 0"));
  EXPECT_THAT(error("acc(sp) > 1 within 1"), HasSubstr("here write 'by'"));
  EXPECT_THAT(error("acc(sp) > 1 by -1"), HasSubstr("not negative"));
  EXPECT_THAT(error("0 < acc(sp) < 1"), HasSubstr("do not chain"));
  EXPECT_THAT(error("1 < 2"), HasSubstr("name a measure"));
  EXPECT_THAT(error("acc(sp) > 1 or"), HasSubstr("expected 'and', 'by', 'within' or the end"));
  EXPECT_THAT(error("acc(sp) > log(acc(ri), 2)"), HasSubstr("takes 1 argument"));
}

}  // namespace
}  // namespace ordo::claims
