#include "ordo/train/trainer.h"

#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/train/evaluate.h"
#include "ordo/train/train_testing.h"

namespace ordo::train {
namespace {

using ::testing::HasSubstr;

// A network with what trains it.
struct Learner {
  std::shared_ptr<nets::Net> net;
  nets::FlatParameters parameters;
  std::unique_ptr<optimize::Optimizer> optimizer;
  Trainer trainer;

  Learner(std::shared_ptr<nets::Net> made, const FitOptions& options,
          const std::string& method = "adam")
      : net(std::move(made)),
        parameters(*net),
        optimizer(optimize::make_optimizer(method, {})),
        trainer(*net, parameters, *optimizer, options, Random(5)) {}
};

std::shared_ptr<nets::Net> mlp_with_dropout() {
  return nets::make_net({.name = "mlp",
                         .options = {{"hidden", Json::array({16})}, {"dropout", 0.2}},
                         .input = {64},
                         .outputs = 10},
                        Random(1));
}

FitOptions options_for(std::int64_t epochs) {
  return {.batch_size = 32, .rate = 0.01, .schedule = {}, .clip = 0, .stop = {.epochs = epochs}};
}

TEST(Trainer, LearnsUntilTheAccuracyThatWasAskedFor) {
  Learner learner(make_mlp(1), {.batch_size = 32, .rate = 0.01, .stop = {.until_accuracy = 0.95}});
  const Examples examples = make_digits(400, 1), test = make_digits(200, 2);
  Context context;
  const Fit fit = learner.trainer.fit(examples, context);
  EXPECT_EQ(fit.reason, StopReason::converged);
  EXPECT_GE(fit.accuracy, 0.95);
  EXPECT_EQ(fit.steps, fit.epochs * 13);
  EXPECT_EQ(fit.examples, fit.epochs * 400);
  EXPECT_GT(evaluate(*learner.net, test, context).accuracy, 0.8);
}

TEST(Trainer, EachGuardStopsIt) {
  const Examples examples = make_digits(100, 1);
  Context context;
  const auto reason = [&](StopRules rules, double rate) {
    Learner learner(make_mlp(1), {.batch_size = 32, .rate = rate, .stop = rules}, "sgd");
    return learner.trainer.fit(examples, context);
  };
  EXPECT_EQ(reason({.max_epochs = 3}, 1e-6).reason, StopReason::max_epochs);
  const Fit steps = reason({.max_steps = 6}, 1e-6);
  EXPECT_EQ(steps.reason, StopReason::max_steps);
  EXPECT_EQ(steps.steps, 6);
  // Without learning, the first epoch's accuracy is never beaten.
  const Fit stalled = reason({.stall_epochs = 2}, 0);
  EXPECT_EQ(stalled.reason, StopReason::stalled);
  EXPECT_EQ(stalled.epochs, 3);
  EXPECT_EQ(reason({.max_epochs = 0, .max_seconds = 0.05}, 1e-6).reason, StopReason::max_seconds);
  EXPECT_TRUE(reason({.epochs = 2}, 1e-6).reached());
  EXPECT_FALSE(steps.reached());
}

TEST(Trainer, GoesOnWithTheSameNumbersFromAnyStep) {
  const Examples examples = make_digits(100, 1);  // 4 steps an epoch
  Context context;
  Learner whole(mlp_with_dropout(), options_for(4));
  whole.trainer.fit(examples, context);
  for (const std::int64_t stop_at : {1, 4, 5, 11, 15}) {
    Learner first(mlp_with_dropout(), options_for(4));
    StopSource source;
    Context stopping;
    stopping.stop = source.token();
    std::int64_t steps = 0;
    first.trainer.adjust_gradients = [&](nets::FlatParameters&, std::int64_t) {
      if (++steps == stop_at) source.request_stop();
    };
    Json state;
    tensor::NamedTensors moments;
    torch::Tensor values;
    first.trainer.save = [&] {
      state = parse_json(first.trainer.state().dump());
      moments = first.optimizer->state();
      values = first.parameters.values().clone();
    };
    EXPECT_THROW(first.trainer.fit(examples, stopping), Interrupted);
    ASSERT_EQ(state.at("step").as_int(), stop_at);

    Learner second(mlp_with_dropout(), options_for(4));
    second.parameters.values().copy_(values);
    second.optimizer->load_state(moments);
    second.trainer.load_state(state);
    const Fit fit = second.trainer.fit(examples, context);
    EXPECT_EQ(fit.steps, 16);
    EXPECT_TRUE(second.parameters.values().equal(whole.parameters.values())) << stop_at;
  }
}

TEST(Trainer, LeavesOutAnExampleThatWouldBeABatchOfItsOwn) {
  Learner learner(make_cnn(1), options_for(2));
  Context context;
  const Fit fit = learner.trainer.fit(make_digits(65, 1), context);  // 32 + 32 + 1
  EXPECT_EQ(fit.steps, 4);
  EXPECT_EQ(fit.examples, 128);
}

TEST(Trainer, NamesStepAndRateWhenTheLossIsLost) {
  Learner learner(make_mlp(1), {.batch_size = 32, .rate = 1e20, .stop = {.epochs = 5}}, "sgd");
  const Examples examples = make_digits(100, 1);
  Context context;
  try {
    learner.trainer.fit(examples, context);
    FAIL() << "went on";
  } catch (const NumericError& error) {
    EXPECT_THAT(error.what(), HasSubstr("at step "));
    EXPECT_THAT(error.what(), HasSubstr("learning rate 1e+20"));
  }
}

TEST(Trainer, TwoProcessesLearnWhatOneDoes) {
  const Examples examples = make_digits(203, 1);  // the last batch of 11 splits unevenly
  Context context;
  Learner alone(make_mlp(1), options_for(3), "sgd");
  const Fit fit = alone.trainer.fit(examples, context);
  // Two ranks need not be two processes for the arithmetic; processes are the group's own test.
  torch::Tensor together[2];
  double accuracy[2] = {};
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < 2; ++rank) {
    ranks.emplace_back([&, rank] {
      Context own;
      Learner learner(make_mlp(1), options_for(3), "sgd");
      learner.trainer.group = tensor::ProcessGroup::join(
          {.rank = rank, .world = 2, .port = 29617, .timeout = 60}, torch::kCPU);
      accuracy[rank] = learner.trainer.fit(examples, own).accuracy;
      together[rank] = learner.parameters.values().clone();
    });
  }
  for (std::thread& rank : ranks) rank.join();
  EXPECT_TRUE(together[0].equal(together[1]));
  EXPECT_LT((together[0] - alone.parameters.values()).abs().max().item<double>(), 1e-5);
  EXPECT_DOUBLE_EQ(accuracy[0], fit.accuracy);
}

TEST(Evaluate, AgreesWithCountingByHand) {
  const torch::Tensor logits =
      torch::tensor({{1.0, 2.0, 2.0}, {3.0, 1.0, 0.0}, {0.0, 0.0, 1.0}}, torch::kFloat32);
  // Of equal entries the first is the prediction.
  EXPECT_EQ(count_correct(logits, torch::tensor({1, 0, 2})), 3);
  EXPECT_EQ(count_correct(logits, torch::tensor({2, 0, 2})), 2);
  EXPECT_EQ(count_correct(logits.to(torch::kFloat64), torch::tensor({2, 0, 2})), 2);
}

}  // namespace
}  // namespace ordo::train
