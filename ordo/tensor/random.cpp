#include "ordo/tensor/random.h"

#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/tensor/draw_kernels.h"
#include "ordo/tensor/parallel.h"

namespace ordo::tensor {
namespace {

using kernels::kGroup;

constexpr std::int64_t kGrain = 256;  // groups; less is not worth another thread

// Elements have a stream of their own, so that what was or will be drawn one by one from the
// caller's is independent of them.
kernels::Stream elements_of(const Random& stream) {
  const Random own = stream.split("elements");
  return {own.key(), own.upper_counter()};
}

// work(begin, end) over elements, on all threads, in whole groups.
template <class Work>
void for_elements(std::int64_t size, const Work& work) {
  parallel_for((size + kGroup - 1) / kGroup, kGrain, [&](std::int64_t begin, std::int64_t end) {
    work(begin * kGroup, std::min(end * kGroup, size));
  });
}

void blend_floats(float* target, std::int64_t size, double keep, double scale, const Draw& draw,
                  const Random& stream) {
  const kernels::Blend blend = {.variate = draw.kind == Draw::Kind::normal
                                               ? kernels::Variate::normal
                                               : kernels::Variate::uniform,
                                .keep = static_cast<float>(keep),
                                .slope = static_cast<float>(scale * draw.scale),
                                .offset = static_cast<float>(scale * draw.location)};
  const kernels::Stream elements = elements_of(stream);
  for_elements(size, [&](std::int64_t begin, std::int64_t end) {
    kernels::available().front().blend(target, begin, end, blend, elements);
  });
}

// A float64 draw is the float32 one with more digits: its upper word is the same, its lower word is
// the same place of a block 2^63 further.
double variate64(std::int64_t element, Draw::Kind kind, const kernels::Stream& stream) {
  const auto block = static_cast<std::uint64_t>(16 * (element / kGroup) + element % 16);
  const auto words = [&](std::uint32_t flip) {
    return philox4x32(
        {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32) ^ flip,
         stream.upper[0], stream.upper[1]},
        stream.key);
  };
  const auto upper = words(0), lower = words(0x80000000u);
  // The 53 upper bits of a 64-bit number at the middle of its cell of 2^-53, inside (0, 1).
  const auto unit = [&](std::size_t word) {
    const std::uint64_t bits = (std::uint64_t{upper[word]} << 32) | lower[word];
    return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
  };
  const auto word = static_cast<std::size_t>(element / 16 % 4);
  if (kind == Draw::Kind::uniform) {
    const double half = unit(word);  // as the float32 one: words count as signed
    return 2 * (half < 0.5 ? half : half - 1);
  }
  const double radius = std::sqrt(-2 * std::log(unit(word & ~std::size_t{1})));
  const double angle = 2 * std::numbers::pi * unit(word | 1);
  return radius * (word % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

void blend_doubles(double* target, std::int64_t size, double keep, double scale, const Draw& draw,
                   const Random& stream) {
  const kernels::Stream elements = elements_of(stream);
  const double slope = scale * draw.scale, offset = scale * draw.location;
  for_elements(size, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double value = slope * variate64(i, draw.kind, elements) + offset;
      target[i] = keep == 0 ? value : keep * target[i] + value;
    }
  });
}

void require_floating(const torch::Tensor& tensor, const char* what) {
  if (!tensor.is_floating_point()) {
    throw UsageError(fmt::format("{} needs a tensor of floating type, not {}", what,
                                 c10::toString(tensor.scalar_type())));
  }
}

// Contiguous float32 and float64 on the CPU.
void blend_plain(torch::Tensor& target, double keep, double scale, const Draw& draw,
                 const Random& stream) {
  if (target.scalar_type() == torch::kFloat64) {
    blend_doubles(target.data_ptr<double>(), target.numel(), keep, scale, draw, stream);
  } else {
    blend_floats(target.data_ptr<float>(), target.numel(), keep, scale, draw, stream);
  }
  target.unsafeGetTensorImpl()->bump_version();
}

bool is_plain(const torch::Tensor& tensor) {
  return tensor.is_cpu() && tensor.is_contiguous() && !tensor.is_neg() &&
         (tensor.scalar_type() == torch::kFloat32 || tensor.scalar_type() == torch::kFloat64);
}

// Where kernels compute for a tensor: float64 for itself, float32 for the shorter types too.
torch::TensorOptions working_type(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
}

}  // namespace

