// The parts of "Train longer, generalize better" (Hoffer, Hubara and Soudry, NIPS 2017) beside
// worked numbers and identities.
#include <cmath>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/nets/ghost_batch_norm.h"
#include "ordo/nets/model_folder.h"
#include "ordo/train/batch_recipe.h"
#include "ordo/train/convert.h"
#include "ordo/train/distance.h"
#include "ordo/train/landscape.h"
#include "ordo/train/plan.h"
#include "ordo/train/regime.h"
#include "ordo/train/run.h"
#include "ordo/train/scale_rate.h"
#include "ordo/train/train_testing.h"

namespace ordo::train {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Thrown, class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Thrown& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// ---- rates, noise, clipping ----

TEST(LargeBatch, Oracle05RootScaling) {
  EXPECT_NEAR(scale_rate(.1, 128, 4096, RateScaling::sqrt), .5656854249, 5e-11);
  EXPECT_NEAR(scale_rate(.1, 256, 2048, RateScaling::sqrt), .2828427125, 5e-11);
  EXPECT_DOUBLE_EQ(scale_rate(.1, 128, 4096, RateScaling::linear), 3.2);
  EXPECT_EQ(scale_rate(.1, 128, 4096, RateScaling::none), .1);
  EXPECT_THROW(scale_rate(.1, 0, 8, RateScaling::sqrt), UsageError);
  EXPECT_THROW(rate_scaling_of("cube"), UsageError);
}

TEST(LargeBatch, Oracle06ClipsTheNormTo5) {
  struct Three : nets::Layer {
    Three() { register_parameter("weight", torch::zeros({3}, torch::kFloat64)); }
    std::vector<nets::Initial> initials() const override {
      return {{"weight", nets::Role::weight, tensor::Draw::constant(0)}};
    }
  } three;
  nets::FlatParameters parameters(three);
  parameters.gradients().copy_(torch::tensor({6.0, 8.0, 0.0}, torch::kFloat64));
  EXPECT_DOUBLE_EQ(optimize::clip_norm(parameters, 5), 10);
  // The authors divide by the norm plus 1e-6, which is where their 2.9999997 comes from.
  EXPECT_NEAR(parameters.gradients()[0].item<double>(), 2.9999997, 4e-7);
  EXPECT_NEAR(parameters.gradients()[1].item<double>(), 3.9999996, 5e-7);
  EXPECT_EQ(parameters.gradients()[2].item<double>(), 0);
}

TEST(LargeBatch, Oracle09CovarianceOfTheIncrementOverAllBatches) {
  // Every batch of M of the four gradients, with and without replacement, by enumeration.
  const double gradients[4][2] = {{1, 0}, {2, -1}, {-1, 3}, {0, 2}};
  const double rate = .1;
  struct Covariance {
    double xx = 0, xy = 0, yy = 0;
  };
  const auto enumerate = [&](int size, bool replacement) {
    double x = 0, y = 0, xx = 0, xy = 0, yy = 0, count = 0;
    int batches = 1;
    for (int i = 0; i < size; ++i) batches *= 4;
    for (int batch = 0; batch < batches; ++batch) {
      double sum[2] = {};
      int seen = 0;
      bool twice = false;
      for (int i = 0, rest = batch; i < size; ++i, rest /= 4) {
        twice = twice || (seen >> (rest % 4) & 1) != 0;
        seen |= 1 << (rest % 4);
        sum[0] += gradients[rest % 4][0] * rate / size;
        sum[1] += gradients[rest % 4][1] * rate / size;
      }
      if (twice && !replacement) continue;
      ++count;
      x += sum[0];
      y += sum[1];
      xx += sum[0] * sum[0];
      xy += sum[0] * sum[1];
      yy += sum[1] * sum[1];
    }
    return Covariance{xx / count - x * x / count / count, xy / count - x * y / count / count,
                      yy / count - y * y / count / count};
  };
  const auto expect = [](const Covariance& found, double xx, double xy, double yy) {
    EXPECT_NEAR(found.xx, xx, 5e-11);
    EXPECT_NEAR(found.xy, xy, 5e-11);
    EXPECT_NEAR(found.yy, yy, 5e-11);
  };
  expect(enumerate(1, true), .0125, -.0175, .025);
  expect(enumerate(2, false), .0041666667, -.0058333333, .0083333333);
  expect(enumerate(2, true), .00625, -.00875, .0125);
  expect(enumerate(4, false), 0, 0, 0);
  // So the rate that keeps the covariance from batches of 1 to 2 (with replacement) is sqrt(2) r.
  const double grown = scale_rate(rate, 1, 2, RateScaling::sqrt) / rate;
  EXPECT_NEAR(enumerate(2, true).xx * grown * grown, enumerate(1, true).xx, 1e-15);
}

FitOptions noisy(double variance) {
  return {.batch_size = 32, .rate = 0.01, .stop = {.epochs = 2}, .noise_variance = variance};
}

torch::Tensor trained(std::shared_ptr<nets::Net> net, const FitOptions& options,
                      const Examples& examples,
                      std::shared_ptr<tensor::ProcessGroup> group = nullptr) {
  nets::FlatParameters parameters(*net);
  const auto sgd = optimize::make_optimizer("sgd", {{"momentum", 0.9}});
  Trainer trainer(*net, parameters, *sgd, options, Random(5));
  trainer.group = std::move(group);
  Context context;
  trainer.fit(examples, context);
  return parameters.values().clone();
}

TEST(LargeBatch, Oracle11NoiseHasTheRatioLessOneAndMeanOne) {
  EXPECT_EQ(gradient_noise_variance(32, 1024), 31);
  EXPECT_EQ(gradient_noise_variance(32, 32), 0);
  EXPECT_THROW(gradient_noise_variance(32, 16), UsageError);
  const Examples examples = make_digits(100, 1);
  const torch::Tensor plain = trained(make_mlp(1), noisy(0), examples);
  EXPECT_TRUE(trained(make_mlp(1), noisy(0), examples).equal(plain));
  EXPECT_FALSE(trained(make_mlp(1), noisy(1), examples).equal(plain));

  // Over many draws the weighted gradient is the plain one in the mean, and its scatter is that of
  // the examples' gradients times the deviation over the root of the batch.
  const auto net = make_mlp(1);
  net->to(torch::kFloat64);
  nets::FlatParameters parameters(*net);
  const torch::Tensor inputs = examples.inputs.slice(0, 0, 32).to(torch::kFloat64),
                      labels = examples.labels.slice(0, 0, 32);
  net->differentiate(inputs, labels, parameters);
  const torch::Tensor expected = parameters.gradients().clone();
  double trace = 0;  // E|g_w - g|^2 = sigma^2 / M * mean of |g_i|^2
  for (std::int64_t i = 0; i < 32; ++i) {
    net->differentiate(inputs.slice(0, i, i + 1), labels.slice(0, i, i + 1), parameters);
    trace += parameters.gradients().square().sum().item<double>() / 32;
  }
  const double variance = 4;
  torch::Tensor mean = torch::zeros_like(expected), weights = torch::empty({32}, torch::kFloat64);
  double scatter = 0, weight_mean = 0;
  const int draws = 2000;
  for (int draw = 0; draw < draws; ++draw) {
    tensor::fill(weights, tensor::Draw::normal(std::sqrt(variance)),
                 Random(9).split(static_cast<std::uint64_t>(draw)));
    weights.add_(1);
    weight_mean += weights.mean().item<double>() / draws;
    net->differentiate_weighted(inputs, labels, weights, parameters);
    mean += parameters.gradients() / draws;
    scatter += (parameters.gradients() - expected).square().sum().item<double>() / draws;
  }
  const double standard = std::sqrt(variance / (32.0 * draws));
  EXPECT_NEAR(weight_mean, 1, 4 * standard);
  EXPECT_NEAR(scatter, variance / 32 * trace, 0.15 * variance / 32 * trace);
  EXPECT_LT((mean - expected).norm().item<double>(), 4 * std::sqrt(scatter / draws));
}

// ---- regimes ----

const char* const kResNet = R"({"0": {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9},
  "81": {"lr": 0.01}, "122": {"lr": 0.001}, "164": {"lr": 0.0001}, "epochs": 100})";

