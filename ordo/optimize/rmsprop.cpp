// RMSprop (Tieleman, Hinton, Coursera lecture 6.5, 2012), as PyTorch defines it:
//
//   g <- g + decay w
//   s <- alpha s + (1 - alpha) g²
//   centered (Graves, arXiv:1308.0850, 2013):  a <- alpha a + (1 - alpha) g,  d = sqrt(s - a²) +
//   eps otherwise:                                 d = sqrt(s) + eps momentum:   b <- momentum b +
//   g / d,  w <- w - rate b otherwise:  w <- w - rate g / d
//
// LibTorch has no fused kernel for it; kernels.h has one for the CPU.
#include <torch/torch.h>

#include "ordo/optimize/kernels.h"
#include "ordo/optimize/methods.h"
#include "ordo/optimize/slots.h"
#include "ordo/tensor/parallel.h"

namespace ordo::optimize {
namespace {

class RmsProp : public SlotOptimizer {
 public:
  struct Options {
    double alpha = 0.99;
    double eps = 1e-8;
    bool centered = false;
    double momentum = 0;
    Decay decay;
    void describe(OptionSet& set) {
      set.add("alpha", alpha, "How much of the average of g² stays.").range(0, 1);
      set.add("eps", eps, "Added to the denominator.").range(0);
      set.add("centered", centered,
              "Divide by the gradient's deviation, not its root mean square.");
      set.add("momentum", momentum, "How much of the last step stays.").range(0);
      decay.describe(set);
    }
  };

  explicit RmsProp(const Options& options)
      : SlotOptimizer(options.decay, slots_for(options)), options_(options) {}

 private:
  static std::vector<Slot> slots_for(const Options& options) {
    std::vector<Slot> slots = {{"square_avg"}};
    if (options.centered) slots.push_back({"grad_avg"});
    if (options.momentum > 0) slots.push_back({"momentum_buffer"});
    return slots;
  }

  void update(Span& span, double rate, std::int64_t) override {
    if (span.values.is_cpu() && span.values.scalar_type() == torch::kFloat32) {
      fused<float>(span, rate);
    } else if (span.values.is_cpu() && span.values.scalar_type() == torch::kFloat64) {
      fused<double>(span, rate);
    } else {
      by_tensors(span, rate);
    }
  }

  template <class T>
  void fused(Span& span, double rate) {
    const auto slot = [&](std::size_t index) { return span.slots[index].data_ptr<T>(); };
    const kernels::RmsPropTensors<T> tensors = {
        span.values.data_ptr<T>(), span.gradients.const_data_ptr<T>(), slot(0),
        options_.centered ? slot(1) : nullptr,
        options_.momentum > 0 ? slot(span.slots.size() - 1) : nullptr};
    const kernels::RmsPropStep step = {rate, options_.alpha, options_.eps, options_.momentum,
                                       span.decay};
    tensor::parallel_for(
        span.values.numel(), kFewParameters,
        [&](std::int64_t begin, std::int64_t end) { kernels::rmsprop(tensors, begin, end, step); });
  }

  // On other devices and for other types.
  void by_tensors(Span& span, double rate) {
    const torch::Tensor gradients =
        span.decay == 0 ? span.gradients : span.gradients.add(span.values, span.decay);
    torch::Tensor variance = span.slots[0];
    variance.mul_(options_.alpha).addcmul_(gradients, gradients, 1 - options_.alpha);
    if (options_.centered) {
      torch::Tensor& average = span.slots[1];
      average.lerp_(gradients, 1 - options_.alpha);
      variance = variance.addcmul(average, average, -1);
    }
    const torch::Tensor divisor = variance.sqrt().add_(options_.eps);
    if (options_.momentum > 0) {
      torch::Tensor& velocity = span.slots.back();
      velocity.mul_(options_.momentum).addcdiv_(gradients, divisor);
      span.values.add_(velocity, -rate);
    } else {
      span.values.addcdiv_(gradients, divisor, -rate);
    }
  }

  Options options_;
};

}  // namespace

Method rmsprop() {
  return method_of<RmsProp>("rmsprop", "Steps divided by the gradient's recent size.", 0.01);
}

}  // namespace ordo::optimize