void blend(torch::Tensor& target, double keep, double scale, const Draw& draw,
           const Random& stream) {
  require_floating(target, "a random draw");
  const torch::NoGradGuard no_grad;
  if (draw.kind == Draw::Kind::constant || scale * draw.scale == 0) {
    const double value = scale * draw.location;
    if (keep == 0) {
      target.fill_(value);
    } else {
      target.mul_(keep).add_(value);
    }
  } else if (is_plain(target)) {
    blend_plain(target, keep, scale, draw, stream);
  } else if (target.is_cpu()) {
    torch::Tensor copy = target.contiguous().to(working_type(target)).resolve_neg();
    blend_plain(copy, keep, scale, draw, stream);
    target.copy_(copy);
  } else {
    torch::Tensor drawn = torch::empty(target.sizes(), working_type(target));
    blend_plain(drawn, 0, scale, draw, stream);
    if (keep == 0) {
      target.copy_(drawn);
    } else {
      target.mul_(keep).add_(drawn.to(target.device()));
    }
  }
}

void fill(torch::Tensor& target, const Draw& draw, const Random& stream) {
  blend(target, 0, 1, draw, stream);
}

// ---- dropout ------------------------------------------------------------------------------------

namespace {

torch::Tensor drop(const torch::Tensor& input, double probability, const kernels::Stream& stream) {
  const double keep = 1 - probability;
  kernels::Dropout rule = {.threshold = static_cast<std::uint64_t>(std::llround(keep * 0x1p32)),
                           .scale = static_cast<float>(1 / keep)};
  const auto run = [&](const torch::Tensor& from) {
    torch::Tensor to = torch::empty_like(from, torch::MemoryFormat::Contiguous);
    const float* in = from.const_data_ptr<float>();
    float* out = to.data_ptr<float>();
    for_elements(from.numel(), [&](std::int64_t begin, std::int64_t end) {
      kernels::available().front().dropout(in, out, begin, end, rule, stream);
    });
    return to;
  };
  if (input.is_cpu() && input.scalar_type() == torch::kFloat32) {
    return run(input.contiguous().resolve_neg());
  }
  rule.scale = 1;
  const torch::Tensor kept = run(torch::ones(input.sizes())).to(torch::kBool).to(input.device());
  return torch::where(kept, input * (1 / keep), torch::zeros({}, input.options()));
}

// Dropout is linear, and its matrix is diagonal: the gradient goes through the same function. The
// mask is drawn again instead of kept, and gradients of gradients come for nothing.
class Dropout : public torch::autograd::Function<Dropout> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context,
                               const torch::Tensor& input, double probability,
                               kernels::Stream stream) {
    context->saved_data["probability"] = probability;
    context->saved_data["stream"] =
        std::vector<std::int64_t>{stream.key[0], stream.key[1], stream.upper[0], stream.upper[1]};
    return drop(input, probability, stream);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradient) {
    const auto words = context->saved_data["stream"].toIntVector();
    const auto word = [&](std::size_t i) { return static_cast<std::uint32_t>(words[i]); };
    const kernels::Stream stream = {{word(0), word(1)}, {word(2), word(3)}};
    return {
        Dropout::apply(gradient[0], context->saved_data["probability"].toDouble(), stream), {}, {}};
  }
};

}  // namespace

torch::Tensor dropout(const torch::Tensor& input, double probability, const Random& stream) {
  require_floating(input, "dropout");
  if (!(probability >= 0 && probability < 1)) {
    throw UsageError(
        fmt::format("the probability of dropout must be in [0, 1), not {}", probability));
  }
  if (probability == 0) return input;
  if (input._fw_grad(0).defined()) {  // forward mode: a product, which knows how to carry tangents
    return input * drop(torch::ones_like(input), probability, elements_of(stream));
  }
  return Dropout::apply(input, probability, elements_of(stream));
}

}  // namespace ordo::tensor