Regime regime_of(const std::string& text) { return Regime::from_json(parse_json(text), "r.json"); }

std::vector<double> epochs_of(const Regime& regime) {
  std::vector<double> epochs;
  for (const Regime::Change& change : regime.changes()) epochs.push_back(change.epoch);
  return epochs;
}

TEST(LargeBatch, Oracle07AdaptsARegime) {
  const Regime regime = regime_of(kResNet);
  const Regime adapted = regime.adapt(256, 2048, RegimeUnit::ceil);
  EXPECT_THAT(epochs_of(adapted), ElementsAre(0, 648, 976, 1312));
  EXPECT_EQ(adapted.epochs(), 800);
  EXPECT_EQ(regime.schedule(50000, 256).updates, 19600);
  EXPECT_EQ(adapted.schedule(50000, 2048).updates, 20000);
  EXPECT_EQ(regime.adapt(128, 4096, RegimeUnit::epochs).epochs(), 3200);
  EXPECT_EQ(regime.schedule(50000, 128).updates, 39100);
  EXPECT_EQ(regime.schedule(50000, 128, 4096, RegimeUnit::epochs).updates, 41600);
  EXPECT_EQ(regime.adapt(256, 2000, RegimeUnit::ceil).epochs(), 800);
  EXPECT_EQ(regime.adapt(256, 2000, RegimeUnit::epochs).epochs(), 781.25);
  // In updates nothing drifts: the boundaries are those of the small batches.
  const auto exact = regime.schedule(50000, 128, 4096, RegimeUnit::updates);
  EXPECT_EQ(exact.updates, 39100);
  EXPECT_EQ(exact.changes[1].update, 81 * 391);
  EXPECT_EQ(exact.changes[3].update, 164 * 391);
}

