#include "ordo/nets/ghost_batch_norm.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/nets/ghost_kernels.h"
#include "ordo/tensor/parallel.h"

namespace ordo::nets {
namespace {

using Sizes = std::vector<std::int64_t>;

constexpr std::int64_t kGrain = 1 << 14;  // elements that are worth a thread

const std::vector<std::string> kRemainders = {"merge", "split", "error"};
const std::vector<std::string> kRunnings = {"ema_var", "paper_std", "paper_literal"};

template <class Choice>
Choice choice_of(const std::vector<std::string>& names, const std::string& name, const char* what) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    throw UsageError(
        fmt::format("{} '{}': expected one of {}", what, name, fmt::join(names, ", ")));
  }
  return static_cast<Choice>(found - names.begin());
}

std::int64_t values_a_row_of(const torch::Tensor& input) {
  return input.numel() / std::max<std::int64_t>(1, input.size(0) * input.size(1));
}

// How the numbers of a batch [n, c, ...] lie in memory.
struct Layout {
  std::int64_t rows, channels, plane;
  bool channels_last;  // or one value a row and channel, which is the same

  // As the kernels' columns: channels that one unit of them has, 0 if they are planes to them.
  std::int64_t channels_a_unit() const {
    return channels_last ? kernels::kColumns : kernels::kColumns / plane;
  }
};

torch::Tensor laid_out(const torch::Tensor& input) {
  return input.is_non_overlapping_and_dense() &&
                 (input.is_contiguous() || input.is_contiguous(input.suggest_memory_format()))
             ? input
             : input.contiguous();
}

Layout layout_of(const torch::Tensor& input) {
  const std::int64_t plane = values_a_row_of(input);
  return {input.size(0), input.size(1), plane, plane == 1 || !input.is_contiguous()};
}

// A unit of the kernels' work: a ghost and where its channels begin.
struct Unit {
  std::int64_t ghost, channel, channels;
  std::int64_t row, rows;  // of the ghost

  std::int64_t statistic(const Layout& layout) const { return ghost * layout.channels + channel; }
  std::int64_t offset(const Layout& layout) const {
    return layout.channels_last ? row * layout.plane * layout.channels + channel
                                : (row * layout.channels + channel) * layout.plane;
  }
  kernels::Columns columns(const Layout& layout) const {
    if (layout.channels_last) return {rows * layout.plane, channels, 1, layout.channels};
    return {rows, channels, layout.plane, layout.channels * layout.plane};
  }
  kernels::Planes planes(const Layout& layout) const {
    return {rows, layout.plane, layout.channels * layout.plane};
  }
};

// work(unit) for all ghosts and channels, `channels` of them at a time.
template <class Work>
void for_units(const Layout& layout, const Sizes& sizes, std::int64_t channels, const Work& work) {
  const std::int64_t blocks = (layout.channels + channels - 1) / channels;
  Sizes begins(sizes.size());
  std::exclusive_scan(sizes.begin(), sizes.end(), begins.begin(), std::int64_t{0});
  const auto units = static_cast<std::int64_t>(sizes.size()) * blocks;
  const std::int64_t elements = layout.rows * layout.channels * layout.plane;
  const std::int64_t grain =
      std::max<std::int64_t>(1, kGrain * units / std::max<std::int64_t>(1, elements));
  const auto loop = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t ghost = unit / blocks, channel = unit % blocks * channels;
      work(Unit{ghost, channel, std::min(channels, layout.channels - channel),
                begins[static_cast<std::size_t>(ghost)], sizes[static_cast<std::size_t>(ghost)]});
    }
  };
  if (elements <= kGrain) return loop(0, units);
  tensor::parallel_for(units, grain, loop);
}

