// Every method with every combination of its options, over 50 steps of drawn gradients and a
// falling rate, against a scalar twin written from the papers' formulas and against torch.optim
// (single tensor, so other code than the fused kernels) where Python has it.
#include "ordo/optimize/optimizer.h"

#include <cmath>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/optimize/optimize_testing.h"
#include "ordo/optimize/schedule.h"
#include "ordo/tensor/device.h"

namespace ordo::optimize {
namespace {

using ::testing::HasSubstr;

constexpr int kSteps = 50;

struct Problem {
  std::vector<double> initial;
  std::vector<std::vector<double>> gradients;
  std::vector<double> rates;
};

Problem drawn_problem() {
  Random random(11);
  const auto draw = [&] {
    std::vector<double> numbers(FewNumbers::kSize);
    // Rounded to float, so that all types begin with the same numbers.
    for (double& number : numbers) number = static_cast<float>(random.normal());
    return numbers;
  };
  Problem problem{draw(), {}, {}};
  for (int step = 0; step < kSteps; ++step) {
    problem.gradients.push_back(draw());
    problem.rates.push_back(0.02 * (1 - 0.01 * step));
  }
  return problem;
}

struct Case {
  std::string kind;
  JsonObject options;
};

// All combinations of the alternatives for each option; null leaves an option out.
void add_cases(std::vector<Case>& cases, const std::string& kind,
               const std::vector<std::pair<std::string, std::vector<Json>>>& alternatives) {
  std::vector<Case> made = {{kind, {}}};
  for (const auto& [name, values] : alternatives) {
    std::vector<Case> longer;
    for (const Case& begun : made) {
      for (const Json& value : values) {
        longer.push_back(begun);
        if (!value.is_null()) longer.back().options[name] = value;
      }
    }
    made = std::move(longer);
  }
  cases.insert(cases.end(), made.begin(), made.end());
}

bool is_legal(const Case& one) {
  const Json options(one.options);
  const bool nesterov = options.find("nesterov") != nullptr;
  return !nesterov || (options.find("momentum") != nullptr && options.find("dampening") == nullptr);
}

std::vector<Case> all_cases() {
  const std::vector<Json> decays = {{}, 0.0, 0.03};
  const std::vector<Json> maybe = {{}, true};
  const Json betas = Json::array({0.8, 0.95});
  std::vector<Case> cases;
  add_cases(cases, "sgd",
            {{"momentum", {{}, 0.9}},
             {"dampening", {{}, 0.1}},
             {"nesterov", maybe},
             {"weight-decay", decays},
             {"decay-only-weights", maybe}});
  for (const char* kind : {"adam", "adamw"}) {
    add_cases(cases, kind,
              {{"betas", {{}, betas}},
               {"eps", {{}, 1e-3}},
               {"amsgrad", maybe},
               {"weight-decay", decays},
               {"decay-only-weights", maybe}});
  }
  add_cases(cases, "rmsprop",
            {{"alpha", {{}, 0.9}},
             {"centered", maybe},
             {"momentum", {{}, 0.9}},
             {"weight-decay", decays},
             {"decay-only-weights", maybe}});
  add_cases(cases, "adagrad",
            {{"lr-decay", {{}, 0.02}},
             {"initial-accumulator-value", {{}, 0.5}},
             {"weight-decay", decays},
             {"decay-only-weights", maybe}});
  std::erase_if(cases, [](const Case& one) { return !is_legal(one); });
  return cases;
}

std::vector<double> run_ours(const Case& one, const Problem& problem, torch::Dtype dtype) {
  FewNumbers net(dtype);
  nets::FlatParameters parameters(net);
  parameters.values().copy_(tensor_of(problem.initial));
  const auto optimizer = make_optimizer(one.kind, one.options);
  for (std::size_t step = 0; step < problem.rates.size(); ++step) {
    parameters.gradients().copy_(tensor_of(problem.gradients[step]));
    optimizer->step(parameters, problem.rates[step]);
  }
  return numbers_of(parameters.values());
}

// ---- the scalar twin: one parameter, formulas as the papers and PyTorch's manual give them ----

class Twin {
 public:
  Twin(const Case& one, bool is_weight) : one_(one), options_(one.options) {
    decay_ = number("weight-decay", one.kind == "adamw" ? 0.01 : 0);
    if (options_.find("decay-only-weights") != nullptr && !is_weight) decay_ = 0;
    squares_ = number("initial-accumulator-value", 0);
  }

