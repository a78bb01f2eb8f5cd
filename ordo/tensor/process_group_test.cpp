#include "ordo/tensor/process_group.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <torch/torch.h>
#include <unistd.h>

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/process.h"
#include "ordo/tensor/port_testing.h"

namespace ordo::tensor {
namespace {

using ::testing::HasSubstr;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Runs a disabled test of this file as the processes of a group, and wants it to pass in each.
void run_as_group(const std::string& test, int world, const std::string& port,
                  const std::vector<std::pair<std::string, std::string>>& variables = {}) {
  const TempFolder folder;
  std::vector<std::future<ProcessOutput>> processes;
  for (int rank = 0; rank < world; ++rank) {
    Command command = {.argv = {std::filesystem::read_symlink("/proc/self/exe").string(),
                                "--gtest_also_run_disabled_tests", "--gtest_filter=" + test},
                       .env = {{"RANK", std::to_string(rank)},
                               {"WORLD_SIZE", std::to_string(world)},
                               {"MASTER_PORT", port},
                               {"FOLDER", folder.path().string()}}};
    command.env.insert(command.env.end(), variables.begin(), variables.end());
    processes.push_back(std::async(
        std::launch::async, [command] { return run_process(command, {.wall_seconds = 280}); }));
  }
  for (auto& process : processes) {
    const ProcessOutput output = process.get();
    EXPECT_THAT(output.out, HasSubstr("[  PASSED  ] 1 test")) << to_string(output.exit) << "\n"
                                                              << output.out << output.err;
  }
}

void run_as_group(const std::string& test, int world) {
  run_as_group(test, world, std::to_string(free_port()));
}

int number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atoi(text) : 0;
}

Rendezvous from_environment(double timeout) {
  return {.rank = number_from("RANK"),
          .world = number_from("WORLD_SIZE"),
          .port = number_from("MASTER_PORT"),
          .listener = std::getenv("TORCHELASTIC_USE_AGENT_STORE") != nullptr
                          ? Rendezvous::Listener::launcher
                          : Rendezvous::Listener::rank0,
          .timeout = timeout};
}

// ---- what the processes of a group do -----------------------------------------------------------

TEST(ProcessGroup, DISABLED_Exchange) {
  const auto group = ProcessGroup::join(from_environment(250), torch::kCPU);
  const int rank = group->rank(), world = group->world();
  const double sum = world * (world + 1) / 2.0;  // of 1, ..., world
  for (const auto type :
       {torch::kFloat32, torch::kFloat64, torch::kBFloat16, torch::kFloat16, torch::kInt64}) {
    const torch::Tensor base = torch::arange(1000, torch::kInt64).remainder(8).to(type);
    torch::Tensor tensor = base * (rank + 1);
    group->all_reduce_sum(tensor);
    EXPECT_TRUE(torch::equal(tensor, base * sum)) << type;
  }
  torch::Tensor mean = torch::full({7}, rank + 1.0);
  group->all_reduce_mean(mean);
  EXPECT_TRUE(torch::equal(mean, torch::full({7}, sum / world)));

  torch::Tensor columns = torch::full({3, 4}, static_cast<float>(rank)).t();
  group->broadcast(columns);
  EXPECT_EQ(columns.abs().sum().item<float>(), 0);
  EXPECT_FALSE(columns.is_contiguous());

  torch::Tensor parameter = torch::full({5}, static_cast<float>(rank + 1), torch::requires_grad());
  group->all_reduce_sum(parameter);
  EXPECT_TRUE(parameter.is_leaf());
  EXPECT_EQ(parameter.sum().item<float>(), 5 * sum);

  torch::Tensor nothing = torch::empty({0});
  group->all_reduce_mean(nothing);
  torch::Tensor integers = torch::ones({2}, torch::kInt64);
  EXPECT_THROW(group->all_reduce_mean(integers), UsageError);
  group->barrier();
}

// Sums of numbers that do not add up exactly are the same everywhere: broadcast rank 0's and
// compare.
TEST(ProcessGroup, DISABLED_EqualBits) {
  const auto group = ProcessGroup::join(from_environment(250), torch::kCPU);
  torch::manual_seed(group->rank());
  torch::Tensor mean = torch::randn({100003});
  group->all_reduce_mean(mean);
  torch::Tensor first = mean.clone();
  group->broadcast(first);
  EXPECT_TRUE(torch::equal(first, mean));
}

TEST(ProcessGroup, DISABLED_OneDies) {
  const auto group = ProcessGroup::join(from_environment(250), torch::kCPU);
  group->barrier();
  if (group->rank() == 1) {
    std::printf("[  PASSED  ] 1 test\n");
    std::fflush(stdout);
    ::_exit(0);
  }
  torch::Tensor tensor = torch::ones({1000});
  const double seconds = seconds_of([&] {
    try {
      group->all_reduce_mean(tensor);
      ADD_FAILURE() << "nobody was missed";
    } catch (const IoError& error) {
      EXPECT_THAT(error.what(), HasSubstr("another process is gone"));
      EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:"));
    }
  });
  EXPECT_LT(seconds, 100);  // long before the time-out
}

void wait_for(const std::filesystem::path& file) {
  while (!std::filesystem::exists(file)) ::usleep(20'000);
}

TEST(ProcessGroup, DISABLED_OneHangs) {
  // The time-out is short, so both are up before it begins to count.
  const std::filesystem::path folder = std::getenv("FOLDER");
  write_file_atomic(folder / std::getenv("RANK"), "");
  for (const char* rank : {"0", "1"}) wait_for(folder / rank);
  const auto group = ProcessGroup::join(from_environment(4), torch::kCPU);
  if (group->rank() == 1) {
    wait_for(folder / "noticed");
    return;
  }
  torch::Tensor tensor = torch::ones({1000});
  const double seconds = seconds_of([&] { EXPECT_THROW(group->all_reduce_mean(tensor), IoError); });
  EXPECT_GT(seconds, 3);
  write_file_atomic(folder / "noticed", "");
}

// ---- tests --------------------------------------------------------------------------------------

TEST(ProcessGroup, TwoProcessesExchange) { run_as_group("ProcessGroup.DISABLED_Exchange", 2); }

TEST(ProcessGroup, ThreeProcessesExchange) { run_as_group("ProcessGroup.DISABLED_Exchange", 3); }

// torchrun's agent listens itself, and rank 0 must not.
TEST(ProcessGroup, ProcessesMeetAtALauncherThatListens) {
  c10d::TCPStoreOptions options;
  options.port = 0;
  options.isServer = true;
  options.waitWorkers = false;
  const auto store = c10::make_intrusive<c10d::TCPStore>("127.0.0.1", options);
  run_as_group("ProcessGroup.DISABLED_Exchange", 2, std::to_string(store->getPort()),
               {{"TORCHELASTIC_USE_AGENT_STORE", "True"}});
}

TEST(ProcessGroup, AllGetEqualBits) { run_as_group("ProcessGroup.DISABLED_EqualBits", 3); }

TEST(ProcessGroup, ADeadProcessIsAnErrorSoon) { run_as_group("ProcessGroup.DISABLED_OneDies", 2); }

TEST(ProcessGroup, AHangingProcessIsAnErrorAfterTheTimeOut) {
  run_as_group("ProcessGroup.DISABLED_OneHangs", 2);
}

TEST(ProcessGroup, WhoeverWaitsInVainHearsWhere) {
  for (const int rank : {0, 1}) {
    const int port = free_port();
    ::testing::internal::CaptureStderr();
    const double seconds = seconds_of([&] {
      try {
        ProcessGroup::join({.rank = rank, .world = 2, .port = port, .timeout = 1}, torch::kCPU);
        ADD_FAILURE() << "joined";
      } catch (const IoError& error) {
        EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(port)));
        EXPECT_THAT(error.what(), HasSubstr("within 1 s"));
      }
    });
    EXPECT_LT(seconds, 20);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");  // the error says it all
  }
}