template <class T>
void forward_kernel(const torch::Tensor& input, const torch::Tensor& weight,
                    const torch::Tensor& bias, const Sizes& sizes, double eps,
                    torch::Tensor& output, torch::Tensor& moments) {
  const Layout layout = layout_of(input);
  const T* const x = input.const_data_ptr<T>();
  T* const y = output.mutable_data_ptr<T>();
  const T* const gamma = weight.const_data_ptr<T>();
  const T* const beta = bias.const_data_ptr<T>();
  double* const mean = moments.mutable_data_ptr<double>();
  double* const variance = mean + static_cast<std::int64_t>(sizes.size()) * layout.channels;
  if (const std::int64_t channels = layout.channels_a_unit(); channels > 0) {
    for_units(layout, sizes, channels, [&](const Unit& unit) {
      const std::int64_t at = unit.offset(layout), statistic = unit.statistic(layout);
      kernels::normalise(kernels::ColumnsForward<T>{.x = x + at,
                                                    .y = y + at,
                                                    .gamma = gamma + unit.channel,
                                                    .beta = beta + unit.channel,
                                                    .eps = eps,
                                                    .mean = mean + statistic,
                                                    .variance = variance + statistic},
                         unit.columns(layout));
    });
    return;
  }
  for_units(layout, sizes, 1, [&](const Unit& unit) {
    const std::int64_t at = unit.offset(layout), statistic = unit.statistic(layout);
    const kernels::Moments found = kernels::normalise(x + at, y + at, unit.planes(layout),
                                                      static_cast<double>(gamma[unit.channel]),
                                                      static_cast<double>(beta[unit.channel]), eps);
    mean[statistic] = found.mean;
    variance[statistic] = found.variance;
  });
}

// dx over `gradient`'s place, and for each ghost and channel the sums of dy and dy * x̂.
template <class T>
void backward_kernel(const torch::Tensor& output_gradient, const torch::Tensor& input,
                     const torch::Tensor& weight, const torch::Tensor& moments, const Sizes& sizes,
                     double eps, torch::Tensor& gradient, torch::Tensor& sums) {
  const Layout layout = layout_of(input);
  const T* const dy = output_gradient.const_data_ptr<T>();
  const T* const x = input.const_data_ptr<T>();
  T* const dx = gradient.mutable_data_ptr<T>();
  const T* const gamma = weight.const_data_ptr<T>();
  const std::int64_t statistics = static_cast<std::int64_t>(sizes.size()) * layout.channels;
  const double* const mean = moments.const_data_ptr<double>();
  const double* const variance = mean + statistics;
  double* const dy_sum = sums.mutable_data_ptr<double>();
  double* const dy_scaled_sum = dy_sum + statistics;
  if (const std::int64_t channels = layout.channels_a_unit(); channels > 0) {
    for_units(layout, sizes, channels, [&](const Unit& unit) {
      const std::int64_t at = unit.offset(layout), statistic = unit.statistic(layout);
      kernels::differentiate(
          kernels::ColumnsBackward<T>{.dy = dy + at,
                                      .x = x + at,
                                      .dx = dx + at,
                                      .gamma = gamma + unit.channel,
                                      .eps = eps,
                                      .mean = mean + statistic,
                                      .variance = variance + statistic,
                                      .dy_sum = dy_sum + statistic,
                                      .dy_scaled_sum = dy_scaled_sum + statistic},
          unit.columns(layout));
    });
    return;
  }
  for_units(layout, sizes, 1, [&](const Unit& unit) {
    const std::int64_t at = unit.offset(layout), statistic = unit.statistic(layout);
    const kernels::Sums found = kernels::differentiate(
        dy + at, x + at, dx + at, unit.planes(layout), static_cast<double>(gamma[unit.channel]),
        {mean[statistic], variance[statistic]}, eps);
    dy_sum[statistic] = found.dy;
    dy_scaled_sum[statistic] = found.dy_scaled;
  });
}

