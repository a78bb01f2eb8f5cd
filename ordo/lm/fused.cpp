#include "ordo/lm/fused.h"

#include <algorithm>

#include <torch/torch.h>

#include "ordo/lm/fused_kernels.h"
#include "ordo/lm/kernel_choice.h"
#include "ordo/lm/layers.h"
#include "ordo/tensor/parallel.h"

namespace ordo::lm {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr std::int64_t kGrain = 1 << 15;  // elements that are worth a thread
// Rows whose share of a weight's gradient is summed at once: so that the sum does not depend on how
// many threads there are.
constexpr std::int64_t kSummedRows = 64;

Tensor composed_rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  const Tensor values = x.to(wide(x.scalar_type()));
  const Tensor mean_square = values.square().mean(-1, /*keepdim=*/true);
  return weight * (values * torch::rsqrt(mean_square + epsilon)).to(x.scalar_type());
}

// `roots` [rows] may be undefined.
Tensor normed(const Tensor& x, const Tensor& weight, double epsilon, const Tensor& roots) {
  Tensor y = torch::empty_like(x);
  const std::int64_t width = x.size(-1), rows = x.numel() / width;
  const kernels::RmsNorm norm{x.const_data_ptr<float>(),
                              weight.const_data_ptr<float>(),
                              y.mutable_data_ptr<float>(),
                              roots.defined() ? roots.mutable_data_ptr<float>() : nullptr,
                              width,
                              epsilon};
  tensor::parallel_for(
      rows, std::max<std::int64_t>(1, kGrain / width),
      [&](std::int64_t begin, std::int64_t end) { kernels::rms_norm(norm, begin, end); });
  return y;
}

class RmsNormStep : public torch::autograd::Function<RmsNormStep> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        double epsilon) {
    const Tensor roots = torch::empty({x.numel() / x.size(-1)}, x.options());
    context->save_for_backward({x, weight, roots});
    context->saved_data["epsilon"] = epsilon;
    return normed(x, weight, epsilon, roots);
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &roots = saved[2];
    if (torch::GradMode::is_enabled()) {
      const double epsilon = context->saved_data["epsilon"].toDouble();
      const tensor_list both =
          composed_gradients(composed_rms_norm(x, weight, epsilon), {x, weight}, gradients[0]);
      return {both[0], both[1], {}};
    }
    const std::int64_t width = x.size(-1), rows = roots.numel();
    const Tensor dy = gradients[0].contiguous(), dx = torch::empty_like(x);
    const std::int64_t blocks = (rows + kSummedRows - 1) / kSummedRows;
    const Tensor shares = torch::zeros({blocks, width}, x.options());
    const kernels::RmsNormBackward norm{
        x.const_data_ptr<float>(),  weight.const_data_ptr<float>(), roots.const_data_ptr<float>(),
        dy.const_data_ptr<float>(), dx.mutable_data_ptr<float>(),   width};
    auto* const sums = shares.mutable_data_ptr<float>();
    tensor::parallel_for(blocks, std::max<std::int64_t>(1, kGrain / (width * kSummedRows)),
                         [&](std::int64_t begin, std::int64_t end) {
                           for (std::int64_t block = begin; block < end; ++block) {
                             kernels::rms_norm_backward(norm, sums + block * width,
                                                        block * kSummedRows,
                                                        std::min((block + 1) * kSummedRows, rows));
                           }
                         });
    return {dx, shares.sum(0), {}};
  }
};

Tensor composed_silu_product(const Tensor& gate, const Tensor& up) {
  return torch::silu(gate) * up;
}

Tensor multiplied(const Tensor& gate, const Tensor& up) {
  Tensor y = torch::empty_like(gate);
  tensor::parallel_for(y.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    kernels::silu_product(gate.const_data_ptr<float>(), up.const_data_ptr<float>(),
                          y.mutable_data_ptr<float>(), begin, end);
  });
  return y;
}

class SiluProduct : public torch::autograd::Function<SiluProduct> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& gate, const Tensor& up) {
    context->save_for_backward({gate, up});
    return multiplied(gate, up);
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &gate = saved[0], &up = saved[1];
    if (torch::GradMode::is_enabled()) {
      return composed_gradients(composed_silu_product(gate, up), {gate, up}, gradients[0]);
    }
    const Tensor dy = gradients[0].contiguous();
    const Tensor dgate = torch::empty_like(gate), dup = torch::empty_like(up);
    tensor::parallel_for(dy.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      kernels::silu_product_backward(gate.const_data_ptr<float>(), up.const_data_ptr<float>(),
                                     dy.const_data_ptr<float>(), dgate.mutable_data_ptr<float>(),
                                     dup.mutable_data_ptr<float>(), begin, end);
    });
    return {dgate, dup};
  }
};