  void step(double gradient, double rate) {
    ++count_;
    if (one_.kind == "adamw") {
      value *= 1 - rate * decay_;
    } else {
      gradient += decay_ * value;
    }
    if (one_.kind == "sgd") return sgd(gradient, rate);
    if (one_.kind == "rmsprop") return rmsprop(gradient, rate);
    if (one_.kind == "adagrad") return adagrad(gradient, rate);
    adam(gradient, rate);
  }

  double value = 0;

 private:
  double number(const std::string& name, double standard) const {
    const Json* const given = options_.find(name);
    return given != nullptr ? given->as_double() : standard;
  }
  bool flag(const std::string& name) const { return options_.find(name) != nullptr; }

  void sgd(double gradient, double rate) {
    const double momentum = number("momentum", 0);
    velocity_ =
        count_ == 1 ? gradient : momentum * velocity_ + (1 - number("dampening", 0)) * gradient;
    value -= rate * (flag("nesterov") ? gradient + momentum * velocity_
                     : momentum > 0   ? velocity_
                                      : gradient);
  }
  void adam(double gradient, double rate) {
    const Json* const betas = options_.find("betas");
    const double beta1 = betas != nullptr ? betas->as_array()[0].as_double() : 0.9;
    const double beta2 = betas != nullptr ? betas->as_array()[1].as_double() : 0.999;
    average_ = beta1 * average_ + (1 - beta1) * gradient;
    squares_ = beta2 * squares_ + (1 - beta2) * gradient * gradient;
    greatest_ = std::max(greatest_, squares_);
    const double square = flag("amsgrad") ? greatest_ : squares_;
    value -= rate * (average_ / (1 - std::pow(beta1, count_))) /
             (std::sqrt(square / (1 - std::pow(beta2, count_))) + number("eps", 1e-8));
  }
  void rmsprop(double gradient, double rate) {
    const double alpha = number("alpha", 0.99);
    squares_ = alpha * squares_ + (1 - alpha) * gradient * gradient;
    average_ = alpha * average_ + (1 - alpha) * gradient;
    const double variance = flag("centered") ? squares_ - average_ * average_ : squares_;
    velocity_ = number("momentum", 0) * velocity_ + gradient / (std::sqrt(variance) + 1e-8);
    value -= rate * velocity_;
  }
  void adagrad(double gradient, double rate) {
    squares_ += gradient * gradient;
    value -= rate / (1 + (count_ - 1) * number("lr-decay", 0)) * gradient /
             (std::sqrt(squares_) + 1e-10);
  }

  Case one_;
  Json options_;
  double decay_ = 0, velocity_ = 0, average_ = 0, squares_ = 0, greatest_ = 0;
  int count_ = 0;
};

std::vector<double> run_twin(const Case& one, const Problem& problem) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < FewNumbers::kSize; ++i) {
    Twin twin(one, i < FewNumbers::kWeights);
    twin.value = problem.initial[i];
    for (std::size_t step = 0; step < problem.rates.size(); ++step) {
      twin.step(problem.gradients[step][i], problem.rates[step]);
    }
    values.push_back(twin.value);
  }
  return values;
}

// Values stay within some 10 of zero, each step adds a few roundings of its numbers, and only the
// difference of centered rmsprop loses digits: 50 steps of 8 roundings of 10, times 10.
double tolerance(torch::Dtype dtype) {
  const double rounding = dtype == torch::kFloat64 ? 0x1p-53 : 0x1p-24;
  return 10 * 50 * 8 * 10 * rounding;
}