// The same of LibTorch's operations, for every device, type and order of derivative. Neighbouring
// ghosts of one size are one tensor [ghosts, rows, channels, values].
GhostNormalised composed(const torch::Tensor& input, const torch::Tensor& weight,
                         const torch::Tensor& bias, const Sizes& sizes, double eps) {
  const std::int64_t channels = input.size(1);
  const bool half = input.scalar_type() == torch::kHalf || input.scalar_type() == torch::kBFloat16;
  const auto wide = [&](const torch::Tensor& tensor) {
    return half ? tensor.to(torch::kFloat32) : tensor;
  };
  std::vector<torch::Tensor> outputs, means, variances;
  std::int64_t row = 0;
  for (std::size_t ghost = 0; ghost < sizes.size();) {
    std::size_t next = ghost + 1;
    while (next < sizes.size() && sizes[next] == sizes[ghost]) ++next;
    const auto count = static_cast<std::int64_t>(next - ghost);
    const torch::Tensor part = wide(input.narrow(0, row, count * sizes[ghost]))
                                   .reshape({count, sizes[ghost], channels, -1});
    const auto [variance, mean] = torch::var_mean(part, {1, 3}, /*correction=*/0, /*keepdim=*/true);
    torch::Tensor output = (part - mean) * torch::rsqrt(variance + eps);
    output = output * wide(weight).view({channels, 1}) + wide(bias).view({channels, 1});
    outputs.push_back(output.reshape({count * sizes[ghost], channels, -1}));
    means.push_back(mean.detach().reshape({count, channels}).to(torch::kFloat64));
    variances.push_back(variance.detach().reshape({count, channels}).to(torch::kFloat64));
    row += count * sizes[ghost];
    ghost = next;
  }
  return {torch::cat(outputs).view(input.sizes()).to(input.scalar_type()), torch::cat(means),
          torch::cat(variances)};
}

class GhostNorm : public torch::autograd::Function<GhostNorm> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const torch::Tensor& given,
                                                const torch::Tensor& weight,
                                                const torch::Tensor& bias, const Sizes& sizes,
                                                double eps) {
    const torch::Tensor input = laid_out(given);
    torch::Tensor output = torch::empty_like(input);
    torch::Tensor moments =
        torch::empty({2, static_cast<std::int64_t>(sizes.size()), input.size(1)}, torch::kFloat64);
    if (input.scalar_type() == torch::kFloat64) {
      forward_kernel<double>(input, weight.contiguous(), bias.contiguous(), sizes, eps, output,
                             moments);
    } else {
      forward_kernel<float>(input, weight.contiguous(), bias.contiguous(), sizes, eps, output,
                            moments);
    }
    context->save_for_backward({input, weight, bias, moments});
    context->saved_data["sizes"] = sizes;
    context->saved_data["eps"] = eps;
    context->mark_non_differentiable({moments});
    return {output, moments};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &input = saved[0], weight = saved[1], bias = saved[2], moments = saved[3];
    const Sizes sizes = context->saved_data["sizes"].toIntVector();
    const double eps = context->saved_data["eps"].toDouble();
    if (torch::GradMode::is_enabled()) {
      return differentiable(input, weight, bias, sizes, eps, gradients[0]);
    }
    const torch::Tensor output_gradient = gradients[0].contiguous(
        input.is_contiguous() ? torch::MemoryFormat::Contiguous : input.suggest_memory_format());
    torch::Tensor gradient = torch::empty_like(input);
    torch::Tensor sums = torch::empty_like(moments);
    const torch::Tensor scale = weight.contiguous();
    if (input.scalar_type() == torch::kFloat64) {
      backward_kernel<double>(output_gradient, input, scale, moments, sizes, eps, gradient, sums);
    } else {
      backward_kernel<float>(output_gradient, input, scale, moments, sizes, eps, gradient, sums);
    }
    const torch::Tensor totals = sums.sum(1).to(input.scalar_type());
    return {gradient, totals[1], totals[0], torch::Tensor(), torch::Tensor()};
  }

 private:
  // For derivatives of derivatives, by way of the composed form.
  static torch::autograd::variable_list differentiable(const torch::Tensor& input,
                                                       const torch::Tensor& weight,
                                                       const torch::Tensor& bias,
                                                       const Sizes& sizes, double eps,
                                                       const torch::Tensor& output_gradient) {
    const torch::Tensor output = composed(input, weight, bias, sizes, eps).output;
    std::vector<torch::Tensor> inputs;
    for (const torch::Tensor& one : {input, weight, bias}) {
      if (one.requires_grad()) inputs.push_back(one);
    }
    const auto found = torch::autograd::grad({output}, inputs, {output_gradient},
                                             /*retain_graph=*/true, /*create_graph=*/true);
    torch::autograd::variable_list all(5);
    auto next = found.begin();
    std::size_t place = 0;
    for (const torch::Tensor& one : {input, weight, bias}) {
      if (one.requires_grad()) all[place] = *next++;
      ++place;
    }
    return all;
  }
};

