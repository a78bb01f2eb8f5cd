// How long language models take: bench-lm [THREADS [TASK]] prints a line per task (of those whose
// names begin so): its name, a config as JSON and the seconds (processor time on one thread, the
// clock's on several), with tabs between.
// bench-lm first FOLDER tells how long a folder takes from the program's start until the first
// token's scores are there; bench-lm memory FOLDER TOKENS, how much memory reading so many takes at
// most beyond the idle program, the weights and the cache. bench/lm/run sets PyTorch and
// transformers beside the first.
#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include "ordo/lm/checkpoint.h"
#include "ordo/lm/fit.h"
#include "ordo/lm/generate.h"
#include "ordo/tensor/device.h"

namespace {

using namespace ordo;
using Clock = std::chrono::steady_clock;

double now() {
  if (at::get_num_threads() == 1) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

double seconds_of(const std::function<void()>& run) {
  const double begin = now();
  run();
  return now() - begin;
}

double median(int rounds, const std::function<void()>& run) {
  run();
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) times.push_back(seconds_of(run));
  std::ranges::nth_element(times, times.begin() + rounds / 2);
  return times[static_cast<std::size_t>(rounds / 2)];
}

models::Config shape(std::int64_t hidden, std::int64_t layers, std::int64_t heads,
                     std::int64_t inner, std::int64_t vocabulary) {
  return models::parse_config(Json::object({{"model_type", "llama"},
                                            {"vocab_size", vocabulary},
                                            {"hidden_size", hidden},
                                            {"intermediate_size", inner},
                                            {"num_hidden_layers", layers},
                                            {"num_attention_heads", heads},
                                            {"num_key_value_heads", heads},
                                            {"max_position_embeddings", 2048},
                                            {"rms_norm_eps", 1e-5},
                                            {"tie_word_embeddings", true}}));
}
models::Config ten_million() { return shape(256, 9, 8, 768, 8192); }
models::Config hundred_million() { return shape(768, 12, 12, 2048, 16384); }

void tell(const std::string& task, const models::Config& config, double seconds) {
  fmt::print("{}\t{}\t{:.6f}\n", task, models::to_json(config).dump(), seconds);
}

void time_prefill() {
  const auto model = lm::make_model(ten_million(), Random(1));
  const torch::Tensor tokens = torch::arange(4 * 512).remainder(8192).view({4, 512});
  const torch::NoGradGuard no_grad;
  tell("prefill 4 x 512", model->config(), median(5, [&] { model->forward({.tokens = tokens}); }));
}

void time_step() {
  const auto model = lm::make_model(ten_million(), Random(1));
  nets::FlatParameters parameters(*model);
  const auto optimizer = optimize::make_optimizer("adamw", {});
  std::vector<std::int64_t> tokens(8 * 256 + 1);
  for (std::size_t token = 0; token < tokens.size(); ++token) {
    tokens[token] = static_cast<std::int64_t>(token * 7 % 8192);
  }
  const lm::TokenWindows windows(tokens, 256);
  Context context;
  const int steps = 5;
  const auto train = [&] {
    lm::Fit fit(*model, parameters, *optimizer, {.steps = steps, .batch = 8, .rate = 1e-4},
                Random(1));
    fit.run(windows, nullptr, context);
  };
  tell("training step 8 x 256", model->config(), median(3, train) / steps);
}

void time_decode(std::int64_t rows, std::int64_t tokens) {
  const auto model = lm::make_model(hundred_million(), Random(1));
  std::vector<lm::Request> requests;
  for (std::int64_t row = 0; row < rows; ++row) {
    requests.push_back({{row + 1, 2, 3, 4, 5, 6, 7, 8}, 0});
  }
  Context context;
  const lm::GenerateOptions options{.max_tokens = tokens, .sampling = {.temperature = 0}};
  const double seconds = median(3, [&] { lm::generate(*model, requests, options, context); });
  tell(fmt::format("decode {} x {}", rows, tokens), model->config(), seconds);
}

// Reading the weights once, as decoding must for each token: the bound of memory.
void time_bound() {
  const auto model = lm::make_model(hundred_million(), Random(1));
  const nets::FlatParameters parameters(*model);
  tell("reading all weights", model->config(), median(9, [&] { parameters.values().sum(); }));
}

void time_first_token(const std::string& folder, Clock::time_point start) {
  const auto model = lm::load_model(folder);
  const torch::NoGradGuard no_grad;
  model->forward({.tokens = torch::ones({1, 1}, torch::kInt64)});
  fmt::print("first token\t{}\t{:.6f}\n", folder,
             std::chrono::duration<double>(Clock::now() - start).count());
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void tell_memory(const std::string& folder, std::int64_t count) {
  const torch::NoGradGuard no_grad;
  torch::ones({64, 64}).mm(torch::ones({64, 64}));  // libraries that a first product loads
  const double idle = peak_megabytes();
  const auto model = lm::load_model(folder);
  const torch::Tensor tokens = torch::arange(count).remainder(100).view({1, count});
  lm::Cache cache(model->config());
  model->head(model->hidden({.tokens = tokens}, &cache).narrow(1, count - 1, 1));
  const auto megabytes = [](const torch::Tensor& tensor) {
    return static_cast<double>(tensor.nbytes()) / (1 << 20);
  };
  double weights = 0;
  for (const torch::Tensor& parameter : model->parameters()) weights += megabytes(parameter);
  const models::Config& config = model->config();
  const double cached =
      2 * static_cast<double>(config.layers * config.key_heads * config.head_size * count) *
      static_cast<double>(c10::elementSize(model->dtype())) / (1 << 20);
  const double peak = peak_megabytes();
  fmt::print(
      "{} tokens: peak {:.0f} MB = idle {:.0f} + weights {:.0f} + cache {:.0f} + {:.0f} MB\n",
      count, peak, idle, weights, cached, peak - idle - weights - cached);
}

}  // namespace

int main(int argc, char** argv) {
  const auto start = Clock::now();
  if (argc > 2 && std::string(argv[1]) == "first") {
    time_first_token(argv[2], start);
    return 0;
  }
  if (argc > 3 && std::string(argv[1]) == "memory") {
    tell_memory(argv[2], std::stoll(argv[3]));
    return 0;
  }
  tensor::set_threads(argc > 1 ? std::stoi(argv[1]) : 1);
  const std::string wanted = argc > 2 ? argv[2] : "";
  const auto is_wanted = [&](const std::string& task) { return task.starts_with(wanted); };
  if (is_wanted("prefill 4 x 512")) time_prefill();
  if (is_wanted("reading all weights")) time_bound();
  if (is_wanted("decode 1 x 64")) time_decode(1, 64);
  if (is_wanted("decode 16 x 64")) time_decode(16, 64);
  tensor::keep_freed_memory();  // as `ordo lm train` does
  if (is_wanted("training step 8 x 256")) time_step();
}
