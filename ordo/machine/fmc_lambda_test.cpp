// Translations from the lambda calculus, Moggi's metalanguage and call-by-push-value: against a
// direct evaluator, against each other, by the calculi's own laws, and there and back.
#include "ordo/machine/fmc_lambda.h"

#include <map>
#include <memory>

#include <gtest/gtest.h>

#include "ordo/machine/fmc_export.h"
#include "ordo/machine/fmc_meta.h"
#include "ordo/machine/fmc_testing.h"
#include "ordo/machine/size_testing.h"

namespace ordo::machine::fmc {
namespace {

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
  for (int i = 0; i < draws(2'000); ++i) {
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
  EXPECT_GT(compared, draws(1'000));
}

// ---- normal forms by substitution, the outermost redex first ----

LambdaPtr shifted(const LambdaPtr& t, int by, int from) {
  if (t->kind == Lambda::variable && t->index >= from)
    return std::make_shared<Lambda>(Lambda{Lambda::variable, t->index + by, nullptr, nullptr});
  if (t->kind == Lambda::abstraction)
    return std::make_shared<Lambda>(
        Lambda{Lambda::abstraction, 0, shifted(t->left, by, from + 1), nullptr});
  if (t->kind == Lambda::application)
    return std::make_shared<Lambda>(
        Lambda{Lambda::application, 0, shifted(t->left, by, from), shifted(t->right, by, from)});
  return t;
}
LambdaPtr substituted(const LambdaPtr& t, int index, const LambdaPtr& value) {
  if (t->kind == Lambda::variable) {
    if (t->index == index) return shifted(value, index, 0);
    if (t->index < index) return t;
    return std::make_shared<Lambda>(Lambda{Lambda::variable, t->index - 1, nullptr, nullptr});
  }
  if (t->kind == Lambda::abstraction)
    return std::make_shared<Lambda>(
        Lambda{Lambda::abstraction, 0, substituted(t->left, index + 1, value), nullptr});
  if (t->kind == Lambda::application)
    return std::make_shared<Lambda>(Lambda{Lambda::application, 0,
                                           substituted(t->left, index, value),
                                           substituted(t->right, index, value)});
  return t;
}
LambdaPtr head_normal(LambdaPtr t, int& steps) {
  std::vector<LambdaPtr> arguments;
  while (true) {
    for (; t->kind == Lambda::application; t = t->left) arguments.push_back(t->right);
    if (t->kind != Lambda::abstraction || arguments.empty()) break;
    if (++steps > 200) throw OutOfFuel{};
    t = substituted(t->left, 0, arguments.back());
    arguments.pop_back();
  }
  for (; !arguments.empty(); arguments.pop_back())
    t = std::make_shared<Lambda>(Lambda{Lambda::application, 0, t, arguments.back()});
  return t;
}
LambdaPtr normal(const LambdaPtr& term, int& steps) {
  const LambdaPtr t = head_normal(term, steps);
  if (t->kind == Lambda::abstraction)
    return std::make_shared<Lambda>(
        Lambda{Lambda::abstraction, 0, normal(t->left, steps), nullptr});
  if (t->kind != Lambda::application) return t;
  return std::make_shared<Lambda>(
      Lambda{Lambda::application, 0, normal(t->left, steps), normal(t->right, steps)});
}

TEST(FmcLambda, CallByNameHasTheNormalFormsOfTheLambdaCalculus) {
  Session s;
  Random random(32);
  int compared = 0;
  std::uint64_t betas = 0;
  for (int i = 0; i < draws(3'000); ++i) {
    const LambdaPtr t = random_lambda(random, 10 + static_cast<int>(random.below(30)), 0);
    int steps = 0;
    std::string expected;
    try {
      expected = spell(*normal(t, steps), 0);
    } catch (const OutOfFuel&) {
      continue;
    }
    if (expected.size() > 5'000) continue;
    ++compared;
    const ReduceResult found =
        reduce(s.terms, translate(s, spell(*t, 0), LambdaOrder::by_name), {}, s.context);
    ASSERT_TRUE(found.normal);
    EXPECT_TRUE(s.terms.equal(found.term, translate(s, expected, LambdaOrder::by_name)))
        << spell(*t, 0) << " gave " << print(s.terms, found.term);
    betas += found.steps;
  }
  EXPECT_GT(compared, draws(2'000));
  EXPECT_GT(betas, draws(2'000U));
}

TEST(FmcLambda, Oracle10ChurchArithmeticByBothOrders) {
  // Numerals applied to constants: by name as a normal form, by value on the machine, where `a`
  // adds one to what `b` begins with.
  Session s;
  const auto numeral = [](int n) {
    std::string body = "x";
    for (int i = 0; i < n; ++i) body = "(f " + body + ")";
    return "(\\f x. " + body + ")";
  };
  const std::string plus = "(\\m n f x. m f (n f x))", times = "(\\m n f. m (n f))",
                    power = "(\\m n. n m)";
  const auto by_name = [&](const std::string& text) {
    return s.terms.tree_size(
               reduce(s.terms, translate(s, text + " A B", LambdaOrder::by_name), {}, s.context)
                   .term) /
           2;
  };
  const auto by_value = [&](const std::string& text, LambdaOrder order) {
    // A call of `succ` pops the argument and pushes its successor.
    s.module = {};
    s.define("succ := [1].add.");
    const TermId term = translate(s, text + " succ 0", order);
    const RunResult r = run(s.terms, s.module, term, {}, {}, s.context);
    return s.show(r);
  };
  for (int m = 0; m <= 5; ++m) {
    for (int n = 0; n <= 5; ++n) {
      const std::string both = " " + numeral(m) + " " + numeral(n);
      int to_the = 1;
      for (int k = 0; k < n; ++k) to_the *= m;
      for (const auto& [operation, value] :
           {std::pair{plus, m + n}, {times, m * n}, {power, to_the}}) {
        EXPECT_EQ(by_name(operation + both), static_cast<unsigned>(value)) << operation << both;
        for (const LambdaOrder order : {LambdaOrder::by_value, LambdaOrder::by_value_left_first})
          EXPECT_EQ(by_value(operation + both, order), "exit * | main: " + std::to_string(value))
              << operation << both;
      }
    }
  }
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

// ---- Moggi's metalanguage and call-by-push-value ----

TermId translate(Session& s, const std::string& text, Metalanguage language) {
  Diagnostics problems(s.sources);
  const TermId term =
      from_metalanguage(s.terms, s.sources, s.sources.add("<meta>", text), language, problems);
  problems.throw_if_any();
  return term;
}

// The usual translations of call by value: into the metalanguage, and into call-by-push-value.
std::string to_moggi(const Lambda& t, int depth) {
  switch (t.kind) {
    case Lambda::variable:
      return "return v" + std::to_string(depth - 1 - t.index);
    case Lambda::abstraction:
      return "return (\\v" + std::to_string(depth) + ". " + to_moggi(*t.left, depth + 1) + ")";
    case Lambda::application:
      return "(let a" + std::to_string(depth) + " = " + to_moggi(*t.right, depth) +
             " in let f = " + to_moggi(*t.left, depth) + " in f a" + std::to_string(depth) + ")";
    default:
      return "return C";
  }
}
std::string to_push_value(const Lambda& t, int depth) {
  switch (t.kind) {
    case Lambda::variable:
      return "return v" + std::to_string(depth - 1 - t.index);
    case Lambda::abstraction:
      return "return (thunk (\\v" + std::to_string(depth) + ". " +
             to_push_value(*t.left, depth + 1) + "))";
    case Lambda::application:
      return "(" + to_push_value(*t.right, depth) + " to a" + std::to_string(depth) + ". " +
             to_push_value(*t.left, depth) + " to f. a" + std::to_string(depth) + " ' force f)";
    default:
      return "return C";
  }
}

// A value as a term: closures' variables replaced by what they stand for, which is closed.
LambdaPtr substituted(const LambdaPtr& t, const EnvironmentPtr& environment, int inner) {
  if (t->kind == Lambda::constant) return t;
  if (t->kind == Lambda::variable) {
    if (t->index < inner) return t;
    EnvironmentPtr at = environment;
    for (int i = inner; i < t->index; ++i) at = at->next;
    return substituted(at->value->term, at->value->environment, 0);
  }
  const bool binds = t->kind == Lambda::abstraction;
  return std::make_shared<Lambda>(
      Lambda{t->kind, 0, substituted(t->left, environment, inner + (binds ? 1 : 0)),
             binds ? nullptr : substituted(t->right, environment, inner)});
}

TEST(FmcMeta, BothGiveCallByValueWhatADirectEvaluatorGives) {
  Session s;
  Random random(33);
  int functions = 0;
  for (int i = 0; i < draws(2'000); ++i) {
    const LambdaPtr t = random_lambda(random, 4 + static_cast<int>(random.below(16)), 0);
    LambdaPtr value;
    int calls = 0;
    try {
      const Closure found = evaluate(t, nullptr, calls);
      value = substituted(found.term, found.environment, 0);
    } catch (const OutOfFuel&) {
      continue;
    }
    if (value->kind == Lambda::abstraction) ++functions;
    const auto check = [&](Metalanguage language, std::string (*spelled)(const Lambda&, int)) {
      const RunResult result =
          run(s.terms, s.module, translate(s, spelled(*t, 0), language), {}, {}, s.context);
      ASSERT_EQ(result.status, Status::exit) << spell(*t, 0);
      ASSERT_EQ(result.memory.size(), 1U);
      ASSERT_EQ(result.memory[0].values.size(), 1U);
      const TermId want = translate(s, spelled(*value, 0), language);
      EXPECT_TRUE(s.terms.equal(result.memory[0].values[0], s.terms[want].first)) << spell(*t, 0);
    };
    check(Metalanguage::moggi, to_moggi);
    check(Metalanguage::push_value, to_push_value);
  }
  EXPECT_GT(functions, draws(500));
}

void expect_law(Metalanguage language, const std::string& left, const std::string& right) {
  Session s;
  const auto normal = [&](const std::string& text) {
    return reduce(s.terms, translate(s, text, language), {}, s.context).term;
  };
  EXPECT_TRUE(s.terms.equal(normal(left), normal(right)))
      << left << " gave " << print(s.terms, normal(left)) << ", " << right << " gave "
      << print(s.terms, normal(right));
}

TEST(FmcMeta, TheMonadLawsHoldByReduction) {
  const auto law = [](const char* a, const char* b) { expect_law(Metalanguage::moggi, a, b); };
  law("let x = return v in f x x", "f v v");
  law("let y = (let x = return v in g x) in h y", "let x = return v in let y = g x in h y");
  law("let y = (let x = get c in return x) in h y", "let x = get c in let y = return x in h y");
  law("(\\x. g x) v", "g v");
}

TEST(FmcMeta, TheLawsOfCallByPushValueHoldByReduction) {
  const auto law = [](const char* a, const char* b) { expect_law(Metalanguage::push_value, a, b); };
  law("force (thunk (v ' force f))", "v ' force f");
  law("return v to x. x ' force f", "v ' force f");
  law("v ' \\x. return x", "return v");
  law("(read to x. \\y. return x) to f. return f", "read to x. (\\y. return x) to f. return f");
}

TEST(FmcMeta, EffectsRunAsTheEncodingsSay) {
  Session s;
  const auto shown = [&](const std::string& text, const std::string& memory,
                         Metalanguage language) {
    return s.show(
        run(s.terms, s.module, translate(s, text, language), s.memory(memory), {}, s.context));
  };
  // c holds 5: sets it to 5 + 1, gives the old value.
  EXPECT_EQ(
      shown("let x = get c in let y = add x 1 in set c y; return x", "c: 5", Metalanguage::moggi),
      "exit * | main: 5; c: 6");
  EXPECT_EQ(shown("get c to x. add x 1 to y. set c y", "c: 5", Metalanguage::push_value),
            "exit * | c: 6");
  EXPECT_EQ(shown("let x = read in let y = read in let d = sub y x in write d", "in: 5 3",
                  Metalanguage::moggi),
            "exit * | out: 2");
  EXPECT_EQ(shown("try (raise Boom 7) catch Boom e. add e 1", "", Metalanguage::moggi),
            "exit * | main: 8");
  EXPECT_EQ(shown("div 1 0", "", Metalanguage::moggi), "exit DivZero");
  EXPECT_EQ(shown("if lt 1 2 then return \"yes\" else return \"no\"", "", Metalanguage::moggi),
            "exit * | main: \"yes\"");
  EXPECT_EQ(shown("lt 2 1 to b. if b then return \"yes\" else return \"no\"", "",
                  Metalanguage::push_value),
            "exit * | main: \"no\"");
}

TEST(FmcMeta, ChoicesWeighWhatTheyShould) {
  Session s;
  const auto weights = [&](const std::string& text) {
    std::map<std::string, double> found;
    const TermId term = translate(s, text, Metalanguage::moggi);
    for (const Outcome& o : explore(s.terms, s.module, term, {}, {}, s.context).outcomes)
      found[s.show(o.result)] += o.weight;
    return found;
  };
  // Grouping to the right: 1/2, 1/4, 1/4. The bound x is used inside the choice.
  EXPECT_EQ(
      weights("let x = return 1 in (return x <+> add x 1 <+> add x 2)"),
      (std::map<std::string, double>{
          {"exit * | main: 1", 0.5}, {"exit * | main: 2", 0.25}, {"exit * | main: 3", 0.25}}));
  EXPECT_EQ(weights("return 1 <|> return 2").size(), 2U);
}

TEST(FmcMeta, CallByPushValueTellsValuesFromComputations) {
  Session s;
  const auto problem = [&](const std::string& text) {
    Diagnostics problems(s.sources);
    from_metalanguage(s.terms, s.sources, s.sources.add("m", text), Metalanguage::push_value,
                      problems);
    return problems.empty() ? "" : problems.to_text().substr(0, problems.to_text().find('\n'));
  };
  EXPECT_EQ(problem("return (return 1)"), "m:1:8: error: expected a value, found a computation");
  EXPECT_EQ(problem("x to y. return y"), "m:1:1: error: expected a computation, found a value");
  EXPECT_EQ(problem("force f"), "");
  EXPECT_EQ(problem("1 ' (\\x. return x"),
            "m:1:18: error: expected ')', found the end of the text");
  EXPECT_EQ(problem("let x = 1 in x"), "m:1:1: error: expected a term, found 'let'");
}

TEST(FmcMeta, DepthNeedsNoNativeStack) {
  Session s;
  for (const std::string& text : {repeated("(") + "return 1" + repeated(")"),
                                  repeated("let x = return 1 in ") + "return x"}) {
    const TermId term = translate(s, text, Metalanguage::moggi);
    EXPECT_EQ(s.show(run(s.terms, s.module, term, {}, {}, s.context)), "exit * | main: 1");
  }
}

// ---- and back ----

std::string exported(Session& s, TermId term, Target target) {
  Diagnostics problems(s.sources);
  const std::string text = export_term(s.terms, term, target, problems);
  problems.throw_if_any();
  return text;
}

TEST(FmcExport, TranslatingBackGivesTheSameTerm) {
  Session s;
  Random random(35);
  for (int i = 0; i < draws(1'000); ++i) {
    const LambdaPtr t = random_lambda(random, 3 + static_cast<int>(random.below(25)), 0);
    const TermId name = translate(s, spell(*t, 0), LambdaOrder::by_name);
    EXPECT_TRUE(s.terms.equal(
        translate(s, exported(s, name, Target::lambda_cbn), LambdaOrder::by_name), name));
    const TermId value = translate(s, spell(*t, 0), LambdaOrder::by_value);
    EXPECT_TRUE(s.terms.equal(
        translate(s, exported(s, value, Target::lambda_cbv), LambdaOrder::by_value), value));
    const TermId moggi = translate(s, to_moggi(*t, 0), Metalanguage::moggi);
    EXPECT_TRUE(
        s.terms.equal(translate(s, exported(s, moggi, Target::moggi), Metalanguage::moggi), moggi));
    const TermId pushed = translate(s, to_push_value(*t, 0), Metalanguage::push_value);
    EXPECT_TRUE(s.terms.equal(
        translate(s, exported(s, pushed, Target::push_value), Metalanguage::push_value), pushed));
  }
}

TEST(FmcExport, NamesWhatHasNoCounterpart) {
  Session s;
  const auto problem = [&](const std::string& text, Target target) {
    Diagnostics problems(s.sources);
    EXPECT_EQ(export_term(s.terms, s.term(text), target, problems), "");
    return problems.all()[0].message;
  };
  EXPECT_EQ(problem("<x>.[x]c.x", Target::lambda_cbn),
            "a push on the stack 'c' has no counterpart in the language translated to");
  EXPECT_EQ(problem("(*)^*", Target::moggi),
            "a loop has no counterpart in the language translated to");
  EXPECT_EQ(exported(s, s.term("[x].<let>.[let].f"), Target::moggi), "(\\let1. f let1) x");
}

}  // namespace
}  // namespace ordo::machine::fmc
