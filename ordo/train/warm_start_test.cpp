// The warm-start operations against the numbers of Ash and Adams' code and of Shin et al.'s, and
// against what must hold whatever the numbers are.
#include <cmath>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/layers.h"
#include "ordo/train/auto_shrink.h"
#include "ordo/train/criterion.h"
#include "ordo/train/dash.h"
#include "ordo/train/gradient_balance.h"
#include "ordo/train/margin_sampling.h"
#include "ordo/train/round_start.h"
#include "ordo/train/train_testing.h"

namespace ordo::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kFloat = 1.2e-7;  // the rounding of one float32 operation on numbers near 1

// Parameters of one element each, whose fresh values are given numbers.
class FixedNet : public nets::Net {
 public:
  FixedNet(const std::vector<double>& old_values, const std::vector<double>& fresh) {
    class Numbers : public nets::Layer {
     public:
      explicit Numbers(const std::vector<double>& fresh) : fresh_(fresh) {}
      std::vector<nets::Initial> initials() const override {
        std::vector<nets::Initial> list;
        for (std::size_t index = 0; index < fresh_.size(); ++index) {
          list.push_back({"w" + std::to_string(index), nets::Role::weight,
                          tensor::Draw::constant(fresh_[index])});
        }
        return list;
      }
      std::vector<double> fresh_;
    };
    auto numbers = std::make_shared<Numbers>(fresh);
    for (std::size_t index = 0; index < old_values.size(); ++index) {
      numbers->register_parameter("w" + std::to_string(index),
                                  torch::full({1}, old_values[index], torch::kFloat32));
    }
    register_module("numbers", numbers);
  }
  torch::Tensor forward(const torch::Tensor& input) override { return input; }
  std::string head() const override { return "none"; }
};

std::vector<double> blended(const ShrinkPerturb& options) {
  FixedNet net({1, -2, 0.5, 0.25}, {0.1, 0.3, -0.2, 0.05});
  nets::FlatParameters parameters(net);
  shrink_perturb(net, parameters, options, Random(1));
  return to_vector(parameters.values());
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected,
                 double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t index = 0; index < found.size(); ++index) {
    EXPECT_NEAR(found[index], expected[index], tolerance) << "at " << index;
  }
}

TEST(WarmStart, Oracle01BlendsOldAndFresh) {
  expect_near(blended({.shrink = 0.6, .perturb = 0.01}), {0.601, -1.197, 0.298, 0.1505},
              2 * kFloat);
  expect_near(blended({.shrink = 0.4, .perturb = 0.1}), {0.41, -0.77, 0.18, 0.105}, 2 * kFloat);
  EXPECT_THAT(blended({.shrink = 1, .perturb = 0}), ElementsAre(1, -2, 0.5, 0.25));
  expect_near(blended({.shrink = 0, .perturb = 1}), {0.1, 0.3, -0.2, 0.05}, kFloat);
}

TEST(WarmStart, Oracle01TreatsBatchNormLikeAnyLayer) {
  const auto net = make_cnn(1);
  nets::FlatParameters parameters(*net);
  for (const auto& entry : parameters.entries()) {
    if (entry.parameter.role != nets::Role::norm) continue;
    const bool is_weight = entry.parameter.name.ends_with("weight");
    parameters.value(entry).fill_(is_weight ? 1.7 : -0.3);
  }
  shrink_perturb(*net, parameters, {.shrink = 0.4, .perturb = 0.1}, Random(2));
  for (const auto& entry : parameters.entries()) {
    if (entry.parameter.role != nets::Role::norm) continue;
    const bool is_weight = entry.parameter.name.ends_with("weight");
    for (const double value : to_vector(parameters.value(entry))) {
      EXPECT_NEAR(value, is_weight ? 0.78 : -0.12, 2 * kFloat);
    }
  }
}

