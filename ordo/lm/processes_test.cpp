// Several processes that train one model.
#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/process.h"
#include "ordo/lm/fit.h"
#include "ordo/lm/lm_testing.h"
#include "ordo/lm/training_testing.h"
#include "ordo/tensor/port_testing.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using torch::Tensor;

// What a training says and where it comes to.
struct Course {
  std::vector<double> losses, norms, validations;
  Tensor weights;
};

class Recorder : public EventSink {
 public:
  explicit Recorder(Course& course) : course_(course) {}
  void emit(const Event& event) override {
    const auto* const metric = std::get_if<Metric>(&event.body);
    if (metric == nullptr) return;
    if (metric->name == "loss") course_.losses.push_back(metric->value);
    if (metric->name == "gradient-norm") course_.norms.push_back(metric->value);
    if (metric->name == "validation-loss") course_.validations.push_back(metric->value);
  }

 private:
  Course& course_;
};

Course course_of(const FitOptions& options, std::shared_ptr<tensor::ProcessGroup> group = {}) {
  const JsonObject config = read_json((kGolden / "llama.json").string()).at("config").as_object();
  const auto model = make_model(models::parse_config(Json(config)), Random(1));
  model->to(torch::kFloat64);
  nets::FlatParameters parameters(*model);
  const auto optimizer = optimize::make_optimizer("adamw", {});
  std::vector<std::int64_t> tokens;
  for (std::int64_t token = 0; token < 400; ++token) tokens.push_back(token * token % 31);
  const TokenWindows windows(tokens, 12);
  Course course;
  Recorder recorder(course);
  Context context;
  context.events = &recorder;
  Fit fit(*model, parameters, *optimizer, options, Random(2));
  fit.group = std::move(group);
  fit.run(windows, &windows, context);
  course.weights = parameters.values().clone();
  return course;
}

// Ranks need not be processes for the arithmetic.
std::vector<Course> courses_of(const FitOptions& options, int world) {
  const int port = tensor::free_port();
  std::vector<Course> courses(static_cast<std::size_t>(world));
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < world; ++rank) {
    ranks.emplace_back([&, rank] {
      courses[static_cast<std::size_t>(rank)] = course_of(
          options, tensor::ProcessGroup::join(
                       {.rank = rank, .world = world, .port = port, .timeout = 60}, torch::kCPU));
    });
  }
  for (std::thread& rank : ranks) rank.join();
  return courses;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t place = 0; place < wanted.size(); ++place) {
    EXPECT_NEAR(found[place], wanted[place], kDouble * std::abs(wanted[place])) << place;
  }
}

// In float64 sums in another order differ by about 1e-16 of their terms, and Adam's division by the
// gradient's size lets that grow for gradients that nearly cancel.
TEST(Processes, LearnWhatOneDoes) {
  FitOptions options{.steps = 25,
                     .batch = 5,  // which no world divides
                     .accumulate = 2,
                     .rate = 0.01,
                     .clip = 0.5,
                     .evaluate_every = 10};
  for (const bool recompute : {false, true}) {
    options.recompute = recompute;
    const Course alone = course_of(options);
    EXPECT_EQ(alone.losses.size(), 25U);
    EXPECT_LT(alone.losses.back(), alone.losses.front() - 0.5);
    EXPECT_GT(alone.norms.front(), options.clip) << "so that clipping is at work";
    for (const int world : {2, 3, 7}) {  // of 7, two read nothing
      const std::vector<Course> together = courses_of(options, world);
      for (const Course& one : together) {
        expect_near(one.losses, alone.losses);
        expect_near(one.norms, alone.norms);
        expect_near(one.validations, alone.validations);
        EXPECT_LE(difference(one.weights, alone.weights), kDouble);
        EXPECT_TRUE(torch::equal(one.weights, together[0].weights)) << "the same bits everywhere";
      }
    }
  }
}

// ---- processes, as torchrun starts them ---------------------------------------------------------

class Training {
 public:
  Training() { write_training_text(path("text.txt")); }

  fs::path path(const std::string& name) const { return home_.path() / name; }