TEST(LargeBatch, Oracle07SettingsStayUntilTheyAreSetAgain) {
  RegimePlayer player(
      regime_of(R"({"0": {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9}, "1": {"lr": 0.2},
                    "2": {"weight_decay": 0.5}, "3": {"optimizer": "adam"}})")
          .schedule(40, 10),
      {.name = "rmsprop", .options = {}}, 7, 0.5);
  EXPECT_EQ(player.rate(), 3.5);
  EXPECT_EQ(player.spec().name, "rmsprop");
  EXPECT_TRUE(player.advance(0));
  EXPECT_EQ(to_string(player.spec()), "sgd:momentum=0.9");
  EXPECT_DOUBLE_EQ(player.rate(), .05);
  EXPECT_FALSE(player.advance(3));
  EXPECT_TRUE(player.advance(4));
  EXPECT_DOUBLE_EQ(player.rate(), .1);
  EXPECT_EQ(to_string(player.spec()), "sgd:momentum=0.9");
  player.advance(8);
  EXPECT_EQ(to_string(player.spec()), "sgd:momentum=0.9,weight-decay=0.5");
  player.advance(12);  // adam knows weight decay, but no momentum
  EXPECT_EQ(to_string(player.spec()), "adam:weight-decay=0.5");
  EXPECT_DOUBLE_EQ(player.rate(), .1);
}

TEST(LargeBatch, MomentaOutliveAChangeOfOptions) {
  const auto net = make_mlp(1);
  nets::FlatParameters parameters(*net);
  parameters.gradients().fill_(1);
  RegimePlayer player(regime_of(R"({"0": {"optimizer": "sgd", "lr": 0, "momentum": 0.5},
                                    "1": {"momentum": 0.25}, "2": {"momentum": 0}})")
                          .schedule(4, 4),
                      {.name = "sgd", .options = {}}, 1, 1);
  player.advance(0);
  player.optimizer().step(parameters, 0);
  player.optimizer().step(parameters, 0);  // velocity 1.5
  player.advance(1);
  player.optimizer().step(parameters, 0);
  const auto state = player.optimizer().state();
  ASSERT_EQ(state.size(), 2U);
  EXPECT_FLOAT_EQ(state[1].second[0].item<float>(), 1 + .25F * 1.5F);
  EXPECT_NO_THROW(player.advance(2));  // without momentum there is none to keep
}