TEST(WarmStart, Oracle02ShrinkingScalesTheLogitsOfABiasFreeReluNetByItsPower) {
  const auto net = nets::make_net({.name = "mlp",
                                   .options = {{"hidden", Json::array({3})}, {"bias", false}},
                                   .input = {2},
                                   .outputs = 2},
                                  Random(1));
  torch::NoGradGuard no_grad;
  nets::FlatParameters parameters(*net);
  const torch::Tensor first =
      torch::tensor({{1.0, -1.0}, {0.5, 2.0}, {-1.5, 0.5}}, torch::kFloat32);
  const torch::Tensor second =
      torch::tensor({{1.0, 0.0, -1.0}, {-0.5, 1.0, 0.25}}, torch::kFloat32);
  const torch::Tensor input = torch::tensor({{1.0, 0.5}}, torch::kFloat32);
  struct Row {
    double shrink, first, second, entropy;
  };
  for (const Row& row :
       {Row{1, 0.5, 1.25, 0.6274869817}, Row{0.6, 0.18, 0.45, 0.6841170508},
        Row{0.3, 0.045, 0.1125, 0.6925779735}, Row{0.1, 0.005, 0.0125, 0.6931401493}}) {
    net->parameters()[0].copy_(first);
    net->parameters()[1].copy_(second);
    shrink_perturb(*net, parameters, {.shrink = row.shrink, .perturb = 0}, Random(3));
    const torch::Tensor logits = net->forward(input).to(torch::kFloat64);
    expect_near(to_vector(logits.squeeze(0)), {row.first, row.second}, 4 * kFloat);
    const torch::Tensor probabilities = logits.softmax(1);
    EXPECT_NEAR(-(probabilities * probabilities.log()).sum().item<double>(), row.entropy, 4e-7);
  }
}

TEST(WarmStart, Oracle03GaussianNoiseHasTheStatedNormAndAngle) {
  // E|theta'|^2 = lambda^2 |theta|^2 + 3 sigma^2 and E theta.theta' = lambda |theta|^2, whose ratio
  // E theta.theta' / (|theta| sqrt(E|theta'|^2)) is the stated .97622104. (The mean of the cosine
  // itself is another number, near .9834.)
  const std::vector<double> theta = {0.3, -0.4, 1.2};
  constexpr int kDraws = 20'000;
  double square = 0, square2 = 0, product = 0, product2 = 0;
  const Random stream(7);
  for (int draw = 0; draw < kDraws; ++draw) {
    FixedNet net(theta, theta);
    nets::FlatParameters parameters(net);
    shrink_perturb(net, parameters, {.shrink = 0.6, .perturb = 0.1, .noise = "gaussian"},
                   stream.split(static_cast<std::uint64_t>(draw)));
    const std::vector<double> now = to_vector(parameters.values());
    double dot = 0, norm = 0;
    for (std::size_t index = 0; index < 3; ++index) {
      dot += theta[index] * now[index];
      norm += now[index] * now[index];
    }
    square += norm;
    square2 += norm * norm;
    product += dot;
    product2 += dot * dot;
  }
  const auto within = [&](double sum, double sum2, double expected) {
    const double mean = sum / kDraws;
    const double error = std::sqrt((sum2 / kDraws - mean * mean) / kDraws);
    EXPECT_NEAR(mean, expected, 4 * error);
  };
  within(square, square2, 0.6384);
  within(product, product2, 0.6 * 1.69);
  EXPECT_NEAR(0.6 * 1.69 / (1.3 * std::sqrt(0.6384)), 0.97622104, 5e-9);
}

TEST(WarmStart, Oracle06LegacyAccuracyWeighsEarlyBatchesMore) {
  EpochAccuracy plain(Criterion::plain), legacy(Criterion::legacy);
  for (int batch = 0; batch < 25; ++batch) {
    plain.add(90 + batch, 128);
    legacy.add(90 + batch, 128);
  }
  EXPECT_DOUBLE_EQ(plain.value(), 0.796875);
  EXPECT_NEAR(legacy.value(), 0.7752862595, 5e-11);
}

// Softmax regression on two features without a bias, and the four samples of the table.
struct Regression {
  std::shared_ptr<nets::Net> net =
      nets::make_net({.name = "mlp",
                      .options = {{"hidden", Json::array()}, {"bias", false}},
                      .input = {2},
                      .outputs = 2},
                     Random(1));
  Examples examples{torch::tensor({{1.0, 0.0}, {1.5, 0.2}, {-0.5, 1.0}, {0.2, -1.0}}),
                    torch::tensor({0, 0, 0, 1}, torch::kInt64)};
  Regression() {
    torch::NoGradGuard no_grad;
    net->to(torch::kFloat64);
    net->parameters()[0].copy_(torch::tensor({{2.0, 0.0}, {-2.0, 0.0}}));
    examples.inputs = examples.inputs.to(torch::kFloat64);
  }
};