bool has_kernel(const torch::Tensor& input, const torch::Tensor& weight,
                const torch::Tensor& bias) {
  const auto fits = [&](const torch::Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == input.scalar_type();
  };
  return input.is_cpu() &&
         (input.scalar_type() == torch::kFloat32 || input.scalar_type() == torch::kFloat64) &&
         fits(weight) && fits(bias);
}

[[noreturn]] void refuse_one_value(const torch::Tensor& input) {
  throw UsageError(fmt::format(
      "batch normalisation cannot learn from one value a channel (input of shape {}); use "
      "batches of at least two examples and drop a last one of one",
      c10::str(input.sizes())));
}

}  // namespace

Remainder remainder_of(const std::string& name) {
  return choice_of<Remainder>(kRemainders, name, "remainder");
}
Running running_of(const std::string& name) {
  return choice_of<Running>(kRunnings, name, "running statistics");
}

Sizes ghost_sizes(std::int64_t rows, const GhostOptions& options, std::int64_t values_a_row) {
  const std::int64_t size = options.ghost_size;
  if (size < 0 || size == 1) {
    throw UsageError(fmt::format(
        "a ghost of {} rows has no variance: the ghost size must be at least 2, or 0 for the whole "
        "batch",
        size));
  }
  if (size == 0 || rows <= size) return {rows};
  Sizes sizes(static_cast<std::size_t>(rows / size), size);
  const std::int64_t rest = rows % size;
  if (rest == 0) return sizes;
  if (options.remainder == Remainder::error) {
    throw UsageError(
        fmt::format("a batch of {} rows leaves {} over from ghosts of {}; choose a batch that is a "
                    "multiple, or "
                    "the remainder 'merge' or 'split'",
                    rows, rest, size));
  }
  const bool joins = options.remainder == Remainder::merge
                         ? rest < std::max<std::int64_t>(2, (size + 1) / 2)
                         : rest * values_a_row < 2;
  if (joins) {
    sizes.back() += rest;
  } else {
    sizes.push_back(rest);
  }
  return sizes;
}

GhostNormalised ghost_batch_norm(const torch::Tensor& input, const torch::Tensor& given_weight,
                                 const torch::Tensor& given_bias, const Sizes& sizes, double eps) {
  if (input.dim() < 2 ||
      std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) != input.size(0)) {
    throw UsageError(fmt::format("ghosts of {} rows do not make up an input of shape {}",
                                 fmt::join(sizes, ", "), c10::str(input.sizes())));
  }
  const std::int64_t values = values_a_row_of(input);
  for (const std::int64_t rows : sizes) {
    if (rows * values < 2) refuse_one_value(input);
  }
  const auto given_or = [&](const torch::Tensor& given, double constant) {
    return given.defined() ? given : torch::full({input.size(1)}, constant, input.options());
  };
  const torch::Tensor weight = given_or(given_weight, 1), bias = given_or(given_bias, 0);
  if (!has_kernel(input, weight, bias)) return composed(input, weight, bias, sizes, eps);
  const auto outputs = GhostNorm::apply(input, weight, bias, sizes, eps);
  return {outputs[0], outputs[1][0], outputs[1][1]};
}

void track_ghosts(const GhostNormalised& batch, const Sizes& sizes, std::int64_t values_a_row,
                  const GhostOptions& options, torch::Tensor& running_mean,
                  torch::Tensor& running_spread) {
  const torch::NoGradGuard no_grad;
  const auto count = static_cast<std::int64_t>(sizes.size());
  const bool literal = options.running == Running::paper_literal;
  const std::int64_t rows = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  const double keep = std::pow(1 - options.momentum,
                               static_cast<double>(!literal                 ? count
                                                   : options.ghost_size > 0 ? options.ghost_size
                                                                            : rows));
  std::vector<double> weights, unbiased;
  for (std::int64_t ghost = 1; ghost <= count; ++ghost) {
    weights.push_back(
        options.momentum *
        std::pow(1 - options.momentum, static_cast<double>(literal ? ghost : count - ghost)));
    const auto values =
        static_cast<double>(sizes[static_cast<std::size_t>(ghost - 1)] * values_a_row);
    unbiased.push_back(weights.back() * values / (values - 1));
  }
  const auto weighted = [&](const std::vector<double>& by, const torch::Tensor& statistic) {
    return torch::mv(statistic.t(), torch::tensor(by, torch::kFloat64).to(statistic.device()));
  };
  const auto move = [&](torch::Tensor& running, const torch::Tensor& sum) {
    running.copy_(running.to(torch::kFloat64) * keep + sum);
  };
  move(running_mean, weighted(weights, batch.mean));
  move(running_spread, options.running == Running::ema_var
                           ? weighted(unbiased, batch.variance)
                           : weighted(weights, torch::sqrt(batch.variance + options.eps)));
}