TEST(LargeBatch, RefusesRegimesThatAreNone) {
  const auto refusal = [](const std::string& text) {
    return message_of<InputError>([&] { regime_of(text); });
  };
  EXPECT_THAT(refusal(R"({"5": {"lr": 1}})"),
              HasSubstr("r.json: /5: a regime begins with epoch 0"));
  EXPECT_THAT(refusal(R"({"0": {}, "9": {}, "3": {}})"), HasSubstr("/3: epochs must rise"));
  EXPECT_THAT(refusal(R"({"0": {}, "-1": {}})"), HasSubstr("/-1: expected an epoch"));
  EXPECT_THAT(refusal(R"({"0": {}, "1.5": {}})"), HasSubstr("/1.5: expected an epoch"));
  EXPECT_THAT(refusal(R"({"0": {"optimizer": "SGDD"}})"),
              HasSubstr("/0/optimizer: there is no optimizer 'SGDD'; did you mean 'sgd'?"));
  EXPECT_THAT(refusal(R"({"0": {"lr": -1}})"), HasSubstr("/0/lr: expected a rate"));
  EXPECT_THAT(refusal(R"({"0": {"lr": "fast"}})"), HasSubstr("/0/lr"));
  EXPECT_THAT(refusal(R"({"0": {"lr": 1, "rate": 2}})"), HasSubstr("/0/rate: is said twice"));
  EXPECT_THAT(refusal(R"({"0": 1})"), HasSubstr("/0"));
  EXPECT_THAT(refusal(R"({"0": {}, "epochs": 0})"), HasSubstr("/epochs: expected a length"));
  EXPECT_THAT(refusal("{}"), HasSubstr("needs at least epoch 0"));
  EXPECT_THAT(message_of<UsageError>([] { Regime::read("resnet-45"); }), HasSubstr("resnet44"));
  EXPECT_THAT(message_of<UsageError>([] {
                RegimePlayer(regime_of(R"({"0": {}, "2": {"mometum": 1}})").schedule(10, 5),
                             {.name = "sgd", .options = {}}, 1, 1);
              }),
              HasSubstr("before update 4"));
  for (const NamedRegime& named : named_regimes()) {
    EXPECT_NO_THROW(RegimePlayer(Regime::read(named.name).schedule(1000, 128),
                                 {.name = "sgd", .options = {}}, 1, 1));
  }
}

TEST(LargeBatch, CountsStepsAsTheTrainerTakesThem) {
  EXPECT_EQ(steps_per_epoch(50000, 128), 391);
  EXPECT_EQ(steps_per_epoch(65, 32), 2);  // one example alone is left out
  EXPECT_EQ(steps_per_epoch(66, 32), 3);
  EXPECT_EQ(steps_per_epoch(1, 32), 1);
  EXPECT_EQ(steps_per_epoch(5, 1), 5);
}

// ---- distances ----

TEST(LargeBatch, Oracle10FitsOfTheDistance) {
  const std::vector<double> times = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
  const std::vector<double> distances = {.31, .52, .83, 1.07, 1.32, 1.61, 1.88, 2.09, 2.41, 2.63};
  const LineFit log = fit_log(times, distances);
  EXPECT_NEAR(log.a, .2949254869, 5e-11);
  EXPECT_NEAR(log.b, .339350329, 5e-10);
  EXPECT_NEAR(log.r2, .9997613194, 5e-11);
  const PowerFit power = fit_power(times, distances);
  EXPECT_NEAR(power.log_power, .2871153341, 5e-11);
  EXPECT_NEAR(power.log_r2, .92113, 5e-6);
  EXPECT_NEAR(fit_sqrt(times, distances).r2, .82296, 5e-6);
  std::vector<double> exact, squares;
  for (const double time : times) exact.push_back(.4 + .25 * std::log(time));
  for (const double time : times) squares.push_back(3 * std::pow(time, .4));
  EXPECT_NEAR(fit_log(times, exact).a, .4, 1e-14);
  EXPECT_NEAR(fit_log(times, exact).b, .25, 1e-14);
  const PowerFit found = fit_power(times, squares);
  EXPECT_NEAR(found.power, .4, 1e-7);
  EXPECT_NEAR(found.scale, 3, 1e-6);
  EXPECT_NEAR(found.r2, 1, 1e-12);
  // No line in the logarithms explains more of the distances than the least squares of themselves.
  EXPECT_GT(power.r2, 0.9);
  EXPECT_LT(power.r2, log.r2);
  EXPECT_THROW(fit_log(std::vector<double>{1}, std::vector<double>{1}), UsageError);
  EXPECT_THROW(fit_log(std::vector<double>{0, 1}, std::vector<double>{1, 2}), UsageError);
  EXPECT_THROW(fit_log(std::vector<double>{2, 2}, std::vector<double>{1, 2}), UsageError);
  EXPECT_THROW(fit_power(std::vector<double>{1, 2}, std::vector<double>{0, 2}), UsageError);
}