void expect_near(const std::vector<double>& ours, const std::vector<double>& expected,
                 torch::Dtype dtype, const Case& one) {
  ASSERT_EQ(ours.size(), expected.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    ASSERT_NEAR(ours[i], expected[i], tolerance(dtype))
        << one.kind << " " << Json(one.options).dump() << " parameter " << i;
  }
}

TEST(Optimizers, FollowTheirFormulas) {
  const Problem problem = drawn_problem();
  for (const Case& one : all_cases()) {
    const auto expected = run_twin(one, problem);
    for (const auto dtype : {torch::kFloat64, torch::kFloat32}) {
      expect_near(run_ours(one, problem, dtype), expected, dtype, one);
    }
  }
}

// Types that the CPU's own loops leave to LibTorch's operations. Steps are long, so that a formula
// that is off shows beside the roundings of 11 bits (some 10 a step of numbers below 16), and no
// gradient is near zero, where squares would lose theirs.
TEST(Optimizers, FollowTheirFormulasInHalfPrecision) {
  Problem problem = drawn_problem();
  problem.gradients.resize(4);
  problem.rates = {0.5, 0.5, 0.5, 0.5};
  for (auto& gradient : problem.gradients) {
    for (double& number : gradient) number += std::copysign(1, number);
  }
  for (const Case& one : all_cases()) {
    if (one.kind != "rmsprop") continue;
    const auto ours = run_ours(one, problem, torch::kFloat16);
    const auto expected = run_twin(one, problem);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      ASSERT_NEAR(ours[i], expected[i], 4 * 10 * 16 * 0x1p-11) << Json(one.options).dump();
    }
  }
}

TEST(Optimizers, EqualThoseOfPyTorch) {
  const auto python = python_with("torch");
  if (!python) GTEST_SKIP() << "torch is not importable; set ORDO_PYTHON";
  const Problem problem = drawn_problem();
  std::vector<std::pair<Case, torch::Dtype>> runs;
  for (const Case& one : all_cases()) {
    runs.emplace_back(one, torch::kFloat64);
    if (runs.size() % 5 == 0) runs.emplace_back(one, torch::kFloat32);
  }
  Json::Array cases, gradients;
  for (const auto& [one, dtype] : runs) {
    cases.push_back(Json::object(
        {{"kind", one.kind}, {"options", one.options}, {"dtype", tensor::name_of(dtype)}}));
  }
  for (const auto& gradient : problem.gradients) gradients.push_back(Json::array_of(gradient));
  const TempFolder folder;
  const std::string given = folder.path() / "cases.json", results = folder.path() / "results.json";
  std::ofstream(given) << Json::object({{"initial", Json::array_of(problem.initial)},
                                        {"gradients", gradients},
                                        {"rates", Json::array_of(problem.rates)},
                                        {"weights", FewNumbers::kWeights},
                                        {"cases", cases}})
                              .dump();
  const std::string command = fmt::format("{} {}/ordo/optimize/torch_reference.py {} {}", *python,
                                          ORDO_SOURCE_DIR, given, results);
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  const Json theirs = read_json(results);
  for (std::size_t row = 0; row < runs.size(); ++row) {
    const auto& [one, dtype] = runs[row];
    std::vector<double> expected;
    for (const Json& value : theirs.as_array().at(row).as_array()) {
      expected.push_back(value.as_double());
    }
    expect_near(run_ours(one, problem, dtype), expected, dtype, one);
  }
}

// ---- state ----