Tensor composed_turn(const Tensor& heads, const Rotation& rotation) {
  const std::int64_t dimensions = rotation.cosine.size(-1), size = heads.size(-1);
  const Tensor part = dimensions == size ? heads : heads.narrow(-1, 0, dimensions);
  const auto halves = part.chunk(2, -1);
  const Tensor turned =
      part * rotation.cosine + torch::cat({-halves[1], halves[0]}, -1) * rotation.sine;
  if (dimensions == size) return turned;
  return torch::cat({turned, heads.narrow(-1, dimensions, size - dimensions)}, -1);
}

// `heads` turned by the angles times `sign`, in memory as [rows, length, heads, size].
Tensor turned(const Tensor& heads, const Rotation& rotation, float sign) {
  const Tensor from = heads.stride(-1) == 1 ? heads : heads.contiguous();
  const std::int64_t rows = from.size(0), count = from.size(1), length = from.size(2),
                     size = from.size(3);
  const Tensor cosine = rotation.cosine.contiguous(), sine = rotation.sine.contiguous();
  const std::int64_t dimensions = cosine.size(-1);
  const std::int64_t angle_rows = cosine.size(0) == 1 ? 0 : 1;
  const Tensor to = torch::empty({rows, length, count, size}, from.options());
  const auto* const x = from.const_data_ptr<float>();
  auto* const y = to.mutable_data_ptr<float>();
  const auto* const c = cosine.const_data_ptr<float>();
  const auto* const s = sine.const_data_ptr<float>();
  tensor::parallel_for(rows * length, std::max<std::int64_t>(1, kGrain / (count * size)),
                       [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t place = begin; place < end; ++place) {
                           const std::int64_t row = place / length, token = place % length;
                           const std::int64_t angles =
                               (row * angle_rows * length + token) * dimensions;
                           for (std::int64_t head = 0; head < count; ++head) {
                             const float* const in = x + row * from.stride(0) +
                                                     head * from.stride(1) + token * from.stride(2);
                             float* const out = y + (place * count + head) * size;
                             kernels::turn(in, c + angles, s + angles, sign, out, dimensions / 2);
                             std::copy(in + dimensions, in + size, out + dimensions);
                           }
                         }
                       });
  return to.transpose(1, 2);
}

// A rotation's gradient is that rotation backwards.
class Turn : public torch::autograd::Function<Turn> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& heads, const Tensor& cosine,
                        const Tensor& sine, double sign) {
    context->save_for_backward({cosine, sine});
    context->saved_data["sign"] = sign;
    return turned(heads, {cosine, sine}, static_cast<float>(sign));
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const double sign = -context->saved_data["sign"].toDouble();
    return {Turn::apply(gradients[0], saved[0], saved[1], sign), {}, {}, {}};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  if (!is_plain(x) || !is_plain(weight) || x.numel() == 0) {
    return composed_rms_norm(x, weight, epsilon);
  }
  const Tensor rows = x.contiguous(), by = weight.contiguous();
  return learns({x, weight}) ? RmsNormStep::apply(rows, by, epsilon)
                             : normed(rows, by, epsilon, {});
}

Tensor silu_product(const Tensor& gate, const Tensor& up) {
  if (!is_plain(gate) || !is_plain(up)) return composed_silu_product(gate, up);
  const Tensor first = gate.contiguous(), second = up.contiguous();
  return learns({gate, up}) ? SiluProduct::apply(first, second) : multiplied(first, second);
}

Tensor turn(const Tensor& heads, const Rotation& rotation) {
  if (!is_plain(heads) || !is_plain(rotation.cosine)) return composed_turn(heads, rotation);
  return learns({heads}) ? Turn::apply(heads, rotation.cosine, rotation.sine, 1.0)
                         : turned(heads, rotation, 1);
}

Tensor log_sum_exp(const Tensor& x) {
  const torch::NoGradGuard no_grad;
  if (!is_plain(x) || x.numel() == 0) return x.to(torch::kFloat64).logsumexp(-1);
  const Tensor rows = x.contiguous(), sums = torch::empty({x.size(0)}, torch::kFloat64);
  const std::int64_t size = x.size(1);
  for (std::int64_t row = 0; row < x.size(0); ++row) {
    sums.mutable_data_ptr<double>()[row] =
        kernels::log_sum_exp(rows.const_data_ptr<float>() + row * size, size);
  }
  return sums;
}

}  // namespace ordo::lm