TEST(LargeBatch, DistancesAreOfAllParametersAndNoStatistics) {
  const auto net = make_cnn(1);
  nets::FlatParameters parameters(*net);
  DistanceTracker tracker(parameters);
  EXPECT_THAT(tracker.layers(), Contains("convolutions.0"));
  EXPECT_THAT(tracker.layers(), Contains("norms.1"));
  for (const auto& buffer : net->buffers()) buffer.fill_(7);
  EXPECT_EQ(tracker.measure(parameters, 1, .1).total, 0);
  const torch::NoGradGuard no_grad;
  parameters.values().add_(0.5F);
  const Distance distance = tracker.measure(parameters, 2, .1);
  EXPECT_NEAR(distance.total, 0.5 * std::sqrt(static_cast<double>(parameters.values().numel())),
              1e-5);
  double squares = 0;
  for (const double layer : distance.layers) squares += layer * layer;
  EXPECT_NEAR(squares, distance.total * distance.total, 1e-9);
  // It goes on from what it gives.
  DistanceTracker second(parameters, tracker.origin(), parse_json(tracker.state().dump()));
  EXPECT_EQ(second.distances().size(), 2U);
  EXPECT_EQ(second.measure(parameters, 3, .1).total, distance.total);
  EXPECT_TRUE(DistanceTracker::is_due(1));
  EXPECT_TRUE(DistanceTracker::is_due(512));
  EXPECT_FALSE(DistanceTracker::is_due(0));
  EXPECT_FALSE(DistanceTracker::is_due(96));
}

TEST(LargeBatch, FitsOnlyTheFirstPhaseOfTheRate) {
  const auto net = make_mlp(1);
  nets::FlatParameters parameters(*net);
  DistanceTracker tracker(parameters);
  const torch::NoGradGuard no_grad;
  const torch::Tensor origin = parameters.values().clone();
  const auto root = std::sqrt(static_cast<double>(origin.numel()));
  for (const std::int64_t update : {1, 2, 4, 6, 8, 16, 32}) {
    const double distance = update == 6 || update > 8 ? 99 : 1 + std::log(update);
    parameters.values().copy_(origin + distance / root);
    tracker.measure(parameters, update, update > 8 ? .01 : .1);
    if (update == 2) EXPECT_FALSE(tracker.fits());
  }
  const auto fits = tracker.fits();
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->points, 4);
  EXPECT_EQ(fits->last, 8);
  EXPECT_NEAR(fits->log.b, 1, 1e-4);
}

// ---- ghosts in training ----

std::shared_ptr<nets::Net> normed_mlp(std::int64_t ghost) {
  return nets::make_net(
      {.name = "mlp",
       .options = {{"hidden", Json::array({24, 24})}, {"batch-norm", true}, {"ghost", ghost}},
       .input = {64},
       .outputs = 10},
      Random(1));
}

FitOptions ghosts_of(std::int64_t size, GhostForm form, std::int64_t batch) {
  FitOptions options{.batch_size = batch, .rate = 0.05, .stop = {.epochs = 2}};
  options.ghost_form = form;
  options.ghosts.ghost_size = size;
  return options;
}

TEST(LargeBatch, Oracle12LayersAndAccumulationGiveTheSameGradients) {
  // Equal ghosts, and a remainder that is merged: shares of rows make unequal ghosts right too.
  for (const std::int64_t rows : {64, 70}) {
    const Examples examples = make_digits(rows, 1);
    const auto gradient = [&](std::int64_t layer_ghost, GhostForm form) {
      const auto net = normed_mlp(layer_ghost);
      nets::FlatParameters parameters(*net);
      const auto sgd = optimize::make_optimizer("sgd", {});
      FitOptions options = ghosts_of(16, form, rows);
      options.stop = {.steps = 1};
      Trainer trainer(*net, parameters, *sgd, options, Random(5));
      torch::Tensor found;
      trainer.adjust_gradients = [&](nets::FlatParameters& all, std::int64_t) {
        found = all.gradients().clone();
      };
      Context context;
      trainer.fit(examples, context);
      return std::pair(found, net->buffers());
    };
    const auto [layer, layer_buffers] = gradient(16, GhostForm::layer);
    const auto [accumulated, accumulated_buffers] = gradient(0, GhostForm::accumulate);
    EXPECT_LT((layer - accumulated).abs().max().item<double>(), 1e-6);
    EXPECT_GT(layer.abs().max().item<double>(), 1e-2);
    for (std::size_t one = 0; one < layer_buffers.size(); ++one) {
      EXPECT_TRUE(torch::allclose(layer_buffers[one], accumulated_buffers[one], 1e-5, 1e-6));
    }
  }
}

