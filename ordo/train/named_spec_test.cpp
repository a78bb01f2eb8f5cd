#include "ordo/train/named_spec.h"

#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::train {
namespace {

TEST(NamedSpec, ReadsNamesValuesAndLists) {
  const NamedSpec spec = parse_named_spec("mlp:hidden=[100,50],activation=tanh,bias=false,x=1e-3");
  EXPECT_EQ(spec.name, "mlp");
  EXPECT_EQ(spec.options.find("hidden")->dump(), "[100,50]");
  EXPECT_EQ(spec.options.find("activation")->as_string(), "tanh");
  EXPECT_FALSE(spec.options.find("bias")->as_bool());
  EXPECT_EQ(spec.options.find("x")->as_double(), 1e-3);
  EXPECT_TRUE(parse_named_spec("sgd").options.empty());
}

TEST(NamedSpec, WritesWhatItReads) {
  for (const char* text :
       {"sgd", "sp:shrink=0.6,perturb=0.01", "mlp:hidden=[100,50],activation=tanh", "a:word=\"12\"",
        "a:list=[\"x,y\"],b=true"}) {
    EXPECT_EQ(to_string(parse_named_spec(text)), text);
  }
}

TEST(NamedSpec, ShowsWhatItCannotRead) {
  for (const char* text : {"", ":x=1", "a:", "a:b", "a:=1", "a:b=1,"}) {
    EXPECT_THROW(parse_named_spec(text), UsageError) << text;
  }
}

}  // namespace
}  // namespace ordo::train
