// Every program of the gallery gives what its comment derives, on both machines, prints to a text
// that gives the same, and the lambda calculus' translations agree with a direct evaluator.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <sstream>

#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/machine/fmc_lambda.h"
#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/fmc_verbs.h"

namespace ordo::machine::fmc {
namespace {

std::vector<std::filesystem::path> gallery() {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = ORDO_SOURCE_DIR "/ordo/machine/gallery/fmc";
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string run_file(const std::string& text) {
  Session s;
  s.define(text);
  RunOptions options;
  std::string shown;
  for (const Action& action : s.module.actions) {
    const RunResult fast = run(s.terms, s.module, action.term, action.memory, options, s.context);
    shown += s.show(fast);
    if (fast.steps > 100'000) continue;  // the substitution machine is for small runs
    const RunResult slow = run_by_substitution(s.terms, s.module, action.term, action.memory,
                                               options, s.context, [](const State&) {});
    EXPECT_EQ(s.show(slow), s.show(fast));
    EXPECT_EQ(slow.steps, fast.steps);
  }
  return shown;
}

TEST(FmcGallery, EveryProgramGivesWhatItsCommentDerives) {
  const auto files = gallery();
  EXPECT_GE(files.size(), 15U);
  for (const auto& file : files) {
    const std::string text = read_file(file);
    const std::size_t at = text.find("% expect: ");
    ASSERT_NE(at, std::string::npos) << file;
    const std::string expected = text.substr(at + 10, text.find('\n', at) - at - 10);
    EXPECT_EQ(run_file(text), expected) << file;
    TermVerb canonical;
    canonical.input.file = file.string();
    Context context;
    EXPECT_EQ(run_file(fmt_verb(canonical, context).text), expected) << file;
  }
}

// ---- an independent evaluator for closed lambda terms: environments, native recursion ----

struct Lambda;
using LambdaPtr = std::shared_ptr<const Lambda>;
struct Lambda {
  enum Kind { variable, abstraction, application, constant } kind;
  int index = 0;
  LambdaPtr left, right;
};
LambdaPtr random_lambda(Random& random, int size, int depth) {
  if (size <= 1)
    return std::make_shared<Lambda>(
        Lambda{depth > 0 ? Lambda::variable : Lambda::constant,
               depth > 0 ? static_cast<int>(random.below(static_cast<unsigned>(depth))) : 0,
               nullptr, nullptr});
  if (depth == 0 || random.below(2) == 0)
    return std::make_shared<Lambda>(
        Lambda{Lambda::abstraction, 0, random_lambda(random, size - 1, depth + 1), nullptr});
  const int left = 1 + static_cast<int>(random.below(static_cast<unsigned>(size - 1)));
  return std::make_shared<Lambda>(Lambda{Lambda::application, 0, random_lambda(random, left, depth),
                                         random_lambda(random, size - left, depth)});
}
std::string spell(const Lambda& t, int depth) {
  switch (t.kind) {
    case Lambda::variable:
      return "v" + std::to_string(depth - 1 - t.index);
    case Lambda::abstraction:
      return "(\\v" + std::to_string(depth) + ". " + spell(*t.left, depth + 1) + ")";
    case Lambda::application:
      return "(" + spell(*t.left, depth) + " " + spell(*t.right, depth) + ")";
    default:
      return "C";
  }
}

struct Closure;
struct Environment {
  std::shared_ptr<const Closure> value;
  std::shared_ptr<const Environment> next;
};
using EnvironmentPtr = std::shared_ptr<const Environment>;
struct Closure {
  LambdaPtr term;
  EnvironmentPtr environment;
};
struct OutOfFuel {};

// Call by value: the value of a term, counting calls of functions.
Closure evaluate(const LambdaPtr& t, const EnvironmentPtr& environment, int& calls) {
  if (t->kind == Lambda::variable) {
    EnvironmentPtr at = environment;
    for (int i = 0; i < t->index; ++i) at = at->next;
    return *at->value;
  }
  if (t->kind != Lambda::application) return {t, environment};
  const auto argument = std::make_shared<Closure>(evaluate(t->right, environment, calls));
  const Closure function = evaluate(t->left, environment, calls);
  if (++calls > 200) throw OutOfFuel{};
  return evaluate(function.term->left,
                  std::make_shared<Environment>(Environment{argument, function.environment}),
                  calls);
}
// The value as a closed term again.
std::string spell(const Closure& c, int depth);
std::string spell_in(const LambdaPtr& t, const EnvironmentPtr& environment, int inner, int depth) {
  if (t->kind == Lambda::variable) {
    if (t->index < inner) return "v" + std::to_string(depth - 1 - t->index);
    EnvironmentPtr at = environment;
    for (int i = inner; i < t->index; ++i) at = at->next;
    return spell(*at->value, depth);
  }
  if (t->kind == Lambda::abstraction)
    return "(\\v" + std::to_string(depth) + ". " +
           spell_in(t->left, environment, inner + 1, depth + 1) + ")";
  return "(" + spell_in(t->left, environment, inner, depth) + " " +
         spell_in(t->right, environment, inner, depth) + ")";
}
std::string spell(const Closure& c, int depth) { return spell_in(c.term, c.environment, 0, depth); }

TermId translate(Session& s, const std::string& text, LambdaOrder order) {
  Diagnostics problems(s.sources);
  const TermId term =
      from_lambda(s.terms, s.sources, s.sources.add("<lambda>", text), order, problems);
  problems.throw_if_any();
  return term;
}

TEST(FmcLambda, CallByValueAgreesWithADirectEvaluator) {
  Session s;
  Random random(31);
  int compared = 0;
  for (int i = 0; i < 2'000; ++i) {
    const LambdaPtr t = random_lambda(random, 5 + static_cast<int>(random.below(20)), 0);
    const std::string text = "((\\i. i i) " + spell(*t, 0) + ")";
    const auto whole = std::make_shared<Lambda>(
        Lambda{Lambda::application, 0,
               std::make_shared<Lambda>(Lambda{
                   Lambda::abstraction, 0,
                   std::make_shared<Lambda>(Lambda{
                       Lambda::application, 0,
                       std::make_shared<Lambda>(Lambda{Lambda::variable, 0, nullptr, nullptr}),
                       std::make_shared<Lambda>(Lambda{Lambda::variable, 0, nullptr, nullptr})}),
                   nullptr}),
               t});
    int calls = 0;
    std::string expected;
    try {
      expected = spell(evaluate(whole, nullptr, calls), 0);
    } catch (const OutOfFuel&) {
      continue;
    }
    if (expected.size() > 5'000) continue;
    ++compared;
    for (const LambdaOrder order : {LambdaOrder::by_value, LambdaOrder::by_value_left_first}) {
      const RunResult result = run(s.terms, s.module, translate(s, text, order), {}, {}, s.context);
      ASSERT_EQ(result.status, Status::exit);
      ASSERT_EQ(result.memory.size(), 1U);
      ASSERT_EQ(result.memory[0].values.size(), 1U);
      // The value's thunk is the body of its translation `[<x>.M]`.
      const TermId value = translate(s, expected, order);
      EXPECT_TRUE(s.terms.equal(result.memory[0].values[0], s.terms[value].first)) << text;
    }
  }
  EXPECT_GT(compared, 1'000);
}

TEST(FmcLambda, Oracle10CallByNameEndsWhereCallByValueDoesNot) {
  Session s;
  const std::string text = "(\\x y. x) A ((\\x. x x) (\\x. x x))";
  RunOptions limited;
  limited.limits.max_steps = 10'000;
  EXPECT_EQ(s.show(run(s.terms, s.module, translate(s, text, LambdaOrder::by_name), {}, limited,
                       s.context)),
            "exit A");
  EXPECT_EQ(
      run(s.terms, s.module, translate(s, text, LambdaOrder::by_value), {}, limited, s.context)
          .status,
      Status::limit);
}

TEST(FmcLambda, ErrorsHavePlaces) {
  Session s;
  Diagnostics problems(s.sources);
  from_lambda(s.terms, s.sources, s.sources.add("f.lam", "\\x.\n(x"), LambdaOrder::by_name,
              problems);
  ASSERT_EQ(problems.count(), 1U);
  EXPECT_TRUE(problems.to_text().starts_with("f.lam:2:3: error: expected ')'"))
      << problems.to_text();
}

}  // namespace
}  // namespace ordo::machine::fmc