TEST(WarmStart, Oracle07NewExamplesHaveLargerGradientsUntilTheWeightsShrink) {
  struct Row {
    double shrink, ratio, tolerance;
  };
  for (const Row& row : {Row{1, 77.71, 0.005}, Row{0.6, 12.066143, 5e-7}, Row{0.3, 2.897474, 5e-7},
                         Row{0, 0.850619, 5e-7}}) {
    Regression regression;
    nets::FlatParameters parameters(*regression.net);
    shrink_perturb(*regression.net, parameters, {.shrink = row.shrink, .perturb = 0}, Random(1));
    const GradientBalance balance = gradient_balance(*regression.net, regression.examples, 2);
    EXPECT_NEAR(balance.ratio(), row.ratio, row.tolerance);
    if (row.shrink == 1) {
      EXPECT_NEAR(balance.old_norm, 0.0153639934, 5e-9);
      EXPECT_NEAR(balance.new_norm, 1.1938789048, 5e-9);
    }
  }
}

TEST(WarmStart, Oracle08PicksTheSmallestMarginsFirstByIndex) {
  const torch::Tensor probabilities = torch::tensor(
      {{0.5, 0.3, 0.2}, {0.4, 0.39, 0.21}, {0.9, 0.05, 0.05}, {0.34, 0.33, 0.33}}, torch::kFloat64);
  auto picked = smallest_margins(probabilities, 2);
  std::sort(picked.begin(), picked.end());  // .4 - .39 and .34 - .33 differ by their rounding
  EXPECT_THAT(picked, ElementsAre(1, 3));
  const torch::Tensor ties = torch::tensor({{0.5, 0.25}, {0.75, 0.5}, {0.5, 0.5}});
  EXPECT_THAT(smallest_margins(ties, 3), ElementsAre(2, 0, 1));
  EXPECT_THROW(smallest_margins(ties, 4), UsageError);
}

TEST(WarmStart, Oracle09DashShrinksRowsThatPointAwayFromTheirGradient) {
  torch::Tensor weight = torch::tensor({{-1.0, 0.5}, {0.5, 0.5}}, torch::kFloat64);
  const torch::Tensor direction = -torch::tensor({{0.2, -0.1}, {-0.3, 0.4}}, torch::kFloat64);
  shrink_by_direction(weight, direction, 0.3);
  expect_near(to_vector(weight), {-1, 0.5, 0.15, 0.15}, 1e-15);
}

TEST(WarmStart, DashLeavesAlonePartsWithoutAGradient) {
  torch::Tensor weight = torch::ones({2, 3});
  shrink_by_direction(weight, torch::zeros({2, 3}), 0.3);
  EXPECT_TRUE(weight.equal(torch::ones({2, 3})));
}

TEST(WarmStart, Oracle10KeepingEverythingKeepsOutputsBitForBit) {
  const auto net = make_cnn(1);
  const Examples examples = make_digits(20, 2);
  nets::FlatParameters parameters(*net);
  net->forward(examples.inputs);  // moves the running statistics
  net->eval();
  const torch::Tensor before = net->forward(examples.inputs);
  shrink_perturb(*net, parameters, {.shrink = 1, .perturb = 0}, Random(5));
  EXPECT_TRUE(net->forward(examples.inputs).equal(before));
}

TEST(WarmStart, Oracle10ShrinkingToNothingIsAFreshNetworkWhateverWasBefore) {
  const auto fresh = make_cnn(9);
  for (const std::uint64_t seed : {1, 2}) {
    const auto net = make_cnn(seed);
    nets::FlatParameters parameters(*net);
    parameters.values()[0] = std::nan("");
    shrink_perturb(*net, parameters, {.shrink = 0, .perturb = 1}, Random(9));
    const auto expected = fresh->named_parameters();
    for (const auto& item : net->named_parameters()) {
      EXPECT_TRUE(item.value().equal(expected[item.key()])) << item.key();
    }
  }
}

TEST(WarmStart, Oracle10IsLinear) {
  // l2 (l1 w + g phi1) + g phi2: the old weights by l1 l2, each noise by what came after it.
  const auto net = make_mlp(1), one = make_mlp(11), two = make_mlp(12);
  nets::FlatParameters parameters(*net), first(*one), second(*two);
  const torch::Tensor expected =
      0.5 * (0.6 * parameters.values() + 0.1 * first.values()) + 0.2 * second.values();
  shrink_perturb(*net, parameters, {.shrink = 0.6, .perturb = 0.1}, Random(11));
  shrink_perturb(*net, parameters, {.shrink = 0.5, .perturb = 0.2}, Random(12));
  EXPECT_LT((parameters.values() - expected).abs().max().item<double>(), 4 * kFloat);
}