TEST(LargeBatch, GhostsTrainAlikeInAnyNumberOfProcesses) {
  const Examples examples = make_digits(203, 1);  // batches of 64, the last of 11
  for (const GhostForm form : {GhostForm::layer, GhostForm::accumulate}) {
    const std::int64_t in_layers = form == GhostForm::layer ? 16 : 0;
    const auto net = normed_mlp(in_layers);
    const torch::Tensor alone = trained(net, ghosts_of(16, form, 64), examples);
    for (const int world : {2, 3}) {
      std::vector<torch::Tensor> values(static_cast<std::size_t>(world));
      std::vector<std::shared_ptr<nets::Net>> nets;
      for (int rank = 0; rank < world; ++rank) nets.push_back(normed_mlp(in_layers));
      std::vector<std::thread> ranks;
      for (int rank = 0; rank < world; ++rank) {
        ranks.emplace_back([&, rank] {
          const auto at = static_cast<std::size_t>(rank);
          values[at] =
              trained(nets[at], ghosts_of(16, form, 64), examples,
                      tensor::ProcessGroup::join(
                          {.rank = rank, .world = world, .port = 29618 + world, .timeout = 60},
                          torch::kCPU));
        });
      }
      for (std::thread& rank : ranks) rank.join();
      const auto expected = net->buffers();
      for (int rank = 0; rank < world; ++rank) {
        const auto at = static_cast<std::size_t>(rank);
        EXPECT_LT((values[at] - alone).abs().max().item<double>(), 2e-5);
        const auto buffers = nets[at]->buffers();
        for (std::size_t one = 0; one < expected.size(); ++one) {
          EXPECT_TRUE(torch::allclose(buffers[one], expected[one], 1e-4, 1e-5)) << one;
        }
      }
    }
  }
}

TEST(LargeBatch, ATrainerOfStepsStopsAtTheStep) {
  const auto net = make_mlp(1);
  nets::FlatParameters parameters(*net);
  const auto sgd = optimize::make_optimizer("sgd", {});
  Trainer trainer(*net, parameters, *sgd,
                  {.batch_size = 32, .rate = 1e-6, .stop = {.until_accuracy = 1e-9, .steps = 7}},
                  Random(5));
  Context context;
  const Fit fit = trainer.fit(make_digits(100, 1), context);  // 4 steps an epoch
  EXPECT_EQ(fit.steps, 7);
  EXPECT_EQ(fit.reason, StopReason::steps);
  EXPECT_TRUE(fit.reached());
}

// ---- the verbs ----

data::Folders folders() {
  return {.bundled = std::filesystem::path(ORDO_SOURCE_DIR) / "data", .cache = {}};
}

RunOptions on_digits() {
  RunOptions options;
  options.learning.model = "mlp:hidden=[32],batch-norm=true";
  options.learning.optimizer = "sgd:momentum=0.9";
  options.learning.batch_size = 256;
  options.learning.clip = 5;
  options.data.split.test = 0.3;
  return options;
}

BatchPlan planned(const std::function<void(RunOptions&)>& change) {
  RunOptions options = on_digits();
  change(options);
  return plan_batches(options.batch, options.learning, 1257);
}

TEST(LargeBatch, TheAuthorsFlagsMeanTheSame) {
  const BatchPlan theirs = planned([](RunOptions& options) {
    options.batch.lr_bb_fix = options.batch.regime_bb_fix = true;
    options.batch.mini_batch_size = 32;
    options.batch.regime = "f1";
  });
  const BatchPlan ours = planned([](RunOptions& options) {
    options.batch.base_batch = options.batch.ghost_bn = 32;
    options.batch.lr_scaling = "sqrt";
    options.batch.regime = "f1";
    options.batch.regime_adapt = true;
    options.batch.regime_unit = "ceil";
  });
  EXPECT_DOUBLE_EQ(theirs.rate_factor, std::sqrt(8));
  EXPECT_EQ(theirs.rate_factor, ours.rate_factor);
  EXPECT_EQ(theirs.fit.ghosts.ghost_size, 32);
  EXPECT_EQ(theirs.fit.stop.steps, 50 * 8 * 5);
  EXPECT_EQ(theirs.schedule->updates, ours.schedule->updates);
  // Without ghosts their base is 256.
  EXPECT_EQ(planned([](RunOptions& options) { options.batch.lr_bb_fix = true; }).rate_factor, 1);
}