  Command command(int rank, int world, const std::string& out, int steps) const {
    Command command = training_command(ORDO_BIN_DIR, path("text.txt"), path(out), steps);
    command.env = {{"RANK", std::to_string(rank)},
                   {"WORLD_SIZE", std::to_string(world)},
                   {"MASTER_PORT", std::to_string(port_)},
                   {"OMP_WAIT_POLICY", "passive"}};
    return command;
  }

  std::future<ProcessOutput> start(int rank, int world, const std::string& out, int steps) const {
    return std::async(std::launch::async, [command = command(rank, world, out, steps)] {
      return run_process(command, {.wall_seconds = 280});
    });
  }

  // The weights of the folder.
  Tensor weights(const std::string& out) const {
    std::vector<Tensor> all;
    for (const auto& [name, tensor] : tensor::read_tensors(path(out) / "model.safetensors")) {
      all.push_back(tensor.flatten());
    }
    return torch::cat(all);
  }
  Json state(const std::string& out) const {
    return read_json((path(out) / "state.json").string());
  }
  std::int64_t steps_done(const std::string& out) const {
    return state(out).at("fit").at("step").as_int();
  }
  void wait_for(const std::string& out) const {
    while (!fs::exists(path(out) / "state.json")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

 private:
  TempFolder home_;
  int port_ = tensor::free_port();
};

void expect_done(std::future<ProcessOutput>& process) {
  const ProcessOutput output = process.get();
  EXPECT_EQ(output.exit.status, 0) << to_string(output.exit) << output.err;
}

TEST(Processes, OfTheProgramWriteTheModelOfOne) {
  const Training training;
  auto alone = training.start(0, 1, "alone", 20);
  expect_done(alone);
  auto first = training.start(0, 2, "together", 20), second = training.start(1, 2, "together", 20);
  expect_done(first);
  expect_done(second);
  // float32: 1e-7 of each gradient, which Adam lets grow where a gradient is small.
  EXPECT_LE(difference(training.weights("together"), training.weights("alone")), 1e-3);
  EXPECT_EQ(training.steps_done("together"), 20);
}

TEST(Processes, StopTogetherAndGoOnInAnotherNumber) {
  const Training training;
  constexpr int kSteps = 400;
  auto first = training.start(0, 2, "model", kSteps);
  Guardian second;
  second.start(training.command(1, 2, "model", kSteps), {.grace_seconds = 200}, {});
  training.wait_for("model");
  second.stop();  // asks it, and it alone
  EXPECT_EQ(second.wait().status, 130);
  const ProcessOutput output = first.get();
  EXPECT_EQ(output.exit.status, 130) << output.err;
  EXPECT_LT(training.steps_done("model"), kSteps);
  EXPECT_EQ(training.state("model").at("finished"), Json(false));
  auto alone = training.start(0, 1, "model", kSteps);
  expect_done(alone);
  EXPECT_EQ(training.steps_done("model"), kSteps);
}

TEST(Processes, HearThatOneIsGone) {
  const Training training;
  auto first = training.start(0, 2, "model", 1000000);
  Guardian second;
  second.start(training.command(1, 2, "model", 1000000), {.grace_seconds = 0}, {});
  training.wait_for("model");
  second.stop();
  second.wait();
  const ProcessOutput output = first.get();
  EXPECT_EQ(output.exit.status, 5) << to_string(output.exit);
  EXPECT_THAT(output.err, HasSubstr("another process is gone"));
  EXPECT_GT(training.steps_done("model"), 0) << "the last checkpoint is whole";
}

TEST(Processes, OfDifferentCommandsAreRefused) {
  const Training training;
  auto first = training.start(0, 2, "model", 20), second = training.start(1, 2, "model", 21);
  for (auto* process : {&first, &second}) {
    const ProcessOutput output = process->get();
    EXPECT_EQ(output.exit.status, 2) << output.err;
    EXPECT_THAT(output.err, HasSubstr("1 of the 2 processes"));
  }
  EXPECT_FALSE(fs::exists(training.path("model")));
}

}  // namespace
}  // namespace ordo::lm