Round round_of(nets::Net& net, nets::FlatParameters& parameters, optimize::Optimizer& optimizer,
               const Examples& examples) {
  return {.net = net,
          .parameters = parameters,
          .optimizer = optimizer,
          .examples = examples,
          .old_size = examples.size() / 2,
          .batch_size = 32,
          .stream = Random(3)};
}

TEST(WarmStart, Oracle10ResetsTheOptimizerUnlessAskedToKeepIt) {
  const Examples examples = make_digits(64, 1);
  Context context;
  for (const bool keep : {false, true}) {
    const auto net = make_mlp(1);
    nets::FlatParameters parameters(*net);
    const auto adam = optimize::make_optimizer("adam", {});
    parameters.gradients().fill_(0.1);
    adam->step(parameters, 0.001);
    Round round = round_of(*net, parameters, *adam, examples);
    make_round_start({.name = "sp", .options = {{"optimizer", keep ? "keep" : "reset"}}})
        ->apply(round, context);
    EXPECT_EQ(adam->state().empty(), !keep);
  }
}

TEST(WarmStart, Oracle11ResetsRunningStatistics) {
  const Examples examples = make_digits(64, 1);
  Context context;
  const auto net = make_cnn(1);
  nets::FlatParameters parameters(*net);
  net->forward(examples.inputs);
  const auto sgd = optimize::make_optimizer("sgd", {});
  Round round = round_of(*net, parameters, *sgd, examples);
  make_round_start({.name = "ws", .options = {}})->apply(round, context);
  int norms = 0;
  for (const auto& module : net->modules()) {
    auto* norm = dynamic_cast<nets::GhostBatchNormImpl*>(module.get());
    if (norm == nullptr) continue;
    ++norms;
    EXPECT_EQ(norm->running_mean.abs().max().item<double>(), 0);
    EXPECT_TRUE(norm->running_var.equal(torch::ones_like(norm->running_var)));
    EXPECT_EQ(norm->num_batches_tracked.item<std::int64_t>(), 0);
  }
  EXPECT_EQ(norms, 2);
}

TEST(WarmStart, RecalibratedStatisticsAreTheMeansOverBatches) {
  const Examples examples = make_digits(96, 1);
  const auto net = make_cnn(1);
  recalibrate(*net, examples, 32);
  // The first norm sees the first convolution's output, which no statistic changes.
  auto* norm = static_cast<nets::GhostBatchNormImpl*>(nullptr);
  torch::nn::Module* conv = nullptr;
  for (const auto& module : net->modules()) {
    if (conv == nullptr && dynamic_cast<nets::Conv2dImpl*>(module.get())) conv = module.get();
    if (norm == nullptr) norm = dynamic_cast<nets::GhostBatchNormImpl*>(module.get());
  }
  torch::NoGradGuard no_grad;
  torch::Tensor mean = torch::zeros_like(norm->running_mean);
  torch::Tensor var = torch::zeros_like(norm->running_var);
  for (int batch = 0; batch < 3; ++batch) {
    const torch::Tensor out = dynamic_cast<nets::Conv2dImpl*>(conv)->forward(
        examples.range(32 * batch, 32 * (batch + 1)).inputs);
    mean += out.mean({0, 2, 3}) / 3;
    var += out.transpose(0, 1).flatten(1).var(1, /*unbiased=*/true) / 3;
  }
  EXPECT_LT((norm->running_mean - mean).abs().max().item<double>(), 3e-6);
  EXPECT_LT((norm->running_var - var).abs().max().item<double>(), 3e-6);
}

TEST(WarmStart, HeadResetAndLastLayerChangeOppositeParts) {
  const Examples examples = make_digits(64, 1);
  Context context;
  const auto changed = [&](const std::string& method) {
    const auto net = make_mlp(1);
    nets::FlatParameters parameters(*net);
    const auto before = parameters.values().clone();
    const auto sgd = optimize::make_optimizer("sgd", {});
    Round round = round_of(*net, parameters, *sgd, examples);
    make_round_start({.name = method, .options = {}})->apply(round, context);
    std::vector<std::string> names;
    for (const auto& entry : parameters.entries()) {
      const torch::Tensor old = before.narrow(0, entry.offset, entry.parameter.value.numel())
                                    .view_as(entry.parameter.value);
      if (!parameters.value(entry).equal(old)) names.push_back(entry.parameter.name);
    }
    return names;
  };
  EXPECT_THAT(changed("head-reset"), testing::Each(testing::StartsWith("head.")));
  EXPECT_EQ(changed("head-reset").size(), 2u);
  EXPECT_THAT(changed("last-layer"), testing::Each(testing::Not(testing::StartsWith("head."))));
  EXPECT_EQ(changed("last-layer").size(), 2u);
  EXPECT_TRUE(changed("ws").empty());
  EXPECT_EQ(changed("ri").size(), 4u);
}