TEST(LargeBatch, RefusesOptionsThatContradictEachOther) {
  const auto refusal = [](const std::function<void(BatchRecipe&)>& change) {
    return message_of<UsageError>(
        [&] { planned([&](RunOptions& options) { change(options.batch); }); });
  };
  EXPECT_THAT(refusal([](BatchRecipe& batch) { batch.lr_scaling = "sqrt"; }),
              HasSubstr("--lr-scaling needs --base-batch"));
  EXPECT_THAT(refusal([](BatchRecipe& batch) { batch.grad_noise = "multiplicative"; }),
              HasSubstr("--grad-noise needs --base-batch"));
  EXPECT_THAT(refusal([](BatchRecipe& batch) {
                batch.regime_adapt = true;
                batch.base_batch = 32;
              }),
              HasSubstr("nothing to adapt"));
  EXPECT_THAT(refusal([](BatchRecipe& batch) { batch.ghost_bn = 1; }), HasSubstr("at least 2"));
  EXPECT_THAT(refusal([](BatchRecipe& batch) { batch.gbn = "accumulate"; }),
              HasSubstr("--gbn accumulate needs --ghost-bn"));
  EXPECT_THAT(refusal([](BatchRecipe& batch) { batch.lr_bb_fix = batch.no_lr_bb_fix = true; }),
              HasSubstr("different things"));
  EXPECT_THAT(refusal([](BatchRecipe& batch) {
                batch.mini_batch_size = 8;
                batch.ghost_bn = 16;
              }),
              HasSubstr("different things"));
}

TEST(LargeBatch, WarnsOfWhatIsLegalAndOdd) {
  const auto warnings = [](const std::function<void(RunOptions&)>& change) {
    return planned(change).warnings;
  };
  EXPECT_TRUE(warnings([](RunOptions& options) { options.batch.ghost_bn = 64; }).empty());
  EXPECT_THAT(warnings([](RunOptions& options) { options.batch.ghost_bn = 512; }),
              ElementsAre(HasSubstr("plain batch norm")));
  EXPECT_THAT(warnings([](RunOptions& options) { options.batch.ghost_bn = 60; }),
              ElementsAre(HasSubstr("leave 16 rows over")));
  EXPECT_THAT(warnings([](RunOptions& options) { options.learning.batch_size = 2000; }),
              ElementsAre(HasSubstr("every step is of all")));
  EXPECT_THAT(warnings([](RunOptions& options) {
                options.batch.base_batch = 32;
                options.batch.lr_scaling = "linear";
                options.learning.clip = 0;
              }),
              ElementsAre(HasSubstr("may diverge")));
}

TEST(LargeBatch, RunsAnAdaptedRegimeAndGoesOnWhereItWasInterrupted) {
  const TempFolder home;
  RunOptions options = on_digits();
  options.batch.base_batch = 64;
  options.batch.lr_scaling = "sqrt";
  options.batch.ghost_bn = 64;
  options.batch.regime_adapt = true;
  options.batch.track_distance = "log";
  const auto file = home.path() / "regime.json";
  write_file_atomic(file, R"({"0": {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9},
                              "2": {"lr": 0.01, "momentum": 0.8}, "epochs": 4})");
  options.batch.regime = file.string();
  options.out = home.path() / "whole";
  Context context;
  const RunResult whole = run(options, folders(), {}, context);
  // 1,257 examples: 20 batches of 64, 5 of 256.
  EXPECT_EQ(whole.fit.steps, 80);
  EXPECT_EQ(whole.fit.reason, StopReason::steps);
  EXPECT_GT(whole.test.accuracy, 0.9);
  ASSERT_TRUE(whole.fits);
  EXPECT_EQ(whole.fits->last, 32);  // the rate falls before update 40
  const std::string csv = read_file(options.out / "results.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 17);
  EXPECT_THAT(csv, HasSubstr("\n8,40,0.2,"));
  EXPECT_THAT(csv, HasSubstr("\n9,45,0.02,"));

  options.out = home.path() / "parts";
  options.resume = true;
  StopSource source;
  class StopAt : public EventSink {
   public:
    explicit StopAt(StopSource& stop) : stop_(stop) {}
    void emit(const Event& event) override {
      const auto* const metric = std::get_if<Metric>(&event.body);
      if (metric != nullptr && metric->name == "rate" && ++epochs_ == 8) stop_.request_stop();
    }

   private:
    StopSource& stop_;
    int epochs_ = 0;
  } sink(source);
  Context stopping;
  stopping.events = &sink;
  stopping.stop = source.token();
  EXPECT_THROW(run(options, folders(), {}, stopping), Interrupted);
  const RunResult rest = run(options, folders(), {}, context);
  EXPECT_EQ(rest.fit.steps, 80);
  for (const char* name : {"model.safetensors", "optimizer.safetensors", "results.csv"}) {
    EXPECT_EQ(read_file(home.path() / "parts" / name), read_file(home.path() / "whole" / name))
        << name;
  }
  EXPECT_EQ(rest.distances.size(), whole.distances.size());
}