TEST(ProcessGroup, APortInUseIsAnError) {
  const Port port;
  try {
    ProcessGroup::join({.rank = 0, .world = 2, .port = port.number(), .timeout = 1}, torch::kCPU);
    ADD_FAILURE() << "joined";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(port.number())));
  }
}

TEST(ProcessGroup, OneProcessNeedsNoNetwork) {
  const auto group = ProcessGroup::join({.host = "no.such.host"}, torch::kCPU);
  torch::Tensor tensor = torch::arange(3, torch::kFloat32);
  group->all_reduce_mean(tensor);
  group->broadcast(tensor);
  group->barrier();
  EXPECT_EQ(group->world(), 1);
  EXPECT_TRUE(torch::equal(tensor, torch::arange(3, torch::kFloat32)));
}

TEST(ProcessGroup, RefusesRanksOutsideOfTheWorld) {
  EXPECT_THROW(ProcessGroup::join({.rank = 2, .world = 2}, torch::kCPU), UsageError);
  EXPECT_THROW(ProcessGroup::join({.rank = -1, .world = 2}, torch::kCPU), UsageError);
  EXPECT_THROW(ProcessGroup::join({.rank = 0, .world = 2, .port = 0}, torch::kCPU), UsageError);
  EXPECT_THROW(ProcessGroup::join({}, torch::Device("mps")), UsageError);
}

}  // namespace
}  // namespace ordo::tensor