TEST(WarmStart, L2InitPullsTowardsTheFirstWeights) {
  const Examples examples = make_digits(64, 1);
  Context context;
  const auto net = make_mlp(1);
  nets::FlatParameters parameters(*net);
  const auto sgd = optimize::make_optimizer("sgd", {});
  Round round = round_of(*net, parameters, *sgd, examples);
  const auto method = make_round_start({.name = "l2-init", .options = {{"strength", 0.01}}});
  method->apply(round, context);
  const torch::Tensor first = parameters.values().clone();
  const GradientHook pull = method->during([&] { return first; }, Random(1));
  torch::NoGradGuard no_grad;
  parameters.values().add_(0.5);
  parameters.gradients().zero_();
  pull(parameters, 0);
  // d/dw of 0.01 (w - w0)^2 at w - w0 = 0.5.
  EXPECT_LT((parameters.gradients() - 0.01).abs().max().item<double>(), 2e-8);
}

TEST(WarmStart, EveryStepShrinkingIsWeightDecayForSgd) {
  const Examples examples = make_digits(64, 1);
  constexpr double kShrink = 0.999, kRate = 0.1;
  Context context;
  const auto trained = [&](const NamedSpec& optimizer, const NamedSpec& method) {
    const auto net = make_mlp(1);
    nets::FlatParameters parameters(*net);
    const auto sgd = optimize::make_optimizer(optimizer.name, optimizer.options);
    const FitOptions options{.batch_size = 16, .rate = kRate, .stop = {.epochs = 3}};
    Trainer trainer(*net, parameters, *sgd, options, Random(2));
    trainer.adjust_gradients = make_round_start(method)->during({}, Random(3));
    trainer.fit(examples, context);
    return parameters.values().clone();
  };
  const torch::Tensor shrunk =
      trained({.name = "sgd", .options = {}},
              {.name = "sp-steps", .options = {{"shrink", kShrink}, {"perturb", 0}}});
  const torch::Tensor decayed =
      trained({.name = "sgd", .options = {{"weight-decay", (1 - kShrink) / kRate}}},
              {.name = "ws", .options = {}});
  // Twelve steps in float32.
  EXPECT_LT((shrunk - decayed).abs().max().item<double>(), 1e-5);
  EXPECT_GT((shrunk - trained({.name = "sgd", .options = {}}, {.name = "ws", .options = {}}))
                .abs()
                .max()
                .item<double>(),
            1e-4);
}

TEST(WarmStart, AutoShrinkFindsTheWantedBalance) {
  Regression regression;
  nets::FlatParameters parameters(*regression.net);
  const auto sgd = optimize::make_optimizer("sgd", {});
  Round round = round_of(*regression.net, parameters, *sgd, regression.examples);
  const torch::Tensor before = parameters.values().clone();
  const double shrink = choose_shrink(round, {.perturb = 0}, 2.897474, Context());
  EXPECT_NEAR(shrink, 0.3, 0.011);  // bisected to a hundredth
  EXPECT_TRUE(parameters.values().equal(before));
  EXPECT_EQ(choose_shrink(round, {.perturb = 0}, 100, Context()), 1);
}

TEST(WarmStart, RefusesWhatMakesNoSense) {
  const auto message = [](const std::string& spec) -> std::string {
    try {
      make_round_start(parse_named_spec(spec));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message("sp:shrink=1.5"), HasSubstr("shrink"));
  EXPECT_THAT(message("sp:perturb=-1"), HasSubstr("perturb"));
  EXPECT_THAT(message("sp:include=[\"wieghts\"]"), HasSubstr("did you mean 'weights'"));
  EXPECT_THAT(message("shrinkperturb"), HasSubstr("there are ri, ws, sp"));
  EXPECT_THAT(message("dahs"), HasSubstr("did you mean 'dash'"));
  EXPECT_THAT(message("sp:"), HasSubstr("key=value"));
  EXPECT_EQ(message("sp:shrink=0.6,perturb=0.01,noise=gaussian"), "accepted");
}

}  // namespace
}  // namespace ordo::train
