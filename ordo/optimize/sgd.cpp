// Stochastic gradient descent with momentum as PyTorch defines it (Sutskever, Martens, Dahl,
// Hinton, ICML 2013, with the rate outside of the velocity):
//
//   g <- g + decay w
//   v <- momentum v + (1 - dampening) g      (v = g in the first step)
//   w <- w - rate v                          (nesterov: w - rate (g + momentum v))
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/optimize/methods.h"
#include "ordo/optimize/slots.h"

namespace ordo::optimize {
namespace {

class Sgd : public SlotOptimizer {
 public:
  struct Options {
    double momentum = 0;
    double dampening = 0;
    bool nesterov = false;
    Decay decay;
    void describe(OptionSet& set) {
      set.add("momentum", momentum, "How much of the velocity stays from step to step.").range(0);
      set.add("dampening", dampening, "How much of the gradient the velocity leaves out.");
      set.add("nesterov", nesterov, "Look ahead along the velocity; needs momentum.");
      decay.describe(set);
    }
  };

  explicit Sgd(const Options& options)
      : SlotOptimizer(options.decay, slots_for(options)), options_(options) {
    if (options.nesterov && (options.momentum == 0 || options.dampening != 0)) {
      throw UsageError("sgd: nesterov needs a momentum above 0 and a dampening of 0");
    }
  }

 private:
  static std::vector<Slot> slots_for(const Options& options) {
    if (options.momentum == 0) return {};
    return {{"momentum_buffer"}};
  }

  void update(Span& span, double rate, std::int64_t count) override {
    at::_fused_sgd_(span.values, span.gradients, span.slots, span.decay, options_.momentum, rate,
                    options_.dampening, options_.nesterov, /*maximize=*/false,
                    /*is_first_step=*/count == 1);
  }

  Options options_;
};

}  // namespace

Method sgd() {
  return method_of<Sgd>("sgd", "Gradient descent, with momentum if asked for.", 0.01);
}

}  // namespace ordo::optimize