TEST(Optimizers, ContinueBitForBitFromASavedState) {
  const Problem problem = drawn_problem();
  for (const Case& one : all_cases()) {
    const auto run = [&](bool interrupted) {
      FewNumbers net(torch::kFloat32);
      nets::FlatParameters parameters(net);
      parameters.values().copy_(tensor_of(problem.initial));
      auto optimizer = make_optimizer(one.kind, one.options);
      for (int step = 0; step < kSteps; ++step) {
        if (interrupted && step == 20) {
          const tensor::NamedTensors state = optimizer->state();
          for (int astray = 0; astray < 3; ++astray) {
            FewNumbers other(torch::kFloat32);
            nets::FlatParameters elsewhere(other);
            optimizer->step(elsewhere, 0.1);  // a state that was taken is not touched
          }
          optimizer = make_optimizer(one.kind, one.options);
          optimizer->load_state(state);
        }
        parameters.gradients().copy_(tensor_of(problem.gradients[step]));
        optimizer->step(parameters, problem.rates[step]);
      }
      return parameters.values().clone();
    };
    EXPECT_TRUE(torch::equal(run(false), run(true))) << one.kind << Json(one.options).dump();
  }
}

TEST(Optimizers, BeginAnewAfterReset) {
  const Problem problem = drawn_problem();
  for (const auto& kind : optimizer_kinds()) {
    FewNumbers net;
    nets::FlatParameters parameters(net);
    const auto optimizer = make_optimizer(kind.name, {});
    EXPECT_TRUE(optimizer->state().empty());
    const auto once = [&] {
      parameters.values().copy_(tensor_of(problem.initial));
      for (int step = 0; step < 3; ++step) {
        parameters.gradients().copy_(tensor_of(problem.gradients[step]));
        optimizer->step(parameters, 0.1);
      }
      return parameters.values().clone();
    };
    const torch::Tensor first = once();
    EXPECT_FALSE(optimizer->state().empty());
    optimizer->reset();
    EXPECT_TRUE(optimizer->state().empty());
    EXPECT_TRUE(torch::equal(once(), first)) << kind.name;
  }
}

TEST(Optimizers, NameTheirStateAsPyTorchDoes) {
  const auto names = [](const std::string& kind, const JsonObject& options) {
    FewNumbers net;
    nets::FlatParameters parameters(net);
    const auto optimizer = make_optimizer(kind, options);
    optimizer->step(parameters, 0.1);
    std::vector<std::string> found;
    for (const auto& [name, tensor] : optimizer->state()) found.push_back(name);
    return found;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(names("sgd", {}), ElementsAre("step"));
  EXPECT_THAT(names("sgd", {{"momentum", 0.9}}), ElementsAre("step", "momentum_buffer"));
  EXPECT_THAT(names("adamw", {{"amsgrad", true}}),
              ElementsAre("step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"));
  EXPECT_THAT(names("rmsprop", {{"centered", true}, {"momentum", 0.9}}),
              ElementsAre("step", "square_avg", "grad_avg", "momentum_buffer"));
  EXPECT_THAT(names("adagrad", {}), ElementsAre("step", "sum"));
}

std::string message_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Optimizers, RefuseStatesThatAreNotTheirOwn) {
  FewNumbers net;
  nets::FlatParameters parameters(net);
  const auto count = torch::tensor(5, torch::kInt64);
  const auto zeros = [](std::int64_t size) { return torch::zeros({size}, torch::kFloat64); };
  const auto refusal = [&](const tensor::NamedTensors& state) {
    const auto optimizer = make_optimizer("adam", {});
    return message_of([&] {
      optimizer->load_state(state);
      optimizer->step(parameters, 0.1);
    });
  };
  EXPECT_THAT(refusal({{"step", count}, {"exp_avg", zeros(37)}}), HasSubstr("exp_avg_sq: missing"));
  EXPECT_THAT(refusal({{"step", count}, {"momentum_buffer", zeros(37)}}),
              HasSubstr("momentum_buffer: this optimizer keeps no such state"));
  EXPECT_THAT(refusal({{"step", count}, {"exp_avg", zeros(37)}, {"exp_avg_sq", zeros(36)}}),
              HasSubstr("exp_avg_sq: expected one number a parameter"));
  EXPECT_THAT(refusal({{"step", count}, {"exp_avg", zeros(36)}, {"exp_avg_sq", zeros(36)}}),
              HasSubstr("of 36 parameters in float64, the network has 37"));
  EXPECT_THAT(refusal({{"step", zeros(1)}, {"exp_avg", zeros(37)}, {"exp_avg_sq", zeros(37)}}),
              HasSubstr("step: expected one int64"));
  EXPECT_EQ(refusal({{"step", count}, {"exp_avg", zeros(37)}, {"exp_avg_sq", zeros(37)}}),
            "accepted");
}