TEST(LargeBatch, ConvertsATrainedModelAndKeepsItsNumbers) {
  const TempFolder home;
  RunOptions options = on_digits();
  options.learning.stop.epochs = 1;
  options.out = home.path() / "model";
  Context context;
  run(options, folders(), {}, context);
  const Converted converted =
      convert({.model = options.out, .ghost = 16, .out = home.path() / "ghosts"}, context);
  EXPECT_EQ(converted.norms, 1);
  EXPECT_EQ(converted.before, 0);
  const nets::Model before = nets::load_model(options.out),
                    after = nets::load_model(home.path() / "ghosts");
  EXPECT_EQ(after.spec.options.find("ghost")->as_int(), 16);
  const Examples examples = make_digits(64, 1);
  before.net->eval();
  after.net->eval();
  EXPECT_TRUE(before.net->forward(examples.inputs).equal(after.net->forward(examples.inputs)));
  before.net->train();
  after.net->train();
  EXPECT_FALSE(before.net->forward(examples.inputs).equal(after.net->forward(examples.inputs)));
  // And back.
  convert({.model = home.path() / "ghosts", .ghost = 0, .out = home.path() / "again"}, context);
  EXPECT_EQ(read_file(home.path() / "again" / "model.safetensors"),
            read_file(options.out / "model.safetensors"));

  EXPECT_THAT(message_of<UsageError>([&] {
                convert({.model = options.out, .ghost = 1, .out = home.path() / "one"}, context);
              }),
              HasSubstr("at least 2"));
  EXPECT_THAT(message_of<UsageError>([&] {
                convert({.model = options.out, .ghost = 8, .out = home.path() / "again"}, context);
              }),
              HasSubstr("is there already"));
  RunOptions bare = on_digits();
  bare.learning.model = "mlp";
  bare.batch.ghost_bn = 16;
  EXPECT_THAT(message_of<UsageError>([&] { run(bare, folders(), {}, context); }),
              HasSubstr("has no batch norm that could have ghosts; give it batch-norm=true"));
}

TEST(LargeBatch, PlansTheAdaptedRegime) {
  RunOptions options = on_digits();
  options.batch.base_batch = 64;
  options.batch.lr_scaling = "sqrt";
  options.batch.ghost_bn = 60;
  options.batch.regime = "f1";
  options.batch.regime_adapt = true;
  Context context;
  const Plan result = plan(options, folders(), context);
  EXPECT_EQ(result.updates, 1000);
  EXPECT_DOUBLE_EQ(result.epochs(), 200);
  ASSERT_EQ(result.regime.size(), 4U);
  EXPECT_EQ(result.regime[1].update, 200);
  EXPECT_DOUBLE_EQ(result.regime[1].rate, .02);
  EXPECT_THAT(result.regime[1].optimizer, HasSubstr("momentum=0.9"));
  const std::string text = to_text(result);
  EXPECT_THAT(text, HasSubstr("batches of 256 in ghosts of 60"));
  EXPECT_THAT(text, HasSubstr("1000 updates, 200 epochs"));
  EXPECT_THAT(text, HasSubstr("warning: batches of 256 leave 16 rows over"));
}

TEST(LargeBatch, LandscapeNearAPointIsThatOfItsGradient) {
  // At small distances the loss is linear in the weights, so that its deviation over directions is
  // distance * |gradient| / sqrt(dimension), with slope 1.
  LandscapeOptions options;
  options.model = "logistic";
  options.radii = {1e-3, 1e-2, 1e-1};
  options.samples = 400;
  Context context;
  const Landscape found = landscape(options, folders(), context);
  ASSERT_EQ(found.radii.size(), 3U);
  EXPECT_NEAR(found.slope, 1, 0.02);
  EXPECT_GT(found.r2, 0.999);
  EXPECT_NEAR(found.radii[0].mean, found.centre, 1e-3);

  const PreparedData data =
      prepare_data(options.data, {}, folders(), {}, context.random.split("data"));
  LearningRecipe learning;
  learning.model = "logistic";
  const auto net = nets::make_net(spec_for(learning, data), context.random.split("init"));
  nets::FlatParameters parameters(*net);
  const Examples examples = data.train.first(256);
  net->differentiate(examples.inputs, examples.labels, parameters);
  const double expected = 1e-3 * parameters.gradients().norm().item<double>() /
                          std::sqrt(static_cast<double>(parameters.values().numel()));
  // A standard deviation from 400 draws is known to 1 / sqrt(800).
  EXPECT_NEAR(found.radii[0].deviation, expected, 4 * expected / std::sqrt(800));
}

}  // namespace
}  // namespace ordo::train
