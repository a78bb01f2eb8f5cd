// How long loss and gradients of a batch take: bench-nets [THREADS] prints a line per network, its
// name, its spec with the batch size as JSON, microseconds of Net::differentiate, and microseconds
// of its matrix products alone (0 for convolutions), with tabs between; each time is the median of
// 9 timings of at least 30 ms. bench/nets/run sets plain PyTorch beside it.
#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/nets/net.h"
#include "ordo/tensor/device.h"
#include "ordo/tensor/random.h"

namespace {

using namespace ordo;

struct Case {
  std::string name;
  nets::Spec spec;
  std::int64_t batch;
};

std::vector<Case> cases() {
  const auto mlp = [](Json::Array hidden, std::int64_t inputs) {
    return nets::Spec{"mlp", {{"hidden", Json(std::move(hidden))}}, {inputs}, 10};
  };
  return {{"mlp 64-20-10", mlp({20}, 64), 32},
          {"mlp 784-256-10", mlp({256}, 784), 64},
          {"mlp 784-100-100-10", mlp({100, 100}, 784), 128},
          {"cnn 1-8-16", {"cnn", {}, {1, 28, 28}, 10}, 128},
          {"thin resnet-18", {"resnet", {}, {3, 32, 32}, 10}, 32}};
}

double now() {
  if (at::get_num_threads() == 1) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double seconds_of(int calls, const std::function<void()>& run) {
  const double start = now();
  for (int call = 0; call < calls; ++call) run();
  return now() - start;
}

double microseconds(const std::function<void()>& run) {
  int calls = 1;
  while (seconds_of(calls, run) < 0.03) calls *= 2;
  std::array<double, 9> times{};
  for (double& time : times) time = 1e6 * seconds_of(calls, run) / calls;
  std::ranges::sort(times);
  return times[times.size() / 2];
}

// The products that no implementation of this perceptron can do without: forward, by the weights,
// and by the inputs of all but the first layer.
double products_of(const nets::Spec& spec, std::int64_t batch) {
  std::vector<std::int64_t> widths = spec.input;
  for (const Json& width : spec.options.find("hidden")->as_array())
    widths.push_back(width.as_int());
  widths.push_back(spec.outputs);
  std::vector<torch::Tensor> values, errors, weights, gradients;
  for (std::size_t layer = 0; layer < widths.size(); ++layer) {
    values.push_back(torch::rand({batch, widths[layer]}));
    errors.push_back(torch::rand({batch, widths[layer]}));
    if (layer == 0) continue;
    weights.push_back(torch::rand({widths[layer], widths[layer - 1]}));
    gradients.push_back(torch::empty_like(weights.back()));
  }
  const at::AutoDispatchBelowADInplaceOrView plain_kernels;
  return microseconds([&] {
    for (std::size_t layer = 0; layer < weights.size(); ++layer) {
      at::mm_out(values[layer + 1], values[layer], weights[layer].t());
    }
    for (std::size_t layer = weights.size(); layer-- > 0;) {
      at::mm_out(gradients[layer], errors[layer + 1].t(), values[layer]);
      if (layer > 0) at::mm_out(errors[layer], errors[layer + 1], weights[layer]);
    }
  });
}

void time_case(const Case& one) {
  const auto net = nets::make_net(one.spec, Random(1));
  nets::FlatParameters parameters(*net);
  std::vector<std::int64_t> shape = {one.batch};
  shape.insert(shape.end(), one.spec.input.begin(), one.spec.input.end());
  torch::Tensor input = torch::empty(shape);
  tensor::fill(input, tensor::Draw::normal(1), Random(2));
  const torch::Tensor labels = torch::arange(one.batch) % one.spec.outputs;
  const double ours = microseconds([&] { net->differentiate(input, labels, parameters); });
  Json spec = nets::to_json(one.spec);
  spec["batch"] = one.batch;
  fmt::print("{}\t{}\t{:.3f}\t{:.3f}\n", one.name, spec.dump(), ours,
             one.spec.name == "mlp" ? products_of(one.spec, one.batch) : 0.0);
}

}  // namespace

int main(int argc, char** argv) {
  tensor::keep_freed_memory();  // as `ordo train` does
  tensor::set_threads(argc > 1 ? std::stoi(argv[1]) : 1);
  for (const Case& one : cases()) time_case(one);
}