// ---- the registry ----

TEST(Optimizers, UnknownNamesAreAnsweredWithTheNearest) {
  const auto refusal = [](const std::string& name, const JsonObject& options) {
    try {
      make_optimizer(name, options);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refusal("adamm", {}), HasSubstr("did you mean 'adam'?"));
  EXPECT_THAT(refusal("levenberg-marquardt", {}), HasSubstr("known are sgd, adam, adamw"));
  EXPECT_THAT(refusal("sgd", {{"momentun", 0.9}}), HasSubstr("did you mean 'momentum'?"));
  EXPECT_THAT(refusal("adam", {{"weight_decay", 0.9}}), HasSubstr("did you mean 'weight-decay'?"));
  EXPECT_THAT(refusal("sgd", {{"momentum", "high"}}), HasSubstr("expected a number"));
  EXPECT_THAT(refusal("sgd", {{"nesterov", true}}), HasSubstr("needs a momentum"));
  EXPECT_THAT(refusal("adam", {{"betas", Json::array({0.9})}}), HasSubstr("two betas"));
  EXPECT_THAT(refusal("adam", {{"betas", Json::array({0.9, 1.0})}}), HasSubstr("below 1"));
  EXPECT_THAT(refusal("adamw", {{"weight-decay", -1}}), HasSubstr("at least 0"));
}

TEST(Optimizers, AreInTheManualWithTheirOptionsAsTheyAre) {
  const std::string page = read_file(ORDO_SOURCE_DIR "/docs/optimizers.md");
  Schedule schedule;
  EXPECT_THAT(page, HasSubstr(describe(schedule).markdown()));
  for (const auto& kind : optimizer_kinds()) {
    EXPECT_THAT(page, HasSubstr(fmt::format("| `{}` | {} |", kind.name, kind.default_rate)));
    EXPECT_THAT(page, HasSubstr(fmt::format("### {}\n\n{}", kind.name, kind.options)));
  }
}

// ---- oracles ----

// Shrink and perturb in every step is gradient descent with weight decay (1 - lambda) / rate plus
// the noise: lambda w - rate g + p.
TEST(WarmStart, Oracle04EveryStepEquivalence) {
  const double rate = 0.1, lambda = 0.999;
  const torch::Tensor noise = tensor_of({0.001, -0.002});
  class TwoWeights : public nets::Layer {
   public:
    TwoWeights() { register_parameter("weight", tensor_of({1, -2})); }
    std::vector<nets::Initial> initials() const override {
      return {{"weight", nets::Role::weight, tensor::Draw::constant(0)}};
    }
  } net;
  nets::FlatParameters parameters(net);
  const torch::Tensor shrunk = lambda * parameters.values() - rate * tensor_of({0.5, 0.1}) + noise;
  parameters.gradients().copy_(tensor_of({0.5, 0.1}));
  make_optimizer("sgd", {{"weight-decay", (1 - lambda) / rate}})->step(parameters, rate);
  parameters.values().add_(noise);
  EXPECT_TRUE(torch::allclose(parameters.values(), tensor_of({0.95, -2.01}), 0, 1e-15));
  EXPECT_TRUE(torch::allclose(parameters.values(), shrunk, 0, 1e-15));
}

}  // namespace
}  // namespace ordo::optimize