GhostBatchNormImpl::GhostBatchNormImpl(std::int64_t channels, const GhostOptions& wanted)
    : options(wanted) {
  ghost_sizes(1, options);  // refuses a size that none can have
  if (options.affine) {
    weight = register_parameter("weight", torch::empty({channels}));
    bias = register_parameter("bias", torch::empty({channels}));
  }
  if (!options.track_running_stats) return;
  running_mean = register_buffer("running_mean", torch::zeros({channels}));
  if (options.running == Running::ema_var) {
    running_var = register_buffer("running_var", torch::ones({channels}));
  } else {
    running_std = register_buffer("running_std", torch::ones({channels}));
  }
  num_batches_tracked = register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64));
}

// LibTorch's batch normalisation of all rows, or by the running statistics.
torch::Tensor GhostBatchNormImpl::plain(const torch::Tensor& input, bool training) {
  const torch::Tensor variance =
      training || running_var.defined() || !running_std.defined()
          ? running_var
          : running_std.to(torch::kFloat64).square().sub(options.eps).to(running_std.dtype());
  return torch::batch_norm(input, weight, bias, running_mean, variance, training, options.momentum,
                           options.eps, at::globalContext().userEnabledCuDNN());
}

torch::Tensor GhostBatchNormImpl::forward(const torch::Tensor& input) {
  if (!is_training()) return plain(input, /*training=*/!options.track_running_stats);
  if (input.numel() <= input.size(1)) refuse_one_value(input);
  const std::int64_t values = values_a_row_of(input);
  const Sizes sizes = ghost_sizes(input.size(0), options, values);
  if (options.track_running_stats) {
    // Module::to gives all buffers the type that it is asked for, counts too.
    if (num_batches_tracked.is_floating_point()) {
      num_batches_tracked.set_data(num_batches_tracked.to(torch::kInt64));
    }
    num_batches_tracked.add_(static_cast<std::int64_t>(sizes.size()));
  }
  if (sizes.size() == 1 && !running_std.defined()) return plain(input, /*training=*/true);
  GhostNormalised batch = ghost_batch_norm(input, weight, bias, sizes, options.eps);
  if (options.track_running_stats) {
    track_ghosts(batch, sizes, values, options, running_mean, running_spread());
  }
  return std::move(batch.output);
}

std::vector<Initial> GhostBatchNormImpl::initials() const {
  if (!options.affine) return {};
  return {{"weight", Role::norm, tensor::Draw::constant(1)},
          {"bias", Role::norm, tensor::Draw::constant(0)}};
}

void GhostBatchNormImpl::reset_buffers() {
  if (!options.track_running_stats) return;
  running_mean.zero_();
  running_spread().fill_(1);
  num_batches_tracked.zero_();
}

void NormKeys::describe(OptionSet& set) {
  set.add("ghost", ghost,
          "Rows that a batch norm takes its statistics from in training (ghost batches); 0: all.")
      .range(0);
  set.add("ghost-running", running, "What ghosts leave for evaluation.").choices(kRunnings);
  set.add("ghost-remainder", remainder, "Rows that do not fill a ghost.").choices(kRemainders);
}

GhostOptions NormKeys::options() const {
  GhostOptions options{
      .ghost_size = ghost, .running = running_of(running), .remainder = remainder_of(remainder)};
  ghost_sizes(1, options);
  return options;
}

}  // namespace ordo::nets
