// Adagrad (Duchi, Hazan, Singer, JMLR 2011), the diagonal form. In step t:
//
//   g <- g + decay w
//   s <- s + g²
//   w <- w - rate / (1 + (t - 1) rate_decay) g / (sqrt(s) + eps)
#include <torch/torch.h>

#include "ordo/optimize/methods.h"
#include "ordo/optimize/slots.h"

namespace ordo::optimize {
namespace {

class Adagrad : public SlotOptimizer {
 public:
  struct Options {
    double rate_decay = 0;
    double initial_accumulator_value = 0;
    double eps = 1e-10;
    Decay decay;
    void describe(OptionSet& set) {
      set.add("lr-decay", rate_decay, "How fast the rate falls with the number of steps.").range(0);
      set.add("initial-accumulator-value", initial_accumulator_value,
              "What the sum of squares begins with.")
          .range(0);
      set.add("eps", eps, "Added to the denominator.").range(0);
      decay.describe(set);
    }
  };

  explicit Adagrad(const Options& options)
      : SlotOptimizer(options.decay, {{"sum", options.initial_accumulator_value}}),
        options_(options) {}

 private:
  void update(Span& span, double rate, std::int64_t count) override {
    const torch::Tensor counted =
        torch::full({}, static_cast<double>(count), span.values.options().dtype(torch::kFloat32));
    at::_fused_adagrad_(span.values, span.gradients, span.slots[0], counted, rate,
                        options_.rate_decay, span.decay, options_.eps, /*maximize=*/false);
  }

  Options options_;
};

}  // namespace

Method adagrad() {
  return method_of<Adagrad>("adagrad", "Steps divided by the root of all squared gradients.", 0.01);
}

}  // namespace ordo::optimize
